"""A sample of the ten thousand hints, and that what is too dear is seen. All of them: `python -m tests.chaos.hints`."""

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.aws import EmbeddedAws
from tests.chaos.hints import WORLDS, Cost, flood, hints
from tests.harness import Scene

MANY = 200


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


@pytest.fixture
def scene(server: EmbeddedAws) -> Scene:
    server.reset()
    server.insync_after = 0
    return Scene(server)


@pytest.mark.parametrize("at", range(len(WORLDS)), ids=["one warm", "ten", "ten, held up"])
def test_two_hundred_hints_cost_one_call_to_ec2_each(scene: Scene, at: int) -> None:
    cost = flood(scene, *WORLDS[at], MANY)
    assert (cost.events, cost.calls["ec2"], cost.is_cheap) == (MANY, MANY, True), cost
    assert cost.ends == {"in-sync" if cost.is_settled else "refused": MANY}
    # A process that knows how it stands has nothing to ask Route 53.
    assert bool(cost.calls["route53"]) == (cost.processes > 1), cost


def test_a_third_of_the_hints_come_twice_and_some_are_about_nobody() -> None:
    drawn = list(hints("vpce-0123456789abcdef0", MANY))
    assert MANY * 0.5 < len(set(drawn)) < MANY * 0.8
    about = Counter(b"vpce-0123456789abcdef0" in one for one in drawn)
    assert about[True] > about[False] > MANY * 0.2
    assert drawn == list(hints("vpce-0123456789abcdef0", MANY))


def test_what_is_too_dear_is_seen() -> None:
    def cost(ec2: int = 10, route53: int = 5, throttled: int = 0, messages: int = 0, seconds: float = 60) -> Cost:
        calls = Counter(ec2=ec2, route53=route53)
        ends = Counter({"in-sync": 10})
        return Cost("live", 1, 5, True, 10, seconds, calls, throttled, messages, ends)

    assert cost().is_cheap
    dear = [cost(ec2=11), cost(route53=6), cost(throttled=1), cost(messages=1)]
    assert [one.is_cheap for one in dear] == [False] * 4
    waiting = cost(route53=35)
    assert not waiting.is_cheap
    waiting.is_settled = False
    assert waiting.is_cheap
    waiting.ends["error"] += 1
    assert not waiting.is_cheap
