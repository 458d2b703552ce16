"""The fault matrix: each scenario with each fault at each of its calls, and what must hold after every run."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.aws import EmbeddedAws
from tests.chaos.scenarios import BY_NAME, SCENARIOS
from tests.chaos.story import Broken
from tests.harness import Scene

# The SDK gives up on a call after 8 seconds; this is later.
LATE = 8.5
# What a fault is called, in the embedded AWS.
FAULTS = {
    "throttled": "throttle",
    "503": "503",
    "dropped": "drop",
    "answer lost": "lost",
    "denied": "denied",
    "late": "slow",
    "malformed": "malformed",
    "truncated": "truncated",
    "empty list": "empty",
    "killed before": "drop",
    "killed after": "lost",
}
KILLS = ("killed before", "killed after")
# Much of a run with a fault is waiting before a call is made again; where an answer is late, nearly all of it.
SIDE_BY_SIDE, LATE_SIDE_BY_SIDE = 5, 16


@dataclass(frozen=True)
class Case:
    """A fault at the nth call of a scenario's first run."""

    scenario: str
    fault: str
    nth: int


@dataclass(frozen=True)
class Result:
    case: Case
    call: str
    broken: str | None

    def __str__(self) -> str:
        return f"{self.case.scenario}: {self.case.fault} at call {self.case.nth}, {self.call}: {self.broken}"


def calls_of(aws: EmbeddedAws, scenario: str) -> int:
    """How many calls the scenario's first run makes when nothing goes wrong."""
    story = BY_NAME[scenario].arrange(fresh(aws))
    story.run()
    return len(story.scene.aws.calls)


def try_out(aws: EmbeddedAws, case: Case) -> Result:
    """One cell of the matrix: the run with the fault, then runs without until nothing is left to do."""
    scenario = BY_NAME[case.scenario]
    struck = "none"
    try:
        story = scenario.arrange(fresh(aws))

        def arm(kill: Callable[[], None]) -> None:
            then = kill if case.fault in KILLS else None
            aws.faults.add(FAULTS[case.fault], nth=case.nth, seconds=LATE, then=then)

        before = len(aws.calls)
        try:
            story.run(fault=arm)
        finally:
            struck = next((call.name for call in aws.calls[before:] if call.fault), "none")
        story.settle()
        scenario.check_end(story)
    except Broken as error:
        return Result(case, struck, str(error))
    return Result(case, struck, None)


def fresh(aws: EmbeddedAws) -> Scene:
    """A customer's account, where a change is PENDING when it is first asked for."""
    aws.reset()
    aws.insync_after = 1
    return Scene(aws)


# Many at once: an embedded AWS for each process.

_aws: EmbeddedAws | None = None


def _begin() -> None:
    global _aws
    _aws = EmbeddedAws().start()


def _count(scenario: str) -> int:
    assert _aws is not None
    return calls_of(_aws, scenario)


def _try(case: Case) -> Result:
    assert _aws is not None
    return try_out(_aws, case)


def cases() -> list[Case]:
    """Every fault at every call of every scenario."""
    names = [scenario.name for scenario in SCENARIOS]
    with ProcessPoolExecutor(SIDE_BY_SIDE, initializer=_begin) as pool:
        counts = dict(zip(names, pool.map(_count, names), strict=True))
    return [Case(name, fault, nth) for name in names for fault in FAULTS for nth in range(1, counts[name] + 1)]


def results(cases: Iterable[Case], at_each: Callable[[Result], None] = lambda result: None) -> Iterator[Result]:
    """Tries all of them; those that mostly wait in a larger crowd. `at_each` is told of each when it ends."""
    parts = ([case for case in cases if (case.fault == "late") == late] for late in (False, True))
    for part, at_once in zip(parts, (SIDE_BY_SIDE, LATE_SIDE_BY_SIDE), strict=True):
        with ProcessPoolExecutor(at_once, initializer=_begin) as pool:
            for result in pool.map(_try, part):
                at_each(result)
                yield result


def table(results: Iterable[Result]) -> tuple[str, list[Result]]:
    """Scenario by fault, survived of total; and what did not survive."""
    found = list(results)
    rows = [["scenario", *FAULTS]]
    played = {one.case.scenario for one in found}
    for scenario in (scenario for scenario in SCENARIOS if scenario.name in played):
        row = [scenario.name]
        for fault in FAULTS:
            cell = [one for one in found if (one.case.scenario, one.case.fault) == (scenario.name, fault)]
            row.append(f"{sum(one.broken is None for one in cell)}/{len(cell)}")
        rows.append(row)
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines), [one for one in found if one.broken is not None]
