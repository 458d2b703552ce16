"""AWS says no, is slow, or answers and the answer is lost."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public
from tests.harness import Scene

PLATFORM = "platform.tetrascience.com"
# Every action that going live uses.
ACTIONS = (
    "ec2:DescribeVpcEndpoints",
    "route53:ListHostedZones",
    "route53:ListHostedZonesByVPC",
    "route53:ListResourceRecordSets",
    "route53:CreateHostedZone",
    "route53:ChangeResourceRecordSets",
    "route53:GetChange",
    "sns:Publish",
    "ssm:GetParametersByPath",
    "ssm:GetParameter",
    "ssm:PutParameter",
)


def test_these_are_all_actions_that_going_live_uses(scene: Scene) -> None:
    scene.request("available")
    scene.run("reconcile")
    assert sorted(set(scene.aws.calls.names())) == sorted(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_denied_call_names_the_missing_action(scene: Scene, action: str) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", *action.split(":"), times=None)
    answer = scene.run("reconcile")
    assert action in answer.message
    assert "denied" in answer.message.lower() or "missing" in answer.message.lower()
    scene.aws.faults.clear()
    for _ in range(2):
        assert scene.run("sweep").ok
    assert_live(scene)
    assert_only_ours(scene)


@pytest.mark.parametrize(
    "action", ["route53:ListHostedZonesByVPC", "route53:CreateHostedZone", "route53:ChangeResourceRecordSets"]
)
def test_a_denied_call_is_announced_once_and_the_way_out_too(scene: Scene, action: str) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", *action.split(":"), times=None)
    for _ in range(3):
        assert not scene.run("sweep").ok
    (message,) = scene.messages()
    assert (message.attributes["event"], message.attributes["severity"]) == ("failed", "error")
    assert action in message.message
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert scene.news() == ["failed", "connection-live"]


def test_a_first_run_that_may_not_write_takes_no_name_from_public_dns(scene: Scene) -> None:
    """A zone without records answers "no such name": worse than no zone at all."""
    scene.request("available")
    scene.aws.faults.add("denied", "route53", "ChangeResourceRecordSets", times=None)
    assert not scene.run("reconcile").ok
    assert_public(scene)
    scene.aws.faults.clear()
    assert scene.run("sweep").outcome == "changed"


@pytest.mark.parametrize("action", ["route53:DeleteHostedZone", "route53:ChangeResourceRecordSets"])
def test_a_denied_withdrawal_names_the_missing_action_and_is_finished_later(scene: Scene, action: str) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.faults.add("denied", *action.split(":"), times=None)
    assert action in scene.run("reconcile").message
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert_public(scene)
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news().count("withdrawn") == 1


@pytest.mark.parametrize(
    ("action", "kind"),
    [(action, ("503", "drop", "throttle")[at % 3]) for at, action in enumerate(ACTIONS)],
)
def test_one_failure_of_the_moment_is_absorbed(scene: Scene, action: str, kind: str) -> None:
    scene.request("available")
    scene.aws.faults.add(kind, *action.split(":"))
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("action", ["route53:CreateHostedZone", "route53:ChangeResourceRecordSets", "ssm:PutParameter"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_lost_answer_to_a_write_ends_in_one_set_and_one_announcement(scene: Scene, action: str, nth: int) -> None:
    scene.request("available")
    scene.aws.faults.add("lost", *action.split(":"), nth=nth)
    assert scene.run("reconcile").ok
    assert scene.run("sweep").ok
    assert_live(scene)
    assert_only_ours(scene)
    assert len([zone for zone in scene.aws.zones() if "tdp-privatelink" in zone["comment"]]) == 2
    assert scene.news() == ["connection-live"]


def test_a_lost_answer_to_a_publish_is_told_at_most_twice(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("lost", "sns", "Publish")
    assert scene.run("reconcile").ok
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["connection-live"] * 2


@pytest.mark.parametrize("operation", ["ChangeResourceRecordSets", "DeleteHostedZone"])
def test_a_lost_answer_to_a_withdrawal_is_no_failure(scene: Scene, operation: str) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.faults.add("lost", "route53", operation)
    assert scene.run("reconcile").ok
    assert scene.run("sweep").ok
    assert_public(scene)
    assert scene.news() == ["withdrawn"]


def test_throttling_that_stays_is_an_error_and_not_announced_to_people(scene: Scene) -> None:
    """It deserves another delivery, not a mail every minute."""
    scene.go_live()
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    scene.aws.faults.add("throttle", "route53", "ChangeResourceRecordSets", times=None)
    answer = scene.run("drift")
    assert "route53:ChangeResourceRecordSets" in answer.message and "throttled" in answer.message
    assert scene.news() == []
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "changed"
    assert scene.news() == ["drift-repaired"]


@pytest.mark.parametrize("operation", ["ListHostedZonesByVPC", "CreateHostedZone"])
def test_one_vpcs_failure_does_not_stop_the_other(scene: Scene, operation: str) -> None:
    scene.request("available")
    other = scene.aws.make_vpc("10.1.0.0/16")
    scene.aws.request_endpoint(other, state="available")
    scene.aws.faults.add("denied", "route53", operation)
    answer = scene.run("reconcile")
    assert f"route53:{operation}" in answer.message
    assert scene.news().count("connection-live") == 1
    assert scene.run("sweep").ok
    assert_live(scene)
    assert len(scene.aws.zones(other)) == 2


def test_one_zones_failure_does_not_stop_the_other_zone(scene: Scene) -> None:
    scene.go_live()
    for zone in (PLATFORM, "api.tetrascience.com"):
        scene.aws.delete_record(scene.zones()[zone], zone, "A")
    scene.aws.faults.add("denied", "route53", "ChangeResourceRecordSets")
    assert not scene.run("drift").ok
    repaired = [zone for zone in (PLATFORM, "api.tetrascience.com") if (zone, "A") in scene.records(zone)]
    assert len(repaired) == 1
    assert scene.run("drift").ok
    assert_live(scene)


def test_a_topic_that_is_gone_is_an_error_and_dns_is_right_all_the_same(scene: Scene) -> None:
    scene.request("available")
    scene.aws.client("sns").delete_topic(TopicArn=scene.topic)
    scene.run("reconcile")
    assert_live(scene)
    assert scene.parameter() is None
