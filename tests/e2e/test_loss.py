"""An endpoint that was live and is no more, and the ways back."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, made_in, unwatch_calls
from tests.harness import Scene
from tests.harness.world import a_record

PLATFORM = "platform.tetrascience.com"
LOSSES = ["rejected", "failed", "expired", "deleted", "missing"]


def lose(scene: Scene, loss: str) -> None:
    if loss == "missing":
        scene.aws.remove_endpoint(scene.endpoint_id)
    elif loss == "deleted":
        scene.aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[scene.endpoint_id])
    else:
        scene.enter(loss)


@pytest.mark.parametrize("loss", LOSSES)
def test_records_are_kept_and_the_loss_is_told_once(scene: Scene, loss: str) -> None:
    scene.go_live()
    before = [scene.records(zone) for zone in sorted(scene.zones())]
    lose(scene, loss)
    with scene.function() as function:
        answers = [function.invoke({"task": "sweep"}) for _ in range(3)]
        function.cold()
        answers += [function.invoke({"task": task}) for task in ("sweep", "drift")]
    assert [answer.outcome for answer in answers] == ["lost"] * 5
    assert answers[0].connection["state"] == loss
    assert "endpoint-lost" in answers[0].codes
    assert [scene.records(zone) for zone in sorted(scene.zones())] == before
    assert scene.news() == ["connection-lost"]
    assert scene.messages()[0].attributes["severity"] == "error"


@pytest.mark.parametrize("loss", LOSSES)
def test_records_are_withdrawn_when_that_is_wanted(scene: Scene, loss: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    lose(scene, loss)
    answer = scene.run("sweep")
    assert answer.outcome == "withdrawn"
    assert {change["action"] for change in answer.connection["changes"]} == {"delete"}
    assert_public(scene)
    for _ in range(3):
        assert scene.run("sweep").ok
    assert scene.news().count("withdrawn") == 1
    assert set(scene.news()) <= {"withdrawn", "connection-lost"}


def test_a_warm_instance_notices_the_loss(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        outcomes = [function.invoke({"task": "sweep"}).outcome for _ in range(3)]
        scene.enter("rejected")
        outcomes.append(function.invoke({"task": "sweep"}).outcome)
        scene.enter("available")
        outcomes.append(function.invoke({"task": "sweep"}).outcome)
    assert outcomes[0] == "changed"
    assert outcomes[1:] == ["in-sync", "in-sync", "lost", "in-sync"]
    assert scene.news() == ["connection-live", "connection-lost", "connection-recovered"]


@pytest.mark.parametrize("loss", ["rejected", "failed", "expired"])
def test_a_connection_that_works_again_is_told_as_recovered(scene: Scene, loss: str) -> None:
    scene.go_live()
    lose(scene, loss)
    assert scene.run("sweep").outcome == "lost"
    scene.enter("available")
    assert scene.run("sweep").ok
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["connection-lost", "connection-recovered"]
    assert_live(scene)


def test_the_way_back_over_pending_is_quiet(scene: Scene) -> None:
    scene.go_live()
    for state in ("rejected", "pendingAcceptance", "pending", "available"):
        scene.enter(state)
        assert scene.run("sweep").ok
    assert scene.news()[0] == "connection-lost"
    assert scene.news()[-1] == "connection-recovered"
    assert_live(scene)


def test_after_a_withdrawal_a_new_endpoint_goes_live(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    lose(scene, "rejected")
    assert scene.run("sweep").outcome == "withdrawn"
    lose(scene, "missing")
    scene.request("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news()[-1] == "connection-live"


def test_after_a_withdrawal_the_same_endpoint_comes_back(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    lose(scene, "rejected")
    assert scene.run("sweep").outcome == "withdrawn"
    scene.enter("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


# MODE=withdraw.


def test_withdraw_takes_everything_of_ours_back_to_public_dns(scene: Scene) -> None:
    scene.go_live(ip_type="dualstack")
    scene.configure(MODE="withdraw")
    answer = scene.run("sweep")
    assert answer.outcome == "withdrawn"
    assert answer.report is not None and answer.report["mode"] == "withdraw"
    assert_public(scene)
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.run("drift").outcome == "in-sync"
    assert scene.news() == ["withdrawn"]
    (message,) = scene.messages()
    assert (message.attributes["severity"], message.attributes["vpcId"]) == ("warning", scene.vpc.id)


def test_withdraw_before_anything_was_written_writes_nothing(scene: Scene) -> None:
    scene.configure(MODE="withdraw")
    scene.request("available")
    assert scene.run("reconcile").outcome == "in-sync"
    assert [call.name for call in scene.writes() if call.service == "route53"] == []
    assert_public(scene)


@pytest.mark.parametrize("state", ["available", "pending", "rejected", "somethingNew"])
def test_withdraw_works_in_every_state_of_the_endpoint(scene: Scene, state: str) -> None:
    scene.go_live()
    scene.enter(state)
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)


def test_withdraw_works_when_the_endpoint_is_gone(scene: Scene) -> None:
    scene.go_live()
    scene.aws.remove_endpoint(scene.endpoint_id)
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)


def test_withdraw_wins_over_the_task_of_an_event(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    for task in ("plan", "verify"):
        assert scene.run(task).ok
        assert_live(scene)
    assert scene.run("reconcile").outcome == "withdrawn"


def test_applying_again_after_a_withdrawal_goes_live_again(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    scene.configure(MODE="apply")
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["withdrawn", "connection-live"]


# More than one endpoint.


def test_the_endpoint_that_records_point_at_stays_while_it_is_available(scene: Scene) -> None:
    old = scene.go_live()
    made_in(scene, old, 2020)
    new = scene.request("available")
    answer = scene.run("drift")
    assert (answer.outcome, answer.connection["endpointId"]) == ("in-sync", old)
    assert "several-endpoints" in answer.codes
    assert new in str(answer.connection["problems"])
    assert_live(scene, endpoint_id=old)


def test_the_endpoint_stays_while_it_is_being_modified(scene: Scene) -> None:
    old = scene.go_live()
    scene.enter("pending")
    scene.request("available")
    assert scene.run("drift").ok
    assert scene.records(PLATFORM)[PLATFORM, "A"]["AliasTarget"] == scene.alias(old)


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
@pytest.mark.parametrize("loss", LOSSES)
def test_when_it_is_lost_the_records_move_to_the_new_one(scene: Scene, loss: str, on_loss: str) -> None:
    scene.configure(ON_LOSS=on_loss)
    old = scene.go_live()
    old_name = scene.primary_dns_name()
    lose(scene, loss)
    new = scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["endpointId"]) == ("changed", new)
    moved = [change for change in answer.connection["changes"] if change["type"] == "A"]
    assert len(moved) == 3
    for change in moved:
        assert change["before"]["alias"] == old_name
        assert change["after"]["alias"] == scene.primary_dns_name(new)
    assert_live(scene, endpoint_id=new)
    assert old not in str([scene.records(zone) for zone in scene.zones()])
    (message,) = scene.messages()
    assert message.attributes["endpointId"] == new
    assert old_name in message.message and scene.primary_dns_name(new) in message.message


def test_a_move_has_no_moment_without_an_answer(scene: Scene) -> None:
    """Old and new in one batch: a name never disappears on the way."""
    scene.go_live()
    lose(scene, "rejected")
    scene.request("available")
    seen: list[bool] = []
    scene.aws.on_call(lambda service, operation: seen.append((PLATFORM, "A") in scene.records(PLATFORM)))
    assert scene.run("sweep").outcome == "changed"
    unwatch_calls(scene)
    assert seen and all(seen)


def test_of_several_new_endpoints_the_newest_available_one_is_taken(scene: Scene) -> None:
    oldest = scene.request("available")
    newest_available = scene.request("available")
    newest = scene.request("pendingAcceptance")
    for endpoint_id, year in ((oldest, 2020), (newest_available, 2022), (newest, 2024)):
        made_in(scene, endpoint_id, year)
    answer = scene.run("reconcile")
    assert answer.connection["endpointId"] == newest_available
    assert_live(scene, endpoint_id=newest_available)
    assert oldest in str(answer.connection["problems"]) and newest in str(answer.connection["problems"])


def test_several_endpoints_do_not_make_news_every_minute(scene: Scene) -> None:
    scene.request("available")
    scene.request("available")
    with scene.function() as function:
        for task in ("sweep", "sweep", "drift", "sweep"):
            assert function.invoke({"task": task}).ok
    assert scene.news() == ["connection-live"]


def test_a_loss_leaves_foreign_records_in_our_zone(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.plant(scene.zones()[PLATFORM], a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    lose(scene, "missing")
    answer = scene.run("sweep")
    assert (answer.outcome, "zone-kept" in answer.codes) == ("withdrawn", True)
    assert scene.resolve(f"printer.{PLATFORM}") == ["10.0.9.9"]
