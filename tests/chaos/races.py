"""Runs that come between one another, and what must hold whichever order their calls had.

Two runs in every order, and four in random ones. `python -m tests.chaos.races` prints what survived.
"""

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from random import Random
from typing import TypeVar

from tests.aws import EmbeddedAws
from tests.chaos.explore import RUNS, Explored, Violation, check_end, explore, overtaken
from tests.chaos.order import Order
from tests.chaos.saved import Stage
from tests.chaos.scenarios import BY_NAME, Scenario
from tests.chaos.story import Broken

Found = TypeVar("Found")
SCENARIOS = ("first cut-over", "drift repaired", "withdraw mode")
FOUR = "ABCD"
COUNT, SEED = 60, 20
SIDE_BY_SIDE = 2
MOST_SHOWN = 10


def replay(stage: Stage, steps: Iterable[str], names: str = RUNS) -> list[str]:
    """Real processes, side by side, in this order; what is not in it comes afterwards. Checked as every play is.
    Returns what was called.
    """
    stage.restore()
    with Order(stage.scene, names) as order:
        order.play(steps)
        check(stage, order)
    return order.log


def random_orders(
    aws: EmbeddedAws, scenario: Scenario, runs: int, count: int, seed: int, seconds: float = 3600.0
) -> tuple[int, list[Violation]]:
    """Real processes, side by side: whenever all of them wait, one of all their calls is processed. Returns how many
    were played, which is less than `count` where the time is over.
    """
    until = time.monotonic() + seconds
    stage, random = Stage(aws, scenario), Random(seed)
    broken: list[Violation] = []
    for played in range(count):
        if time.monotonic() > until:
            return played, broken
        stage.restore()
        with Order(stage.scene, FOUR[:runs]) as order:
            try:
                while waiting := order.waiting():
                    name, held = random.choice([(name, held) for name in sorted(waiting) for held in waiting[name]])
                    order.release(name, held)
                check(stage, order)
            except AssertionError as error:
                broken.append(Violation(scenario.name, str(error), order.log))
    return count, broken


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
        return explore(aws, BY_NAME[name], seconds)


def _random(name: str, seconds: float) -> tuple[str, int, list[Violation]]:
    with EmbeddedAws() as aws:
        return name, *random_orders(aws, BY_NAME[name], len(FOUR), COUNT, SEED, seconds)


def _each(what: Callable[..., Found], seconds: float) -> list[Found]:
    with ProcessPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(partial(what, seconds=seconds), SCENARIOS))


def _row(found: Explored) -> list[str]:
    within = "all" if found.bound is None else f"all with at most {found.bound} preemptions"
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


def play(most_seconds: float = 600.0) -> bool:
    """Everything, or what there is time for, and a table of it; whether all survived.

    An end is how both runs ended. In how many different worlds is checked; "told": in how many of them how often.
    """
    # Three scenarios, two at a time: two turns.
    explored = _each(_explored, most_seconds * 0.4)
    print(f"Two runs, every order of their calls:\n\n{_table([HEAD, *map(_row, explored)])}\n", flush=True)
    random = _each(_random, most_seconds * 0.1)
    rows = [[name, str(count), str(count - len(wrong))] for name, count, wrong in random]
    print(f"Four runs, random orders:\n\n{_table([['scenario', 'count', 'survived'], *rows])}")
    broken = [one for found in explored for one in found.broken] + [one for _, _, wrong in random for one in wrong]
    for violation in _different(broken)[:MOST_SHOWN]:
        print(f"\n{violation}")
    return not broken and not any(found.unchecked for found in explored)


if __name__ == "__main__":
    sys.exit(0 if play() else 1)
