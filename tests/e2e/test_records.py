"""What can be wrong with records: each ends right or refused, and never with foreign damage."""

import pytest

from tests.e2e.checks import assert_live, marker_text
from tests.harness import Scene
from tests.harness.world import ENDPOINT_ZONE, OLD, Record, a_record, cname, marker_name, old_alias, txt

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"


def replace(scene: Scene, zone_name: str, *records: Record) -> None:
    """By hand: other values for sets that are there."""
    zone_id = scene.zones()[zone_name]
    for record in records:
        scene.aws.delete_record(zone_id, record["Name"], record["Type"])
    scene.aws.put_records(zone_id, *records)


# Ours, with its marker.


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_wrong_alias_target_is_repaired_and_told_once(scene: Scene, existing: str) -> None:
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    replace(scene, PLATFORM, old_alias(API))
    answer = scene.run("drift")
    assert answer.outcome == "changed"
    (change,) = [change for change in answer.connection["changes"] if change["type"] == "A"]
    assert (change["action"], change["name"]) == ("update", API)
    assert change["before"] == {"alias": OLD, "aliasZoneId": ENDPOINT_ZONE}
    assert change["after"] == {"alias": scene.primary_dns_name(), "aliasZoneId": ENDPOINT_ZONE}
    assert_live(scene)
    assert scene.run("drift").outcome == "in-sync"
    assert scene.news() == ["drift-repaired"]


def test_a_repair_deletes_exactly_what_was_read_and_creates_in_the_same_batch(scene: Scene) -> None:
    scene.go_live()
    replace(scene, PLATFORM, old_alias(API))
    scene.run("drift")
    (batch,) = [call for call in scene.writes() if call.operation == "ChangeResourceRecordSets"]
    changes = batch.params["ChangeBatch"]["Changes"]
    assert "UPSERT" not in [change["Action"] for change in changes]
    steps = [(one["Action"], one["ResourceRecordSet"]) for one in changes if one["ResourceRecordSet"]["Type"] == "A"]
    assert [action for action, _ in steps] == ["DELETE", "CREATE"]
    assert steps[0][1]["AliasTarget"]["DNSName"].removesuffix(".") == OLD


def test_a_wrong_alias_zone_is_repaired(scene: Scene) -> None:
    scene.go_live()
    wrong = old_alias(API)
    wrong["AliasTarget"] |= {"DNSName": f"{scene.primary_dns_name()}.", "HostedZoneId": "Z1YSA3EXCYUU9Z"}
    replace(scene, PLATFORM, wrong)
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


def test_target_health_that_was_switched_on_is_switched_off(scene: Scene) -> None:
    scene.go_live()
    wrong = old_alias(API)
    wrong["AliasTarget"] |= {"DNSName": f"{scene.primary_dns_name()}.", "EvaluateTargetHealth": True}
    replace(scene, PLATFORM, wrong)
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_plain_addresses_in_place_of_the_alias_are_repaired(scene: Scene, existing: str) -> None:
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    replace(scene, PLATFORM, a_record(API, "192.0.2.1"))
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_hand_deleted_record_whose_marker_is_left_is_made_again(scene: Scene, existing: str) -> None:
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    scene.aws.delete_record(scene.zones()[OTHER_API], OTHER_API, "A")
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["drift-repaired"]


def test_a_sweep_of_a_cold_instance_repairs_too(scene: Scene) -> None:
    scene.go_live()
    scene.aws.delete_record(scene.zones()[OTHER_API], OTHER_API, "A")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


def test_record_and_marker_deleted_by_hand_are_made_again(scene: Scene) -> None:
    scene.go_live()
    for zone, name, kind in ((PLATFORM, API, "A"), (PLATFORM, marker_name(API), "TXT")):
        scene.aws.delete_record(scene.zones()[zone], name, kind)
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["drift-repaired"]


# In our zone, without a marker.


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_deleted_marker_is_written_again_when_its_record_is_right(scene: Scene, existing: str) -> None:
    """Whether a person deleted it, or a run that died took a host out, nobody can say: so the other zone is confirmed."""
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    scene.aws.delete_record(scene.zones()[PLATFORM], marker_name(API), "TXT")
    answer = scene.run("drift")
    assert answer.outcome == "changed"
    written = {change["name"]: (change["type"], change["action"]) for change in answer.connection["changes"]}
    assert written == {marker_name(API): ("TXT", "create"), marker_name(OTHER_API): ("TXT", "update")}
    assert_live(scene)


def test_a_deleted_marker_beside_another_value_makes_the_record_foreign(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    for name, kind in ((API, "A"), (marker_name(API), "TXT")):
        scene.aws.delete_record(zone_id, name, kind)
    scene.plant(zone_id, a_record(API, "192.0.2.1"))
    answer = scene.run("drift")
    assert (answer.outcome, "foreign-record" in answer.codes) == ("refused", True)
    assert [call.operation for call in scene.writes() if call.service == "route53"] == []


def test_a_foreign_record_in_our_zone_is_taken_over_when_that_is_wanted(scene: Scene) -> None:
    scene.configure(EXISTING_ZONES="adopt")
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    for name, kind in ((API, "A"), (marker_name(API), "TXT")):
        scene.aws.delete_record(zone_id, name, kind)
    scene.aws.put_records(zone_id, a_record(API, "192.0.2.1"))
    answer = scene.run("drift")
    assert answer.outcome == "changed"
    (change,) = [change for change in answer.connection["changes"] if change["type"] == "A"]
    assert change["before"] == {"ttl": 300, "values": ["192.0.2.1"]}
    assert_live(scene)


@pytest.mark.parametrize(
    "text",
    [
        "heritage=external-dns,external-dns/owner=tdp-test",
        "heritage=tdp-privatelink",
        "heritage=tdp-privatelink,tdp-privatelink/owner=tdp-other,tdp-privatelink/endpoint=vpce-1,"
        "tdp-privatelink/types=A,tdp-privatelink/change=00000000",
    ],
)
def test_a_marker_of_somebody_else_is_left_alone(scene: Scene, text: str) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, marker_name(API), "TXT")
    scene.plant(zone_id, txt(marker_name(API), text))
    assert scene.run("drift").outcome == "refused"
    assert [call.operation for call in scene.writes() if call.service == "route53"] == []


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_a_cname_in_place_of_the_alias_is_refused_or_taken_over(scene: Scene, existing: str) -> None:
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, API, "A")
    if existing == "refuse":
        scene.plant(zone_id, cname(API, "proxy.example.com"))
        answer = scene.run("drift")
        assert (answer.outcome, "foreign-record" in answer.codes) == ("refused", True)
    else:
        scene.aws.put_records(zone_id, cname(API, "proxy.example.com"))
        answer = scene.run("drift")
        assert answer.outcome == "changed"
        assert "proxy.example.com" in str([change["before"] for change in answer.connection["changes"]])
        assert_live(scene)


@pytest.mark.parametrize("existing", ["refuse", "adopt"])
def test_records_with_a_routing_policy_are_nobody_s_to_take(scene: Scene, existing: str) -> None:
    """What a set among others is worth cannot be put back from one before-value."""
    scene.configure(EXISTING_ZONES=existing)
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, API, "A")
    weighted = [a_record(API, f"192.0.2.{n}") | {"SetIdentifier": f"blue-{n}", "Weight": n} for n in (1, 2)]
    scene.plant(zone_id, *weighted)
    assert scene.run("drift").outcome == "refused"
    assert [call.operation for call in scene.writes() if call.service == "route53"] == []


@pytest.mark.parametrize(
    "claim", ["endpoint=vpce-0dead0dead0dead00,tdp-privatelink/types=A", "endpoint={id},tdp-privatelink/types=A+AAAA"]
)
def test_a_marker_of_ours_that_says_something_else_is_written_again(scene: Scene, claim: str) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, marker_name(API), "TXT")
    text = f"heritage=tdp-privatelink,tdp-privatelink/owner=tdp-test,tdp-privatelink/{claim}"
    text = text.replace("{id}", scene.endpoint_id) + ",tdp-privatelink/change=00000000"
    scene.aws.put_records(zone_id, txt(marker_name(API), text))
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)
    assert ",tdp-privatelink/types=A," in marker_text(scene.records(PLATFORM)[marker_name(API), "TXT"])
