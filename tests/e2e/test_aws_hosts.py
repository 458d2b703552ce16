"""Hosts of AWS services: at the VPC's own endpoints of these services (`own`), at TDP's (`tdp`), or left alone."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.aws import Vpc
from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.harness import HOSTS, PLATFORM, Answer, Scene
from tests.harness.world import PUBLIC

DOMAIN = "us-east-1.amazonaws.com"
S3, SQS, ECR = f"s3.{DOMAIN}", f"sqs.{DOMAIN}", f"ecr.{DOMAIN}"
REGISTRY, OTHER_REGISTRY = f"753968983172.dkr.{ECR}", f"111122223333.dkr.{ECR}"
BUCKET = f"somebodys-bucket.{S3}"
# What a Hub needs of AWS, with the service behind each host: https://developers.tetrascience.com/docs/tetra-hub-url-allow-list
HUB = {
    f"ecs.{DOMAIN}": "ecs",
    f"ssm.{DOMAIN}": "ssm",
    f"ssmmessages.{DOMAIN}": "ssmmessages",
    f"ec2messages.{DOMAIN}": "ec2messages",
    S3: "s3",
    f"logs.{DOMAIN}": "logs",
    f"monitoring.{DOMAIN}": "monitoring",
    SQS: "sqs",
    ECR: "ecr.api",
    f"api.{ECR}": "ecr.api",
    REGISTRY: "ecr.dkr",
}
# What a zone for one of them would take from the VPC.
BESIDE = {f"*.{S3}": "s3", f"*.dkr.{ECR}": "ecr.dkr"}
PATTERNS = {f"ecs-a-*.{DOMAIN}": "ecs-agent", f"ecs-t-*.{DOMAIN}": "ecs-telemetry"}
AWS_PUBLIC = {host: ["198.51.100.7"] for host in [*HUB, BUCKET, OTHER_REGISTRY]}


def zones_of(hosts: Iterable[str]) -> dict[str, str]:
    """Hosts of AWS services with the zone of each: its own, but for what is below S3's and ECR's."""
    return {host: next((zone for zone in (S3, ECR) if host.endswith(zone)), host) for host in hosts}


def resolve(scene: Scene, host: str, vpc: Vpc | None = None) -> list[str]:
    """What a client in the VPC gets; public DNS knows the hosts of AWS as 198.51.100.7."""
    return scene.aws.view((vpc or scene.vpc).id, PUBLIC | AWS_PUBLIC).addresses(host)


def coverage(answer: Answer) -> dict[str, tuple[str, str | None]]:
    """How each host is served, and by which endpoint."""
    rows = answer.connection.get("coverage", [])
    return {row["host"]: (row["via"], row.get("endpointId")) for row in rows}


def problem(answer: Answer, code: str) -> dict[str, Any]:
    found = [one for one in answer.connection["problems"] if one["code"] == code]
    assert len(found) == 1, f"{code} is not there once: {answer.codes}"
    return dict(found[0])


def add_all(scene: Scene, services: Iterable[str], **settings: Any) -> dict[str, str]:
    """An endpoint of each service: ids by service."""
    return {service: scene.add_service(service, **settings) for service in sorted(set(services))}


def assert_at(scene: Scene, hosts: Mapping[str, str], endpoints: Mapping[str, str]) -> None:
    """Each host leads to the endpoint of its service."""
    for host, service in hosts.items():
        assert_live(scene, zones_of([host]), endpoint_id=endpoints[service])


def assert_rests(scene: Scene) -> None:
    """The same again, each time in a fresh process: no change, no write call, no news."""
    scene.mark()
    for task in ("sweep", "drift"):
        assert scene.run(task).outcome == "in-sync"
    assert ([call.name for call in scene.writes() if call.service != "lambda"], scene.news()) == ([], [])


def route53_writes(scene: Scene) -> list[str]:
    return [call.name for call in scene.writes() if call.service == "route53"]


# own


def test_own_leads_each_host_to_the_endpoint_of_its_service_and_back(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, HUB.values()) | add_all(scene, PATTERNS.values(), private_dns=True)
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.codes) == ("changed", [])
    found = coverage(answer)
    assert {host: found[host] for host in HUB} == {h: ("own-endpoint", endpoints[s]) for h, s in HUB.items()}
    assert {host: found[host] for host in PATTERNS} == {h: ("private-dns", endpoints[s]) for h, s in PATTERNS.items()}
    assert set(found) - {*HUB, *PATTERNS} <= set(BESIDE)
    assert {row["host"]: row["service"] for row in answer.connection["coverage"] if row["host"] in HUB} == {
        host: f"com.amazonaws.us-east-1.{service}" for host, service in HUB.items()
    }
    assert_live(scene)
    assert_at(scene, HUB | BESIDE, endpoints)
    assert_only_ours(scene, HOSTS | zones_of(HUB | BESIDE))
    assert resolve(scene, BUCKET) == scene.addresses(endpoint_id=endpoints["s3"])
    assert resolve(scene, OTHER_REGISTRY) == scene.addresses(endpoint_id=endpoints["ecr.dkr"])
    assert scene.news() == ["connection-live"]
    assert_rests(scene)
    scene.configure(AWS_SERVICE_ROUTING="none")
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer)) == ("changed", {})
    assert_live(scene)
    assert_only_ours(scene)
    assert {host: resolve(scene, host) for host in AWS_PUBLIC} == AWS_PUBLIC


def test_the_alias_to_s3_has_the_star_of_its_regional_name(scene: Scene) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html"""
    scene.configure(AWS_SERVICE_ROUTING="own")
    own = scene.add_service("s3")
    scene.go_live()
    target = scene.records(S3)[S3, "A"]["AliasTarget"]
    assert re.fullmatch(rf"\\052\.{own}-[0-9a-f]{{8}}\.s3\.us-east-1\.vpce\.amazonaws\.com\.", target["DNSName"])
    assert scene.records(S3)[f"\\052.{S3}", "A"]["AliasTarget"] == target
    answer = scene.run("plan")
    assert "s3" in str(coverage(answer)) and answer.connection["changes"] == []


def test_private_dns_that_covers_a_host_is_left_to_serve_it(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, [*HUB.values(), *PATTERNS.values()], private_dns=True)
    scene.request("available")
    answer = scene.run("reconcile")
    # Private DNS of ECR's API is for api.ecr…, not for ecr… itself: https://docs.aws.amazon.com/general/latest/gr/ecr.html
    served = {host: service for host, service in (HUB | PATTERNS).items() if host != ECR}
    found = coverage(answer)
    assert {host: found[host] for host in served} == {h: ("private-dns", endpoints[s]) for h, s in served.items()}
    assert found[ECR] == ("own-endpoint", endpoints["ecr.api"])
    assert answer.codes == []
    assert_only_ours(scene, HOSTS | {ECR: ECR})
    for host, service in (HUB | {BUCKET: "s3", OTHER_REGISTRY: "ecr.dkr"}).items():
        assert resolve(scene, host) == scene.addresses(endpoint_id=endpoints[service]), host
    assert_rests(scene)


def test_hosts_without_an_endpoint_are_not_covered_and_the_services_are_named(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.codes) == ("changed", ["not-covered"])
    assert coverage(answer) == dict.fromkeys([*HUB, *PATTERNS], ("not-covered", None))
    said = problem(answer, "not-covered")
    for host, service in (HUB | PATTERNS).items():
        assert host in said["message"] and f"com.amazonaws.us-east-1.{service}" in said["fix"]
    assert_only_ours(scene)
    assert {host: resolve(scene, host) for host in AWS_PUBLIC} == AWS_PUBLIC
    assert_rests(scene)


@pytest.mark.parametrize("interface", [False, True], ids=["alone", "beside-an-interface-endpoint"])
def test_a_gateway_endpoint_serves_s3_without_a_record(scene: Scene, interface: bool) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    gateway = scene.add_service("s3", kind="Gateway")
    if interface:
        scene.add_service("s3")
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer)[S3] == ("gateway", gateway)
    assert S3 not in problem(answer, "not-covered")["message"]
    assert_only_ours(scene)
    assert resolve(scene, S3) == AWS_PUBLIC[S3]
    assert_rests(scene)


def test_private_dns_of_an_interface_endpoint_goes_before_a_gateway(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.add_service("s3", kind="Gateway")
    interface = scene.add_service("s3", private_dns=True)
    scene.request("available")
    assert coverage(scene.run("reconcile"))[S3] == ("private-dns", interface)
    assert_only_ours(scene)


def test_a_person_who_names_s3_and_its_service_goes_before_a_gateway(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own", EXTRA_HOSTS=f"{S3}=com.amazonaws.us-east-1.s3")
    scene.add_service("s3", kind="Gateway")
    interface = scene.add_service("s3")
    scene.request("available")
    assert coverage(scene.run("reconcile"))[S3] == ("own-endpoint", interface)
    assert_live(scene, {S3: S3}, endpoint_id=interface)


@pytest.mark.parametrize("routing", ["none", "own", "tdp"])
@pytest.mark.parametrize("gateway", [False, True], ids=["", "with-gateway"])
def test_a_zone_for_s3_takes_no_bucket_from_the_vpc(scene: Scene, routing: str, gateway: bool) -> None:
    """Whoever asked for the zone: a name in it without a record would not resolve."""
    scene.configure(AWS_SERVICE_ROUTING=routing, EXTRA_HOSTS=f"{S3}=com.amazonaws.us-east-1.s3")
    if gateway:
        scene.add_service("s3", kind="Gateway")
    scene.add_service("s3")
    scene.go_live()
    assert S3 in scene.zones()
    assert resolve(scene, BUCKET) != []


@pytest.mark.parametrize("private_dns", [False, True])
def test_a_zone_for_ecr_takes_no_registry_from_the_vpc(scene: Scene, private_dns: bool) -> None:
    """Only the API has an endpoint; images come from dkr.ecr…, which has none and is said to resolve in public DNS."""
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.add_service("ecr.api", private_dns)
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer)[REGISTRY] == ("not-covered", None)
    assert (resolve(scene, REGISTRY), resolve(scene, OTHER_REGISTRY)) == (["198.51.100.7"], ["198.51.100.7"])


def test_a_pattern_is_served_by_private_dns_only(scene: Scene) -> None:
    """No record can have a star inside a label, so an endpoint without private DNS does not serve it."""
    scene.configure(AWS_SERVICE_ROUTING="own")
    agent, _ = scene.add_service("ecs-agent", private_dns=True), scene.add_service("ecs-telemetry")
    scene.request("available")
    answer = scene.run("reconcile")
    found = coverage(answer)
    assert found[f"ecs-a-*.{DOMAIN}"] == ("private-dns", agent)
    assert found[f"ecs-t-*.{DOMAIN}"] == ("not-covered", None)
    said = problem(answer, "not-covered")
    assert f"ecs-t-*.{DOMAIN}" in said["message"] and f"ecs-a-*.{DOMAIN}" not in said["message"]
    assert "private DNS has to be on" in said["fix"]
    assert_only_ours(scene)


def test_records_are_of_the_types_that_the_own_endpoint_serves(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    sqs, ssm = scene.add_service("sqs", ip_type="dualstack"), scene.add_service("ssm", ip_type="ipv6")
    scene.go_live()
    assert_live(scene, {SQS: SQS}, endpoint_id=sqs, types=("A", "AAAA"))
    assert_live(scene, {f"ssm.{DOMAIN}": f"ssm.{DOMAIN}"}, endpoint_id=ssm, types=("AAAA",))
    assert_live(scene)


@pytest.mark.parametrize("routing", ["own", "tdp"])
def test_a_settled_sweep_is_one_call(scene: Scene, routing: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING=routing)
    add_all(scene, HUB.values())
    scene.add_service("s3", kind="Gateway")
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        for _ in range(3):
            scene.mark()
            assert function.invoke({"task": "sweep"}).outcome == "in-sync"
            assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]


def test_a_warm_sweep_follows_an_endpoint_that_comes_and_its_private_dns(scene: Scene) -> None:
    """Each is told once, and the platform's names stay as they are."""
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.request("available")
    steps: list[tuple[str, str | None]] = []
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()

        def sweep() -> None:
            for _ in range(2):
                answer = function.invoke({"task": "sweep"})
            assert answer.outcome == "in-sync"
            steps.append(coverage(answer)[SQS])

        sweep()
        own = scene.add_service("sqs", state="pending")
        sweep()
        scene.aws.set_endpoint_state(own, "available")
        sweep()
        assert_live(scene)
        assert_at(scene, {SQS: "sqs"}, {"sqs": own})
        scene.configure(AWS_SERVICE_ROUTING="none")
        scene.run("sweep")
        scene.aws.set_private_dns(own, True)
        scene.configure(AWS_SERVICE_ROUTING="own")
    assert steps == [("not-covered", None), ("waiting", own), ("own-endpoint", own)]
    assert scene.news() == ["coverage-changed", "coverage-changed", "connection-live"]
    assert coverage(scene.run("sweep"))[SQS] == ("private-dns", own)
    scene.mark()
    scene.aws.set_private_dns(own, False)
    assert coverage(scene.run("sweep"))[SQS] == ("own-endpoint", own)
    assert scene.news() == ["coverage-changed"]
    assert_only_ours(scene, HOSTS | {SQS: SQS})


# tdp


def test_tdp_leads_each_host_to_tdp_says_so_and_back(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="tdp", MODE="plan")
    scene.request("available")
    said = rf"Every client in {scene.vpc.id} will reach .*\bs3\.us-east-1\.amazonaws\.com\b.* through TDP\."
    assert re.search(said, problem(scene.run("plan"), "aws-through-tdp")["message"])
    assert route53_writes(scene) == []
    scene.configure(MODE="apply")
    answer = scene.run("reconcile")
    assert (answer.outcome, sorted(answer.codes)) == ("changed", ["aws-through-tdp", "not-covered"])
    found = coverage(answer)
    assert {host: found[host] for host in HUB} == dict.fromkeys(HUB, ("tdp", scene.endpoint_id))
    assert {host: found[host] for host in PATTERNS} == dict.fromkeys(PATTERNS, ("not-covered", None))
    assert_live(scene, HOSTS | zones_of(HUB | BESIDE))
    assert_only_ours(scene, HOSTS | zones_of(HUB | BESIDE))
    (message,) = scene.messages()
    text = json.loads(message.message)["email"]
    assert re.search(said, text)
    for host in HUB:
        assert host in re.search(said, text)[0]  # type: ignore[index]
    assert_rests(scene)
    scene.configure(AWS_SERVICE_ROUTING="none")
    assert scene.run("sweep").outcome == "changed"
    assert_only_ours(scene)
    assert {host: resolve(scene, host) for host in AWS_PUBLIC} == AWS_PUBLIC


def test_private_dns_of_an_own_endpoint_goes_before_tdp(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    sqs, off = scene.add_service("sqs", private_dns=True), scene.add_service("ssm")
    scene.request("available")
    answer = scene.run("reconcile")
    assert coverage(answer)[SQS] == ("private-dns", sqs)
    assert coverage(answer)[f"ssm.{DOMAIN}"] == ("tdp", scene.endpoint_id) != ("tdp", off)
    assert SQS in problem(answer, "private-dns-covers")["message"]
    assert SQS not in problem(answer, "aws-through-tdp")["message"]
    assert SQS not in scene.zones()
    assert resolve(scene, SQS) == scene.addresses(endpoint_id=sqs)
    assert_rests(scene)


@pytest.mark.parametrize("mode", ["own", "tdp"])
def test_withdrawing_takes_the_hosts_of_aws_back_too(scene: Scene, mode: str) -> None:
    scene.configure(AWS_SERVICE_ROUTING=mode)
    add_all(scene, ["s3", "sqs", "ecr.api", "ecr.dkr"])
    scene.go_live()
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    assert_public(scene)
    assert {host: resolve(scene, host) for host in AWS_PUBLIC} == AWS_PUBLIC
    assert scene.run("drift").outcome == "in-sync"
    assert scene.news() == ["withdrawn"]


# From one to the other


def test_hosts_move_from_own_to_tdp_and_back_without_a_moment_without_an_answer(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    own = scene.add_service("s3")
    scene.go_live()
    ids = {zone: scene.zones()[zone] for zone in (S3, PLATFORM)}
    watch = scene.watch_dns(S3, BUCKET, PLATFORM)
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[S3]) == ("changed", ("tdp", scene.endpoint_id))
    assert "movedFrom" not in answer.connection
    scene.configure(AWS_SERVICE_ROUTING="own")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[S3]) == ("changed", ("own-endpoint", own))
    at_own, at_tdp = scene.addresses(endpoint_id=own), scene.addresses()
    assert watch.answers(S3) == watch.answers(BUCKET) == [at_own, at_tdp, at_own]
    assert watch.answers(PLATFORM) == [at_tdp]
    assert {zone: scene.zones()[zone] for zone in ids} == ids


def test_a_host_that_is_to_leave_tdp_does_not_stay_there_for_want_of_an_endpoint(scene: Scene) -> None:
    """`own` without an endpoint of the service: nothing is written for the host, and what was written is not wanted."""
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    scene.go_live()
    scene.configure(AWS_SERVICE_ROUTING="own")
    answer = scene.run("sweep")
    assert (coverage(answer)[SQS], "own-endpoint-lost" in answer.codes) == (("not-covered", None), False)
    assert resolve(scene, SQS) == AWS_PUBLIC[SQS]
    assert_only_ours(scene)


def test_images_can_be_pulled_while_hosts_move_to_an_own_endpoint_that_is_not_ready(scene: Scene) -> None:
    scene.configure(AWS_SERVICE_ROUTING="tdp")
    scene.go_live()
    scene.configure(AWS_SERVICE_ROUTING="own")
    scene.add_service("ecr.api")
    registry = scene.add_service("ecr.dkr", state="pending")
    for _ in range(2):
        scene.run("drift")
        assert resolve(scene, REGISTRY) != []
    scene.aws.set_endpoint_state(registry, "available")
    scene.run("drift")
    assert_at(scene, {REGISTRY: "ecr.dkr", f"*.dkr.{ECR}": "ecr.dkr"}, {"ecr.dkr": registry})
