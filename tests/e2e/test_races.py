"""Two processes at once, and processes that die in the middle: one set of zones and records, no error loop."""

from threading import Barrier, BrokenBarrierError, Event, Lock

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, unwatch_calls
from tests.harness import Answer, Function, Invocation, Scene
from tests.harness.world import a_record, marker_name

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
CREATE, CHANGE = "CreateHostedZone", "ChangeResourceRecordSets"
BY_VPC = "route53:ListHostedZonesByVPC"
SECONDS = 20


class Gate:
    """Lets some calls of an operation pass and holds so many of those after them back, until it is opened."""

    def __init__(self, scene: Scene, operation: str, calls: int, *, after: int = 0) -> None:
        self.reached, self._open = Event(), Event()
        self._operation, self._left, self._pass = operation, calls, after
        self._lock = Lock()
        scene.aws.on_call(self._wait)

    def reached_or_done(self, invocation: Invocation) -> None:
        """Wait until a call is held, or until the process is through without one."""
        while not self.reached.wait(0.01):
            if invocation.done.is_set():
                return

    def open(self) -> None:
        self._open.set()

    def _wait(self, service: str, operation: str) -> None:
        if operation != self._operation:
            return
        with self._lock:
            self._pass -= 1
            held = self._pass < 0 and self._left > 0
            self._left -= held
        if held:
            if self._left <= 0:
                self.reached.set()
            assert self._open.wait(SECONDS)


def together(scene: Scene, operation: str, calls: int) -> None:
    """So many calls of an operation, of whichever process, arrive before the first is processed."""
    barrier, lock, left = Barrier(calls), Lock(), [calls]

    def wait(service: str, called: str) -> None:
        if called != operation:
            return
        with lock:
            left[0] -= 1
            is_first = left[0] >= 0
        if is_first:
            try:
                barrier.wait(SECONDS)
            except BrokenBarrierError:
                pass

    scene.aws.on_call(wait)


def assert_one_result(scene: Scene) -> None:
    """One set of zones and records; a sweep finds nothing to do; people were told of nothing but the connection,
    each process at most once."""
    assert_live(scene)
    assert_only_ours(scene)
    assert len(scene.aws.zones(scene.vpc)) == 2
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() in (["connection-live"], ["connection-live"] * 2)
    ours = [zone for zone in scene.aws.zones() if "heritage=tdp-privatelink" in zone["comment"]]
    assert len(ours) == 2


def outcomes(*answers: Answer) -> set[str]:
    assert all(answer.ok for answer in answers), [answer.error for answer in answers if not answer.ok]
    return {answer.outcome for answer in answers}


@pytest.mark.parametrize("operation", [CREATE, CHANGE])
def test_the_second_process_finishes_while_the_first_is_held(scene: Scene, operation: str) -> None:
    """Two zones: the first process has two calls under way."""
    scene.request("available")
    gate = Gate(scene, operation, 2)
    with scene.function() as first, scene.function() as second:
        held = first.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        other = second.invoke({"task": "reconcile"})
        gate.open()
        assert "changed" in outcomes(other, first.answer(held))
    assert_one_result(scene)


@pytest.mark.parametrize("operation", [CREATE, CHANGE])
def test_one_held_zone_of_the_first_process_does_not_confuse_the_second(scene: Scene, operation: str) -> None:
    scene.request("available")
    gate = Gate(scene, operation, 1)
    with scene.function() as first, scene.function() as second:
        held = first.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        other = second.invoke({"task": "reconcile"})
        gate.open()
        outcomes(other, first.answer(held))
    assert_one_result(scene)


def test_a_zone_that_was_made_between_two_lists_is_looked_for_again(scene: Scene) -> None:
    """The account's zones and the VPC's are read at once. One that only the account's list has may be on the VPC by now."""
    scene.request("available")
    gate = Gate(scene, "ListHostedZones", 1)
    with scene.function() as function:
        late = function.submit({"task": "sweep"})
        assert gate.reached.wait(SECONDS)
        while scene.aws.calls.count(BY_VPC) == 0:
            assert not late.done.wait(0.01)
        assert scene.run("reconcile").outcome == "changed"
        gate.open()
        assert function.answer(late).ok
    assert scene.aws.calls.count(BY_VPC) == 3
    assert scene.aws.calls.count("route53:AssociateVPCWithHostedZone") == 0
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]


def test_a_second_process_between_the_writes_and_the_message_of_the_first_tells_of_no_repair(scene: Scene) -> None:
    """It finds right records that nobody was told of; what it then does about them is no news of its own."""
    scene.request("available")
    unfinished = Gate(scene, "GetChange", 1)
    late = Gate(scene, CHANGE, 1, after=2)
    with scene.function() as first, scene.function() as second:
        held = first.submit({"task": "reconcile"})
        assert unfinished.reached.wait(SECONDS)
        other = second.submit({"task": "sweep"})
        late.reached_or_done(other)
        unfinished.open()
        answer = first.answer(held)
        late.open()
        outcomes(answer, second.answer(other))
    assert_one_result(scene)


def test_who_was_overtaken_in_everything_tells_of_it_only_once_it_is_everywhere(scene: Scene) -> None:
    """The other wrote all and died before Route 53 was in sync. A sweep of the same process then finds it right."""
    scene.request("available")
    gate = Gate(scene, CREATE, 2)
    with scene.function() as first, scene.function() as second:
        held = first.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        dies_at(scene, second, "GetChange")
        assert second.submit({"task": "reconcile"}).done.wait(SECONDS)
        gate.open()
        assert first.answer(held).ok
        assert scene.news() == []
        scene.aws.calls.clear()
        assert first.invoke({"task": "sweep"}).ok
        assert scene.news() == ["connection-live"]
        calls = scene.aws.calls.names()
        assert "route53:GetChange" in calls[: calls.index("sns:Publish")]
    assert_one_result(scene)


def test_what_was_told_while_other_vpcs_were_asked_for_is_not_told_again(scene: Scene) -> None:
    """The connection record was read before it; asking about the other VPC fails, and takes its time."""
    extra = scene.add_vpc("10.60.0.0/16", azs=0)
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account, EXTRA_VPC_IDS=extra.id)
    scene.request("available")
    scene.aws.faults.add("denied", "route53", "GetHostedZone", times=None)
    gate = Gate(scene, "GetHostedZone", 1)
    with scene.function() as first:
        held = first.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        scene.run("reconcile")
        assert scene.news() == ["connection-live"]
        gate.open()
        first.answer(held)
    assert scene.news() == ["connection-live"]
    scene.aws.faults.clear()
    assert scene.run("reconcile").outcome == "changed"


def test_both_create_at_the_same_moment(scene: Scene) -> None:
    scene.request("available")
    together(scene, CREATE, 4)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "reconcile"}), second.submit({"task": "reconcile"})]
        outcomes(first.answer(held[0]), second.answer(held[1]))
    assert_one_result(scene)


def test_both_repair_at_the_same_moment(scene: Scene) -> None:
    scene.go_live()
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    together(scene, CHANGE, 2)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "drift"}), second.submit({"task": "drift"})]
        outcomes(first.answer(held[0]), second.answer(held[1]))
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() in (["drift-repaired"], ["drift-repaired"] * 2)


def test_both_withdraw_at_the_same_moment(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    together(scene, CHANGE, 4)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "reconcile"}), second.submit({"task": "reconcile"})]
        outcomes(first.answer(held[0]), second.answer(held[1]))
    assert scene.zones() == {}
    assert scene.run("sweep").outcome == "in-sync"
    assert set(scene.news()) == {"withdrawn"}


@pytest.mark.parametrize("calls", [1, 2])
def test_a_withdrawal_that_is_overtaken_by_another_is_no_failure(scene: Scene, calls: int) -> None:
    """The zones that it was about to read are gone: that is what it wanted."""
    scene.go_live()
    scene.configure(MODE="withdraw")
    gate = Gate(scene, "ListResourceRecordSets", calls)
    with scene.function() as slow, scene.function() as quick:
        held = slow.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        assert quick.invoke({"task": "reconcile"}).outcome == "withdrawn"
        gate.open()
        answer = slow.answer(held)
        assert answer.ok or "NoSuchHostedZone" in answer.message
        assert slow.invoke({"task": "sweep"}).outcome == "in-sync"
    assert scene.zones() == {}
    assert set(scene.news()) == {"withdrawn"}


def test_both_announce_waiting_at_the_same_moment(scene: Scene) -> None:
    """At least once; two people at the same moment may both tell, and then it is over."""
    scene.request("pendingAcceptance")
    together(scene, "Publish", 2)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "sweep"}), second.submit({"task": "sweep"})]
        assert outcomes(first.answer(held[0]), second.answer(held[1])) == {"waiting"}
        for function in (first, second):
            function.invoke({"task": "sweep"})
            function.invoke({"task": "drift"})
    assert 1 <= len(scene.news()) <= 2


def test_ten_processes_at_once_end_in_one_set(scene: Scene) -> None:
    scene.request("available")
    functions = [scene.function().start() for _ in range(10)]
    try:
        held = [function.submit({"task": "reconcile"}) for function in functions]
        answers = [function.answer(one) for function, one in zip(functions, held, strict=True)]
    finally:
        for function in functions:
            function.stop()
    for answer in answers:
        assert answer.ok or "stale" in answer.message.lower(), answer.error
    assert scene.run("sweep").ok
    assert_live(scene)
    assert_only_ours(scene)
    assert set(scene.news()) == {"connection-live"}


def test_an_edit_between_reading_and_writing_fails_whole_and_is_planned_again(scene: Scene) -> None:
    """A stale plan must not write over what somebody did a moment ago."""
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, PLATFORM, "A")
    edited = []

    def edit(service: str, operation: str) -> None:
        if operation == CHANGE and not edited:
            edited.append(operation)
            scene.aws.put_records(zone_id, {"Name": PLATFORM, "Type": "A", "AliasTarget": scene.alias()})

    scene.aws.on_call(edit)
    assert scene.run("drift").ok
    assert_live(scene)
    assert_only_ours(scene)


def test_a_record_that_somebody_makes_between_reading_and_writing_stays(scene: Scene) -> None:
    """The batch was planned without it: Route 53 refuses it whole, and what is theirs is not ours to write over."""
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    for kind, name in (("A", API), ("TXT", marker_name(API))):
        scene.aws.delete_record(zone_id, name, kind)
    left = [True]

    def edit(service: str, operation: str) -> None:
        if operation == CHANGE and left:
            left.clear()
            scene.plant(zone_id, a_record(API, "192.0.2.77"))

    scene.aws.on_call(edit)
    answer = scene.run("drift")
    unwatch_calls(scene)
    assert (answer.outcome, "foreign-record" in answer.codes) == ("refused", True)
    scene.assert_foreign_untouched()


def test_a_zone_that_goes_between_listing_and_reading_costs_at_most_one_delivery(scene: Scene) -> None:
    """As when another process withdraws it: worth another delivery, and no more than that."""
    scene.go_live()
    zone_id = scene.zones()["api.tetrascience.com"]
    left = [zone_id]

    def delete(service: str, operation: str) -> None:
        if operation == "ListResourceRecordSets" and left:
            left.clear()
            for name, kind in scene.records("api.tetrascience.com"):
                if kind not in ("SOA", "NS"):
                    scene.aws.delete_record(zone_id, name, kind)
            scene.aws.client("route53").delete_hosted_zone(Id=zone_id)

    scene.aws.on_call(delete)
    first = scene.run("drift")
    assert first.ok or "NoSuchHostedZone" in first.message
    assert scene.run("drift").ok
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["drift-repaired"]


# Processes that die.


def dies_at(scene: Scene, function: Function, operation: str, nth: int = 1) -> None:
    """The process is killed while the nth call of an operation is under way; AWS processes the call."""
    count = [0]
    lock = Lock()

    def kill(service: str, called: str) -> None:
        with lock:
            count[0] += called == operation
            strikes = called == operation and count[0] == nth
        if strikes:
            function.kill()

    scene.aws.on_call(kill)


@pytest.mark.parametrize(
    ("operation", "nth"),
    [
        (CREATE, 1),
        (CREATE, 2),
        (CHANGE, 1),
        (CHANGE, 2),
        ("GetChange", 1),
        ("GetChange", 2),
        ("Publish", 1),
        ("PutParameter", 1),
    ],
)
def test_the_next_run_finishes_what_a_killed_process_began(scene: Scene, operation: str, nth: int) -> None:
    scene.request("available")
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        invocation = function.submit({"task": "reconcile"})
        assert invocation.done.wait(SECONDS)
        assert invocation.kind == "died"
    assert scene.run("sweep").ok
    assert scene.run("sweep").outcome == "in-sync"
    assert_live(scene)
    assert_only_ours(scene)
    assert set(scene.news()) == {"connection-live"}
    assert len(scene.news()) <= (2 if operation in ("Publish",) else 1)


@pytest.mark.parametrize(("operation", "nth"), [(CHANGE, 1), ("DeleteHostedZone", 1), ("DeleteHostedZone", 2)])
def test_the_next_run_finishes_a_withdrawal_that_a_killed_process_began(scene: Scene, operation: str, nth: int) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        assert function.submit({"task": "reconcile"}).done.wait(SECONDS)
    assert scene.run("sweep").ok
    assert scene.zones() == {}
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["withdrawn"]


def test_a_repair_by_a_killed_process_is_still_announced(scene: Scene) -> None:
    scene.go_live()
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    with scene.function() as function:
        dies_at(scene, function, "GetChange")
        assert function.submit({"task": "drift"}).done.wait(SECONDS)
    assert scene.run("sweep").ok
    assert_live(scene)
    assert scene.news() == ["drift-repaired"]
