"""No failure in the middle leaves a name without an answer for longer than the run itself."""

import pytest

from tests.e2e.checks import assert_live, assert_public
from tests.harness import Scene
from tests.harness.world import HOSTS, OWNER, PLATFORM, a_record

CHANGE = "ChangeResourceRecordSets"
PUBLIC = ["203.0.113.1"]


def answers(scene: Scene) -> dict[str, list[str]]:
    return {host: scene.resolve(host) for host in HOSTS}


def test_an_alias_that_route53_never_accepts_leaves_public_dns_alone_and_is_told(scene: Scene) -> None:
    """InvalidChangeBatch is what a stale plan looks like, too: it is tried again, and then given up."""
    scene.request("available")
    known = scene.aws._route53._endpoint_names
    scene.aws._route53._endpoint_names = lambda name: None
    for _ in range(2):
        assert not scene.run("sweep").ok
        assert_public(scene)
    assert scene.news() == ["failed"]
    scene.aws._route53._endpoint_names = known
    assert scene.run("sweep").outcome == "changed"


def test_a_zone_that_an_earlier_run_left_empty_goes_when_it_cannot_be_filled(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("lost", "route53", "CreateHostedZone")
    scene.aws.faults.add("denied", "route53", CHANGE, times=None)
    assert not scene.run("sweep").ok
    assert_public(scene)
    scene.aws.faults.clear()
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


def test_sweeps_do_not_make_and_unmake_zones_every_minute(scene: Scene) -> None:
    """Each try hides the names for a moment: after a refusal the next one is left to the drift pass."""
    scene.request("available")
    scene.aws.faults.add("denied", "route53", CHANGE, times=None)
    with scene.function() as function:
        assert not function.invoke({"task": "sweep"}).ok
        scene.mark()
        for _ in range(3):
            assert function.invoke({"task": "sweep"}).outcome == "failed"
        assert scene.writes() == []
        scene.aws.faults.clear()
        assert function.invoke({"task": "drift"}).outcome == "changed"
    assert_live(scene)


def test_sweeps_do_not_withdraw_and_put_back_every_minute(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.faults.add("denied", "route53", "DeleteHostedZone", times=None)
    with scene.function() as function:
        assert not function.invoke({"task": "sweep"}).ok
        scene.mark()
        for _ in range(3):
            assert function.invoke({"task": "sweep"}).outcome == "failed"
        assert scene.writes() == []
    assert_live(scene)
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "withdrawn"


def test_a_zone_comes_back_to_the_vpc_only_when_it_is_right(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()["api.tetrascience.com"]
    scene.detach(zone_id)
    scene.aws.delete_record(zone_id, "api.tetrascience.com", "A")
    assert scene.resolve("api.tetrascience.com") == PUBLIC

    scene.aws.faults.add("denied", "route53", CHANGE, times=None)
    assert not scene.run("drift").ok
    assert scene.resolve("api.tetrascience.com") == PUBLIC
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize("mode", ["apply", "withdraw"])
def test_an_empty_zone_of_ours_without_any_endpoint_goes(scene: Scene, mode: str) -> None:
    """A run ended between making and filling it, and then the endpoint went."""
    comment = f"heritage=tdp-privatelink,tdp-privatelink/owner={OWNER},tdp-privatelink/vpc={scene.vpc.id}"
    scene.aws.make_zone(PLATFORM, scene.vpc, comment=comment)
    scene.configure(MODE=mode)
    assert scene.run("drift").outcome == "withdrawn"
    assert_public(scene)


def test_nothing_is_begun_without_time_to_end_it(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run("reconcile", deadline=5)
    assert not answer.ok
    assert scene.writes() == []
    assert scene.run("reconcile").outcome == "changed"


def test_withdrawing_from_an_adopted_zone_says_that_its_names_have_no_answer(scene: Scene) -> None:
    zone_id = scene.aws.make_zone(PLATFORM, scene.vpc, comment="theirs")
    scene.aws.put_records(zone_id, a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    scene.configure(EXISTING_ZONES="adopt")
    scene.go_live()
    scene.configure(MODE="withdraw")
    answer = scene.run("reconcile")
    assert answer.outcome == "withdrawn"
    assert answers(scene)[PLATFORM] == []
    assert "zone-kept" in answer.codes
    (message,) = scene.messages()
    assert "NO ANSWER" in message.subject
    assert "public DNS again" not in message.subject
