"""The usual scene stands in every partition, and arranges AWS's own endpoints and more VPCs."""

import pytest

from tests.aws import EmbeddedAws, aws_service_name, service_name
from tests.harness import PLATFORM, Scene


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("us-east-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com")],
)
def test_a_scene_stands_in_every_partition(aws: EmbeddedAws, region: str, suffix: str) -> None:
    aws.reset(region=region)
    scene = Scene(aws)
    assert (scene.variables["TDP_SERVICE_NAME"], scene.variables["AWS_REGION"]) == (service_name(region), region)
    endpoint = scene.request("available")
    assert scene.primary_dns_name().endswith(f".vpce-svc-0a1b2c3d4e5f60718.{region}.vpce.{suffix}")
    s3, sqs = scene.add_service("s3"), scene.add_service("sqs", private_dns=True)
    assert aws.endpoint(sqs)["ServiceName"] == aws_service_name(region, "sqs")
    assert scene.alias_of(s3)["DNSName"].startswith(f"\\052.{s3}-")
    zone = scene.plant_zone(f"s3.{region}.{suffix}")
    for name, target in ((f"*.s3.{region}.{suffix}", s3), (f"s3.{region}.{suffix}", endpoint)):
        scene.plant(zone, {"Name": name, "Type": "A", "AliasTarget": scene.alias_of(target)})
    assert scene.alias() == scene.alias_of(endpoint)
    assert scene.resolve(f"bucket.s3.{region}.{suffix}") == scene.addresses(endpoint_id=s3)
    assert scene.resolve(f"s3.{region}.{suffix}") == scene.addresses()
    assert scene.resolve(f"sqs.{region}.{suffix}") == scene.addresses(endpoint_id=sqs)
    scene.assert_foreign_untouched()


def test_a_scene_has_more_vpcs(aws: EmbeddedAws) -> None:
    scene = Scene(aws)
    near, far = scene.add_vpc("10.1.0.0/16"), scene.add_vpc("10.2.0.0/16", region="us-west-2")
    assert (near.region, far.region, {near.account, far.account}) == ("us-east-1", "us-west-2", {aws.account})
    gateway = scene.add_service("s3", kind="Gateway")
    there = scene.add_service("sqs", state="pending", vpc=near)
    assert (aws.endpoint(gateway)["DnsEntries"], aws.endpoint(there)["State"]) == ([], "pending")
    assert aws.endpoint(there)["VpcId"] == near.id
    watch = scene.watch_dns(PLATFORM, vpc=near)
    scene.plant_zone(PLATFORM, vpc=near)
    assert (scene.resolve(PLATFORM), scene.resolve(PLATFORM, vpc=near)) == (["203.0.113.1"], [])
    assert watch.answers(PLATFORM) == [["203.0.113.1"]]
