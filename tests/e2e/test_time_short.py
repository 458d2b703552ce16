"""More VPCs than there is time for: what is not reached is said and done later, and nobody is left out for long."""

import json
import time
from typing import Any

import pytest

from tests.e2e.test_many_vpcs import AT_ONCE, LOOK, ManyVpcs, denied, ids, outcomes
from tests.harness import Function, Scene
from tests.harness.world import PLATFORM

# No VPC is begun after 5/8 of the time, 6.9 s, and nothing is written in the last 8 s. People are told when a VPC is
# written, so with topics that answer after 7.2 s there is time for as many VPCs as are looked at side by side.
SHORT, TELLING = 11, 7.2
# The same for VPCs in which there is nothing to write.
SHORTER, LOOKING = 3, 2


def slow(scene: Scene, service: str, operation: str, seconds: float) -> None:
    scene.aws.faults.add("slow", service, operation, times=None, seconds=seconds)


def short_sweep(function: Function, is_fresh: bool = False) -> dict[str, Any]:
    """A sweep without much time, also by a fresh process. Returns its report, which the log has after errors too."""
    if is_fresh:
        function.cold()
    before = len(logged(function))
    function.invoke({"task": "sweep"}, deadline=SHORT)
    # What a process wrote is read beside it, and may come a moment later.
    until = time.monotonic() + 5
    while len(logged(function)) == before and time.monotonic() < until:
        time.sleep(0.01)
    return dict(json.loads(logged(function)[before]))


def logged(function: Function) -> list[str]:
    return [line for line in function.stdout if line.startswith('{"mode"')]


def missed(report: dict[str, Any]) -> str:
    """What a report says about VPCs that were not reached."""
    return "".join(one["message"] for one in report.get("problems", []) if one["code"] == "not-reached")


@pytest.mark.parametrize("is_fresh", [False, True], ids=["warm", "fresh"])
def test_what_was_not_reached_is_said_and_done_by_the_next_sweep(scene: Scene, is_fresh: bool) -> None:
    many = ManyVpcs(scene, AT_ONCE + 3)
    slow(scene, "sns", "Publish", TELLING)
    with scene.function() as function:
        report = short_sweep(function)
        live = many.live()
        assert len(live) == AT_ONCE and many.news() == {vpc: ["connection-live"] for vpc in live}
        assert missed(report).startswith("Time was short: 3 VPCs were not looked at")
        assert {vpc.id for vpc in many.vpcs if vpc.id in missed(report)} == ids(many.vpcs) - live
        assert {one["vpcId"] for one in report["connections"]} == live
        scene.aws.faults.clear()
        scene.aws.calls.clear()
        if is_fresh:
            function.cold()
        answer = function.invoke({"task": "sweep"})
        assert outcomes(answer) == {"in-sync": AT_ONCE, "changed": 3}
        assert "not-reached" not in answer.codes
        assert set(many.looked_at()) == (ids(many.vpcs) if is_fresh else ids(many.vpcs) - live)
        scene.aws.calls.clear()
        function.invoke({"task": "sweep"})
        assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
    many.assert_all_live()
    assert many.news() == many.once("connection-live")


@pytest.mark.parametrize("is_fresh", [False, True], ids=["warm", "fresh"])
def test_a_vpc_that_always_fails_takes_no_turn_from_the_others(scene: Scene, is_fresh: bool) -> None:
    """Two short sweeps have time for twice as many as are looked at side by side."""
    many = ManyVpcs(scene, 2 * AT_ONCE - 1)
    barred = many.vpcs[0]
    slow(scene, "sns", "Publish", TELLING)
    with denied(scene.aws, "ListHostedZonesByVPC", barred.id), scene.function() as function:
        for _ in range(2):
            short_sweep(function, is_fresh)
        assert many.live() == ids(many.vpcs) - {barred.id}
        scene.aws.faults.clear()
        assert missed(short_sweep(function, is_fresh)) == ""
        assert many.news() == many.once("connection-live") | {barred.id: ["failed"]}
    assert outcomes(scene.run("sweep")) == {"changed": 1, "in-sync": len(many.vpcs) - 1}


def test_a_drift_pass_that_was_cut_short_is_finished_by_the_next_sweep(scene: Scene) -> None:
    many = ManyVpcs(scene, 2 * AT_ONCE + 2)
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).ok
        for vpc in many.vpcs:
            scene.aws.delete_record(many.zones(vpc)[PLATFORM], PLATFORM, "A")
        scene.mark()
        slow(scene, "sns", "Publish", TELLING)
        function.invoke({"task": "drift"}, deadline=SHORT)
        first = many.looked_at()
        assert many.live() == set(first) and len(first) == AT_ONCE
        scene.aws.faults.clear()
        scene.aws.calls.clear()
        assert outcomes(function.invoke({"task": "sweep"})) == {"changed": AT_ONCE + 2, "in-sync": AT_ONCE}
        assert set(many.looked_at()) == ids(many.vpcs) - set(first)
        scene.aws.calls.clear()
        function.invoke({"task": "sweep"})
        assert scene.aws.calls.count(LOOK) == 0
    many.assert_all_live()
    assert many.news() == many.once("drift-repaired")


def test_processes_that_start_afresh_begin_with_different_vpcs(scene: Scene) -> None:
    many = ManyVpcs(scene, 16, state="pendingAcceptance")
    scene.run("sweep")
    begun = []
    for _ in range(6):
        scene.mark()
        assert scene.run("sweep").ok
        begun.append(frozenset(many.looked_at()[:AT_ONCE]))
    assert len(set(begun)) > 1


def test_a_vpc_that_is_not_live_comes_before_those_that_are(scene: Scene) -> None:
    """Nobody waits for a cut-over because others are looked at again."""
    many = ManyVpcs(scene, 12)
    many.go_live()
    new = [many.add() for _ in range(3)]
    slow(scene, "route53", "ListHostedZonesByVPC", LOOKING)
    scene.run("sweep", deadline=SHORTER)
    assert ids(new) <= set(many.looked_at()) and len(many.looked_at()) == AT_ONCE
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    many.assert_all_live()


def test_a_withdrawal_goes_on_with_the_vpcs_that_are_left(scene: Scene) -> None:
    """Also in a fresh process: those that are withdrawn already need nothing."""
    many = ManyVpcs(scene, 3 * AT_ONCE)
    many.go_live()
    scene.configure(MODE="withdraw")
    for vpc in many.vpcs[: 2 * AT_ONCE]:
        assert scene.run({"task": "reconcile", "endpointId": many.endpoints[vpc.id]}).outcome == "withdrawn"
    left = many.vpcs[2 * AT_ONCE :]
    scene.mark()
    slow(scene, "route53", "ListHostedZonesByVPC", LOOKING)
    scene.run("sweep", deadline=SHORTER)
    assert set(many.looked_at()) == ids(left)
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert many.ours() == []
