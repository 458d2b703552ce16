"""What strangers send: events of other services, events full of control characters, and answers that AWS never gave.

`python -m tests.chaos.hostile --runs 300` tries all of it through the real binary and prints what survived.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from tests.aws import Call, EmbeddedAws
from tests.aws.errors import Answer as Raw
from tests.chaos.hands import wire
from tests.chaos.spoil import KINDS, spoilt
from tests.chaos.story import Broken
from tests.chaos.strange import fixtures, hostile_events, is_ours
from tests.harness import HOSTS, Function, FunctionDied, Scene
from tests.harness.function import Answer, Event
from tests.harness.world import a_record, is_write, marker_name, old_alias

SECONDS = 30.0
SPOILT_SERVICES = ("ec2", "route53", "ssm")


@dataclass
class Tried:
    """Cases of one sort, and what did not survive."""

    what: str
    cases: int = 0
    broken: list[str] = field(default_factory=list)

    def note(self, case: str, check: Callable[[], None]) -> None:
        self.cases += 1
        try:
            check()
        except (Broken, FunctionDied, AssertionError) as error:
            self.broken.append(f"{case}: {str(error) or repr(error)}"[:1500])


# (1) Events of other services


def try_fixtures(aws: EmbeddedAws) -> Tried:
    scene = _scene(aws)
    scene.go_live()
    tried = Tried("events of other services")
    with scene.function() as function:
        for name, event in fixtures().items():
            tried.note(name, lambda event=event: _refused(scene, function, event, may_be_hint=is_ours(event)))  # type: ignore[misc]
        tried.note("a good event after all", lambda: _in_sync(function.invoke({"task": "drift"})))
    return tried


def _refused(scene: Scene, function: Function, event: Event, *, may_be_hint: bool) -> None:
    answer, lines = _send(scene, function, event)
    writes = [call.name for call in scene.aws.calls if is_write(call)]
    if writes:
        raise Broken(f"wrote: {writes}")
    if may_be_hint and answer.ok and answer.connections:
        return
    if not answer.ok or answer.codes != ["unknown-event"] or answer.connections:
        raise Broken(f"not refused: {answer}")
    if len(lines) != 1 or len(scene.aws.calls):
        raise Broken(f"not one line, or asked AWS: {lines}, {scene.aws.calls}")


# (2) Events with hostile text in every field that is read


def try_events(aws: EmbeddedAws, most: int | None = None, seed: int = 1) -> Tried:
    scene = _scene(aws)
    scene.go_live()
    events = sorted(hostile_events().items())
    chosen = events if most is None or most >= len(events) else Random(seed).sample(events, most)
    tried = Tried("events with hostile text")
    with scene.function() as function:
        for name, event in chosen:
            tried.note(name, lambda event=event: _harmless(scene, function, event))  # type: ignore[misc]
        tried.note("a good event after all", lambda: _in_sync(function.invoke({"task": "drift"})))
    return tried


def _harmless(scene: Scene, function: Function, event: bytes) -> None:
    _, lines = _send(scene, function, event)
    if sum(map(len, lines)) > 20_000:
        raise Broken(f"logs {sum(map(len, lines))} characters")
    sent = json.dumps([call.params for call in scene.aws.calls], default=str)
    if any(part in sent for part in ("INJECTED", "AAAAAAAA", "$(id)", "[31m", "\\u202e", "\\u2028")):
        raise Broken(f"went into a call: {sent[:300]}")
    if writes := [call.name for call in scene.aws.calls if is_write(call)]:
        raise Broken(f"wrote: {writes}")


# (3) Answers that AWS never gave


def try_answers(aws: EmbeddedAws, runs: int, seed: int = 1) -> list[Tried]:
    tried = {kind: Tried(f"answers: {kind}") for kind in KINDS}
    for at in range(runs):
        kind = KINDS[at % len(KINDS)]
        tried[kind].note(f"seed {seed + at}", lambda: try_answer(aws, kind, seed + at))  # noqa: B023 - called at once
    return list(tried.values())


def try_answer(aws: EmbeddedAws, kind: str, seed: int) -> None:
    """A connection that is new, live, or has drifted, and one run or more that gets spoilt answers; then a good one."""
    random = Random(seed)
    scene = _scene(aws)
    scene.plant_zone("printers.example.com", a_record("printers.example.com", "10.0.9.9"))
    if random.random() < 0.3:
        scene.request("available")
    else:
        scene.go_live()
        if random.random() < 0.6:
            zone = scene.zones()["api.tetrascience.com"]
            scene.aws.delete_record(zone, "api.tetrascience.com", "A")
            if random.random() < 0.5:
                scene.aws.put_records(zone, old_alias("api.tetrascience.com"))
    nth, seen = random.randint(1, 14), 0

    def spoil(service: str, operation: str, answer: Raw) -> Raw:
        nonlocal seen
        seen += service in SPOILT_SERVICES
        return spoilt(answer, kind, random) if seen == nth and service in SPOILT_SERVICES else answer

    aws.spoil = spoil
    with scene.function() as function:
        _send(scene, function, {"task": "drift"})
        _written_only_here(aws.calls)
        aws.spoil = None
        scene.assert_foreign_untouched()
        for _ in range(3):
            answer = function.invoke({"task": "drift"})
    scene.assert_foreign_untouched()
    # What a wrong VPC id leaves behind is in test_regressions.py.
    here = [one for one in answer.report["connections"] if one["vpcId"] == scene.vpc.id] if answer.report else []
    if [one["outcome"] for one in here] != ["in-sync"]:
        raise Broken(f"not in-sync: {answer}")


def _written_only_here(calls: Iterable[Call]) -> None:
    """Records are written at our names only."""
    allowed = {*HOSTS, *map(marker_name, HOSTS)}
    for call in calls:
        for change in call.params.get("ChangeBatch", {}).get("Changes", []):
            record = change["ResourceRecordSet"]
            if wire(record["Name"]) not in allowed and record["Type"] != "SOA":
                raise Broken(f"writes at {record['Name']}")


# What all have in common


def _scene(aws: EmbeddedAws) -> Scene:
    aws.reset()
    aws.insync_after = 0
    return Scene(aws)


def _in_sync(answer: Answer) -> None:
    if not answer.ok or answer.outcome != "in-sync":
        raise Broken(f"not in-sync: {answer.error or answer.connection}")


def _send(scene: Scene, function: Function, event: Event) -> tuple[Answer, list[str]]:
    """An event, and the lines that the process logged for it, which are JSON without a raw control character."""
    before = len(function.stdout), len(function.stderr)
    scene.aws.calls.clear()
    try:
        answer = function.invoke(event, deadline=SECONDS)
    except FunctionDied as died:
        raise Broken(f"the process ended: {died}") from None
    lines = _lines(function, before)
    for line in lines:
        if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line):
            raise Broken(f"a control character in a line: {line[:1000]!r}")
        try:
            json.loads(line)
        except ValueError:
            raise Broken(f"a line that is no JSON: {line[:1000]!r}") from None
    if "panicked" in function.output():
        raise Broken(function.output()[:1000])
    if answer.error is not None and not answer.message:
        raise Broken("an error that says nothing")
    return answer, lines


def _lines(function: Function, before: tuple[int, int]) -> list[str]:
    """What was logged since. Each invocation logs a line, which may be read a little later than its answer."""
    until = time.monotonic() + 1
    while time.monotonic() < until:
        time.sleep(0.003)
        if lines := [*function.stdout[before[0] :], *function.stderr[before[1] :]]:
            return lines
    return []


def table(tried: Iterable[Tried]) -> str:
    rows = [("what", "cases", "survived")] + [
        (one.what, str(one.cases), str(one.cases - len(one.broken))) for one in tried
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.hostile", description=__doc__)
    words.add_argument("--runs", type=int, default=300)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--only", choices=("events", "answers"), help="only this half")
    asked = words.parse_args()
    started = time.monotonic()
    with EmbeddedAws() as aws:
        tried = [] if asked.only == "answers" else [try_fixtures(aws), try_events(aws)]
        tried += [] if asked.only == "events" else try_answers(aws, asked.runs, asked.seed)
    print(table(tried))
    broken = [f"{one.what}, {case}" for one in tried for case in one.broken]
    print(
        f"{sum(one.cases for one in tried)} cases in {time.monotonic() - started:.0f} s, {len(broken)} broken",
        *broken,
        sep="\n",
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
