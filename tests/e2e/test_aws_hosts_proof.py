"""Nothing leads to an own endpoint unproved, and an own endpoint does not hold up the platform: real DNS, real TLS."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.aws import EmbeddedAws
from tests.e2e.checks import assert_live, assert_only_ours
from tests.e2e.proof.checks import ADDRESSES, phases
from tests.e2e.test_aws_hosts import (
    AWS_PUBLIC,
    BUCKET,
    ECR,
    OTHER_REGISTRY,
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
from tests.harness import HOSTS, Answer, Scene
from tests.harness.inside import CIDR, VERIFIER, Inside
from tests.harness.world import PUBLIC
from tests.network import interfaces as how

TO_S3 = {S3: S3, f"*.{S3}": S3}
SERVED = [*HOSTS, S3, f"*.{S3}", SQS, ECR, f"api.{ECR}", REGISTRY, f"*.dkr.{ECR}", "*.partners.example.com"]


@pytest.fixture
def scene(aws: EmbeddedAws) -> Iterator[Scene]:
    """A VPC whose addresses are on this machine, with TDP's endpoint, and AWS's hosts led to own ones."""
    scene = Scene(aws, CIDR)
    scene.configure(AWS_SERVICE_ROUTING="own", VERIFIERS=f"{scene.vpc.id}={VERIFIER}")
    scene.request("available")
    assert scene.addresses() == ADDRESSES
    yield scene
    scene.assert_foreign_untouched()


@pytest.fixture
def inside(scene: Scene, tmp_path: Path) -> Iterator[Inside]:
    """The inside of that VPC: TDP's endpoint answers, own endpoints do not until a test says so."""
    with Inside(scene.aws, scene.vpc, ADDRESSES, SERVED, PUBLIC | AWS_PUBLIC, tmp_path) as inside:
        yield inside


def answers(scene: Scene, inside: Inside, *endpoint_ids: str) -> None:
    for endpoint_id in endpoint_ids:
        inside.interfaces.behave(how.ANSWERS, *scene.addresses(endpoint_id=endpoint_id))


def refuses(scene: Scene, inside: Inside, endpoint_id: str) -> None:
    inside.interfaces.behave(how.REFUSES, *scene.addresses(endpoint_id=endpoint_id))


def cause(answer: Answer, host: str) -> str:
    """Why a host is not proved, by what the report says was seen of it."""
    (seen,) = [one for one in answer.connection["proof"]["hosts"] if one["host"] == host]
    return str(seen["cause"]["code"])


def live(scene: Scene, inside: Inside, *services: str, **changes: str) -> dict[str, str]:
    """The platform at TDP and services at own endpoints, all proved: ids by service."""
    scene.configure(**changes)
    endpoints = add_all(scene, services)
    answers(scene, inside, *endpoints.values())
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed"), answer.connection
    scene.mark()
    inside.requests.clear()
    return endpoints


def test_each_host_is_proved_at_its_own_endpoint_before_and_after(scene: Scene, inside: Inside) -> None:
    endpoints = add_all(scene, ["s3", "sqs", "ecr.api", "ecr.dkr"])
    answers(scene, inside, *endpoints.values())
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.codes) == ("changed", ["not-covered"])
    proof = answer.connection["proof"]
    assert (proof["before"], proof["after"]) == ("passed", "passed")
    assert {row["host"] for row in proof["hosts"]} == set(SERVED) - {"*.partners.example.com"}
    # The addresses of all endpoints are read once.
    assert scene.aws.calls.count("ec2:DescribeNetworkInterfaces") == 1
    assert phases(inside) == ["before", "after"]
    expected = {
        scene.endpoint_id: set(HOSTS),
        endpoints["s3"]: set(TO_S3),
        endpoints["sqs"]: {SQS},
        endpoints["ecr.api"]: {ECR, f"api.{ECR}"},
        endpoints["ecr.dkr"]: {REGISTRY, f"*.dkr.{ECR}"},
    }
    for request in inside.requests:
        assert {target["endpointId"]: set(target["hosts"]) for target in request["targets"]} == expected
        for target in request["targets"]:
            found = [one["ip"] for one in target["addresses"]]
            assert found == scene.addresses(endpoint_id=target["endpointId"])
    for endpoint_id, hosts in expected.items():
        names = {host.replace("*", "tdp-privatelink-proof") for host in hosts}
        tried = {
            name for address, name in inside.interfaces.asked() if address in scene.addresses(endpoint_id=endpoint_id)
        }
        assert tried == names
    assert_live(scene)
    assert_at(scene, {S3: "s3", f"*.{S3}": "s3", SQS: "sqs", REGISTRY: "ecr.dkr"}, endpoints)


def test_an_own_endpoint_that_is_not_proved_leaves_out_its_own_hosts_only(scene: Scene, inside: Inside) -> None:
    endpoints = add_all(scene, ["s3", "sqs"])
    answers(scene, inside, endpoints["sqs"])
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    found = coverage(answer)
    assert (found[S3][0], found[SQS]) == ("unproved", ("own-endpoint", endpoints["sqs"]))
    said = problem(answer, "own-endpoint-unproved")["message"]
    assert S3 in said and SQS not in said and not any(host in said for host in HOSTS)
    assert cause(answer, S3) == "connect-refused"
    assert_only_ours(scene, HOSTS | {SQS: SQS})
    assert_live(scene, HOSTS)
    assert {host: resolve(scene, host) for host in (S3, BUCKET)} == {host: AWS_PUBLIC[host] for host in (S3, BUCKET)}
    assert scene.news() == ["connection-live"]
    assert_rests(scene)
    answers(scene, inside, endpoints["s3"])
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer)[S3]) == ("changed", ("own-endpoint", endpoints["s3"]))
    assert_at(scene, {S3: "s3", f"*.{S3}": "s3"}, endpoints)
    assert scene.news() == ["coverage-changed"]


@pytest.mark.parametrize("left_out", ["ecr.api", "ecr.dkr"])
def test_a_zone_whose_other_hosts_are_not_proved_hides_none_of_them(
    scene: Scene, inside: Inside, left_out: str
) -> None:
    endpoints = add_all(scene, ["ecr.api", "ecr.dkr"])
    answers(scene, inside, *endpoints.values())
    refuses(scene, inside, endpoints[left_out])
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    assert_live(scene)
    for host in (ECR, f"api.{ECR}", REGISTRY, OTHER_REGISTRY):
        assert resolve(scene, host) != [] or host not in AWS_PUBLIC, host


def test_a_bucket_that_the_endpoint_does_not_serve_leaves_s3_out(scene: Scene, inside: Inside) -> None:
    """`*.s3…` is not in its certificate, and without that record the zone would take every bucket from the VPC."""
    inside.interfaces._names.remove(f"*.{S3}")
    endpoints = add_all(scene, ["s3"])
    answers(scene, inside, endpoints["s3"])
    answer = scene.run("reconcile")
    assert (answer.outcome, cause(answer, f"*.{S3}")) == ("changed", "certificate-name")
    assert_only_ours(scene)
    assert resolve(scene, BUCKET) == AWS_PUBLIC[BUCKET]


def test_a_platform_that_is_not_proved_holds_everything(scene: Scene, inside: Inside) -> None:
    endpoints = add_all(scene, ["s3", "sqs"])
    answers(scene, inside, *endpoints.values())
    inside.interfaces.behave(how.REFUSES, *ADDRESSES)
    answer = scene.run("reconcile")
    assert (answer.outcome, route53_writes(scene), scene.news()) == ("held", [], ["held"])
    inside.interfaces.behave(how.ANSWERS, *ADDRESSES)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)
    assert_at(scene, {S3: "s3", SQS: "sqs"}, endpoints)


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
def test_a_takeover_waits_for_its_proof(scene: Scene, inside: Inside, on_loss: str) -> None:
    first = live(scene, inside, "sqs", ON_LOSS=on_loss)["sqs"]
    second = scene.add_service("sqs")
    before = scene.records(SQS)
    scene.aws.set_endpoint_state(first, "deleting")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[SQS][0]) == ("in-sync", "unproved")
    assert scene.records(SQS) == before
    answers(scene, inside, second)
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer)[SQS]) == ("changed", ("own-endpoint", second))
    assert_live(scene, {SQS: SQS}, endpoint_id=second)
    assert_live(scene)
    assert scene.news() == ["coverage-changed", "coverage-changed"]


def test_a_takeover_waits_for_its_proof_also_when_the_tdp_endpoint_is_lost(scene: Scene, inside: Inside) -> None:
    first = live(scene, inside, "sqs", ON_LOSS="withdraw")["sqs"]
    second = scene.add_service("sqs")
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "withdrawn"
    assert_live(scene, {SQS: SQS}, endpoint_id=first)
    scene.aws.set_endpoint_state(first, "deleting")
    scene.run("sweep")
    target = scene.records(SQS)[SQS, "A"]["AliasTarget"]["DNSName"]
    assert second not in target, "a name leads to an endpoint that nobody proved"


def test_a_new_own_endpoint_is_not_led_to_unproved_while_the_tdp_endpoint_is_lost(scene: Scene, inside: Inside) -> None:
    live(scene, inside, "sqs", ON_LOSS="withdraw")
    scene.enter("rejected")
    scene.add_service("s3")
    answer = scene.run("sweep")
    assert answer.outcome == "withdrawn"
    assert S3 not in scene.zones(), "a name leads to an endpoint that nobody proved"


def test_an_own_endpoint_without_addresses_does_not_hold_up_the_platform(scene: Scene, inside: Inside) -> None:
    sqs = scene.add_service("sqs")
    answers(scene, inside, sqs)
    scene.add_service("s3", vpc=replace(scene.vpc, subnet_ids=[]))
    answer = scene.run("reconcile")
    assert (answer.outcome, coverage(answer)[S3][0]) == ("changed", "unproved")
    assert_live(scene)
    assert_live(scene, {SQS: SQS}, endpoint_id=sqs)
    assert S3 not in scene.zones()


def test_why_nobody_was_asked_about_an_own_endpoint_is_told(scene: Scene, inside: Inside) -> None:
    """It has no subnet. The verifier was not even invoked, so it did not run out of time."""
    live(scene, inside)
    s3 = scene.add_service("s3", vpc=replace(scene.vpc, subnet_ids=[]))
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[S3]) == ("in-sync", ("unproved", s3))
    assert s3 in problem(answer, "no-addresses")["message"]
    assert "proof-incomplete" not in answer.codes


@pytest.fixture
def going(scene: Scene) -> str:
    """S3's endpoint is being deleted: EC2 lists it with interfaces that it does not know any more."""
    going = scene.add_service("s3")
    for interface in scene.aws.endpoint(going)["NetworkInterfaceIds"]:
        del scene.aws._ec2.enis[interface]
    return going


def test_an_own_endpoint_whose_interfaces_are_gone_does_not_hold_up_the_platform(
    scene: Scene, inside: Inside, going: str
) -> None:
    answer = scene.run("reconcile")
    assert (answer.outcome, coverage(answer)[S3]) == ("changed", ("unproved", going))
    assert_live(scene)


def test_an_own_endpoint_whose_interfaces_are_gone_does_not_hold_up_another(
    scene: Scene, inside: Inside, going: str
) -> None:
    sqs = scene.add_service("sqs")
    answers(scene, inside, sqs)
    found = coverage(scene.run("reconcile"))
    assert (found[S3], found[SQS]) == (("unproved", going), ("own-endpoint", sqs))


def test_without_a_verdict_the_hosts_of_own_endpoints_wait_and_the_platform_stays_live(
    scene: Scene, inside: Inside
) -> None:
    live(scene, inside)
    endpoints = add_all(scene, ["sqs"])
    answers(scene, inside, *endpoints.values())
    scene.aws.functions.remove(VERIFIER)
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[SQS][0]) == ("in-sync", "unproved")
    assert {"own-endpoint-unproved", "verifier-missing"} <= set(answer.codes)
    assert route53_writes(scene) == []
    assert_live(scene)
    scene.aws.functions.add(VERIFIER, inside.invoke)
    assert scene.run("drift").outcome == "changed"
    assert_at(scene, {SQS: "sqs"}, endpoints)


def test_report_leads_hosts_to_an_own_endpoint_and_says_that_it_fails(scene: Scene, inside: Inside) -> None:
    scene.configure(CUTOVER_PROOF="report")
    endpoints = add_all(scene, ["sqs"])
    answer = scene.run("reconcile")
    assert (answer.outcome, coverage(answer)[SQS]) == ("changed", ("own-endpoint", endpoints["sqs"]))
    assert (answer.connection["proof"]["before"], answer.connection["proof"]["after"]) == ("failed", "failed")
    assert_at(scene, {SQS: "sqs"}, endpoints)


def test_an_own_endpoint_that_stops_answering_is_told_once_and_its_records_stay(scene: Scene, inside: Inside) -> None:
    endpoints = live(scene, inside, "sqs")
    refuses(scene, inside, endpoints["sqs"])
    with scene.function() as function:
        for task in ("drift", "sweep", "drift"):
            answer = function.invoke({"task": task})
            assert (answer.outcome, answer.connection["proof"]["after"]) == ("in-sync", "failed")
        failed = [row["host"] for row in answer.connection["proof"]["hosts"] if row["verdict"] == "failed"]
        assert (failed, route53_writes(scene)) == ([SQS], [])
        assert_at(scene, {SQS: "sqs"}, endpoints)
        answers(scene, inside, endpoints["sqs"])
        assert function.invoke({"task": "sweep"}).connection["proof"]["after"] == "passed"
    assert scene.news() == ["proof-failed", "proof-recovered"]


def test_more_endpoints_than_a_request_takes_are_proved_in_several(scene: Scene, inside: Inside) -> None:
    """A request takes 16: docs of the verifier's shape, `MOST_TARGETS`."""
    partners = {f"p{n:02}.partners.example.com": f"com.amazonaws.vpce.us-east-1.vpce-svc-{n:017}" for n in range(18)}
    scene.configure(AWS_SERVICE_ROUTING="none", EXTRA_HOSTS=",".join(f"{h}={s}" for h, s in partners.items()))
    own = {host: scene.aws.request_endpoint(scene.vpc, name, state="available") for host, name in partners.items()}
    answers(scene, inside, *own.values())
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    assert all(len(request["targets"]) <= 16 for request in inside.requests)
    before = [target for request in inside.requests if request["phase"] == "before" for target in request["targets"]]
    assert {target["endpointId"]: target["hosts"] for target in before} == {scene.endpoint_id: sorted(HOSTS)} | {
        endpoint_id: [host] for host, endpoint_id in own.items()
    }
    for host, endpoint_id in own.items():
        assert_live(scene, {host: host}, endpoint_id=endpoint_id)


def test_with_tdp_the_hosts_of_aws_are_proved_at_tdp_and_hold_like_its_own(scene: Scene, inside: Inside) -> None:
    scene.configure(AWS_SERVICE_ROUTING="tdp", TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="acme-prod")
    answer = scene.run("reconcile")
    assert (answer.outcome, route53_writes(scene)) == ("held", [])
    (request,) = inside.requests
    (target,) = request["targets"]
    assert target["endpointId"] == scene.endpoint_id
    buckets = [f"acme-prod-{what}.{S3}" for what in ("backup", "datalake", "events")]
    assert {*HOSTS, *buckets} <= set(target["hosts"])


def test_the_task_verify_looks_at_own_endpoints_too(scene: Scene, inside: Inside) -> None:
    endpoints = live(scene, inside, "sqs")
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["after"], scene.news()) == ("in-sync", "passed", [])
    assert {t["endpointId"] for request in inside.requests for t in request["targets"]} == {
        scene.endpoint_id,
        endpoints["sqs"],
    }
