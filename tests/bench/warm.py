"""A warm process: what an event takes beside the time of AWS, and what stays resident."""

from dataclasses import dataclass

from tests.bench.canned import Call, Canned, busy
from tests.bench.process import Event, Process
from tests.bench.programs import Program
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone, compared, median

WARM_UP, EVENTS = 30, 200
MOST_OF_PYTHON, MOST_MEMORY_OF_PYTHON = 1 / 10, 1 / 8
RECONCILE = b'{"task":"reconcile"}'
TASKS = {"settled sweep": b'{"task":"sweep"}', "drift pass, reads everything": b'{"task":"drift"}'}


@dataclass(frozen=True)
class Warm:
    """Of each event, in milliseconds: all, what calls to AWS took of it, and CPU. And how many calls it made."""

    wall_ms: list[float]
    aws_ms: list[float]
    cpu_ms: list[float]
    calls: int

    @property
    def own_ms(self) -> list[float]:
        return [wall - aws for wall, aws in zip(self.wall_ms, self.aws_ms, strict=True)]


def measure(subjects: Subjects) -> list[Row]:
    found: dict[str, tuple[dict[str, Warm], float]] = {}
    with Canned() as aws:
        for program in [subjects.ours("reconcile"), *subjects.peers]:
            found[program.name] = run(aws, program)
        floor = _floor(aws, subjects.empty)
    ours, memory = found["reconcile"]
    rows = [alone("warm event: an empty function, with the runtime server", median(floor.wall_ms, "ms"))]
    for task, own in ours.items():
        for peer, missing in subjects.everybody():
            theirs = found[peer][0][task] if peer in found else None
            rows += _rows(task, own, peer, theirs, missing)[: None if peer == "python" else 1]
    for peer, missing in subjects.everybody():
        most = MOST_MEMORY_OF_PYTHON if peer == "python" else None
        other = Figure(found[peer][1], "MiB") if peer in found else missing
        rows.append(compared("resident memory, at most", Figure(memory, "MiB"), peer, other, most_of_peer=most))
    return rows


def _rows(task: str, ours: Warm, peer: str, theirs: Warm | None, missing: str) -> list[Row]:
    def row(what: str, name: str, most: float | None = None) -> Row:
        other = median(getattr(theirs, name), "ms") if theirs else missing
        return compared(f"{task}: {what}", median(getattr(ours, name), "ms"), peer, other, most_of_peer=most)

    calls = Figure(theirs.calls) if theirs else missing
    return [
        row("own time", "own_ms", MOST_OF_PYTHON if peer == "python" else None),
        row("CPU", "cpu_ms"),
        row("AWS's time", "aws_ms"),
        compared(f"{task}: AWS calls", Figure(ours.calls), peer, calls),
    ]


def run(aws: Canned, program: Program) -> tuple[dict[str, Warm], float]:
    aws.reset()
    with Process(program, aws.env()) as process:
        _checked(process.invoke(RECONCILE))
        found = {task: _warm(aws, process, event) for task, event in TASKS.items()}
        return found, process.memory()


def _floor(aws: Canned, program: Program) -> Warm:
    with Process(program, aws.env()) as process:
        return _warm(aws, process, b"{}")


def _warm(aws: Canned, process: Process, event: bytes) -> Warm:
    for _ in range(WARM_UP):
        _checked(process.invoke(event))
    aws.calls()
    events = [_checked(process.invoke(event)) for _ in range(EVENTS)]
    calls = aws.calls()
    aws_ms = [busy(_within(calls, one)) * 1000 for one in events]
    wall, cpu = [one.seconds * 1000 for one in events], [one.cpu_seconds * 1000 for one in events]
    return Warm(wall, aws_ms, cpu, len(calls) // EVENTS)


def _within(calls: list[Call], event: Event) -> list[Call]:
    return [call for call in calls if event.started <= call.started <= event.ended]


def _checked(event: Event) -> Event:
    assert event.kind == "response", event.body
    return event
