"""People are told: what, how, once for each piece of news, and not before it is true."""

import json
import re
from typing import Any

import pytest

from tests.aws import Message
from tests.e2e.checks import assert_live
from tests.harness import Scene
from tests.harness.world import OLD, old_alias

HOSTS = ("api.platform.tetrascience.com", "api.tetrascience.com", "platform.tetrascience.com")


def live_message(scene: Scene, **settings: Any) -> Message:
    scene.request("available", **settings)
    assert scene.run("reconcile").outcome == "changed"
    (message,) = scene.messages()
    return message


def bodies(message: Message) -> dict[str, str]:
    found: dict[str, str] = json.loads(message.message)
    return found


def test_going_live_is_announced_with_a_subject_that_says_so(scene: Scene) -> None:
    message = live_message(scene)
    assert message.subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, unproven"
    assert message.topic_arn == scene.topic


def test_names_are_counted_not_record_sets(scene: Scene) -> None:
    message = live_message(scene, ip_type="dualstack")
    assert message.subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3 names, unproven"


def test_attributes_serve_filter_policies(scene: Scene) -> None:
    message = live_message(scene)
    assert message.attributes == {
        "event": "connection-live",
        "severity": "info",
        "vpcId": scene.vpc.id,
        "endpointId": scene.endpoint_id,
    }


def test_people_get_text_and_machines_get_the_report(scene: Scene) -> None:
    message = live_message(scene)
    assert message.structure == "json"
    body = bodies(message)
    assert sorted(body) == ["default", "email", "http", "https", "lambda", "sqs"]
    assert body["default"] == body["email"]
    report = json.loads(body["sqs"])
    assert report["connections"][0]["outcome"] == "changed"
    assert report["connections"][0]["primaryDnsName"] == scene.primary_dns_name()
    assert {body[protocol] for protocol in ("lambda", "http", "https")} == {body["sqs"]}


def test_the_text_says_what_happened_and_what_to_keep(scene: Scene) -> None:
    text = bodies(live_message(scene))["default"]
    assert scene.vpc.id in text
    assert scene.endpoint_id in text
    assert scene.primary_dns_name() in text
    assert "unproven" in text
    lines = [line.strip() for line in text.splitlines()]
    for host in HOSTS:
        assert any(line.startswith("+") and host in line and scene.primary_dns_name() in line for line in lines), host


def test_the_text_names_the_route53_changes(scene: Scene) -> None:
    """Two zones: for each its creation and its batch, of which the batch is waited for: no server has it before the zone."""
    text = bodies(live_message(scene))["default"]
    waited_for = {call.params["Id"].rsplit("/", 1)[-1] for call in scene.aws.calls if call.operation == "GetChange"}
    assert len(waited_for) == 2
    told = re.search(r"Route 53 changes \(INSYNC\): (.*)", text)
    assert told and len(told[1].split(", ")) == 4 and waited_for < set(told[1].split(", "))


def test_a_repair_is_told_with_before_and_after(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()["api.tetrascience.com"]
    scene.aws.delete_record(zone_id, "api.tetrascience.com", "A")
    scene.aws.put_records(zone_id, old_alias("api.tetrascience.com"))
    assert scene.run("drift").outcome == "changed"
    (message,) = scene.messages()
    assert message.attributes["event"] == "drift-repaired"
    assert message.attributes["severity"] == "warning"
    diff = [line.strip() for line in bodies(message)["default"].splitlines() if line.strip().startswith("* ")]
    line = next(line for line in diff if "api.tetrascience.com A" in line)
    assert line.index(OLD) < line.index(scene.primary_dns_name())


def test_live_is_never_announced_before_insync(scene: Scene) -> None:
    scene.aws.insync_after = 2
    scene.request("available")
    assert scene.run("reconcile").outcome == "changed"
    names = scene.aws.calls.names()
    published = names.index("sns:Publish")
    asked: dict[str, int] = {}
    for call in scene.aws.calls[:published]:
        if call.operation == "GetChange":
            asked[call.params["Id"]] = asked.get(call.params["Id"], 0) + 1
    # The batches of two zones, each PENDING twice and then INSYNC.
    assert list(asked.values()) == [3, 3]
    assert "route53:GetChange" not in names[published:]
    assert names.index("ssm:PutParameter") > published


def test_live_is_not_announced_while_route53_stays_pending(scene: Scene) -> None:
    scene.aws.insync_after = 10_000
    scene.request("available")
    answer = scene.run("reconcile", deadline=11)
    assert not answer.ok
    assert scene.news() == []
    assert scene.parameter() is None
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live"]
    assert_live(scene)


def test_waiting_is_announced_once_in_ten_sweeps(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    with scene.function() as function:
        assert [function.invoke({"task": "sweep"}).outcome for _ in range(5)] == ["waiting"] * 5
        function.cold()
        assert [function.invoke({"task": "sweep"}).outcome for _ in range(5)] == ["waiting"] * 5
    assert scene.news() == ["connection-waiting"]
    assert scene.endpoint_id in bodies(scene.messages()[0])["default"]


def test_live_is_announced_once_in_ten_sweeps(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        outcomes = [function.invoke({"task": "sweep"}).outcome for _ in range(5)]
        function.cold()
        outcomes += [function.invoke({"task": "drift"}).outcome for _ in range(5)]
    assert outcomes == ["changed"] + ["in-sync"] * 9
    assert scene.news() == ["connection-live"]


def test_a_new_endpoint_that_waits_is_news_again(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    scene.run("sweep")
    first = scene.endpoint_id
    scene.aws.remove_endpoint(first)
    scene.request("pendingAcceptance")
    scene.run("sweep")
    assert [message.attributes["endpointId"] for message in scene.messages()] == [first, scene.endpoint_id]
    assert scene.news() == ["connection-waiting", "connection-waiting"]


def test_what_sns_did_not_accept_is_announced_by_the_next_run(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "sns", "Publish", times=None)
    answer = scene.run("reconcile")
    assert "sns:Publish" in answer.message
    assert scene.news() == []
    assert scene.parameter() is None
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live"]
    assert scene.parameter() is not None
    assert_live(scene)


def test_waiting_that_sns_did_not_accept_is_announced_by_the_next_run(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    scene.aws.faults.add("denied", "sns", "Publish", times=None)
    assert not scene.run("sweep").ok
    assert scene.parameter() is None
    scene.aws.faults.clear()
    assert scene.run("sweep").outcome == "waiting"
    assert scene.news() == ["connection-waiting"]


def test_an_announcement_whose_record_was_not_written_is_repeated_not_lost(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "ssm", "PutParameter", times=None)
    assert "ssm:PutParameter" in scene.run("reconcile").message
    assert scene.news() == ["connection-live"]
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live", "connection-live"]
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live", "connection-live"]


def test_losing_the_connection_record_costs_one_repeated_announcement_and_no_record(scene: Scene) -> None:
    scene.go_live()
    before = address_records(scene)
    scene.aws.client("ssm").delete_parameter(Name=f"/tdp-privatelink/tdp-test/{scene.vpc.id}")
    assert scene.run("sweep").ok
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["connection-live"]
    assert address_records(scene) == before
    changed = [
        change["ResourceRecordSet"]["Type"]
        for call in scene.writes()
        if call.operation == "ChangeResourceRecordSets"
        for change in call.params["ChangeBatch"]["Changes"]
    ]
    assert set(changed) <= {"TXT"}


def address_records(scene: Scene) -> list[dict[str, Any]]:
    zones = ("platform.tetrascience.com", "api.tetrascience.com")
    return [record for zone in zones for (_, kind), record in scene.records(zone).items() if kind != "TXT"]


def test_a_connection_record_that_is_not_ours_to_read_costs_one_announcement(scene: Scene) -> None:
    scene.go_live()
    name = f"/tdp-privatelink/tdp-test/{scene.vpc.id}"
    scene.aws.client("ssm").put_parameter(Name=name, Value="not JSON", Type="String", Overwrite=True)
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live"]
    assert scene.parameter() is not None
    assert_live(scene)


def test_the_connection_record_keeps_what_the_procedure_asks_for(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run("reconcile")
    record = scene.parameter()
    assert record is not None
    assert (record["state"], record["outcome"]) == ("available", "changed")
    assert record["endpointId"] == scene.endpoint_id
    assert record["primaryDnsName"] == scene.primary_dns_name()
    assert sorted(record["changeIds"]) == sorted(answer.connection["changeIds"])
    assert record["announced"]["event"] == "connection-live"
    assert "platform.tetrascience.com" in str(record["zones"])
    assert "unproven" in str(record["proof"])


@pytest.mark.parametrize("state", ["pendingAcceptance", "available", "rejected"])
def test_subjects_are_short_plain_and_name_the_vpc(scene: Scene, state: str) -> None:
    scene.go_live()
    scene.enter("rejected")
    scene.run("sweep")
    scene.enter(state)
    scene.run("sweep")
    assert scene.messages()
    for message in scene.messages():
        assert message.subject is not None and message.subject.isascii() and len(message.subject) <= 100
        assert scene.vpc.id in message.subject


def test_two_owners_do_not_share_a_connection_record(scene: Scene) -> None:
    scene.go_live()
    scene.configure(OWNER_ID="tdp-other")
    answer = scene.run("sweep")
    assert answer.outcome == "refused"
    assert scene.news() == ["refused"]
    assert sorted(scene.aws.parameters()) == [
        f"/tdp-privatelink/tdp-other/{scene.vpc.id}",
        f"/tdp-privatelink/tdp-test/{scene.vpc.id}",
    ]
