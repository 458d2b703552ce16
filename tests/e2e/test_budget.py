"""How many calls a run makes, and how large they are."""

from collections import Counter

import pytest

from tests.e2e.checks import assert_live
from tests.e2e.test_triggers import event
from tests.harness import HOSTS, Scene
from tests.harness.world import OWNER

PLATFORM = "platform.tetrascience.com"
DESCRIBE = "ec2:DescribeVpcEndpoints"


def many_hosts() -> dict[str, str]:
    """297 hosts beside the usual three: 270 below one of them, 27 in zones of their own."""
    below = {f"a{number:03}.big.example.com": "big.example.com" for number in range(269)}
    alone = {f"host.z{number:02}.example.com": f"host.z{number:02}.example.com" for number in range(27)}
    return HOSTS | below | {"big.example.com": "big.example.com"} | alone


@pytest.mark.parametrize("hosts", [HOSTS, many_hosts()], ids=["3 hosts", "300 hosts"])
def test_a_settled_sweep_on_a_warm_instance_makes_one_call(scene: Scene, hosts: dict[str, str]) -> None:
    scene.configure(EXTRA_HOSTS=",".join(sorted(set(hosts) - set(HOSTS))))
    assert len(hosts) in (3, 300)
    scene.request("available")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "changed"
        for _ in range(3):
            scene.mark()
            assert function.invoke({"task": "sweep"}).outcome == "in-sync"
            assert scene.aws.calls.names() == [DESCRIBE]
    assert_live(scene, {PLATFORM: PLATFORM, max(hosts): hosts[max(hosts)]})
    assert len(scene.aws.zones(scene.vpc)) == len(set(hosts.values()))


@pytest.mark.parametrize("state", ["pendingAcceptance", "pending", "rejected"])
def test_a_settled_sweep_makes_one_call_in_other_states_too(scene: Scene, state: str) -> None:
    scene.go_live()
    scene.enter(state)
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        function.invoke({"task": "sweep"})
        assert scene.aws.calls.names() == [DESCRIBE]


def test_events_about_an_endpoint_that_is_as_it_was_make_one_call_each(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        for at in range(50):
            answer = function.invoke(event("connection-accepted.json", scene.endpoint_id))
            assert answer.outcome == ("in-sync" if at else "changed")
            if not at:
                scene.mark()
        assert scene.aws.calls.names() == [DESCRIBE] * 49
        scene.enter("rejected")
        assert function.invoke(event("connection-rejected.json", scene.endpoint_id)).outcome == "lost"


def test_a_flood_of_events_is_not_a_flood_of_calls_where_nothing_is_settled(scene: Scene) -> None:
    """What a record of somebody else holds up is looked at by the sweeps, and by no event that has nothing new."""
    scene.request("available")
    scene.plant_zone(PLATFORM, comment="of another team")
    with scene.function() as function:
        assert function.invoke(event("connection-accepted.json", scene.endpoint_id)).outcome == "refused"
        scene.mark()
        for _ in range(20):
            assert function.invoke(event("connection-accepted.json", scene.endpoint_id)).outcome == "refused"
        assert scene.aws.calls.names() == [DESCRIBE] * 20
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "refused"
        assert "route53:ListHostedZones" in scene.aws.calls.names()


def test_a_waiting_sweep_makes_one_call(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        assert function.invoke({"task": "sweep"}).outcome == "waiting"
        assert scene.aws.calls.names() == [DESCRIBE]


def test_a_drift_pass_makes_four_calls_and_one_per_zone(scene: Scene) -> None:
    """One more than the three of a quieter day: what was announced is read again, since another instance may have told."""
    scene.configure(EXTRA_HOSTS="a.example.com,b.example.com")
    scene.request("available")
    with scene.function() as function:
        function.invoke({"task": "sweep"})
        scene.mark()
        assert function.invoke({"task": "drift"}).outcome == "in-sync"
    assert Counter(scene.aws.calls.names()) == {
        DESCRIBE: 1,
        "route53:ListHostedZones": 1,
        "route53:ListHostedZonesByVPC": 1,
        "route53:ListResourceRecordSets": 4,
        "ssm:GetParametersByPath": 1,
    }


def test_a_cold_start_reads_what_was_announced_too(scene: Scene) -> None:
    scene.go_live()
    assert scene.run("sweep").outcome == "in-sync"
    assert Counter(scene.aws.calls.names()) == {
        DESCRIBE: 1,
        "ssm:GetParametersByPath": 1,
        "route53:ListHostedZones": 1,
        "route53:ListHostedZonesByVPC": 1,
        "route53:ListResourceRecordSets": 2,
    }


def test_foreign_zones_that_do_not_matter_are_not_read(scene: Scene) -> None:
    for number in range(20):
        scene.plant_zone(f"z{number}.example.com")
    scene.go_live()
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.aws.calls.count("route53:ListResourceRecordSets") == 2


def test_three_thousand_hosts_in_one_zone_come_and_go_within_the_batch_limits(scene: Scene) -> None:
    """The embedded AWS refuses a batch of more than 1,000 records or 32,000 characters."""
    extra = [f"a{number:04}.big.example.com" for number in range(1, 3000)] + ["big.example.com"]
    scene.configure(EXTRA_HOSTS=",".join(extra))
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    records = scene.records("big.example.com")
    aliases = {name: record["AliasTarget"] for (name, kind), record in records.items() if kind == "A"}
    assert sorted(aliases) == sorted(extra)
    assert all(alias == scene.alias() for alias in aliases.values())
    markers = [record for (_, kind), record in records.items() if kind == "TXT"]
    assert len(markers) == 3000
    assert all(f"owner={OWNER}" in str(record) for record in markers)
    assert scene.news() == ["connection-live"]
    assert scene.messages()[0].subject == f"TDP PrivateLink is live in {scene.vpc.id}: 3003 names, unproven"
    assert len(scene.messages()[0].message.encode()) <= 262_144
    scene.assert_planning_again_gives_nothing()
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert scene.zones() == {}


def test_the_connection_record_stays_within_its_four_kilobytes(scene: Scene) -> None:
    """The embedded AWS refuses a larger one."""
    scene.configure(EXTRA_HOSTS=",".join(f"host{number}.example.com" for number in range(80)))
    scene.go_live()
    (text,) = scene.aws.parameters().values()
    assert len(text.encode()) <= 4096
    assert scene.run("sweep").outcome == "in-sync"
    assert scene.news() == []


def test_route53_is_asked_for_changes_a_few_times_only(scene: Scene) -> None:
    """The batch of each zone, INSYNC when first asked for; making the zone is older."""
    scene.request("available")
    scene.run("reconcile")
    assert scene.aws.calls.count("route53:GetChange") == 2
    assert scene.aws.calls.count("route53:CreateHostedZone") == 2
    assert scene.aws.calls.count("route53:ChangeResourceRecordSets") == 2
    assert scene.aws.calls.count("sns:Publish") == 1
    assert scene.aws.calls.count("ssm:PutParameter") == 1
