"""Clock differences do not matter: not the process's own, not AWS's, not what events say, not the runtime's.

The process's clock is really another one here: a library in front of libc's tells it so. Beyond five minutes AWS
refuses what is signed by such a clock, as it refuses anything: the embedded AWS, which does not, shows what else hangs
on it. Times in which something has to be waited for are measured with the clock that nobody sets.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.aws import EmbeddedAws, wire
from tests.aws.errors import AwsError, render
from tests.aws.server import QuietHandler
from tests.chaos.saved import CountedZones
from tests.e2e.checks import assert_live, assert_public
from tests.e2e.test_triggers import event
from tests.harness import Answer, Scene, runtime

PLATFORM = "platform.tetrascience.com"
DESCRIBE = "ec2:DescribeVpcEndpoints"
HOUR, YEAR = 3600, 365 * 24 * 3600
SECONDS = 60
# How far off a signature may be, and how AWS refuses one that is further off. Route 53 and SNS have words of their own.
TOLERANCE = 300
REFUSALS = {"ec2": ("RequestExpired", 400), "ssm": ("InvalidSignatureException", 400)}
SERVICES = ("ec2", "route53", "sns", "ssm")
SETTLED = ("connection-live", "connection-recovered")
# With JUMPS, each look at the clock is as far off as the last one, in the other direction.
LIBRARY = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static long looks;
    int failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && id == CLOCK_REALTIME)
        at->tv_sec += atol(getenv("OFF_BY")) * (getenv("JUMPS") && looks++ % 2 ? -1 : 1);
    return failed;
}
"""
needs_cc = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="a process's clock is set with cc's help, on Linux"
)
# What is made up anew in each world: the ids of endpoint and VPC, and the digests that they are in. Changes of different
# zones are under way together, so that the order of their ids is nobody's.
MADE_UP = re.compile(
    r'\b(?:(vpce|vpc)-[0-9a-f]{17}(?:-[0-9a-z]{8})?|(C)[0-9A-F]{20}\b|(problems|config)\\":\\"[0-9a-f]{16})'
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    source = tmp_path_factory.mktemp("clock") / "clock.c"
    source.write_text(LIBRARY)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", source.with_suffix(".so"), source], check=True)
    return str(source.with_suffix(".so"))


class Ear:
    """Hears when the process thinks that it is, call by call: what it signs says so. `strict`: as AWS, refuses what is
    signed at another time than its own.
    """

    def __init__(self, aws: EmbeddedAws, app: Any) -> None:
        self._aws, self._app = aws, app
        self.off: list[int] = []
        self.strict = False

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        # The test's own calls say that they are.
        if "HTTP_X_EMBEDDED_AWS_SET_UP" in environ:
            return self._app(environ, start)
        signed = datetime.strptime(environ["HTTP_X_AMZ_DATE"], "%Y%m%dT%H%M%S%z")
        self.off.append(round((signed - datetime.now(UTC)).total_seconds()))
        if self.strict and abs(self.off[-1]) > TOLERANCE:
            request = wire.read(environ, self._aws.account)
            code, status = REFUSALS.get(request.service, ("SignatureDoesNotMatch", 403))
            refused = render(AwsError(code, "Signature expired", status), request.service, request.protocol)
            start(f"{status} Refused", list(refused.headers.items()))
            return [refused.body]
        return self._app(environ, start)


@pytest.fixture
def ear(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Ear:
    assert aws._server is not None
    ear = Ear(aws, aws._server.app)
    monkeypatch.setattr(aws._server, "app", ear)
    return ear


def look(scene: Scene, answer: Answer) -> str:
    """Everything that came of a run: report, zones, records with markers, messages, connection record."""
    zones = [(zone["name"], zone["comment"], scene.aws.records(zone["id"])) for zone in scene.aws.zones(scene.vpc)]
    told = [(message.subject, message.message, message.attributes) for message in scene.messages()]
    seen = [answer.report, answer.error, sorted(zones, key=str), told, scene.aws.parameters()]
    return MADE_UP.sub(lambda found: found[found.lastindex or 0], json.dumps(seen, sort_keys=True))


def life(aws: EmbeddedAws, clock: dict[str, str] | None = None, deadline: float = SECONDS) -> list[str]:
    """A connection from its beginning to its end, each step by a fresh process; what came of each."""
    aws.reset()
    aws.insync_after = 1
    aws._route53.zones = CountedZones()
    scene = Scene(aws)
    scene.configure(**(clock or {}))
    scene.request("pendingAcceptance")
    steps: list[tuple[str, Callable[[], object]]] = [
        ("sweep", lambda: None),
        ("sweep", lambda: scene.enter("available")),
        ("drift", lambda: aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")),
        ("sweep", lambda: scene.enter("rejected")),
        ("sweep", lambda: scene.enter("available")),
        ("reconcile", lambda: scene.configure(MODE="withdraw")),
    ]
    looks, outcomes = [], []
    for task, happens in steps:
        happens()
        answer = scene.run(task, deadline=deadline)
        outcomes.append(answer.outcome)
        looks.append(look(scene, answer))
    assert outcomes == ["waiting", "changed", "changed", "lost", "in-sync", "withdrawn"]
    scene.assert_foreign_untouched()
    return looks


@pytest.fixture
def right(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What comes of a life by the right clocks. Every invocation has the same id, now and from here on, so that what is
    named after it is the same in each.
    """
    monkeypatch.setattr(runtime, "uuid4", lambda: "the-one-invocation")
    if not RIGHT:
        RIGHT.extend(life(aws))
    return RIGHT


RIGHT: list[str] = []


@needs_cc
@pytest.mark.parametrize("seconds", [HOUR, -HOUR, 10 * YEAR, -25 * YEAR], ids=["+1h", "-1h", "+10y", "-25y"])
def test_whatever_the_clock_of_the_process_everything_is_the_same(
    aws: EmbeddedAws, right: list[str], library: str, ear: Ear, seconds: int
) -> None:
    """The runtime is on the same machine, and tells by the same clock when time is over."""
    assert life(aws, {"LD_PRELOAD": library, "OFF_BY": str(seconds)}, SECONDS + seconds) == right
    assert abs(ear.off[0] - seconds) < SECONDS


@needs_cc
@pytest.mark.parametrize("seconds", [2, -2, -HOUR])
def test_a_clock_that_is_not_the_runtimes_changes_nothing_while_there_is_time(
    aws: EmbeddedAws, right: list[str], library: str, ear: Ear, seconds: int
) -> None:
    assert life(aws, {"LD_PRELOAD": library, "OFF_BY": str(seconds)}) == right
    assert abs(ear.off[0] - seconds) <= 1


@needs_cc
def test_a_clock_that_jumps_back_and_forth_changes_nothing(
    aws: EmbeddedAws, right: list[str], library: str, ear: Ear
) -> None:
    """Whichever way the one look at the deadline goes, there is time."""
    assert life(aws, {"LD_PRELOAD": library, "OFF_BY": "600", "JUMPS": "1"}, SECONDS + 600) == right
    assert min(ear.off) < -500 and max(ear.off) > 500


@pytest.mark.parametrize("hours", [1, -1])
def test_whatever_time_aws_says_it_is_everything_is_the_same(
    aws: EmbeddedAws, right: list[str], ear: Ear, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when a call is made again. The SDK believes AWS, and signs by its clock from then on."""

    def now(_: QuietHandler, timestamp: float | None = None) -> str:
        return format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)

    reset = aws.reset

    def again() -> None:
        reset()
        aws.faults.add("throttle", "route53", "ListHostedZones", nth=2)
        aws.faults.add("503", "ec2", "DescribeVpcEndpoints", nth=2)

    # What puts the Date into every answer.
    monkeypatch.setattr(QuietHandler, "date_time_string", now)
    monkeypatch.setattr(aws, "reset", again)
    assert life(aws) == right
    assert {round(seconds / HOUR) for seconds in ear.off} == {0, hours}


@needs_cc
@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_clock_that_aws_does_not_accept_is_corrected_by_its_answers(
    scene: Scene, library: str, ear: Ear, seconds: int
) -> None:
    """Each service refuses once and says what time it is, Route 53 twice, since it is asked two things at once; the sweeps
    after that go on where the one before ended."""
    ear.strict = True
    wrong = {"LD_PRELOAD": library, "OFF_BY": str(seconds)}
    scene.configure(**wrong)
    scene.request("available")
    with scene.function() as function:
        answers = [function.invoke({"task": "sweep"}, deadline=SECONDS + seconds) for _ in range(5)]
    assert (answers[0].codes, answers[-1].outcome) == (["aws-refused"], "in-sync")
    assert sum(abs(one) > TOLERANCE for one in ear.off) <= len(SERVICES) + 1
    assert_live(scene)
    assert scene.news()[0] in ("connection-live", "failed") and scene.news()[-1] in SETTLED
    scene.configure(**dict.fromkeys(wrong))


# What events say

TIMES = ["1970-01-01T00:00:00Z", "2001-09-09T01:46:40.123+14:00", "2262-04-11T23:47:16Z", "9999-12-31T23:59:59Z"]
NONSENSE = ["", "yesterday", "2026-13-45T99:99:99Z", "99999-01-01T00:00:00Z", 0, -1, {}, [1]]
HINTS = ["cloudtrail-modify-vpc-endpoint.json", "state-change.json", "connection-accepted.json"]


def at(name: str, endpoint_id: str, time: object) -> dict[str, Any]:
    """An event that happened at another time, as it says itself wherever it does."""
    body: dict[str, Any] = json.loads(event(name, endpoint_id))
    if "Records" in body:
        body["Records"][0]["Sns"]["Timestamp"] = time
    else:
        body["time"] = time
    if "eventTime" in body.get("detail", {}):
        body["detail"]["eventTime"] = time
    return body


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("name", HINTS)
def test_an_event_counts_whenever_it_says_that_it_happened(scene: Scene, name: str, time: str) -> None:
    scene.request("available")
    assert scene.run(at(name, scene.endpoint_id, time)).outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_which_event_is_the_latest_by_its_own_word_does_not_matter(scene: Scene, newest_first: bool) -> None:
    scene.go_live()
    names = ["connection-accepted.json", "connection-rejected.json", "connection-deleted.json"]
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        for name, time in zip(names * 2, sorted(TIMES + TIMES[:2], reverse=newest_first), strict=True):
            assert function.invoke(at(name, scene.endpoint_id, time)).outcome == "in-sync"
    assert scene.aws.calls.names() == [DESCRIBE] * 6
    assert scene.news() == []
    assert_live(scene)


@pytest.mark.parametrize("name", HINTS)
def test_an_event_at_no_time_at_all_does_no_harm_and_the_sweep_does_its_work(scene: Scene, name: str) -> None:
    """It is taken for no event of AWS's, and is not delivered again and again for that."""
    scene.request("available")
    with scene.function() as function:
        for time in NONSENSE:
            answer = function.invoke(at(name, scene.endpoint_id, time))
            assert (answer.ok, answer.codes, answer.connections) == (True, ["unknown-event"], []), time
        assert scene.writes() == []
        assert function.invoke({"task": "sweep"}).ok
    assert_live(scene)
    assert scene.news() == ["connection-live"]


# What the runtime says about the time that is left


@pytest.mark.parametrize("seconds", [-10 * YEAR, -HOUR, -2, 0])
def test_an_invocation_whose_time_is_over_when_it_begins_loses_nothing(scene: Scene, seconds: int) -> None:
    scene.request("available")
    answer = scene.run("sweep", deadline=seconds)
    assert (answer.ok, answer.codes, scene.writes()) == (True, ["not-reached"], [])
    assert_public(scene)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("seconds", [1, 6, 9, 11])
def test_what_route_53_does_not_finish_in_time_is_told_by_the_next_run(scene: Scene, seconds: int) -> None:
    """Two seconds more or less by another clock decide whether it is waited for, and nothing else."""
    scene.aws.insync_after = 1000
    scene.request("available")
    assert not scene.run("sweep", deadline=seconds).ok
    assert scene.news() == []
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert_live(scene)
    assert scene.news() == ["connection-live"]


@pytest.mark.parametrize("seconds", [118, 122, 10 * YEAR, 1_000 * YEAR])
def test_a_deadline_that_is_far_away_is_no_other_deadline(scene: Scene, seconds: int) -> None:
    scene.request("available")
    assert scene.run("sweep", deadline=seconds).outcome == "changed"
    assert_live(scene)
    assert scene.news() == ["connection-live"]
