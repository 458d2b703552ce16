"""Back to public DNS, by MODE=withdraw or by a proved loss: what goes, what stays, and what was there before."""

import json
from typing import Any

import pytest

from tests.e2e.checks import assert_live, assert_public, unwatch_calls
from tests.e2e.test_races import dies_at
from tests.harness import HOSTS, Answer, Scene
from tests.harness.function import FunctionDied
from tests.harness.world import a_record, txt

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
PUBLIC = ["203.0.113.1"]
CHANGE, DELETE = "ChangeResourceRecordSets", "DeleteHostedZone"


def withdraw(scene: Scene) -> Answer:
    scene.configure(MODE="withdraw")
    return scene.run("reconcile")


def message(scene: Scene) -> tuple[str, str]:
    """The subject and the text of the only message."""
    (told,) = scene.messages()
    return str(told.subject), str(json.loads(told.message)["email"])


def dns_writes(scene: Scene) -> list[str]:
    return [call.operation for call in scene.writes() if call.service == "route53"]


def test_every_record_that_goes_is_in_the_report_as_it_was(scene: Scene) -> None:
    scene.go_live(ip_type="dualstack")
    sets = {key: record for zone in scene.zones() for key, record in scene.records(zone).items()}
    ours = {key: record for key, record in sets.items() if key[1] in ("A", "AAAA", "TXT")}
    answer = withdraw(scene)
    assert answer.outcome == "withdrawn"
    changes: list[dict[str, Any]] = answer.connection["changes"]
    assert {(one["name"], one["type"]) for one in changes} == set(ours)
    for one in changes:
        assert (one["action"], one["after"]) == ("delete", None)
        record = ours[one["name"], one["type"]]
        if one["type"] == "TXT":
            assert one["before"] == {"ttl": 300, "values": [record["ResourceRecords"][0]["Value"]]}
        else:
            target = record["AliasTarget"]
            assert one["before"] == {"alias": target["DNSName"].rstrip("."), "aliasZoneId": target["HostedZoneId"]}
    assert_public(scene)


def test_the_message_says_what_went_and_that_public_dns_answers(scene: Scene) -> None:
    scene.go_live()
    name = scene.primary_dns_name()
    withdraw(scene)
    subject, text = message(scene)
    assert subject == f"TDP PrivateLink withdrawn from {scene.vpc.id}: public DNS again"
    lines = [line.strip() for line in text.splitlines()]
    for host in HOSTS:
        assert any(line.startswith(f"- {host} A") and name in line for line in lines), host


def test_withdrawing_again_writes_nothing_and_tells_nothing(scene: Scene) -> None:
    scene.go_live()
    assert withdraw(scene).outcome == "withdrawn"
    scene.mark()
    for task in ("sweep", "drift", "reconcile"):
        answer = scene.run(task)
        assert (answer.outcome, "undo" in answer.connection) == ("in-sync", False)
    assert (scene.writes(), scene.messages()) == ([], [])


def test_foreign_records_keep_their_zone_and_people_are_told_what_has_no_answer(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.plant(zone_id, a_record(f"printer.{PLATFORM}", "10.0.9.9"), txt(PLATFORM, "v=spf1 -all"))
    answer = withdraw(scene)
    assert (answer.outcome, "zone-kept" in answer.codes) == ("withdrawn", True)
    assert scene.zones() == {PLATFORM: zone_id}
    scene.assert_foreign_untouched()
    assert scene.resolve(f"printer.{PLATFORM}") == ["10.0.9.9"]
    assert (scene.resolve(PLATFORM), scene.resolve(API), scene.resolve(OTHER_API)) == ([], [], PUBLIC)
    assert message(scene)[0].endswith("some names have NO ANSWER")


def test_a_kept_zone_goes_once_nothing_foreign_is_left_in_it(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.plant(zone_id, a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    assert withdraw(scene).outcome == "withdrawn"
    scene.give_up(zone_id)
    scene.aws.delete_record(zone_id, f"printer.{PLATFORM}", "A")
    assert scene.run("drift").ok
    assert_public(scene)


def test_applying_again_uses_the_zone_that_was_kept(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.plant(zone_id, a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    assert withdraw(scene).outcome == "withdrawn"
    scene.configure(MODE="apply")
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene)
    assert scene.zones()[PLATFORM] == zone_id
    assert scene.news() == ["withdrawn", "connection-live"]


@pytest.mark.parametrize(("operation", "nth"), [(CHANGE, 1), (CHANGE, 2), (DELETE, 1), (DELETE, 2), ("Publish", 1)])
def test_a_process_that_dies_while_it_withdraws_is_made_good_for(scene: Scene, operation: str, nth: int) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        with pytest.raises(FunctionDied):
            function.invoke({"task": "sweep"})
    unwatch_calls(scene)
    assert scene.run("sweep").ok
    assert_public(scene)
    assert set(scene.news()) == {"withdrawn"}
    scene.mark()
    assert scene.run("sweep").outcome == "in-sync"
    assert dns_writes(scene) == []


def test_a_zone_that_could_not_go_is_as_it_was_until_the_next_run(scene: Scene) -> None:
    """Its records are put back: a zone without them has no answer for anybody."""
    scene.go_live()
    before = {zone: scene.records(zone) for zone in scene.zones()}
    scene.aws.faults.add("denied", "route53", DELETE, times=None)
    assert not withdraw(scene).ok
    assert {zone: scene.records(zone) for zone in scene.zones()} == before
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "withdrawn"
    assert_public(scene)


def test_withdrawing_does_not_ask_which_endpoint_is_pinned(scene: Scene) -> None:
    scene.go_live()
    scene.configure(ENDPOINT_ID="vpce-0123456789abcdef0")
    scene.request("pendingAcceptance")
    assert withdraw(scene).outcome == "withdrawn"
    assert_public(scene)


# ON_LOSS=withdraw, with a second endpoint in the VPC.


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending", "rejected", "partial"])
def test_a_loss_withdraws_when_the_second_endpoint_is_of_no_use_yet(scene: Scene, state: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    first = scene.go_live()
    second = scene.request(state)
    scene.aws.set_endpoint_state(first, "rejected")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["endpointId"]) == ("withdrawn", first)
    assert_public(scene)
    scene.enter("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, endpoint_id=second)
    assert scene.news() == ["withdrawn", "connection-live"]


@pytest.mark.parametrize("state", ["rejected", "deleted"])
def test_the_loss_of_an_endpoint_that_no_name_leads_to_withdraws_nothing(scene: Scene, state: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    first = scene.go_live()
    scene.aws.request_endpoint(scene.vpc, state=state)
    for task in ("sweep", "drift"):
        assert scene.run(task).outcome == "in-sync"
    assert (dns_writes(scene), scene.news()) == ([], [])
    assert_live(scene, endpoint_id=first)
