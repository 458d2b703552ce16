"""What can be wrong with zones, and reading many of them."""

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, negative_ttl
from tests.harness import Scene
from tests.harness.world import a_record

PLATFORM = "platform.tetrascience.com"
API = "api.platform.tetrascience.com"
OTHER_API = "api.tetrascience.com"


def reset_soa(scene: Scene, name: str) -> None:
    """By hand, to what Route 53 makes by itself."""
    soa = scene.records(name)[name, "SOA"]
    value = soa["ResourceRecords"][0]["Value"].rsplit(" ", 1)[0] + " 86400"
    slow = soa | {"TTL": 900, "ResourceRecords": [{"Value": value}]}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": slow}]
    route53 = scene.aws.client("route53")
    route53.change_resource_record_sets(HostedZoneId=scene.zones()[name], ChangeBatch={"Changes": changes})


def delete_zone(scene: Scene, name: str) -> None:
    """By hand, with everything in it."""
    zone_id = scene.zones()[name]
    for record_name, kind in scene.records(name):
        if kind not in ("SOA", "NS"):
            scene.aws.delete_record(zone_id, record_name, kind)
    scene.aws.client("route53").delete_hosted_zone(Id=zone_id)


@pytest.mark.parametrize("task", ["drift", "sweep"])
def test_a_zone_that_was_deleted_by_hand_is_made_again(scene: Scene, task: str) -> None:
    scene.go_live()
    delete_zone(scene, OTHER_API)
    assert scene.run(task).outcome == "changed"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["drift-repaired"]


def test_a_zone_can_be_deleted_by_hand_again_and_again(scene: Scene) -> None:
    """A caller reference that was used once stays used."""
    scene.go_live()
    for _ in range(3):
        delete_zone(scene, OTHER_API)
        assert scene.run("drift").outcome == "changed"
    assert_live(scene)


def test_a_zone_that_was_taken_from_the_vpc_by_hand_is_put_back(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[OTHER_API]
    scene.detach(zone_id)
    assert scene.resolve(OTHER_API) == ["203.0.113.1"]
    assert scene.run("drift").outcome == "changed"
    assert scene.zones()[OTHER_API] == zone_id
    assert_live(scene)
    (message,) = scene.messages()
    assert message.subject == f"TDP PrivateLink repaired in {scene.vpc.id}: zone settings"
    assert f"disassociate-vpc-from-hosted-zone --hosted-zone-id {zone_id}" in message.message
    assert scene.run("drift").outcome == "in-sync"


def test_that_a_zone_was_put_back_is_told_also_by_the_run_after_one_that_could_not(scene: Scene) -> None:
    scene.go_live()
    scene.detach(scene.zones()[OTHER_API])
    scene.aws.faults.add("denied", "sns", "Publish", times=None)
    assert not scene.run("drift").ok
    scene.aws.faults.clear()
    assert scene.run("sweep").ok
    assert scene.news() == ["drift-repaired"]
    assert scene.run("sweep").outcome == "in-sync"


def test_an_soa_that_was_reset_by_hand_is_shortened_again(scene: Scene) -> None:
    scene.go_live()
    reset_soa(scene, OTHER_API)
    assert negative_ttl(scene, OTHER_API) == 900
    assert scene.run("drift").outcome == "changed"
    assert negative_ttl(scene, OTHER_API) == 60
    (batch,) = [call for call in scene.writes() if call.operation == "ChangeResourceRecordSets"]
    kinds = [(one["Action"], one["ResourceRecordSet"]["Type"]) for one in batch.params["ChangeBatch"]["Changes"]]
    assert ("UPSERT", "SOA") in kinds
    assert scene.news() == ["drift-repaired"]
    assert scene.run("drift").outcome == "in-sync"


def test_a_zone_whose_comment_was_edited_is_never_deleted_as_ours(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[OTHER_API]
    scene.aws.client("route53").update_hosted_zone_comment(Id=zone_id, Comment="ours now")
    assert scene.run("drift").outcome in ("in-sync", "refused", "changed")
    assert scene.resolve(OTHER_API) == scene.addresses()
    scene.configure(MODE="withdraw")
    scene.run("reconcile")
    assert scene.zones().get(OTHER_API) == zone_id


def test_the_ns_set_of_our_zones_is_never_written(scene: Scene) -> None:
    scene.go_live()
    before = scene.records(PLATFORM)[PLATFORM, "NS"]
    scene.configure(EXTRA_HOSTS="a.example.com")
    scene.run("drift")
    assert scene.records(PLATFORM)[PLATFORM, "NS"] == before
    written = [call.params["ChangeBatch"]["Changes"] for call in scene.writes() if "ChangeBatch" in call.params]
    assert "NS" not in [change["ResourceRecordSet"]["Type"] for changes in written for change in changes]


# Pages.


@pytest.mark.parametrize("page_size", [1, 2])
def test_every_list_may_come_in_pages(scene: Scene, page_size: int) -> None:
    scene.aws.page_size = page_size
    scene.go_live()
    assert_live(scene)
    scene.aws.delete_record(scene.zones()[PLATFORM], PLATFORM, "A")
    assert scene.run("drift").outcome == "changed"
    assert scene.run("drift").outcome == "in-sync"
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["drift-repaired"]


def test_endpoints_and_connection_records_may_come_in_pages_too(scene: Scene) -> None:
    scene.aws.page_size = 1
    others = [scene.aws.make_vpc(f"10.{number}.0.0/16", azs=1) for number in (1, 2)]
    for other in others:
        scene.aws.request_endpoint(other, state="available")
    scene.request("available")
    assert [one["outcome"] for one in scene.run("reconcile").connections] == ["changed"] * 3
    assert_live(scene)
    scene.mark()
    assert [one["outcome"] for one in scene.run("sweep").connections] == ["in-sync"] * 3
    assert [call.name for call in scene.writes()] == []


def test_a_foreign_record_on_the_second_page_is_seen(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"zz.{PLATFORM}")
    scene.request("available")
    many = [a_record(f"h{number:03}.{PLATFORM}", "10.0.0.1") for number in range(320)]
    scene.configure(EXISTING_ZONES="adopt")
    scene.plant_zone(PLATFORM, *many)
    weighted = a_record(f"zz.{PLATFORM}", "192.0.2.1") | {"SetIdentifier": "a", "Weight": 1}
    scene.plant(scene.zones()[PLATFORM], weighted)
    answer = scene.run("reconcile")
    assert answer.outcome == "refused"
    assert f"zz.{PLATFORM}" in str(answer.connection["problems"])


def test_our_record_on_the_second_page_is_repaired(scene: Scene) -> None:
    scene.configure(EXTRA_HOSTS=f"zz.{PLATFORM}", EXISTING_ZONES="adopt")
    scene.request("available")
    scene.plant_zone(PLATFORM, *[a_record(f"h{number:03}.{PLATFORM}", "10.0.0.1") for number in range(320)])
    assert scene.run("reconcile").outcome == "changed"
    assert scene.run("drift").outcome == "in-sync"
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, f"zz.{PLATFORM}", "A")
    scene.aws.put_records(zone_id, a_record(f"zz.{PLATFORM}", "192.0.2.1"))
    assert scene.run("drift").outcome == "changed"
    assert scene.resolve(f"zz.{PLATFORM}") == scene.addresses()


def test_more_than_a_hundred_zones_on_the_vpc_are_all_seen(scene: Scene) -> None:
    for number in range(130):
        scene.plant_zone(f"z{number}.example.com", a_record(f"z{number}.example.com", "10.0.0.1"))
    scene.go_live()
    assert_live(scene)
    assert scene.run("drift").outcome == "in-sync"
    scene.aws.delete_record(scene.zones()[OTHER_API], OTHER_API, "A")
    assert scene.run("drift").outcome == "changed"
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert len(scene.zones()) == 130


def test_a_foreign_zone_among_a_hundred_others_is_found(scene: Scene) -> None:
    for number in range(110):
        scene.plant_zone(f"z{number}.example.com")
    scene.plant_zone(OTHER_API, a_record(OTHER_API, "192.0.2.1"))
    scene.request("available")
    assert scene.run("reconcile").outcome == "refused"


# Names.


@pytest.mark.parametrize(
    "host", ["Platform.TetraScience.COM", "platform.tetrascience.com.", "PLATFORM.TETRASCIENCE.COM."]
)
def test_case_and_trailing_dots_in_the_configuration_make_no_difference(scene: Scene, host: str) -> None:
    scene.go_live()
    scene.configure(TDP_PLATFORM_HOST=host, EXTRA_HOSTS=f"API.{host}")
    assert scene.run("drift").outcome == "in-sync"
    assert [call.name for call in scene.writes()] == []


def test_an_alias_target_that_was_written_in_capitals_is_the_same(scene: Scene) -> None:
    scene.go_live()
    zone_id = scene.zones()[PLATFORM]
    scene.aws.delete_record(zone_id, API, "A")
    alias = scene.alias() | {"DNSName": scene.primary_dns_name().upper()}
    scene.aws.put_records(zone_id, {"Name": "API.Platform.TetraScience.com", "Type": "A", "AliasTarget": alias})
    assert scene.run("drift").outcome == "in-sync"
    assert [call.name for call in scene.writes()] == []


def test_a_foreign_zone_in_capitals_is_the_same_zone(scene: Scene) -> None:
    scene.request("available")
    scene.plant_zone("API.TetraScience.COM", a_record("API.TetraScience.COM", "192.0.2.1"))
    assert scene.run("reconcile").outcome == "refused"


def test_withdrawing_leaves_the_vpc_as_it_was(scene: Scene) -> None:
    scene.go_live()
    scene.configure(MODE="withdraw")
    assert scene.run("reconcile").outcome == "withdrawn"
    assert_public(scene)
