"""300 hosts in 300 zones, where the embedded AWS has Route 53's own rate limits.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html
"""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.aws import EmbeddedAws
from tests.aws.limits import ACCOUNT, ACTIONS, CHANGE_COSTS, CHANGES
from tests.bench.process import Event, NoAnswer, Process
from tests.bench.programs import Program
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, alone, compared
from tests.harness import HOSTS, Scene

ZONES = 300
# The platform's hosts have two zones.
EXTRA = [f"host-{number}.example.com" for number in range(ZONES - len(set(HOSTS.values())))]
# What the template gives an invocation, and the time between two sweeps.
LAMBDA_SECONDS, SWEEP_SECONDS = 240, 60
MOST_INVOCATIONS = 4
MOST_OF_LIMITS = 1.3


@dataclass(frozen=True)
class Run:
    """Until all zones were there and filled, or Lambda ended it; what was told, and the calls that were refused."""

    seconds: float
    invocations: int
    calls: int
    refused: int
    zones: int
    told: list[str]


def measure(subjects: Subjects) -> list[Row]:
    imposed = imposed_seconds(ZONES)
    ours = _run(subjects.ours("reconcile"), is_done=_is_ours_done)
    seconds = Figure(ours.seconds, "s")
    what = f"{ZONES} hosts in {ZONES} zones under Route 53's limits"
    rows = [
        compared(what, seconds, "the limits alone", Figure(imposed, "s"), most_of_peer=MOST_OF_LIMITS),
        _told_row(what, ours.told),
        alone(f"{what}: invocations", Figure(ours.invocations)),
        alone(f"{what}: AWS calls", Figure(ours.calls)),
        alone(f"{what}: of these refused and repeated", Figure(ours.refused)),
    ]
    for peer, missing in subjects.everybody():
        program = next((program for program in subjects.peers if program.name == peer), None)
        theirs = _run(program, is_done=_is_peer_done) if program else None
        told = f"{theirs.seconds:.0f} s, {theirs.zones} zones, {', '.join(theirs.told)}" if theirs else missing
        rows.append(Row(what, seconds, peer, told))
    return rows


def _told_row(what: str, told: list[str]) -> Row:
    is_throttled = any(word in one.lower() for one in told for word in ("throttl", "rate exceeded", "failed", "error"))
    shown = ", ".join(f"{number} × {one}" if number > 1 else one for one, number in Counter(told).items())
    return Row(f"{what}: told", shown or "nothing", promised="no throttling", kept=not is_throttled)


def imposed_seconds(zones: int) -> float:
    """The least time for so many zones: each is made, written once with its SOA, an alias and a marker, and asked once
    whether it is everywhere. The buckets are full to begin with."""
    creations, changes = ACTIONS["CreateHostedZone"], zones * (2 + CHANGE_COSTS["UPSERT"] + 2 * CHANGE_COSTS["CREATE"])
    needed = [(creations, zones), (ACCOUNT, 3 * zones), (CHANGES, changes)]
    return max(0.0, *((count - size) / refill for (size, refill), count in needed))


def _run(program: Program, is_done: Callable[[Event], bool]) -> Run:
    with EmbeddedAws() as aws:
        aws.insync_after = 0
        scene = Scene(aws)
        scene.request("available")
        variables = scene.variables | {"VPC_ID": scene.vpc.id, "EXTRA_HOSTS": ",".join(EXTRA)}
        variables |= {"HOSTS": ",".join([*HOSTS, *EXTRA])}
        variables |= {"AWS_ACCESS_KEY_ID": "reconcile"}
        scene.mark()
        aws.limit_route53()
        told: list[str] = []
        started = time.monotonic()
        with Process(program, variables) as process:
            for invocation in range(1, MOST_INVOCATIONS + 1):
                begun = time.monotonic()
                try:
                    event = process.invoke(b'{"task":"sweep"}', LAMBDA_SECONDS)
                except NoAnswer:
                    # Lambda ends it here.
                    told.append(f"no answer in {LAMBDA_SECONDS} s")
                    break
                told += _told(event)
                if is_done(event):
                    break
                time.sleep(max(0.0, SWEEP_SECONDS - (time.monotonic() - begun)))
        seconds = time.monotonic() - started
        refused = [call.fault for call in aws.calls].count("limit")
        news = scene.news() if program.name == "reconcile" else []
        zones = len(aws.zones(scene.vpc))
        return Run(seconds, invocation, len(aws.calls), refused, zones, told + news)


def _told(event: Event) -> list[str]:
    """What an invocation's answer says: an error, or the outcome."""
    answer = json.loads(event.body)
    if event.kind == "error":
        # Without the ids, which differ from one time to the next.
        is_throttled = "throttl" in answer["errorMessage"].lower()
        return [f"error {answer['errorType']}{' (Throttling)' if is_throttled else ''}"]
    connection = answer.get("connections", [answer])[0]
    problems = [problem["code"] for problem in connection.get("problems", [])]
    return [connection.get("outcome", "nothing"), *problems]


def _is_ours_done(event: Event) -> bool:
    return event.kind == "response" and _told(event)[0] in ("changed", "in-sync")


def _is_peer_done(event: Event) -> bool:
    # An error in the middle is where a peer stops: nobody invokes it again.
    return True
