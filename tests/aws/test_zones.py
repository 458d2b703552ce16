"""Hosted zones, their VPCs and their lists behave as AWS documents.

https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

NAME = "platform.example.com"


def where(vpc: Vpc | str) -> dict[str, str]:
    return {"VPCRegion": "us-east-1", "VPCId": vpc if isinstance(vpc, str) else vpc.id}


@pytest.fixture
def route53(client: Client, vpc: Vpc) -> Any:
    return client("route53")


@pytest.fixture
def made(route53: Any, vpc: Vpc) -> dict[str, Any]:
    config = {"Comment": "ours"}
    return route53.create_hosted_zone(Name=NAME, CallerReference="r1", VPC=where(vpc), HostedZoneConfig=config)


def test_a_zone_with_a_vpc_is_private(route53: Any, made: dict[str, Any], vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html"""
    assert made["Location"].endswith(made["HostedZone"]["Id"])
    assert made["HostedZone"]["Id"].startswith("/hostedzone/Z")
    shown = route53.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert shown["HostedZone"]["Config"] == {"Comment": "ours", "PrivateZone": True}
    assert shown["VPCs"] == [where(vpc)]
    assert "DelegationSet" not in shown


def test_a_new_zone_has_ns_and_the_default_soa(aws: EmbeddedAws, made: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html"""
    ns, soa = aws.records(made["HostedZone"]["Id"])
    assert (ns["Type"], ns["TTL"], len(ns["ResourceRecords"])) == ("NS", 172800, 4)
    value = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    assert soa == {"Name": NAME + ".", "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": value}]}


def test_a_caller_reference_is_used_once_even_after_deletion(
    route53: Any, made: dict[str, Any], vpc: Vpc, refused: Refused
) -> None:
    again = {"Name": "other.example.com", "CallerReference": "r1", "VPC": where(vpc)}
    assert refused(route53.create_hosted_zone, **again)[::2] == ("HostedZoneAlreadyExists", 409)
    route53.delete_hosted_zone(Id=made["HostedZone"]["Id"])
    assert refused(route53.create_hosted_zone, **again)[0] == "HostedZoneAlreadyExists"


def test_a_refused_create_does_not_use_up_the_caller_reference(route53: Any, vpc: Vpc, refused: Refused) -> None:
    params = {"Name": NAME, "CallerReference": "r1"}
    assert refused(route53.create_hosted_zone, **params, VPC=where("vpc-0404"))[0] == "InvalidVPCId"
    route53.create_hosted_zone(**params, VPC=where(vpc))


def test_the_same_name_twice_on_a_vpc_conflicts(
    aws: EmbeddedAws, route53: Any, made: dict[str, Any], vpc: Vpc, refused: Refused
) -> None:
    params = {"Name": NAME.upper(), "CallerReference": "r2", "VPC": where(vpc)}
    code, message, status = refused(route53.create_hosted_zone, **params)
    assert (code, status) == ("ConflictingDomainExists", 400) and vpc.id in message
    other = aws.make_vpc("10.1.0.0/16")
    second = route53.create_hosted_zone(**params | {"VPC": where(other)})["HostedZone"]["Id"]
    code, _, _ = refused(route53.associate_vpc_with_hosted_zone, HostedZoneId=second, VPC=where(vpc))
    assert code == "ConflictingDomainExists"


def test_a_zone_of_another_account_conflicts_and_shows_in_the_list_by_vpc_only(
    aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused
) -> None:
    foreign = aws.make_foreign_account_zone(NAME, vpc, owner_account="999988887777")
    service = aws.make_foreign_account_zone("efs.example.com", vpc, owning_service="efs.amazonaws.com")
    code, _, _ = refused(route53.create_hosted_zone, Name=NAME, CallerReference="r", VPC=where(vpc))
    assert code == "ConflictingDomainExists"
    listed = route53.list_hosted_zones_by_vpc(VPCId=vpc.id, VPCRegion="us-east-1")["HostedZoneSummaries"]
    assert {zone["HostedZoneId"]: zone["Owner"] for zone in listed} == {
        foreign: {"OwningAccount": "999988887777"},
        service: {"OwningService": "efs.amazonaws.com"},
    }
    assert route53.list_hosted_zones()["HostedZones"] == []
    assert refused(route53.get_hosted_zone, Id=foreign)[0] == "NoSuchHostedZone"


def test_private_dns_of_an_endpoint_conflicts(aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html"""
    aws.request_endpoint(vpc, state="available", private_dns_name=NAME)
    code, _, _ = refused(route53.create_hosted_zone, Name=NAME, CallerReference="r", VPC=where(vpc))
    assert code == "ConflictingDomainExists"


def test_a_zone_with_records_is_not_deleted(
    aws: EmbeddedAws, route53: Any, made: dict[str, Any], refused: Refused
) -> None:
    zone = made["HostedZone"]["Id"]
    aws.put_records(zone, {"Name": NAME, "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "10.0.0.1"}]})
    assert refused(route53.delete_hosted_zone, Id=zone)[0] == "HostedZoneNotEmpty"
    aws.delete_record(zone, NAME, "A")
    route53.delete_hosted_zone(Id=zone)
    assert refused(route53.get_hosted_zone, Id=zone)[::2] == ("NoSuchHostedZone", 404)


def test_the_last_vpc_stays(aws: EmbeddedAws, route53: Any, made: dict[str, Any], vpc: Vpc, refused: Refused) -> None:
    zone, other = made["HostedZone"]["Id"], aws.make_vpc("10.1.0.0/16")
    assert (
        refused(route53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone, VPC=where(vpc))[0] == "LastVPCAssociation"
    )
    assert refused(route53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone, VPC=where(other))[::2] == (
        "VPCAssociationNotFound",
        404,
    )
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=where(other))
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=where(vpc))
    assert aws.zones(other)[0]["vpcs"] == [other.id]
    assert aws.zones(vpc) == []


def test_a_public_zone_takes_no_vpc(aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused) -> None:
    zone = aws.make_zone(NAME, private=False)
    code, _, _ = refused(route53.associate_vpc_with_hosted_zone, HostedZoneId=zone, VPC=where(vpc))
    assert code == "PublicZoneVPCAssociation"
    assert "DelegationSet" in route53.get_hosted_zone(Id=zone)


def test_a_vpc_of_another_account_needs_an_authorization_and_that_account(
    aws: EmbeddedAws, route53: Any, made: dict[str, Any], refused: Refused
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html"""
    target = {"HostedZoneId": made["HostedZone"]["Id"], "VPC": where("vpc-0foreign")}
    assert refused(route53.associate_vpc_with_hosted_zone, **target)[0] == "InvalidVPCId"
    route53.create_vpc_association_authorization(**target)
    listed = route53.list_vpc_association_authorizations(HostedZoneId=target["HostedZoneId"])
    assert listed["VPCs"] == [target["VPC"]]
    assert refused(route53.associate_vpc_with_hosted_zone, **target)[::2] == ("NotAuthorizedException", 401)
    aws.client("route53").associate_vpc_with_hosted_zone(**target)
    route53.delete_vpc_association_authorization(**target)
    gone = refused(route53.delete_vpc_association_authorization, **target)
    assert gone[::2] == ("VPCAssociationAuthorizationNotFound", 404)
    assert "vpc-0foreign" in aws.zones()[0]["vpcs"]


def test_a_change_is_pending_before_it_is_in_sync(aws: EmbeddedAws, route53: Any, made: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetChange.html"""
    aws.insync_after = 2
    assert made["ChangeInfo"]["Status"] == "PENDING"
    change = made["ChangeInfo"]["Id"]
    aws.client("route53").get_change(Id=change)
    seen = [route53.get_change(Id=change)["ChangeInfo"]["Status"] for _ in range(4)]
    assert seen == ["PENDING", "PENDING", "INSYNC", "INSYNC"]


def test_changes_of_the_test_itself_are_in_sync_and_every_change_has_its_own_id(
    aws: EmbeddedAws, made: dict[str, Any], vpc: Vpc
) -> None:
    own = aws.client("route53").create_hosted_zone(Name="b.example.com", CallerReference="b", VPC=where(vpc))
    assert own["ChangeInfo"]["Status"] == "INSYNC"
    assert own["ChangeInfo"]["Id"] != made["ChangeInfo"]["Id"]


def test_an_unknown_change_is_no_such_change(route53: Any, refused: Refused) -> None:
    assert refused(route53.get_change, Id="C404")[::2] == ("NoSuchChange", 404)


def test_zones_are_listed_by_name_in_reversed_label_order_with_public_ones(
    aws: EmbeddedAws, route53: Any, vpc: Vpc
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html"""
    for name in ("b.example.com", "z.a.example.com", "a.example.com"):
        aws.make_zone(name, vpc)
    aws.make_zone("b.example.com", private=False)
    found = route53.list_hosted_zones_by_name()["HostedZones"]
    assert [zone["Name"] for zone in found] == [
        "a.example.com.",
        "z.a.example.com.",
        "b.example.com.",
        "b.example.com.",
    ]
    page = route53.list_hosted_zones_by_name(DNSName="B.example.com", MaxItems="1")
    assert page["IsTruncated"] and page["NextDNSName"] == "b.example.com."
    last = route53.list_hosted_zones_by_name(DNSName="b.example.com", HostedZoneId=page["NextHostedZoneId"])
    assert len(last["HostedZones"]) == 1 and last["HostedZones"][0]["Id"] != page["HostedZones"][0]["Id"]


@pytest.mark.parametrize("asked", [{}, {"MaxItems": "500"}])
def test_a_page_holds_at_most_a_hundred_zones(aws: EmbeddedAws, route53: Any, vpc: Vpc, asked: dict[str, str]) -> None:
    made = {aws.make_zone(f"z{n}.example.com", vpc) for n in range(101)}
    first = route53.list_hosted_zones(**asked)
    assert first["IsTruncated"] and len(first["HostedZones"]) == 100
    rest = route53.list_hosted_zones(Marker=first["NextMarker"])
    listed = [zone["Id"].rsplit("/", 1)[-1] for zone in first["HostedZones"] + rest["HostedZones"]]
    assert len(listed) == 101 and set(listed) == made


def test_zones_by_vpc_come_in_pages(aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByVPC.html"""
    made = {aws.make_zone(f"z{n}.example.com", vpc) for n in range(3)}
    aws.make_zone("elsewhere.example.com", aws.make_vpc("10.1.0.0/16"))
    aws.page_size = 2
    where_ = {"VPCId": vpc.id, "VPCRegion": "us-east-1"}
    first = route53.list_hosted_zones_by_vpc(**where_)
    rest = route53.list_hosted_zones_by_vpc(**where_, NextToken=first["NextToken"])
    listed = first["HostedZoneSummaries"] + rest["HostedZoneSummaries"]
    assert "NextToken" not in rest and {zone["HostedZoneId"] for zone in listed} == made
    assert (
        refused(route53.list_hosted_zones_by_vpc, **where_, NextToken="never-handed-out")[0] == "InvalidPaginationToken"
    )


def test_records_come_in_route_53_order_with_escaped_names(aws: EmbeddedAws, route53: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html"""
    zone = aws.make_zone(NAME, vpc)
    for name in ("B", "a.b", "*", "a"):
        aws.put_records(
            zone, {"Name": f"{name}.{NAME}", "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "10.0.0.1"}]}
        )
    text = {"Name": "b." + NAME, "Type": "TXT", "TTL": 1, "ResourceRecords": [{"Value": '"x"'}]}
    aws.put_records(zone, text, text | {"Name": "a-b." + NAME})
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [(record["Name"].removesuffix("." + NAME + "."), record["Type"]) for record in found[2:]] == [
        ("\\052", "A"),
        ("a-b", "TXT"),
        ("a", "A"),
        ("b", "A"),
        ("b", "TXT"),
        ("a.b", "A"),
    ]


def test_records_come_in_pages_that_start_where_asked(
    aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused
) -> None:
    zone = aws.make_zone(NAME, vpc)
    aws.put_records(zone, {"Name": "*." + NAME, "Type": "A", "TTL": 1, "ResourceRecords": [{"Value": "10.0.0.1"}]})
    first = route53.list_resource_record_sets(HostedZoneId=zone, MaxItems="1")
    assert (first["IsTruncated"], first["NextRecordName"], first["NextRecordType"]) == (True, NAME + ".", "SOA")
    aws.page_size = 1
    rest = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName=NAME, StartRecordType="SOA")
    assert [record["Type"] for record in rest["ResourceRecordSets"]] == ["SOA"]
    assert rest["NextRecordName"] == "\\052." + NAME + "."
    last = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName="*." + NAME)
    assert not last["IsTruncated"] and last["ResourceRecordSets"][0]["Type"] == "A"
    assert len(aws.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]) == 3
    code, _, _ = refused(route53.list_resource_record_sets, HostedZoneId=zone, StartRecordType="A")
    assert code == "InvalidInput"
