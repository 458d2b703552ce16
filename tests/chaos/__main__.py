"""`make chaos`: prints what survived, and says by its exit code whether everything did.

Without arguments it tries everything, which takes some hours. `python -m tests.chaos matrix` tries one part;
`matrix --scenario "drift repaired"` and `matrix --fault denied` a row or a column of it.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.chaos import matrix, races

ROOT = Path(__file__).resolve().parents[2]
MOST_SHOWN = 20
SHOWS_EVERY = 100
# Twelve properties of what reads text from outside, so many cases each: more than a million.
PARSER_CASES = 100_000


def fault_matrix(options: argparse.Namespace) -> bool:
    """Every fault at every call of every scenario."""
    started = time.perf_counter()
    wanted = [
        case
        for case in matrix.cases()
        if options.scenario in (None, case.scenario) and options.fault in (None, case.fault)
    ]
    done = 0

    def show(result: matrix.Result) -> None:
        nonlocal done
        done += 1
        if result.broken is not None:
            print(result, file=sys.stderr, flush=True)
        if done % SHOWS_EVERY == 0:
            print(f"  {done} of {len(wanted)} ({time.perf_counter() - started:.0f} s)", file=sys.stderr, flush=True)

    table, broken = matrix.table(matrix.results(wanted, show))
    print(f"\nWhat survives, of {len(wanted)} runs with one fault ({time.perf_counter() - started:.0f} s):\n\n{table}")
    for result in broken[:MOST_SHOWN]:
        print(f"\n{result}")
    return not broken


def all_races(_: argparse.Namespace) -> bool:
    """Two runs in every order of their calls, four in random ones."""
    return races.play()


def command(*words: str, **environment: str) -> Callable[[argparse.Namespace], bool]:
    """A part that is a program of its own."""

    def run(_: argparse.Namespace) -> bool:
        print(f"\n{' '.join(words[-4:])}", flush=True)
        return subprocess.run(words, cwd=ROOT, env=os.environ | environment).returncode == 0

    return run


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "matrix": fault_matrix,
    "races": all_races,
    "life": command(sys.executable, "-m", "tests.chaos.life", "--steps", "3000"),
    "hints": command(sys.executable, "-m", "tests.chaos.hints"),
    "sweeps": command(sys.executable, "-m", "tests.chaos.sweeps", "--count", "10000"),
    "hostile": command(sys.executable, "-m", "tests.chaos.hostile", "--runs", "300"),
    "parsers": command("cargo", "test", "--locked", "-p", "planner", "fuzz::", PROPTEST_CASES=str(PARSER_CASES)),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, help="only this part")
    parser.add_argument("--scenario", help="of the matrix, only this row")
    parser.add_argument("--fault", help="of the matrix, only this column", choices=matrix.FAULTS)
    options = parser.parse_args()
    parts = [options.part] if options.part else list(PARTS)
    return 0 if all([PARTS[part](options) for part in parts]) else 1


if __name__ == "__main__":
    sys.exit(main())
