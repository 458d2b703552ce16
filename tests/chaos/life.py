"""A long life: whatever happens to a customer's account, and in which order, what must hold holds after every step.

`python -m tests.chaos.life --steps 3000 --seed 1` lives histories until so many steps are done. A history that breaks
something is shrunk and printed as a short program.
"""

import argparse
import functools
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.aws import EmbeddedAws
from tests.chaos import lives
from tests.chaos.around import VERDICTS
from tests.chaos.hands import EDITS, EVERY, FOREIGN, RECORDS, WANTED, ZONES
from tests.chaos.lives import BEGINNINGS, CONFIGURATIONS, EVENTS, FAULTS, SERVICES, STATES, Lived
from tests.harness import HOSTS, Scene

STEPS = 30
# Mostly at hosts that are always wanted.
AT = [*HOSTS, *HOSTS, *WANTED]
THEN = st.sampled_from([None, "sweep", "drift", "reconcile"])


def happens(**given: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """A rule: something happens, and perhaps a run in the process that lives on. Others' things are looked at."""

    def of(do: Callable[..., None]) -> Any:
        @functools.wraps(do)
        def both(self: "Life", then: str | None, **values: Any) -> None:
            type(self).steps += 1
            do(self, **values)
            if then:
                self.ends.update([self.lived.run(then, True)])
            self.lived.check_others()

        return rule(then=THEN, **given)(both)  # type: ignore[call-overload]

    return of


class Life(RuleBasedStateMachine):
    """One customer's account. Every rule is something that happens to it."""

    aws: ClassVar[EmbeddedAws]
    steps: ClassVar[int] = 0
    histories: ClassVar[int] = 0
    ends: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        type(self).histories += 1
        self.aws.reset()
        self.aws.insync_after = 0
        self.lived = Lived(Scene(self.aws))
        self.hands = self.lived.hands

    @initialize(
        live=st.sampled_from([True, True, True, False]),
        former=st.sampled_from([False, False, True]),
        settings=st.lists(st.sampled_from(BEGINNINGS), max_size=2, unique=True),
    )
    def begins(self, live: bool, former: bool, settings: list[tuple[str, str | None]]) -> None:
        for name, value in settings:
            self.lived.configure(name, value)
        if former or live:
            self.lived.enter("available")
        if former:
            self.lived.run_former("reconcile", "apply")
        if live:
            self.lived.run("reconcile", False)

    # The endpoints

    @happens(state=st.sampled_from(STATES))
    def state(self, state: str) -> None:
        self.lived.enter(state)

    @happens(
        state=st.sampled_from(["available", "available", "pendingAcceptance"]),
        ip_type=st.sampled_from(["ipv4", "ipv4", "dualstack", "ipv6"]),
    )
    def endpoint_added(self, state: str, ip_type: str) -> None:
        self.lived.add(state, ip_type)

    @happens(oldest=st.booleans(), how=st.sampled_from(["deleted", "missing"]))
    def endpoint_gone(self, oldest: bool, how: str) -> None:
        self.lived.lose(oldest, how)

    @happens(on=st.booleans())
    def endpoints_hidden_from_lists(self, on: bool) -> None:
        self.lived.hidden = on

    @happens(service=st.sampled_from(SERVICES), there=st.booleans())
    def own_endpoint(self, service: str, there: bool) -> None:
        self.lived.own(service, there)

    # People

    @happens(host=st.sampled_from([EVERY, *AT]), how=st.sampled_from(EDITS))
    def record_edited(self, host: str, how: str) -> None:
        self.hands.edit(host, how)

    @happens(host=st.sampled_from(AT), what=st.sampled_from(FOREIGN))
    def record_planted(self, host: str, what: str) -> None:
        self.hands.plant(host, what)

    @happens(
        name=st.sampled_from(ZONES), comment=st.sampled_from(["", "of the network team", lives.COMMENT_OF_ANOTHER])
    )
    def zone_planted(self, name: str, comment: str) -> None:
        self.hands.plant_zone(name, comment)

    @happens(name=st.sampled_from(ZONES))
    def zone_taken_away(self, name: str) -> None:
        self.hands.take_away_zone(name)

    @happens(name=st.sampled_from(ZONES))
    def our_zone_deleted(self, name: str) -> None:
        self.hands.delete_zone(name)

    @happens(name=st.sampled_from(ZONES))
    def our_zone_detached(self, name: str) -> None:
        self.hands.detach_zone(name)

    @happens(change=st.sampled_from(CONFIGURATIONS))
    def configured(self, change: tuple[str, str | None]) -> None:
        self.lived.configure(*change)

    @happens(how=st.sampled_from(RECORDS))
    def connection_record_spoilt(self, how: str) -> None:
        self.hands.spoil_record(how)

    @happens(name=st.sampled_from(ZONES), which=st.integers(0, 1), there=st.booleans())
    def our_zone_shared(self, name: str, which: int, there: bool) -> None:
        (self.lived.shares.add if there else self.lived.shares.take)(self.hands.our_zone(name), which)

    # Another stack, and what a verifier sees

    @happens(
        event=st.sampled_from(["sweep", "drift", "reconcile"]), mode=st.sampled_from(["apply", "apply", "withdraw"])
    )
    def former_owner_runs(self, event: str, mode: str) -> None:
        self.ends.update([f"former: {self.lived.run_former(event, mode)}"])

    @happens(verdict=st.sampled_from(VERDICTS))
    def verdict_changes(self, verdict: str) -> None:
        self.lived.verifier.verdict = verdict

    # AWS, and runs

    @happens(polls=st.integers(0, 2), page=st.sampled_from([None, 1, 3]))
    def aws_is_slow(self, polls: int, page: int | None) -> None:
        self.aws.insync_after, self.aws.page_size = polls, page

    @happens(kind=st.sampled_from(FAULTS), where=st.sampled_from(lives.OPERATIONS), nth=st.integers(1, 3))
    def fault_ahead(self, kind: str, where: tuple[str, str], nth: int) -> None:
        # moto breaks at a token that is none of its own.
        is_told = kind != "truncated" or where[0] != "ssm"
        self.aws.faults.add(kind if is_told else "malformed", *where, nth=nth)

    @happens(kind=st.sampled_from(["throttle", "503", "drop", "lost", "denied", "malformed"]), nth=st.integers(1, 25))
    def fault_at_any_call(self, kind: str, nth: int) -> None:
        self.aws.faults.add(kind, nth=nth)

    @happens(event=st.sampled_from(EVENTS), warm=st.booleans(), times=st.sampled_from([1, 1, 2]))
    def run(self, event: str, warm: bool, times: int) -> None:
        self.ends.update(self.lived.run(event, warm) for _ in range(times))

    @happens(
        one=st.sampled_from(EVENTS),
        two=st.one_of(st.none(), st.sampled_from(EVENTS)),
        how=st.sampled_from([None, *EDITS]),
    )
    def two_runs_at_once(self, one: str, two: str | None, how: str | None) -> None:
        """The same event twice, or two; most often there is something to do."""
        if how:
            self.hands.edit(EVERY, how)
        self.ends.update(f"two: {end}" for end in self.lived.run_two(one, two or one))

    @happens(event=st.sampled_from(["sweep", "drift", "reconcile"]), warm=st.booleans())
    def run_undisturbed(self, event: str, warm: bool) -> None:
        self.aws.faults.clear()
        self.ends.update([self.lived.run(event, warm)])

    @happens(event=st.sampled_from(EVENTS), nth=st.integers(1, 30), answered=st.booleans())
    def run_killed(self, event: str, nth: int, answered: bool) -> None:
        self.ends.update([self.lived.run(event, False, kill=(nth, answered))])

    def teardown(self) -> None:
        try:
            # A history that broke something has no good end, and Hypothesis wants to hear of the first break.
            if sys.exc_info()[0] is None:
                self.lived.end_well()
        finally:
            self.lived.close()


def live(
    histories: int, first: int | None, steps: int = STEPS, *, shrink: bool = True, machine: type[Life] = Life
) -> None:
    """Lives so many histories, the same ones for the same seed; what breaks is raised with its program."""
    if first is not None:
        seed(first)(machine)
    shown = settings(
        max_examples=histories,
        stateful_step_count=steps,
        derandomize=first is None,
        database=None,
        deadline=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
        print_blob=False,
    )
    run_state_machine_as_test(machine, settings=shown)


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.chaos.life", description=__doc__)
    words.add_argument("--steps", type=int, default=3000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--no-shrink", action="store_true", help="print what breaks as it was lived: quick, and long")
    asked = words.parse_args()
    started = time.monotonic()
    broken: list[str] = []
    Life.aws = EmbeddedAws().start()
    at, told = asked.seed, 0
    while Life.steps < asked.steps:
        try:
            live(10, at, shrink=not asked.no_shrink)
        except Exception as error:
            broken.append(summary(error))
            print(f"seed {at}:\n{broken[-1]}\n", flush=True)
        if Life.steps // 1000 > told // 1000:
            told = Life.steps
            print(f"{Life.histories:,} histories, {told:,} steps, {len(broken)} violations", flush=True)
        at += 1
    ends = ", ".join(f"{end} {times}" for end, times in Life.ends.most_common())
    lived = f"{Life.histories:,} histories, {Life.steps:,} steps"
    print(f"{lived} in {time.monotonic() - started:.0f} s, {len(broken)} violations")
    print(f"runs ended: {ends}")
    return 1 if broken else 0


def summary(error: BaseException) -> str:
    """What broke, and the program that Hypothesis made of the history."""
    notes: list[Any] = getattr(error, "__notes__", [])
    return "\n".join([f"{type(error).__name__}: {error}", *map(str, notes)])


if __name__ == "__main__":
    sys.exit(main())
