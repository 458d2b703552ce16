"""The commands of a report, run as they stand: the zones, records and comments are as they were before, and stay so."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.checks import assert_live, assert_public, unwatch_calls
from tests.harness import HOSTS, OWNER, Answer, Scene, cli
from tests.harness.world import a_record, cname, marker_name

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
FILES = "files.example.com"
FORMER = "tdp-old"
CHANGE = "ChangeResourceRecordSets"

Zone = tuple[str, str, tuple[str, ...], list[dict[str, Any]]]
Case = Callable[[Scene], None]


def picture(scene: Scene) -> list[Zone]:
    """Every zone of the account with its comment, VPCs and records. One that was made again has other name servers, and
    AWS's own SOA."""
    found = []
    for zone in scene.aws.zones():
        records = [record for record in scene.aws.records(zone["id"]) if record["Type"] not in ("NS", "SOA")]
        found.append((zone["name"], zone["comment"], tuple(zone["vpcs"]), records))
    return sorted(found, key=str)


def soas(scene: Scene) -> dict[str, str]:
    """The SOA of each zone, by the zone's id."""
    ids = [zone["id"] for zone in scene.aws.zones()]
    return {zone_id: str([one for one in scene.aws.records(zone_id) if one["Type"] == "SOA"]) for zone_id in ids}


# What is done. Each arranges the world as it was, and configures what is wanted then.


def first_cut_over(scene: Scene) -> None:
    scene.request("available")


def first_cut_over_of_many_kinds(scene: Scene) -> None:
    scene.request("available", ip_type="dualstack")
    scene.configure(EXTRA_HOSTS=f"*.{FILES},{FILES},a.b.{FILES}")


def adopt(record: dict[str, Any]) -> Case:
    def arrange(scene: Scene) -> None:
        scene.request("available")
        zone_id = scene.plant_zone(PLATFORM, a_record(f"printer.{PLATFORM}", "10.0.9.9"), comment="of the network team")
        scene.aws.put_records(zone_id, record)
        scene.configure(EXISTING_ZONES="adopt")

    return arrange


def adopt_beside_ours(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    for kind, name in (("A", API), ("TXT", marker_name(API))):
        scene.aws.delete_record(zone_id, name, kind)
    scene.aws.put_records(zone_id, a_record(API, "192.0.2.1", "192.0.2.2", ttl=17))
    scene.configure(EXISTING_ZONES="adopt")


def move(scene: Scene) -> None:
    first = scene.go_live()
    scene.request("available", ip_type="dualstack")
    scene.aws.set_endpoint_state(first, "rejected")


def withdraw(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"{FILES},*.{FILES}")
    scene.go_live()
    scene.plant(scene.zones()[PLATFORM], a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    scene.configure(MODE="withdraw")


def lose(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.enter("rejected")


def remove_a_host(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"files.{PLATFORM},{FILES}")
    scene.go_live()
    scene.configure(EXTRA_HOSTS=None)


def merge_zones(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"a.{FILES},b.{FILES}")
    scene.go_live()
    scene.configure(EXTRA_HOSTS=f"a.{FILES},b.{FILES},{FILES}")


def repair(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, PLATFORM, "A")
    scene.aws.put_records(zone_id, a_record(PLATFORM, "10.0.9.9"))
    scene.aws.delete_record(zone_id, marker_name(API), "TXT")


def hand_over(scene: Scene) -> None:
    scene.configure(OWNER_ID=FORMER)
    scene.go_live()
    scene.configure(OWNER_ID=OWNER, ADOPT_OWNER=FORMER)


def hand_over_without_a_host(scene: Scene) -> None:
    """The former owner's zone of a host that nobody wants any more goes."""
    scene.configure(OWNER_ID=FORMER, EXTRA_HOSTS=FILES)
    scene.go_live()
    scene.configure(OWNER_ID=OWNER, ADOPT_OWNER=FORMER, EXTRA_HOSTS=None)


CASES: dict[str, Case] = {
    "first cut-over": first_cut_over,
    "first cut-over of many kinds": first_cut_over_of_many_kinds,
    "adopt A": adopt(a_record(API, "192.0.2.1", "192.0.2.2", ttl=17)),
    "adopt CNAME": adopt(cname(API, "proxy.example.com")),
    "adopt beside ours": adopt_beside_ours,
    "move": move,
    "withdraw": withdraw,
    "loss": lose,
    "host removed": remove_a_host,
    "zones merged": merge_zones,
    "repair": repair,
    "handed over": hand_over,
    "handed over without a host": hand_over_without_a_host,
}


def act(scene: Scene, case: Case) -> tuple[list[Zone], Answer]:
    """The world before, and what was then done to it."""
    case(scene)
    before = picture(scene)
    scene.mark()
    answer = scene.run("drift")
    assert answer.outcome in ("changed", "withdrawn"), answer
    assert picture(scene) != before
    return before, answer


def undo(scene: Scene, commands: list[str], **changes: str) -> None:
    """What the first line says, and then the others."""
    scene.configure(**(changes or {"MODE": "plan"}))
    cli.run(scene.aws, commands)


def assert_stays(scene: Scene, before: list[Zone]) -> None:
    """Nothing is written, whatever runs."""
    assert picture(scene) == before
    scene.mark()
    for task in ("sweep", "drift"):
        assert scene.run(task).ok
    assert [call.name for call in scene.writes() if call.service == "route53"] == []
    assert picture(scene) == before


@pytest.mark.parametrize("case", CASES)
def test_after_the_commands_the_world_is_as_it_was_and_stays_so(scene: Scene, case: str) -> None:
    before, answer = act(scene, CASES[case])
    undo(scene, answer.connection["undo"])
    assert_stays(scene, before)


@pytest.mark.parametrize("case", CASES)
def test_what_happens_to_whole_zones_is_in_the_plan_and_in_the_report(scene: Scene, case: str) -> None:
    CASES[case](scene)
    planned = [(one["action"], one["zone"]) for one in scene.run("plan").connection.get("zoneChanges", [])]
    before = {zone["id"]: zone for zone in scene.aws.zones()}
    done = scene.run("drift").connection.get("zoneChanges", [])
    after = {zone["id"]: zone for zone in scene.aws.zones()}
    both = before.keys() & after.keys()
    seen = [("create", zone) for zone in after.keys() - both] + [("delete", zone) for zone in before.keys() - both]
    seen += [("take-over", zone) for zone in both if before[zone]["comment"] != after[zone]["comment"]]
    assert sorted((one["action"], one["id"]) for one in done) == sorted(seen)
    named = [(action, (before | after)[zone]["name"]) for action, zone in seen]
    assert sorted(planned) == sorted(named)


@pytest.mark.parametrize("case", ["first cut-over", "adopt CNAME", "move", "withdraw", "handed over"])
def test_holding_every_host_keeps_it_undone_as_plan_mode_does(scene: Scene, case: str) -> None:
    before, answer = act(scene, CASES[case])
    held = [*HOSTS, FILES, f"*.{FILES}"]
    undo(scene, answer.connection["undo"], HOLD_HOSTS=",".join(held))
    assert_stays(scene, before)


@pytest.mark.parametrize("case", ["adopt A", "move", "repair", "zones merged"])
def test_a_zone_that_stays_keeps_its_soa(scene: Scene, case: str) -> None:
    CASES[case](scene)
    before = soas(scene)
    answer = scene.run("drift")
    undo(scene, answer.connection["undo"])
    after = soas(scene)
    assert {zone_id: after[zone_id] for zone_id in before.keys() & after.keys()} == {
        zone_id: before[zone_id] for zone_id in before.keys() & after.keys()
    }


@pytest.mark.parametrize("case", ["first cut-over", "adopt CNAME", "withdraw"])
def test_what_was_undone_can_be_done_again(scene: Scene, case: str) -> None:
    _, answer = act(scene, CASES[case])
    undo(scene, answer.connection["undo"])
    scene.configure(MODE="apply")
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


def test_the_former_owner_goes_on_after_a_hand_over_that_was_undone(scene: Scene) -> None:
    _, answer = act(scene, hand_over)
    undo(scene, answer.connection["undo"], OWNER_ID=FORMER, ADOPT_OWNER="")
    scene.mark()
    assert scene.run("drift").outcome == "in-sync"
    assert scene.writes() == []


@pytest.mark.parametrize("case", ["first cut-over", "move", "withdraw", "handed over"])
def test_the_message_has_the_commands_to_copy(scene: Scene, case: str) -> None:
    _, answer = act(scene, CASES[case])
    (message,) = scene.messages()
    lines = json.loads(message.message)["email"].splitlines()
    commands: list[str] = answer.connection["undo"]
    at = lines.index("To undo it:")
    assert lines[at + 1 : at + 1 + len(commands)] == [f"  {command}" for command in commands]
    assert json.loads(json.loads(message.message)["sqs"])["connections"][0]["undo"] == commands
    assert commands[0].startswith("# First deploy with Mode=plan")


def test_many_commands_are_in_the_report_and_not_in_the_message(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=",".join([FILES, *(f"h{number}.{FILES}" for number in range(40))]))
    before, answer = act(scene, first_cut_over)
    (message,) = scene.messages()
    text = json.loads(message.message)["email"]
    assert "aws route53" not in text
    assert f"the report in the function's log has {len(answer.connection['undo'])} lines" in text
    undo(scene, answer.connection["undo"])
    assert picture(scene) == before
    assert_public(scene)


def test_where_nothing_was_written_there_is_nothing_to_undo(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    assert "undo" not in scene.run("sweep").connection
    scene.enter("available")
    assert "undo" not in scene.run("plan").connection
    with scene.function() as function:
        assert "undo" in function.invoke({"task": "sweep"}).connection
        # What a settled sweep repeats is no news, and its commands would not work twice.
        assert "undo" not in function.invoke({"task": "sweep"}).connection
    assert "undo" not in scene.run("drift").connection


def test_what_was_written_before_a_failure_can_be_undone(scene: Scene) -> None:
    move(scene)
    before = picture(scene)
    scene.mark()
    scene.aws.faults.add("denied", "route53", CHANGE, nth=2, times=None)
    assert not scene.run("drift").ok
    scene.aws.faults.clear()
    assert picture(scene) != before
    (message,) = scene.messages()
    assert message.attributes["event"] == "failed"
    text = json.loads(message.message)["email"]
    assert "Route 53 changes: " in text and "INSYNC" not in text, "nobody waited for them"
    undo(scene, json.loads(json.loads(message.message)["sqs"])["connections"][0]["undo"])
    assert_stays(scene, before)


def test_a_zone_that_an_earlier_run_left_bare_goes_when_what_filled_it_is_undone(scene: Scene) -> None:
    """As it was, it hid its names: every client would be told that the platform does not exist."""
    scene.request("available")
    comment = f"heritage=tdp-privatelink,tdp-privatelink/owner={OWNER},tdp-privatelink/vpc={scene.vpc.id}"
    bare = scene.aws.make_zone(PLATFORM, scene.vpc, comment=comment)
    scene.mark()
    answer = scene.run("drift")
    assert answer.outcome == "changed"
    assert bare in scene.zones().values()
    undo(scene, answer.connection["undo"])
    assert scene.zones() == {}
    assert_public(scene)


def test_a_run_that_had_to_plan_again_is_undone_as_a_whole(scene: Scene) -> None:
    """Somebody takes a record out while the first plan is on its way: that alone stays as they left it."""
    move(scene)
    before = picture(scene)
    zone_id = scene.zones()[PLATFORM]
    left = [True]

    def edit(service: str, operation: str) -> None:
        if operation == CHANGE and left:
            left.clear()
            scene.aws.delete_record(zone_id, API, "A")

    scene.aws.on_call(edit)
    answer = scene.run("drift")
    unwatch_calls(scene)
    assert answer.outcome == "changed"
    assert_live(scene, types=("A", "AAAA"))
    undo(scene, answer.connection["undo"])
    left_by_them = {
        (name, vpcs): [
            one for one in records if scene.vpc.id not in vpcs or (one["Name"], one["Type"]) != (f"{API}.", "A")
        ]
        for name, _, vpcs, records in before
    }
    assert {(name, vpcs): records for name, _, vpcs, records in picture(scene)} == left_by_them
