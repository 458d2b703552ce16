"""A second endpoint in the VPC (blue/green): when names move to it, that they move together, and how it is told."""

import json
import re
from random import Random
from typing import Any

import pytest

from tests.e2e.checks import (
    LOSSES,
    assert_live,
    assert_only_ours,
    hide_dns_entries,
    hide_from_lists,
    lose,
    unwatch_calls,
)
from tests.e2e.test_races import dies_at
from tests.harness import HOSTS, Scene
from tests.harness.function import FunctionDied
from tests.harness.world import a_record

PLATFORM = "platform.tetrascience.com"
CHANGE = "ChangeResourceRecordSets"
NOWHERE = "vpce-0123456789abcdef0"


def blue_and_green(scene: Scene, **settings: Any) -> tuple[str, str]:
    """Names lead to the first of two available endpoints. The scene's own is the second."""
    first = scene.go_live()
    second = scene.request("available", **settings)
    scene.mark()
    return first, second


def led_to(scene: Scene) -> set[str]:
    """The endpoints that the three names lead to, by their aliases and by their markers."""
    ours = [
        record for zone in scene.zones() for record in scene.records(zone).values() if record["Type"] in ("A", "TXT")
    ]
    named = [found for record in ours if (found := re.search(r"(vpce-[0-9a-f]+)[-,]", str(record)))]
    assert len(named) == 2 * len(HOSTS)
    return {found[1] for found in named}


def batches(scene: Scene) -> list[Any]:
    return [call.params for call in scene.writes() if call.operation == CHANGE]


def dns_writes(scene: Scene) -> list[str]:
    return [call.operation for call in scene.writes() if call.service == "route53"]


def text(scene: Scene) -> str:
    """The text of the last message."""
    return str(json.loads(scene.messages()[-1].message)["email"])


# When names stay.


@pytest.mark.parametrize("state", ["available", "pending", "pendingAcceptance", "partial"])
def test_names_stay_while_nothing_says_that_their_endpoint_is_lost(scene: Scene, state: str) -> None:
    """A modification, a word that nobody knows: only a loss moves names."""
    first, _ = blue_and_green(scene)
    scene.aws.set_endpoint_state(first, state)
    for task in ("sweep", "drift"):
        assert scene.run(task).connection["endpointId"] == first
    assert (dns_writes(scene), led_to(scene)) == ([], {first})
    assert {"connection-moved", "connection-lost"}.isdisjoint(scene.news())


def test_names_stay_when_a_list_leaves_their_endpoint_out_and_ec2_knows_it_by_id(scene: Scene) -> None:
    first, _ = blue_and_green(scene)
    scene.endpoint_id = first
    hide_from_lists(scene)
    for task in ("sweep", "drift"):
        assert scene.run(task).ok
    unwatch_calls(scene)
    assert (dns_writes(scene), led_to(scene), scene.news()) == ([], {first}, [])


def test_two_endpoints_are_noted_and_make_no_news(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    answer = scene.run("drift")
    assert answer.codes == ["several-endpoints"]
    assert second in answer.connection["problems"][0]["message"]
    assert "movedFrom" not in answer.connection
    assert (scene.news(), led_to(scene)) == ([], {first})


# When they move.


@pytest.mark.parametrize("loss", ["rejected", "missing"])
def test_a_loss_moves_every_name_in_one_batch_for_each_zone(scene: Scene, loss: str) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first, loss)
    watch = scene.watch_dns(*HOSTS)
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert (answer.connection["movedFrom"], answer.connection["endpointId"]) == (first, second)
    assert dns_writes(scene) == [CHANGE] * 2
    assert len({batch["HostedZoneId"] for batch in batches(scene)}) == 2
    assert_live(scene)
    assert_only_ours(scene)
    assert led_to(scene) == {second}
    for host in HOSTS:
        # No name is without an answer of one of the two, and none goes back.
        assert watch.answers(host)[1:] == [scene.addresses()], host


def test_a_loss_and_a_move_in_one_look_are_told_as_one_move(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    scene.run("sweep")
    assert scene.news() == ["connection-moved"]
    (message,) = scene.messages()
    assert message.attributes["endpointId"] == second and message.attributes["severity"] == "info"
    assert message.subject == f"TDP PrivateLink moved in {scene.vpc.id} to {second}: 3 names, unproven"
    assert re.search(rf"^Moved from: +{first}$", text(scene), re.MULTILINE)
    for host in HOSTS:
        assert re.search(rf"^ *\* {re.escape(host)} A .*{first}.*=>.*{second}", text(scene), re.MULTILINE), host
    assert json.loads(json.loads(message.message)["sqs"])["connections"][0]["movedFrom"] == first


def test_a_move_after_a_loss_that_was_told_is_a_recovery_that_says_from_where(scene: Scene) -> None:
    first = scene.go_live()
    lose(scene, first)
    assert scene.run("sweep").outcome == "lost"
    second = scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
    assert scene.news() == ["connection-lost", "connection-recovered"]
    assert re.search(rf"^Moved from: +{first}$", text(scene), re.MULTILINE)
    assert led_to(scene) == {second}


def test_after_a_move_there_is_nothing_to_write_and_nothing_to_tell(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    assert scene.run("sweep").outcome == "changed"
    scene.mark()
    for task in ("sweep", "drift", "reconcile"):
        answer = scene.run(task)
        assert (answer.outcome, answer.connection["endpointId"]) == ("in-sync", second)
        assert "movedFrom" not in answer.connection
    assert (scene.writes(), scene.messages()) == ([], [])


def test_the_first_endpoint_that_comes_back_does_not_take_the_names_back(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    assert scene.run("sweep").outcome == "changed"
    scene.mark()
    scene.aws.set_endpoint_state(first, "available")
    assert scene.run("drift").outcome == "in-sync"
    assert (dns_writes(scene), led_to(scene)) == ([], {second})


def test_the_way_back_is_to_pin_the_first_endpoint_again(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    assert scene.run("sweep").outcome == "changed"
    scene.aws.set_endpoint_state(first, "available")
    scene.mark()
    scene.configure(ENDPOINT_ID=first)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", second)
    assert (dns_writes(scene), scene.news(), led_to(scene)) == ([CHANGE] * 2, ["connection-moved"], {first})


def test_a_move_to_an_endpoint_of_another_kind_changes_the_record_types_too(scene: Scene) -> None:
    first, _ = blue_and_green(scene, ip_type="dualstack")
    lose(scene, first)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, types=("A", "AAAA"))
    assert_only_ours(scene, types=("A", "AAAA"))


def test_foreign_records_beside_ours_stay_when_names_move(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    scene.plant(scene.zones()[PLATFORM], a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    lose(scene, first)
    assert scene.run("sweep").outcome == "changed"
    scene.assert_foreign_untouched()
    assert scene.resolve(f"printer.{PLATFORM}") == ["10.0.9.9"]
    assert scene.resolve(PLATFORM) == scene.addresses(endpoint_id=second)


@pytest.mark.parametrize("mode", ["plan", "withdraw"])
def test_only_a_move_that_was_written_is_told_as_one(scene: Scene, mode: str) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    scene.configure(MODE=mode)
    answer = scene.run("sweep")
    if mode == "plan":
        assert (answer.outcome, answer.connection["movedFrom"]) == ("planned", first)
        assert led_to(scene) == {first}
    else:
        assert scene.news() == ["withdrawn"]
        assert "Moved from" not in text(scene) and "movedFrom" not in answer.connection


def test_an_endpoint_without_names_is_no_place_to_move_to(scene: Scene) -> None:
    """Also not one to wait for in silence: the names lead to an endpoint that is lost."""
    first, second = blue_and_green(scene)
    hide_dns_entries(scene)
    lose(scene, first)
    answer = scene.run("sweep")
    assert (answer.outcome, led_to(scene), scene.news()) == ("lost", {first}, ["connection-lost"])
    scene.enter("available")
    assert scene.run("sweep").outcome == "changed"
    assert led_to(scene) == {second}


# A failure in the middle.


@pytest.mark.parametrize("nth", [1, 2])
def test_a_move_that_failed_half_way_is_completed_by_the_next_run_and_told_once(scene: Scene, nth: int) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    scene.aws.faults.add("drop", "route53", CHANGE, nth=nth, times=None)
    assert scene.run("sweep").error is not None
    scene.aws.faults.clear()
    assert scene.news() == []
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
    assert (scene.news(), led_to(scene)) == (["connection-moved"], {second})
    assert_only_ours(scene)


@pytest.mark.parametrize(("operation", "nth"), [(CHANGE, 1), (CHANGE, 2), ("Publish", 1)])
def test_a_process_that_dies_in_the_middle_of_a_move_is_made_good_for(scene: Scene, operation: str, nth: int) -> None:
    first, second = blue_and_green(scene)
    lose(scene, first)
    with scene.function() as function:
        dies_at(scene, function, operation, nth)
        with pytest.raises(FunctionDied):
            function.invoke({"task": "sweep"})
    unwatch_calls(scene)
    answer = scene.run("sweep")
    assert (answer.ok, answer.connection["movedFrom"], led_to(scene)) == (True, first, {second})
    assert set(scene.news()) == {"connection-moved"}
    assert_only_ours(scene)
    assert re.search(rf"^Moved from: +{first}$", text(scene), re.MULTILINE)


# ENDPOINT_ID.


def test_a_pinned_endpoint_is_taken_once_it_is_available(scene: Scene) -> None:
    first = scene.go_live()
    second = scene.request("pendingAcceptance")
    scene.configure(ENDPOINT_ID=second)
    with scene.function() as function:
        for state in ("pendingAcceptance", "pending"):
            scene.enter(state)
            assert function.invoke({"task": "sweep"}).connection["endpointId"] == first
        assert (dns_writes(scene), led_to(scene)) == ([], {first})
        scene.enter("available")
        answer = function.invoke({"task": "sweep"})
        assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
        assert function.invoke({"task": "drift"}).outcome == "in-sync"
    assert (scene.news(), led_to(scene)) == (["connection-moved"], {second})
    assert dns_writes(scene) == [CHANGE] * 2


@pytest.mark.parametrize("loss", LOSSES)
def test_a_pinned_endpoint_that_is_lost_is_not_left(scene: Scene, loss: str) -> None:
    pinned, _ = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=pinned)
    lose(scene, pinned, loss)
    for task in ("sweep", "drift"):
        answer = scene.run(task)
        assert (answer.outcome, answer.connection["endpointId"]) == ("lost", pinned)
        assert "endpoint-lost" in answer.codes
    assert (dns_writes(scene), led_to(scene), scene.news()) == ([], {pinned}, ["connection-lost"])


def test_without_the_pin_the_names_go_on_to_the_other_endpoint(scene: Scene) -> None:
    pinned, other = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=pinned)
    lose(scene, pinned)
    assert scene.run("sweep").outcome == "lost"
    scene.configure(ENDPOINT_ID=None)
    assert scene.run("sweep").outcome == "changed"
    assert (scene.news(), led_to(scene)) == (["connection-lost", "connection-recovered"], {other})


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending", "partial", "rejected"])
def test_a_loss_is_told_while_the_pinned_endpoint_is_not_ready(scene: Scene, state: str) -> None:
    """The names lead to the first endpoint, which is lost, whatever becomes of the one that is asked for."""
    first, second = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=second)
    scene.enter(state)
    lose(scene, first)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["endpointId"]) == ("lost", first)
    assert (dns_writes(scene), led_to(scene), scene.news()) == ([], {first}, ["connection-lost"])


@pytest.mark.parametrize("state", ["pendingAcceptance", "partial", "deleting"])
def test_the_loss_of_a_pinned_endpoint_that_was_never_used_withdraws_nothing(scene: Scene, state: str) -> None:
    """Only the loss of the endpoint that the names lead to does, and none of these states proves that."""
    first, second = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=second, ON_LOSS="withdraw")
    lose(scene, second)
    scene.aws.set_endpoint_state(first, state)
    for task in ("sweep", "drift"):
        assert scene.run(task).ok
    assert (dns_writes(scene), "withdrawn" in scene.news()) == ([], False)


def test_each_vpc_has_its_own_pin(scene: Scene) -> None:
    first, second = blue_and_green(scene)
    other = scene.add_vpc("10.1.0.0/16")
    blue = scene.aws.request_endpoint(other, state="available")
    assert scene.run("sweep").ok
    green = scene.aws.request_endpoint(other, state="available")
    scene.configure(ENDPOINT_ID=f"{second},{green}")
    moved = {one["endpointId"]: one["movedFrom"] for one in scene.run("sweep").connections}
    assert moved == {second: first, green: blue}
    assert led_to(scene) == {second}


def test_a_pin_that_names_nothing_is_told_and_moves_nothing(scene: Scene) -> None:
    first, _ = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=NOWHERE)
    answer = scene.run("drift")
    assert (answer.outcome, "pinned-endpoint-missing" in answer.codes) == ("in-sync", True)
    assert NOWHERE in str(answer.report)
    assert (dns_writes(scene), led_to(scene)) == ([], {first})


def test_a_pin_that_names_an_endpoint_of_another_service_names_nothing(scene: Scene) -> None:
    first, _ = blue_and_green(scene)
    scene.configure(ENDPOINT_ID=scene.add_service("ecr.api"), AWS_SERVICE_ROUTING="own")
    answer = scene.run("plan")
    assert "pinned-endpoint-missing" in answer.codes
    assert answer.connection["endpointId"] == first
    scene.configure(ENDPOINT_ID=None, AWS_SERVICE_ROUTING=None)


# No flapping.

STATES = [
    "available",
    "available",
    "available",
    "pending",
    "pendingAcceptance",
    "rejected",
    "failed",
    "expired",
    "partial",
]
LOST = ("rejected", "failed", "expired")


@pytest.mark.parametrize(("seed", "pins"), [(1, False), (2, False), (3, True), (4, True)])
def test_each_move_answers_a_loss_of_the_endpoint_before_or_a_pin(scene: Scene, seed: int, pins: bool) -> None:
    """So there are never two moves without a loss between, and no more moves than losses and one for the pin."""
    random = Random(seed)
    both = blue_and_green(scene)
    at, pinned = both[0], both[1] if pins else ""
    scene.configure(ENDPOINT_ID=pinned)
    story: list[Any] = []
    with scene.function() as function:
        for _ in range(24):
            states = {endpoint_id: random.choice(STATES) for endpoint_id in both}
            for endpoint_id, state in states.items():
                scene.aws.set_endpoint_state(endpoint_id, state)
            if random.random() < 0.1:
                function.cold()
            assert function.invoke({"task": random.choice(["sweep", "drift"])}).ok
            story.append((at, states))
            (now,) = led_to(scene)
            (other,) = set(both) - {at}
            moves = states[other] == "available" and (other == pinned or (states[at] in LOST and at != pinned))
            assert now == (other if moves else at), story
            at = now
    for endpoint_id in both:
        scene.aws.set_endpoint_state(endpoint_id, "available")
    assert scene.run("sweep").outcome in ("changed", "in-sync")
