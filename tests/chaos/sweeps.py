"""Does a warm process stay as small as it is? A settled connection is swept, again and again, in one process.

`python -m tests.chaos.sweeps` makes 10,000 sweeps and prints memory and open file descriptors after every 1,000.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.aws import EmbeddedAws
from tests.harness import Function, Scene

EVERY = 1_000
# What may be added after the first 1,000 sweeps: pages that the allocator first touches late, and no leak of even
# 120 bytes a sweep.
MOST_GROWTH = 1024


@dataclass(frozen=True)
class Look:
    """A process after so many sweeps."""

    sweeps: int
    kib: int
    descriptors: int

    def __str__(self) -> str:
        return f"{self.sweeps:7,} sweeps  {self.kib:7,} KiB resident  {self.descriptors:3} file descriptors"


def look(function: Function, sweeps: int) -> Look:
    status = Path(f"/proc/{function.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return Look(sweeps, int(resident.split()[1]), len(list(Path(f"/proc/{function.pid}/fd").iterdir())))


def sweep(scene: Scene, count: int, every: int = EVERY, *, say: bool = False) -> list[Look]:
    """So many sweeps of a settled connection in one process; how it looked after every few."""
    scene.go_live()
    looks: list[Look] = []
    with scene.function() as function:
        for at in range(1, count + 1):
            answer = function.invoke({"task": "sweep"})
            assert answer.ok and answer.outcome == "in-sync", answer
            if at % every == 0:
                looks.append(look(function, at))
                if say:
                    print(looks[-1], flush=True)
                # What is kept here would be taken for a leak by nobody, but slow.
                scene.aws.calls.clear()
                function.stdout.clear()
    return looks


def grown(looks: list[Look]) -> tuple[int, int]:
    """By how many KiB and file descriptors a process grew after the first look."""
    first, rest = looks[0], looks[1:]
    return max(one.kib for one in rest) - first.kib, max(one.descriptors for one in rest) - first.descriptors


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.sweeps", description=__doc__)
    words.add_argument("--count", type=int, default=10_000)
    count = words.parse_args().count
    every = min(EVERY, max(count // 4, 1))
    started = time.monotonic()
    with EmbeddedAws() as aws:
        aws.insync_after = 0
        looks = sweep(Scene(aws), count, every, say=True)
    kib, descriptors = grown(looks)
    seconds = time.monotonic() - started
    print(f"{count:,} sweeps in {seconds:.0f} s: {kib:+,} KiB and {descriptors:+} descriptors since {every:,}")
    return 0 if kib < MOST_GROWTH and descriptors <= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
