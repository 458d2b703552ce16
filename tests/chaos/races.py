"""Runs that come between one another, and what must hold whichever order their calls had.

Two runs in every order, and four in random ones. `python -m tests.chaos.races` prints what survived; `--random 1000`
plays so many random orders and nothing else, `--explore "drift repaired" --seconds 900` only the orders of two runs.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.aws import EmbeddedAws
from tests.chaos.explore import RUNS, Explored, Violation, check_end, explore, overtaken
from tests.chaos.order import Order
from tests.chaos.saved import Stage
from tests.chaos.scenarios import BY_NAME, SMALL, Scenario
from tests.chaos.story import Broken

SCENARIOS = ("first cut-over", "drift repaired", "withdraw mode")
RACED = BY_NAME | {scenario.name: scenario for scenario in SMALL}
# What two runs are tried with. Each operation is among them with all its orders.
TWO = ("cut-over of one zone", "withdrawal of one zone", "drift repaired", "first cut-over", "withdraw mode")
FOUR = "ABCD"
# Five scenarios, two at a time: three turns.
COUNT, SEED, SECONDS = 1000, 20, 240.0
SIDE_BY_SIDE = 2
# Random orders that are drawn and played together.
PART = 20
MOST_SHOWN = 10


@dataclass
class Played:
    """Random orders of one scenario: how many, which, and what is broken. `slow`: those that broke where the machine was
    too slow for a process to wait for its turn; others were played in their place.
    """

    scenario: str
    count: int = 0
    slow: int = 0
    orders: set[str] = field(default_factory=set)
    broken: list[Violation] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: "Played") -> None:
        self.count += other.count
        self.slow += other.slow
        self.orders |= other.orders
        self.broken += other.broken
        self.seconds += other.seconds


def replay(stage: Stage, steps: Iterable[str], names: str = RUNS) -> list[str]:
    """Real processes, side by side, in this order; what is not in it comes afterwards. Checked as every play is.
    Returns what was called.
    """
    stage.restore()
    with Order(stage.scene, names) as order:
        order.play(steps)
        check(stage, order)
    return order.log


def random_orders(aws: EmbeddedAws, scenario: Scenario, runs: int, count: int, seed: int) -> Played:
    """Real processes, side by side: whenever all of them wait, one of all their calls is processed."""
    began = time.monotonic()
    stage, random = Stage(aws, scenario), Random(seed)
    played = Played(scenario.name)
    for _ in range(2 * count):
        if played.count == count:
            break
        stage.restore()
        with Order(stage.scene, FOUR[:runs]) as order:
            try:
                while waiting := order.waiting():
                    name, held = random.choice([(name, held) for name in sorted(waiting) for held in waiting[name]])
                    order.release(name, held)
                check(stage, order)
            except AssertionError as error:
                if order.was_slow:
                    played.slow += 1
                    continue
                played.broken.append(Violation(scenario.name, str(error), order.log))
        played.count += 1
        played.orders.add(" ".join(order.log))
    played.seconds = time.monotonic() - began
    return played


def check(stage: Stage, order: Order) -> None:
    """What must hold after a play of real processes, and after the runs that follow it."""
    for run in order.runs.values():
        overtaken(run.ended)
        if "panicked" in run.output():
            raise Broken(run.output())
    stage.story.check_several(len(order.runs))
    check_end(stage)


def _explored(name: str, seconds: float) -> Explored:
    with EmbeddedAws() as aws:
        return explore(aws, RACED[name], seconds)


def _random(part: tuple[str, int, int]) -> Played:
    name, count, seed = part
    with EmbeddedAws() as aws:
        return random_orders(aws, BY_NAME[name], len(FOUR), count, seed)


def parts(total: int) -> Iterator[tuple[str, int, int]]:
    """At least so many orders, as many of each scenario: how many of which with which seed."""
    each = -(-total // len(SCENARIOS))
    for at in range(0, each, PART):
        yield from ((name, min(PART, each - at), SEED + at) for name in SCENARIOS)


def _row(found: Explored) -> list[str]:
    within = "all" if found.bound is None else f"all with at most {found.bound} preemptions"
    within += f" but {found.unsteady} calls" if found.unsteady else ""
    checked = f"{found.worlds}" + (f", {found.unchecked} not" if found.unchecked else "")
    told = ", ".join(f"{times}x: {worlds}" for times, worlds in sorted(found.told.items()))
    ends = [found.ends, found.again]
    counts = [f"{found.unpruned:,}", within, f"{found.orders:,}", f"{found.states:,}", f"{found.steps:,}"]
    return [found.scenario, *counts, *map(str, ends), checked, told, str(len(found.broken)), f"{found.seconds:.0f} s"]


def _table(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _different(broken: list[Violation]) -> list[Violation]:
    """The shortest order to each thing that is broken."""
    shortest: dict[tuple[str, str], Violation] = {}
    for one in sorted(broken, key=lambda one: len(one.order)):
        shortest.setdefault((one.scenario, one.what), one)
    return list(shortest.values())


HEAD = [
    "scenario",
    "interleavings",
    "executed",
    "orders to an end",
    "states",
    "calls",
    "ends",
    "asking again",
    "worlds checked",
    "told",
    "broken",
    "time",
]


def play_two(names: Iterable[str], seconds: float) -> list[Violation]:
    """Two runs, every order or what there is time for, and a table of it.

    An end is how both runs ended. In how many different worlds is checked; "told": in how many of them how often.
    """
    with ProcessPoolExecutor(SIDE_BY_SIDE) as pool:
        explored = list(pool.map(partial(_explored, seconds=seconds), names))
    print(f"Two runs, every order of their calls:\n\n{_table([HEAD, *map(_row, explored)])}\n", flush=True)
    unchecked = [
        Violation(one.scenario, f"{one.unchecked} ends were not checked", []) for one in explored if one.unchecked
    ]
    return [*unchecked, *(one for found in explored for one in found.broken)]


def play_four(total: int) -> list[Violation]:
    """Four runs in random orders, for as long as it takes, and a table of it."""
    played, told = {name: Played(name) for name in SCENARIOS}, 0
    with ProcessPoolExecutor(SIDE_BY_SIDE) as pool:
        for found in pool.map(_random, parts(total)):
            played[found.scenario].add(found)
            done = sum(one.count for one in played.values())
            if done // 100 > told:
                told = done // 100
                print(f"  {done} of {total} random orders", file=sys.stderr, flush=True)
    rows = [
        [
            name,
            str(one.count),
            str(len(one.orders)),
            str(one.count - len(one.broken)),
            str(one.slow),
            f"{one.seconds / max(one.count, 1):.1f} s",
        ]
        for name, one in played.items()
    ]
    head = ["scenario", "count", "different", "survived", "too slow", "each took"]
    print(f"Four runs, random orders:\n\n{_table([head, *rows])}", flush=True)
    return [violation for one in played.values() for violation in one.broken]


def play(names: Iterable[str] = TWO, seconds: float = SECONDS, random: int = COUNT) -> bool:
    """Whether all survived of the orders of two runs, and of so many random ones of four."""
    broken = (play_two(names, seconds) if names else []) + (play_four(random) if random else [])
    for violation in _different(broken)[:MOST_SHOWN]:
        print(f"\n{violation}")
    return not broken


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.races", description=__doc__)
    words.add_argument("--random", type=int, help="only so many random orders of four runs")
    words.add_argument("--explore", choices=TWO, help="only the orders of two runs, of this scenario")
    words.add_argument("--seconds", type=float, default=SECONDS, help="how long the orders of two runs may take")
    asked = words.parse_args()
    is_all = asked.random is None and asked.explore is None
    names = TWO if is_all else [asked.explore] if asked.explore else []
    return 0 if play(names, asked.seconds, COUNT if is_all else asked.random or 0) else 1


if __name__ == "__main__":
    sys.exit(main())
