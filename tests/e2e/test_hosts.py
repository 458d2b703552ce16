"""Hosts of the configuration: added, removed, below each other, wildcards, many."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, unwatch_calls
from tests.harness import HOSTS, Scene
from tests.harness.world import a_record, marker_name

PLATFORM = "platform.tetrascience.com"


def with_hosts(**extra: str) -> dict[str, str]:
    """The usual hosts and more, with the zone of each; underscores are dots."""
    return HOSTS | {host.replace("_", "."): zone for host, zone in extra.items()}


def test_an_extra_host_gets_its_own_zone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="files.example.com")
    scene.go_live()
    hosts = with_hosts(files_example_com="files.example.com")
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


def test_a_host_added_later_is_written_and_told(scene: Scene) -> None:
    scene.go_live()
    scene.configure(EXTRA_HOSTS="files.example.com")
    assert scene.run("sweep").outcome == "changed"
    assert_live(scene, with_hosts(files_example_com="files.example.com"))
    assert scene.news() == ["connection-live"]


def test_a_host_that_left_the_configuration_loses_its_records_and_its_zone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="files.example.com")
    scene.go_live()
    scene.configure(EXTRA_HOSTS="")
    answer = scene.run("sweep")
    assert answer.outcome == "changed"
    assert ("delete", "files.example.com", "A") in [
        (change["action"], change["name"], change["type"]) for change in answer.connection["changes"]
    ]
    assert_live(scene)
    assert_only_ours(scene)


def test_a_host_that_left_a_zone_with_others_takes_only_its_own_records(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"files.{PLATFORM}")
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.plant(zone_id, a_record(f"printer.{PLATFORM}", "10.0.9.9"))
    scene.configure(EXTRA_HOSTS=None)
    assert scene.run("sweep").outcome == "changed"
    assert scene.zones()[PLATFORM] == zone_id
    assert (f"files.{PLATFORM}", "A") not in scene.records(PLATFORM)
    assert (marker_name(f"files.{PLATFORM}"), "TXT") not in scene.records(PLATFORM)
    assert_live(scene)


def test_a_host_that_left_an_adopted_zone_takes_only_its_own_records(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="files.example.com", EXISTING_ZONES="adopt")
    zone_id = scene.plant_zone("files.example.com", a_record("printer.files.example.com", "10.0.9.9"))
    scene.go_live()
    assert_live(scene, with_hosts(files_example_com="files.example.com"))
    scene.configure(EXTRA_HOSTS="")
    assert scene.run("sweep").outcome == "changed"
    assert scene.zones()["files.example.com"] == zone_id
    assert {kind for _, kind in scene.records("files.example.com")} == {"SOA", "NS", "A"}


def test_a_host_below_another_shares_its_zone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="a.b.example.com, b.example.com")
    scene.go_live()
    hosts = with_hosts(a_b_example_com="b.example.com", b_example_com="b.example.com")
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


def test_hosts_beside_each_other_do_not_share_a_zone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="a.example.com,b.example.com")
    scene.go_live()
    assert_only_ours(scene, with_hosts(a_example_com="a.example.com", b_example_com="b.example.com"))


def test_a_true_wildcard_lives_in_the_zone_of_its_base(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="*.files.example.com")
    scene.go_live()
    hosts = HOSTS | {"*.files.example.com": "files.example.com"}
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)
    assert scene.resolve("whatever.files.example.com") == scene.addresses()
    assert ("_tdp-privatelink-wildcard.files.example.com", "TXT") in scene.records("files.example.com")


def test_a_wildcard_is_recognised_when_it_is_read_again(scene: Scene) -> None:
    """Route 53 answers with `\\052`."""
    scene.configure(EXTRA_HOSTS="*.files.example.com")
    scene.go_live()
    assert scene.run("drift").outcome == "in-sync"
    assert [call.name for call in scene.writes()] == []
    zone_id = scene.zones()["files.example.com"]
    scene.aws.delete_record(zone_id, "*.files.example.com", "A")
    scene.aws.put_records(zone_id, a_record("*.files.example.com", "192.0.2.1"))
    answer = scene.run("drift")
    assert answer.outcome == "changed"
    assert "*.files.example.com" in [change["name"] for change in answer.connection["changes"]]
    assert scene.resolve("x.files.example.com") == scene.addresses()


def test_a_wildcard_and_its_base_and_a_host_below_share_a_zone(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="*.files.example.com,files.example.com,eu.files.example.com")
    scene.go_live()
    zone = "files.example.com"
    hosts = HOSTS | {f"*.{zone}": zone, zone: zone, f"eu.{zone}": zone}
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


def test_the_report_lists_what_a_zone_hides(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="*.files.example.com")
    scene.request("available")
    zones = {zone["name"]: zone["hides"] for zone in scene.run("reconcile").connection["zones"]}
    assert zones[PLATFORM] == [f"*.{PLATFORM}"]
    assert "files.example.com" in zones["files.example.com"]


def test_a_parent_host_added_later_merges_the_zones_without_a_gap(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="a.b.example.com")
    scene.go_live()
    old_zone = scene.zones()["a.b.example.com"]
    scene.configure(EXTRA_HOSTS="a.b.example.com,b.example.com")
    resolved: list[list[str]] = []
    scene.aws.on_call(lambda service, operation: resolved.append(scene.resolve("a.b.example.com")))
    assert scene.run("sweep").outcome == "changed"
    unwatch_calls(scene)
    hosts = with_hosts(a_b_example_com="b.example.com", b_example_com="b.example.com")
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)
    # The old zone answers until it is deleted whole.
    calls = list(scene.aws.calls)
    on_old = [call for call in calls if old_zone in str(call.params) and call.operation == "ChangeResourceRecordSets"]
    emptied = calls.index(on_old[0])
    made = scene.aws.calls.names().index("route53:CreateHostedZone")
    assert "GetChange" in [call.operation for call in calls[made:emptied]]
    # Only between that and its deletion does the old zone answer "no such name".
    assert resolved.count([]) <= len(calls) - emptied


def test_a_parent_host_removed_again_splits_the_zones(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="a.b.example.com,b.example.com")
    scene.go_live()
    scene.configure(EXTRA_HOSTS="a.b.example.com")
    assert scene.run("sweep").outcome == "changed"
    hosts = with_hosts(a_b_example_com="a.b.example.com")
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


def test_a_parent_host_that_comes_and_goes_ends_as_it_began(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS="a.b.example.com")
    scene.go_live()
    scene.configure(EXTRA_HOSTS="a.b.example.com,b.example.com")
    assert scene.run("sweep").outcome == "changed"
    scene.configure(EXTRA_HOSTS="a.b.example.com")
    assert scene.run("sweep").outcome == "changed"
    hosts = with_hosts(a_b_example_com="a.b.example.com")
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


def test_a_customer_hosted_platform_has_its_own_names(scene: Scene) -> None:
    scene.configure(TDP_PLATFORM_HOST="tdp.customer.example")
    scene.go_live()
    zone = "tdp.customer.example"
    hosts = {zone: zone, f"api.{zone}": zone}
    assert_live(scene, hosts)
    assert_only_ours(scene, hosts)


@pytest.mark.parametrize("components", ["hub", "data-hub", "agent", "connector", "hub,data-hub,agent,connector"])
def test_every_component_needs_the_platforms_names(scene: Scene, components: str) -> None:
    scene.configure(TDP_COMPONENTS=components)
    scene.go_live()
    assert_only_ours(scene)


def test_s3_direct_upload_leaves_the_buckets_to_aws(scene: Scene) -> None:
    """Bucket names are AWS service hosts: routing them is another setting, and its default is none."""
    scene.configure(TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="tetra-prod")
    scene.go_live()
    assert_only_ours(scene)


def test_the_same_host_twice_is_one_host(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"{PLATFORM},files.example.com,FILES.example.com.,files.example.com")
    scene.go_live()
    assert_only_ours(scene, with_hosts(files_example_com="files.example.com"))
