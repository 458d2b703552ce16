"""STAGING_VPC_ID, and the process or a call ends in the middle: the VPC sees nothing of a zone, or one that answers."""

import pytest

from tests.aws import DnsWatch, Vpc
from tests.e2e.checks import assert_live, assert_only_ours, assert_public, unwatch_calls
from tests.e2e.test_staging import PUBLIC, SECONDS, add_staging, left_on, ours, seen
from tests.harness import HOSTS, Scene

# How many calls to Route 53 there are, of zones first: killed before the last of these, nothing was begun.
LISTS = 3
# Two zones, each made, filled, shown and taken off staging, with three changes waited for, and read again.
THERE = LISTS + 2 * (4 + 3 + 1)
# Each read, put onto staging, taken off the VPC, emptied and deleted, with four changes waited for.
BACK = LISTS + 2 * (5 + 4)
ASSOCIATE, DISSOCIATE = "AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone"
NEVER = 10**6


@pytest.fixture
def staging(scene: Scene) -> Vpc:
    return add_staging(scene)


def killed_at(scene: Scene, nth: int, operation: str | None = None) -> None:
    """A run whose process is killed while its nth call to Route 53 is under way; AWS processes the call."""
    left = [nth]
    with scene.function() as function:

        def kill(service: str, called: str) -> None:
            if service == "route53" and operation in (None, called):
                left[0] -= 1
                if left[0] == 0:
                    function.kill()

        scene.aws.on_call(kill)
        invocation = function.submit({"task": "reconcile"})
        assert invocation.done.wait(SECONDS)
        assert invocation.kind == "died", f"there is no call {nth}"
    unwatch_calls(scene)


def assert_gone(scene: Scene, staging: Vpc) -> None:
    assert_public(scene)
    assert ours(scene) == []
    assert left_on(scene, staging) == []


def assert_there(scene: Scene, staging: Vpc) -> None:
    assert_live(scene)
    assert_only_ours(scene)
    assert left_on(scene, staging) == []


def silent(watch: DnsWatch) -> bool:
    """Whether a client was ever without an answer."""
    return [] in [answer for course in seen(watch) for answer in course]


# Killed.


@pytest.mark.parametrize("there", [True, False])
def test_these_are_all_calls(scene: Scene, staging: Vpc, there: bool) -> None:
    scene.request("available")
    if not there:
        assert scene.run("reconcile").ok
        scene.configure(MODE="withdraw")
    scene.mark()
    assert scene.run("reconcile").ok
    assert scene.aws.calls.count("route53") == (THERE if there else BACK)


@pytest.mark.parametrize("nth", range(LISTS, THERE + 1))
def test_killed_at_any_call_the_next_run_goes_live(scene: Scene, staging: Vpc, nth: int) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    killed_at(scene, nth)
    assert scene.run("sweep").ok
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    assert_there(scene, staging)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("nth", range(LISTS, BACK + 1))
def test_killed_at_any_call_the_next_run_goes_back(scene: Scene, staging: Vpc, nth: int) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    watch = scene.watch_dns(*HOSTS)
    killed_at(scene, nth)
    assert scene.run("sweep").ok
    assert seen(watch) == [[scene.addresses(), PUBLIC]]
    assert_gone(scene, staging)
    assert scene.news() == ["withdrawn"]


@pytest.mark.parametrize("nth", range(LISTS + 1, THERE + 1, 4))
def test_killed_on_the_way_there_it_may_go_back(scene: Scene, staging: Vpc, nth: int) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    killed_at(scene, nth)
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").ok
    assert not silent(watch), seen(watch)
    assert_gone(scene, staging)


@pytest.mark.parametrize("nth", range(LISTS + 1, BACK + 1, 4))
def test_killed_on_the_way_back_it_may_go_live_again(scene: Scene, staging: Vpc, nth: int) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    watch = scene.watch_dns(*HOSTS)
    killed_at(scene, nth)
    scene.configure(MODE="apply")
    assert scene.run("reconcile").ok
    assert not silent(watch), seen(watch)
    assert_there(scene, staging)


# What is not known to be on every server.


def test_a_run_that_ends_before_insync_shows_nothing(scene: Scene, staging: Vpc) -> None:
    scene.aws.insync_after = NEVER
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    assert not scene.run("reconcile", deadline=10).ok
    assert seen(watch) == [[PUBLIC]]
    assert left_on(scene, staging) == sorted(set(HOSTS.values()))
    scene.aws.insync_after = 0
    assert scene.run("sweep").outcome == "changed"
    assert_there(scene, staging)


def test_a_zone_that_a_killed_run_filled_is_not_shown_before_it_is_insync(scene: Scene, staging: Vpc) -> None:
    scene.aws.insync_after = NEVER
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    killed_at(scene, 1, "GetChange")
    scene.run("sweep", deadline=10)
    assert seen(watch) == [[PUBLIC]]
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert_there(scene, staging)


def test_a_zone_that_a_killed_run_hid_is_not_emptied_before_that_is_insync(scene: Scene, staging: Vpc) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.insync_after = NEVER
    killed_at(scene, 1, "GetChange")
    scene.mark()
    scene.run("sweep", deadline=10)
    batches = [call.params["ChangeBatch"]["Changes"] for call in scene.writes() if "ChangeBatch" in call.params]
    assert "DELETE" not in [change["Action"] for changes in batches for change in changes]
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert_gone(scene, staging)


# Calls that fail. With `nth` 2 one zone is through with it and the other is not.

WAY_THERE = (
    "CreateHostedZone",
    "ListResourceRecordSets",
    "ChangeResourceRecordSets",
    "GetChange",
    ASSOCIATE,
    DISSOCIATE,
)
WAY_BACK = (ASSOCIATE, DISSOCIATE, "GetChange", "ChangeResourceRecordSets", "DeleteHostedZone")


@pytest.mark.parametrize("operation", WAY_THERE)
def test_an_answer_that_is_lost_makes_no_difference_on_the_way_there(
    scene: Scene, staging: Vpc, operation: str
) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    scene.aws.faults.add("lost", "route53", operation)
    assert scene.run("reconcile").outcome == "changed"
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    assert_there(scene, staging)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("operation", WAY_BACK)
def test_an_answer_that_is_lost_makes_no_difference_on_the_way_back(scene: Scene, staging: Vpc, operation: str) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    watch = scene.watch_dns(*HOSTS)
    scene.aws.faults.add("lost", "route53", operation)
    assert scene.run("reconcile").outcome == "withdrawn"
    assert seen(watch) == [[scene.addresses(), PUBLIC]]
    assert_gone(scene, staging)
    assert scene.news() == ["withdrawn"]


def those_that_stay(*operations: str) -> list[tuple[str, str, int]]:
    """Denied for one zone; an outage of what shows and hides zones, for both."""
    outages = [(operation, "503", 1) for operation in (ASSOCIATE, DISSOCIATE)]
    return [(operation, "denied", 2) for operation in operations] + outages


@pytest.mark.parametrize(("operation", "kind", "nth"), those_that_stay(*WAY_THERE))
def test_a_failure_that_stays_leaves_no_name_without_an_answer_on_the_way_there(
    scene: Scene, staging: Vpc, operation: str, kind: str, nth: int
) -> None:
    scene.request("available")
    watch = scene.watch_dns(*HOSTS)
    scene.aws.faults.add(kind, "route53", operation, nth=nth, times=None)
    assert f"route53:{operation}" in scene.run("reconcile").message
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert seen(watch) == [[PUBLIC, scene.addresses()]]
    assert_there(scene, staging)


@pytest.mark.parametrize(("operation", "kind", "nth"), those_that_stay(*WAY_BACK))
def test_a_failure_that_stays_leaves_no_name_without_an_answer_on_the_way_back(
    scene: Scene, staging: Vpc, operation: str, kind: str, nth: int
) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    watch = scene.watch_dns(*HOSTS)
    scene.aws.faults.add(kind, "route53", operation, nth=nth, times=None)
    assert f"route53:{operation}" in scene.run("reconcile").message
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert seen(watch) == [[scene.addresses(), PUBLIC]]
    assert_gone(scene, staging)
