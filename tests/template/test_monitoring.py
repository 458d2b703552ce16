"""Alarms, dashboard, saved queries and the key: what a person sees of the stack, and what it is made of."""

import json
import re
from typing import Any

import pytest

from tests.template.stack import NEEDED, ROOT, VPC, Stack

KEY = "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
METRICS = (ROOT / "functions/planner/src/metrics.rs").read_text()


def resources(stack: Stack, kind: str) -> dict[str, Any]:
    """The properties of each resource of a type that these values make."""
    found = {name: one for name, one in stack.template["Resources"].items() if one["Type"] == kind}
    there = {
        name: one
        for name, one in found.items()
        if "Condition" not in one or stack.holds({"Condition": one["Condition"]})
    }
    return {name: one["Properties"] for name, one in there.items()}


def measured() -> set[str]:
    """The metrics that the code knows."""
    return set(re.findall(r'\("(\w+)", "(?:Count|Seconds|Milliseconds)"', METRICS))


def used_by_alarms(stack: Stack) -> set[str]:
    text = json.dumps([stack.value(one) for one in resources(stack, "AWS::CloudWatch::Alarm").values()])
    ours = re.findall(r'"Namespace": "tdp-privatelink", "MetricName": "(\w+)"', text)
    return set(ours)


def test_alarms_and_dashboard_look_at_metrics_that_there_are() -> None:
    stack = Stack(**NEEDED, VpcId=VPC, VerifySubnetIds="subnet-0a1b2c3d")
    (dashboard,) = resources(stack, "AWS::CloudWatch::Dashboard").values()
    shown = set(re.findall(r'"tdp-privatelink","(\w+)","OwnerId"', dashboard["DashboardBody"]["Fn::Sub"]))
    assert used_by_alarms(stack) >= {"CompletedLooks", "Lost", "Stopped", "ProofsFailed", "ProofPassed", "Throttled"}
    assert used_by_alarms(stack) | shown <= measured()
    assert measured() - used_by_alarms(stack) - shown == set(), "a metric that nobody looks at costs money"


def test_the_dashboard_is_json() -> None:
    (dashboard,) = resources(Stack(**NEEDED), "AWS::CloudWatch::Dashboard").values()
    text = re.sub(r"\$\{[\w:.]+\}", "x", dashboard["DashboardBody"]["Fn::Sub"])
    widgets = json.loads(text)["widgets"]
    assert {widget["type"] for widget in widgets} == {"text", "metric", "log"}
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places) and all(widget["x"] + widget["width"] <= 24 for widget in widgets)


@pytest.mark.parametrize(
    ("values", "alarms", "dashboards", "metrics"),
    [
        ({}, 8, 1, "on"),
        ({"Monitoring": "alarms"}, 8, 0, "on"),
        ({"Monitoring": "none"}, 0, 0, "off"),
        ({"VpcId": VPC, "VerifySubnetIds": "subnet-0a1b2c3d"}, 9, 1, "on"),
        ({"Verifiers": f"{VPC}=verify"}, 9, 1, "on"),
        ({"Verifiers": f"{VPC}=verify", "Monitoring": "none"}, 0, 0, "off"),
    ],
)
def test_each_part_of_the_monitoring_is_there_when_it_is_wanted(
    values: dict[str, str], alarms: int, dashboards: int, metrics: str
) -> None:
    stack = Stack(**NEEDED, **values)
    assert len(resources(stack, "AWS::CloudWatch::Alarm")) == alarms
    assert len(resources(stack, "AWS::CloudWatch::Dashboard")) == dashboards
    variables = stack.template["Resources"]["Reconcile"]["Properties"]["Environment"]["Variables"]
    assert stack.value(variables["METRICS"]) == metrics


def test_every_alarm_tells_the_announcement_topic_and_names_its_entry_in_the_runbook() -> None:
    runbook = (ROOT / "docs/runbook.md").read_text()
    topic = "arn:aws:sns:us-east-1:111122223333:mine"
    stack = Stack(**NEEDED, VpcId=VPC, VerifySubnetIds="subnet-0a1b2c3d", AnnouncementTopicArn=topic)
    for alarm in resources(stack, "AWS::CloudWatch::Alarm").values():
        assert stack.value(alarm["AlarmActions"]) == stack.value(alarm["OKActions"]) == [topic]
        name = stack.value(alarm["AlarmName"]).removeprefix("tdp-")
        assert f'docs/runbook.md, "{name}"' in alarm["AlarmDescription"]
        assert f"\n### {name}\n" in runbook


def test_cloudwatch_may_tell_the_topic_of_the_stack_for_its_own_alarms() -> None:
    stack = Stack(**NEEDED)
    policy = stack.value(stack.template["Resources"]["AnnouncementTopicPolicy"]["Properties"]["PolicyDocument"])
    (statement,) = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    arn = statement["Condition"]["ArnLike"]["aws:SourceArn"]
    names = [stack.value(one["AlarmName"]) for one in resources(stack, "AWS::CloudWatch::Alarm").values()]
    assert arn == "arn:aws:cloudwatch:us-east-1:111122223333:alarm:tdp-*"
    assert all(name.startswith("tdp-") for name in names)
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_a_key_encrypts_both_topics_the_queue_and_the_logs() -> None:
    values = {**NEEDED, "VpcId": VPC, "VerifySubnetIds": "subnet-0a1b2c3d"}
    stack = Stack(**values, EncryptionKeyArn=KEY)
    encrypted = {
        ("AWS::SNS::Topic", "KmsMasterKeyId"): 2,
        ("AWS::SQS::Queue", "KmsMasterKeyId"): 1,
        ("AWS::Logs::LogGroup", "KmsKeyId"): 3,
    }
    for (kind, key), count in encrypted.items():
        found = [stack.value(one) for one in resources(stack, kind).values()]
        assert [one.get(key) for one in found] == [KEY] * count
        assert not any(key in Stack(**values).value(one) for one in resources(Stack(**values), kind).values())
    queue = resources(stack, "AWS::SQS::Queue")["FailureQueue"]
    assert "SqsManagedSseEnabled" not in stack.value(queue), "SQS takes one of both"


def test_whoever_fills_topic_and_queue_may_use_the_key_for_that_and_nothing_else() -> None:
    stack = Stack(**NEEDED, EncryptionKeyArn=KEY)
    through = {}
    for name in ("ReconcileRole", "PreflightRole", "SchedulerRole"):
        keyed = [one for one in stack.statements(name).values() if one.get("Resource") == KEY]
        assert all(set(one["Action"]) == {"kms:GenerateDataKey*", "kms:Decrypt"} for one in keyed)
        through[name] = {one["Condition"]["StringLike"]["kms:ViaService"] for one in keyed}
    both = {"sns.us-east-1.amazonaws.com*", "sqs.us-east-1.amazonaws.com*"}
    assert through == {
        "ReconcileRole": both,
        "PreflightRole": both,
        "SchedulerRole": {"sqs.us-east-1.amazonaws.com*"},
    }


def test_saved_queries_look_for_fields_that_there_are() -> None:
    queries = resources(Stack(**NEEDED), "AWS::Logs::QueryDefinition")
    assert set(queries) == {"ChangesQuery", "ChangeDocumentsQuery", "ProblemsQuery", "ErrorsQuery"}
    trace = (ROOT / "functions/reconcile/trace.rs").read_text()
    for name, query in queries.items():
        roots = set(re.findall(r"\b(change\w+)\.", query["QueryString"]))
        assert all(f'"{root}"' in trace for root in roots), name


@pytest.mark.parametrize("subnets", ["", "subnet-0a1b2c3d"])
def test_saved_queries_look_into_the_logs_of_the_functions_that_there_are(subnets: str) -> None:
    stack = Stack(**NEEDED, VpcId=VPC, VerifySubnetIds=subnets)
    groups = {str(stack.value({"Ref": name})) for name in ("ReconcileLogs", "PreflightLogs")}
    more = {str(stack.value({"Ref": "VerifyLogs"}))} if subnets else set()
    queries = resources(stack, "AWS::Logs::QueryDefinition")
    for name, query in queries.items():
        found = set(stack.value(query["LogGroupNames"]))
        assert found == groups | more if name == "ErrorsQuery" else found <= groups


def test_every_function_logs_json_and_keeps_reports() -> None:
    functions = resources(Stack(**NEEDED, VpcId=VPC, VerifySubnetIds="subnet-0a1b2c3d"), "AWS::Serverless::Function")
    assert len(functions) == 3
    for function in functions.values():
        logging = function["LoggingConfig"]
        assert (logging["LogFormat"], logging["ApplicationLogLevel"]) == ("JSON", "INFO")
