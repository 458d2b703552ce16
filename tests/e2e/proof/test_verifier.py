"""A verifier that is at fault is neither a pass nor a failure."""

import json
from typing import Any

import pytest

from tests.aws import Invoked
from tests.e2e.proof.checks import ADDRESSES, records_written, text_of
from tests.harness import Function, Scene
from tests.harness.inside import VERIFIER, Inside, invoked
from tests.network import interfaces as how


def broken(behaviour: str) -> Any:
    def invoke(payload: bytes) -> Invoked:
        request = json.loads(payload)
        host = {"verdict": "passed", "cause": None, "answers": [], "tries": [], "certificate": None}
        hosts = [host | {"host": name} for name in request["targets"][0]["hosts"]]
        passed = {"phase": request["phase"], "verdict": "passed", "hosts": hosts, "problems": []}
        answers: dict[str, Any] = {
            "error": {"errorType": "Runtime.ExitError", "errorMessage": "exit status 1\nsecond line"},
            "timeout": {"errorType": "Sandbox.Timedout", "errorMessage": "x Task timed out after 35.00 seconds"},
            "no-json": b"<html>",
            "null": None,
            "other-hosts": passed | {"hosts": [host | {"host": "www.example.com"}]},
            "fewer-hosts": passed | {"hosts": hosts[1:]},
            "no-hosts": passed | {"hosts": []},
            "other-phase": passed | {"phase": "after" if request["phase"] == "before" else "before"},
            "unknown-cause": passed | {"problems": [{"code": "of-tomorrow", "message": "m", "fix": "f"}]},
        }
        answer = answers[behaviour]
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Invoked(body, failed=behaviour in ("error", "timeout"))

    return invoke


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("error", "verifier-failed"),
        ("timeout", "verifier-timed-out"),
        ("no-json", "verifier-failed"),
        ("null", "verifier-failed"),
        ("other-hosts", "verifier-failed"),
        ("fewer-hosts", "verifier-failed"),
        ("no-hosts", "verifier-failed"),
        ("other-phase", "verifier-failed"),
        ("unknown-cause", "verifier-failed"),
    ],
)
def test_a_verifier_that_is_broken_is_neither_a_pass_nor_a_failure(
    scene: Scene, inside: Inside, behaviour: str, code: str
) -> None:
    scene.aws.functions.add(VERIFIER, broken(behaviour))
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.ok, answer.outcome, answer.codes) == (True, "held", [code])
    assert answer.connection["proof"]["before"] == "unproven"
    assert "says nothing about the connection" in answer.connection["problems"][0]["message"]
    assert records_written(scene) == []
    assert scene.messages()[0].subject == f"TDP PrivateLink is HELD in {scene.vpc.id}: {code}"


def test_a_verifier_that_is_configured_wrong_says_so_in_the_report(scene: Scene, inside: Inside) -> None:
    with Function(inside.variables() | {"VERIFY_CIDRS": "everything"}, "verify") as wrong:
        scene.aws.functions.add(VERIFIER, lambda payload: invoked(wrong.invoke(payload)))
        scene.request("available")
        answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("held", ["verifier-failed"])
    assert "VERIFY_CIDRS is 'everything'" in answer.connection["problems"][0]["message"]


@pytest.mark.parametrize(("fault", "code"), [("denied", "verifier-failed"), ("503", "verifier-failed")])
def test_a_verifier_that_cannot_be_invoked_holds(scene: Scene, inside: Inside, fault: str, code: str) -> None:
    scene.aws.faults.add(fault, "lambda", "Invoke", times=None)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes, records_written(scene)) == ("held", [code], [])
    if fault == "denied":
        fix = answer.connection["problems"][0]["fix"]
        assert "lambda:InvokeFunction" in fix
        assert "tdp-privatelink=verify" in fix


@pytest.mark.parametrize("fault", ["throttle", "503", "drop", "lost"])
def test_one_failed_call_to_a_verifier_is_tried_again(scene: Scene, inside: Inside, fault: str) -> None:
    scene.aws.faults.add(fault, "lambda", "Invoke")
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.connection["proof"]["before"]) == ("changed", "passed")


def test_addresses_that_cannot_be_read_prove_nothing(scene: Scene, inside: Inside) -> None:
    scene.aws.faults.add("denied", "ec2", "DescribeNetworkInterfaces", times=None)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes, records_written(scene)) == ("held", ["access-denied"], [])
    assert inside.requests == []


def test_a_write_that_aws_refuses_is_what_the_subject_names(scene: Scene, inside: Inside) -> None:
    inside.interfaces.behave(how.REFUSES, ADDRESSES[1])
    scene.aws.faults.add("denied", "route53", "ChangeResourceRecordSets", times=None)
    scene.request("available")
    assert scene.run("sweep").error is not None
    assert "[az-unreachable]" in text_of(scene)
    assert scene.messages()[0].subject == f"TDP PrivateLink failed in {scene.vpc.id}: access-denied"


def test_a_verifier_by_arn_is_found(scene: Scene, inside: Inside) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{VERIFIER}"
    scene.configure(VERIFIERS=f"{scene.vpc.id}={arn}")
    scene.request("available")
    assert scene.run("sweep").connection["proof"]["after"] == "passed"
