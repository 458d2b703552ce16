"""STAGING_VPC_ID: zones are filled and emptied where the VPC does not see them, so no name is ever without an answer."""

from collections.abc import Callable

import pytest

from tests.aws import DnsWatch, Vpc
from tests.e2e.checks import assert_live, assert_only_ours, assert_public, unwatch_calls
from tests.e2e.test_races import dies_at, together
from tests.harness import HOSTS, OWNER, Scene
from tests.harness.world import a_record

PLATFORM = "platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
WWW = "www.tetrascience.com"
PUBLIC = ["203.0.113.1"]
DESCRIBE = "ec2:DescribeVpcEndpoints"
ASSOCIATE = "AssociateVPCWithHostedZone"
SECONDS = 20


def add_staging(scene: Scene) -> Vpc:
    """An empty VPC for zones under way, and the function knows of it."""
    vpc = scene.add_vpc("10.50.0.0/16", azs=0)
    scene.configure(STAGING_VPC_ID=vpc.id)
    return vpc


@pytest.fixture
def staging(scene: Scene) -> Vpc:
    return add_staging(scene)


def seen(watch: DnsWatch) -> list[list[list[str]]]:
    """What clients were answered in turn: each course of answers that a host of the platform had."""
    courses: list[list[list[str]]] = []
    for host in HOSTS:
        if watch.answers(host) not in courses:
            courses.append(watch.answers(host))
    return courses


def in_sync(scene: Scene) -> int:
    """How many changes Route 53 has said to be INSYNC."""
    changes = scene.aws._route53.zones._changes.values()
    return sum(change.in_sync and change.asked > 0 for change in changes)


def put(scene: Scene, zone_id: str, vpc: Vpc, *, away_from: Vpc | None = None) -> None:
    """By hand: a zone onto a VPC, and from another one."""
    route53 = scene.aws.client("route53")
    where = {"VPCRegion": vpc.region, "VPCId": vpc.id}
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone_id, VPC=where)
    if away_from:
        where = {"VPCRegion": away_from.region, "VPCId": away_from.id}
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone_id, VPC=where)


def left_on(scene: Scene, vpc: Vpc) -> list[str]:
    return sorted(zone["name"] for zone in scene.aws.zones(vpc))


def ours(scene: Scene) -> list[str]:
    """Every zone of ours, whichever VPC sees it."""
    return sorted(zone["name"] for zone in scene.aws.zones() if f"owner={OWNER}" in zone["comment"])


def test_a_twin_on_the_staging_vpc_does_not_make_a_live_connection_look_new(scene: Scene, staging: Vpc) -> None:
    """A run that was overtaken made and filled it, and was killed before it took it back."""
    scene.go_live()
    comment = f"heritage=tdp-privatelink,tdp-privatelink/owner={OWNER},tdp-privatelink/vpc={scene.vpc.id}"
    for name, live in scene.zones().items():
        twin = scene.aws.make_zone(name, staging, comment=comment)
        scene.aws.put_records(twin, *(one for one in scene.aws.records(live) if one["Type"] not in ("NS", "SOA")))
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "lost"
    assert scene.resolve(PLATFORM) == scene.addresses()
    scene.enter("available")
    assert scene.run("drift").ok
    assert_live(scene)


# There and back.


def test_going_live_never_leaves_a_name_without_an_answer(scene: Scene, staging: Vpc) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    assert scene.run("reconcile").outcome == "changed"
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    assert_live(scene)
    assert_only_ours(scene)
    assert left_on(scene, staging) == []


def test_going_back_never_leaves_a_name_without_an_answer(scene: Scene, staging: Vpc) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    watch = scene.watch_dns(*HOSTS)
    assert scene.run("reconcile").outcome == "withdrawn"
    assert seen(watch) == [[scene.addresses(), PUBLIC]]
    assert_public(scene)
    assert ours(scene) == []


def test_without_a_staging_vpc_there_is_a_moment_without_an_answer_both_ways(scene: Scene) -> None:
    """What the staging VPC is for, and that the watch sees it."""
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    assert scene.run("reconcile").outcome == "changed"
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert seen(watch) == [[PUBLIC, [], scene.addresses(), [], PUBLIC]]


def test_the_vpc_sees_a_zone_only_when_every_server_has_its_records(scene: Scene, staging: Vpc) -> None:
    scene.aws.insync_after = 3
    scene.request("available")
    shown: list[int] = []

    def look(service: str, operation: str) -> None:
        if operation == ASSOCIATE:
            shown.append(in_sync(scene))

    scene.aws.on_call(look)
    assert scene.run("reconcile").outcome == "changed"
    assert len(shown) == 2 and shown[0] >= 1 and shown[1] >= 2, shown


def test_a_zone_is_emptied_only_when_no_server_shows_it_to_the_vpc(scene: Scene, staging: Vpc) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.insync_after = 3
    before, emptied = in_sync(scene), []

    def look(service: str, operation: str) -> None:
        if operation == "ChangeResourceRecordSets":
            emptied.append(in_sync(scene) - before)

    scene.aws.on_call(look)
    assert scene.run("reconcile").outcome == "withdrawn"
    assert len(emptied) == 2 and emptied[0] >= 1 and emptied[1] >= 2, emptied


def test_a_host_comes_and_goes_without_a_gap_and_the_others_see_nothing_of_it(scene: Scene, staging: Vpc) -> None:
    scene.go_live()
    watch = scene.watch_dns(WWW, *HOSTS)
    scene.configure(EXTRA_HOSTS=WWW)
    assert scene.run("reconcile").outcome == "changed"
    scene.configure(EXTRA_HOSTS=None)
    assert scene.run("reconcile").outcome == "changed"
    assert watch.answers(WWW) == [PUBLIC, scene.addresses(), PUBLIC]
    assert seen(watch) == [[scene.addresses()]]
    assert ours(scene) == sorted(set(HOSTS.values()))


def test_two_zones_become_one_and_two_again_without_a_gap(scene: Scene, staging: Vpc) -> None:
    below = f"a.{WWW}"
    scene.configure(EXTRA_HOSTS=below)
    scene.go_live()
    watch = scene.watch_dns(below)
    for hosts in (f"{below},{WWW}", below):
        scene.configure(EXTRA_HOSTS=hosts)
        assert scene.run("reconcile").outcome == "changed"
    assert watch.answers(below) == [scene.addresses()]
    assert_live(scene, HOSTS | {below: below})


def test_a_lost_endpoint_is_withdrawn_without_a_gap(scene: Scene, staging: Vpc) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    addresses, watch = scene.addresses(), scene.watch_dns(*HOSTS)
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "withdrawn"
    assert seen(watch) == [[addresses, PUBLIC]]
    assert_public(scene)


# With zones that are there already.


def test_turning_it_on_later_writes_nothing(scene: Scene) -> None:
    scene.go_live()
    add_staging(scene)
    assert scene.run("drift").outcome == "in-sync"
    assert scene.writes() == []
    assert_live(scene)


def test_a_settled_sweep_still_makes_one_call_and_a_drift_pass_one_more(scene: Scene, staging: Vpc) -> None:
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "in-sync"
        assert scene.aws.calls.names() == [DESCRIBE]
        scene.mark()
        assert function.invoke({"task": "drift"}).outcome == "in-sync"
    assert scene.aws.calls.count("route53:ListHostedZonesByVPC") == 2
    assert len(scene.aws.calls) == 7, "as without a staging VPC, and the list of its zones"


@pytest.mark.parametrize("on_both", [False, True], ids=["on it alone", "on both VPCs"])
def test_turning_it_off_with_zones_on_it_ends_live_and_goes_back_whole(
    scene: Scene, staging: Vpc, on_both: bool
) -> None:
    """As a killed run may have left them. The former staging VPC keeps a zone until it goes: nobody names it any more."""
    scene.go_live()
    for zone_id in scene.zones().values():
        put(scene, zone_id, staging, away_from=None if on_both else scene.vpc)
    scene.configure(STAGING_VPC_ID=None)
    watch = scene.watch_dns(*HOSTS)
    assert scene.run("reconcile").outcome == ("in-sync" if on_both else "changed")
    assert [] not in [answer for course in seen(watch) for answer in course]
    assert_live(scene)
    assert left_on(scene, staging) == sorted(set(HOSTS.values()))
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)
    assert ours(scene) == []


# What can be wrong with the staging VPC.


def nowhere(scene: Scene) -> str:
    scene.configure(STAGING_VPC_ID="vpc-0123456789abcdef0")
    return "vpc-0123456789abcdef0"


def taken(scene: Scene, *names: str) -> str:
    """Somebody's zones stand on it, with names of ours."""
    staging = add_staging(scene)
    zones = [scene.plant_zone(name, a_record(name, "192.0.2.1"), vpc=staging) for name in names or [PLATFORM]]
    return zones[0]


def taken_whole(scene: Scene) -> str:
    return taken(scene, PLATFORM, OTHER_API)


AMISS: list[Callable[[Scene], str]] = [nowhere, taken, taken_whole]


@pytest.mark.parametrize("amiss", AMISS)
def test_with_a_staging_vpc_that_cannot_be_used_nothing_is_half_done(
    scene: Scene, amiss: Callable[[Scene], str]
) -> None:
    amiss(scene)
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    scene.run("reconcile")
    assert ours(scene) == []
    assert seen(watch) == [[PUBLIC]]
    scene.configure(STAGING_VPC_ID=None)
    assert scene.run("reconcile").ok


@pytest.mark.parametrize("amiss", AMISS)
def test_people_are_told_once_that_the_staging_vpc_cannot_be_used(scene: Scene, amiss: Callable[[Scene], str]) -> None:
    what = amiss(scene)
    scene.request("available")
    for _ in range(2):
        scene.run("reconcile")
    [message] = scene.messages()
    assert message.attributes["event"] in ("failed", "refused")
    told = message.message.split("What to know:")[1].split("What it means:")[0]
    assert what in told and "STAGING_VPC_ID" in told, "what is in the way, and where to name another"
    scene.configure(STAGING_VPC_ID=None)
    assert scene.run("reconcile").ok


@pytest.mark.parametrize("amiss", AMISS)
def test_the_next_run_completes_when_another_staging_vpc_is_named(scene: Scene, amiss: Callable[[Scene], str]) -> None:
    amiss(scene)
    scene.request("available")
    scene.run("reconcile")
    add_staging(scene)
    watch = scene.watch_dns(*HOSTS)
    assert scene.run("sweep").outcome == "changed"
    assert [] not in [answer for course in seen(watch) for answer in course]
    assert_live(scene)
    assert_only_ours(scene)


def test_what_is_live_stays_while_the_staging_vpc_is_nowhere(scene: Scene, staging: Vpc) -> None:
    scene.go_live()
    nowhere(scene)
    scene.run("drift")
    assert scene.news() == ["failed"]
    assert_live(scene)
    scene.configure(STAGING_VPC_ID=staging.id)
    assert scene.run("drift").outcome == "in-sync"


def test_going_back_goes_without_the_staging_vpc_where_it_has_such_a_zone(scene: Scene) -> None:
    scene.go_live()
    taken_whole(scene)
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)
    assert ours(scene) == []


def test_a_staging_vpc_that_has_a_connection_itself_is_never_cut_off(scene: Scene) -> None:
    """Without VPC_ID nobody can tell beforehand. Its zones could be taken off: somebody uses them in another VPC."""
    scene.go_live()
    other = scene.add_vpc("10.51.0.0/16", azs=0)
    for zone_id in scene.zones().values():
        put(scene, zone_id, other)
    scene.configure(STAGING_VPC_ID=scene.vpc.id)
    watch = scene.watch_dns(*HOSTS)
    scene.run("drift")
    assert seen(watch) == [[scene.addresses()]]


# Several at once.


def test_five_vpcs_share_one_staging_vpc(scene: Scene, staging: Vpc) -> None:
    vpcs = [scene.vpc, *(scene.add_vpc(f"10.{number}.0.0/16", azs=1) for number in range(1, 5))]
    ids = [scene.aws.request_endpoint(vpc, state="available") for vpc in vpcs]
    watches = [scene.watch_dns(*HOSTS, vpc=vpc) for vpc in vpcs]
    assert [one["outcome"] for one in scene.run("reconcile").connections] == ["changed"] * 5
    scene.configure(MODE="withdraw")
    assert [one["outcome"] for one in scene.run("reconcile").connections] == ["withdrawn"] * 5
    for watch, endpoint_id in zip(watches, ids, strict=True):
        assert seen(watch) == [[PUBLIC, scene.addresses(endpoint_id=endpoint_id), PUBLIC]]
    assert [call.name for call in scene.writes() if call.status >= 300] == []
    assert ours(scene) == []


def leave_behind(scene: Scene) -> Vpc:
    """A run for another VPC was killed and left its filled zones on the staging VPC."""
    other = scene.add_vpc("10.52.0.0/16", azs=1)
    scene.aws.request_endpoint(other, state="available")
    with scene.function() as function:
        dies_at(scene, function, ASSOCIATE)
        assert function.submit({"task": "reconcile"}).done.wait(SECONDS)
    unwatch_calls(scene)
    scene.mark()
    return other


def test_what_a_killed_run_left_there_for_another_vpc_is_completed_beside_this_one(scene: Scene, staging: Vpc) -> None:
    other = leave_behind(scene)
    scene.request("available")
    watches = [scene.watch_dns(*HOSTS, vpc=vpc) for vpc in (scene.vpc, other)]
    assert [one["outcome"] for one in scene.run("reconcile").connections] == ["changed"] * 2
    assert [] not in [answer for watch in watches for course in seen(watch) for answer in course]
    assert_live(scene)
    assert left_on(scene, staging) == []


def test_what_was_left_there_for_a_vpc_that_is_not_looked_at_any_more_is_named(scene: Scene, staging: Vpc) -> None:
    leave_behind(scene)
    scene.request("available")
    scene.configure(VPC_ID=scene.vpc.id)
    scene.run("reconcile")
    assert_public(scene)
    [message] = scene.messages()
    assert staging.id in message.message.split("What to know:")[1]
    scene.configure(VPC_ID=None)
    assert scene.run("reconcile").ok
    assert_live(scene)


def test_two_processes_at_once_leave_no_gap_and_one_set_of_zones(scene: Scene, staging: Vpc) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    together(scene, "CreateHostedZone", 4)
    with scene.function() as first, scene.function() as second:
        held = [first.submit({"task": "reconcile"}), second.submit({"task": "reconcile"})]
        answers = [first.answer(held[0]), second.answer(held[1])]
    assert all(answer.ok or "CreateHostedZone" in answer.message for answer in answers)
    assert scene.run("sweep").ok
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    assert_live(scene)
    assert_only_ours(scene)
    assert left_on(scene, staging) == []


# With other VPCs on the same zones.


def test_a_vpc_of_extra_vpc_ids_has_no_gap_either(scene: Scene, staging: Vpc) -> None:
    extra = scene.add_vpc("10.60.0.0/16", azs=0)
    scene.configure(VPC_ID=scene.vpc.id, EXTRA_VPC_IDS=extra.id)
    scene.request("available")
    watch = scene.watch_dns(*HOSTS, vpc=extra)
    assert scene.run("reconcile").outcome == "changed"
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert seen(watch) == [[PUBLIC, scene.addresses(), PUBLIC]]
