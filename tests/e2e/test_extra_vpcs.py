"""EXTRA_VPC_IDS: our zones answer in more VPCs of this account, and what we associated is let go again; nothing else is."""

import pytest

from tests.aws import Vpc
from tests.e2e.checks import assert_live, assert_public
from tests.harness import HOSTS, OWNER, PLATFORM, Scene, cli
from tests.harness.world import a_record, txt

API = "api.tetrascience.com"
ZONES = sorted(set(HOSTS.values()))
PUBLIC = ["203.0.113.1"]
OWN = f"own.{PLATFORM}"
NOTE = "_tdp-privatelink-vpcs"
ASSOCIATE, DISSOCIATE = "AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone"


@pytest.fixture
def extra(scene: Scene) -> Vpc:
    """One more VPC, and a function that knows its account and its VPC."""
    scene.configure(VPC_ID=scene.vpc.id, ACCOUNT_ID=scene.aws.account)
    return scene.add_vpc("10.60.0.0/16", azs=0)


def name_them(scene: Scene, *vpcs: Vpc | str) -> None:
    scene.configure(EXTRA_VPC_IDS=",".join(vpc if isinstance(vpc, str) else vpc.id for vpc in vpcs) or None)


def on(scene: Scene, vpc: Vpc) -> list[str]:
    """The zones of ours that a VPC sees."""
    return sorted(zone["name"] for zone in scene.aws.zones(vpc) if f"owner={OWNER}" in zone["comment"])


def noted(scene: Scene) -> dict[str, list[str]]:
    """What our note in each zone names, where there is one."""
    notes = {zone: scene.records(zone).get((f"{NOTE}.{zone}", "TXT")) for zone in scene.zones()}
    values = {zone: [one["Value"] for one in note["ResourceRecords"]] for zone, note in notes.items() if note}
    assert all(value.startswith('"heritage=tdp-privatelink,') for found in values.values() for value in found), values
    return {zone: [value.strip('"').rsplit("/vpc=")[-1] for value in found] for zone, found in values.items()}


def stands(scene: Scene, task: str = "plan") -> dict[tuple[str, str], str]:
    """How a report says that it stands: by VPC and zone."""
    answer = scene.run(task)
    return {(one["vpc"], one["zone"]): one["state"] for one in answer.connection.get("associations", [])}


def all_of(vpc: Vpc | str, state: str) -> dict[tuple[str, str], str]:
    return {(vpc if isinstance(vpc, str) else vpc.id, zone): state for zone in ZONES}


def associate(scene: Scene, zone_id: str, vpc: Vpc) -> None:
    """Somebody else does it, by hand."""
    where = {"VPCRegion": vpc.region, "VPCId": vpc.id}
    scene.aws.client("route53").associate_vpc_with_hosted_zone(HostedZoneId=zone_id, VPC=where)


def assert_shared(scene: Scene, *vpcs: Vpc) -> None:
    """The main VPC is live, and clients in these resolve as there; each is noted."""
    assert_live(scene)
    for vpc in vpcs:
        assert on(scene, vpc) == ZONES
        assert [scene.resolve(host, vpc=vpc) for host in HOSTS] == [scene.addresses()] * len(HOSTS)
    assert noted(scene) == {zone: sorted(vpc.id for vpc in vpcs) for zone in ZONES if vpcs}


def assert_let_go(scene: Scene, *vpcs: Vpc) -> None:
    for vpc in vpcs:
        assert on(scene, vpc) == []
        assert [scene.resolve(host, vpc=vpc) for host in HOSTS] == [PUBLIC] * len(HOSTS)
    assert noted(scene) == {}


def assert_nothing_to_do(scene: Scene) -> None:
    scene.mark()
    assert scene.run("drift").outcome == "in-sync"
    assert (scene.writes(), scene.news()) == ([], [])


# There and back.


def test_clients_in_an_extra_vpc_resolve_as_in_the_main_one(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.request("available")
    watch = scene.watch_dns(*HOSTS, vpc=extra)
    answer = scene.run("reconcile")
    assert answer.outcome == "changed" and answer.codes == []
    assert_shared(scene, extra)
    assert [watch.answers(host) for host in HOSTS] == [[PUBLIC, scene.addresses()]] * len(HOSTS)
    [message] = scene.messages()
    assert message.attributes["event"] == "connection-live"
    assert f"{extra.id} on {PLATFORM}" in message.message
    assert_nothing_to_do(scene)


def test_what_is_associated_is_noted_before(scene: Scene, extra: Vpc) -> None:
    scene.go_live()
    name_them(scene, extra)
    seen: list[bool] = []
    scene.aws.on_call(lambda _, operation: seen.append(noted(scene) != {}) if operation == ASSOCIATE else None)
    assert scene.run("drift").outcome == "changed"
    assert seen == [True, True]


def test_adding_and_taking_out_is_told_once_each(scene: Scene, extra: Vpc) -> None:
    scene.go_live()
    for vpcs, state in (([extra], "associated"), ([], "removed")):
        name_them(scene, *vpcs)
        scene.mark()
        assert stands(scene, "drift") == all_of(extra, state)
        [message] = scene.messages()
        assert (message.attributes["event"], message.attributes["severity"]) == ("associations-changed", "info")
        assert f"{extra.id} on {PLATFORM}" in message.message and f": {state}" in message.message
        assert_nothing_to_do(scene)
    assert_let_go(scene, extra)


def test_a_vpc_that_is_taken_out_goes_alone(scene: Scene, extra: Vpc) -> None:
    other = scene.add_vpc("10.61.0.0/16", azs=0)
    name_them(scene, extra, other)
    scene.go_live()
    assert_shared(scene, extra, other)
    name_them(scene, other)
    assert scene.run("drift").outcome == "changed"
    assert_shared(scene, other)
    assert on(scene, extra) == []


def test_withdrawing_takes_the_zones_from_all(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.go_live()
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)
    assert_let_go(scene, extra)


def keep_a_zone(scene: Scene, extra: Vpc) -> None:
    """Live in both, and somebody has a record of his own in one of our zones."""
    name_them(scene, extra)
    scene.go_live()
    scene.aws.put_records(scene.zones()[PLATFORM], a_record(OWN, "192.0.2.9"))
    scene.configure(MODE="withdraw")


def test_a_zone_that_stays_for_foreign_records_lets_the_extra_vpc_go(scene: Scene, extra: Vpc) -> None:
    keep_a_zone(scene, extra)
    assert scene.run("reconcile").outcome == "withdrawn"
    assert list(scene.zones()) == [PLATFORM] and (OWN, "A") in scene.records(PLATFORM)
    assert_let_go(scene, extra)


def test_letting_go_later_is_no_news_of_a_live_connection(scene: Scene, extra: Vpc) -> None:
    keep_a_zone(scene, extra)
    scene.aws.faults.add("denied", "route53", DISSOCIATE, times=None)
    assert not scene.run("reconcile").ok
    scene.aws.faults.clear()
    assert scene.run("drift").ok
    assert_let_go(scene, extra)
    assert "connection-live" not in scene.news() and "connection-recovered" not in scene.news()


def test_a_host_that_comes_later_is_shared_too_and_goes_again(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.go_live()
    scene.configure(EXTRA_HOSTS="files.example.com")
    assert scene.run("reconcile").outcome == "changed"
    assert scene.resolve("files.example.com", vpc=extra) == scene.addresses()
    scene.configure(EXTRA_HOSTS=None)
    assert scene.run("reconcile").outcome == "changed"
    assert_shared(scene, extra)


def test_where_one_zone_takes_the_place_of_others_no_vpc_is_without_one_meanwhile(scene: Scene, extra: Vpc) -> None:
    """With a staging VPC, without which the main one sees a new zone before its records."""
    narrow, wide = "a.example.com,b.example.com", "a.example.com,b.example.com,example.com"
    name_them(scene, extra)
    staging = scene.add_vpc("10.61.0.0/16", azs=0)
    scene.configure(EXTRA_HOSTS=narrow, STAGING_VPC_ID=staging.id)
    scene.go_live()
    for hosts, zones in ((wide, ["example.com"]), (narrow, ["a.example.com", "b.example.com"])):
        scene.configure(EXTRA_HOSTS=hosts)
        watches = [scene.watch_dns("a.example.com", "b.example.com", vpc=vpc) for vpc in (scene.vpc, extra)]
        answer = scene.run("reconcile")
        assert answer.outcome == "changed"
        assert on(scene, extra) == sorted([*ZONES, *zones])
        for watch in watches:
            assert watch.answers("a.example.com") == watch.answers("b.example.com") == [scene.addresses()]
        noted_now = [change for change in answer.connection["changes"] if change["name"].startswith(NOTE)]
        assert {change["zone"] for change in noted_now if change["action"] == "create"} == set(zones)
        assert_nothing_to_do(scene)
    scene.configure(MODE="plan")
    cli.run(scene.aws, answer.connection["undo"])
    assert on(scene, extra) == sorted([*ZONES, "example.com"])
    assert scene.resolve("a.example.com", vpc=extra) == scene.resolve("example.com") == scene.addresses()


def test_a_vpc_of_another_region_is_associated_and_let_go_there(scene: Scene, extra: Vpc) -> None:
    there = scene.add_vpc("10.62.0.0/16", azs=0, region="us-west-2")
    place = f"{there.id}@{scene.aws.account}/us-west-2"
    name_them(scene, place)
    scene.go_live()
    assert stands(scene) == all_of(place, "associated")
    assert on(scene, there) == ZONES and noted(scene) == {zone: [place] for zone in ZONES}
    assert scene.resolve(API, vpc=there) == scene.addresses()
    assert_nothing_to_do(scene)
    name_them(scene)
    assert scene.run("drift").outcome == "changed"
    assert_let_go(scene, there)


def test_an_association_that_was_removed_by_hand_is_made_again(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.go_live()
    where = {"VPCRegion": extra.region, "VPCId": extra.id}
    scene.aws.client("route53").disassociate_vpc_from_hosted_zone(HostedZoneId=scene.zones()[API], VPC=where)
    assert scene.run("drift").outcome == "changed"
    assert_shared(scene, extra)


def test_sixty_vpcs_give_way_to_sixty_others(scene: Scene, extra: Vpc) -> None:
    """As many as a list may have; the embedded AWS refuses a note in too large a batch."""
    first, then = ([scene.add_vpc("10.63.0.0/16", azs=0) for _ in range(60)] for _ in range(2))
    name_them(scene, *first)
    scene.go_live()
    name_them(scene, *then)
    assert scene.run("drift").outcome == "changed"
    assert [on(scene, vpc) for vpc in first] == [[]] * 60
    assert [on(scene, vpc) for vpc in then] == [ZONES] * 60
    assert noted(scene) == {zone: sorted(vpc.id for vpc in then) for zone in ZONES}


# How many calls.


def test_without_extra_vpcs_no_zones_vpcs_are_asked_for(scene: Scene) -> None:
    scene.request("available")
    for mode in ("apply", "withdraw"):
        scene.configure(MODE=mode)
        assert scene.run("reconcile").ok and scene.run("drift").ok and scene.run("plan").ok
    assert {"route53:GetHostedZone", f"route53:{ASSOCIATE}", f"route53:{DISSOCIATE}"} & set(
        scene.aws.calls.names()
    ) == set()


def test_a_settled_sweep_makes_one_call_and_a_drift_pass_one_more_for_each_zone(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "in-sync"
        assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
        scene.mark()
        assert function.invoke({"task": "drift"}).outcome == "in-sync"
    assert scene.aws.calls.count("route53:GetHostedZone") == 2
    assert len(scene.aws.calls) == 6 + 2


# What is not ours.


def test_an_association_of_somebody_else_is_never_dropped_and_never_noted(scene: Scene, extra: Vpc) -> None:
    scene.go_live()
    unnamed = scene.add_vpc("10.64.0.0/16", azs=0)
    for vpc in (extra, unnamed):
        associate(scene, scene.zones()[API], vpc)
    name_them(scene, extra)
    assert stands(scene, "drift") == all_of(extra, "associated")
    assert noted(scene) == {PLATFORM: [extra.id]}
    name_them(scene)
    assert scene.run("drift").outcome == "changed"
    assert (on(scene, extra), on(scene, unnamed), noted(scene)) == ([API], [API], {})
    scene.plant(scene.zones()[API], a_record(f"own.{API}", "192.0.2.9"))
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert (on(scene, extra), on(scene, unnamed)) == ([API], [API])


def test_a_zone_that_was_taken_over_is_never_associated(scene: Scene, extra: Vpc) -> None:
    scene.configure(EXISTING_ZONES="adopt")
    scene.plant_zone(API, a_record("api.example.com." + API, "192.0.2.1"))
    name_them(scene, extra)
    scene.request("available")
    assert scene.run("reconcile").outcome == "changed"
    assert on(scene, extra) == [PLATFORM]
    assert scene.resolve(API, vpc=extra) == PUBLIC and noted(scene) == {PLATFORM: [extra.id]}


def test_a_record_of_somebody_else_at_the_notes_name_stays_and_no_vpc_is_added_there(scene: Scene, extra: Vpc) -> None:
    scene.go_live()
    scene.plant(scene.zones()[API], txt(f"{NOTE}.{API}", "mine"))
    name_them(scene, extra)
    for task in ("drift", "plan"):
        answer = scene.run(task)
        assert answer.codes == ["association-failed"] and on(scene, extra) == [PLATFORM]
        assert [one["state"] for one in answer.connection["associations"] if one["zone"] == API] == ["failed"], task


def test_the_note_of_a_former_owner_is_taken_over(scene: Scene, extra: Vpc) -> None:
    scene.configure(OWNER_ID="former")
    name_them(scene, extra)
    scene.go_live()
    scene.configure(OWNER_ID=OWNER, ADOPT_OWNER="former")
    assert scene.run("drift").ok
    assert_shared(scene, extra)
    assert "former" not in str([scene.records(zone) for zone in ZONES])
    scene.configure(ADOPT_OWNER=None)
    name_them(scene)
    assert scene.run("drift").outcome == "changed"
    assert_let_go(scene, extra)


@pytest.mark.parametrize("mode", ["apply", "withdraw"])
@pytest.mark.parametrize("adopt", ["refuse", "adopt"])
def test_a_connection_never_writes_into_the_zones_that_another_one_lends_it(
    scene: Scene, extra: Vpc, mode: str, adopt: str
) -> None:
    """The configuration goes over to a VPC that still uses our zones of the one before. They serve that one: led
    elsewhere or emptied, they would cut it off."""
    customer = scene.add_vpc("10.67.0.0/16", azs=1)
    name_them(scene, customer)
    scene.go_live()
    scene.aws.request_endpoint(customer, state="available")
    scene.configure(VPC_ID=customer.id, EXTRA_VPC_IDS=None, MODE=mode, EXISTING_ZONES=adopt)
    watch = scene.watch_dns(*HOSTS)
    scene.run("reconcile")
    assert [watch.answers(host) for host in HOSTS] == [[scene.addresses()]] * len(HOSTS)


# What cannot be.


def test_a_conflict_is_a_problem_that_is_told_once_and_no_failure(scene: Scene, extra: Vpc) -> None:
    theirs = scene.plant_zone(API, a_record(API, "192.0.2.1"), vpc=extra)
    name_them(scene, extra)
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed" and answer.codes == ["association-conflict"]
    assert theirs in answer.connection["problems"][0]["message"]
    assert stands(scene) == all_of(extra, "associated") | {(extra.id, API): "failed"}
    assert_live(scene)
    assert scene.news() == ["connection-live"] and noted(scene) == {PLATFORM: [extra.id]}
    assert_nothing_to_do(scene)
    scene.give_up(theirs)
    scene.aws.delete_record(theirs, API, "A")
    scene.aws.client("route53").delete_hosted_zone(Id=theirs)
    assert scene.run("drift").outcome == "changed"
    assert_shared(scene, extra)


def test_a_conflict_that_comes_in_the_last_moment_leaves_no_note(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.request("available")
    came: list[str] = []

    def come(service: str, operation: str) -> None:
        if operation == ASSOCIATE and not came:
            came.extend(scene.plant_zone(zone, a_record(zone, "192.0.2.1"), vpc=extra) for zone in ZONES)

    scene.aws.on_call(come)
    answer = scene.run("reconcile")
    assert answer.outcome == "changed" and answer.codes == ["association-conflict"]
    assert (on(scene, extra), noted(scene)) == ([], {})


@pytest.mark.parametrize("vpc", ["vpc-0123456789abcdef0", "in another Region", "of another account"])
def test_an_id_that_leads_nowhere_is_a_problem_and_stops_no_other(scene: Scene, extra: Vpc, vpc: str) -> None:
    if vpc == "in another Region":
        vpc = scene.add_vpc("10.65.0.0/16", azs=0, region="us-west-2").id
    elif vpc == "of another account":
        vpc = scene.aws.make_foreign_vpc(azs=0).id
    name_them(scene, extra, vpc)
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed" and answer.codes == ["association-failed"]
    [problem] = answer.connection["problems"]
    assert vpc in problem["message"] and "EXTRA_VPC_IDS" in problem["fix"]
    assert_shared(scene, extra)
    assert_nothing_to_do(scene)


# Looking only.


@pytest.mark.parametrize("how", ["mode", "task"])
def test_a_plan_shows_what_would_be_and_does_nothing(scene: Scene, extra: Vpc, how: str) -> None:
    other = scene.add_vpc("10.66.0.0/16", azs=0)
    name_them(scene, extra)
    scene.go_live()
    name_them(scene, other)
    scene.configure(MODE="plan" if how == "mode" else "apply")
    answer = scene.run("plan" if how == "task" else "reconcile")
    assert answer.outcome == "planned"
    shown = {(one["vpc"], one["state"], one["becomes"]) for one in answer.connection["associations"]}
    assert shown == {(extra.id, "planned", "removed"), (other.id, "planned", "associated")}
    assert (scene.writes(), scene.news()) == ([], [])
    assert_shared(scene, extra)
    scene.configure(MODE="apply")
    assert scene.run("drift").outcome == "changed"
    assert_shared(scene, other)


def test_a_plan_before_the_first_zone_shows_the_extra_vpcs_too(scene: Scene, extra: Vpc) -> None:
    name_them(scene, extra)
    scene.configure(MODE="plan")
    scene.request("available")
    assert stands(scene) == all_of(extra, "planned")
