"""No secret and no whole event body in a log."""

import json
from typing import Any

import pytest

from tests.harness import Scene
from tests.harness.function import ROOT

SECRET = "xoxb-7Wq9-do-not-log-me"


def events() -> dict[str, bytes]:
    """Each known shape and some unknown ones, with a secret where somebody might put one."""
    sns: dict[str, Any] = json.loads((ROOT / "events" / "connection-accepted.json").read_text())
    sns["Records"][0]["Sns"]["Message"] += f" token {SECRET}"
    trail: dict[str, Any] = json.loads((ROOT / "events" / "cloudtrail-create-vpc-endpoint.json").read_text())
    trail["detail"]["userIdentity"]["accessKeyId"] = SECRET
    known = {
        "notification": sns,
        "cloudtrail": trail,
        "other-service": trail | {"source": "aws.s3"},
        "records-of-others": {"Records": [{"eventSource": "aws:s3", "body": SECRET}]},
        "unknown": {"password": SECRET},
        "task-with-more": {"task": "sweep", "password": SECRET},
        "task-of-the-wrong-type": {"task": [SECRET]},
        "string": SECRET,
    }
    shapes = {name: json.dumps(body).encode() for name, body in known.items()}
    return shapes | {"not-json": b'{"password": "' + SECRET.encode() + b'"'}


@pytest.mark.parametrize("name", sorted(events()))
def test_an_event_does_not_come_out_in_the_log(scene: Scene, name: str) -> None:
    scene.request("available")
    scene.configure(RUST_LOG="trace", AWS_LAMBDA_LOG_LEVEL="TRACE")
    with scene.function() as function:
        answer = function.invoke(events()[name])
    assert SECRET not in function.output()
    assert SECRET not in str(answer)
    scene.configure(RUST_LOG=None, AWS_LAMBDA_LOG_LEVEL=None)
    scene.run("sweep")


@pytest.mark.parametrize("fault", ["denied", "malformed", None])
def test_credentials_do_not_come_out_in_the_log(scene: Scene, fault: str | None) -> None:
    scene.request("available")
    scene.configure(AWS_SECRET_ACCESS_KEY=SECRET, AWS_SESSION_TOKEN=f"token-{SECRET}", RUST_LOG="debug")
    if fault:
        scene.aws.faults.add(fault, "route53", times=None)
    with scene.function() as function:
        answer = function.invoke({"task": "reconcile"})
    assert answer.ok == (fault is None)
    assert SECRET not in function.output()
    scene.aws.faults.clear()
    scene.run("sweep")
