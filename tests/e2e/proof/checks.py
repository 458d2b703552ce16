"""What the tests of proof look at."""

import json

from tests.harness import Scene
from tests.harness.inside import Inside

ADDRESSES = ["127.10.0.10", "127.10.1.10", "127.10.2.10"]
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
PLATFORM = "platform.tetrascience.com"


def records_written(scene: Scene) -> list[str]:
    return [call.name for call in scene.writes() if call.service == "route53"]


def text_of(scene: Scene) -> str:
    """The text of the only message."""
    (message,) = scene.messages()
    return str(json.loads(message.message)["email"])


def phases(inside: Inside) -> list[str]:
    return [request["phase"] for request in inside.requests]


def live(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run("reconcile")
    assert (answer.outcome, answer.connection["proof"]["after"]) == ("changed", "passed")
    scene.mark()
