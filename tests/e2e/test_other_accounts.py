"""EXTRA_VPC_IDS with a VPC of another account, which has to say yes; and what ends in the middle, with VPCs of both kinds."""

from typing import Any

import pytest

from tests.aws import OTHER_ACCOUNT, Vpc
from tests.e2e.checks import assert_live, unwatch_calls
from tests.e2e.test_extra_vpcs import (
    API,
    ASSOCIATE,
    DISSOCIATE,
    OWN,
    PUBLIC,
    ZONES,
    all_of,
    assert_let_go,
    assert_nothing_to_do,
    assert_shared,
    name_them,
    noted,
    on,
    stands,
)
from tests.e2e.test_races import together
from tests.harness import HOSTS, OWNER, PLATFORM, Answer, Scene, cli
from tests.harness.world import a_record

CHANGE, AUTHORIZE = "ChangeResourceRecordSets", "CreateVPCAssociationAuthorization"
AUTHORIZED, DEAUTHORIZE = "ListVPCAssociationAuthorizations", "DeleteVPCAssociationAuthorization"
SECONDS = 20


@pytest.fixture
def extra(scene: Scene) -> Vpc:
    """One more VPC of our account, and a function that knows its account and its VPC."""
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account)
    return scene.add_vpc("10.60.0.0/16", azs=0)


@pytest.fixture
def theirs(scene: Scene) -> Vpc:
    """A VPC of another account."""
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account)
    return scene.aws.make_foreign_vpc(azs=0)


def spelled(vpc: Vpc) -> str:
    return f"{vpc.id}@{vpc.account}/{vpc.region}"


def authorized(scene: Scene) -> list[str]:
    """The VPCs for which an authorization stands at any of our zones."""
    return sorted({vpc for zone in scene.zones().values() for vpc in scene.aws._route53.zones.find(zone).authorized})


def commands(answer: Answer) -> list[str]:
    found: list[Any] = [one["command"] for one in answer.connection["associations"]]
    return [command for command in found if command]


def go_live_with(scene: Scene, *vpcs: Vpc) -> Answer:
    """Live, and what is left for the other account to do."""
    name_them(scene, *map(spelled, vpcs))
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed", answer
    return answer


def accept(scene: Scene, answer: Answer, account: str = OTHER_ACCOUNT) -> None:
    """Somebody there copies the commands."""
    assert len(commands(answer)) == len(ZONES)
    cli.run(scene.aws, commands(answer), account=account)


# The other account's part.


def test_the_other_account_is_told_the_exact_commands_and_nothing_is_shared_before(scene: Scene, theirs: Vpc) -> None:
    answer = go_live_with(scene, theirs)
    assert answer.codes == ["association-pending"]
    assert_live(scene)
    assert [scene.resolve(host, vpc=theirs) for host in HOSTS] == [PUBLIC] * len(HOSTS)
    assert authorized(scene) == [theirs.id] and noted(scene) == {zone: [spelled(theirs)] for zone in ZONES}
    assert stands(scene) == all_of(spelled(theirs), "authorized")
    where = f"--vpc VPCRegion={theirs.region},VPCId={theirs.id}"
    assert sorted(commands(answer)) == sorted(
        f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone_id} {where}"
        for zone_id in scene.zones().values()
    )
    [message] = scene.messages()
    assert all(command in message.message for command in commands(answer)) and OTHER_ACCOUNT in message.message


def test_while_the_other_account_waits_nothing_is_written_or_told(scene: Scene, theirs: Vpc) -> None:
    name_them(scene, spelled(theirs))
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "in-sync"
        assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
    assert_nothing_to_do(scene)


def test_the_next_drift_pass_sees_that_it_was_done_and_takes_the_authorization_away(scene: Scene, theirs: Vpc) -> None:
    accept(scene, go_live_with(scene, theirs))
    scene.mark()
    answer = scene.run("drift")
    assert answer.outcome == "changed" and answer.codes == []
    assert on(scene, theirs) == ZONES and authorized(scene) == []
    assert [scene.resolve(host, vpc=theirs) for host in HOSTS] == [scene.addresses()] * len(HOSTS)
    assert scene.news() == ["associations-changed"] and noted(scene) == {zone: [spelled(theirs)] for zone in ZONES}
    assert_nothing_to_do(scene)


def test_adding_one_later_is_news_that_asks_for_the_commands(scene: Scene, theirs: Vpc) -> None:
    scene.go_live()
    name_them(scene, spelled(theirs))
    answer = scene.run("drift")
    [message] = scene.messages()
    assert (message.attributes["event"], message.attributes["severity"]) == ("associations-changed", "warning")
    assert all(command in message.message for command in commands(answer))
    accept(scene, answer)
    assert scene.run("drift").outcome == "changed"
    assert [message.attributes["severity"] for message in scene.messages()] == ["warning", "info"]


@pytest.mark.parametrize("accepted", [False, True])
def test_one_that_is_taken_out_is_let_go_with_its_authorization(scene: Scene, theirs: Vpc, accepted: bool) -> None:
    answer = go_live_with(scene, theirs)
    if accepted:
        accept(scene, answer)
    name_them(scene)
    scene.mark()
    assert stands(scene, "drift") == all_of(spelled(theirs), "removed")
    assert scene.news() == ["associations-changed"] and authorized(scene) == []
    assert_let_go(scene, theirs)
    with pytest.raises(Exception, match="NotAuthorizedException"):
        cli.run(scene.aws, commands(answer)[:1], account=OTHER_ACCOUNT)
    assert_nothing_to_do(scene)


def test_a_zone_that_stays_for_foreign_records_lets_theirs_go_too(scene: Scene, theirs: Vpc) -> None:
    accept(scene, go_live_with(scene, theirs))
    scene.aws.put_records(scene.zones()[PLATFORM], a_record(OWN, "192.0.2.9"))
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert list(scene.zones()) == [PLATFORM] and authorized(scene) == []
    assert_let_go(scene, theirs)


def test_when_they_leave_they_may_come_back(scene: Scene, theirs: Vpc) -> None:
    accept(scene, go_live_with(scene, theirs))
    assert scene.run("drift").outcome == "changed"
    where = {"VPCRegion": theirs.region, "VPCId": theirs.id}
    for zone_id in scene.zones().values():
        route53 = scene.aws.client("route53", account=OTHER_ACCOUNT)
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone_id, VPC=where)
    answer = scene.run("drift")
    assert answer.codes == ["association-pending"]
    accept(scene, answer)
    assert scene.run("drift").outcome == "changed"
    assert on(scene, theirs) == ZONES


def test_a_wrong_region_is_corrected_with_its_authorization(scene: Scene, theirs: Vpc) -> None:
    there = scene.aws.make_foreign_vpc(azs=0, region="us-west-2")
    go_live_with(scene, Vpc(there.id, "", [], "us-east-1", OTHER_ACCOUNT))
    assert authorized(scene) == [there.id]
    name_them(scene, spelled(there))
    accept(scene, scene.run("drift"))
    assert scene.run("drift").outcome == "changed"
    assert scene.resolve(API, vpc=there) == scene.addresses()
    assert authorized(scene) == [] and noted(scene) == {zone: [spelled(there)] for zone in ZONES}


def test_each_account_gets_its_own_commands(scene: Scene, theirs: Vpc) -> None:
    third = scene.aws.make_foreign_vpc("333333333333", azs=0)
    answer = go_live_with(scene, theirs, third)
    fixes = {problem["message"][:20]: problem["fix"] for problem in answer.connection["problems"]}
    assert len(fixes) == 2
    for vpc, other in ((theirs, third), (third, theirs)):
        fix = fixes[f"Account {vpc.account}"]
        assert fix.count(vpc.id) == len(ZONES) and other.id not in fix


@pytest.mark.parametrize("told", [True, False], ids=["known as ours", "not known"])
def test_our_own_account_needs_no_authorization_where_it_is_told(scene: Scene, extra: Vpc, told: bool) -> None:
    scene.configure(ACCOUNT_ID=scene.aws.account if told else None)
    answer = go_live_with(scene, extra)
    if not told:
        assert authorized(scene) == [extra.id]
        accept(scene, answer, scene.aws.account)
        assert scene.run("drift").outcome == "changed"
    assert on(scene, extra) == ZONES and authorized(scene) == []


def test_a_plan_shows_who_would_be_asked_and_asks_nobody(scene: Scene, theirs: Vpc) -> None:
    scene.go_live()
    name_them(scene, spelled(theirs))
    answer = scene.run("plan")
    shown = [(one["state"], one["becomes"], one["command"]) for one in answer.connection["associations"]]
    assert answer.outcome == "planned" and shown == [("planned", "authorized", None)] * len(ZONES)
    assert scene.writes() == [] and authorized(scene) == []
    name_them(scene)


def test_what_they_were_lent_by_hand_is_never_taken_away(scene: Scene, theirs: Vpc) -> None:
    """An association of theirs, and an authorization for another VPC, that we had no part in."""
    scene.go_live()
    other = scene.aws.make_foreign_vpc(azs=0)
    zone_id = scene.zones()[API]
    lend(scene, zone_id, theirs, other)
    ours = {"VPCRegion": theirs.region, "VPCId": theirs.id}
    scene.aws.client("route53", account=OTHER_ACCOUNT).associate_vpc_with_hosted_zone(HostedZoneId=zone_id, VPC=ours)
    for vpcs in ([theirs], []):
        name_them(scene, *map(spelled, vpcs))
        assert scene.run("drift").outcome == "changed"
        assert on(scene, theirs) == [API] and other.id in authorized(scene)
        assert API not in noted(scene)


def lend(scene: Scene, zone_id: str, *vpcs: Vpc) -> None:
    """Somebody else authorizes VPCs, by hand."""
    for vpc in vpcs:
        where = {"VPCRegion": vpc.region, "VPCId": vpc.id}
        scene.aws.client("route53").create_vpc_association_authorization(HostedZoneId=zone_id, VPC=where)


# In the middle: a VPC of ours and one of theirs come, and go again while theirs still waits.

# Two lists and two zones' records; two zones, each with its VPCs and authorizations read, noted, one VPC associated and
# one authorized, two changes waited for; and once what the VPC of ours sees.
COMING = 4 + 2 * (2 + 1 + 2 + 2) + 1
# The same reads; a VPC taken off, an authorization taken away and the note deleted, and two changes waited for.
GOING = 4 + 2 * (2 + 3 + 2)


def change_to(scene: Scene, extra: Vpc, theirs: Vpc, coming: bool) -> None:
    """Live without other VPCs, and the list has two; or the other way round."""
    if coming:
        scene.go_live()
    else:
        name_them(scene, extra, spelled(theirs))
        scene.go_live()
    name_them(scene, *([extra, spelled(theirs)] if coming else []))


def assert_changed(scene: Scene, extra: Vpc, theirs: Vpc, coming: bool) -> None:
    """The next run, in a fresh process, brings it to its end; and what came is still known as ours."""
    assert scene.run("drift").ok
    if coming:
        assert on(scene, extra) == ZONES and authorized(scene) == [theirs.id]
        name_them(scene)
        assert scene.run("drift").outcome == "changed"
    assert authorized(scene) == []
    assert_let_go(scene, extra, theirs)
    assert_live(scene)


@pytest.mark.parametrize("coming", [True, False])
def test_these_are_all_calls(scene: Scene, extra: Vpc, theirs: Vpc, coming: bool) -> None:
    change_to(scene, extra, theirs, coming)
    assert scene.run("drift").outcome == "changed"
    assert scene.aws.calls.count("route53") == (COMING if coming else GOING)


@pytest.mark.parametrize(
    ("coming", "nth"), [*((True, nth) for nth in range(5, COMING, 2)), *((False, nth) for nth in range(5, GOING, 2))]
)
def test_killed_at_every_second_call_the_next_run_goes_on(
    scene: Scene, extra: Vpc, theirs: Vpc, coming: bool, nth: int
) -> None:
    change_to(scene, extra, theirs, coming)
    left = [nth]
    with scene.function() as function:

        def kill(service: str, operation: str) -> None:
            left[0] -= service == "route53"
            if service == "route53" and left[0] == 0:
                function.kill()

        scene.aws.on_call(kill)
        invocation = function.submit({"task": "drift"})
        assert invocation.done.wait(SECONDS) and invocation.kind == "died", f"there is no call {nth}"
    unwatch_calls(scene)
    assert_changed(scene, extra, theirs, coming)


CALLS = [(True, call) for call in ("GetHostedZone", AUTHORIZED, CHANGE, ASSOCIATE, AUTHORIZE, "GetChange")]
CALLS += [(False, call) for call in ("GetHostedZone", AUTHORIZED, DISSOCIATE, DEAUTHORIZE, CHANGE, "GetChange")]


@pytest.mark.parametrize(("coming", "operation"), CALLS)
def test_an_answer_that_is_lost_makes_no_difference(
    scene: Scene, extra: Vpc, theirs: Vpc, coming: bool, operation: str
) -> None:
    change_to(scene, extra, theirs, coming)
    scene.aws.faults.add("lost", "route53", operation)
    assert scene.run("drift").outcome == "changed"
    assert on(scene, extra) == (ZONES if coming else []) and authorized(scene) == ([theirs.id] if coming else [])
    assert_changed(scene, extra, theirs, coming)


@pytest.mark.parametrize(("coming", "operation"), [*CALLS, (True, "ListHostedZonesByVPC")])
def test_a_denied_call_is_named_leaves_the_connection_live_and_is_made_up_for(
    scene: Scene, extra: Vpc, theirs: Vpc, coming: bool, operation: str
) -> None:
    """A read for both zones; a write for one of them; and the list of what our VPC sees, not of what the main one does."""
    change_to(scene, extra, theirs, coming)
    nth = 1 if operation.startswith(("Get", "ListVPC")) else 2
    scene.aws.faults.add("denied", "route53", operation, nth=nth, times=None)
    assert f"route53:{operation}" in scene.run("drift").message
    assert_live(scene)
    scene.aws.faults.clear()
    assert_changed(scene, extra, theirs, coming)


@pytest.mark.parametrize(("coming", "operation"), [(True, ASSOCIATE), (True, AUTHORIZE), (False, DISSOCIATE)])
def test_throttling_that_stays_deserves_another_delivery(
    scene: Scene, extra: Vpc, theirs: Vpc, coming: bool, operation: str
) -> None:
    change_to(scene, extra, theirs, coming)
    scene.aws.faults.add("throttle", "route53", operation, times=None)
    assert f"route53:{operation}" in scene.run("drift").message
    scene.aws.faults.clear()
    assert_changed(scene, extra, theirs, coming)


def test_what_was_removed_is_told_though_an_answer_was_lost(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.go_live()
    name_them(scene)
    scene.aws.faults.add("lost", "route53", CHANGE)
    assert stands(scene, "drift") == all_of(extra, "removed")


def test_that_vpcs_cannot_be_read_for_a_moment_is_no_news_about_them(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.go_live()
    scene.aws.faults.add("throttle", "route53", "GetHostedZone", times=None)
    assert "route53:GetHostedZone" in scene.run("drift").message
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "in-sync"
    assert scene.news() == []
    assert_shared(scene, extra)


def test_two_processes_at_once_end_with_one_note_and_tell_no_failure(scene: Scene, extra: Vpc) -> None:
    scene.go_live()
    name_them(scene, extra)
    together(scene, ASSOCIATE, 2)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "drift"}), second.submit({"task": "drift"})]
        answers = [first.answer(held[0]), second.answer(held[1])]
    assert all(answer.ok for answer in answers), [answer.error for answer in answers]
    assert_shared(scene, extra)
    assert set(scene.news()) == {"associations-changed"}
    name_them(scene)
    assert scene.run("drift").outcome == "changed"
    assert_let_go(scene, extra)


# Undoing it by hand.


def world(scene: Scene) -> list[tuple[str, list[str], list[tuple[str, str]]]]:
    """Our zones: name, VPCs and which records there are."""
    zones = [zone for zone in scene.aws.zones() if f"owner={OWNER}" in zone["comment"]]
    named = [(zone, scene.aws.records(zone["id"])) for zone in sorted(zones, key=lambda zone: zone["name"])]
    return [
        (zone["name"], sorted(zone["vpcs"]), [(one["Name"], one["Type"]) for one in records]) for zone, records in named
    ]


@pytest.mark.parametrize("what", ["going live", "adding", "adding, answer lost", "taking out", "withdrawing"])
def test_the_commands_of_the_report_undo_it(scene: Scene, extra: Vpc, what: str) -> None:
    if what == "going live":
        scene.request("available")
    else:
        name_them(scene, *([] if what.startswith("adding") else [extra]))
        scene.go_live()
    before = world(scene)
    name_them(scene, *([] if what == "taking out" else [extra]))
    scene.configure(MODE="withdraw" if what == "withdrawing" else "apply")
    if what.endswith("lost"):
        scene.aws.faults.add("lost", "route53", ASSOCIATE)
    undo = scene.run("reconcile").connection["undo"]
    assert world(scene) != before
    cli.run(scene.aws, undo)
    assert world(scene) == before
    scene.configure(MODE="plan")
