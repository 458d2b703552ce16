"""One function for many VPCs: all of them cut over, then looked at again, then at rest."""

import time
from collections import Counter
from dataclasses import dataclass

from tests.aws import EmbeddedAws
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone
from tests.harness import Function, Scene

VPCS, EXTRA_HOSTS = 200, ("a.example.com", "b.example.com", "c.example.com")
# The platform's two, and one for each of the others.
ZONES = 2 + len(EXTRA_HOSTS)
# As long as it takes. The template gives an invocation 240 s, and begins no VPC after 150 s.
SECONDS = 1200
STEPS = (
    ("cut-over", "reconcile", "changed", None),
    ("drift pass", "drift", "in-sync", None),
    ("settled sweep", "sweep", "in-sync", 2.0),
)


@dataclass(frozen=True)
class Measured:
    """Seconds of one invocation, the calls that it made, and the seconds that the embedded AWS took for these."""

    seconds: float
    calls: int
    aws_seconds: float


def measure(subjects: Subjects) -> list[Row]:
    """The steps one after the other, by one warm function. Route 53's rate limits are off."""
    rows = []
    with subjects.under_test(), EmbeddedAws() as aws:
        aws.insync_after = 0
        scene = Scene(aws)
        scene.configure(EXTRA_HOSTS=",".join(EXTRA_HOSTS))
        for _ in range(VPCS):
            aws.request_endpoint(scene.add_vpc("10.0.0.0/16", azs=1), state="available")
        with scene.function() as function:
            for step, task, outcome, most in STEPS:
                found = _run(scene, function, task, outcome)
                what = f"{VPCS} VPCs with {ZONES} zones each, {step}"
                rows.append(alone(what, Figure(found.seconds, "s"), most))
                rows.append(alone(f"{what}: calls in the embedded AWS, added up", Figure(found.aws_seconds, "s")))
                rows.append(alone(f"{what}: AWS calls", Figure(found.calls)))
    return rows


def _run(scene: Scene, function: Function, task: str, outcome: str) -> Measured:
    scene.mark()
    started = time.monotonic()
    answer = function.invoke({"task": task}, timeout=SECONDS, deadline=SECONDS)
    seconds = time.monotonic() - started
    assert Counter(one["outcome"] for one in answer.connections) == {outcome: VPCS}
    calls = list(scene.aws.calls)
    return Measured(seconds, len(calls), sum(call.seconds for call in calls))
