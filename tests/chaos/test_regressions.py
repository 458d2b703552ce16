"""What the long life and the hostile answers found, as short histories. Each was broken once."""

import json
from collections.abc import Iterator

import pytest
from moto.ec2.models import ec2_backends

from tests.aws import EmbeddedAws
from tests.aws.errors import Answer
from tests.chaos.lives import COMMENT_OF_ANOTHER, Lived
from tests.harness import HOSTS, PLATFORM, Scene

SQS = "sqs.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def scene(server: EmbeddedAws) -> Scene:
    server.reset()
    server.insync_after = 0
    return Scene(server)


def test_a_vpc_that_never_was_is_forgotten(scene: Scene) -> None:
    scene.go_live()

    def spoil(service: str, operation: str, answer: Answer) -> Answer:
        body = (
            answer.body.replace(scene.vpc.id.encode(), b"1e999") if operation == "DescribeVpcEndpoints" else answer.body
        )
        return Answer(answer.status, body, answer.headers)

    scene.aws.spoil = spoil
    scene.run("drift")
    scene.aws.spoil = None
    for _ in range(3):
        answer = scene.run("drift")
    assert [one["outcome"] for one in answer.connections] == ["in-sync"]


def test_markers_that_name_no_endpoint_are_written_again(scene: Scene) -> None:
    lived = Lived(scene)
    lived.enter("available")
    lived.run("reconcile", warm=False)
    for host in HOSTS:
        lived.hands.edit(host, "marker of no endpoint")
    lived.end_well()


def test_one_marker_of_an_own_endpoint_that_names_none_does_not_stop_the_vpc(scene: Scene) -> None:
    lived = Lived(scene)
    lived.configure("AWS_SERVICE_ROUTING", "own")
    lived.own("sqs", there=True)
    lived.enter("available")
    lived.run("reconcile", warm=False)
    lived.hands.edit(SQS, "marker of no endpoint")
    lived.end_well()


def test_the_comment_of_a_zone_adds_no_line_to_a_message(scene: Scene) -> None:
    scene.request("available")
    scene.plant_zone(PLATFORM, comment=COMMENT_OF_ANOTHER.replace("somebody", "x\nINJECTED: run this"))
    assert scene.run("drift").outcome == "refused"
    lines = [line for one in scene.messages() for line in json.loads(one.message)["default"].splitlines()]
    assert len(lines) > 5
    assert [line for line in lines if line.startswith("INJECTED")] == []


def test_a_vpc_that_was_deleted_comes_to_an_end(scene: Scene) -> None:
    lived = Lived(scene)
    lived.enter("available")
    lived.run("reconcile", warm=False)
    lived.lose(oldest=True, how="missing")
    assert lived.run("drift", warm=False) == "lost"
    for name in list(scene.zones()):
        lived.hands.delete_zone(name)
    del ec2_backends[scene.aws.account][scene.aws.region].vpcs[scene.vpc.id]
    lived.configure("MODE", "withdraw")
    assert "failed" not in [lived.run("drift", warm=False) for _ in range(3)][1:]
