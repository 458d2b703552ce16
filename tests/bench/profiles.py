"""Which release profile: builds variants of it, each into a folder of its own, and measures them side by side.

What has no AWS SDK, the verifier and the planner, builds in about three minutes on two cores. Of the variants after
`--whole` the functions with the SDK are built and measured too, which takes about twenty for each. `panic` stays
`unwind` in all: a bug in one VPC's run does not end those of the others.
"""

import argparse
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import page, planning, start, tls, warm
from tests.bench.canned import Canned
from tests.bench.planning import STATES
from tests.bench.programs import ROOT, TARGET, Program, ours
from tests.bench.table import columns, median

# opt-level, lto, codegen-units; the first is what Cargo.toml has.
VARIANTS = {
    "s, fat, 1": ("s", "fat", 1),
    "z, fat, 1": ("z", "fat", 1),
    "3, fat, 1": (3, "fat", 1),
    "s, thin, 1": ("s", "thin", 1),
    "s, fat, 16": ("s", "fat", 16),
    "s, none, 16": ("s", "off", 16),
}
SMALL = (["--package", "verify", "--bin", "verify"], ["--package", "planner", "--example", "plan"])
HEAD = ["opt-level, LTO, codegen units", "build, min"]
HEAD_SMALL = ["zip of verify, MB", "start of verify, CPU ms", *(f"100,000 records {state}, ms" for state in STATES)]
HEAD_WHOLE = [
    *(f"zip of {name}, MB" for name in ("reconcile", "preflight")),
    "start of reconcile, CPU ms",
    "first over TLS, CPU ms",
    "sweep, CPU ms",
    "drift pass, CPU ms",
    "resident, MiB",
]
RUNS, RECORDS = 40, 100_000


@dataclass(frozen=True)
class Built:
    folder: Path
    minutes: float

    def path(self, name: str) -> Path:
        return self.folder / "release" / name

    def program(self, name: str) -> Program:
        return Program(name, [str(self.path(name))], ours("release", name).variables)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profiles", description=__doc__)
    parser.add_argument("variants", nargs="*", metavar="variant", help=f"of {'; '.join(VARIANTS)}; all without")
    parser.add_argument(
        "--whole", nargs="+", default=[], metavar="variant", help="with the functions that have the SDK"
    )
    parser.add_argument("--write", type=Path, metavar="PATH", help="put the table into a page that the bench wrote")
    arguments = parser.parse_args()
    rows = [[*HEAD, *HEAD_SMALL, *(HEAD_WHOLE if arguments.whole else [])]]
    for name in arguments.variants or VARIANTS:
        print(f"Building {name}.", flush=True)
        is_whole = name in arguments.whole
        built = _built(name, [["--bins"], *SMALL] if is_whole else SMALL)
        minutes = f"{built.minutes:.0f}" if built.minutes > 0.5 else "built before"
        others = _whole(built) if is_whole else [""] * (len(rows[0]) - len(HEAD) - len(HEAD_SMALL))
        rows.append([name, minutes, *_small(built), *others])
    table = "\n".join(columns(rows))
    print(table)
    if arguments.write:
        page.write_profiles(arguments.write, table)


def _built(name: str, builds: Sequence[list[str]]) -> Built:
    level, lto, units = VARIANTS[name]
    folder = TARGET / "profiles" / name.replace(", ", "-")
    quoted = f'"{level}"' if isinstance(level, str) else level
    settings = {"opt-level": quoted, "lto": f'"{lto}"', "codegen-units": units}
    config = [part for key, value in settings.items() for part in ("--config", f"profile.release.{key}={value}")]
    started = time.monotonic()
    for build in builds:
        command = ["cargo", "build", "--locked", "--release", *build, *config]
        subprocess.run(command, cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(folder)}, check=True)
    return Built(folder, (time.monotonic() - started) / 60)


def _small(built: Built) -> list[str]:
    verify = built.program("verify")
    started = start.medians(start.starts([verify], verify.variables, RUNS)["verify"])
    planned = planning.timed([str(built.path("examples/plan")), "one-zone", "5", str(RECORDS)])
    times = [f"{planned[RECORDS, state]:.0f}" for state in STATES]
    return [f"{start.zipped(built.path('verify')):.2f}", f"{started.cpu_ms:.2f}", *times]


def _whole(built: Built) -> list[str]:
    program = built.program("reconcile")
    zips = [f"{start.zipped(built.path(name)):.2f}" for name in ("reconcile", "preflight")]
    with Canned() as aws:
        started = start.medians(start.starts([program], aws.env(), RUNS)["reconcile"])
        tasks, memory = warm.run(aws, program)
    with TemporaryDirectory() as folder, Canned(tls=Path(folder)) as aws:
        firsts = tls.firsts(aws, program, aws.env() | tls.trust(Path(folder)), RUNS)
    first = median(event.cpu_seconds * 1000 for event in firsts)
    warm_cpu = [f"{median(task.cpu_ms)}" for task in tasks.values()]
    return [*zips, f"{started.cpu_ms:.2f}", str(first), *warm_cpu, f"{memory:.1f}"]


if __name__ == "__main__":
    main()
