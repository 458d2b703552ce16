"""`make chaos`: prints what survived, and says by its exit code whether everything did.

Without arguments it tries everything. `python -m tests.chaos matrix` tries one part; `matrix --scenario "drift repaired"`
and `matrix --fault denied` a row or a column of it.
"""

import argparse
import sys
import time
from collections.abc import Callable

from tests.chaos import matrix

MOST_SHOWN = 20


def fault_matrix(options: argparse.Namespace) -> bool:
    """Every fault at every call of every scenario."""
    started = time.perf_counter()
    wanted = [
        case
        for case in matrix.cases()
        if options.scenario in (None, case.scenario) and options.fault in (None, case.fault)
    ]
    table, broken = matrix.table(matrix.results(wanted))
    print(f"\nWhat survives, of {len(wanted)} runs with one fault each ({time.perf_counter() - started:.0f} s):\n\n{table}")
    for result in broken[:MOST_SHOWN]:
        print(f"\n{result}")
    return not broken


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {"matrix": fault_matrix}


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
