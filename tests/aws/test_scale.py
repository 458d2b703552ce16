"""With many zones, VPCs and endpoints a call still touches only its own."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client

ZONES = 40


class Untouchable(dict[str, Any]):
    """A dict that finds by key and refuses to be gone through."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all of them were looked at")

    def keys(self) -> Any:
        return iter(self)

    def values(self) -> Any:
        return iter(self)

    def items(self) -> Any:
        return iter(self)


@pytest.fixture
def world(aws: EmbeddedAws) -> tuple[list[Vpc], list[str], list[str]]:
    """VPCs, endpoints and zones, one of each beside the other, of which none can be gone through."""
    vpcs = [aws.make_vpc(f"10.{n}.0.0/16") for n in range(ZONES)]
    endpoints = [aws.request_endpoint(vpc, state="available") for vpc in vpcs]
    zones = [aws.make_zone(f"z{n}.example.com", vpc) for n, vpc in enumerate(vpcs)]
    held = aws._route53.zones, aws._endpoints.endpoints
    held[0]._zones, held[1]._all = Untouchable(held[0]._zones), Untouchable(held[1]._all)
    held[0]._of[aws.account] = Untouchable(held[0]._of[aws.account])
    return vpcs, endpoints, zones


def test_a_call_on_a_zone_looks_at_no_other(
    aws: EmbeddedAws, client: Client, world: tuple[list[Vpc], list[str], list[str]]
) -> None:
    vpcs, endpoints, zones = world
    route53 = client("route53")
    where = {"VPCRegion": vpcs[0].region, "VPCId": vpcs[0].id}
    made = route53.create_hosted_zone(Name="new.example.com", CallerReference="r", VPC=where)["HostedZone"]["Id"]
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zones[7], VPC=where)
    entry = aws.endpoint(endpoints[7])["DnsEntries"][0]
    target = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    record = {"Name": "z7.example.com", "Type": "A", "AliasTarget": target}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zones[7], ChangeBatch=batch)
    found = route53.list_resource_record_sets(HostedZoneId=zones[7])["ResourceRecordSets"]
    assert found[0]["AliasTarget"]["DNSName"] == entry["DnsName"] + "."
    assert len(route53.get_hosted_zone(Id=zones[7])["VPCs"]) == 2
    listed = route53.list_hosted_zones_by_vpc(VPCId=vpcs[0].id, VPCRegion=vpcs[0].region)["HostedZoneSummaries"]
    assert {one["HostedZoneId"] for one in listed} == {zones[0], zones[7], made.rsplit("/", 1)[-1]}
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zones[7], VPC=where)
    route53.delete_hosted_zone(Id=made)


def test_an_answer_of_dns_looks_at_no_other_zone(
    aws: EmbeddedAws, world: tuple[list[Vpc], list[str], list[str]]
) -> None:
    vpcs, endpoints, zones = world
    entry = aws.endpoint(endpoints[7])["DnsEntries"][0]
    target = {"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"], "EvaluateTargetHealth": False}
    aws.put_records(zones[7], {"Name": "z7.example.com", "Type": "A", "AliasTarget": target})
    view = aws.view(vpcs[7].id)
    assert view.addresses("z7.example.com") == view.addresses(entry["DnsName"]) != []


def test_lists_of_many_zones_are_whole(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    made = {aws.make_zone(f"z{n}.example.com", vpc) for n in range(1000)}
    route53 = client("route53")
    for operation in ("list_hosted_zones", "list_hosted_zones_by_vpc", "list_hosted_zones_by_name"):
        assert ids(route53, operation, vpc) == made


def ids(route53: Any, operation: str, vpc: Vpc) -> set[str]:
    """The ids of every zone that an operation lists, page by page."""
    by_vpc = {"VPCId": vpc.id, "VPCRegion": vpc.region} if operation == "list_hosted_zones_by_vpc" else {}
    tokens = {
        "NextMarker": "Marker",
        "NextToken": "NextToken",
        "NextDNSName": "DNSName",
        "NextHostedZoneId": "HostedZoneId",
    }
    found: set[str] = set()
    params: dict[str, str] = {}
    while True:
        page = getattr(route53, operation)(**by_vpc, **params)
        zones = page.get("HostedZones") or page["HostedZoneSummaries"]
        found |= {(one.get("Id") or one["HostedZoneId"]).rsplit("/", 1)[-1] for one in zones}
        params = {name: page[token] for token, name in tokens.items() if page.get(token)}
        if not params:
            return found
