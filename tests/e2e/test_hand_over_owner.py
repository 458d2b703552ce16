"""ADOPT_OWNER: the records and zones of a former owner become this one's, in place, and only when that is said."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, marker_text, unwatch_calls
from tests.e2e.test_races import dies_at
from tests.harness import HOSTS, OWNER, Answer, Scene, fails_at_init
from tests.harness.function import FunctionDied
from tests.harness.world import Record, a_record, marker_name, txt

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
FILES = "files.example.com"
FORMER = "tdp-old"
CHANGE, COMMENT = "ChangeResourceRecordSets", "UpdateHostedZoneComment"


@pytest.fixture
def scene(scene: Scene) -> Iterator[Scene]:
    """Live for a former owner; from now on another one is at work, which that one hands over to."""
    scene.configure(OWNER_ID=FORMER, EXTRA_HOSTS=FILES)
    scene.go_live()
    scene.configure(OWNER_ID=OWNER, ADOPT_OWNER=FORMER)
    yield scene


ALL = HOSTS | {FILES: FILES}


def run_as(scene: Scene, owner: str, task: str = "drift", **changes: str) -> Answer:
    """A run of another owner's function, to which nobody hands over unless said."""
    kept = dict(scene.variables)
    scene.configure(**({"OWNER_ID": owner, "ADOPT_OWNER": ""} | changes))
    answer = scene.run(task)
    scene.variables = kept
    return answer


def everything(scene: Scene) -> list[tuple[dict[str, object], list[Record]]]:
    return [(zone, scene.aws.records(zone["id"])) for zone in scene.aws.zones()]


def dns_writes(scene: Scene) -> list[str]:
    return [call.operation for call in scene.writes() if call.service == "route53"]


def comments(scene: Scene) -> set[str]:
    return {zone["comment"] for zone in scene.aws.zones(scene.vpc)}


def comment_of(scene: Scene, owner: str) -> str:
    return f"heritage=tdp-privatelink,tdp-privatelink/owner={owner},tdp-privatelink/vpc={scene.vpc.id}"


def remark(scene: Scene, host: str, owner: str) -> None:
    """The marker of a host names another owner."""
    zone = ALL[host]
    record = scene.records(zone)[marker_name(host), "TXT"]
    scene.aws.delete_record(scene.zones()[zone], marker_name(host), "TXT")
    scene.aws.put_records(
        scene.zones()[zone], txt(marker_name(host), marker_text(record).replace(f"owner={FORMER}", f"owner={owner}"))
    )


def assert_handed_over(scene: Scene) -> None:
    assert_live(scene, ALL)
    assert_only_ours(scene, ALL)
    assert comments(scene) == {comment_of(scene, OWNER)}


# The happy way.


def test_records_and_zones_change_hands_in_place(scene: Scene) -> None:
    zones = scene.zones()
    watch = scene.watch_dns(*ALL)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", [])
    assert_handed_over(scene)
    assert scene.zones() == zones
    assert sorted(dns_writes(scene)) == [CHANGE] * 3 + [COMMENT] * 3
    batches = [call.params for call in scene.writes() if call.operation == CHANGE]
    assert {batch["HostedZoneId"] for batch in batches} == set(zones.values())
    written = [one["ResourceRecordSet"] for batch in batches for one in batch["ChangeBatch"]["Changes"]]
    assert {record["Type"] for record in written} == {"TXT"}
    assert all(len(watch.answers(host)) == 1 for host in ALL)


def test_the_report_and_the_message_say_what_changed_hands(scene: Scene) -> None:
    answer = scene.run("sweep")
    changes = answer.connection["changes"]
    assert sorted(one["name"] for one in changes) == sorted(marker_name(host) for host in ALL)
    for one in changes:
        assert f"owner={FORMER}," in str(one["before"]) and f"owner={OWNER}," in str(one["after"])
    assert scene.news() == ["connection-live"]
    text = json.loads(scene.messages()[0].message)["email"]
    assert FORMER in text and f"Owner:             {OWNER}" in text
    assert scene.parameter() is not None


def test_in_plan_mode_it_is_only_shown(scene: Scene) -> None:
    before = everything(scene)
    scene.configure(MODE="plan")
    answer = scene.run("sweep")
    assert (answer.outcome, len(answer.connection["changes"])) == ("planned", 4)
    assert (scene.writes(), everything(scene)) == ([], before)


def test_kept_set_or_emptied_later_it_changes_nothing(scene: Scene) -> None:
    assert scene.run("sweep").outcome == "changed"
    scene.mark()
    for _ in range(2):
        for task in ("sweep", "drift"):
            assert scene.run(task).outcome == "in-sync"
        scene.configure(ADOPT_OWNER=None)
    assert (scene.writes(), scene.messages()) == ([], [])


def test_the_way_back_is_a_hand_over_too(scene: Scene) -> None:
    assert scene.run("sweep").outcome == "changed"
    answer = run_as(scene, FORMER, ADOPT_OWNER=OWNER)
    assert answer.outcome == "changed"
    assert comments(scene) == {comment_of(scene, FORMER)}
    assert run_as(scene, FORMER).outcome == "in-sync"
    assert run_as(scene, OWNER).outcome == "refused"
    scene.configure(ADOPT_OWNER=None)


def test_several_former_owners_hand_over_at_once(scene: Scene) -> None:
    remark(scene, API, "tdp-older")
    scene.configure(ADOPT_OWNER=f"tdp-older,{FORMER}")
    assert scene.run("sweep").outcome == "changed"
    assert_handed_over(scene)


def test_a_former_owner_is_another_one(scene: Scene) -> None:
    said, code = fails_at_init(scene.variables | {"ADOPT_OWNER": f"{FORMER},{OWNER}"})
    assert code != 0 and "ADOPT_OWNER" in said and OWNER in said
    scene.run("sweep")


# Only when it is said, and only from those who are named.


@pytest.mark.parametrize("named", ["", "tdp-someone-else"])
def test_who_is_not_named_hands_nothing_over(scene: Scene, named: str) -> None:
    before = everything(scene)
    scene.configure(ADOPT_OWNER=named, EXISTING_ZONES="adopt")
    answer = scene.run("sweep")
    assert (answer.outcome, set(answer.codes)) == ("refused", {"other-owner"})
    assert (dns_writes(scene), everything(scene)) == ([], before)


def test_a_third_owners_name_in_a_former_owners_zone_is_refused(scene: Scene) -> None:
    remark(scene, API, "tdp-third")
    before = everything(scene)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("refused", ["other-owner"])
    assert "tdp-third" in answer.connection["problems"][0]["message"]
    assert (dns_writes(scene), everything(scene)) == ([], before)


@pytest.mark.parametrize("mode", ["apply", "withdraw"])
def test_the_former_owner_has_nothing_left_to_write(scene: Scene, mode: str) -> None:
    assert scene.run("sweep").outcome == "changed"
    before = everything(scene)
    scene.mark()
    answer = run_as(scene, FORMER, MODE=mode)
    if mode == "apply":
        assert (answer.outcome, set(answer.codes)) == ("refused", {"other-owner"})
        assert OWNER in str(answer.connection["problems"])
    assert (dns_writes(scene), everything(scene)) == ([], before)


def test_the_former_owners_loss_withdraws_nothing_that_was_handed_over(scene: Scene) -> None:
    assert scene.run("sweep").outcome == "changed"
    before = everything(scene)
    scene.enter("rejected")
    assert run_as(scene, FORMER, ON_LOSS="withdraw").ok
    assert everything(scene) == before
    scene.enter("available")


def test_a_former_owners_zones_of_another_vpc_stay_theirs(scene: Scene) -> None:
    other = scene.add_vpc("10.1.0.0/16")
    scene.aws.request_endpoint(other, state="available")
    assert run_as(scene, FORMER, VPC_ID=other.id).ok
    for zone in scene.aws.zones(other):
        scene.watch(zone["id"], whole=True)
    scene.configure(VPC_ID=scene.vpc.id)
    scene.mark()
    assert scene.run("sweep").outcome == "changed"
    assert_handed_over(scene)
    scene.assert_foreign_untouched()
    assert run_as(scene, FORMER, VPC_ID=other.id).outcome == "in-sync"


def test_a_zone_that_a_former_owner_made_for_another_vpc_is_not_handed_over_where_this_one_sees_it(
    scene: Scene,
) -> None:
    """The other VPC's clients would be sent to this VPC's endpoint."""
    other = scene.add_vpc("10.1.0.0/16")
    scene.aws.request_endpoint(other, state="available")
    assert run_as(scene, FORMER, VPC_ID=scene.vpc.id, MODE="withdraw").outcome == "withdrawn"
    assert run_as(scene, FORMER, VPC_ID=other.id).outcome == "changed"
    scene.configure(VPC_ID=scene.vpc.id)
    route53 = scene.aws.client("route53")
    for zone in scene.aws.zones(other):
        here = {"VPCRegion": scene.aws.region, "VPCId": scene.vpc.id}
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone["id"], VPC=here)
        scene.watch(zone["id"], whole=True)
    scene.mark()
    assert scene.run("sweep").outcome == "refused"
    assert dns_writes(scene) == []


# What is beside it.


def test_foreign_records_beside_them_stay(scene: Scene) -> None:
    theirs = [a_record(f"printer.{PLATFORM}", "10.0.9.9"), txt(f"mail.{PLATFORM}", "v=spf1 -all")]
    scene.aws.put_records(scene.zones()[PLATFORM], *theirs)
    keys = [(record["Name"], record["Type"]) for record in theirs]
    before = [scene.records(PLATFORM)[key] for key in keys]
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, ALL)
    assert [scene.records(PLATFORM)[key] for key in keys] == before


def test_a_former_owners_host_that_nobody_wants_goes_as_ours_do(scene: Scene) -> None:
    """Its zone with it; the report says so."""
    scene.configure(EXTRA_HOSTS=None)
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert (scene.resolve(FILES), FILES in scene.zones()) == ([], False)
    deleted = {(one["name"], one["type"]) for one in answer.connection["changes"] if one["action"] == "delete"}
    assert deleted == {(FILES, "A"), (marker_name(FILES), "TXT")}
    assert_live(scene)
    assert_only_ours(scene)


def test_a_zone_of_others_that_the_former_owner_used_keeps_its_comment(scene: Scene) -> None:
    zone_id = scene.plant_zone("b.example.com", a_record("printer.b.example.com", "10.0.9.9"), comment="of others")
    hosts = f"{FILES},b.example.com"
    assert run_as(scene, FORMER, EXTRA_HOSTS=hosts, EXISTING_ZONES="adopt").outcome == "changed"
    scene.configure(EXTRA_HOSTS=hosts)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, ALL | {"b.example.com": "b.example.com"})
    scene.assert_foreign_untouched()
    assert zone_id not in str([call.params for call in scene.writes() if call.operation == COMMENT])


def test_a_hand_over_and_a_move_are_one_batch_for_each_zone(scene: Scene) -> None:
    scene.enter("rejected")
    scene.request("available")
    assert scene.run("sweep").outcome == "changed"
    assert sorted(dns_writes(scene)) == [CHANGE] * 3 + [COMMENT] * 3
    assert_handed_over(scene)


def test_a_held_host_is_not_handed_over(scene: Scene) -> None:
    held = {key: record for key, record in scene.records(PLATFORM).items() if API in key[0]}
    scene.configure(HOLD_HOSTS=API)
    assert scene.run("sweep").outcome == "changed"
    assert {key: record for key, record in scene.records(PLATFORM).items() if API in key[0]} == held
    assert_live(scene, {PLATFORM: PLATFORM, OTHER_API: OTHER_API, FILES: FILES})
    scene.configure(HOLD_HOSTS=None)
    assert scene.run("sweep").outcome == "changed"
    assert_handed_over(scene)


def test_with_the_former_owner_named_a_withdrawal_takes_theirs_out(scene: Scene) -> None:
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    assert_public(scene)


# A failure in the middle.


@pytest.mark.parametrize("kind", ["denied", "drop"])
@pytest.mark.parametrize(("operation", "nth"), [(CHANGE, 1), (CHANGE, 2), (COMMENT, 1), (COMMENT, 3)])
def test_a_hand_over_that_failed_half_way_is_completed_by_the_next_run(
    scene: Scene, operation: str, nth: int, kind: str
) -> None:
    zones = scene.zones()
    watch = scene.watch_dns(*ALL)
    scene.aws.faults.add(kind, "route53", operation, nth=nth, times=None)
    assert f"route53:{operation}" in scene.run("sweep").message
    scene.aws.faults.clear()
    assert scene.run("sweep").outcome == "changed"
    assert_handed_over(scene)
    assert scene.zones() == zones
    assert all(len(watch.answers(host)) == 1 for host in ALL)


@pytest.mark.parametrize(
    ("operation", "nth"), [(CHANGE, 1), (CHANGE, 3), (COMMENT, 2), ("GetChange", 1), ("Publish", 1)]
)
def test_a_process_that_dies_in_the_middle_of_a_hand_over_is_made_good_for(
    scene: Scene, operation: str, nth: int
) -> None:
    zones = scene.zones()
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        with pytest.raises(FunctionDied):
            function.invoke({"task": "sweep"})
    unwatch_calls(scene)
    assert scene.run("sweep").ok
    assert_handed_over(scene)
    assert (scene.zones(), set(scene.news())) == (zones, {"connection-live"})


def test_a_half_of_it_is_refused_when_the_former_owner_is_not_named_any_more(scene: Scene) -> None:
    """The markers are ours and the comments are not: nobody guesses whose the zones are."""
    scene.aws.faults.add("denied", "route53", COMMENT, times=None)
    assert not scene.run("sweep").ok
    scene.aws.faults.clear()
    before = everything(scene)
    scene.configure(ADOPT_OWNER=None)
    answer = scene.run("sweep")
    assert (answer.outcome, "other-owner" in answer.codes) == ("refused", True)
    assert everything(scene) == before
