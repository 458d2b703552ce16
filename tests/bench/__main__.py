"""Builds what is deployed, measures it beside what people would write, and says whether it keeps its promises."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import depth, page, planning, preflight, programs, proof, start, subjects, tls, vpcs, warm, zones
from tests.bench.subjects import Subjects
from tests.bench.table import Row, lines

PARTS: dict[str, Callable[[Subjects], list[Row]]] = {
    "start": start.measure,
    "tls": tls.measure,
    "warm": warm.measure,
    "depth": depth.measure,
    "planning": planning.measure,
    "proof": proof.measure,
    "preflight": preflight.measure,
    "vpcs": vpcs.measure,
    "zones": zones.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = ", ".join(PARTS)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure, of {names}; everything without")
    parser.add_argument("--write", type=Path, metavar="PATH", help="write the table with the machine into a page")
    parser.add_argument("--profile", default="release", help="another profile than what is deployed, to try the bench")
    parser.add_argument("--no-build", action="store_true", help="take what was built before")
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    if not arguments.no_build:
        print("Building the functions as they are deployed; the first time this takes about 20 minutes.", flush=True)
        if not programs.build(arguments.profile):
            return 1
    started = time.monotonic()
    who = subjects.gather(arguments.profile)
    rows: list[Row] = []
    for part in arguments.parts or PARTS:
        begun = time.monotonic()
        rows += _measured(part, who)
        print(f"{part}: {time.monotonic() - begun:.0f} s", flush=True)
    print("", *lines(rows), "", sep="\n", flush=True)
    if arguments.write:
        page.write(arguments.write, rows, time.monotonic() - started, arguments.profile)
    broken = [row.what for row in rows if row.kept is False]
    for what in broken:
        print(f"BROKEN: {what}")
    return 1 if broken else 0


def _measured(part: str, who: Subjects) -> list[Row]:
    """A part's rows. One that fails leaves the others their table."""
    try:
        return PARTS[part](who)
    except Exception as error:
        traceback.print_exc()
        why = next(iter(str(error).splitlines()), repr(error))
        return [Row(f"{part}: not measured", why[:100], kept=False)]


if __name__ == "__main__":
    sys.exit(main())
