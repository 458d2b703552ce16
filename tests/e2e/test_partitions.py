"""China and GovCloud: the same product, with the names, domains and zone ids of the partition.

https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.aws import EmbeddedAws, aws_service_name, service_name
from tests.aws.names import canonical
from tests.e2e.checks import assert_live, assert_only_ours, assert_public, wire
from tests.e2e.test_aws_hosts import add_all, assert_rests, coverage, problem, route53_writes
from tests.harness import HOSTS, Scene, fails_at_init
from tests.harness.world import REGIONAL

CHINA, GOVCLOUD = "cn-north-1", "us-gov-west-1"
SUFFIX = {CHINA: "amazonaws.com.cn", GOVCLOUD: "amazonaws.com"}
# A Hub's services in the customer's Region, with what stands before it in their hosts.
LOCAL = ["ecs", "ssm", "ssmmessages", "ec2messages", "s3", "logs", "monitoring", "sqs"]
# TetraScience's registry is in us-east-1, wherever the customer is: https://developers.tetrascience.com/docs/tetra-hub-url-allow-list
ECR = "ecr.us-east-1.amazonaws.com"
REGISTRY = {ECR: "ecr.api", f"api.{ECR}": "ecr.api", f"753968983172.dkr.{ECR}": "ecr.dkr"}


@pytest.fixture(params=[CHINA, GOVCLOUD])
def region(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scene(aws: EmbeddedAws, region: str) -> Iterator[Scene]:
    """The usual scene in another partition. Afterwards nothing foreign has changed, and nothing is left to do."""
    aws.reset(region=region)
    aws.insync_after = 0
    scene = Scene(aws)
    yield scene
    scene.assert_foreign_untouched()
    scene.assert_planning_again_gives_nothing()


def host(region: str, service: str) -> str:
    return f"{service}.{region}.{SUFFIX[region]}"


def local(region: str) -> dict[str, str]:
    """The hosts of the Region and what is written beside S3's, with the zone of each."""
    hosts = {host(region, service): host(region, service) for service in LOCAL}
    return hosts | {f"*.{host(region, 's3')}": host(region, "s3")}


def listed(scene: Scene, endpoint_id: str) -> dict[str, Any]:
    """The alias target that EC2's own entry for the endpoint's regional name gives."""
    entries = scene.aws.endpoint(endpoint_id)["DnsEntries"]
    (regional,) = [one for one in entries if REGIONAL.match(one["DnsName"])]
    name, zone_id = canonical(regional["DnsName"]), regional["HostedZoneId"]
    return {"DNSName": name, "HostedZoneId": zone_id, "EvaluateTargetHealth": False}


def assert_targets(scene: Scene, hosts: Mapping[str, str], endpoint_id: str) -> None:
    """Every host is an alias to what EC2 lists, and resolves to the endpoint."""
    for name, zone in hosts.items():
        assert scene.records(zone)[wire(name), "A"]["AliasTarget"] == listed(scene, endpoint_id), name
        assert scene.resolve(name.replace("*", "any")) == scene.addresses(endpoint_id=endpoint_id), name


def test_the_platform_goes_live_and_back(scene: Scene, region: str) -> None:
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.codes) == ("changed", [])
    name = answer.connection["primaryDnsName"]
    assert name.startswith(f"{scene.endpoint_id}-") and name.endswith(f".{region}.vpce.{SUFFIX[region]}")
    assert_live(scene)
    assert_targets(scene, HOSTS, scene.endpoint_id)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]
    assert_rests(scene)
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    assert_public(scene)


def test_own_leads_to_the_endpoints_of_the_region_and_back(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, LOCAL)
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    found = coverage(answer)
    for service, endpoint_id in endpoints.items():
        assert found[host(region, service)] == ("own-endpoint", endpoint_id)
        assert_targets(scene, {host(region, service): host(region, service)}, endpoint_id)
    assert_targets(scene, {f"*.{host(region, 's3')}": host(region, "s3")}, endpoints["s3"])
    assert_only_ours(scene, HOSTS | local(region))
    assert {name: found[name] for name in REGISTRY} == dict.fromkeys(REGISTRY, ("not-covered", None))
    said = problem(answer, "not-covered")
    for name, service in REGISTRY.items():
        assert name in said["message"] and f"com.amazonaws.us-east-1.{service}" in said["fix"]
    assert_rests(scene)
    scene.configure(AWS_SERVICE_ROUTING="none")
    assert scene.run("drift").outcome == "changed"
    assert_only_ours(scene)


def test_private_dns_of_the_region_is_left_to_serve(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, LOCAL, private_dns=True)
    scene.request("available")
    found = coverage(scene.run("reconcile"))
    for service, endpoint_id in endpoints.items():
        assert found[host(region, service)] == ("private-dns", endpoint_id)
        assert scene.resolve(host(region, service)) == scene.addresses(endpoint_id=endpoint_id)
    assert_only_ours(scene)


@pytest.mark.parametrize("region", [CHINA], indirect=True)
@pytest.mark.parametrize("prefix", ["cn.", ""])
@pytest.mark.parametrize("service", ["sqs", "ssm", "s3"])
def test_a_chinese_service_is_found_by_either_of_its_names(scene: Scene, service: str, prefix: str) -> None:
    """https://docs.amazonaws.cn/en_us/vpc/latest/privatelink/aws-services-privatelink-support.html"""
    scene.configure(AWS_SERVICE_ROUTING="own")
    name = f"{prefix}com.amazonaws.cn-north-1.{service}"
    own = scene.aws.request_endpoint(scene.vpc, name, state="available")
    scene.go_live()
    zone = host(CHINA, service)
    assert_targets(scene, {zone: zone}, own)
    answer = scene.run("plan")
    assert coverage(answer)[zone] == ("own-endpoint", own)
    assert len([row for row in answer.connection["coverage"] if row["host"] == zone]) == 1


@pytest.mark.parametrize("region", [CHINA], indirect=True)
def test_the_other_name_of_a_chinese_service_takes_over(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS="withdraw")
    zone = host(CHINA, "sqs")
    first = scene.aws.request_endpoint(scene.vpc, "cn.com.amazonaws.cn-north-1.sqs", state="available")
    scene.go_live()
    second = scene.aws.request_endpoint(scene.vpc, "com.amazonaws.cn-north-1.sqs", state="available")
    assert coverage(scene.run("drift"))[zone] == ("own-endpoint", first)
    scene.aws.remove_endpoint(first)
    assert coverage(scene.run("sweep"))[zone] == ("own-endpoint", second)
    assert_targets(scene, {zone: zone}, second)


def test_a_gateway_endpoint_has_the_name_without_a_prefix(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    gateway, _ = scene.add_service("s3", kind="Gateway"), scene.add_service("s3")
    assert scene.aws.endpoint(gateway)["ServiceName"] == f"com.amazonaws.{region}.s3"
    scene.request("available")
    assert coverage(scene.run("reconcile"))[host(region, "s3")] == ("gateway", gateway)
    assert_only_ours(scene)


def test_tdp_leads_the_hosts_of_the_region_to_tdp(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    scene.request("available")
    answer = scene.run("reconcile")
    ecr = dict.fromkeys([*REGISTRY, f"*.dkr.{ECR}"], ECR)
    assert_targets(scene, HOSTS | local(region) | ecr, scene.endpoint_id)
    assert_only_ours(scene, HOSTS | local(region) | ecr)
    said = problem(answer, "aws-through-tdp")["message"]
    assert said.startswith(f"Every client in {scene.vpc.id} will reach ") and host(region, "s3") in said
    assert_rests(scene)


def test_the_buckets_of_direct_upload_are_of_the_partitions_domain(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="acme-prod")
    own = scene.add_service("s3")
    scene.go_live()
    names = [f"acme-prod-{what}.{host(region, 's3')}" for what in ("backup", "datalake", "events")]
    buckets = {name: name for name in [*names, f"acme-prod-datalake.s3.{SUFFIX[region]}"]}
    assert_targets(scene, buckets, own)
    assert_only_ours(scene, HOSTS | buckets)


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
def test_a_lost_endpoint_is_handled_as_elsewhere(scene: Scene, region: str, on_loss: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS=on_loss)
    zone = host(region, "ssm")
    own = scene.add_service("ssm")
    scene.go_live()
    scene.aws.remove_endpoint(own)
    found = coverage(scene.run("sweep"))[zone][0]
    assert (found, zone in scene.zones()) == (("lost", True) if on_loss == "keep" else ("not-covered", False))
    assert scene.news() == ["coverage-changed"]
    assert_live(scene)


def test_a_host_with_its_service_is_named_as_the_partition_names_it(scene: Scene, region: str) -> None:
    name, agent = aws_service_name(region, "sts"), host(region, "sts")
    scene.configure(EXTRA_HOSTS=f"{agent}={name}")
    own = scene.add_service("sts")
    scene.go_live()
    assert_targets(scene, {agent: agent}, own)
    assert scene.run("plan").connection["coverage"] == [
        {"host": agent, "via": "own-endpoint", "service": name, "endpointId": own}
    ]


def test_a_settled_sweep_is_one_call(scene: Scene, region: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    add_all(scene, LOCAL)
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "in-sync"
    assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]


@pytest.mark.parametrize("wide", ["{suffix}", "{region}.{suffix}", "*.{region}.{suffix}", "{region}.vpce.{suffix}"])
def test_no_zone_may_hide_the_services_of_the_partition(scene: Scene, region: str, wide: str) -> None:
    name = wide.format(region=region, suffix=SUFFIX[region])
    said, code = fails_at_init(scene.variables | {"EXTRA_HOSTS": name})
    assert code != 0
    assert "EXTRA_HOSTS" in said and name in said
    assert route53_writes(scene) == []


def test_the_service_of_another_region_is_refused(scene: Scene, region: str) -> None:
    other = next(one for one in SUFFIX if one != region)
    said, code = fails_at_init(scene.variables | {"TDP_SERVICE_NAME": service_name(other)})
    assert code != 0 and "TDP_SERVICE_NAME" in said and region in said
