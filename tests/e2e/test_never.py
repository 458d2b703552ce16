"""Section 6 of the contract, sentence by sentence: what the product never writes, deletes or believes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, hide_from_lists, hide_records
from tests.harness import Scene
from tests.harness.world import a_record, old_alias, txt

PLATFORM = "platform.tetrascience.com"
RECORDS = ("route53", "ListResourceRecordSets")
READS = (
    ("ec2", "DescribeVpcEndpoints"),
    ("route53", "ListHostedZones"),
    ("route53", "ListHostedZonesByVPC"),
    RECORDS,
    ("ssm", "GetParametersByPath"),
)


def dns_writes(scene: Scene) -> list[str]:
    return [call.operation for call in scene.writes() if call.service == "route53"]


def everything(scene: Scene) -> list[Any]:
    """All zones and records of the account."""
    return [(zone, scene.aws.records(zone["id"])) for zone in scene.aws.zones()]


def damage(scene: Scene) -> None:
    """Something to repair, so that a run has a reason to write."""
    zone_id = scene.zones()["api.tetrascience.com"]
    scene.aws.delete_record(zone_id, "api.tetrascience.com", "A")


# No write after a failed, partial or empty-where-it-was-not read.


@pytest.mark.parametrize("kind", ["denied", "malformed"])
@pytest.mark.parametrize(("service", "operation"), READS)
def test_no_write_after_a_failed_read(scene: Scene, service: str, operation: str, kind: str) -> None:
    scene.go_live()
    damage(scene)
    before = everything(scene)
    scene.aws.faults.add(kind, service, operation, times=None)
    answer = scene.run("drift")
    assert f"{service}:{operation}" in answer.message
    assert dns_writes(scene) == []
    assert everything(scene) == before
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize(("service", "operation"), [read for read in READS if read != RECORDS])
def test_no_name_is_taken_from_public_dns_after_a_failed_read(scene: Scene, service: str, operation: str) -> None:
    """A zone without its records answers "no such name"."""
    scene.request("available")
    scene.aws.faults.add("denied", service, operation, times=None)
    assert not scene.run("reconcile").ok
    assert_public(scene)
    assert "connection-live" not in scene.news()
    scene.aws.faults.clear()
    assert scene.run("reconcile").outcome == "changed"
    assert_live(scene)


def test_a_zone_of_which_nothing_can_be_read_once_it_is_made_is_filled_and_nobody_is_told_that_it_is_live(
    scene: Scene,
) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", *RECORDS, times=None)
    assert ":".join(RECORDS) in scene.run("reconcile").message
    assert_live(scene)
    assert scene.news() == ["failed"]
    scene.aws.faults.clear()
    assert scene.run("reconcile").ok
    assert_live(scene)
    assert scene.news() == ["failed", "connection-live"]


@pytest.mark.parametrize("operation", ["ListHostedZones", "ListHostedZonesByVPC", "ListResourceRecordSets"])
def test_no_write_after_a_partial_read(scene: Scene, operation: str) -> None:
    scene.go_live()
    damage(scene)
    scene.aws.page_size = 1
    scene.aws.faults.add("denied", "route53", operation, nth=2, times=None)
    assert not scene.run("drift").ok
    assert dns_writes(scene) == []
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "changed"


def test_no_write_after_half_a_list_of_endpoints(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.aws.request_endpoint(scene.aws.make_vpc("10.1.0.0/16"), state="pendingAcceptance")
    scene.aws.page_size = 1
    scene.aws.faults.add("denied", "ec2", "DescribeVpcEndpoints", nth=2, times=None)
    assert not scene.run("drift").ok
    assert dns_writes(scene) == []
    assert_live(scene)


@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
def test_nothing_is_deleted_when_the_list_of_endpoints_is_empty_where_it_was_not(scene: Scene, on_loss: str) -> None:
    scene.configure(ON_LOSS=on_loss)
    scene.go_live()
    before = everything(scene)
    hide_from_lists(scene)
    with scene.function() as function:
        for task in ("sweep", "sweep", "drift", "reconcile"):
            function.invoke({"task": task})
    assert dns_writes(scene) == []
    assert everything(scene) == before
    assert "withdrawn" not in scene.news()


def test_nothing_is_deleted_when_a_warm_instance_sees_an_empty_list(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        before = everything(scene)
        hide_from_lists(scene)
        function.invoke({"task": "sweep"})
        function.invoke({"task": "drift"})
    assert everything(scene) == before


def test_a_zone_that_reads_as_empty_is_not_believed(scene: Scene) -> None:
    """Every zone has SOA and NS; a read without them is not a read."""
    scene.go_live()
    back = hide_records(scene, "api.tetrascience.com")
    scene.run("drift")
    back()
    assert dns_writes(scene) == []


# No write before `available`.


@pytest.mark.parametrize(
    ("state", "outcome", "code"),
    [
        ("pendingAcceptance", "waiting", None),
        ("pending", "waiting", None),
        ("PendingAcceptance", "waiting", None),
        ("partial", "refused", "unknown-state"),
        ("somethingNew", "refused", "unknown-state"),
        ("rejected", None, None),
        ("failed", None, None),
        ("expired", None, None),
        ("deleting", None, None),
        ("deleted", None, None),
    ],
)
def test_no_write_before_available(scene: Scene, state: str, outcome: str | None, code: str | None) -> None:
    scene.request(state)
    for task in ("sweep", "drift", "reconcile"):
        answer = scene.run(task)
        assert answer.ok
        if outcome:
            assert answer.outcome == outcome
        if code:
            assert code in answer.codes
            assert state.lower() in str(answer.report).lower()
    assert dns_writes(scene) == []
    assert_public(scene)
    assert not {"connection-live", "withdrawn"} & set(scene.news())


def test_available_is_available_in_either_casing(scene: Scene) -> None:
    """EC2 answers in camelCase, its model says PascalCase, and it differs by type of endpoint."""
    scene.request("available")
    scene.enter("Available")
    assert scene.run("sweep").outcome == "changed"


# `pending` after live is a modification in flight: keep.


@pytest.mark.parametrize("state", ["pending", "pendingAcceptance"])
@pytest.mark.parametrize("on_loss", ["keep", "withdraw"])
def test_pending_after_live_keeps_everything(scene: Scene, state: str, on_loss: str) -> None:
    scene.configure(ON_LOSS=on_loss)
    scene.go_live()
    before = everything(scene)
    scene.enter(state)
    answer = scene.run("drift")
    assert answer.outcome == "in-sync"
    assert "modification-in-flight" in answer.codes
    assert everything(scene) == before
    assert (dns_writes(scene), scene.news()) == ([], [])


def test_nothing_is_repaired_while_a_modification_is_in_flight(scene: Scene) -> None:
    scene.go_live()
    damage(scene)
    scene.enter("pending")
    scene.run("drift")
    assert dns_writes(scene) == []
    scene.enter("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)


@pytest.mark.parametrize("state", ["partial", "somethingNew"])
def test_an_unknown_state_after_live_keeps_everything_and_says_so(scene: Scene, state: str) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.enter(state)
    answer = scene.run("drift")
    assert (answer.outcome, "unknown-state" in answer.codes) == ("refused", True)
    assert dns_writes(scene) == []
    assert_live(scene)


# No deletion on a missing endpoint without positive proof.


def test_a_missing_endpoint_that_cannot_be_asked_for_deletes_nothing(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.aws.remove_endpoint(scene.endpoint_id)
    before = everything(scene)
    scene.aws.faults.add("denied", "ec2", "DescribeVpcEndpoints", nth=2, times=None)
    assert not scene.run("drift").ok
    assert everything(scene) == before
    assert "withdrawn" not in scene.news()
    scene.aws.faults.clear()
    assert scene.run("drift").outcome == "withdrawn"


def test_half_an_answer_about_a_missing_endpoint_proves_nothing(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    before = everything(scene)
    hide_from_lists(scene)
    scene.aws.faults.add("malformed", "ec2", "DescribeVpcEndpoints", nth=2, times=None)
    scene.run("drift")
    assert everything(scene) == before


def test_deleting_is_no_proof(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    before = everything(scene)
    scene.enter("deleting")
    assert scene.run("drift").ok
    assert everything(scene) == before


# No record that is not ours is changed or deleted.


Step = Callable[[Scene], None]


def withdraw(scene: Scene) -> None:
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"


def lose(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.aws.remove_endpoint(scene.endpoint_id)
    assert scene.run("sweep").outcome == "withdrawn"


def repair(scene: Scene) -> None:
    damage(scene)
    assert scene.run("drift").outcome == "changed"


@pytest.mark.parametrize("step", [withdraw, lose, repair])
def test_foreign_records_in_our_zone_survive(scene: Scene, step: Step) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.plant(
        zone_id,
        a_record(f"printer.{PLATFORM}", "10.0.9.9"),
        txt(PLATFORM, "v=spf1 -all"),
        txt(f"_tdp-privatelink.printer.{PLATFORM}", "heritage=external-dns,external-dns/owner=x"),
        old_alias(f"alias.{PLATFORM}"),
        a_record(f"*.{PLATFORM}", "10.0.9.10"),
    )
    step(scene)
    scene.assert_foreign_untouched()
    assert scene.resolve(f"printer.{PLATFORM}") == ["10.0.9.9"]


def test_a_zone_of_ours_that_holds_foreign_records_is_kept_and_named(scene: Scene) -> None:
    scene.go_live()
    scene.plant(scene.zones()[PLATFORM], a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    scene.configure(MODE="withdraw")
    answer = scene.run("reconcile")
    assert answer.outcome == "withdrawn"
    assert "zone-kept" in answer.codes
    assert list(scene.zones()) == [PLATFORM]
    assert {kind for _, kind in scene.records(PLATFORM)} == {"SOA", "NS", "A"}


# No zone of the same name that is public, or on another VPC, is touched.


def test_zones_of_the_same_names_elsewhere_stay_even_when_ours_go(scene: Scene) -> None:
    """The neighbours of every scene are such zones; here they outlive a whole life."""
    scene.go_live()
    scene.assert_foreign_untouched()
    scene.configure(MODE="withdraw")
    scene.run("reconcile")
    assert len([zone for zone in scene.aws.zones() if zone["name"] == PLATFORM]) == 2
    scene.assert_foreign_untouched()


def test_another_stacks_zones_on_another_vpc_stay(scene: Scene) -> None:
    other = scene.aws.make_vpc("10.1.0.0/16")
    scene.aws.request_endpoint(other, state="available")
    scene.configure(VPC_ID=other.id, OWNER_ID="tdp-other")
    assert scene.run("reconcile").outcome == "changed"
    for zone in scene.aws.zones(other):
        scene.watch(zone["id"], whole=True)
    scene.configure(VPC_ID=scene.vpc.id, OWNER_ID="tdp-test")
    scene.mark()
    scene.go_live()
    scene.configure(MODE="withdraw")
    scene.run("reconcile")
    assert len(scene.aws.zones(other)) == 2


def test_only_ours_is_there_after_a_life_full_of_incidents(scene: Scene) -> None:
    scene.go_live()
    for state in ("pending", "available", "rejected", "available", "failed", "available"):
        scene.enter(state)
        scene.run("sweep")
        scene.assert_foreign_untouched()
    assert_live(scene)
    assert_only_ours(scene)
