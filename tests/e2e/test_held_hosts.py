"""HOLD_HOSTS: a host is left alone from now on, whatever is at its name, whoever wrote it and whatever happens."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, negative_ttl, unwatch_calls
from tests.e2e.test_zones import reset_soa
from tests.harness import HOSTS, OWNER, Scene, fails_at_init
from tests.harness.world import Record, a_record, cname, marker_name

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"
FILES = "files.example.com"
CHANGE = "ChangeResourceRecordSets"
PUBLIC = ["203.0.113.1"]


def at(scene: Scene, host: str, zone: str = PLATFORM) -> dict[tuple[str, str], Record]:
    """What stands at a host and at its marker."""
    names = (host, marker_name(host))
    return {
        key: record for key, record in scene.records(zone).items() if key[0] in names and key[1] not in ("NS", "SOA")
    }


def addresses(scene: Scene) -> list[Record]:
    """Every record of the VPC's zones that is no text."""
    return [
        record for zone in sorted(scene.zones()) for (_, kind), record in scene.records(zone).items() if kind != "TXT"
    ]


def dns_writes(scene: Scene) -> list[str]:
    return [call.operation for call in scene.writes() if call.service == "route53"]


def coverage(connection: dict[str, Any]) -> dict[str, str]:
    return {row["host"]: row["via"] for row in connection.get("coverage", [])}


def hold(scene: Scene, *hosts: str) -> None:
    """The scene is live, and hosts are held from now on; calls and messages count from here."""
    before = addresses(scene)
    scene.configure(HOLD_HOSTS=",".join(hosts))
    answer = scene.run("sweep")
    # A right marker of another host may be written anew, to know that it is INSYNC.
    assert answer.outcome in ("in-sync", "changed")
    assert (coverage(answer.connection), addresses(scene)) == (dict.fromkeys(hosts, "held"), before)
    scene.mark()


def held(scene: Scene, *hosts: str, **settings: Any) -> None:
    scene.go_live(**settings)
    hold(scene, *hosts)


# What may happen. Each says how the run after it ends.


def a_drift_of_another_host(scene: Scene) -> str:
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    return "changed"


def another_host_wanted(scene: Scene) -> str:
    scene.configure(EXTRA_HOSTS=f"files.{PLATFORM}")
    return "changed"


def a_move(scene: Scene) -> str:
    scene.enter("rejected")
    scene.request("available", ip_type="dualstack")
    return "changed"


def an_adoption(scene: Scene) -> str:
    zone_id = scene.zones()[OTHER_API]
    for kind, name in (("A", OTHER_API), ("TXT", marker_name(OTHER_API))):
        scene.aws.delete_record(zone_id, name, kind)
    scene.aws.put_records(zone_id, cname(f"*.{OTHER_API}", "proxy.example.com"), a_record(OTHER_API, "192.0.2.1"))
    scene.configure(EXISTING_ZONES="adopt")
    return "changed"


def a_withdrawal(scene: Scene) -> str:
    scene.configure(MODE="withdraw")
    return "withdrawn"


def a_loss(scene: Scene) -> str:
    scene.configure(ON_LOSS="withdraw")
    scene.enter("rejected")
    return "withdrawn"


def another_platform(scene: Scene) -> str:
    scene.configure(TDP_PLATFORM_HOST="tdp.customer.example")
    return "changed"


EVENTS = [a_drift_of_another_host, another_host_wanted, a_move, an_adoption, a_withdrawal, a_loss, another_platform]


@pytest.mark.parametrize("theirs", [False, True], ids=["as we wrote it", "as somebody left it"])
@pytest.mark.parametrize("event", EVENTS)
def test_a_held_host_is_as_it_was_whatever_happens(scene: Scene, event: Callable[[Scene], str], theirs: bool) -> None:
    held(scene, API)
    zone_id = scene.zones()[PLATFORM]
    if theirs:
        scene.aws.delete_record(zone_id, API, "A")
        scene.aws.put_records(zone_id, a_record(API, "192.0.2.7", ttl=17))
    before = at(scene, API)
    ends = event(scene)
    assert scene.run("drift").outcome == ends
    assert at(scene, API) == before
    assert scene.zones()[PLATFORM] == zone_id
    scene.mark()
    assert scene.run("drift").ok
    assert (dns_writes(scene), at(scene, API)) == ([], before)


@pytest.mark.parametrize("gone", [["A"], ["TXT"], ["A", "TXT"]])
def test_what_is_gone_at_a_held_host_is_not_put_back_and_is_no_news(scene: Scene, gone: list[str]) -> None:
    held(scene, API)
    for kind in gone:
        scene.aws.delete_record(scene.zones()[PLATFORM], API if kind == "A" else marker_name(API), kind)
    for task in ("drift", "drift"):
        assert scene.run(task).outcome == "in-sync"
    assert (dns_writes(scene), scene.news()) == ([], [])


def test_a_record_that_nobody_was_told_of_is_not_written_anew_at_a_held_host(scene: Scene) -> None:
    """One marker of each zone is, to see it INSYNC; not this one, whose name comes first in its zone."""
    scene.go_live()
    before = at(scene, API)
    scene.aws.client("ssm").delete_parameter(Name=f"/tdp-privatelink/{OWNER}/{scene.vpc.id}")
    scene.configure(HOLD_HOSTS=API)
    assert scene.run("sweep").ok
    assert at(scene, API) == before


def test_the_soa_of_a_zone_is_mended_also_where_the_host_of_its_name_is_held(scene: Scene) -> None:
    held(scene, PLATFORM)
    before = at(scene, PLATFORM)
    reset_soa(scene, PLATFORM)
    assert scene.run("drift").outcome == "changed"
    assert (negative_ttl(scene, PLATFORM), at(scene, PLATFORM)) == (60, before)


# Reports and messages.


def test_a_withdrawal_that_leaves_a_held_host_says_which_names_have_no_answer(scene: Scene) -> None:
    """Its zone stays with it, and answers for the names whose records are gone."""
    held(scene, API)
    scene.configure(MODE="withdraw")
    answer = scene.run("sweep")
    assert answer.outcome == "withdrawn"
    assert (scene.resolve(API), scene.resolve(PLATFORM), scene.resolve(OTHER_API)) == (scene.addresses(), [], PUBLIC)
    assert coverage(answer.connection) == {API: "held"}
    assert "zone-kept" in answer.codes
    (message,) = scene.messages()
    assert message.subject == f"TDP PrivateLink withdrawn from {scene.vpc.id}: some names have NO ANSWER"


def test_a_withdrawal_that_leaves_a_zone_of_held_hosts_alone_warns_of_nothing(scene: Scene) -> None:
    held(scene, OTHER_API)
    scene.configure(MODE="withdraw")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("withdrawn", [])
    assert (scene.resolve(OTHER_API), scene.resolve(PLATFORM)) == (scene.addresses(), PUBLIC)
    (message,) = scene.messages()
    assert message.subject == f"TDP PrivateLink withdrawn from {scene.vpc.id}, but for held hosts"


def test_a_held_host_is_listed_in_the_message(scene: Scene) -> None:
    held(scene, API)
    a_drift_of_another_host(scene)
    assert scene.run("drift").outcome == "changed"
    (message,) = scene.messages()
    assert f"{API}: held: left alone" in message.message


def test_with_every_host_held_nobody_is_told_that_the_platform_is_live(scene: Scene) -> None:
    scene.configure(HOLD_HOSTS=",".join(HOSTS))
    scene.request("available")
    answer = scene.run("sweep")
    assert coverage(answer.connection) == dict.fromkeys(HOSTS, "held")
    assert dns_writes(scene) == []
    assert_public(scene)
    assert "connection-live" not in scene.news()


def test_a_host_that_is_no_name_is_refused_at_the_start(scene: Scene) -> None:
    said, code = fails_at_init(scene.variables | {"HOLD_HOSTS": f"{API},https://x.com/"})
    assert code != 0 and "HOLD_HOSTS" in said and "https://x.com/" in said


# Zones.


def test_a_new_zone_does_not_take_a_held_host_from_public_dns(scene: Scene) -> None:
    scene.configure(HOLD_HOSTS=API)
    scene.request("available")
    answer = scene.run("sweep")
    assert (answer.outcome, answer.codes) == ("refused", ["held-host-hidden"])
    assert (
        API in answer.connection["problems"][0]["message"] and "HOLD_HOSTS" in answer.connection["problems"][0]["fix"]
    )
    assert (dns_writes(scene), scene.news()) == ([], ["refused"])
    assert_public(scene)
    # What the fix says: the host above it as well.
    scene.configure(HOLD_HOSTS=f"{API},{PLATFORM}")
    assert scene.run("sweep").outcome == "changed"
    assert (scene.resolve(API), scene.resolve(PLATFORM)) == (PUBLIC, PUBLIC)
    assert scene.resolve(OTHER_API) == scene.addresses()


def test_a_zone_that_is_split_does_not_take_a_held_host_from_the_wider_one(scene: Scene) -> None:
    """The held host's record stays in the wider zone, where a new narrower one would hide it."""
    below, lowest = f"a.{FILES}", f"h.a.{FILES}"
    scene.configure(EXTRA_HOSTS=f"{FILES},{below},{lowest}")
    scene.go_live()
    scene.configure(EXTRA_HOSTS=f"{below},{lowest}", HOLD_HOSTS=lowest)
    assert scene.run("drift").outcome == "refused"
    assert scene.resolve(lowest) == scene.addresses()


def test_a_zone_that_comes_back_to_the_vpc_does_not_take_a_held_host_from_public_dns(scene: Scene) -> None:
    held(scene, API)
    zone_id = scene.zones()[PLATFORM]
    for name, kind in at(scene, API):
        scene.aws.delete_record(zone_id, name, kind)
    scene.detach(zone_id)
    assert scene.resolve(API) == PUBLIC
    answer = scene.run("drift")
    assert (answer.outcome, "held-host-hidden" in answer.codes) == ("refused", True)
    assert scene.resolve(API) == PUBLIC


def test_a_host_below_a_held_one_gets_a_zone_of_its_own(scene: Scene) -> None:
    scene.configure(HOLD_HOSTS=PLATFORM)
    scene.request("available")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, {API: API, OTHER_API: OTHER_API})
    assert scene.resolve(PLATFORM) == PUBLIC
    scene.configure(HOLD_HOSTS=None)
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)


def test_a_wider_zone_leaves_the_zone_of_a_held_host_alone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"a.{FILES}")
    held(scene, f"a.{FILES}")
    before = at(scene, f"a.{FILES}", f"a.{FILES}")
    scene.configure(EXTRA_HOSTS=f"a.{FILES},{FILES}")
    assert scene.run("sweep").outcome == "changed"
    assert at(scene, f"a.{FILES}", f"a.{FILES}") == before
    assert_live(scene, HOSTS | {FILES: FILES})


# What stands at a held host.


def test_a_record_of_somebody_else_at_a_held_host_refuses_nothing(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    for name, kind in at(scene, API):
        scene.aws.delete_record(zone_id, name, kind)
    scene.plant(zone_id, a_record(API, "192.0.2.1"))
    assert scene.run("drift").outcome == "refused"
    scene.configure(HOLD_HOSTS=API)
    assert scene.run("sweep").outcome == "in-sync"
    scene.aws.delete_record(zone_id, PLATFORM, "A")
    assert scene.run("drift").outcome == "changed"
    scene.assert_foreign_untouched()
    assert scene.resolve(API) == ["192.0.2.1"]


def test_a_record_at_a_held_host_is_not_adopted_with_the_others(scene: Scene) -> None:
    scene.configure(EXISTING_ZONES="adopt", HOLD_HOSTS=API)
    scene.request("available")
    zone_id = scene.plant_zone(PLATFORM, a_record(API, "192.0.2.1"))
    scene.aws.put_records(zone_id, a_record(PLATFORM, "192.0.2.2"))
    assert scene.run("sweep").outcome == "changed"
    scene.assert_foreign_untouched()
    assert (scene.resolve(API), scene.resolve(PLATFORM)) == (["192.0.2.1"], scene.addresses())


# The way back, and what goes wrong.


def test_a_host_that_is_not_held_any_more_is_ours_again_and_repaired(scene: Scene) -> None:
    held(scene, API)
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, API, "A")
    scene.aws.put_records(zone_id, a_record(API, "10.0.9.9"))
    a_move(scene)
    assert scene.run("drift").outcome == "changed"
    assert scene.resolve(API) == ["10.0.9.9"]
    scene.configure(HOLD_HOSTS=None)
    answer = scene.run("drift")
    assert (answer.outcome, coverage(answer.connection)) == ("changed", {})
    assert_live(scene, types=("A", "AAAA"))
    assert_only_ours(scene, types=("A", "AAAA"))


def test_after_a_withdrawal_a_host_that_is_not_held_any_more_goes_too(scene: Scene) -> None:
    held(scene, API)
    scene.configure(MODE="withdraw")
    assert scene.run("sweep").outcome == "withdrawn"
    scene.configure(HOLD_HOSTS=None)
    assert scene.run("sweep").outcome == "withdrawn"
    assert_public(scene)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_failure_in_the_middle_leaves_a_held_host_alone_too(scene: Scene, nth: int) -> None:
    held(scene, API)
    before = at(scene, API)
    scene.configure(MODE="withdraw")
    scene.aws.faults.add("denied", "route53", CHANGE, nth=nth)
    assert not scene.run("sweep").ok
    assert at(scene, API) == before
    assert scene.run("sweep").ok
    assert at(scene, API) == before
    assert (scene.resolve(PLATFORM), scene.resolve(OTHER_API)) == ([], PUBLIC)


def test_held_hosts_have_no_say_in_which_endpoint_the_others_follow(scene: Scene) -> None:
    """Two of three stay at the first endpoint for good: the third does not go back there with it."""
    first = scene.go_live()
    scene.configure(HOLD_HOSTS=f"{API},{PLATFORM}")
    scene.enter("rejected")
    second = scene.request("available")
    assert scene.run("sweep").outcome == "changed"
    scene.aws.set_endpoint_state(first, "available")
    scene.mark()
    answer = scene.run("drift")
    assert (answer.outcome, answer.connection["endpointId"], dns_writes(scene)) == ("in-sync", second, [])
    assert "movedFrom" not in answer.connection
    assert scene.resolve(OTHER_API) == scene.addresses(endpoint_id=second)


def test_a_held_host_that_is_removed_from_the_configuration_is_still_left_alone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=FILES)
    held(scene, FILES)
    before = at(scene, FILES, FILES)
    scene.configure(EXTRA_HOSTS=None)
    assert scene.run("drift").outcome == "in-sync"
    assert (dns_writes(scene), at(scene, FILES, FILES)) == ([], before)
    unwatch_calls(scene)
