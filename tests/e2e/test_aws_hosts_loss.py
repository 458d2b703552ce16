"""An own endpoint that goes takes at most its own hosts along, and only when EC2 says that it is gone."""

import pytest

from tests.e2e.checks import (
    LOSSES,
    assert_live,
    assert_only_ours,
    assert_public,
    hide_from_lists,
    lose,
    made_in,
    unwatch_calls,
)
from tests.e2e.test_aws_hosts import (
    AWS_PUBLIC,
    BESIDE,
    BUCKET,
    DOMAIN,
    HUB,
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
    zones_of,
)
from tests.harness import HOSTS, PLATFORM, Scene
from tests.harness.function import FunctionDied
from tests.harness.world import Record

ZONES = {"s3": S3, "sqs": SQS}
PLACES = {"s3": {S3: S3, f"*.{S3}": S3}, "sqs": {SQS: SQS}}


def go_live(scene: Scene, **changes: str) -> dict[str, str]:
    """S3 and SQS at own endpoints beside the platform at TDP: ids by service."""
    scene.configure(AWS_SERVICE_ROUTING="own", **changes)
    endpoints = add_all(scene, ZONES)
    scene.go_live()
    assert_at(scene, {S3: "s3", SQS: "sqs"}, endpoints)
    return endpoints


def everything(scene: Scene) -> dict[str, dict[tuple[str, str], Record]]:
    return {zone: scene.records(zone) for zone in sorted(scene.zones())}


# Kept


@pytest.mark.parametrize("service", ZONES)
@pytest.mark.parametrize("loss", LOSSES)
def test_records_at_a_lost_endpoint_are_kept_and_that_is_told_once(scene: Scene, loss: str, service: str) -> None:
    endpoints = go_live(scene)
    before = everything(scene)
    lose(scene, endpoints[service], loss)
    with scene.function() as function:
        answers = [function.invoke({"task": "sweep"}) for _ in range(3)]
        function.cold()
        answers += [function.invoke({"task": task}) for task in ("sweep", "drift")]
    host = ZONES[service]
    assert [(answer.outcome, coverage(answer)[host][0]) for answer in answers] == [("in-sync", "lost")] * 5
    said = str([one for one in answers[0].connection["problems"] if one["code"] == "own-endpoint-lost"])
    assert endpoints[service] in said and host in said and "was kept" in said
    assert route53_writes(scene) == []
    assert everything(scene) == before
    (message,) = scene.messages()
    assert (message.attributes["event"], message.attributes["severity"]) == ("coverage-changed", "warning")


def test_a_kept_record_follows_the_next_endpoint(scene: Scene) -> None:
    endpoints = go_live(scene)
    lose(scene, endpoints["sqs"], "missing")
    assert coverage(scene.run("sweep"))[SQS][0] == "lost"
    new = scene.add_service("sqs")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[SQS]) == ("changed", ("own-endpoint", new))
    assert_live(scene, PLACES["sqs"], endpoint_id=new)
    assert scene.news() == ["coverage-changed", "coverage-changed"]


def test_a_host_that_a_kept_zone_hides_is_said_to_have_no_answer(scene: Scene) -> None:
    """Private DNS served it until its endpoint went; the zone stays for the sake of ECR's API."""
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = [scene.add_service("ecr.api"), scene.add_service("ecr.dkr", private_dns=True)]
    scene.go_live()
    for endpoint_id in endpoints:
        scene.aws.remove_endpoint(endpoint_id)
    answer = scene.run("sweep")
    assert (coverage(answer)[REGISTRY], resolve(scene, REGISTRY)) == (("hidden", None), [])
    assert REGISTRY in problem(answer, "host-hidden")["message"]
    assert REGISTRY not in problem(answer, "not-covered")["message"]
    scene.configure(ON_LOSS="withdraw")
    assert coverage(scene.run("sweep"))[REGISTRY] == ("not-covered", None)
    assert resolve(scene, REGISTRY) == AWS_PUBLIC[REGISTRY]


# Withdrawn


@pytest.mark.parametrize("service", ZONES)
@pytest.mark.parametrize("loss", LOSSES)
def test_records_at_a_lost_endpoint_go_alone_when_that_is_wanted(scene: Scene, loss: str, service: str) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    before = everything(scene)
    lose(scene, endpoints[service], loss)
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[ZONES[service]]) == ("changed", ("not-covered", None))
    assert {change["zone"] for change in answer.connection["changes"]} == {ZONES[service]}
    del before[ZONES[service]]
    assert everything(scene) == before
    assert resolve(scene, ZONES[service]) == ["198.51.100.7"]
    assert scene.news() == ["coverage-changed"]
    assert_rests(scene)
    new = scene.add_service(service)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, PLACES[service], endpoint_id=new)


@pytest.mark.parametrize(("state", "via"), [("deleting", "lost"), ("pending", "waiting"), ("somethingNew", "waiting")])
def test_no_record_goes_while_ec2_does_not_say_that_the_endpoint_is_gone(scene: Scene, state: str, via: str) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    before = everything(scene)
    scene.aws.set_endpoint_state(endpoints["sqs"], state)
    for task in ("sweep", "drift"):
        answer = scene.run(task)
        assert (answer.outcome, coverage(answer)[SQS]) == ("in-sync", (via, endpoints["sqs"]))
    assert (everything(scene), route53_writes(scene)) == (before, [])
    lose(scene, endpoints["sqs"], "missing")
    assert scene.run("sweep").outcome == "changed"
    assert SQS not in scene.zones()


def test_an_endpoint_that_is_only_missing_in_the_list_is_not_lost(scene: Scene) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    before = everything(scene)
    hide_from_lists(scene, endpoints["sqs"])
    for task in ("sweep", "drift"):
        answer = scene.run(task)
        assert (answer.outcome, coverage(answer)[SQS]) == ("in-sync", ("own-endpoint", endpoints["sqs"]))
    unwatch_calls(scene)
    scene.aws._endpoints.endpoints.find(endpoints["sqs"]).service_name = "com.amazonaws.us-east-1.sqs"
    assert (everything(scene), scene.news(), route53_writes(scene)) == (before, [], [])


@pytest.mark.parametrize("fault", ["denied", "throttle", "503", "malformed"])
def test_no_record_goes_when_ec2_cannot_be_asked_for_the_endpoint(scene: Scene, fault: str) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    before = everything(scene)
    lose(scene, endpoints["sqs"], "missing")
    scene.aws.faults.add(fault, "ec2", "DescribeVpcEndpoints", nth=2, times=None)
    scene.run("sweep")
    assert (everything(scene), route53_writes(scene)) == (before, [])
    scene.aws.faults.clear()
    assert scene.run("sweep").outcome == "changed"
    assert SQS not in scene.zones()


# Taken over


def test_another_endpoint_takes_over_only_when_the_first_goes(scene: Scene) -> None:
    first = go_live(scene)["s3"]
    made_in(scene, first, 2020)
    second, third = scene.add_service("s3"), scene.add_service("s3", state="pending")
    made_in(scene, second, 2022)
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer)[S3]) == ("in-sync", ("own-endpoint", first))
    watch = scene.watch_dns(S3, BUCKET, PLATFORM)
    scene.aws.set_endpoint_state(first, "failed")
    answer = scene.run("sweep")
    assert (answer.outcome, coverage(answer)[S3]) == ("changed", ("own-endpoint", second))
    assert_live(scene, PLACES["s3"], endpoint_id=second)
    for host in (S3, BUCKET):
        assert watch.answers(host) == [scene.addresses(endpoint_id=first), scene.addresses(endpoint_id=second)]
    assert len(watch.answers(PLATFORM)) == 1
    for endpoint in (first, third):
        scene.aws.set_endpoint_state(endpoint, "available")
    assert coverage(scene.run("drift"))[S3] == ("own-endpoint", second)
    assert_rests(scene)


@pytest.mark.parametrize("service", ZONES)
def test_an_endpoint_that_is_being_modified_keeps_its_records_although_there_is_another(
    scene: Scene, service: str
) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html#concepts-endpoint-states"""
    own = go_live(scene, ON_LOSS="withdraw")[service]
    scene.add_service(service)
    before = everything(scene)
    scene.aws.set_endpoint_state(own, "pending")
    assert scene.run("sweep").outcome == "in-sync"
    assert (everything(scene), route53_writes(scene)) == (before, [])
    scene.aws.set_endpoint_state(own, "available")
    assert coverage(scene.run("sweep"))[ZONES[service]] == ("own-endpoint", own)
    assert everything(scene) == before


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
@pytest.mark.parametrize("loss", LOSSES)
def test_the_takeover_needs_no_withdrawal(scene: Scene, loss: str, on_loss: str) -> None:
    endpoints = go_live(scene, ON_LOSS=on_loss)
    zone_id = scene.zones()[SQS]
    second = scene.add_service("sqs")
    lose(scene, endpoints["sqs"], loss)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("changed", ["not-covered"])
    assert_live(scene, PLACES["sqs"], endpoint_id=second)
    assert scene.zones()[SQS] == zone_id
    assert scene.news() == ["coverage-changed"]


# The TDP endpoint is another matter


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_the_tdp_endpoint_takes_the_platforms_names_alone(scene: Scene, loss: str) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    lose(scene, scene.endpoint_id, loss)
    assert scene.run("sweep").outcome == "withdrawn"
    assert {host: resolve(scene, host) for host in HOSTS} == dict.fromkeys(HOSTS, ["203.0.113.1"])
    assert_at(scene, {S3: "s3", SQS: "sqs"}, endpoints)
    scene.mark()
    assert [scene.run(task).ok for task in ("sweep", "drift")] == [True, True]
    assert (scene.writes(), scene.news()) == ([], [])
    scene.request("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
@pytest.mark.parametrize("state", ["available", "pending", "rejected"])
@pytest.mark.parametrize("routing", ["none", "tdp"])
def test_markers_at_own_endpoints_do_not_choose_the_tdp_endpoint(
    scene: Scene, routing: str, state: str, on_loss: str
) -> None:
    """Six names at S3's endpoint, and three at TDP's, when the configuration gives them all to nobody or to TDP."""
    scene.configure(TDP_COMPONENTS="hub,agent-s3-direct", TDP_BUCKET_PREFIX="acme-prod")
    endpoints = go_live(scene, ON_LOSS=on_loss)
    assert str(everything(scene)).count(f"endpoint={endpoints['s3']}") == 6
    before = everything(scene)
    scene.configure(AWS_SERVICE_ROUTING=routing)
    scene.enter(state)
    answer = scene.run("sweep")
    assert (answer.connection["endpointId"], answer.connection["state"]) == (scene.endpoint_id, state)
    assert "movedFrom" not in answer.connection
    if state == "available":
        assert_live(scene, HOSTS | ({S3: S3, SQS: SQS} if routing == "tdp" else {}))
    elif (state, on_loss) == ("rejected", "withdraw"):
        assert_public(scene)
    else:
        assert (everything(scene), route53_writes(scene)) == (before, [])


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
@pytest.mark.parametrize("state", ["available", "pending"])
def test_with_private_dns_at_tdp_no_marker_of_ours_names_its_endpoint(scene: Scene, state: str, on_loss: str) -> None:
    """Every name of the platform is served by TDP's private DNS, so that own endpoints have the only markers."""
    scene.configure(AWS_SERVICE_ROUTING="own", ON_LOSS=on_loss)
    endpoints = add_all(scene, ZONES)
    first, *more = HOSTS
    scene.request("available", private_dns_name=first, more_private_dns=tuple(more))
    assert scene.run("reconcile").outcome == "changed"
    assert_only_ours(scene, PLACES["s3"] | PLACES["sqs"])
    assert_at(scene, {S3: "s3", SQS: "sqs"}, endpoints)
    scene.mark()
    scene.configure(AWS_SERVICE_ROUTING="none")
    scene.enter(state)
    answer = scene.run("sweep")
    assert (answer.connection["endpointId"], answer.connection["state"]) == (scene.endpoint_id, state)
    assert "movedFrom" not in answer.connection
    assert "connection-lost" not in scene.news()


# Failures in the middle

# Kind, operation, which call is the first to fail, and how many do. Of a zone whose making is never answered nobody
# could know at once, so that one fails once.
BRINGING_UP = [
    ("denied", "CreateHostedZone", 3, None),
    ("denied", "ChangeResourceRecordSets", 4, 1),
    ("denied", "ChangeResourceRecordSets", 4, None),
    ("lost", "CreateHostedZone", 5, 1),
    ("lost", "ChangeResourceRecordSets", 6, 1),
    ("lost", "ChangeResourceRecordSets", 6, None),
    ("drop", "GetChange", 2, None),
    ("malformed", "ListResourceRecordSets", 3, None),
]


@pytest.mark.parametrize(("kind", "operation", "nth", "times"), BRINGING_UP)
def test_a_second_run_completes_what_the_first_could_not_write(
    scene: Scene, kind: str, operation: str, nth: int, times: int | None
) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, HUB.values())
    scene.request("available")
    scene.aws.faults.add(kind, "route53", operation, nth=nth, times=times)
    scene.run("reconcile", deadline=20)
    scene.aws.faults.clear()
    assert all(resolve(scene, host) for host in [*HOSTS, *HUB, BUCKET]), "a zone without its records hides a name"
    assert scene.run("drift").ok
    assert_live(scene)
    assert_at(scene, HUB | BESIDE, endpoints)
    assert_only_ours(scene, HOSTS | zones_of(HUB | BESIDE))


@pytest.mark.parametrize("operation", ["DeleteHostedZone", "ChangeResourceRecordSets", "ListResourceRecordSets"])
@pytest.mark.parametrize("kind", ["denied", "lost"])
def test_a_second_run_completes_a_withdrawal(scene: Scene, kind: str, operation: str) -> None:
    endpoints = go_live(scene, ON_LOSS="withdraw")
    lose(scene, endpoints["s3"], "missing")
    scene.aws.faults.add(kind, "route53", operation, times=None)
    scene.run("sweep", deadline=20)
    scene.aws.faults.clear()
    assert_live(scene)
    assert scene.run("drift").ok
    assert_only_ours(scene, HOSTS | PLACES["sqs"])
    assert {host: resolve(scene, host) for host in (S3, BUCKET)} == {host: AWS_PUBLIC[host] for host in (S3, BUCKET)}
    assert_at(scene, {SQS: "sqs"}, endpoints)


@pytest.mark.parametrize("call", range(5, 30, 5))
def test_a_run_that_is_killed_is_completed_by_the_next(scene: Scene, call: int) -> None:
    scene.configure(AWS_SERVICE_ROUTING="own")
    endpoints = add_all(scene, ["s3", "sqs", "ecr.api", "ecr.dkr"])
    scene.request("available")
    left = [call]
    with scene.function() as function:

        def kill(service: str, operation: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                function.kill()

        scene.aws.on_call(kill)
        with pytest.raises(FunctionDied):
            function.invoke({"task": "reconcile"})
    unwatch_calls(scene)
    assert scene.run("drift").ok
    served = {host: service for host, service in (HUB | BESIDE).items() if service in endpoints}
    assert_at(scene, served, endpoints)
    assert_only_ours(scene, HOSTS | zones_of(served))
    assert problem(scene.run("plan"), "not-covered")["message"].count(DOMAIN) == len(HUB) + 2 - 5
