"""VPCs of other Regions and of other accounts on our zones, and what each account may do.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
"""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from tests.aws import OTHER_ACCOUNT, EmbeddedAws, Vpc, access_key
from tests.aws.conftest import Client, Refused
from tests.aws.zones import new_id

NAME = "platform.example.com"
THIRD = "333333333333"
HOST = {"Name": NAME, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.9.9.9"}]}


def where(vpc: Vpc) -> dict[str, str]:
    return {"VPCRegion": vpc.region, "VPCId": vpc.id}


def on(zone: str, vpc: Vpc) -> dict[str, Any]:
    return {"HostedZoneId": zone, "VPC": where(vpc)}


@pytest.fixture
def route53(client: Client, aws: EmbeddedAws) -> Any:
    return client("route53")


@pytest.fixture
def theirs(aws: EmbeddedAws) -> Any:
    """The other account's client."""
    return aws.client("route53", account=OTHER_ACCOUNT)


@pytest.fixture
def zone(aws: EmbeddedAws, vpc: Vpc) -> str:
    zone = aws.make_zone(NAME, vpc)
    aws.put_records(zone, HOST)
    return zone


@pytest.fixture
def foreign(aws: EmbeddedAws) -> Vpc:
    return aws.make_foreign_vpc()


@pytest.fixture
def shared(route53: Any, theirs: Any, zone: str, foreign: Vpc) -> str:
    """Our zone on our VPC and on theirs."""
    route53.create_vpc_association_authorization(**on(zone, foreign))
    theirs.associate_vpc_with_hosted_zone(**on(zone, foreign))
    return zone


def vpcs(route53: Any, zone: str) -> list[dict[str, str]]:
    return route53.get_hosted_zone(Id=zone)["VPCs"]


def test_a_vpc_of_another_region_is_associated_directly(
    aws: EmbeddedAws, route53: Any, zone: str, vpc: Vpc, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html"""
    there = aws.make_vpc("10.1.0.0/16", region="us-west-2")
    assert aws.view(there.id, {NAME: ["192.0.2.1"]}).addresses(NAME) == ["192.0.2.1"]
    misplaced = {"HostedZoneId": zone, "VPC": where(there) | {"VPCRegion": "us-east-1"}}
    assert refused(route53.associate_vpc_with_hosted_zone, **misplaced)[0] == "InvalidVPCId"
    route53.associate_vpc_with_hosted_zone(**on(zone, there))
    assert vpcs(route53, zone) == [where(vpc), where(there)]
    assert aws.view(there.id).addresses(NAME) == ["10.9.9.9"]
    [summary] = route53.list_hosted_zones_by_vpc(VPCId=there.id, VPCRegion="us-west-2")["HostedZoneSummaries"]
    assert (summary["HostedZoneId"], summary["Owner"]) == (zone, {"OwningAccount": aws.account})
    assert refused(route53.disassociate_vpc_from_hosted_zone, **misplaced)[0] == "VPCAssociationNotFound"
    route53.disassociate_vpc_from_hosted_zone(**on(zone, there))
    assert vpcs(route53, zone) == [where(vpc)]


def test_a_zone_is_made_on_a_vpc_of_another_region(aws: EmbeddedAws, route53: Any) -> None:
    there = aws.make_vpc(region="us-west-2")
    made = route53.create_hosted_zone(Name=NAME, CallerReference="r", VPC=where(there))["HostedZone"]["Id"]
    assert vpcs(route53, made) == [where(there)]
    assert len(there.subnet_ids) == 3


def test_the_owner_of_the_vpc_needs_an_authorization(
    aws: EmbeddedAws, route53: Any, theirs: Any, zone: str, vpc: Vpc, foreign: Vpc, refused: Refused
) -> None:
    target = on(zone, foreign)
    assert refused(theirs.associate_vpc_with_hosted_zone, **target)[::2] == ("NotAuthorizedException", 401)
    elsewhere = {"HostedZoneId": zone, "VPC": where(foreign) | {"VPCRegion": "us-west-2"}}
    route53.create_vpc_association_authorization(**elsewhere)
    assert refused(theirs.associate_vpc_with_hosted_zone, **target)[0] == "NotAuthorizedException"
    route53.create_vpc_association_authorization(**target)
    theirs.associate_vpc_with_hosted_zone(**target)
    assert vpcs(route53, zone) == [where(vpc), where(foreign)]
    assert aws.view(foreign.id).addresses(NAME) == ["10.9.9.9"]


def test_the_owner_of_the_zone_cannot_associate_their_vpc(
    aws: EmbeddedAws, route53: Any, zone: str, foreign: Vpc, refused: Refused
) -> None:
    """https://github.com/hashicorp/terraform-provider-aws/issues/18176"""
    refusal = ("NotAuthorizedException", 401)
    assert refused(route53.associate_vpc_with_hosted_zone, **on(zone, foreign))[::2] == refusal
    route53.create_vpc_association_authorization(**on(zone, foreign))
    for caller in (route53, aws.client("route53")):
        assert refused(caller.associate_vpc_with_hosted_zone, **on(zone, foreign))[::2] == refusal
    params = {"Name": "other.example.com", "CallerReference": "r", "VPC": where(foreign)}
    assert refused(route53.create_hosted_zone, **params)[0] == "InvalidVPCId"


def test_a_third_account_has_no_part_in_it(
    aws: EmbeddedAws, route53: Any, zone: str, vpc: Vpc, foreign: Vpc, refused: Refused
) -> None:
    third = aws.client("route53", account=THIRD)
    route53.create_vpc_association_authorization(**on(zone, foreign))
    for whose in (foreign, vpc):
        assert refused(third.associate_vpc_with_hosted_zone, **on(zone, whose))[0] == "NotAuthorizedException"
    assert refused(third.disassociate_vpc_from_hosted_zone, **on(zone, vpc))[0] == "AccessDenied"


def test_deleting_an_authorization_leaves_the_association(
    aws: EmbeddedAws, route53: Any, theirs: Any, shared: str, foreign: Vpc, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteVPCAssociationAuthorization.html"""
    route53.delete_vpc_association_authorization(**on(shared, foreign))
    assert route53.list_vpc_association_authorizations(HostedZoneId=shared)["VPCs"] == []
    assert where(foreign) in vpcs(route53, shared)
    theirs.disassociate_vpc_from_hosted_zone(**on(shared, foreign))
    assert refused(theirs.associate_vpc_with_hosted_zone, **on(shared, foreign))[0] == "NotAuthorizedException"


@pytest.mark.parametrize("whose", ["zone", "vpc"])
def test_either_account_may_disassociate(
    route53: Any, theirs: Any, shared: str, vpc: Vpc, foreign: Vpc, refused: Refused, whose: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html"""
    caller = route53 if whose == "zone" else theirs
    caller.disassociate_vpc_from_hosted_zone(**on(shared, foreign))
    assert vpcs(route53, shared) == [where(vpc)]
    gone = refused(caller.disassociate_vpc_from_hosted_zone, **on(shared, foreign))
    assert gone[::2] == ("VPCAssociationNotFound", 404)


def test_their_vpc_may_be_the_last_one(
    route53: Any, theirs: Any, shared: str, vpc: Vpc, foreign: Vpc, refused: Refused
) -> None:
    route53.disassociate_vpc_from_hosted_zone(**on(shared, vpc))
    for caller in (route53, theirs):
        assert refused(caller.disassociate_vpc_from_hosted_zone, **on(shared, foreign))[0] == "LastVPCAssociation"


def test_their_vpc_has_one_zone_of_a_name(
    aws: EmbeddedAws, route53: Any, theirs: Any, zone: str, foreign: Vpc, refused: Refused
) -> None:
    made = theirs.create_hosted_zone(Name=NAME, CallerReference="r", VPC=where(foreign))["HostedZone"]["Id"]
    route53.create_vpc_association_authorization(**on(zone, foreign))
    assert refused(theirs.associate_vpc_with_hosted_zone, **on(zone, foreign))[0] == "ConflictingDomainExists"
    theirs.delete_hosted_zone(Id=made)
    theirs.associate_vpc_with_hosted_zone(**on(zone, foreign))


def test_we_may_take_our_vpc_from_their_zone(aws: EmbeddedAws, route53: Any, vpc: Vpc, refused: Refused) -> None:
    own, other = aws.make_foreign_vpc(), aws.make_foreign_account_zone("efs.example.com", vpc, owning_service="efs")
    zone = aws.make_zone(NAME, own)
    aws.client("route53", account=OTHER_ACCOUNT).create_vpc_association_authorization(**on(zone, vpc))
    route53.associate_vpc_with_hosted_zone(**on(zone, vpc))
    listed = route53.list_hosted_zones_by_vpc(VPCId=vpc.id, VPCRegion=vpc.region)["HostedZoneSummaries"]
    assert {one["HostedZoneId"]: one["Owner"] for one in listed} == {
        zone: {"OwningAccount": OTHER_ACCOUNT},
        other: {"OwningService": "efs"},
    }
    route53.disassociate_vpc_from_hosted_zone(**on(zone, vpc))
    assert refused(route53.disassociate_vpc_from_hosted_zone, **on(other, vpc))[0] == "AccessDenied"


OTHERS_CALLS: list[tuple[str, Callable[[str, Vpc], dict[str, Any]]]] = [
    ("get_hosted_zone", lambda zone, vpc: {"Id": zone}),
    ("delete_hosted_zone", lambda zone, vpc: {"Id": zone}),
    ("update_hosted_zone_comment", lambda zone, vpc: {"Id": zone, "Comment": "x"}),
    ("list_resource_record_sets", lambda zone, vpc: {"HostedZoneId": zone}),
    ("create_vpc_association_authorization", on),
    ("delete_vpc_association_authorization", on),
    ("list_vpc_association_authorizations", lambda zone, vpc: {"HostedZoneId": zone}),
    (
        "change_resource_record_sets",
        lambda zone, vpc: {
            "HostedZoneId": zone,
            "ChangeBatch": {"Changes": [{"Action": "DELETE", "ResourceRecordSet": HOST}]},
        },
    ),
]


@pytest.mark.parametrize(("operation", "params"), OTHERS_CALLS)
def test_our_zone_is_not_theirs_even_on_their_vpc(
    aws: EmbeddedAws, theirs: Any, shared: str, foreign: Vpc, refused: Refused, operation: str, params: Any
) -> None:
    """https://github.com/hashicorp/terraform/issues/24286"""
    before = aws.zones(), aws.records(shared)
    assert refused(getattr(theirs, operation), **params(shared, foreign))[::2] == ("AccessDenied", 403)
    assert (aws.zones(), aws.records(shared)) == before


def test_each_account_lists_its_own_zones_and_vpcs(
    aws: EmbeddedAws, route53: Any, theirs: Any, shared: str, vpc: Vpc, foreign: Vpc, refused: Refused
) -> None:
    own = aws.make_zone("their.example.com", foreign)
    assert [one["Id"] for one in theirs.list_hosted_zones()["HostedZones"]] == [f"/hostedzone/{own}"]
    assert [one["Id"] for one in route53.list_hosted_zones_by_name()["HostedZones"]] == [f"/hostedzone/{shared}"]
    assert (theirs.get_hosted_zone_count()["HostedZoneCount"], [one["id"] for one in aws.zones()]) == (1, [shared])
    listed = theirs.list_hosted_zones_by_vpc(VPCId=foreign.id, VPCRegion=foreign.region)["HostedZoneSummaries"]
    assert {one["HostedZoneId"]: one["Owner"]["OwningAccount"] for one in listed} == {
        own: OTHER_ACCOUNT,
        shared: aws.account,
    }
    for caller, other in ((theirs, vpc), (route53, foreign)):
        params = {"VPCId": other.id, "VPCRegion": other.region}
        assert refused(caller.list_hosted_zones_by_vpc, **params)[0] == "InvalidInput"


def test_a_change_is_known_to_the_account_that_made_it(
    route53: Any, theirs: Any, zone: str, foreign: Vpc, refused: Refused
) -> None:
    route53.create_vpc_association_authorization(**on(zone, foreign))
    change = theirs.associate_vpc_with_hosted_zone(**on(zone, foreign))["ChangeInfo"]["Id"]
    assert theirs.get_change(Id=change)["ChangeInfo"]["Status"] == "INSYNC"
    assert refused(route53.get_change, Id=change)[0] == "NoSuchChange"


def test_an_access_key_says_whose_client_it_is(aws: EmbeddedAws, zone: str, refused: Refused) -> None:
    """The function under test may run as another account, too: then its calls are logged as usual."""
    keys = {"aws_access_key_id": access_key(OTHER_ACCOUNT), "aws_secret_access_key": "x"}
    clients = {name: boto3.client(name, "us-east-1", endpoint_url=aws.url, **keys) for name in ("sts", "route53")}
    assert clients["sts"].get_caller_identity()["Account"] == OTHER_ACCOUNT
    assert refused(clients["route53"].get_hosted_zone, Id=zone)[0] == "AccessDenied"
    assert aws.calls.names() == ["sts:GetCallerIdentity", "route53:GetHostedZone"]
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account


def test_a_zone_is_on_300_vpcs(aws: EmbeddedAws, route53: Any, zone: str, refused: Refused) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html"""
    zones, last = aws._route53.zones, aws.make_vpc("10.1.0.0/16")
    for _ in range(299):
        zones.attach(zones.find(zone), new_id("vpc-0", 16).lower(), "us-east-1")
    assert refused(route53.associate_vpc_with_hosted_zone, **on(zone, last))[::2] == ("LimitsExceeded", 400)
    zones.detach(zones.find(zone), next(iter(zones.find(zone).vpcs)))
    route53.associate_vpc_with_hosted_zone(**on(zone, last))
    assert len(vpcs(route53, zone)) == 300


def test_a_zone_has_1000_authorizations(aws: EmbeddedAws, route53: Any, zone: str, refused: Refused) -> None:
    authorized = aws._route53.zones.find(zone).authorized
    authorized.update({f"vpc-{n}": "us-east-1" for n in range(999)})
    create = route53.create_vpc_association_authorization
    create(**on(zone, aws.make_foreign_vpc()))
    assert len(authorized) == 1000
    code, _, status = refused(create, **on(zone, aws.make_foreign_vpc(cidr="10.1.0.0/16")))
    assert (code, status) == ("TooManyVPCAssociationAuthorizations", 400)
    route53.delete_vpc_association_authorization(HostedZoneId=zone, VPC={"VPCId": "vpc-1", "VPCRegion": "us-east-1"})
    create(**on(zone, aws.make_foreign_vpc(cidr="10.1.0.0/16")))
