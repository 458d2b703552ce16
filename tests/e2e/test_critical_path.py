"""How long a cut-over takes does not depend on how many hosts there are."""

import time
from collections import Counter

from tests.e2e.test_races import Gate
from tests.harness import Scene

CREATE = "CreateHostedZone"
SECONDS = 20


def test_more_hosts_in_a_zone_are_no_more_calls(scene: Scene) -> None:
    scene.request("available")
    assert scene.run("reconcile").outcome == "changed"
    few = Counter(scene.aws.calls.names())
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    scene.aws.client("ssm").delete_parameter(Name=f"/tdp-privatelink/tdp-test/{scene.vpc.id}")
    extra = [f"h{number}.platform.tetrascience.com" for number in range(100)]
    scene.configure(MODE="apply", EXTRA_HOSTS=",".join(extra))
    scene.mark()
    assert scene.run("reconcile").outcome == "changed"
    assert Counter(scene.aws.calls.names()) == few


def test_zones_are_made_side_by_side(scene: Scene) -> None:
    """Each of them is under way before the first is answered."""
    scene.configure(EXTRA_HOSTS="a.example.com,b.example.com")
    scene.request("available")
    zones = 4
    gate = Gate(scene, CREATE, zones)
    with scene.function() as function:
        run = function.submit({"task": "reconcile"})
        assert gate.reached.wait(SECONDS)
        gate.open()
        assert function.answer(run).outcome == "changed"
    assert scene.aws.calls.count(f"route53:{CREATE}") == zones


def test_of_many_zones_those_that_are_written_are_asked_for_while_others_are_made(scene: Scene) -> None:
    hosts = [f"host-{number}.example.com" for number in range(10)]
    scene.configure(EXTRA_HOSTS=",".join(hosts))
    scene.request("available")
    # The platform's hosts have two zones.
    last = Gate(scene, CREATE, 1, after=len(hosts) + 1)
    with scene.function() as function:
        run = function.submit({"task": "reconcile"})
        assert last.reached.wait(SECONDS)
        # The SDK gives up on a call after 8 seconds.
        until = time.monotonic() + 5
        while not (asked := scene.aws.calls.count("route53:GetChange")) and time.monotonic() < until:
            time.sleep(0.01)
        last.open()
        assert function.answer(run).outcome == "changed"
    assert asked > 0
