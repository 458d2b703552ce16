"""Measures how many VPCs come live in which time, with a sweep each minute and Route 53's own limits."""

import time

from tests.aws import EmbeddedAws
from tests.harness import Scene

# As the template and the schedule have it.
LAMBDA_SECONDS, SWEEP_SECONDS = 240, 60


def converge(aws: EmbeddedAws, count: int) -> None:
    """A line for each sweep, until one finds nothing to do."""
    aws.reset()
    aws.insync_after = 0
    scene = Scene(aws)
    for _ in range(count):
        aws.request_endpoint(aws.make_vpc("10.0.0.0/16", azs=1), state="available")
    aws.limit_route53()
    started = time.monotonic()
    with scene.function() as function:
        for number in range(2 * count):
            time.sleep(max(0, number * SWEEP_SECONDS - (time.monotonic() - started)))
            answer = function.invoke({"task": "sweep"}, timeout=2 * LAMBDA_SECONDS, deadline=LAMBDA_SECONDS)
            live = {one.attributes["vpcId"] for one in scene.messages() if one.attributes["event"] == "connection-live"}
            end = "" if answer.ok else answer.message.split(" (")[0]
            print(
                f"{time.monotonic() - started:5.0f} s  {len(live)} of {count} VPCs are live  {end}".rstrip(), flush=True
            )
            if answer.ok and {one["outcome"] for one in answer.connections} == {"in-sync"}:
                return
