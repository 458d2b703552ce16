"""Zones and records of somebody else where ours should be: refused, or taken over where that is wanted."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, marker_text
from tests.harness import Scene
from tests.harness.world import OLD, Record, a_record, cname, marker_name, old_alias

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"


def test_a_zone_of_somebody_else_is_refused_once_and_goes_live_by_itself_when_it_goes(scene: Scene) -> None:
    scene.request("available")
    zone_id = scene.plant_zone(PLATFORM, a_record(API, "192.0.2.1"))
    with scene.function() as function:
        answers = [function.invoke({"task": "sweep"}) for _ in range(5)]
        function.cold()
        answers += [function.invoke({"task": "sweep"}) for _ in range(5)]
        assert [answer.outcome for answer in answers] == ["refused"] * 10
        assert scene.news() == ["refused"]
        assert [call.name for call in scene.writes() if call.service == "route53"] == []
        scene.give_up(zone_id)
        scene.aws.delete_record(zone_id, API, "A")
        scene.aws.client("route53").delete_hosted_zone(Id=zone_id)
        assert function.invoke({"task": "sweep"}).outcome == "changed"
    assert scene.news() == ["refused", "connection-live"]
    assert_live(scene)


def test_a_refusal_says_what_to_do(scene: Scene) -> None:
    scene.request("available")
    zone_id = scene.plant_zone(PLATFORM, a_record(API, "192.0.2.1"))
    answer = scene.run("reconcile")
    problems = answer.connection["problems"]
    assert {problem["code"] for problem in problems} <= {"foreign-zone", "foreign-record"}
    assert zone_id in str(problems) and PLATFORM in str(problems)
    assert "EXISTING_ZONES=adopt" in str([problem["fix"] for problem in problems])
    (message,) = scene.messages()
    assert message.attributes["severity"] == "error"
    assert "EXISTING_ZONES=adopt" in message.message


def test_one_refused_zone_holds_back_the_whole_connection(scene: Scene) -> None:
    """Half a connection would be a surprise: nothing is written, and the other names stay public."""
    scene.request("available")
    scene.plant_zone(PLATFORM, a_record(PLATFORM, "192.0.2.1"))
    scene.run("reconcile")
    assert list(scene.zones()) == [PLATFORM]
    assert scene.resolve(OTHER_API) == ["203.0.113.1"]


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (a_record(API, "192.0.2.1"), "192.0.2.1"),
        (cname(API, "proxy.example.com"), "proxy.example.com"),
        (old_alias(API), OLD),
    ],
    ids=["A", "CNAME", "alias"],
)
def test_a_foreign_record_is_taken_over_when_that_is_wanted(scene: Scene, record: Record, value: str) -> None:
    scene.configure(EXISTING_ZONES="adopt")
    scene.request("available")
    printer = a_record(f"printer.{PLATFORM}", "10.0.9.9")
    zone_id = scene.plant_zone(PLATFORM, printer, comment="of the network team")
    soa = scene.records(PLATFORM)[PLATFORM, "SOA"]
    scene.aws.put_records(zone_id, record)
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    before = [change["before"] for change in answer.connection["changes"] if change["name"] == API and change["before"]]
    assert len(before) == 1
    assert value in str(before)
    assert_live(scene)
    assert scene.zones()[PLATFORM] == zone_id
    assert scene.records(PLATFORM)[PLATFORM, "SOA"] == soa
    zones = {zone["name"]: zone["created"] for zone in answer.connection["zones"]}
    assert zones == {PLATFORM: False, OTHER_API: True}


def test_an_adopted_zone_outlives_the_withdrawal(scene: Scene) -> None:
    scene.configure(EXISTING_ZONES="adopt")
    scene.request("available")
    zone_id = scene.plant_zone(PLATFORM, a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    assert scene.run("reconcile").outcome == "changed"
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert scene.zones() == {PLATFORM: zone_id}
    assert set(scene.records(PLATFORM)) == {
        (PLATFORM, "NS"),
        (PLATFORM, "SOA"),
        (f"printer.{PLATFORM}", "A"),
    }


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_foreign_aaaa_record_at_a_wanted_name_is_not_overlooked(scene: Scene, existing: str) -> None:
    """Half of the clients would follow it past the endpoint."""
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    foreign = {"Name": API, "Type": "AAAA", "TTL": 300, "ResourceRecords": [{"Value": "2001:db8::1"}]}
    if existing == "refuse":
        scene.plant(zone_id, foreign)
        assert scene.run("drift").outcome == "refused"
    else:
        scene.aws.put_records(zone_id, foreign)
        assert scene.run("drift").outcome == "changed"
        assert_live(scene)


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_zone_of_another_account_is_refused(scene: Scene, existing: str) -> None:
    scene.configure(EXISTING_ZONES=existing)
    scene.request("available")
    scene.aws.make_foreign_account_zone(PLATFORM, scene.vpc)
    answer = scene.run("reconcile")
    assert (answer.outcome, "foreign-zone" in answer.codes) == ("refused", True)
    assert "210987654321" in str(answer.connection["problems"])
    assert scene.zones() == {}
    assert scene.news() == ["refused"]


def test_a_wider_zone_of_somebody_else_is_no_obstacle(scene: Scene) -> None:
    theirs = [a_record("www.tetrascience.com", "192.0.2.80"), a_record(PLATFORM, "192.0.2.1")]
    scene.plant_zone("tetrascience.com", *theirs)
    scene.go_live()
    assert_live(scene)
    assert scene.resolve("www.tetrascience.com") == ["192.0.2.80"]


def test_a_narrower_zone_of_somebody_else_is_refused(scene: Scene) -> None:
    """It would answer for the host, whatever we write into the wider one."""
    scene.request("available")
    scene.plant_zone(API, a_record(API, "192.0.2.1"))
    answer = scene.run("reconcile")
    assert (answer.outcome, "foreign-zone" in answer.codes) == ("refused", True)
    assert list(scene.zones()) == [API]


def test_a_narrower_zone_of_somebody_else_is_taken_over_when_that_is_wanted(scene: Scene) -> None:
    scene.configure(EXISTING_ZONES="adopt")
    scene.request("available")
    zone_id = scene.plant_zone(API, a_record(f"printer.{API}", "10.0.9.9"))
    scene.aws.put_records(zone_id, a_record(API, "192.0.2.1"))
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene, {PLATFORM: PLATFORM, OTHER_API: OTHER_API, API: API})
    assert scene.zones()[API] == zone_id


# Owners.


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_another_owners_records_are_refused_by_name(scene: Scene, existing: str) -> None:
    scene.go_live()
    for zone in (PLATFORM, OTHER_API):
        scene.watch(scene.zones()[zone], whole=True)
    scene.mark()
    scene.configure(OWNER_ID="tdp-new", EXISTING_ZONES=existing)
    answer = scene.run("reconcile")
    assert (answer.outcome, "other-owner" in answer.codes) == ("refused", True)
    assert "tdp-test" in str(answer.connection["problems"])


def test_an_owner_change_works_by_withdrawing_first(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)
    scene.configure(MODE="apply", OWNER_ID="tdp-new")
    assert scene.run("reconcile").outcome == "changed"
    text = marker_text(scene.records(PLATFORM)[marker_name(API), "TXT"])
    assert "tdp-privatelink/owner=tdp-new" in text
    assert_only_ours(scene)


def test_two_stacks_with_different_hosts_live_side_by_side(scene: Scene) -> None:
    scene.go_live()
    scene.configure(OWNER_ID="tdp-new", TDP_PLATFORM_HOST="tdp.customer.example")
    assert scene.run("reconcile").outcome == "changed"
    scene.configure(OWNER_ID="tdp-test", TDP_PLATFORM_HOST=PLATFORM)
    assert scene.run("drift").outcome == "in-sync"
    assert_live(scene)
    scene.configure(OWNER_ID="tdp-new", TDP_PLATFORM_HOST="tdp.customer.example", MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert sorted(scene.zones()) == [OTHER_API, PLATFORM]
    assert_live(scene)


def test_another_stack_may_have_a_host_inside_our_zone(scene: Scene) -> None:
    scene.go_live()
    before = scene.records(PLATFORM)
    scene.configure(OWNER_ID="tdp-new", TDP_PLATFORM_HOST=f"files.{PLATFORM}")
    assert scene.run("reconcile").outcome in ("changed", "refused")
    assert scene.records(PLATFORM) == before
