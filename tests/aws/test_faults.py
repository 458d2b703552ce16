"""Faults strike the calls that they are meant for, in each service's own words, and the log tells."""

import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

NAME = "platform.example.com"


def describe(client: Client) -> Any:
    return client("ec2").describe_vpc_endpoints()


def list_zones(client: Client) -> Any:
    return client("route53").list_hosted_zones()


def publish(client: Client) -> Any:
    return client("sns").publish(TopicArn="arn:aws:sns:us-east-1:123456789012:news", Message="x")


def put(client: Client) -> Any:
    return client("ssm").put_parameter(Name="/tdp/x", Value="v", Type="String")


CALLS = {"ec2": describe, "route53": list_zones, "sns": publish, "ssm": put}


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("ec2", "RequestLimitExceeded", 503),
        ("route53", "Throttling", 400),
        ("sns", "Throttling", 400),
        ("ssm", "ThrottlingException", 400),
    ],
)
def test_throttled_calls_carry_the_services_code(
    aws: EmbeddedAws, client: Client, refused: Refused, service: str, code: str, status: int
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html"""
    aws.faults.add("throttle", service)
    assert refused(lambda: CALLS[service](client))[::2] == (code, status)
    assert [(call.fault, call.status) for call in aws.calls] == [("throttle", status)]


@pytest.mark.parametrize(
    ("service", "code", "status", "action", "resource"),
    [
        ("ec2", "UnauthorizedOperation", 403, "ec2:DescribeVpcEndpoints", "*"),
        ("route53", "AccessDenied", 403, "route53:ListHostedZones", "*"),
        ("sns", "AuthorizationError", 403, "SNS:Publish", "arn:aws:sns:us-east-1:123456789012:news"),
        ("ssm", "AccessDeniedException", 400, "ssm:PutParameter", "arn:aws:ssm:us-east-1:123456789012:parameter/tdp/x"),
    ],
)
def test_denied_calls_say_who_may_not_do_what(
    aws: EmbeddedAws, client: Client, refused: Refused, service: str, code: str, status: int, action: str, resource: str
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    aws.faults.add("denied", service)
    got, message, http = refused(lambda: CALLS[service](client))
    assert (got, http) == (code, status)
    user = "User: arn:aws:sts::123456789012:assumed-role/reconcile/x"
    assert f"{user} is not authorized to perform: {action} on resource: {resource} " in message


def test_an_outage_is_a_503(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    aws.faults.add("503")
    assert refused(lambda: list_zones(client))[::2] == ("ServiceUnavailable", 503)
    list_zones(client)


def test_only_the_nth_matching_calls_fail(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    aws.faults.add("throttle", "route53", "ListHostedZones", nth=2, times=2)
    list_zones(client)
    client("route53").get_hosted_zone_count()
    refused(lambda: list_zones(client))
    refused(lambda: list_zones(client))
    list_zones(client)
    assert [call.fault for call in aws.calls] == [None, None, "throttle", "throttle", None]


def test_a_fault_for_ever_ends_when_cleared(aws: EmbeddedAws, client: Client, refused: Refused) -> None:
    aws.faults.add("throttle", "ec2", times=None)
    for _ in range(3):
        refused(lambda: describe(client))
    list_zones(client)
    aws.faults.clear()
    describe(client)


def zone_of(vpc: Vpc) -> dict[str, Any]:
    return {"Name": NAME, "CallerReference": "r", "VPC": {"VPCRegion": "us-east-1", "VPCId": vpc.id}}


def test_a_dropped_call_was_not_processed(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    aws.faults.add("drop", "route53", "CreateHostedZone")
    with pytest.raises(ConnectionClosedError):
        client("route53").create_hosted_zone(**zone_of(vpc))
    assert aws.zones() == []
    assert [(call.name, call.fault, call.status) for call in aws.calls] == [("route53:CreateHostedZone", "drop", 0)]


def test_a_lost_answer_leaves_the_change_committed(
    aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused
) -> None:
    aws.faults.add("lost", "route53", "CreateHostedZone")
    with pytest.raises(ConnectionClosedError):
        client("route53").create_hosted_zone(**zone_of(vpc))
    assert [zone["name"] for zone in aws.zones()] == [NAME]
    assert refused(client("route53").create_hosted_zone, **zone_of(vpc))[0] in (
        "HostedZoneAlreadyExists",
        "ConflictingDomainExists",
    )


def test_a_lost_publish_was_published(aws: EmbeddedAws, client: Client) -> None:
    topic = aws.make_topic("news")
    aws.faults.add("lost", "sns")
    with pytest.raises(ConnectionClosedError):
        client("sns").publish(TopicArn=topic, Message="hello")
    assert [message.message for message in aws.messages(topic)] == ["hello"]


def test_a_malformed_answer_is_cut_off(aws: EmbeddedAws, client: Client) -> None:
    aws.faults.add("malformed", "route53")
    with pytest.raises(ResponseParserError):
        list_zones(client)


def test_a_slow_call_answers_in_the_end(aws: EmbeddedAws, client: Client) -> None:
    aws.faults.add("slow", "route53", seconds=0.3)
    started = time.monotonic()
    list_zones(client)
    assert time.monotonic() - started >= 0.3


def test_an_unknown_fault_is_a_mistake_in_the_test(aws: EmbeddedAws) -> None:
    with pytest.raises(ValueError, match="unknown fault 'thrttle'"):
        aws.faults.add("thrttle")


def test_the_log_names_calls_with_their_parameters(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    made = client("route53").create_hosted_zone(**zone_of(vpc))["HostedZone"]["Id"].rsplit("/", 1)[-1]
    client("route53").get_hosted_zone(Id=made)
    client("ssm").put_parameter(Name="/tdp/x", Value="v", Type="String")
    client("sts").get_caller_identity()
    names = ["route53:CreateHostedZone", "route53:GetHostedZone", "ssm:PutParameter", "sts:GetCallerIdentity"]
    assert aws.calls.names() == names
    assert aws.calls.count("route53:GetHostedZone") == 1 and aws.calls.count("route53") == 2
    assert aws.calls[0].params == zone_of(vpc)
    assert aws.calls[1].params == {"Id": made}
    assert aws.calls[2].params["Name"] == "/tdp/x"
    assert [call.status for call in aws.calls] == [201, 200, 200, 200]
    aws.calls.clear()
    assert len(aws.calls) == 0


def test_the_tests_own_calls_are_neither_logged_nor_faulted_nor_gated(aws: EmbeddedAws) -> None:
    aws.faults.add("throttle", times=None)
    seen: list[tuple[str, str]] = []
    aws.on_call(lambda service, operation: seen.append((service, operation)))
    aws.client("route53").list_hosted_zones()
    aws.client("ec2").describe_vpc_endpoints()
    assert len(aws.calls) == 0 and seen == []


def test_a_callback_holds_a_call_back(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    arrived, release = threading.Event(), threading.Event()

    def gate(service: str, operation: str) -> None:
        if operation == "CreateHostedZone":
            arrived.set()
            release.wait(5)

    aws.on_call(gate)
    worker = threading.Thread(target=lambda: client("route53").create_hosted_zone(**zone_of(vpc)))
    worker.start()
    assert arrived.wait(5)
    list_zones(client)
    assert aws.zones() == []
    release.set()
    worker.join()
    assert len(aws.zones()) == 1


def test_two_clients_at_once_never_both_create(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    zone = aws.make_zone(NAME, vpc)
    record = {"Name": NAME, "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    outcomes: list[str] = []

    def create() -> None:
        try:
            route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
            outcomes.append("created")
        except route53.exceptions.InvalidChangeBatch:
            outcomes.append("refused")

    route53 = client("route53")
    workers = [threading.Thread(target=create) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(outcomes) == ["created"] + ["refused"] * 7


def test_reset_empties_everything(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    aws.make_zone(NAME, vpc)
    topic = aws.make_topic("news")
    endpoint = aws.request_endpoint(vpc)
    client("sns").publish(TopicArn=topic, Message="x")
    client("ssm").put_parameter(Name="/tdp/x", Value="v", Type="String")
    aws.page_size, aws.insync_after = 1, 9
    aws.faults.add("503", times=None)
    aws.reset()
    assert (aws.zones(), aws.messages(), aws.parameters(), len(aws.calls)) == ([], [], {}, 0)
    assert (aws.page_size, aws.insync_after) == (None, 1)
    found = describe(client)["VpcEndpoints"]
    assert endpoint not in [one["VpcEndpointId"] for one in found]
    vpcs = client("ec2").describe_vpcs()["Vpcs"]
    assert vpc.id not in [one["VpcId"] for one in vpcs]
