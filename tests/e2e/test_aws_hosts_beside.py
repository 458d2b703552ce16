"""Hosts of AWS services beside what people name, hold and have: EXTRA_HOSTS, HOLD_HOSTS, more VPCs, zones of others."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours
from tests.e2e.test_aws_hosts import (
    BUCKET,
    DOMAIN,
    ECR,
    REGISTRY,
    S3,
    SQS,
    add_all,
    assert_at,
    assert_rests,
    coverage,
    problem,
    resolve,
    route53_writes,
)
from tests.e2e.test_triggers import event
from tests.harness import HOSTS, PLATFORM, Scene
from tests.harness.world import a_record

PARTNER = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
FILES = "files.example.com"
AGENT = f"ecs-a-1.{DOMAIN}"
TO_S3 = {S3: S3, f"*.{S3}": S3}


# Hosts that a person names


@pytest.mark.parametrize("host", [FILES, f"*.{FILES}"])
def test_a_host_with_its_service_leads_there_once_that_endpoint_is_accepted(scene: Scene, host: str) -> None:
    scene.configure(EXTRA_HOSTS=f"{host}={PARTNER}")
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer) == {host: ("not-covered", None)}
    assert PARTNER in problem(answer, "not-covered")["fix"]
    own = scene.aws.request_endpoint(scene.vpc, PARTNER)
    assert coverage(scene.run("sweep")) == {host: ("waiting", own)}
    assert_only_ours(scene)
    scene.aws.set_endpoint_state(own, "available")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)) == ("changed", {host: ("own-endpoint", own)})
    assert answer.connection["coverage"][0]["service"] == PARTNER
    assert_live(scene)
    assert_live(scene, {host: FILES}, endpoint_id=own)
    assert scene.news() == ["connection-live", "coverage-changed", "coverage-changed"]
    assert_rests(scene)
    scene.configure(EXTRA_HOSTS="")
    assert scene.run("sweep").outcome == "changed"
    assert_only_ours(scene)


def test_the_exact_host_of_a_pattern_may_be_named(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", EXTRA_HOSTS=f"{AGENT}=com.amazonaws.us-east-1.ecs-agent")
    own = scene.add_service("ecs-agent")
    scene.go_live()
    assert_live(scene, {AGENT: AGENT}, endpoint_id=own)


def test_a_host_of_aws_that_is_named_alone_leads_to_tdp(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", EXTRA_HOSTS=SQS)
    scene.add_service("sqs")
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer)[SQS] == ("tdp", scene.endpoint_id)
    assert_live(scene, {SQS: SQS})
    said = problem(answer, "aws-through-tdp")["message"]
    assert said == f"Every client in {scene.vpc.id} will reach {SQS} through TDP."


def test_a_host_that_is_given_to_another_service_does_not_stay_at_the_first(scene: Scene) -> None:
    """The first endpoint is neither lost nor wanted, and there is none of the second service."""
    scene.configure(EXTRA_HOSTS=f"{FILES}={PARTNER}")
    scene.aws.request_endpoint(scene.vpc, PARTNER, state="available")
    scene.go_live()
    scene.configure(EXTRA_HOSTS=f"{FILES}={PARTNER.replace('0123', '9999')}")
    answer = scene.run("sweep")
    assert (coverage(answer)[FILES], "own-endpoint-lost" in answer.codes) == (("not-covered", None), False)
    assert_only_ours(scene)


# Hosts that are held


def test_a_host_that_is_held_is_not_written(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", HOLD_HOSTS=SQS)
    endpoints = add_all(scene, ["sqs", "s3"])
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer)[SQS] == ("held", None)
    assert_only_ours(scene, HOSTS | TO_S3)
    assert_at(scene, {S3: "s3"}, endpoints)
    assert_rests(scene)
    scene.configure(HOLD_HOSTS="")
    assert scene.run("sweep").outcome == "changed"
    assert_at(scene, {SQS: "sqs"}, endpoints)


@pytest.mark.parametrize("service", ["sqs", "s3"])
@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
def test_a_record_that_is_held_stays_whatever_happens_to_its_endpoint(scene: Scene, on_loss: str, service: str) -> None:
    """The whole zone: what stands beside S3's host is there for its sake alone."""
    host = f"{service}.{DOMAIN}"
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS=on_loss)
    own = scene.add_service(service)
    scene.go_live()
    before = scene.records(host)
    scene.configure(HOLD_HOSTS=host)
    assert coverage(scene.run("drift"))[host] == ("held", None)
    assert scene.records(host) == before
    new = scene.add_service(service)
    scene.aws.remove_endpoint(own)
    assert scene.run("drift").outcome == "in-sync"
    scene.configure(MODE="withdraw")
    assert scene.run("drift").outcome == "withdrawn"
    assert (sorted(scene.zones()), scene.records(host)) == ([host], before)
    scene.configure(MODE="apply", HOLD_HOSTS="")
    assert scene.run("drift").outcome == "changed"
    assert_at(scene, {host: service}, {service: new})
    assert_live(scene)


# Events


@pytest.mark.parametrize(
    "name", ["state-change.json", "cloudtrail-create-vpc-endpoint.json", "connection-accepted.json"]
)
def test_an_event_about_an_own_endpoint_is_followed_in_the_same_invocation(scene: Scene, name: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        own = scene.add_service("sqs", state="pending")
        scene.aws.accept_endpoint(own)
        assert function.invoke(event(name, own)).outcome == "changed"
    assert_at(scene, {SQS: "sqs"}, {"sqs": own})
    assert_live(scene)


# Several VPCs


def test_each_vpc_has_its_own_endpoints_and_its_own_losses(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS="withdraw")
    second, third = scene.add_vpc("10.2.0.0/16"), scene.add_vpc("10.3.0.0/16")
    here = add_all(scene, ["s3", "sqs"])
    there = add_all(scene, ["s3", "sqs"], vpc=second)
    elsewhere = scene.add_service("sqs", vpc=third)
    tdp = scene.request("available"), scene.aws.request_endpoint(second, state="available")
    assert len(scene.run("reconcile").connections) == 2

    def assert_served(sqs_here: list[str]) -> None:
        for vpc, endpoints, platform in zip((scene.vpc, second), (here, there), tdp, strict=True):
            assert resolve(scene, PLATFORM, vpc) == scene.addresses(endpoint_id=platform)
            assert resolve(scene, BUCKET, vpc) == scene.addresses(endpoint_id=endpoints["s3"])
        assert resolve(scene, SQS) == sqs_here
        assert resolve(scene, SQS, second) == scene.addresses(endpoint_id=there["sqs"])
        assert (scene.aws.zones(third), resolve(scene, SQS, third)) == ([], ["198.51.100.7"])

    assert_served(scene.addresses(endpoint_id=here["sqs"]))
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        function.invoke({"task": "sweep"})
        assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
        scene.aws.remove_endpoint(elsewhere)
        function.invoke({"task": "sweep"})
        assert (scene.writes(), scene.news()) == ([], [])
        scene.aws.remove_endpoint(here["sqs"])
        answer = function.invoke({"task": "sweep"})
    outcomes = {one["vpcId"]: one["outcome"] for one in answer.connections}
    assert outcomes == {scene.vpc.id: "changed", second.id: "in-sync"}
    assert_served(["198.51.100.7"])
    (message,) = scene.messages()
    assert (message.attributes["event"], message.attributes["vpcId"]) == ("coverage-changed", scene.vpc.id)


# What others have


@pytest.mark.parametrize("routing", ["own", "tdp"])
@pytest.mark.parametrize("whose", ["ours", "another-account"])
def test_a_zone_of_others_for_a_host_of_aws_refuses(scene: Scene, whose: str, routing: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING=routing)
    if whose == "ours":
        scene.plant_zone(S3, a_record(S3, "10.9.9.9"))
    else:
        scene.aws.make_foreign_account_zone(S3, scene.vpc)
    scene.add_service("s3")
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, route53_writes(scene)) == ("refused", [])
    assert S3 in problem(answer, "foreign-zone")["message"]
    assert scene.news() == ["refused"]
    scene.configure(HOLD_HOSTS=S3)
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene)


def test_private_dns_whose_zones_route53_lists_refuses_nothing(scene: Scene) -> None:
    """https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneOwner.html"""
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, ["s3", "sqs", "ecr.api", "ecr.dkr"], private_dns=True)
    for name in (S3, SQS, f"api.{ECR}", f"dkr.{ECR}"):
        scene.aws.make_foreign_account_zone(name, scene.vpc, owning_service="vpce.amazonaws.com")
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, coverage(answer)[REGISTRY]) == ("changed", ("private-dns", endpoints["ecr.dkr"]))
    assert_only_ours(scene, HOSTS | {ECR: ECR})


@pytest.mark.parametrize("routing", ["tdp", "own"])
def test_private_dns_that_comes_later_takes_its_hosts_from_a_zone_of_ours_and_nothing_else(
    scene: Scene, routing: str
) -> None:
    """EC2 refuses it at the name of a zone that is there, and not below that."""
    scene.configure(AWS_SERVICE_ROUTING=routing)
    if routing == "own":
        add_all(scene, ["ecr.api", "ecr.dkr"])
    scene.go_live()
    assert (ECR, "A") in scene.records(ECR) and (REGISTRY, "A") in scene.records(ECR)
    later = scene.add_service("ecr.dkr", private_dns=True)
    scene.aws.make_foreign_account_zone(f"dkr.{ECR}", scene.vpc, owning_service="vpce.amazonaws.com")
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer)[REGISTRY]) == ("changed", ("private-dns", later))
    assert (REGISTRY, "A") not in scene.records(ECR) and (ECR, "A") in scene.records(ECR)
    assert_live(scene)
    assert_rests(scene)


def test_an_endpoint_of_the_vpc_that_gets_other_addresses_is_no_drift(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    own = scene.add_service("sqs")
    scene.go_live()
    scene.aws.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=own, IpAddressType="dualstack", DnsOptions={"DnsRecordIpType": "dualstack"}
    )
    scene.aws.set_endpoint_state(own, "available")
    assert scene.run("sweep").outcome == "changed"
    assert (SQS, "AAAA") in scene.records(SQS)
    assert scene.news() == ["coverage-changed"]


def test_a_zone_of_others_is_adopted_for_s3_and_left_as_it_was(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", EXISTING_ZONES="adopt")
    zone_id = scene.plant_zone(S3, a_record(f"printer.{S3}", "10.9.9.8"), comment="of the network team")
    scene.aws.put_records(zone_id, a_record(S3, "10.9.9.9"))
    first, second = scene.add_service("s3"), scene.add_service("s3")
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    [taken] = [one for one in answer.connection["changes"] if (one["name"], one["type"]) == (S3, "A")]
    assert taken["before"]["values"] == ["10.9.9.9"]
    (endpoint,) = {coverage(answer)[host][1] for host in TO_S3}
    assert endpoint in (first, second)
    assert scene.zones()[S3] == zone_id
    assert_live(scene, TO_S3, endpoint_id=endpoint)
    assert resolve(scene, f"printer.{S3}") == ["10.9.9.8"]
    assert_rests(scene)
    other = second if endpoint == first else first
    scene.aws.remove_endpoint(endpoint)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, TO_S3, endpoint_id=other)
    scene.configure(AWS_SERVICE_ROUTING="none", EXISTING_ZONES="refuse")
    answer = scene.run("sweep")
    assert (answer.outcome, "zone-kept" in answer.codes) == ("changed", True)
    assert set(scene.records(S3)) == {(S3, "NS"), (S3, "SOA"), (f"printer.{S3}", "A")}
    assert_live(scene)


def test_an_adopted_zone_loses_only_our_records_when_the_endpoint_is_lost(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", EXISTING_ZONES="adopt", ON_LOSS="withdraw")
    scene.plant_zone(SQS, a_record(f"printer.{SQS}", "10.9.9.8"))
    own = scene.add_service("sqs")
    scene.go_live()
    assert_live(scene, {SQS: SQS}, endpoint_id=own)
    scene.aws.remove_endpoint(own)
    answer = scene.run("sweep")
    assert (answer.outcome, "zone-kept" in answer.codes) == ("changed", True)
    assert set(scene.records(SQS)) == {(SQS, "NS"), (SQS, "SOA"), (f"printer.{SQS}", "A")}


def test_records_of_others_in_our_zone_survive_a_loss_a_move_and_a_withdrawal(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS="withdraw")
    own = scene.add_service("s3")
    scene.go_live()
    scene.plant(scene.zones()[S3], a_record(f"printer.{S3}", "10.9.9.8"))
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    assert scene.run("sweep").outcome == "changed"
    scene.configure(AWS_SERVICE_ROUTING="own")
    assert scene.run("sweep").outcome == "changed"
    scene.aws.remove_endpoint(own)
    answer = scene.run("sweep")
    assert (answer.outcome, "zone-kept" in answer.codes) == ("changed", True)
    assert resolve(scene, f"printer.{S3}") == ["10.9.9.8"]
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    assert_public_but(scene, S3)


def assert_public_but(scene: Scene, zone: str) -> None:
    """The platform is back in public DNS, and one zone is left, which is not empty."""
    assert list(scene.zones()) == [zone]
    assert {host: resolve(scene, host) for host in HOSTS} == dict.fromkeys(HOSTS, ["203.0.113.1"])


def test_wider_and_narrower_zones_of_others_go_on_answering(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.plant_zone(DOMAIN, a_record(f"printer.{DOMAIN}", "10.9.9.7"))
    scene.plant_zone(BUCKET, a_record(BUCKET, "10.9.9.8"))
    endpoints = add_all(scene, ["s3", "sqs"])
    scene.go_live()
    assert_at(scene, {S3: "s3", f"*.{S3}": "s3", SQS: "sqs"}, endpoints)
    assert (resolve(scene, f"printer.{DOMAIN}"), resolve(scene, BUCKET)) == (["10.9.9.7"], ["10.9.9.8"])
    assert_rests(scene)
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    assert sorted(scene.zones()) == sorted([DOMAIN, BUCKET])
