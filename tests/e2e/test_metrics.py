"""What the graphs and alarms are made of: one line for each invocation, where they are wanted."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.harness import HOSTS, OWNER, Function, Scene
from tests.harness.function import Event

DAY = 24 * 60 * 60


@pytest.fixture(autouse=True)
def wanted(scene: Scene) -> None:
    scene.configure(METRICS="on")


def lines(function: Function) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, list(function.stdout)) if "_aws" in line]


def measured(scene: Scene, event: Event, *before: Event) -> dict[str, Any]:
    """The metrics of one invocation, after others of the same process."""
    with scene.function() as function:
        for one in before:
            function.invoke(one)
        function.invoke(event)
    return lines(function)[-1]


def test_a_line_is_what_cloudwatch_makes_metrics_of(scene: Scene) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html"""
    scene.request("available")
    line = measured(scene, {"task": "sweep"})
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60
    assert (directive["Namespace"], directive["Dimensions"]) == ("tdp-privatelink", [["OwnerId"]])
    assert line["OwnerId"] == OWNER
    named = {metric["Name"] for metric in directive["Metrics"]}
    assert named == set(line) - {"_aws", "OwnerId"}
    assert all(isinstance(line[name], int) for name in named)


def test_there_is_a_line_for_each_invocation_and_none_where_none_is_wanted(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        for task in ("reconcile", "sweep", "drift", "plan"):
            function.invoke({"task": task})
    assert len(lines(function)) == 4
    scene.configure(METRICS="off")
    with scene.function() as function:
        function.invoke({"task": "sweep"})
    assert lines(function) == []


def test_a_cut_over_counts_what_it_wrote_and_how_long_it_took(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.enter("available")
        calls = len(scene.aws.calls)
        function.invoke({"task": "sweep"})
        made = len(scene.aws.calls) - calls
        function.invoke({"task": "sweep"})
    waiting, live, settled = lines(function)
    assert (waiting["Waiting"], waiting["Live"], waiting["RecordsWritten"]) == (1, 0, 0)
    assert (live["Waiting"], live["Live"], live["AwsCalls"]) == (0, 1, made)
    # An address and a marker for each host, and the SOA of each new zone.
    assert live["RecordsWritten"] == 2 * len(HOSTS) + 2
    assert 0 <= live["LiveAfter"] < 60_000
    assert (settled["Live"], settled["RecordsWritten"], settled["AwsCalls"]) == (1, 0, 1)
    assert "LiveAfter" not in settled


def test_a_repair_of_drift_is_counted_once(scene: Scene) -> None:
    scene.go_live()
    scene.aws.delete_record(scene.zones()["api.tetrascience.com"], "api.tetrascience.com", "A")
    with scene.function() as function:
        for _ in range(2):
            function.invoke({"task": "drift"})
    repaired, settled = lines(function)
    assert (repaired["DriftRepaired"], repaired["RecordsWritten"] > 0) == (1, True)
    assert (settled["DriftRepaired"], settled["RecordsWritten"]) == (0, 0)
    assert "LiveAfter" not in repaired, "it was live before"


def test_an_endpoint_that_waits_says_for_how_long(scene: Scene) -> None:
    scene.request("pendingAcceptance", created=datetime.now(UTC) - timedelta(days=2))
    assert 2 * DAY <= measured(scene, {"task": "sweep"})["WaitingSeconds"] < 2 * DAY + 600
    settled = measured(scene, {"task": "sweep"}, {"task": "sweep"})
    assert (settled["AwsCalls"], settled["WaitingSeconds"] >= 2 * DAY) == (1, True)


def test_a_live_endpoint_that_is_modified_does_not_wait(scene: Scene) -> None:
    scene.request("available", created=datetime.now(UTC) - timedelta(days=400))
    scene.run("reconcile")
    scene.enter("pending")
    line = measured(scene, {"task": "drift"})
    assert (line["WaitingSeconds"], line["Waiting"], line["Live"]) == (0, 0, 1)


def test_a_loss_is_counted_until_it_is_over(scene: Scene) -> None:
    scene.go_live()
    scene.enter("rejected")
    assert measured(scene, {"task": "sweep"})["Lost"] == 1
    settled = measured(scene, {"task": "sweep"}, {"task": "sweep"})
    assert (settled["Lost"], settled["Live"]) == (1, 0)


def test_a_loss_after_which_records_were_withdrawn_is_over(scene: Scene) -> None:
    scene.go_live()
    scene.configure(ON_LOSS="withdraw")
    scene.enter("rejected")
    line = measured(scene, {"task": "sweep"}, {"task": "sweep"})
    assert (line["Lost"], line["Live"]) == (0, 0)


def test_what_is_refused_is_stopped(scene: Scene) -> None:
    scene.request("available")
    scene.plant_zone("platform.tetrascience.com")
    line = measured(scene, {"task": "sweep"})
    assert (line["Stopped"], line["Live"]) == (1, 0)


def test_requests_that_aws_refused_as_too_many_are_counted(scene: Scene) -> None:
    scene.go_live()
    scene.aws.faults.add("throttle", "route53", "ListHostedZones", times=2)
    line = measured(scene, {"task": "drift"})
    assert (line["Throttled"], line["CompletedLooks"]) == (2, 1)


@pytest.mark.parametrize("service", ["ec2:DescribeVpcEndpoints", "route53:ListHostedZones"])
def test_a_look_that_failed_is_none(scene: Scene, service: str) -> None:
    scene.go_live()
    scene.aws.faults.add("denied", *service.split(":"), times=None)
    line = measured(scene, {"task": "drift"})
    assert "CompletedLooks" not in line
    assert "Live" not in line, "nobody knows"


def test_a_look_at_one_endpoint_is_no_look_at_all(scene: Scene) -> None:
    scene.go_live()
    assert "CompletedLooks" not in measured(scene, {"task": "reconcile", "endpointId": scene.endpoint_id})
    assert "CompletedLooks" not in measured(scene, {"task": "plan"})


def test_withdrawn_is_not_live(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    line = measured(scene, {"task": "drift"})
    assert (line["CompletedLooks"], line["Live"]) == (1, 0)


def test_an_event_that_is_none_of_ours_has_a_line_too(scene: Scene) -> None:
    line = measured(scene, {"detail-type": "x", "source": "y"})
    assert (line["AwsCalls"], "CompletedLooks" in line) == (0, False)
