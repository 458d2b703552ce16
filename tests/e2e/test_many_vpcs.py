"""Many VPCs in one account, each with its own endpoint and zones: found by the service's name and kept apart."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc, wire
from tests.aws.errors import AwsError
from tests.e2e.test_races import dies_at
from tests.e2e.test_triggers import state_change
from tests.harness import HOSTS, Answer, Function, Scene
from tests.harness.world import OWNER, PLATFORM, a_record

OTHER_API = "api.tetrascience.com"
DESCRIBE = "ec2:DescribeVpcEndpoints"
LOOK, READ = "route53:ListHostedZonesByVPC", "route53:ListResourceRecordSets"
CREATE, CHANGE = "CreateHostedZone", "ChangeResourceRecordSets"
# As many as are looked at side by side.
AT_ONCE = 4
# What the template gives an invocation, and what Lambda takes as its answer:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LAMBDA_SECONDS, LAMBDA_BYTES = 240, 6_291_556


class ManyVpcs:
    """VPCs with an endpoint each, beside the scene's own VPC, which has none."""

    def __init__(self, scene: Scene, count: int, *extra_hosts: str, state: str = "available") -> None:
        self.scene = scene
        self.hosts = HOSTS | {host: host for host in extra_hosts}
        self.zone_names = sorted(set(self.hosts.values()))
        self.vpcs: list[Vpc] = []
        self.endpoints: dict[str, str] = {}
        scene.configure(EXTRA_HOSTS=",".join(extra_hosts))
        for _ in range(count):
            self.add(state)

    def add(self, state: str = "available") -> Vpc:
        """One more. Addresses overlap, as they do in accounts with many VPCs."""
        vpc = self.scene.add_vpc("10.0.0.0/16", azs=1)
        self.vpcs.append(vpc)
        self.endpoints[vpc.id] = self.scene.aws.request_endpoint(vpc, state=state)
        return vpc

    def enter(self, vpc: Vpc, state: str) -> None:
        """A VPC's endpoint enters a state."""
        self.scene.aws.set_endpoint_state(self.endpoints[vpc.id], state)

    def zones(self, vpc: Vpc) -> dict[str, str]:
        """The ids of the zones on a VPC, by name."""
        return {zone["name"]: zone["id"] for zone in self.scene.aws.zones(vpc)}

    def ours(self) -> list[dict[str, Any]]:
        """Every zone of the account that says it is ours."""
        return [zone for zone in self.scene.aws.zones() if f"owner={OWNER}" in zone["comment"]]

    def bare(self) -> list[str]:
        """The names of those of them that hold nothing: clients get "no such name" for all that is in them."""
        kinds = {zone["id"]: {one["Type"] for one in self.scene.aws.records(zone["id"])} for zone in self.ours()}
        return [zone["name"] for zone in self.ours() if kinds[zone["id"]] <= {"SOA", "NS"}]

    def is_live(self, vpc: Vpc) -> bool:
        """Whether each host has the alias to the VPC's own endpoint, in zones that no other VPC has."""
        zones = {zone["name"]: zone for zone in self.scene.aws.zones(vpc)}
        if sorted(zones) != self.zone_names or any(zone["vpcs"] != [vpc.id] for zone in zones.values()):
            return False
        found = {}
        for zone in zones.values():
            records = self.scene.aws.records(zone["id"])
            found |= {one["Name"].removesuffix("."): one.get("AliasTarget") for one in records if one["Type"] == "A"}
        return found == dict.fromkeys(self.hosts, self.scene.alias_of(self.endpoints[vpc.id]))

    def live(self) -> set[str]:
        return ids(filter(self.is_live, self.vpcs))

    def assert_all_live(self) -> None:
        """Each VPC leads to its own endpoint, and there is no zone too many."""
        assert ids(self.vpcs) - self.live() == set()
        assert len(self.ours()) == len(self.vpcs) * len(self.zone_names)

    def news(self) -> dict[str, list[str]]:
        """The events that were announced since the mark, by VPC."""
        told: dict[str, list[str]] = {}
        for message in self.scene.messages():
            told.setdefault(message.attributes["vpcId"], []).append(message.attributes["event"])
        return told

    def once(self, event: str) -> dict[str, list[str]]:
        """What `news` is when people were told of each VPC once."""
        return {vpc.id: [event] for vpc in self.vpcs}

    def looked_at(self) -> list[str]:
        """The VPCs whose zones were listed since the mark, in this order."""
        return [call.params["VPCId"] for call in self.scene.aws.calls if call.name == LOOK]

    def go_live(self) -> None:
        """All of them, announced; calls and messages count from here."""
        answer = self.scene.run("reconcile", deadline=LAMBDA_SECONDS)
        assert outcomes(answer) == {"changed": len(self.vpcs)}, answer.error
        self.scene.mark()


def ids(vpcs: Iterable[Vpc]) -> set[str]:
    return {vpc.id for vpc in vpcs}


def outcomes(answer: Answer) -> dict[str, int]:
    return dict(Counter(one["outcome"] for one in answer.connections))


def outcome_of(answer: Answer, vpc: Vpc) -> str:
    (outcome,) = [one["outcome"] for one in answer.connections if one["vpcId"] == vpc.id]
    return str(outcome)


def whole(function: Function, task: str) -> Answer:
    """A task in the time that Lambda gives, and sweeps until every VPC was reached, should the machine be slow."""
    answer = function.invoke({"task": task}, timeout=2 * LAMBDA_SECONDS, deadline=LAMBDA_SECONDS)
    for _ in range(4):
        if "not-reached" not in answer.codes:
            break
        answer = function.invoke({"task": "sweep"}, timeout=2 * LAMBDA_SECONDS, deadline=LAMBDA_SECONDS)
    return answer


@contextmanager
def denied(aws: EmbeddedAws, operation: str, word: str) -> Iterator[None]:
    """AWS denies the calls of an operation whose parameters hold a word; all others go on."""
    usual = aws.corrected

    def refuse(params: dict[str, Any], set_up: bool) -> dict[str, Any]:
        raise AwsError("AccessDenied", f"User is not authorized to perform: route53:{operation}", 403)

    def corrected(request: wire.Request) -> Any:
        is_meant = not request.set_up and request.operation == operation and word in str(request.params)
        return refuse if is_meant else usual(request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "corrected", corrected)
        yield


# As many as there are.


def test_two_hundred_vpcs_with_five_zones_each_come_rest_and_go(scene: Scene) -> None:
    many = ManyVpcs(scene, 200, "a.example.com", "b.example.com", "c.example.com")
    with scene.function() as function:
        assert "changed" in outcomes(whole(function, "reconcile"))
        assert len(many.ours()) == 1000
        many.assert_all_live()
        assert many.news() == many.once("connection-live")
        for page_size, calls in ((None, 1), (None, 1), (50, 4)):
            scene.aws.page_size = page_size
            scene.mark()
            assert outcomes(function.invoke({"task": "sweep"})) == {"in-sync": 200}
            assert scene.aws.calls.names() == [DESCRIBE] * calls
    scene.aws.page_size = None
    with scene.function() as function:
        assert outcomes(whole(function, "reconcile")) == {"in-sync": 200}
        assert [call.name for call in scene.writes()] == [] == scene.messages()
    scene.configure(MODE="withdraw")
    with scene.function() as function:
        assert "withdrawn" in outcomes(whole(function, "reconcile"))
        assert many.ours() == []
        assert many.news() == many.once("withdrawn")
        scene.mark()
        assert outcomes(function.invoke({"task": "sweep"})) == {"in-sync": 200}
        assert scene.aws.calls.names() == [DESCRIBE]


def test_the_plan_of_many_vpcs_with_many_hosts_is_an_answer_that_lambda_takes(scene: Scene) -> None:
    """Each connection of the answer says what it left out; the log has all of it, in lines that are not cut."""
    ManyVpcs(scene, 36)
    hosts = [f"h{number:03}.{PLATFORM}" for number in range(297)]
    scene.configure(MODE="plan", EXTRA_HOSTS=",".join(hosts))
    with scene.function() as function:
        invocation = function.submit({"task": "plan"}, deadline=LAMBDA_SECONDS)
        answer = function.answer(invocation)
    assert outcomes(answer) == {"planned": 36}
    assert len(invocation.body) <= LAMBDA_BYTES
    assert answer.codes.count("report-shortened") == 36
    logged = [json.loads(line) for line in function.stdout]
    (one,) = {len(report["connections"]) for report in logged}
    assert (one, len(logged)) == (1, 36)
    for report in logged:
        (connection,) = report["connections"]
        written = {change["name"] for change in connection["changes"]}
        assert set(hosts) <= written and "report-shortened" not in str(connection["problems"])


# What happens in one stays in one.


@pytest.mark.parametrize(
    ("state", "outcome", "news"), [("rejected", "lost", ["connection-lost"]), ("pending", "in-sync", [])]
)
def test_a_sweep_looks_only_at_the_vpc_that_changed(scene: Scene, state: str, outcome: str, news: list[str]) -> None:
    many = ManyVpcs(scene, 8)
    changed = many.vpcs[3]
    with scene.function() as function:
        assert outcomes(function.invoke({"task": "sweep"})) == {"changed": 8}
        many.enter(changed, state)
        scene.mark()
        answer = function.invoke({"task": "sweep"})
        assert outcome_of(answer, changed) == outcome
        assert outcomes(answer) == dict(Counter([outcome] + ["in-sync"] * 7))
        assert many.looked_at() == [changed.id]
        read = [call.params["HostedZoneId"] for call in scene.aws.calls if call.name == READ]
        assert sorted(read) == sorted(many.zones(changed).values())
        assert many.news() == ({changed.id: news} if news else {})
        scene.mark()
        assert outcomes(function.invoke({"task": "sweep"})) == outcomes(answer)
        assert scene.aws.calls.names() == [DESCRIBE]
    many.enter(changed, "available")


def test_a_vpc_whose_endpoint_is_in_no_list_any_more_is_lost_and_it_alone(scene: Scene) -> None:
    many = ManyVpcs(scene, 6)
    gone = many.vpcs[2]
    with scene.function() as function:
        assert outcomes(function.invoke({"task": "sweep"})) == {"changed": 6}
        scene.aws.remove_endpoint(many.endpoints[gone.id])
        scene.mark()
        answer = function.invoke({"task": "sweep"})
        assert outcome_of(answer, gone) == "lost" and outcomes(answer) == {"lost": 1, "in-sync": 5}
        assert many.looked_at() == [gone.id]
        scene.mark()
        assert outcomes(function.invoke({"task": "sweep"})) == {"lost": 1, "in-sync": 5}
        assert scene.aws.calls.names() == [DESCRIBE]
    assert sorted(many.zones(gone)) == many.zone_names
    assert scene.news() == []


def test_a_vpc_that_comes_later_is_found_and_nothing_is_written_in_the_others(scene: Scene) -> None:
    many = ManyVpcs(scene, 5)
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        later = many.add()
        assert outcomes(function.invoke({"task": "sweep"})) == {"changed": 1, "in-sync": 5}
        assert many.looked_at() == [later.id]
    many.assert_all_live()
    assert many.news() == {later.id: ["connection-live"]}


def test_a_task_for_one_endpoint_takes_out_the_zones_of_its_vpc_only(scene: Scene) -> None:
    many = ManyVpcs(scene, 4)
    many.go_live()
    scene.configure(MODE="withdraw")
    answer = scene.run({"task": "reconcile", "endpointId": many.endpoints[many.vpcs[1].id]})
    assert (answer.connection["vpcId"], answer.outcome) == (many.vpcs[1].id, "withdrawn")
    assert many.live() == ids(many.vpcs) - {many.vpcs[1].id}
    assert many.zones(many.vpcs[1]) == {}
    scene.configure(MODE="apply")
    assert outcomes(scene.run("sweep")) == {"changed": 1, "in-sync": 3}


@pytest.mark.parametrize(("operation", "again"), [("ListHostedZonesByVPC", 1), (CREATE, 0)])
def test_what_is_denied_for_one_vpc_stops_no_other(scene: Scene, operation: str, again: int) -> None:
    """What may not be read is tried by each sweep, what may not be written by each drift pass."""
    many = ManyVpcs(scene, 9)
    barred = many.vpcs[4]
    with scene.function() as function:
        with denied(scene.aws, operation, barred.id):
            assert f"route53:{operation}" in function.invoke({"task": "sweep"}).message
            assert many.live() == ids(many.vpcs) - {barred.id}
            assert many.news() == many.once("connection-live") | {barred.id: ["failed"]}
            scene.mark()
            for _ in range(2):
                function.invoke({"task": "sweep"})
            assert set(many.looked_at()) == ({barred.id} if again else set())
            assert not function.invoke({"task": "drift"}).ok
            assert scene.messages() == []
        assert outcomes(function.invoke({"task": "drift"})) == {"changed": 1, "in-sync": 8}
    many.assert_all_live()
    assert many.news() == {barred.id: ["connection-live"]}


def test_foreign_zones_are_refused_in_the_vpcs_that_have_them_and_only_there(scene: Scene) -> None:
    many = ManyVpcs(scene, 8)
    held = [many.vpcs[1], many.vpcs[6]]
    theirs = [scene.plant_zone(OTHER_API, a_record(OTHER_API, "192.0.2.1"), vpc=vpc) for vpc in held]
    with scene.function() as function:
        answer = function.invoke({"task": "sweep"})
        assert {one["vpcId"] for one in answer.connections if one["outcome"] == "refused"} == ids(held)
        assert many.live() == ids(many.vpcs) - ids(held)
        assert [list(many.zones(vpc)) for vpc in held] == [[OTHER_API]] * 2
        assert many.news() == many.once("connection-live") | {vpc.id: ["refused"] for vpc in held}
        scene.mark()
        function.invoke({"task": "sweep"})
        assert set(many.looked_at()) == ids(held)
        scene.give_up(theirs[0])
        scene.aws.delete_record(theirs[0], OTHER_API, "A")
        scene.aws.client("route53").delete_hosted_zone(Id=theirs[0])
        answer = function.invoke({"task": "sweep"})
        assert outcomes(answer) == {"changed": 1, "in-sync": 6, "refused": 1}
    assert many.live() == ids(many.vpcs) - {held[1].id}
    assert many.news() == {held[0].id: ["connection-live"]}


# Which one comes first.


@pytest.mark.parametrize("at", [0, 25, 50])
def test_the_vpc_that_an_event_means_comes_before_fifty_others(scene: Scene, at: int) -> None:
    many = ManyVpcs(scene, 51, state="pendingAcceptance")
    meant = sorted(many.vpcs, key=lambda vpc: vpc.id)[at]
    event = state_change(many.endpoints[meant.id], "available")
    assert scene.run(event).ok
    assert meant.id in many.looked_at()[:AT_ONCE]
    assert len(many.looked_at()) == 51


def test_an_event_about_one_endpoint_touches_no_vpc_that_rests(scene: Scene) -> None:
    many = ManyVpcs(scene, 6)
    meant = many.vpcs[5]
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        assert outcomes(function.invoke(state_change(many.endpoints[meant.id], "available"))) == {"in-sync": 6}
        assert many.looked_at() == []
        many.enter(meant, "rejected")
        answer = function.invoke(state_change(many.endpoints[meant.id], "rejected"))
        assert outcome_of(answer, meant) == "lost" and outcomes(answer) == {"lost": 1, "in-sync": 5}
        assert set(many.looked_at()) == {meant.id}
        assert many.news() == {meant.id: ["connection-lost"]}
    many.enter(meant, "available")


def test_the_vpc_that_an_event_means_comes_first_also_when_its_endpoint_is_gone(scene: Scene) -> None:
    """The connection record knows whose it was."""
    many = ManyVpcs(scene, 30, state="pendingAcceptance")
    assert scene.run("sweep").ok
    for vpc in many.vpcs[:3]:
        scene.aws.remove_endpoint(many.endpoints[vpc.id])
        scene.mark()
        assert scene.run(state_change(many.endpoints[vpc.id], "deleted")).ok
        assert vpc.id in many.looked_at()[:AT_ONCE]


# Processes that die, and two at once.


@pytest.mark.parametrize(("operation", "nth"), [(CREATE, 9), (CHANGE, 11)])
def test_the_next_run_finishes_what_a_process_began_that_was_killed_in_the_middle(
    scene: Scene, operation: str, nth: int
) -> None:
    many = ManyVpcs(scene, 12)
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        invocation = function.submit({"task": "reconcile"})
        assert invocation.done.wait(20) and invocation.kind == "died"
    assert 0 < len(many.ours()) < 24
    assert scene.run("sweep").ok
    many.assert_all_live()
    assert outcomes(scene.run("sweep")) == {"in-sync": 12}
    told = many.news()
    assert told.keys() == ids(many.vpcs) and {event for events in told.values() for event in events} == {
        "connection-live"
    }
    # Those that were being told of when it died may be told of again.
    assert sum(len(events) > 1 for events in told.values()) <= AT_ONCE


def test_two_functions_at_once_end_in_the_same_state_with_no_zone_twice(scene: Scene) -> None:
    many = ManyVpcs(scene, 30)
    with scene.function() as first, scene.function() as second:
        held = [function.submit({"task": "reconcile"}) for function in (first, second)]
        answers = [function.answer(one) for function, one in zip((first, second), held, strict=True)]
        for answer in answers:
            assert (
                answer.ok or "failed (HostedZoneAlreadyExists)" in answer.message or "keep changing" in answer.message
            )
        many.assert_all_live()
        for function in (first, second):
            assert outcomes(function.invoke({"task": "sweep"})) == {"in-sync": 30}
    many.assert_all_live()
    told = many.news()
    assert told.keys() == ids(many.vpcs) and {event for events in told.values() for event in events} == {
        "connection-live"
    }
    scene.mark()
    assert outcomes(scene.run("drift")) == {"in-sync": 30}
    assert [call.name for call in scene.writes()] == []
