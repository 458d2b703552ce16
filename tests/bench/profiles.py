"""Which release profile: builds variants of it, each into a folder of its own, and measures them side by side.

Each variant builds for about ten minutes on two cores. `panic` stays `unwind` in all: a bug in one VPC's run does not
end those of the others.
"""

import argparse
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import page, start, tls, warm
from tests.bench.canned import Canned
from tests.bench.programs import FUNCTIONS, ROOT, TARGET, Program, ours
from tests.bench.table import median

# opt-level, lto, codegen-units; the first is what Cargo.toml has.
VARIANTS = {
    "s, fat, 1": ("s", "fat", 1),
    "3, fat, 1": (3, "fat", 1),
    "2, fat, 1": (2, "fat", 1),
    "z, fat, 1": ("z", "fat", 1),
    "s, thin, 1": ("s", "thin", 1),
    "s, thin, 16": ("s", "thin", 16),
    "s, none, 16": ("s", "off", 16),
}
HEAD = (
    "opt-level, LTO, codegen units",
    "build, min",
    *(f"zip of {name}, MB" for name in FUNCTIONS),
    "start, CPU ms",
    "first over TLS, CPU ms",
    "sweep, CPU ms",
    "drift pass, CPU ms",
    "resident, MiB",
)
RUNS = 40


@dataclass(frozen=True)
class Built:
    folder: Path
    minutes: float

    def program(self) -> Program:
        function = ours("release", "reconcile")
        return Program("reconcile", [str(self.folder / "release" / "reconcile")], function.variables)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profiles", description=__doc__)
    parser.add_argument("variants", nargs="*", metavar="variant", help=f"of {'; '.join(VARIANTS)}; all without")
    parser.add_argument("--write", type=Path, metavar="PATH", help="put the table into a page that the bench wrote")
    arguments = parser.parse_args()
    rows = [HEAD, tuple("---" for _ in HEAD)]
    for name in arguments.variants or VARIANTS:
        print(f"Building {name}.", flush=True)
        built = _built(name)
        rows.append((name, f"{built.minutes:.0f}" if built.minutes > 1 else "built before", *_measured(built)))
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    print(table)
    if arguments.write:
        page.write_profiles(arguments.write, table)


def _built(name: str) -> Built:
    level, lto, units = VARIANTS[name]
    folder = TARGET / "profiles" / name.replace(", ", "-")
    quoted = f'"{level}"' if isinstance(level, str) else level
    settings = {"opt-level": quoted, "lto": f'"{lto}"', "codegen-units": units}
    config = [part for key, value in settings.items() for part in ("--config", f"profile.release.{key}={value}")]
    started = time.monotonic()
    command = ["cargo", "build", "--locked", "--release", "--bins", *config]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"CARGO_TARGET_DIR": str(folder)}, check=True)
    return Built(folder, (time.monotonic() - started) / 60)


def _measured(built: Built) -> list[str]:
    program = built.program()
    zips = [f"{start.zipped(built.folder / 'release' / name):.2f}" for name in FUNCTIONS]
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
