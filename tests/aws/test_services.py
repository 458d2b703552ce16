"""Endpoints of AWS's own services: their names, private DNS on and off, and aliases to them.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

import re
from typing import Any

import pytest

from tests.aws import EmbeddedAws, Vpc, aws_service_name
from tests.aws.conftest import Client, Refused
from tests.aws.errors import AwsError

# What each service's private DNS answers for, before `us-east-1.amazonaws.com`.
SERVICES = {
    "ecs": ["ecs"],
    "ecs-agent": ["ecs-a"],
    "ecs-telemetry": ["ecs-t"],
    "ssm": ["ssm"],
    "ssmmessages": ["ssmmessages"],
    "ec2messages": ["ec2messages"],
    "s3": ["s3", "*.s3"],
    "logs": ["logs"],
    "monitoring": ["monitoring"],
    "sqs": ["sqs"],
    "sns": ["sns"],
    "ecr.api": ["api.ecr"],
    "ecr.dkr": ["*.dkr.ecr"],
}
DOMAIN = "us-east-1.amazonaws.com"
S3 = f"s3.{DOMAIN}"
BUCKET = f"acme-prod-datalake.{S3}"
PUBLIC = {S3: ["192.0.2.1"], BUCKET: ["192.0.2.2"], f"sqs.{DOMAIN}": ["192.0.2.3"]}


def add(aws: EmbeddedAws, vpc: Vpc, service: str, **settings: Any) -> str:
    kind = settings.get("kind", "Interface")
    return aws.request_endpoint(vpc, aws_service_name(aws.region, service, kind), state="available", **settings)


def entries(aws: EmbeddedAws, endpoint: str) -> list[str]:
    return [entry["DnsName"] for entry in aws.endpoint(endpoint)["DnsEntries"]]


def addresses(aws: EmbeddedAws, endpoint: str) -> list[str]:
    ids = aws.endpoint(endpoint)["NetworkInterfaceIds"]
    found = aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    return sorted(one["PrivateIpAddress"] for one in found)


def alias(name: str, target: str, zone_id: str = "Z7HUB22UULQXV", kind: str = "A") -> dict[str, Any]:
    where = {"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": where}


def create(client: Client, zone: str, *records: dict[str, Any]) -> Any:
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    return client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_has_its_usual_hosts_when_private_dns_is_on(aws: EmbeddedAws, vpc: Vpc, service: str) -> None:
    endpoint = add(aws, vpc, service)
    assert not aws.endpoint(endpoint)["PrivateDnsEnabled"] and len(entries(aws, endpoint)) == 4
    aws.set_private_dns(endpoint, True)
    assert entries(aws, endpoint)[4:] == [f"{host}.{DOMAIN}" for host in SERVICES[service]]
    for host in entries(aws, endpoint)[4:]:
        assert aws.view(vpc.id).addresses(host.replace("*", "any")) == addresses(aws, endpoint)
    aws.set_private_dns(endpoint, False)
    assert len(entries(aws, endpoint)) == 4


def test_iot_has_no_private_dns(aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/iot/latest/developerguide/IoTCore-VPC.html"""
    endpoint = add(aws, vpc, "iot.credentials")
    assert entries(aws, endpoint)[0].endswith(".credentials.iot.us-east-1.vpce.amazonaws.com")
    modify = client("ec2").modify_vpc_endpoint
    assert refused(modify, VpcEndpointId=endpoint, PrivateDnsEnabled=True)[0] == "InvalidParameter"
    with pytest.raises(AwsError, match="does not provide a private DNS name"):
        add(aws, vpc, "iot.credentials", private_dns=True)


def test_the_names_of_s3_are_listed_as_wildcards(aws: EmbeddedAws, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html"""
    endpoint = add(aws, vpc, "s3")
    form = rf"\*\.{endpoint}-[0-9a-f]{{8}}(-us-east-1[abc])?\.s3\.us-east-1\.vpce\.amazonaws\.com"
    found = [re.fullmatch(form, name) for name in entries(aws, endpoint)]
    assert all(found) and [match[1] for match in found if match] == [None, "-us-east-1a", "-us-east-1b", "-us-east-1c"]


def test_the_names_of_s3_lead_to_it_from_any_bucket(aws: EmbeddedAws, vpc: Vpc) -> None:
    """RFC 4592: a wildcard covers what is below it, however deep, and not the name that it stands in."""
    endpoint = add(aws, vpc, "s3")
    regional, first_zone = (name.removeprefix("*.") for name in entries(aws, endpoint)[:2])
    view = aws.view(vpc.id)
    for host in (f"bucket.{regional}", f"acme.bucket.{regional}"):
        assert view.addresses(host) == addresses(aws, endpoint)
    assert view.addresses(f"bucket.{first_zone}") == addresses(aws, endpoint)[:1]
    assert (view.resolve(regional, "A").exists, view.addresses(regional)) == (True, [])
    other = add(aws, vpc, "sqs")
    assert not view.resolve(f"bucket.{entries(aws, other)[0]}", "A").exists


@pytest.mark.parametrize("star", ["*", "\\052"])
def test_an_alias_to_s3_is_accepted_however_the_star_is_spelled(
    aws: EmbeddedAws, client: Client, vpc: Vpc, star: str
) -> None:
    """https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html"""
    endpoint, zone = add(aws, vpc, "s3"), aws.make_zone(S3, vpc)
    target = entries(aws, endpoint)[0].replace("*", star)
    create(client, zone, alias(S3, target), alias(f"{star}.{S3}", target))
    found = client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [(one["Name"], one["AliasTarget"]["DNSName"]) for one in found if one["Type"] == "A"] == [
        (f"{name}{S3}.", target.replace(star, "\\052") + ".") for name in ("", "\\052.")
    ]
    for host in (S3, BUCKET, f"deep.{BUCKET}"):
        assert aws.view(vpc.id, PUBLIC).addresses(host) == addresses(aws, endpoint)


def test_an_alias_to_s3_needs_the_listed_name_and_its_zone(
    aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused
) -> None:
    endpoint, zone = add(aws, vpc, "s3"), aws.make_zone(S3, vpc)
    target = entries(aws, endpoint)[0]
    for wrong in (target.removeprefix("*."), target.replace("*", "bucket")):
        code, message, _ = refused(lambda target=wrong: create(client, zone, alias(S3, target)))
        assert code == "InvalidChangeBatch" and "but that target was not found" in message
    code, message, _ = refused(lambda: create(client, zone, alias(S3, target, "Z0")))
    assert code == "InvalidChangeBatch" and "does not lie within the target zone" in message
    aws.remove_endpoint(endpoint)
    assert "but that target was not found" in refused(lambda: create(client, zone, alias(S3, target)))[1]


def test_a_wildcard_record_leaves_existing_names_alone(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    endpoint, zone = add(aws, vpc, "s3"), aws.make_zone(S3, vpc)
    text = {"Name": BUCKET, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": '"x"'}]}
    create(client, zone, alias(f"*.{S3}", entries(aws, endpoint)[0]), text)
    view = aws.view(vpc.id, PUBLIC)
    assert (view.addresses(BUCKET), view.resolve(BUCKET, "A").exists) == ([], True)
    assert view.addresses(f"other.{S3}") == addresses(aws, endpoint)
    assert view.addresses(S3) == []


def test_private_dns_hides_every_name_in_its_zones(aws: EmbeddedAws, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html"""
    sqs, registry = add(aws, vpc, "sqs", private_dns=True), add(aws, vpc, "ecr.dkr", private_dns=True)
    view = aws.view(vpc.id, PUBLIC)
    assert view.addresses(f"sqs.{DOMAIN}") == addresses(aws, sqs)
    assert not view.resolve(f"queue.sqs.{DOMAIN}", "A").exists
    assert view.addresses(f"753968983172.dkr.ecr.{DOMAIN}") == addresses(aws, registry)
    assert (view.addresses(f"dkr.ecr.{DOMAIN}"), view.addresses(S3)) == ([], ["192.0.2.1"])
    elsewhere = aws.view(aws.make_vpc("10.1.0.0/16").id, PUBLIC)
    assert elsewhere.addresses(f"sqs.{DOMAIN}") == ["192.0.2.3"]


@pytest.mark.parametrize(("service", "zone"), [("sqs", f"sqs.{DOMAIN}"), ("s3", S3), ("ecr.dkr", f"dkr.ecr.{DOMAIN}")])
def test_private_dns_and_a_zone_of_its_name_exclude_each_other(
    aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused, service: str, zone: str
) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html"""
    route53, ec2, other = client("route53"), client("ec2"), aws.make_vpc("10.1.0.0/16")
    endpoint, where = add(aws, vpc, service, private_dns=True), {"VPCRegion": "us-east-1", "VPCId": vpc.id}
    params = {"Name": zone, "CallerReference": "r", "VPC": where}
    assert refused(route53.create_hosted_zone, **params)[0] == "ConflictingDomainExists"
    made = aws.make_zone(zone, other)
    associate = route53.associate_vpc_with_hosted_zone
    assert refused(associate, HostedZoneId=made, VPC=where)[0] == "ConflictingDomainExists"
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)
    associate(HostedZoneId=made, VPC=where)
    code, message, _ = refused(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, PrivateDnsEnabled=True)
    assert code == "InvalidParameter" and "already a conflicting DNS domain" in message
    wanted = {"VpcId": vpc.id, "ServiceName": aws_service_name("us-east-1", service), "VpcEndpointType": "Interface"}
    assert refused(ec2.create_vpc_endpoint, **wanted)[0] == "InvalidParameter"
    with pytest.raises(AwsError, match="conflicting DNS domain"):
        aws.set_private_dns(endpoint, True)
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=made, VPC=where)
    aws.set_private_dns(endpoint, True)


def test_two_endpoints_do_not_share_private_dns(aws: EmbeddedAws, vpc: Vpc) -> None:
    add(aws, vpc, "sqs", private_dns=True)
    with pytest.raises(AwsError, match="conflicting DNS domain"):
        add(aws, vpc, "sqs", private_dns=True)
    assert add(aws, vpc, "sqs")


def test_a_gateway_has_neither_names_nor_interfaces(aws: EmbeddedAws, client: Client, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""
    gateway, interface = add(aws, vpc, "s3", kind="Gateway"), add(aws, vpc, "s3", private_dns=True)
    found = client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-type", "Values": ["Gateway"]}])
    [shown] = found["VpcEndpoints"]
    assert (shown["VpcEndpointId"], shown["State"], shown["PrivateDnsEnabled"]) == (gateway, "available", False)
    assert shown["DnsEntries"] == shown["NetworkInterfaceIds"] == shown["SubnetIds"] == shown["Groups"] == []
    assert aws.view(vpc.id, PUBLIC).addresses(S3) == addresses(aws, interface)


@pytest.mark.parametrize(
    ("values", "code"), [([200], None), ([201], "FilterLimitExceeded"), ([199, 2], "FilterLimitExceeded")]
)
def test_a_call_has_at_most_200_filter_values(
    aws: EmbeddedAws, client: Client, vpc: Vpc, refused: Refused, values: list[int], code: str | None
) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    endpoints = [add(aws, vpc, service) for service in SERVICES]
    names = [aws_service_name("us-east-1", service) for service in SERVICES] + [f"unknown-{n}" for n in range(200)]
    filters = [{"Name": "service-name", "Values": names[: values[0]]}]
    filters += [{"Name": "vpc-id", "Values": [vpc.id] * more} for more in values[1:]]
    describe = client("ec2").describe_vpc_endpoints
    if code:
        assert refused(describe, Filters=filters)[::2] == (code, 400)
        return
    assert [one["VpcEndpointId"] for one in describe(Filters=filters)["VpcEndpoints"]] == endpoints
