"""What is live stays proved, and people are told when it does not."""

import json

import pytest

from tests.aws import Invoked
from tests.aws.dns import SERVFAIL
from tests.e2e.checks import assert_live
from tests.e2e.proof.checks import ADDRESSES, API, OTHER_API, PLATFORM, live, phases, records_written, text_of
from tests.harness import HOSTS, Scene
from tests.harness.inside import VERIFIER, Inside
from tests.harness.world import a_record
from tests.network import interfaces as how


def test_a_settled_sweep_still_makes_one_call(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        scene.mark()
        answer = function.invoke({"task": "sweep"})
    assert scene.aws.calls.names() == ["ec2:DescribeVpcEndpoints"]
    assert answer.connection["proof"] == {"before": "passed", "after": "passed"}


def test_a_cold_sweep_does_not_prove_again_what_is_proved(scene: Scene, inside: Inside) -> None:
    live(scene)
    answer = scene.run("sweep")
    assert scene.aws.calls.count("lambda") == 0
    assert answer.connection["proof"] == {"before": "passed", "after": "passed"}


def test_the_drift_pass_proves_again(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.requests.clear()
    answer = scene.run("drift")
    assert (answer.outcome, phases(inside)) == ("in-sync", ["after"])
    assert (scene.news(), records_written(scene)) == ([], [])


def test_an_outage_is_told_once_and_its_end_once(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    with scene.function() as function:
        first = function.invoke({"task": "drift"})
        assert (first.outcome, first.connection["proof"]["after"], first.codes) == (
            "in-sync",
            "failed",
            ["connect-refused"],
        )
        for task in ["sweep"] * 10 + ["drift"]:
            assert function.invoke({"task": task}).connection["proof"]["after"] == "failed"
        assert scene.news() == ["proof-failed"]
        (message,) = scene.messages()
        assert message.subject == f"TDP PrivateLink is failing in {scene.vpc.id}: connect-refused"
        assert message.attributes["severity"] == "error"
        assert "[connect-refused]" in text_of(scene)
        inside.interfaces.behave(how.ANSWERS)
        # The next sweep sees it: nobody waits for a drift pass to be told that it is over.
        assert function.invoke({"task": "sweep"}).connection["proof"]["after"] == "passed"
        for task in ("sweep", "drift", "sweep"):
            function.invoke({"task": task})
    assert scene.news() == ["proof-failed", "proof-recovered"]
    assert scene.messages()[1].subject == f"TDP PrivateLink is proved in {scene.vpc.id}: 3 of 3 names"
    assert records_written(scene) == []
    assert_live(scene)


def test_cold_processes_tell_an_outage_once_as_well(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    for task in ("drift", "sweep", "drift", "sweep"):
        assert scene.run(task).connection["proof"]["after"] == "failed"
    inside.interfaces.behave(how.ANSWERS)
    for task in ("sweep", "drift"):
        scene.run(task)
    assert scene.news() == ["proof-failed", "proof-recovered"]


def test_a_resolver_that_fails_is_an_outage_too(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.dns.troubles[API] = SERVFAIL
    answer = scene.run("drift")
    assert (answer.codes, scene.news()) == (["dns-failed"], ["proof-failed"])
    assert "1 of 3 names fails" in text_of(scene)


def test_a_person_asks_for_proof(scene: Scene, inside: Inside) -> None:
    live(scene)
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("in-sync", "passed")
    assert len(answer.connection["proof"]["hosts"]) == 3
    inside.interfaces.behave(how.CLOSES)
    assert scene.run("verify").connection["proof"]["after"] == "failed"
    assert scene.news() == ["proof-failed"]
    assert records_written(scene) == []


def test_proof_asked_for_before_anything_is_live_shows_what_would_happen(scene: Scene, inside: Inside) -> None:
    scene.configure(MODE="plan")
    scene.request("available")
    answer = scene.run("verify")
    proof = answer.connection["proof"]
    assert (answer.outcome, proof["before"], proof["after"]) == ("planned", "passed", "unproven")
    inside.interfaces.behave(how.SILENT)
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["before"], answer.codes) == (
        "planned",
        "failed",
        ["tls-timed-out"],
    )
    assert (scene.writes(), scene.messages()) == ([call for call in scene.writes() if call.service == "lambda"], [])


def test_plan_asks_no_verifier(scene: Scene, inside: Inside) -> None:
    scene.request("available")
    assert scene.run("plan").outcome == "planned"
    assert inside.requests == []


def test_a_verifier_that_breaks_while_live_is_told_once_and_is_no_outage(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.aws.functions.remove(VERIFIER)
    for task in ("drift", "sweep", "drift"):
        answer = scene.run(task)
        assert (answer.codes, answer.connection["proof"]["after"]) == (["verifier-missing"], "unproven")
    assert scene.news() == ["proof-missing"]
    scene.aws.functions.add(VERIFIER, inside.invoke)
    scene.run("sweep")
    assert scene.news() == ["proof-missing", "proof-recovered"]


def test_a_verifier_that_is_configured_later_proves_at_the_next_sweep(scene: Scene, inside: Inside) -> None:
    verifiers = scene.variables["VERIFIERS"]
    scene.configure(VERIFIERS=None)
    scene.go_live()
    scene.configure(VERIFIERS=verifiers)
    assert scene.run("sweep").connection["proof"]["after"] == "passed"
    assert scene.news() == ["proof-recovered"]
    scene.run("sweep")
    assert scene.news() == ["proof-recovered"]


@pytest.mark.parametrize("later", ["drift", "verify"])
def test_a_certificate_that_ends_soon_is_told_once(scene: Scene, inside: Inside, later: str) -> None:
    live(scene)
    inside.interfaces.behave(how.EXPIRING)
    for _ in range(3):
        answer = scene.run(later)
        assert (answer.outcome, answer.connection["proof"]["after"]) == ("in-sync", "passed")
        assert "certificate-expiring" in answer.codes
    assert scene.news() == ["certificate-expiring"]
    assert "20 days" in text_of(scene)
    inside.interfaces.behave(how.ANSWERS)
    scene.run(later)
    assert scene.news() == ["certificate-expiring"]


def test_a_certificate_that_ends_soon_at_the_cut_over_is_told_beside(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.EXPIRING)
    scene.request("available")
    scene.run("sweep")
    assert scene.news() == ["connection-live", "certificate-expiring"]


def test_an_outage_is_told_also_while_a_new_host_is_held(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.configure(EXTRA_HOSTS="typo.example.com")
    inside.requests.clear()
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("held", "passed")
    assert [one["targets"][0]["hosts"] for one in inside.requests] == [["typo.example.com"], sorted(HOSTS)]
    verdicts = {host["host"]: host["verdict"] for host in answer.connection["proof"]["hosts"]}
    assert verdicts == {host: "passed" for host in HOSTS} | {"typo.example.com": "failed"}
    inside.interfaces.behave(how.REFUSES)
    for task in ["drift"] + ["sweep"] * 3:
        assert scene.run(task).connection["proof"]["after"] == "failed"
    inside.interfaces.behave(how.ANSWERS)
    for task in ["sweep"] * 3:
        assert scene.run(task).connection["proof"]["after"] == "passed"
    assert scene.news() == ["held", "proof-failed", "proof-recovered"]
    assert records_written(scene) == []


def test_a_subject_names_why_a_host_is_held_and_not_what_else_is_seen(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES, ADDRESSES[1])
    scene.configure(EXTRA_HOSTS="typo.example.com")
    answer = scene.run("sweep")
    assert (answer.outcome, "az-unreachable" in answer.codes) == ("held", True)
    assert scene.messages()[0].subject == f"TDP PrivateLink is HELD in {scene.vpc.id}: certificate-name"


def test_an_outage_is_told_also_while_something_of_others_is_in_the_way(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.plant_zone("files.example.com", a_record("files.example.com", "192.0.2.1"))
    scene.configure(EXTRA_HOSTS="files.example.com")
    assert scene.run("drift").outcome == "refused"
    inside.interfaces.behave(how.REFUSES)
    for task in ["drift"] + ["sweep"] * 3:
        answer = scene.run(task)
        assert (answer.outcome, answer.connection["proof"]["after"]) == ("refused", "failed")
    inside.interfaces.behave(how.ANSWERS)
    answer = scene.run("verify")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("refused", "passed")
    assert scene.news() == ["refused", "proof-failed", "proof-recovered"]


def test_one_try_that_a_verifier_missed_is_no_news(scene: Scene, inside: Inside) -> None:
    live(scene)
    # As often as the SDK tries one call.
    scene.aws.faults.add("503", "lambda", "Invoke", times=3)
    answer = scene.run("drift")
    assert (answer.connection["proof"]["after"], answer.codes, scene.news()) == ("passed", [], [])


def test_an_outage_stays_one_when_the_second_look_gets_no_answer(scene: Scene, inside: Inside) -> None:
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    asked = []

    def once(payload: bytes) -> Invoked:
        asked.append(payload)
        return inside.invoke(payload) if len(asked) == 1 else Invoked(b"<html>")

    scene.aws.functions.add(VERIFIER, once)
    answer = scene.run("drift")
    assert (answer.connection["proof"]["after"], answer.codes) == ("failed", ["connect-refused"])
    assert len(asked) > 1
    assert scene.news() == ["proof-failed"]


def test_a_repair_during_an_outage_is_held(scene: Scene, inside: Inside) -> None:
    """Whoever moved a name away from an endpoint that is down keeps it there until the endpoint answers."""
    live(scene)
    inside.interfaces.behave(how.REFUSES)
    scene.aws.delete_record(scene.zones()[PLATFORM], API, "A")
    assert scene.run("drift").outcome == "held"
    assert records_written(scene) == []
    inside.interfaces.behave(how.ANSWERS)
    assert scene.run("sweep").outcome == "changed"
    assert scene.news() == ["held", "proof-failed", "connection-recovered"]
    assert_live(scene)


def test_a_zone_that_comes_back_to_the_vpc_is_proved_first(scene: Scene, inside: Inside) -> None:
    live(scene)
    zone_id = scene.zones()[OTHER_API]
    scene.detach(zone_id)
    inside.interfaces.behave(how.REFUSES)
    inside.requests.clear()
    assert scene.run("drift").outcome == "held"
    assert inside.requests[0]["targets"][0]["hosts"] == [OTHER_API]
    assert records_written(scene) == []
    inside.interfaces.behave(how.ANSWERS)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


def test_a_name_that_is_lost_while_another_is_repaired_is_proved_as_well(scene: Scene, inside: Inside) -> None:
    live(scene)
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, PLATFORM, "A")
    inside.requests.clear()
    written = []

    def edit(service: str, operation: str) -> None:
        if operation == "ChangeResourceRecordSets":
            if not written:
                scene.aws.put_records(zone_id, {"Name": PLATFORM, "Type": "A", "AliasTarget": scene.alias()})
                scene.aws.delete_record(zone_id, API, "A")
            written.append([host for one in inside.requests for host in one["targets"][0]["hosts"]])

    scene.aws.on_call(edit)
    first = scene.run("drift")
    assert first.error is not None
    assert "zones keep changing" in first.message
    assert scene.run("drift").outcome == "changed"
    assert written[0] == [PLATFORM]
    assert all(API in proved for proved in written[1:])
    assert_live(scene)


def test_a_repair_and_an_outage_found_together_are_both_told(scene: Scene, inside: Inside) -> None:
    live(scene)
    scene.aws.delete_record(scene.zones()[PLATFORM], API, "A")
    inside.dns.troubles["api.tetrascience.com"] = SERVFAIL
    answer = scene.run("drift", deadline=20)
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "failed")
    assert scene.news() == ["drift-repaired", "proof-failed"]


def test_answers_that_resolvers_remember_are_waited_for(scene: Scene, inside: Inside) -> None:
    """The name is missing for a few seconds after it was written, as in a resolver's memory."""
    asked: list[str] = []

    def remembers(payload: bytes) -> Invoked:
        phase = json.loads(payload)["phase"]
        asked.append(phase)
        inside.dns.troubles = {API: SERVFAIL} if phase == "after" and asked.count("after") < 3 else {}
        return inside.invoke(payload)

    scene.aws.functions.add(VERIFIER, remembers)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["after"], answer.codes) == ("changed", "passed", [])
    assert asked == ["before", "after", "after", "after"]
    assert scene.news() == ["connection-live"]


def test_a_failure_is_looked_at_twice_before_it_is_told(scene: Scene, inside: Inside) -> None:
    live(scene)
    behaviours = [how.REFUSES, how.ANSWERS]

    def flickers(payload: bytes) -> Invoked:
        inside.interfaces.behave(behaviours.pop(0))
        return inside.invoke(payload)

    scene.aws.functions.add(VERIFIER, flickers)
    assert scene.run("drift").connection["proof"]["after"] == "passed"
    assert (scene.news(), behaviours) == ([], [])
