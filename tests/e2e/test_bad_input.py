"""Events that are no trigger: a clear refusal, no call to AWS, and the process lives on."""

import json
from typing import Any

import pytest

from tests.aws import EmbeddedAws
from tests.e2e.checks import assert_live, assert_public
from tests.harness import Function, Scene, variables
from tests.harness.function import ROOT

MEGABYTE = 1_000_000
TOPIC = "arn:aws:sns:us-east-1:123456789012:news"


def sns_event(message: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((ROOT / "events" / "connection-accepted.json").read_text())
    body["Records"][0]["Sns"]["Message"] = message
    return body


def bus_event(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((ROOT / "events" / "state-change.json").read_text())
    return body | changes


# JSON that is no trigger: answered with a report.
NO_TRIGGER: dict[str, bytes] = {
    "empty object": b"{}",
    "empty list": b"[]",
    "null": b"null",
    "empty string": b'""',
    "number": b"42",
    "number beyond all": b"1e999",
    "true": b"true",
    "list of tasks": b'[{"task":"sweep"}]',
    "string of a task": b'"{\\"task\\":\\"sweep\\"}"',
    "nested lists": b"[" * 10_000 + b"]" * 10_000,
    "nested objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "6 MB of text": b'{"password":"' + b"a" * 6 * MEGABYTE + b'"}',
    "6 MB of list": b"[" + b"1," * 3 * MEGABYTE + b"1]",
    "unknown task": b'{"task":"delete-everything"}',
    "task in capitals": b'{"task":"SWEEP"}',
    "task that is a number": b'{"task":5}',
    "task that is null": b'{"task":null}',
    "task with more fields": b'{"task":"reconcile","mode":"withdraw"}',
    "task about a VPC": b'{"task":"reconcile","endpointId":"vpc-0a1b2c3d4e5f60718"}',
    "task about a service": b'{"task":"reconcile","endpointId":"vpce-svc-0a1b2c3d4e5f60718"}',
    "task about an injection": b'{"task":"reconcile","endpointId":"vpce-0a1b2c3d; rm -rf /"}',
    "sweep of one endpoint": b'{"task":"sweep","endpointId":"vpce-0a1b2c3d4e5f60718"}',
    "lone surrogate": b'{"task":"\\ud800"}',
    "records, empty": b'{"Records":[]}',
    "records of nothing": b'{"Records":"vpce-0a1b2c3d4e5f60718"}',
    "S3": b'{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"x"}}}]}',
    "SQS": b'{"Records":[{"messageId":"1","body":"vpce-0a1b2c3d4e5f60718","eventSource":"aws:sqs"}]}',
    "DynamoDB": b'{"Records":[{"eventSource":"aws:dynamodb","eventName":"INSERT","dynamodb":{}}]}',
    "API Gateway": b'{"httpMethod":"POST","path":"/","body":"{\\"task\\":\\"reconcile\\"}","headers":{}}',
    "other source": json.dumps(bus_event(source="aws.s3")).encode(),
    "pretended AWS source": json.dumps(bus_event(source="aws.ec2")).encode(),
    "pretended own source": json.dumps(bus_event(**{"detail-type": "AWS API Call via CloudTrail"})).encode(),
    "EC2 instance event": json.dumps(
        bus_event(**{"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification"})
    ).encode(),
    "bus event without a source": json.dumps({"detail-type": "VPC Endpoint State Change", "detail": {}}).encode(),
    "scheduled rule of old": json.dumps(
        bus_event(**{"source": "aws.events", "detail-type": "Scheduled Event"})
    ).encode(),
}
# Bytes that are not JSON: a runtime error.
NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"   ",
    "words": b"sweep",
    "half an object": b'{"task":"sweep"',
    "single quotes": b"{'task':'sweep'}",
    "not UTF-8": b'{"task":"\xff\xfe"}',
    "zero bytes": b"\x00" * 100,
    "XML": b"<task>sweep</task>",
}


def lives_on(aws: EmbeddedAws, function: Function) -> None:
    """Nothing was called so far, and the next good event is served."""
    assert aws.calls.names() == []
    assert function.invoke({"task": "sweep"}).codes == ["no-endpoint"]
    assert "ec2:DescribeVpcEndpoints" in aws.calls.names()


@pytest.mark.parametrize("name", NO_TRIGGER)
def test_an_event_that_is_no_trigger_is_refused_without_a_call(aws: EmbeddedAws, name: str) -> None:
    with Function(variables(aws, TOPIC)) as function:
        answer = function.invoke(NO_TRIGGER[name])
        assert answer.ok, answer.error
        assert (answer.connections, answer.codes) == ([], ["unknown-event"])
        assert answer.report is not None
        (problem,) = answer.report["problems"]
        assert problem["message"] and problem["fix"]
        assert len(json.dumps(answer.report)) < 2_000
        lives_on(aws, function)


@pytest.mark.parametrize("name", NOT_JSON)
def test_bytes_that_are_not_json_are_an_error_without_a_call(aws: EmbeddedAws, name: str) -> None:
    with Function(variables(aws, TOPIC)) as function:
        answer = function.invoke(NOT_JSON[name])
        assert answer.message
        assert len(answer.message) < 2_000
        lives_on(aws, function)


def test_ten_thousand_false_ids_change_nothing(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    ids = " ".join(f"vpce-{number:017x}" for number in range(10_000))
    with scene.function() as function:
        answer = function.invoke(sns_event(ids))
        assert answer.outcome == "waiting"
        assert [call.name for call in scene.writes() if call.service == "route53"] == []
        assert scene.aws.calls.count("ec2:DescribeVpcEndpoints") == 1
        assert_public(scene)
        scene.enter("available")
        assert function.invoke({"task": "sweep"}).outcome == "changed"
    assert_live(scene)


def test_six_megabytes_of_notification_are_looked_through(scene: Scene) -> None:
    scene.request("available")
    assert scene.run(sns_event("x" * 6 * MEGABYTE)).outcome == "changed"
    assert_live(scene)


def test_a_named_endpoint_among_false_ids_is_still_looked_at(scene: Scene) -> None:
    scene.request("available")
    ids = " ".join(f"vpce-{number:017x}" for number in range(10_000))
    assert scene.run(sns_event(f"{ids} {scene.endpoint_id}")).outcome == "changed"
    assert_live(scene)


def test_a_hundred_bad_events_in_a_row_cost_nothing(scene: Scene) -> None:
    scene.request("available")
    bad = [b for b in (NO_TRIGGER | NOT_JSON).values() if len(b) < 1000]
    with scene.function() as function:
        for payload in bad * 3:
            function.invoke(payload)
        assert scene.aws.calls.names() == []
        assert function.invoke({"task": "sweep"}).outcome == "changed"
    assert_live(scene)


def test_a_vpc_that_is_not_there_is_no_endpoint(scene: Scene) -> None:
    scene.configure(VPC_ID="vpc-0123456789abcdef0")
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.connections, answer.codes) == ([], ["no-endpoint"])
    assert [call.name for call in scene.writes()] == []


def test_no_endpoint_at_all_says_so(scene: Scene) -> None:
    for task in ("sweep", "drift", "reconcile", "plan"):
        answer = scene.run(task)
        assert (answer.connections, answer.codes) == ([], ["no-endpoint"])
    assert [call.name for call in scene.writes()] == []


def test_gateway_endpoints_to_the_same_words_are_ignored(scene: Scene) -> None:
    scene.aws.client("ec2").create_vpc_endpoint(
        VpcId=scene.vpc.id, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway"
    )
    assert scene.run("reconcile").codes == ["no-endpoint"]
