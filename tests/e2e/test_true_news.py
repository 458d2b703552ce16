"""What people are told is true when they are told, and is told although things go wrong or two instances take turns."""

from tests.aws.errors import AwsError
from tests.e2e.checks import assert_live
from tests.harness import Scene
from tests.harness.world import PLATFORM, a_record

API = "api.tetrascience.com"


def test_a_rejected_endpoint_is_never_called_live(scene: Scene) -> None:
    """Its records are withdrawn, and a zone of ours stays because somebody's record is in it."""
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.plant(scene.zones()[PLATFORM], a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "withdrawn"
    assert scene.run("drift").outcome == "lost"
    assert scene.run("drift").outcome == "lost"
    assert scene.news() == ["withdrawn"]


def test_pending_after_a_loss_is_not_back_yet(scene: Scene) -> None:
    scene.go_live()
    scene.enter("rejected")
    assert scene.run("sweep").outcome == "lost"
    scene.enter("pending")
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["connection-lost"]
    scene.enter("available")
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == ["connection-lost", "connection-recovered"]


def test_a_modification_in_flight_does_not_make_pending_changes_live(scene: Scene) -> None:
    scene.request("available")
    scene.aws.insync_after = 10**6
    assert not scene.run("sweep", deadline=10).ok
    scene.enter("pending")
    assert scene.run("sweep").ok
    assert scene.news() == []


def test_right_records_that_are_still_pending_are_not_live_for_the_next_run_either(scene: Scene) -> None:
    """The next run has nothing to write, but nobody ever saw those changes INSYNC."""
    scene.request("available")
    scene.aws.insync_after = 10**6
    for _ in range(2):
        answer = scene.run("sweep", deadline=10)
        assert "route53:GetChange" in answer.message
        assert scene.news() == []
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert scene.news() == ["connection-live"]


def test_after_a_run_that_failed_halfway_live_waits_for_both_halves(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "route53", "ChangeResourceRecordSets", nth=2)
    assert not scene.run("sweep").ok
    scene.mark()
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)
    written = [call.params["HostedZoneId"] for call in scene.aws.calls if call.operation == "ChangeResourceRecordSets"]
    assert len(set(written)) == 2, "the zone of the first run is written again, to have a change to wait for"
    assert scene.news()[-1] == "connection-live"


def test_a_change_that_is_not_known_yet_is_no_failure(scene: Scene) -> None:
    scene.request("available")
    route53, asked = scene.aws._route53, []
    genuine = route53.get_change

    def get_change(*arguments: object) -> object:
        asked.append(arguments)
        if len(asked) == 1:
            raise AwsError("NoSuchChange", "A change with the specified change ID does not exist.", 404)
        return genuine(*arguments)

    route53.get_change = get_change
    assert scene.run("sweep").outcome == "changed"
    assert scene.news() == ["connection-live"]


def test_two_warm_instances_tell_of_each_repair(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as first, scene.function() as second:
        assert first.invoke({"task": "sweep"}).ok
        scene.mark()
        for function in (second, first):
            scene.aws.delete_record(scene.zones()[API], API, "A")
            assert function.invoke({"task": "drift"}).outcome == "changed"
    assert scene.news() == ["drift-repaired", "drift-repaired"]


def test_an_instance_that_did_not_see_the_loss_tells_of_the_recovery(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as first, scene.function() as second:
        assert first.invoke({"task": "sweep"}).ok
        scene.mark()
        scene.enter("rejected")
        assert second.invoke({"task": "sweep"}).outcome == "lost"
        scene.enter("available")
        assert first.invoke({"task": "drift"}).outcome == "in-sync"
    assert scene.news() == ["connection-lost", "connection-recovered"]


def test_a_loss_is_told_although_the_record_cannot_be_compared(scene: Scene) -> None:
    scene.go_live()
    scene.enter("rejected")
    scene.aws.faults.add("denied", "ssm", "GetParameter", times=None)
    with scene.function() as function:
        assert "ssm:GetParameter" in function.invoke({"task": "sweep"}).message
        function.invoke({"task": "sweep"})
    assert scene.news() == ["connection-lost"]


def test_a_withdrawal_that_ended_before_it_was_told_is_told_as_one(scene: Scene) -> None:
    scene.configure(ON_LOSS="withdraw")
    scene.go_live()
    scene.enter("rejected")
    scene.aws.insync_after = 10**6
    assert not scene.run("sweep", deadline=10).ok
    scene.aws.insync_after = 0
    assert scene.run("sweep").ok
    assert scene.news() == ["withdrawn"]


def test_a_topic_that_refuses_costs_no_write_a_minute(scene: Scene) -> None:
    scene.request("available")
    scene.aws.faults.add("denied", "sns", "Publish", times=None)
    with scene.function() as function:
        assert not function.invoke({"task": "sweep"}).ok
        scene.mark()
        assert not function.invoke({"task": "sweep"}).ok
        assert [call.name for call in scene.writes()] == ["sns:Publish"]


def test_a_failure_in_between_does_not_lose_sight_of_an_adopted_zone(scene: Scene) -> None:
    zone_id = scene.aws.make_zone("files.example.com", scene.vpc, comment="theirs")
    scene.configure(EXISTING_ZONES="adopt", EXTRA_HOSTS="files.example.com")
    scene.go_live()
    scene.aws.faults.add("denied", "route53", "ListHostedZonesByVPC", times=None)
    assert not scene.run("sweep").ok
    scene.aws.faults.clear()
    scene.configure(EXTRA_HOSTS=None)
    assert scene.run("drift").outcome == "changed"
    assert {record["Type"] for record in scene.aws.records(zone_id)} == {"NS", "SOA"}


def test_a_failed_repair_by_hand_is_not_forgotten_by_the_next_sweep(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).ok
        scene.aws.delete_record(scene.zones()[API], API, "A")
        scene.aws.faults.add("drop", "route53", "ListHostedZonesByVPC", times=10)
        assert not function.invoke({"task": "reconcile", "endpointId": scene.endpoint_id}).ok
        scene.aws.faults.clear()
        assert function.invoke({"task": "sweep"}).outcome == "changed"
    assert_live(scene)


def test_records_on_a_vpc_that_is_left_out_are_named(scene: Scene) -> None:
    scene.go_live()
    scene.configure(VPC_ID="vpc-0aaaaaaaaaaaaaaaa", MODE="withdraw")
    answer = scene.run("drift")
    assert answer.report is not None
    told = {problem["code"]: problem["message"] for problem in answer.report["problems"]}
    assert scene.vpc.id in told["other-vpc"]
