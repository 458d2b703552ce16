"""The stack as an account gets it: made, changed and deleted by CloudFormation, woken by the real event patterns."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jmespath
import pytest
from moto.ec2.models import ec2_backends

from tests.aws import EmbeddedAws
from tests.aws.cloudformation import KEPT
from tests.template.deployed import STACK, Deployed
from tests.template.stack import NEEDED, ROOT, Stack

EVENTS = ROOT / "events"
BUS = {
    "cloudtrail-create-vpc-endpoint.json": ["ReconcileEndpointApiCalls"],
    "cloudtrail-modify-vpc-endpoint.json": ["ReconcileEndpointApiCalls"],
    "cloudtrail-delete-vpc-endpoints.json": ["ReconcileEndpointApiCalls"],
    "state-change.json": ["ReconcileStateChanges"],
    "preflight-deployed.json": ["PreflightAfterDeployment"],
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture(scope="module")
def deployed(aws: EmbeddedAws) -> Deployed:
    """Everything that one deployment can make: an endpoint, a verifier, e-mail, monitoring."""
    vpc = aws.make_vpc()
    subnets = ",".join(vpc.subnet_ids)
    return Deployed(
        aws,
        **NEEDED,
        VpcId=vpc.id,
        VerifySubnetIds=subnets,
        CreateEndpoint="true",
        SubnetIds=subnets,
        EndpointClientCidr="10.0.0.0/16",
        AnnouncementEmail="network@example.com",
        LogRetentionDays="731",
    )


def kept(kind: str) -> list[dict[str, Any]]:
    return list(KEPT.of(kind).values())


def targets(deployed: Deployed, rule: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = deployed.aws.client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return found


def test_each_resource_whose_condition_holds_is_made_and_no_other(deployed: Deployed) -> None:
    assert deployed.status == "CREATE_COMPLETE"
    left_out = {
        "AnnouncementKeyPolicy",
        "ExtraHostsPolicy",
        "ExtraVpcsPolicy",
        "OtherVerifiersPolicy",
        "QueueKeyPolicy",
        "TopicKeyPolicy",
    }
    assert set(deployed.template["Resources"]) - deployed.names() == left_out
    assert deployed.names() <= set(deployed.template["Resources"])


@pytest.mark.parametrize(("name", "seconds"), [("Reconcile", 240), ("Verify", 35), ("Preflight", 120)])
def test_each_function_is_what_lambda_starts(deployed: Deployed, name: str, seconds: int) -> None:
    found = deployed.aws.client("lambda").get_function(FunctionName=deployed.id(name))["Configuration"]
    assert (found["Runtime"], found["Handler"], found["Timeout"]) == ("provided.al2023", "bootstrap", seconds)
    assert (found["Architectures"], found["MemorySize"]) == (["x86_64"], 256)
    role = deployed.aws.client("iam").get_role(RoleName=deployed.id(f"{name}Role"))["Role"]
    assert found["Role"] == role["Arn"]
    assert bool(found.get("VpcConfig", {}).get("SubnetIds")) == (name == "Verify")


def test_the_function_is_told_what_the_parameters_say(deployed: Deployed) -> None:
    found = deployed.aws.client("lambda").get_function(FunctionName=deployed.id("Reconcile"))["Configuration"]
    variables = found["Environment"]["Variables"]
    verify = deployed.aws.client("lambda").get_function(FunctionName=deployed.id("Verify"))["Configuration"]
    assert variables["TDP_SERVICE_NAME"] == NEEDED["TdpServiceName"]
    assert variables["VERIFIERS"] == f"{deployed.values['VpcId']}={verify['FunctionArn']}"
    assert (variables["OWNER_ID"], variables["MODE"], variables["METRICS"]) == (STACK, "apply", "on")
    assert variables["TOPIC_ARN"] == deployed.id("AnnouncementTopic")


def test_logs_are_kept_as_long_as_asked(deployed: Deployed) -> None:
    groups = deployed.aws.client("logs").describe_log_groups()["logGroups"]
    days = {group["logGroupName"]: group["retentionInDays"] for group in groups}
    assert [days[deployed.id(name)] for name in ("ReconcileLogs", "VerifyLogs", "PreflightLogs")] == [731] * 3


def test_the_endpoint_is_made_to_the_service_and_asks_for_no_private_dns(deployed: Deployed) -> None:
    id = deployed.outputs()["EndpointId"]
    # CloudFormation's are moto's own, and not among those that tests arrange.
    endpoint = ec2_backends[deployed.aws.account]["us-east-1"].vpc_end_points[id]
    assert (endpoint.service_name, endpoint.vpc_id) == (NEEDED["TdpServiceName"], deployed.values["VpcId"])
    assert deployed.template["Resources"]["Endpoint"]["Properties"]["PrivateDnsEnabled"] is False
    (notification,) = kept("AWS::EC2::VPCEndpointConnectionNotification")
    assert notification["VPCEndpointId"] == id
    assert notification["ConnectionNotificationArn"] == deployed.id("ConnectionTopic")


def test_the_schedules_wake_the_function_with_their_tasks(deployed: Deployed) -> None:
    (group,) = KEPT.of("AWS::Scheduler::ScheduleGroup")
    arn = deployed.function_arn("Reconcile")
    found = {one["ScheduleExpression"]: one for one in kept("AWS::Scheduler::Schedule")}
    for every, task in (("rate(1 minute)", "sweep"), ("rate(15 minutes)", "drift")):
        target = found[every]["Target"]
        assert (target["Arn"], json.loads(target["Input"])) == (arn, {"task": task})
        assert target["DeadLetterConfig"]["Arn"].endswith(deployed.id("FailureQueue").rsplit("/", 1)[1])
        assert found[every]["GroupName"] == group


def test_news_of_endpoints_reach_the_function_by_sns(deployed: Deployed) -> None:
    protocols = {one["Protocol"]: one for one in kept("AWS::SNS::Subscription")}
    assert protocols["lambda"]["TopicArn"] == deployed.id("ConnectionTopic")
    assert protocols["lambda"]["Endpoint"] == deployed.function_arn("Reconcile")
    assert protocols["email"]["TopicArn"] == deployed.id("AnnouncementTopic")
    assert protocols["email"]["Endpoint"] == "network@example.com"


def test_alarms_tell_the_topic_that_people_subscribe_to(deployed: Deployed) -> None:
    alarms = kept("AWS::CloudWatch::Alarm")
    assert len(alarms) == 9
    topic = deployed.id("AnnouncementTopic")
    assert [one["AlarmName"] for one in alarms if one["AlarmActions"] != [topic] or one["OKActions"] != [topic]] == []
    ours = [one for one in alarms if one.get("Namespace") == "tdp-privatelink"]
    assert {one["Dimensions"][0]["Value"] for one in ours} == {STACK}
    (errors,) = [one for one in alarms if one["AlarmName"] == f"{STACK}-function-errors"]
    assert [one["Id"] for one in errors["Metrics"]] == ["errors", "reconcile", "preflight", "verify"]


def test_the_dashboard_shows_this_stack(deployed: Deployed) -> None:
    name = f"{STACK}-us-east-1"
    body = json.loads(deployed.aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    text = json.dumps(body)
    assert "${" not in text and deployed.id("Reconcile") in text and deployed.id("ReconcileLogs") in text
    assert name in deployed.outputs()["DashboardUrl"]


def test_events_that_fail_go_to_the_queue(deployed: Deployed) -> None:
    configured = kept("AWS::Lambda::EventInvokeConfig")
    queue = deployed.id("FailureQueue").rsplit("/", 1)[1]
    assert [one["DestinationConfig"]["OnFailure"]["Destination"].endswith(queue) for one in configured] == [True] * 2
    (policy,) = kept("AWS::SQS::QueuePolicy")
    sources = json.dumps(policy["PolicyDocument"])
    assert all(deployed.rule_arn(name) in sources for found in BUS.values() for name in found)


class Bus:
    """The default bus, with a queue at each rule in place of the function, which does not run here."""

    def __init__(self, deployed: Deployed) -> None:
        self.events, self.sqs = deployed.aws.client("events"), deployed.aws.client("sqs")
        self.queues: dict[str, str] = {}
        for name in sorted({name for found in BUS.values() for name in found}):
            self.queues[name] = self.sqs.create_queue(QueueName=f"at-{name}")["QueueUrl"]
            rule = deployed.id(name)
            (target,) = targets(deployed, rule)
            assert target["Arn"] == deployed.function_arn("Preflight" if name.startswith("Preflight") else "Reconcile")
            self.events.remove_targets(Rule=rule, Ids=[target["Id"]])
            arn = f"arn:aws:sqs:us-east-1:{deployed.aws.account}:at-{name}"
            self.events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])

    def rules_for(self, event: dict[str, Any]) -> list[str]:
        """The rules that pass an event on."""
        entry = {"Source": event["source"], "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}
        answer = self.events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0
        return [name for name, queue in self.queues.items() if self.sqs.receive_message(QueueUrl=queue).get("Messages")]


@pytest.fixture(scope="module")
def bus(deployed: Deployed) -> Bus:
    return Bus(deployed)


def example(deployed: Deployed, name: str) -> dict[str, Any]:
    """An event of the folder; CloudFormation's is about this stack."""
    event: dict[str, Any] = json.loads((EVENTS / name).read_text())
    if "stack-id" in event["detail"]:
        event["detail"]["stack-id"] = deployed.stack_id
    return event


@pytest.mark.parametrize("name", BUS)
def test_an_event_of_the_folder_reaches_its_function(deployed: Deployed, bus: Bus, name: str) -> None:
    assert bus.rules_for(example(deployed, name)) == BUS[name]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cloudtrail-create-vpc-endpoint.json", {"errorCode": "Client.UnauthorizedOperation"}),
        ("cloudtrail-create-vpc-endpoint.json", {"eventName": "DescribeVpcEndpoints"}),
        ("cloudtrail-create-vpc-endpoint.json", {"eventSource": "s3.amazonaws.com"}),
        ("preflight-deployed.json", {"stack-id": "arn:aws:cloudformation:us-east-1:123456789012:stack/another/1"}),
        ("preflight-deployed.json", {"status-details": {"status": "CREATE_IN_PROGRESS"}}),
    ],
)
def test_an_event_that_is_not_meant_wakes_nobody(
    deployed: Deployed, bus: Bus, name: str, changes: dict[str, Any]
) -> None:
    event = example(deployed, name)
    event["detail"] |= changes
    assert bus.rules_for(event) == []


def test_an_event_of_another_source_wakes_nobody(deployed: Deployed, bus: Bus) -> None:
    assert bus.rules_for(example(deployed, "state-change.json") | {"source": "tdp.other"}) == []


def test_the_outputs_are_commands_about_this_stack(deployed: Deployed) -> None:
    outputs = deployed.outputs()
    assert set(outputs) == set(deployed.template["Outputs"])
    assert deployed.id("Reconcile") in outputs["VerifyCommand"]
    assert deployed.id("ConnectionTopic") in outputs["NotifyCommand"]
    assert deployed.id("ReconcileLogs") in outputs["ChangesCommand"]


def test_the_command_before_deleting_changes_the_mode_and_nothing_else(deployed: Deployed) -> None:
    """Without code: a checkout that was not built, or for another processor, would replace functions that work."""
    command = deployed.outputs()["BeforeDeletingCommand"]
    assert command.startswith(
        f"aws cloudformation update-stack --stack-name {STACK} --region us-east-1 --use-previous-template "
    )
    assert " --parameters ParameterKey=Mode,ParameterValue=withdraw $(" in command
    (query,) = re.findall(r'--query "([^"]+)"', command)
    described = deployed.cloudformation.describe_stacks(StackName=STACK)
    others = sorted(set(deployed.template["Parameters"]) - {"Mode"})
    assert len(others) > 30
    assert sorted(jmespath.search(query, described)) == [
        f"ParameterKey={name},UsePreviousValue=true" for name in others
    ]


@pytest.mark.parametrize(
    ("partition", "console"),
    [
        ("aws", "us-east-1.console.aws.amazon.com"),
        ("aws-us-gov", "us-east-1.console.amazonaws-us-gov.com"),
        ("aws-cn", "us-east-1.console.amazonaws.cn"),
    ],
)
def test_the_dashboard_is_in_the_console_of_the_partition(partition: str, console: str) -> None:
    stack = Stack(**NEEDED, **{"AWS::Partition": partition, "Dashboard": "tdp"})
    url = stack.value(stack.template["Outputs"]["DashboardUrl"]["Value"])
    assert url.startswith(f"https://{console}/cloudwatch/home?")


def test_an_update_changes_what_was_asked_for_and_keeps_the_rest() -> None:
    """moto does not take away what a condition leaves out now; test_monitoring.py looks at the conditions."""
    with EmbeddedAws() as aws:
        vpc = aws.make_vpc()
        # moto looks at every reference of an update, also in what a condition leaves out: so nothing is left out.
        more = {"VpcId": vpc.id, "VerifySubnetIds": vpc.subnet_ids[0], "CreateEndpoint": "true"}
        more |= {"SubnetIds": vpc.subnet_ids[0], "EndpointClientCidr": "10.0.0.0/16"}
        deployed = Deployed(aws, **NEEDED, **more)
        before = {name: deployed.id(name) for name in ("Reconcile", "AnnouncementTopic", "FailureQueue")}
        deployed.update(Mode="withdraw", Monitoring="none")
        assert deployed.status == "UPDATE_COMPLETE"
        assert {name: deployed.id(name) for name in before} == before
        found = aws.client("lambda").get_function(FunctionName=deployed.id("Reconcile"))["Configuration"]
        assert found["Environment"]["Variables"]["MODE"] == "withdraw"
        assert found["Environment"]["Variables"]["METRICS"] == "off"


def test_one_parameter_says_for_which_processor(deployed: Deployed) -> None:
    """moto's CloudFormation does not read the property, so this looks at what it is given."""
    functions = [one for one in deployed.template["Resources"].values() if one["Type"] == "AWS::Lambda::Function"]
    assert [one["Properties"]["Architectures"] for one in functions] == [[{"Ref": "Architecture"}]] * 3
    assert deployed.template["Parameters"]["Architecture"]["AllowedValues"] == ["x86_64", "arm64"]


def test_deleting_takes_away_everything_but_what_carries_traffic_or_is_evidence() -> None:
    with EmbeddedAws() as aws:
        vpc = aws.make_vpc()
        subnets = {"SubnetIds": ",".join(vpc.subnet_ids), "EndpointClientCidr": "10.0.0.0/16"}
        deployed = Deployed(aws, **NEEDED, VpcId=vpc.id, CreateEndpoint="true", **subnets)
        made = deployed.template["Resources"]
        deployed.delete()
        assert aws.client("lambda").list_functions()["Functions"] == []
        assert aws.client("events").list_rules()["Rules"] == []
        assert aws.client("sns").list_topics()["Topics"] == []
        assert kept("AWS::CloudWatch::Alarm") == [] == kept("AWS::Scheduler::Schedule")
        stays = {name for name, one in made.items() if one.get("DeletionPolicy", "Delete") != "Delete"}
        assert stays == {"ReconcileLogs", "VerifyLogs", "PreflightLogs", "Endpoint", "EndpointSecurityGroup"}
