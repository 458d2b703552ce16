"""In China and in GovCloud names and ARNs are those of the partition.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from typing import Any

import boto3
import pytest

from tests.aws import EmbeddedAws, Vpc, aws_service_name, endpoint_zone, service_name
from tests.aws.conftest import Refused

CHINA, GOVCLOUD, USUAL = "cn-north-1", "us-gov-west-1", "us-east-1"
REGIONS = pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [(CHINA, "aws-cn", "amazonaws.com.cn"), (GOVCLOUD, "aws-us-gov", "amazonaws.com"), (USUAL, "aws", "amazonaws.com")],
)


def vpc_in(aws: EmbeddedAws, region: str) -> Vpc:
    aws.reset(region=region)
    return aws.make_vpc()


def product(aws: EmbeddedAws, name: str) -> Any:
    keys = {"aws_access_key_id": "product", "aws_secret_access_key": "product"}
    return boto3.client(name, aws.region, endpoint_url=aws.url, **keys)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (service_name(), "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d4e5f60718"),
        (service_name(CHINA), "cn.com.amazonaws.vpce.cn-north-1.vpce-svc-0a1b2c3d4e5f60718"),
        (service_name(GOVCLOUD), "com.amazonaws.vpce.us-gov-west-1.vpce-svc-0a1b2c3d4e5f60718"),
        (aws_service_name(CHINA, "sqs"), "cn.com.amazonaws.cn-north-1.sqs"),
        (aws_service_name(CHINA, "s3"), "cn.com.amazonaws.cn-north-1.s3"),
        (aws_service_name(CHINA, "s3", "Gateway"), "com.amazonaws.cn-north-1.s3"),
        (aws_service_name(CHINA, "ssm"), "com.amazonaws.cn-north-1.ssm"),
        (aws_service_name(GOVCLOUD, "sqs"), "com.amazonaws.us-gov-west-1.sqs"),
    ],
)
def test_some_services_of_china_have_a_name_of_their_own(name: str, expected: str) -> None:
    """https://github.com/aws/aws-cdk/pull/16139"""
    assert name == expected


@REGIONS
def test_endpoint_names_end_in_the_partitions_domain(
    aws: EmbeddedAws, region: str, partition: str, suffix: str
) -> None:
    vpc = vpc_in(aws, region)
    endpoint = aws.request_endpoint(vpc, state="available")
    [shown] = product(aws, "ec2").describe_vpc_endpoints()["VpcEndpoints"]
    assert (shown["VpcEndpointId"], shown["ServiceName"]) == (endpoint, service_name(region))
    for entry in shown["DnsEntries"]:
        assert entry["DnsName"].endswith(f".vpce-svc-0a1b2c3d4e5f60718.{region}.vpce.{suffix}")
        assert entry["HostedZoneId"] == endpoint_zone(region)
    assert len(shown["DnsEntries"]) == 1 + len(vpc.subnet_ids)


@REGIONS
@pytest.mark.parametrize("service", ["sqs", "s3", "ssm"])
def test_private_dns_is_of_the_partitions_domain(
    aws: EmbeddedAws, region: str, partition: str, suffix: str, service: str
) -> None:
    vpc = vpc_in(aws, region)
    for name in {aws_service_name(region, service), f"com.amazonaws.{region}.{service}"}:
        endpoint = aws.request_endpoint(vpc, name, state="available", private_dns=True)
        entries = [entry["DnsName"] for entry in aws.endpoint(endpoint)["DnsEntries"]]
        assert entries[0].endswith(f".{service}.{region}.vpce.{suffix}")
        assert f"{service}.{region}.{suffix}" in entries
        assert len(aws.view(vpc.id).addresses(f"{service}.{region}.{suffix}")) == len(vpc.subnet_ids)
        aws.remove_endpoint(endpoint)


@REGIONS
def test_an_alias_leads_to_an_endpoint(
    aws: EmbeddedAws, refused: Refused, region: str, partition: str, suffix: str
) -> None:
    vpc = vpc_in(aws, region)
    route53 = product(aws, "route53")
    where = {"VPCRegion": region, "VPCId": vpc.id}
    made = route53.create_hosted_zone(Name="x.example.com", CallerReference="r", VPC=where)
    entry = aws.endpoint(aws.request_endpoint(vpc, state="available"))["DnsEntries"][0]

    def create(target: dict[str, str]) -> Any:
        record = {"Name": "x.example.com", "Type": "A", "AliasTarget": target | {"EvaluateTargetHealth": False}}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        return route53.change_resource_record_sets(HostedZoneId=made["HostedZone"]["Id"], ChangeBatch=batch)

    unknown = entry | {"DnsName": f"vpce-0123456789abcdef0-00000000.x.{region}.vpce.{suffix}"}
    code, message, _ = refused(create, target={"HostedZoneId": entry["HostedZoneId"], "DNSName": unknown["DnsName"]})
    assert code == "InvalidChangeBatch" and "was not found" in message
    create({"HostedZoneId": entry["HostedZoneId"], "DNSName": entry["DnsName"]})
    assert len(aws.view(vpc.id).addresses("x.example.com")) == len(vpc.subnet_ids)
    shown = route53.get_hosted_zone(Id=made["HostedZone"]["Id"])
    assert shown["VPCs"] == [where] and suffix in made["Location"]


@REGIONS
def test_arns_are_of_the_partition(
    aws: EmbeddedAws, refused: Refused, region: str, partition: str, suffix: str
) -> None:
    vpc = vpc_in(aws, region)
    begin, place = f"arn:{partition}:", f"{region}:{aws.account}"
    rule, zone = aws.add_resolver_rule(vpc, "example.com", "192.0.2.1"), aws.make_zone("example.org", vpc)
    assert aws.arn(zone) == f"{begin}route53:::hostedzone/{zone}"
    assert aws.make_topic("news") == f"{begin}sns:{place}:news"
    found = {one["Id"]: one["Arn"] for one in product(aws, "route53resolver").list_resolver_rules()["ResolverRules"]}
    assert found[rule] == aws.arn(rule) == f"{begin}route53resolver:{place}:resolver-rule/{rule}"
    quota = product(aws, "service-quotas").get_service_quota(ServiceCode="vpc", QuotaCode="L-29B6F2EB")["Quota"]
    assert quota["QuotaArn"].startswith(f"{begin}servicequotas:{place}:")
    aws.faults.add("denied", "route53")
    _, message, _ = refused(product(aws, "route53").get_hosted_zone, Id=zone)
    assert f"User: {begin}sts::{aws.account}:" in message and f"on resource: {begin}route53:::hostedzone/" in message
    _, message, _ = refused(product(aws, "lambda").invoke, FunctionName="f")
    assert f"{begin}lambda:{place}:function:f" in message


@REGIONS
def test_endpoint_services_have_the_regions_names(aws: EmbeddedAws, region: str, partition: str, suffix: str) -> None:
    aws.reset(region=region)
    details = product(aws, "ec2").describe_vpc_endpoint_services()["ServiceDetails"]
    found = {one["ServiceName"]: one for one in details}
    ours, sqs = found[service_name(region)], found[aws_service_name(region, "sqs")]
    assert ours["BaseEndpointDnsNames"] == [f"vpce-svc-0a1b2c3d4e5f60718.{region}.vpce.{suffix}"]
    assert sqs["PrivateDnsNames"] == [{"PrivateDnsName": f"sqs.{region}.{suffix}"}]
    assert f"com.amazonaws.{region}.s3" in found


def test_a_region_lasts_until_the_next_reset(aws: EmbeddedAws) -> None:
    aws.reset(region=CHINA)
    assert (aws.region, aws.env()["AWS_REGION"]) == (CHINA, CHINA)
    with pytest.raises(ValueError, match="one partition"):
        aws.make_vpc(region=USUAL)
    aws.reset()
    assert aws.region == USUAL
