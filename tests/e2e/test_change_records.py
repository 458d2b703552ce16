"""What an auditor asks for: who changed what, why, with which result, and how to undo it."""

import hashlib
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.harness import HOSTS, OWNER, Function, Scene
from tests.harness.world import marker_name

ROOT = Path(__file__).parents[2]
PLATFORM = "platform.tetrascience.com"
MOST_BYTES = 256 * 1024


def records(function: Function) -> list[dict[str, Any]]:
    return [line["changeRecord"] for line in map(json.loads, list(function.stdout)) if "changeRecord" in line]


def documents(function: Function) -> list[dict[str, Any]]:
    return [line["changeDocument"] for line in map(json.loads, list(function.stdout)) if "changeDocument" in line]


def recorded(scene: Scene, task: str) -> tuple[dict[str, Any], str]:
    """The only change record of a run, as data and as a document."""
    with scene.function() as function:
        function.invoke({"task": task})
    (record,) = records(function)
    (document,) = documents(function)
    assert (document["id"], document["part"], document["of"]) == (record["id"], 1, 1)
    return record, str(document["text"])


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_cut_over_says_what_it_did_and_why(scene: Scene) -> None:
    scene.request("available")
    began = datetime.now(UTC) - timedelta(seconds=1)
    record, _ = recorded(scene, "sweep")
    connection = record["connection"]
    assert (record["trigger"], record["ownerId"], record["mode"]) == ("sweep", OWNER, "apply")
    assert (connection["vpcId"], connection["endpointId"]) == (scene.vpc.id, scene.endpoint_id)
    assert (connection["outcome"], record["announced"]) == ("changed", ["connection-live"])
    assert record["version"] == tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    assert record["commit"], "who does not build by the Makefile has 'unknown'"
    assert began < when(record["started"]) <= when(record["ended"]) <= datetime.now(UTC)
    addresses = {(change["name"], change["before"]) for change in connection["changes"] if change["type"] == "A"}
    assert addresses == {(host, None) for host in HOSTS}
    assert len(connection["undo"]) > 1


def test_each_route53_change_says_when_it_was_everywhere(scene: Scene) -> None:
    scene.request("available")
    scene.aws.insync_after = 2
    record, document = recorded(scene, "reconcile")
    ids = record["connection"]["changeIds"]
    # Two zones are made, and a batch is written to each: the last change of a zone is waited for.
    assert len(ids) == 4
    asked = {call.params["Id"] for call in scene.aws.calls if call.operation == "GetChange"}
    assert (set(record["inSync"]), len(asked)) == (asked, 2)
    for id in ids:
        at = record["inSync"].get(id)
        assert at is None or when(record["started"]) <= when(at) <= when(record["ended"])
        assert f"| {id} | {at or 'with the last change of its zone'} |" in document


def test_the_markers_name_the_change(scene: Scene) -> None:
    scene.request("available")
    record, _ = recorded(scene, "sweep")
    for host, zone in HOSTS.items():
        (text,) = scene.records(zone)[(marker_name(host), "TXT")]["ResourceRecords"]
        assert record["id"] in text["Value"]


def test_a_repair_says_what_was_there_before(scene: Scene) -> None:
    scene.go_live()
    zone = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone, PLATFORM, "A")
    record, document = recorded(scene, "drift")
    (change,) = [one for one in record["connection"]["changes"] if one["type"] == "A"]
    assert (change["name"], change["before"], record["trigger"]) == (PLATFORM, None, "drift")
    assert record["announced"] == ["drift-repaired"]
    assert f"| create | {PLATFORM} | A | none |" in document


def test_the_document_is_for_people(scene: Scene) -> None:
    scene.request("available")
    record, document = recorded(scene, "sweep")
    assert document.startswith(f"# Change {record['id']} of {OWNER}\n")
    for words in ("## Before and after", "## Route 53", "## Undo", "| Outcome | changed |", scene.endpoint_id):
        assert words in document
    for command in record["connection"]["undo"]:
        assert command in document


@pytest.mark.parametrize("task", ["sweep", "drift", "plan", "verify"])
def test_a_run_that_changes_nothing_has_none(scene: Scene, task: str) -> None:
    scene.go_live()
    with scene.function() as function:
        function.invoke({"task": task})
    assert (records(function), documents(function)) == ([], [])


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_what_is_only_planned_or_refused_is_no_change(scene: Scene, mode: str) -> None:
    scene.request("available")
    scene.configure(MODE=mode)
    if mode == "apply":
        scene.plant_zone(PLATFORM)
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == ("planned" if mode == "plan" else "refused")
    assert records(function) == []


def test_a_change_that_fails_half_way_says_how_far_it_came(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "route53", "ChangeResourceRecordSets", nth=2, times=None)
    with scene.function() as function:
        function.invoke({"task": "sweep"})
    (record,) = records(function)
    assert record["connection"]["outcome"] == "failed"
    assert set(record["inSync"]) <= set(record["connection"]["changeIds"])
    assert len(record["connection"]["changeIds"]) >= 1
    scene.aws.faults.clear()
    scene.run("drift")


def test_withdrawing_is_a_change_too(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    record, document = recorded(scene, "drift")
    assert (record["connection"]["outcome"], record["announced"]) == ("withdrawn", ["withdrawn"])
    assert {change["action"] for change in record["connection"]["zoneChanges"]} == {"delete"}
    assert "deleted" in document


def digest_of(scene: Scene, **changes: str) -> str:
    """What a run that repairs something names as its configuration."""
    scene.configure(**changes)
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    return str(recorded(scene, "drift")[0]["configuration"])


def test_the_configuration_has_a_digest_that_settings_change_and_nothing_else_does(scene: Scene) -> None:
    scene.go_live()
    first = digest_of(scene)
    names = ("MODE", "OWNER_ID", "TDP_PLATFORM_HOST", "TDP_SERVICE_NAME")
    lines = "".join(f"{name}={scene.variables[name]}\n" for name in names)
    assert first == hashlib.sha256(lines.encode()).hexdigest()[:16]
    assert digest_of(scene, METRICS="on", ON_LOSS=" ", SOMETHING="else") == first
    assert digest_of(scene, ON_LOSS="withdraw") != first


def test_a_long_one_keeps_every_line_under_the_limit_and_the_document_whole(scene: Scene) -> None:
    hosts = [f"host-{number}.files.example.com" for number in range(400)]
    scene.configure(EXTRA_HOSTS=",".join([*hosts, "files.example.com"]))
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
    assert max(len(line.encode()) for line in function.stdout) <= MOST_BYTES
    (record,) = records(function)
    parts = documents(function)
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1)) and len(parts) > 1
    text = "".join(part["text"] for part in parts)
    assert [host for host in hosts if f"| create | {host} | A |" not in text] == []
    assert text.rstrip().endswith("```")
    assert record["connection"]["outcome"] == "changed"
