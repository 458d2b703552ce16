"""MODE=plan writes nothing and announces nothing, and wins over every task."""

from collections.abc import Callable

import pytest

from tests.e2e.checks import assert_live, assert_public
from tests.harness import Scene
from tests.harness.world import a_record

PLATFORM = "platform.tetrascience.com"
TASKS = ("plan", "reconcile", "verify", "sweep", "drift")


@pytest.fixture
def planning(scene: Scene) -> Scene:
    scene.configure(MODE="plan")
    return scene


@pytest.mark.parametrize("task", TASKS)
def test_plan_mode_shows_what_would_be_written(planning: Scene, task: str) -> None:
    planning.request("available")
    answer = planning.run(task)
    assert answer.outcome == "planned"
    assert answer.report is not None and answer.report["mode"] == "plan"
    creates = {(change["action"], change["name"]) for change in answer.connection["changes"] if change["type"] == "A"}
    assert creates == {
        ("create", PLATFORM),
        ("create", f"api.{PLATFORM}"),
        ("create", "api.tetrascience.com"),
    }
    assert {zone["name"]: zone["id"] for zone in answer.connection["zones"]} == {
        PLATFORM: None,
        "api.tetrascience.com": None,
    }
    assert [call.name for call in planning.writes()] == []
    assert planning.messages() == []
    assert planning.aws.parameters() == {}
    assert_public(planning)


def test_plan_is_what_happens_when_nobody_says_a_mode(scene: Scene) -> None:
    scene.request("available")
    scene.configure(MODE=None)
    answer = scene.run("reconcile")
    assert answer.outcome == "planned"
    assert [call.name for call in scene.writes()] == []
    scene.configure(MODE="apply")
    scene.run("reconcile")


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending", "rejected", "somethingNew"])
def test_plan_mode_announces_nothing_in_any_state(planning: Scene, state: str) -> None:
    planning.request(state)
    for task in TASKS:
        assert planning.run(task).ok
    assert [call.name for call in planning.writes()] == []


def plan_repair(scene: Scene) -> None:
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")


def plan_withdrawal(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.enter("rejected")


def plan_removal(scene: Scene) -> None:
    scene.configure(TDP_PLATFORM_HOST="tdp.customer.example")


def plan_move(scene: Scene) -> None:
    scene.enter("rejected")
    scene.request("available")


@pytest.mark.parametrize("change", [plan_repair, plan_withdrawal, plan_removal, plan_move])
def test_plan_mode_after_live_writes_nothing(scene: Scene, change: Callable[[Scene], None]) -> None:
    scene.go_live()
    scene.configure(MODE="plan")
    change(scene)
    before = [scene.aws.records(zone["id"]) for zone in scene.aws.zones()]
    for task in ("sweep", "drift", "reconcile"):
        answer = scene.run(task)
        assert answer.outcome == "planned"
        assert answer.connection["changes"]
    assert [scene.aws.records(zone["id"]) for zone in scene.aws.zones()] == before
    assert [call.name for call in scene.writes()] == []


def test_plan_mode_shows_a_refusal_and_does_not_announce_it(planning: Scene) -> None:
    planning.request("available")
    planning.plant_zone(PLATFORM, a_record(PLATFORM, "192.0.2.1"))
    assert planning.run("sweep").outcome == "refused"
    assert [call.name for call in planning.writes()] == []


@pytest.mark.parametrize("task", ["plan", "verify"])
def test_the_tasks_that_look_never_write_in_apply_mode(scene: Scene, task: str) -> None:
    scene.request("available")
    assert scene.run(task).ok
    assert [call.name for call in scene.writes()] == []
    assert_public(scene)
    scene.run("reconcile")


@pytest.mark.parametrize("task", ["plan", "verify"])
def test_the_tasks_that_look_announce_no_loss(scene: Scene, task: str) -> None:
    scene.go_live()
    scene.enter("rejected")
    assert scene.run(task).outcome == "lost"
    assert [call.name for call in scene.writes()] == []


def test_what_was_planned_is_what_is_then_written(scene: Scene) -> None:
    scene.request("available")

    def essence(changes: list[dict[str, object]]) -> list[dict[str, object]]:
        return [change for change in changes if change["type"] == "A"]

    planned = essence(scene.run("plan").connection["changes"])
    assert planned == essence(scene.run("reconcile").connection["changes"])
    assert_live(scene)


def test_from_plan_to_apply_is_one_variable(planning: Scene) -> None:
    planning.request("available")
    assert planning.run("sweep").outcome == "planned"
    planning.configure(MODE="apply")
    assert planning.run("sweep").outcome == "changed"
    assert planning.news() == ["connection-live"]
    assert_live(planning)
