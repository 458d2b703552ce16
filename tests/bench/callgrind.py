"""Where the instructions go: `python -m tests.bench.callgrind` runs reconcile under valgrind's callgrind.

It links what is deployed once more, with its symbols, which takes some minutes. What the optimiser put into its callers
counts for these. Valgrind has no instructions for SHA-256: signing counts for more than it takes on the processor.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.canned import Canned
from tests.bench.process import Process
from tests.bench.programs import ROOT, ours
from tests.bench.table import columns

ALL = "million instructions"
# What is worth knowing, by the names of the functions that do it, with everything that these call.
WORK = {
    ALL: r"PROGRAM TOTALS$",
    "load the binary": r"^_dl_start$",
    "read the variables and the catalog": r"reconcile::config::Config::parse$",
    "load the SDK's configuration": r"aws_config::loader::ConfigLoader::load::\{\{closure\}\}$",
    "make the TLS connector, with the roots": r"::build_connector::wrap_connector_with_alpn$",
    "read the Regions, once for each service": r"aws_sdk_\w+::endpoint_lib::partition::PartitionResolver::new_from_json$",
    "attempts to call AWS, as the SDK makes them": r"orchestrator::try_attempt::\{\{closure\}\}$",
    "of that, sign": r"SigV4Signer as .*::sign_http_request$",
    "of that, read answers": r"^<aws_sdk_\w+::.*::deserialize_nonstreaming_with_config$",
    "plan": r"^planner::plan::plan$",
}
LINE = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+(?:\S*?:)?(.*?)(?: \[.*)?$")
SWEEP, DRIFT, RECONCILE = b'{"task":"sweep"}', b'{"task":"drift"}', b'{"task":"reconcile"}'
DRIFTS = 40


def main() -> int:
    if not (shutil.which("valgrind") and shutil.which("callgrind_annotate")):
        print("valgrind is not installed.", file=sys.stderr)
        return 1
    _link()
    with Canned() as aws:
        start = _counted(aws, [])
        live = _counted(aws, [RECONCILE])
        swept = _counted(aws, [SWEEP])
        drifted = _counted(aws, [RECONCILE, *[DRIFT] * DRIFTS])
    # Each without what came before it in the same process.
    parts = {"start": start, "first sweep": swept - start, f"{DRIFTS} drift passes": drifted - live}
    rows = [["", *parts], [ALL, *(f"{part[ALL] / 1e6:.1f}" for part in parts.values())]]
    for what in list(WORK)[1:]:
        rows.append([what, *(f"{part[what] / part[ALL]:.0%}" for part in parts.values())])
    print(*columns(rows), sep="\n")
    return 0


def _link() -> None:
    """What is deployed is without symbols: the next `cargo build --release` makes it again."""
    command = ["cargo", "rustc", "--locked", "--release", "--bin", "reconcile", "--", "-C", "strip=none"]
    subprocess.run(command, cwd=ROOT, check=True)


def _counted(aws: Canned, events: list[bytes]) -> Counter[str]:
    """The instructions of each kind of work, in a process that starts, has these events and is ended."""
    program = ours("release", "reconcile")
    with TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind"
        command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", *program.command]
        with Process(replace(program, command=command), aws.env()) as process:
            for event in events:
                process.invoke(event)
            process.wait()
            process.terminate()
        shown = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)]
        text = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
    found: Counter[str] = Counter()
    for line in text.splitlines():
        if (match := LINE.match(line)) is None:
            continue
        count, name = int(match[1].replace(",", "")), match[2]
        for what, pattern in WORK.items():
            if re.search(pattern, name):
                # Several SDK crates have one each; elsewhere, a closure within a closure is the same work.
                found[what] = found[what] + count if "aws_sdk" in pattern else max(found[what], count)
    return found


if __name__ == "__main__":
    sys.exit(main())
