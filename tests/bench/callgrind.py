"""Where the instructions go: `python -m tests.bench.callgrind` runs reconcile under valgrind's callgrind.

It takes the build of the tests, which has symbols. That is less optimised than what is deployed: shares carry over
roughly, counts do not.
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
from tests.bench.programs import ours
from tests.bench.table import columns

ALL = "million instructions"
# What is worth knowing, by the names of the functions that do it, with everything that these call.
WORK = {
    ALL: r"\(below main\)",
    "load the SDK's configuration": r"aws_config::loader::ConfigLoader::load::",
    "read root certificates": r"::rustls_root_certs$",
    "make clients, with the roots": r"aws_sdk_\w+::client::Client::from_conf$",
    "of that, endpoint rules": r"aws_sdk_\w+::config::endpoint::DefaultResolver::new$",
    "calls to AWS, as the SDK makes them": r"orchestrator::invoke_with_stop_point::\{\{closure\}\}$",
    "of that, sign": r"SigV4Signer as .*::sign_http_request$",
    "of that, read answers": r"SharedResponseDeserializer as .*::deserialize_nonstreaming",
    "plan": r"^planner::plan::plan$",
}
LINE = re.compile(r"^\s*([\d,]+) \([ \d.]+%\)\s+\S*?:(.*?)(?: \[.*)?$")
SWEEP, DRIFT, RECONCILE = b'{"task":"sweep"}', b'{"task":"drift"}', b'{"task":"reconcile"}'
DRIFTS = 40


def main() -> int:
    if not (shutil.which("valgrind") and shutil.which("callgrind_annotate")):
        print("valgrind is not installed.", file=sys.stderr)
        return 1
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


def _counted(aws: Canned, events: list[bytes]) -> Counter[str]:
    """The instructions of each kind of work, in a process that starts, has these events and is ended."""
    program = ours("quick", "reconcile")
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
                # Several functions of that name are several clients; a closure within a closure is the same work.
                found[what] = found[what] + count if pattern.startswith("aws_sdk") else max(found[what], count)
    return found


if __name__ == "__main__":
    sys.exit(main())
