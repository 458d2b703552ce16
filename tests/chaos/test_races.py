"""A sample of the races, and that what keeps them in order and judges them does so. `make chaos` plays all."""

from collections.abc import Iterator
from itertools import groupby

import pytest

from tests.aws import EmbeddedAws
from tests.chaos import order as order_module
from tests.chaos import races
from tests.chaos.explore import RUNS
from tests.chaos.order import Order
from tests.chaos.races import SCENARIOS, SEED, check, parts, random_orders, replay
from tests.chaos.saved import Stage
from tests.chaos.scenarios import BY_NAME
from tests.chaos.story import Broken

REPAIR, CUT_OVER = BY_NAME["drift repaired"], BY_NAME["first cut-over"]
PLATFORM = "platform.tetrascience.com"
CHANGE = "route53:ChangeResourceRecordSets"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


def alone(stage: Stage) -> list[str]:
    """The calls of one run that nobody disturbs."""
    stage.restore()
    with Order(stage.scene, "A") as order:
        order.play([])
    return order.log


def test_wherever_a_second_run_comes_in_between_as_a_whole(server: EmbeddedAws) -> None:
    stage = Stage(server, REPAIR)
    calls = alone(stage)
    for at in range(1, len(calls)):
        stage.restore()
        with Order(stage.scene, RUNS) as order:
            for _ in range(at):
                order.release("A")
            while "B" in order.waiting():
                order.release("B")
            order.play([])
            assert [name for name, _ in groupby(step[0] for step in order.log)] == ["A", "B", "A"]
            check(stage, order)


def test_four_runs_in_random_orders(server: EmbeddedAws) -> None:
    played = random_orders(server, CUT_OVER, 4, 10, SEED)
    assert (played.count, len(played.orders), played.broken) == (10, 10, [])


def test_an_order_that_a_slow_machine_spoilt_is_played_again_and_counted(
    server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[bool] = []

    def breaks_first(stage: Stage, order: Order) -> None:
        judged.append(order.was_slow)
        if len(judged) == 1:
            raise Broken("it broke")

    monkeypatch.setattr(races, "check", breaks_first)
    monkeypatch.setattr(order_module, "GIVES_UP", -1.0)
    played = random_orders(server, REPAIR, 2, 1, SEED)
    assert (played.count, played.slow, played.broken, judged) == (1, 1, [], [True, True])
    monkeypatch.setattr(order_module, "GIVES_UP", 100.0)
    judged.clear()
    played = random_orders(server, REPAIR, 2, 1, SEED)
    assert (played.count, played.slow, [one.what for one in played.broken], judged) == (1, 0, ["it broke"], [False])


def test_a_thousand_random_orders_are_as_many_of_each_scenario() -> None:
    drawn = list(parts(1000))
    assert {name: sum(count for one, count, _ in drawn if one == name) for name in SCENARIOS} == dict.fromkeys(
        SCENARIOS, 334
    )
    assert len({(name, seed) for name, _, seed in drawn}) == len(drawn)


def half_a_race(stage: Stage) -> list[str]:
    """Both read before either writes. Each is the first in one zone and comes too late in the other."""
    calls = alone(stage)
    reads = calls[: calls.index(f"A {CHANGE}")]
    planted = [step for call in reads for step in (call, f"B{call[1:]}")]
    return [*planted, f"B {CHANGE}", f"A {CHANGE}", f"A {CHANGE}", f"B {CHANGE}"]


def test_a_planted_order_is_the_order_of_the_calls(server: EmbeddedAws) -> None:
    stage = Stage(server, REPAIR)
    planted = half_a_race(stage)
    logs = []
    only_a = [step for step in planted if step.startswith("A")]
    for order in (planted, only_a):
        stage.restore()
        with Order(stage.scene, RUNS) as keeper:
            keeper.play(order)
        called = [f"{call.caller.removeprefix('run-')} {call.name}" for call in server.calls]
        assert called == keeper.log
        logs.append(keeper.log)
    assert logs[0][: len(planted)] == planted
    assert logs[1][: len(only_a)] == only_a


def test_a_run_that_lost_half_a_race_tells_nothing_that_is_pending(server: EmbeddedAws) -> None:
    stage = Stage(server, REPAIR)
    replay(stage, half_a_race(stage))


def test_what_a_run_does_follows_from_its_answers(server: EmbeddedAws) -> None:
    """The same order gives the same world: what the exploration relies on."""
    stage, worlds = Stage(server, CUT_OVER), set()
    begin = [f"{name} {call}" for call in ("ec2:DescribeVpcEndpoints", "ssm:GetParametersByPath") for name in RUNS]
    for _ in range(3):
        stage.restore()
        with Order(stage.scene, RUNS) as order:
            order.play(begin)
        worlds.add(stage.digest())
    assert len(worlds) == 1


def test_a_name_that_stops_leading_is_seen(server: EmbeddedAws) -> None:
    """Somebody who is not there in the scenario takes a record away between two calls."""
    stage = Stage(server, REPAIR)
    zone = stage.scene.zones()["api.tetrascience.com"]
    taken: list[str] = []

    def take(service: str, operation: str) -> None:
        if operation == "Publish" and not taken:
            taken.append(operation)
            server.delete_record(zone, "api.tetrascience.com", "A")

    server.on_call(take)
    with pytest.raises(Broken, match="stopped leading"):
        replay(stage, [])


def test_news_that_is_too_early_or_too_often_is_seen(server: EmbeddedAws) -> None:
    stage = Stage(server, REPAIR)
    stage.restore()
    with Order(stage.scene, RUNS) as order:
        order.play([])
    with pytest.raises(Broken, match="more often"):
        stage.story.check_several(0)
    server.insync_after = 1000
    zone = stage.scene.zones()[PLATFORM]
    server._route53.zones.submit(server.account, zone, None, in_sync=False)
    stage.story._at_call("ssm", "PutParameter")
    assert stage.story.early() == ""
    publish = next(call for call in server.calls if call.name == "sns:Publish")
    server.calls.append(publish)
    stage.story._at_call("sns", "Publish")
    assert "PENDING" in stage.story.early()
