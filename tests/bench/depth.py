"""A cut-over with more and more hosts of one deployment, where each call takes AWS 20 ms: how many wait for another."""

import json
from dataclasses import dataclass

from tests.bench.canned import Call, Canned, chain
from tests.bench.process import Process
from tests.bench.programs import Program
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone, compared
from tests.harness import HOSTS, PLATFORM

LATENCY = 0.020
NUMBERS = (3, 30, 300)
MOST_DEPTH = 8


@dataclass(frozen=True)
class CutOver:
    seconds: float
    calls: int
    chain: list[Call]
    # Until Route 53 has the records everywhere.
    until_live: int


def measure(subjects: Subjects) -> list[Row]:
    found: dict[tuple[str, int], CutOver] = {}
    with Canned(LATENCY) as aws:
        for number in NUMBERS:
            for program in [subjects.ours("reconcile"), *subjects.peers]:
                found[program.name, number] = _cut_over(aws, program, number)
    rows = []
    for number in NUMBERS:
        ours = found["reconcile", number]
        for peer, missing in subjects.everybody():
            theirs = found.get((peer, number))
            rows += _rows(f"cut-over of {number} hosts", ours, peer, theirs, missing)
        rows.append(alone(f"cut-over of {number} hosts: one after the other until INSYNC", Figure(ours.until_live)))
    depths = [len(found["reconcile", number].chain) for number in NUMBERS]
    shown = ", ".join(map(str, depths))
    is_same = len(set(depths)) == 1
    what = f"cut-over of {', '.join(map(str, NUMBERS))} hosts: one after the other"
    return [*rows, Row(what, shown, promised="the same", kept=is_same)]


def _rows(what: str, ours: CutOver, peer: str, theirs: CutOver | None, missing: str) -> list[Row]:
    """Node.js makes the same calls as Python."""
    seconds = Figure(theirs.seconds, "s") if theirs else missing
    rows = [compared(f"{what}, 20 ms a call", Figure(ours.seconds, "s"), peer, seconds)]
    if peer == "python":
        chained = Figure(len(theirs.chain)) if theirs else missing
        own = Figure(len(ours.chain))
        rows.append(compared(f"{what}: AWS calls one after the other", own, peer, chained, most=MOST_DEPTH))
        calls = Figure(theirs.calls) if theirs else missing
        rows.append(compared(f"{what}: AWS calls", Figure(ours.calls), peer, calls))
    return rows


def _cut_over(aws: Canned, program: Program, number: int) -> CutOver:
    aws.reset()
    extra = [f"host-{n}.{PLATFORM}" for n in range(number - len(HOSTS))]
    hosts = {"EXTRA_HOSTS": ",".join(extra), "HOSTS": ",".join([*HOSTS, *extra])}
    with Process(program, hosts | aws.env()) as process:
        event = process.invoke(b'{"task":"reconcile"}')
    outcome = json.loads(event.body)
    outcome = outcome.get("connections", [outcome])[0].get("outcome")
    assert outcome == "changed", event.body[:2000]
    calls = aws.calls()
    last = max(call.ended for call in calls if call.operation == "GetChange")
    until_live = chain([call for call in calls if call.ended <= last])
    return CutOver(event.seconds, len(calls), chain(calls), len(until_live))
