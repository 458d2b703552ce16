"""Planning alone, beside octoDNS's planner in process: the same record sets, new, settled and moved."""

import json
import math
import os
import statistics
import subprocess
import time

from tests.aws import EmbeddedAws
from tests.bench import programs
from tests.bench.process import Process
from tests.bench.subjects import Subjects
from tests.bench.table import Figure, Row, compared
from tests.harness import PLATFORM, Scene

# How often each number of records is planned: by us, and by octoDNS.
ROUNDS = {10: (2001, 501), 1_000: (401, 21), 100_000: (9, 3)}
STATES = {"new": "all to be created", "settled": "nothing to do", "moved": "all to be changed"}
MOST_MS, MOST_OF_OCTODNS = 250.0, 1 / 20
# In zones of their own: what a plan for many zones costs. Route 53 gives an account 500 zones.
ZONES = (100, 500, 2_000)

Found = dict[tuple[int, str], float]


def measure(subjects: Subjects) -> list[Row]:
    missing = subjects.missing.get("python", "")
    ours: Found = {}
    theirs: Found = {}
    for number, (rounds, rounds_of_octodns) in ROUNDS.items():
        ours |= timed([str(subjects.planner), "one-zone", str(rounds), str(number)])
        if not missing:
            theirs |= timed([*programs.octodns(), str(rounds_of_octodns), str(number)])
    rows = [_beside_octodns(number, state, ours, theirs, missing) for number in ROUNDS for state in STATES]
    rows += [_growth("planning", ours, state, *list(ROUNDS)[-2:]) for state in STATES]
    narrow = timed([str(subjects.planner), "zones", "3", *(str(2 * zones) for zones in ZONES)])
    for zones in ZONES:
        label = f"planning {zones:,} zones of one host, {STATES['settled']}"
        rows.append(compared(label, Figure(narrow[2 * zones, "settled"], "ms"), "", ""))
    rows.append(_growth("planning in zones of their own", narrow, "settled", 2 * ZONES[-2], 2 * ZONES[-1]))
    return [*rows, *_on_route53(subjects, missing)]


def _beside_octodns(number: int, state: str, ours: Found, theirs: Found, missing: str) -> Row:
    own = Figure(ours[number, state], "ms")
    other = missing or Figure(theirs[number, state], "ms")
    is_largest = number == max(ROUNDS)
    return compared(
        f"planning {number:,} records, {STATES[state]}",
        own,
        "octoDNS",
        other,
        most=MOST_MS if is_largest else None,
        most_of_peer=MOST_OF_OCTODNS if is_largest else None,
    )


def _growth(what: str, found: Found, state: str, fewer: int, more: int) -> Row:
    """How many times longer the larger plan takes, and how many times n log n grows."""
    grown = found[more, state] / found[fewer, state]
    allowed = more * math.log(more) / (fewer * math.log(fewer))
    label = f"{what}, {STATES[state]}: {more:,} beside {fewer:,} records"
    ours, bound = Figure(grown, "×"), Figure(allowed, "×")
    return compared(label, ours, "n log n", bound, most_of_peer=1.0)


def timed(command: list[str]) -> Found:
    """The medians that a planner prints."""
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = map(json.loads, output.splitlines())
    return {(one["records"], one["state"]): statistics.median(one["milliseconds"]) for one in found}


def _on_route53(subjects: Subjects, missing: str) -> list[Row]:
    """A plan that reads Route 53, in the embedded AWS: ours of a whole connection, octoDNS's of one zone of it."""
    with EmbeddedAws() as aws:
        scene = Scene(aws)
        scene.configure(AWS_ACCESS_KEY_ID="reconcile", VPC_ID=scene.vpc.id)
        scene.request("available")
        with Process(subjects.ours("reconcile"), scene.variables) as process:
            process.invoke(b'{"task":"reconcile"}')
            scene.mark()
            seconds = process.invoke(b'{"task":"plan"}').seconds
        calls = len(aws.calls)
        theirs = missing or _octodns_on_route53(scene)
    what = "plan of what Route 53 holds, in the embedded AWS"
    return [Row(what, f"{seconds * 1000:.0f} ms, {calls} calls", "octoDNS, one zone", theirs)]


def _octodns_on_route53(scene: Scene) -> str:
    scene.mark()
    command = [*programs.octodns(), "route53", PLATFORM, scene.vpc.id]
    started = time.monotonic()
    result = subprocess.run(command, env=os.environ | scene.aws.env(), capture_output=True, text=True)
    if result.returncode:
        return f"the embedded AWS does not serve it: {result.stderr.strip().splitlines()[-1][:100]}"
    milliseconds = json.loads(result.stdout)["milliseconds"]
    whole = time.monotonic() - started
    return f"{milliseconds:.0f} ms, {len(scene.aws.calls)} calls; {whole:.1f} s with its start"
