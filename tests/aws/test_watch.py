"""What clients are answered between two calls of the function under test."""

from typing import Any

import pytest
from botocore.parsers import ResponseParserError

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

NAME = "platform.example.com"
PUBLIC = {NAME: ["192.0.2.2", "192.0.2.1", "2001:db8::1"]}
BEFORE = ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


@pytest.fixture
def route53(client: Client, aws: EmbeddedAws) -> Any:
    return client("route53")


def a(*values: str) -> dict[str, Any]:
    return {"Name": NAME, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}


def where(vpc: Vpc) -> dict[str, str]:
    return {"VPCRegion": vpc.region, "VPCId": vpc.id}


def change(route53: Any, zone: str, *steps: tuple[str, dict[str, Any]]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": record} for action, record in steps]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_a_moment_without_an_answer_is_noted(aws: EmbeddedAws, route53: Any, vpc: Vpc) -> None:
    watch = aws.watch_dns(vpc, NAME, f"www.{NAME}", public=PUBLIC)
    zone = route53.create_hosted_zone(Name=NAME, CallerReference="r", VPC=where(vpc))["HostedZone"]["Id"]
    change(route53, zone, ("CREATE", a("10.0.0.2", "10.0.0.1")))
    assert watch.answers(NAME) == [BEFORE, [], ["10.0.0.1", "10.0.0.2"]]
    assert watch.answers(f"www.{NAME}") == [[]]


def test_a_zone_that_is_filled_elsewhere_first_leaves_no_such_moment(aws: EmbeddedAws, route53: Any, vpc: Vpc) -> None:
    staging, watch = aws.make_vpc("10.1.0.0/16"), aws.watch_dns(vpc, NAME, public=PUBLIC)
    zone = route53.create_hosted_zone(Name=NAME, CallerReference="r", VPC=where(staging))["HostedZone"]["Id"]
    change(route53, zone, ("CREATE", a("10.0.0.1")))
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=where(vpc))
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=where(staging))
    change(route53, zone, ("DELETE", a("10.0.0.1")), ("CREATE", a("10.0.0.2")))
    assert watch.answers(NAME) == [BEFORE, ["10.0.0.1"], ["10.0.0.2"]]
    assert all(watch.answers(NAME))


def test_what_two_calls_do_to_each_other_is_noted_after_each(aws: EmbeddedAws, route53: Any, vpc: Vpc) -> None:
    zone = aws.make_zone(NAME, vpc)
    aws.put_records(zone, a("10.0.0.1"))
    watch = aws.watch_dns(vpc, NAME)
    for _ in range(2):
        change(route53, zone, ("DELETE", a("10.0.0.1")))
        change(route53, zone, ("CREATE", a("10.0.0.1")))
    assert watch.answers(NAME) == [["10.0.0.1"], [], ["10.0.0.1"], [], ["10.0.0.1"]]


def test_a_refused_or_a_lost_call_is_a_call(
    aws: EmbeddedAws, client: Client, route53: Any, vpc: Vpc, refused: Refused
) -> None:
    zone, watch = aws.make_zone("example.com", vpc), aws.watch_dns(vpc, NAME, public=PUBLIC)
    change(aws.client("route53"), zone, ("CREATE", a("10.0.0.1")))
    assert len(watch.answers(NAME)) == 1, "the test's own changes show with the next call"
    refused(route53.get_hosted_zone, Id="Z404")
    aws.delete_record(zone, NAME, "A")
    aws.faults.add("malformed", "ec2")
    with pytest.raises(ResponseParserError):
        client("ec2").describe_vpc_endpoints()
    assert watch.answers(NAME) == [[], ["10.0.0.1"], []]


def test_an_endpoint_that_goes_away_is_seen(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    endpoint, zone = aws.request_endpoint(vpc, state="available", ip_type="dualstack"), aws.make_zone(NAME, vpc)
    entry = aws.endpoint(endpoint)["DnsEntries"][0]
    target = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    aws.put_records(zone, *({"Name": NAME, "Type": kind, "AliasTarget": target} for kind in ("A", "AAAA")))
    watch = aws.watch_dns(vpc, NAME)
    aws.set_endpoint_state(endpoint, "deleted", after_describes=1)
    client("ec2").describe_vpc_endpoints()
    [before, after] = watch.answers(NAME)
    assert (len(before), after) == (6, []) and sum(":" in one for one in before) == 3


def test_a_watch_ends_with_the_reset(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    aws.put_records(aws.make_zone(NAME, vpc), a("10.0.0.1"))
    watch = aws.watch_dns(vpc, NAME)
    aws.reset()
    client("route53").list_hosted_zones()
    assert watch.answers(NAME) == [["10.0.0.1"]]
