"""Every trigger leads to the same work; what it claims is not believed."""

import json
import random
import time
from typing import Any

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.harness import Scene
from tests.harness.function import ROOT

FILES = sorted((ROOT / "events").glob("*.json"))
# Those of the verifier are tried in tests/verify, those of preflight in tests/preflight.
EVENTS = {path.name: path.read_bytes() for path in FILES if not path.name.startswith(("verifier-", "preflight"))}
WRITING = sorted(set(EVENTS) - {"plan.json", "verify.json"})
EXAMPLE_ID = "vpce-0a1b2c3d4e5f60718"
NAMING = [name for name in WRITING if EXAMPLE_ID.encode() in EVENTS[name]]


def event(name: str, endpoint_id: str) -> bytes:
    """An event file about an endpoint of ours."""
    return EVENTS[name].replace(EXAMPLE_ID.encode(), endpoint_id.encode())


def notification(message: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(EVENTS["connection-accepted.json"])
    body["Records"][0]["Sns"]["Message"] = message
    return body


def state_change(endpoint_id: str, state: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(EVENTS["state-change.json"])
    body["detail"] = {"vpc-endpoint-id": endpoint_id, "state": state}
    return body


def describes(scene: Scene) -> int:
    return scene.aws.calls.count("ec2:DescribeVpcEndpoints")


def test_there_is_an_event_file_for_every_trigger() -> None:
    assert (len(WRITING), len(NAMING)) == (11, 8)


@pytest.mark.parametrize("name", WRITING)
def test_each_event_file_makes_an_available_endpoint_live_though_its_ids_are_false(scene: Scene, name: str) -> None:
    scene.request("available")
    assert scene.run(EVENTS[name]).outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("name", NAMING)
def test_each_event_file_about_our_endpoint_makes_it_live(scene: Scene, name: str) -> None:
    scene.request("available")
    assert scene.run(event(name, scene.endpoint_id)).outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["connection-live"]


def test_the_plan_event_shows_what_would_be_written_and_writes_nothing(scene: Scene) -> None:
    scene.configure(MODE="plan")
    scene.request("available")
    answer = scene.run(EVENTS["plan.json"])
    assert answer.outcome == "planned"
    assert [call.name for call in scene.writes()] == []


def test_the_verify_event_writes_nothing(scene: Scene) -> None:
    scene.go_live()
    scene.aws.delete_record(scene.zones()["api.tetrascience.com"], "api.tetrascience.com", "A")
    assert scene.run(EVENTS["verify.json"]).ok
    assert [call.name for call in scene.writes()] == []
    scene.run("drift")


def test_after_an_accept_the_same_invocation_waits_for_available(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    scene.aws.accept_endpoint(scene.endpoint_id)
    answer = scene.run(event("connection-accepted.json", scene.endpoint_id))
    assert answer.outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["connection-live"]
    assert describes(scene) == 2


def test_a_notification_without_an_id_waits_for_any_pending_endpoint(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    scene.aws.accept_endpoint(scene.endpoint_id)
    assert scene.run(notification("something was accepted")).outcome == "changed"
    assert_live(scene)


def test_waiting_ends_in_time_for_the_invocation(scene: Scene) -> None:
    scene.request("pending")
    started = time.monotonic()
    assert scene.run(event("connection-accepted.json", scene.endpoint_id), deadline=8).outcome == "waiting"
    assert time.monotonic() - started < 8
    assert describes(scene) > 1
    assert_public(scene)


@pytest.mark.parametrize("task", ["sweep", "drift", "reconcile", "plan", "verify"])
def test_tasks_never_wait(scene: Scene, task: str) -> None:
    scene.request("pending")
    assert scene.run(task).outcome == "waiting"
    assert describes(scene) == 1


def test_an_endpoint_that_nobody_accepted_is_not_waited_for(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    assert scene.run(event("connection-requested.json", scene.endpoint_id)).outcome == "waiting"
    assert describes(scene) == 1


def test_duplicates_end_in_one_set_of_records_and_one_announcement(scene: Scene) -> None:
    scene.request("available")
    payload = event("connection-accepted.json", scene.endpoint_id)
    with scene.function() as function:
        outcomes = [function.invoke(payload).outcome for _ in range(3)]
        function.cold()
        outcomes += [function.invoke(payload).outcome for _ in range(2)]
    assert outcomes == ["changed"] + ["in-sync"] * 4
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_in_any_order_end_in_the_same_state(scene: Scene, seed: int) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.request("available")
    names = WRITING.copy()
    random.Random(seed).shuffle(names)
    with scene.function() as function:
        for name in names:
            assert function.invoke(event(name, scene.endpoint_id)).ok, name
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize(
    "name", ["connection-rejected.json", "connection-deleted.json", "cloudtrail-delete-vpc-endpoints.json"]
)
def test_a_late_event_about_a_loss_takes_nothing_from_an_available_endpoint(scene: Scene, name: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    assert scene.run(event(name, scene.endpoint_id)).outcome == "in-sync"
    assert_live(scene)
    assert [call.name for call in scene.writes()] == []


def test_a_late_accept_does_not_revive_a_rejected_endpoint(scene: Scene) -> None:
    scene.request("rejected")
    assert scene.run(event("connection-accepted.json", scene.endpoint_id)).ok
    assert_public(scene)
    assert "connection-live" not in scene.news()


@pytest.mark.parametrize("state", ["pendingAcceptance", "rejected", "failed"])
def test_an_event_that_claims_available_is_not_believed(scene: Scene, state: str) -> None:
    scene.request(state)
    assert scene.run(state_change(scene.endpoint_id, "available")).ok
    assert_public(scene)
    assert "connection-live" not in scene.news()


@pytest.mark.parametrize("claim", ["deleted", "rejected", "missing", "failed"])
def test_an_event_that_claims_a_loss_is_not_believed(scene: Scene, claim: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    assert scene.run(state_change(scene.endpoint_id, claim)).outcome == "in-sync"
    assert_live(scene)
    assert scene.news() == []


@pytest.mark.parametrize(
    "message",
    [
        "",
        "accepted",
        '{"vpcEndpointId": "vpce-00000000000000000", "event": "Delete"}',
        "vpce-svc-0a1b2c3d4e5f60718 vpce-nfn-0a1b2c3d4e5f60718",
        "vpce-0a1b2c3d4e5f6071\u0000 vpce-" + "f" * 300,
    ],
)
def test_whatever_a_notification_says_the_endpoints_are_looked_at(scene: Scene, message: str) -> None:
    scene.request("available")
    assert scene.run(notification(message)).outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize(
    "detail",
    [
        {"eventName": "CreateVpcEndpoint", "requestParameters": None, "responseElements": None},
        {"eventName": "ModifyVpcEndpoint", "errorCode": "Client.InvalidParameter", "responseElements": None},
        {},
    ],
)
def test_a_cloudtrail_event_without_its_details_is_still_a_hint(scene: Scene, detail: dict[str, Any]) -> None:
    """CloudTrail leaves out request and answer above 100 KB."""
    scene.request("available")
    body = json.loads(EVENTS["cloudtrail-create-vpc-endpoint.json"]) | {"detail": detail}
    assert scene.run(body).outcome == "changed"
    assert_live(scene)


def test_a_person_may_name_one_endpoint(scene: Scene) -> None:
    other = scene.aws.make_vpc("10.1.0.0/16")
    there = scene.aws.request_endpoint(other, state="available")
    scene.request("available")
    answer = scene.run({"task": "reconcile", "endpointId": scene.endpoint_id})
    assert [one["vpcId"] for one in answer.connections] == [scene.vpc.id]
    assert scene.aws.zones(other) == []
    answer = scene.run({"task": "plan", "endpointId": there})
    assert [(one["vpcId"], one["outcome"]) for one in answer.connections] == [(other.id, "planned")]
    scene.run("reconcile")


def test_a_person_who_names_an_unknown_endpoint_is_told_so(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run({"task": "reconcile", "endpointId": "vpce-0123456789abcdef0"})
    assert (answer.connections, answer.codes) == ([], ["no-endpoint"])
    assert "vpce-0123456789abcdef0" in str(answer.report)
    assert [call.name for call in scene.writes()] == []
    scene.run("reconcile")
