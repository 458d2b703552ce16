"""What do ten thousand hints within a minute cost? Events about a connection where nothing is new, most of them false.

`python -m tests.chaos.hints` gives 10,000 events to one warm process, to ten that Lambda starts for them, and to ten
while somebody else's record holds the connection up. Each may cost one call to EC2 and no look at Route 53.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from tests.aws import EmbeddedAws
from tests.harness import PLATFORM, Function, Scene
from tests.harness.function import ROOT

EXAMPLE_ID = "vpce-0a1b2c3d4e5f60718"
FILES = [
    "cloudtrail-create-vpc-endpoint",
    "cloudtrail-delete-vpc-endpoints",
    "cloudtrail-modify-vpc-endpoint",
    "connection-accepted",
    "connection-deleted",
    "connection-rejected",
    "state-change",
]
COUNT, SEED = 10_000, 7
# So many events before the next look at the calls, which are forgotten then.
BATCH = 250
# A process whose connection is held up looks again after so many seconds, and not at each event.
LOOKS_AGAIN_AFTER = 10
TIMEOUT = 300.0


def hints(endpoint_id: str, count: int) -> Iterator[bytes]:
    """Events of all kinds, about this endpoint or one that nobody knows; a third has come before, byte for byte."""
    random, seen = Random(SEED), list[bytes]()
    kinds = [(ROOT / "events" / f"{name}.json").read_text() for name in FILES]
    for _ in range(count):
        if seen and random.random() < 1 / 3:
            yield random.choice(seen[-100:])
            continue
        text = random.choice(kinds).replace(EXAMPLE_ID, random.choice([endpoint_id, endpoint_id, EXAMPLE_ID]))
        seen.append(json.dumps(_named(json.loads(text), str(UUID(int=random.getrandbits(128))))).encode())
        yield seen[-1]


def _named(event: dict[str, Any], name: str) -> dict[str, Any]:
    """An event of another id."""
    if "Records" in event:
        event["Records"][0]["Sns"]["MessageId"] = name
        return event
    return event | {"id": name}


@dataclass
class Cost:
    """What so many events in so many processes came to. `look`: the calls to Route 53 of one drift pass there."""

    world: str
    processes: int
    look: int
    is_settled: bool = True
    events: int = 0
    seconds: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    messages: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    @property
    def most_of_route53(self) -> int:
        """Each process may look once, and where nothing is settled again whenever its last look is old."""
        looks = 1 if self.is_settled else 1 + int(self.seconds / LOOKS_AGAIN_AFTER)
        return looks * self.processes * self.look

    @property
    def is_cheap(self) -> bool:
        within = self.calls["ec2"] <= self.events and self.calls["route53"] <= self.most_of_route53
        return within and not self.throttled and not self.messages and len(self.ends) == 1

    def row(self) -> list[str]:
        counts = [self.processes, self.events, self.calls["ec2"], self.calls["route53"], self.most_of_route53]
        told = [self.throttled, self.calls["ssm"], self.messages]
        ends = ", ".join(f"{end} {times:,}" for end, times in self.ends.most_common())
        return [self.world, *(f"{one:,}" for one in [*counts, *told]), f"{self.seconds:.0f} s", ends]


HEAD = ["world", "processes", "invocations", "EC2", "Route 53", "at most", "throttled", "SSM", "SNS", "time", "ended"]


def live_and_warm(scene: Scene) -> bool:
    scene.go_live()
    return True


def held_up(scene: Scene) -> bool:
    """Somebody has a zone of the platform's name: that is refused, and never settled."""
    scene.plant_zone(PLATFORM, comment="of another team")
    scene.request("available")
    scene.run("reconcile")
    return False


def flood(scene: Scene, world: str, arrange: Callable[[Scene], bool], processes: int, count: int) -> Cost:
    """So many events, shared by processes that run side by side. One process is warm; several start for them."""
    is_settled = arrange(scene)
    scene.aws.calls.clear()
    scene.run("drift")
    cost = Cost(world, processes, scene.aws.calls.count("route53"), is_settled)
    # As strict as AWS from here on, with a full burst.
    scene.aws.limit_route53()
    with ExitStack() as stack:
        functions = [stack.enter_context(scene.function()) for _ in range(processes)]
        if processes == 1:
            functions[0].invoke({"task": "sweep"})
        scene.mark()
        started = time.monotonic()
        batch: list[bytes] = []
        for hint in hints(scene.endpoint_id, count):
            batch.append(hint)
            if len(batch) == BATCH:
                _give(scene, functions, batch, cost)
                batch = []
        _give(scene, functions, batch, cost)
        cost.seconds = time.monotonic() - started
        cost.messages = len(scene.messages())
    return cost


def _give(scene: Scene, functions: list[Function], events: list[bytes], cost: Cost) -> None:
    """Each process gets its part of the events and takes one after the other. What was called is counted."""
    turns = [functions[at % len(functions)] for at in range(len(events))]
    submitted = [(function, function.submit(event)) for function, event in zip(turns, events, strict=True)]
    for function, invocation in submitted:
        answer = function.answer(invocation, TIMEOUT)
        cost.ends[answer.outcome if answer.ok else "error"] += 1
    cost.events += len(events)
    calls = list(scene.aws.calls)
    cost.calls.update(call.service for call in calls)
    cost.throttled += sum(call.fault == "limit" for call in calls)
    # What is kept here would only be slow.
    scene.aws.calls.clear()
    for function in functions:
        function.stdout.clear()


WORLDS: list[tuple[str, Callable[[Scene], bool], int]] = [
    ("live", live_and_warm, 1),
    ("live", live_and_warm, 10),
    ("held up", held_up, 10),
]


def table(costs: list[Cost]) -> str:
    rows = [HEAD, *(cost.row() for cost in costs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.hints", description=__doc__)
    words.add_argument("--count", type=int, default=COUNT)
    count = words.parse_args().count
    costs = []
    with EmbeddedAws() as aws:
        for world, arrange, processes in WORLDS:
            aws.reset()
            aws.insync_after = 0
            costs.append(flood(Scene(aws), world, arrange, processes, count))
            print(f"  {costs[-1].world}, {processes}: {costs[-1].seconds:.0f} s", file=sys.stderr, flush=True)
    print(table(costs))
    return 0 if all(cost.is_cheap for cost in costs) else 1


if __name__ == "__main__":
    sys.exit(main())
