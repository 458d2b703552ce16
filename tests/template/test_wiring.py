"""What wakes the functions, what becomes of an event that fails, and what stays when the stack is deleted."""

import json
import tomllib
from typing import Any

import pytest

from tests.template.stack import EVERYTHING, NEEDED, ROOT, Stack

RESOURCES: dict[str, Any] = Stack().template["Resources"]
FUNCTIONS = [name for name, one in RESOURCES.items() if one["Type"] == "AWS::Serverless::Function"]
ROLES = {"Reconcile": "ReconcileRole", "Verify": "VerifyRole", "Preflight": "PreflightRole"}
RETAINED = ("Retain", "RetainExceptOnCreate")
QUEUE = {"Fn::GetAtt": ["FailureQueue", "Arn"]}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = RESOURCES[name]["Properties"]
    return found


def events(function: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = properties(function).get("Events", {})
    return found


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "events" / name).read_text())
    return found


def test_notifications_of_the_endpoint_wake_the_function() -> None:
    """EC2 knows these four: https://docs.aws.amazon.com/vpc/latest/privatelink/manage-notifications-endpoint.html"""
    notification = properties("ConnectionNotification")
    assert sorted(notification["ConnectionEvents"]) == ["Accept", "Connect", "Delete", "Reject"]
    assert notification["ConnectionNotificationArn"] == {"Ref": "ConnectionTopic"}
    woken = [one["Properties"]["Topic"] for one in events("Reconcile").values() if one["Type"] == "SNS"]
    assert woken == [{"Ref": "ConnectionTopic"}]


def test_api_calls_about_endpoints_wake_the_function() -> None:
    rules = [one["Properties"] for one in events("Reconcile").values() if one["Type"] == "EventBridgeRule"]
    patterns = [rule["Pattern"] for rule in rules]
    (calls,) = [pattern for pattern in patterns if pattern["source"] == ["aws.ec2"]]
    assert calls["detail-type"] == ["AWS API Call via CloudTrail"]
    assert sorted(calls["detail"]["eventName"]) == ["CreateVpcEndpoint", "DeleteVpcEndpoints", "ModifyVpcEndpoint"]
    (own,) = [pattern for pattern in patterns if pattern["source"] == ["tdp.privatelink"]]
    for pattern, name in ((calls, "cloudtrail-create-vpc-endpoint.json"), (own, "state-change.json")):
        event = example(name)
        assert (event["source"] in pattern["source"], event["detail-type"] in pattern["detail-type"]) == (True, True)


def test_it_looks_every_minute_and_at_everything_every_quarter_of_an_hour() -> None:
    schedules = [one["Properties"] for one in events("Reconcile").values() if one["Type"] == "ScheduleV2"]
    found = {one["ScheduleExpression"]: json.loads(one["Input"]) for one in schedules}
    assert found == {"rate(1 minute)": {"task": "sweep"}, "rate(15 minutes)": {"task": "drift"}}
    assert [one.get("State", "ENABLED") for one in schedules] == ["ENABLED"] * 2


def test_every_event_that_fails_is_kept() -> None:
    """The ones that could not be delivered, and the ones that a function could not handle."""
    for function in ("Reconcile", "Preflight"):
        destination = properties(function)["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        assert (destination["Type"], destination["Destination"]) == ("SQS", QUEUE)
        for name, event in events(function).items():
            given = event["Properties"]
            kept = given.get("DeadLetterConfig", {}).get("Arn") or given["RedrivePolicy"]["deadLetterTargetArn"]
            assert kept == QUEUE, name
    assert properties("FailureQueue")["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_a_panic_ends_one_event_in_what_is_deployed() -> None:
    """Where the profile says nothing, cargo lambda builds so that a panic ends the process, and no error is answered."""
    profile = tomllib.loads((ROOT / "Cargo.toml").read_text())["profile"]["release"]
    assert profile["panic"] == "unwind"


def test_deleting_the_stack_cuts_nobody_off_and_deletes_no_log() -> None:
    """Records and zones are made by the function and not by the stack, so the stack cannot delete them."""
    types = {one["Type"] for one in RESOURCES.values()}
    assert [one for one in types if one.startswith(("AWS::Route53::", "Custom::", "AWS::CloudFormation::Custom"))] == []
    kept = ["Endpoint", "EndpointSecurityGroup"]
    kept += [name for name, one in RESOURCES.items() if one["Type"] == "AWS::Logs::LogGroup"]
    assert len(kept) == 2 + len(FUNCTIONS)
    assert [name for name in kept if RESOURCES[name].get("DeletionPolicy") not in RETAINED] == []


@pytest.mark.parametrize("days", ["365", "3653"])
def test_each_function_has_a_log_that_is_kept_as_long_as_is_said(days: str) -> None:
    stack = Stack(**NEEDED, LogRetentionDays=days)
    assert sorted(FUNCTIONS) == sorted(ROLES)
    for function in FUNCTIONS:
        group = properties(function)["LoggingConfig"]["LogGroup"]["Ref"]
        assert stack.value(properties(group)["RetentionInDays"]) == days
        assert RESOURCES[group]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_accept_create_or_change_an_endpoint(function: str) -> None:
    """Of EC2, the roles allow reading only, but for what Lambda itself needs to attach the verifier to its VPC."""
    role = ROLES[function]
    statements = Stack(**EVERYTHING, VerifySubnetIds="subnet-0a1b2c3d").statements(role)
    statements.pop("LetLambdaAttachTheFunction", None)
    listed = [one["Action"] for one in statements.values() if one["Effect"] == "Allow"]
    actions = {action for found in listed for action in ([found] if isinstance(found, str) else found)}
    assert {action for action in actions if "*" in action} <= {"kms:GenerateDataKey*"}
    writing = [one for one in actions if one.startswith("ec2:") and not one.startswith(("ec2:Describe", "ec2:Get"))]
    assert writing == []
