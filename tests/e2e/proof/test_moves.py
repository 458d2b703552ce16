"""Names move to another endpoint only when that one has proved itself, all of them or none."""

import pytest
import json
import re

from tests.e2e.checks import assert_live, assert_public
from tests.e2e.proof.checks import API, PLATFORM, live, phases, records_written, text_of
from tests.harness import HOSTS, Scene
from tests.harness.inside import VERIFIER, Inside
from tests.network import interfaces as how


def replace(scene: Scene, inside: Inside, behaviour: str = how.ANSWERS) -> tuple[str, str]:
    """A proved endpoint that names lead to, and a second one that is pinned. The scene's own is the second."""
    live(scene)
    first = scene.endpoint_id
    second = scene.request("available")
    scene.configure(ENDPOINT_ID=second)
    behave(scene, inside, second, behaviour)
    inside.requests.clear()
    return first, second


def behave(scene: Scene, inside: Inside, endpoint_id: str, behaviour: str) -> None:
    for address in scene.addresses(endpoint_id=endpoint_id):
        inside.interfaces.behave(behaviour, address)


def test_a_second_endpoint_that_proves_itself_gets_every_name_and_is_proved_again(scene: Scene, inside: Inside) -> None:
    first, second = replace(scene, inside)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
    proof = answer.connection["proof"]
    assert (proof["before"], proof["after"]) == ("passed", "passed")
    assert phases(inside) == ["before", "after"]
    for request in inside.requests:
        (target,) = request["targets"]
        assert (target["endpointId"], sorted(target["hosts"])) == (second, sorted(HOSTS))
    assert records_written(scene) == ["route53:ChangeResourceRecordSets"] * 2
    assert_live(scene)
    assert scene.news() == ["connection-moved"]
    (message,) = scene.messages()
    assert message.subject == f"TDP PrivateLink moved in {scene.vpc.id} to {second}: 3 names, proved"
    assert message.attributes["severity"] == "info"
    assert re.search(rf"^Moved from: +{first}$", text_of(scene), re.MULTILINE)
    scene.mark()
    for task in ("sweep", "drift"):
        assert scene.run(task).outcome == "in-sync"
    assert (records_written(scene), scene.news()) == ([], [])


def test_a_second_endpoint_that_does_not_answer_gets_no_name_until_it_does(scene: Scene, inside: Inside) -> None:
    first, second = replace(scene, inside, how.REFUSES)
    with scene.function() as function:
        for task in ("sweep", "sweep", "drift"):
            answer = function.invoke({"task": task})
            assert (answer.outcome, answer.connection["endpointId"]) == ("held", second)
            assert answer.connection["changes"] == []
        assert (records_written(scene), scene.news()) == ([], ["held"])
        assert_live(scene, endpoint_id=first)
        behave(scene, inside, second, how.ANSWERS)
        answer = function.invoke({"task": "sweep"})
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
    assert_live(scene)
    assert len(scene.news()) == 2


def test_a_move_that_is_held_is_not_told_as_one(scene: Scene, inside: Inside) -> None:
    replace(scene, inside, how.REFUSES)
    assert scene.run("sweep").outcome == "held"
    assert "Records that were live before stay as they are" in text_of(scene)
    assert "Moved from" not in text_of(scene)


def test_a_move_that_was_held_is_told_as_a_move_and_not_as_a_recovery(scene: Scene, inside: Inside) -> None:
    """Nobody was told of a loss: the names worked all the time, at the first endpoint."""
    _, second = replace(scene, inside, how.REFUSES)
    assert scene.run("sweep").outcome == "held"
    behave(scene, inside, second, how.ANSWERS)
    assert scene.run("sweep").outcome == "changed"
    assert scene.news() == ["held", "connection-moved"]


def test_a_second_endpoint_that_is_the_wrong_one_gets_no_name_and_can_be_unpinned(scene: Scene, inside: Inside) -> None:
    first, second = replace(scene, inside, how.WRONG_NAME)
    answer = scene.run("sweep")
    assert (answer.outcome, "certificate-name" in answer.codes) == ("held", True)
    assert records_written(scene) == []
    assert_live(scene, endpoint_id=first)
    scene.configure(ENDPOINT_ID=None)
    assert scene.run("sweep").outcome == "in-sync"
    assert_live(scene, endpoint_id=first)
    assert second not in str([scene.records(zone) for zone in scene.zones()])


def test_without_a_verdict_nothing_moves(scene: Scene, inside: Inside) -> None:
    first, _ = replace(scene, inside)
    scene.aws.functions.remove(VERIFIER)
    answer = scene.run("sweep")
    assert (answer.outcome, "verifier-missing" in answer.codes) == ("held", True)
    assert records_written(scene) == []
    assert_live(scene, endpoint_id=first)


def test_after_a_loss_that_was_told_the_move_waits_for_proof_too(scene: Scene, inside: Inside) -> None:
    live(scene)
    first = scene.endpoint_id
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "lost"
    second = scene.request("available")
    assert scene.run("sweep").outcome == "held"
    assert records_written(scene) == []
    assert_live(scene, endpoint_id=first)
    behave(scene, inside, second, how.ANSWERS)
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["movedFrom"]) == ("changed", first)
    assert scene.news()[0] == "connection-lost" and scene.news()[-1] == "connection-recovered"
    assert_live(scene)


def test_a_move_after_which_clients_fail_is_an_error(scene: Scene, inside: Inside) -> None:
    _, second = replace(scene, inside, how.CLOSES)
    scene.configure(CUTOVER_PROOF="report")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "failed")
    (message,) = scene.messages()
    assert (message.attributes["event"], message.attributes["severity"]) == ("connection-moved", "error")
    assert message.subject == f"TDP PrivateLink moved in {scene.vpc.id} to {second}: 3 names, failing"
    assert json.loads(message.message)["default"].startswith(f"Private DNS in {scene.vpc.id} was moved to {second}")
    assert_live(scene)


def test_with_withdrawal_on_loss_names_do_not_wait_at_a_lost_endpoint_for_the_proof_of_another(
    scene: Scene, inside: Inside
) -> None:
    """The second endpoint may never prove itself; that is no reason to keep clients at one that is gone."""
    scene.configure(ON_LOSS="withdraw")
    live(scene)
    first = scene.endpoint_id
    scene.request("available")
    scene.aws.set_endpoint_state(first, "rejected")
    assert scene.run("sweep").ok
    assert_public(scene)


def test_a_held_host_is_neither_moved_nor_asked_about(scene: Scene, inside: Inside) -> None:
    first, second = replace(scene, inside)
    before = {key: record for key, record in scene.records(PLATFORM).items() if API in key[0]}
    scene.configure(HOLD_HOSTS=API)
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert {key: record for key, record in scene.records(PLATFORM).items() if API in key[0]} == before
    assert all(API not in target["hosts"] for request in inside.requests for target in request["targets"])
    assert scene.resolve(PLATFORM) == scene.addresses(endpoint_id=second)
    assert scene.resolve(API) == scene.addresses(endpoint_id=first)
