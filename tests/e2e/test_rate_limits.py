"""Route 53 refuses what is too fast: 10 requests a second for an account, 2 new zones a second, and bursts.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html

The buckets fill at AWS's rate or at a multiple of it, so that a test does not wait for long; the bursts are AWS's.
"""

import pytest

from tests.e2e.test_many_vpcs import LAMBDA_SECONDS, OTHER_API, ManyVpcs, ids, outcomes
from tests.harness import Scene

EXTRA = ("a.example.com", "b.example.com", "c.example.com")


def refusals(scene: Scene) -> int:
    """How many calls were over the limits since the mark."""
    return [call.fault for call in scene.aws.calls].count("limit")


def test_eight_vpcs_with_five_zones_each_go_live_in_one_invocation(scene: Scene) -> None:
    """40 zones take 230 calls: 18 s at AWS's rate, of the 240 s that the template gives. Each zone that is made and not
    filled hides its name: clients in the VPC get "no such name" until somebody looks again."""
    many = ManyVpcs(scene, 8, *EXTRA)
    scene.aws.limit_route53()
    answer = scene.run("sweep", deadline=LAMBDA_SECONDS)
    scene.aws.limit_route53(None)
    assert refusals(scene) > 0
    assert many.bare() == []
    assert answer.ok, answer.message
    many.assert_all_live()
    assert many.news() == many.once("connection-live")


@pytest.mark.parametrize("is_fresh", [False, True], ids=["warm", "fresh"])
def test_what_is_refused_is_done_by_later_sweeps_and_nobody_is_told_of_failures(scene: Scene, is_fresh: bool) -> None:
    """Between two sweeps is a minute, in which the buckets fill again."""
    many = ManyVpcs(scene, 12, *EXTRA)
    with scene.function() as function:
        for _ in range(3):
            if is_fresh:
                function.cold()
            scene.aws.limit_route53(speed=4)
            function.invoke({"task": "sweep"}, deadline=LAMBDA_SECONDS)
        scene.aws.limit_route53(None)
    assert set(scene.news()) == {"connection-live"}
    many.assert_all_live()
    assert many.news() == many.once("connection-live")


def test_a_fresh_process_looks_at_everything_that_rests_within_the_rates(scene: Scene) -> None:
    """A cold start and a drift pass read each zone: of 24 VPCs with 5 zones each, 147 calls, 10 s at AWS's rate."""
    many = ManyVpcs(scene, 24, *EXTRA)
    many.go_live()
    scene.aws.limit_route53()
    answer = scene.run("drift", deadline=LAMBDA_SECONDS)
    scene.aws.limit_route53(None)
    assert refusals(scene) > 0
    assert answer.ok, answer.message
    assert outcomes(answer) == {"in-sync": 24}
    assert [call.name for call in scene.writes()] == [] == scene.messages()


def test_a_withdrawal_goes_through_within_the_rates(scene: Scene) -> None:
    many = ManyVpcs(scene, 8, *EXTRA)
    many.go_live()
    scene.configure(MODE="withdraw")
    scene.aws.limit_route53(speed=2)
    answer = scene.run("sweep", deadline=LAMBDA_SECONDS)
    scene.aws.limit_route53(None)
    assert refusals(scene) > 0
    assert answer.ok, answer.message
    assert many.ours() == []
    assert many.news() == many.once("withdrawn")


def test_two_processes_share_the_rates_and_end_in_the_same_state(scene: Scene) -> None:
    many = ManyVpcs(scene, 8, *EXTRA)
    with scene.function() as first, scene.function() as second:
        scene.aws.limit_route53(speed=4)
        held = [function.submit({"task": "sweep"}, deadline=LAMBDA_SECONDS) for function in (first, second)]
        for function, invocation in zip((first, second), held, strict=True):
            function.answer(invocation, timeout=LAMBDA_SECONDS)
        scene.aws.limit_route53(None)
        assert many.bare() == []
        for function in (first, second):
            function.invoke({"task": "sweep"})
    many.assert_all_live()
    told = many.news()
    assert told.keys() == ids(many.vpcs) and {news for one in told.values() for news in one} == {"connection-live"}


def test_a_zone_that_another_process_takes_back_meanwhile_is_nobody_elses(scene: Scene) -> None:
    """It could not fill the zone, and deletes it after this process saw it on the VPC, before it asks whose it is."""
    many = ManyVpcs(scene, 1)
    many.go_live()
    later = many.add()
    comment = many.ours()[0]["comment"].replace(many.vpcs[0].id, later.id)
    made: list[str] = []

    def other(service: str, operation: str) -> None:
        if operation == "ListHostedZonesByVPC" and not made:
            made.append(scene.aws.make_zone(OTHER_API, later, comment))
        elif operation == "ListHostedZones" and made[1:] == [] != made:
            made.append("deleted")
            scene.aws.client("route53").delete_hosted_zone(Id=made[0])

    scene.aws.on_call(other)
    answer = scene.run("sweep")
    assert made[1:] == ["deleted"]
    assert many.news() in ({}, {later.id: ["connection-live"]}), answer.codes
    assert scene.run("sweep").ok
    many.assert_all_live()
    assert many.news() == {later.id: ["connection-live"]}
