"""From the request of an endpoint to names that resolve to it."""

import json

import pytest

from tests.e2e.checks import assert_live, assert_only_ours, assert_public, hide_dns_entries, negative_ttl
from tests.harness import HOSTS, Scene

PLATFORM = "platform.tetrascience.com"


def test_an_endpoint_that_is_accepted_and_becomes_available_goes_live(scene: Scene) -> None:
    scene.request("pendingAcceptance")
    with scene.function() as function:
        assert function.invoke({"task": "sweep"}).outcome == "waiting"
        assert_public(scene)
        scene.enter("pending")
        assert function.invoke({"task": "sweep"}).outcome == "waiting"
        assert_public(scene)
        assert scene.news() == ["connection-waiting"]
        scene.enter("available")
        answer = function.invoke({"task": "sweep"})
    assert (answer.outcome, answer.connection["state"]) == ("changed", "available")
    assert_live(scene)
    assert_only_ours(scene)
    assert scene.news() == ["connection-waiting", "connection-live"]


def test_each_host_gets_the_narrowest_zone_on_the_right_vpc(scene: Scene) -> None:
    scene.go_live()
    made = [zone for zone in scene.aws.zones(scene.vpc)]
    assert sorted(zone["name"] for zone in made) == ["api.tetrascience.com", "platform.tetrascience.com"]
    for zone in made:
        assert zone["private"]
        assert zone["vpcs"] == [scene.vpc.id]
        assert "heritage=tdp-privatelink" in zone["comment"]
        assert "tdp-privatelink/owner=tdp-test" in zone["comment"]
        assert f"tdp-privatelink/vpc={scene.vpc.id}" in zone["comment"]
    assert scene.resolve("www.tetrascience.com") == ["203.0.113.1"]


def test_a_zone_that_we_make_lets_resolvers_forget_a_missing_name_after_a_minute(scene: Scene) -> None:
    scene.go_live()
    assert negative_ttl(scene, "platform.tetrascience.com") == 60
    assert negative_ttl(scene, "api.tetrascience.com") == 60


def test_the_soa_is_in_the_first_batch(scene: Scene) -> None:
    """Before the first batch nobody can ask for the names; after it, nobody may keep a missing one for long."""
    scene.request("available")
    scene.run("reconcile")
    batches = [call for call in scene.aws.calls if call.operation == "ChangeResourceRecordSets"]
    assert len(batches) == 2
    for batch in batches:
        types = {change["ResourceRecordSet"]["Type"] for change in batch.params["ChangeBatch"]["Changes"]}
        assert types == {"SOA", "A", "TXT"}


@pytest.mark.parametrize(("ip_type", "types"), [("ipv4", ("A",)), ("dualstack", ("A", "AAAA")), ("ipv6", ("AAAA",))])
def test_address_records_are_those_that_the_endpoint_serves(scene: Scene, ip_type: str, types: tuple[str, ...]) -> None:
    scene.go_live(ip_type=ip_type)
    assert_live(scene, types=types)
    assert_only_ours(scene, types=types)


def test_a_dualstack_endpoint_that_becomes_ipv4_loses_its_aaaa_records(scene: Scene) -> None:
    scene.go_live(ip_type="dualstack")
    ec2 = scene.aws.client("ec2")
    ec2.modify_vpc_endpoint(VpcEndpointId=scene.endpoint_id, DnsOptions={"DnsRecordIpType": "ipv4"})
    scene.enter("available")
    assert scene.run("drift").outcome == "changed"
    for host in ("platform.tetrascience.com", "api.tetrascience.com"):
        assert (host, "AAAA") not in scene.records(host)
    assert_only_ours(scene)


def test_an_ipv4_endpoint_that_becomes_dualstack_gets_aaaa_records(scene: Scene) -> None:
    scene.go_live(ip_type="ipv4")
    ec2 = scene.aws.client("ec2")
    options = {"DnsRecordIpType": "dualstack"}
    ec2.modify_vpc_endpoint(VpcEndpointId=scene.endpoint_id, IpAddressType="dualstack", DnsOptions=options)
    scene.enter("available")
    assert scene.run("drift").outcome == "changed"
    assert_only_ours(scene, types=("A", "AAAA"))


def test_the_regional_entry_is_found_wherever_it_stands(scene: Scene) -> None:
    scene.request("available", dns_order="regional-last")
    entries = scene.aws.endpoint(scene.endpoint_id)["DnsEntries"]
    assert entries[0]["DnsName"] != scene.primary_dns_name()
    answer = scene.run("reconcile")
    assert answer.connection["primaryDnsName"] == scene.primary_dns_name()
    assert_live(scene)


def test_a_pending_private_dns_entry_is_never_an_alias_target(scene: Scene) -> None:
    """Private DNS for a name that we do not want; its hosted zone is not there yet."""
    settings = {"private_dns_name": "other.tetrascience.com", "private_dns_zone_id": "ZONEIDPENDING"}
    scene.go_live(dns_order="regional-last", **settings)
    assert_live(scene)
    text = str([scene.records(zone) for zone in ("platform.tetrascience.com", "api.tetrascience.com")])
    assert "ZONEIDPENDING" not in text


def test_private_dns_that_covers_a_host_is_left_to_do_its_work(scene: Scene) -> None:
    scene.request("available", private_dns_name=PLATFORM)
    answer = scene.run("reconcile")
    assert answer.outcome == "changed"
    assert "private-dns-covers" in answer.codes
    assert PLATFORM not in [change["name"] for change in answer.connection["changes"] if change["type"] == "A"]
    for host in HOSTS:
        assert scene.resolve(host) == scene.addresses(), host


def test_an_available_endpoint_without_names_waits_and_says_so(scene: Scene) -> None:
    """Its entries may come a moment after the state; an endpoint without subnets never has any."""
    scene.request("available")
    hide_dns_entries(scene)
    answer = scene.run("reconcile")
    assert "no-dns-name" in answer.codes
    assert_public(scene)


def test_other_services_endpoints_are_nobody_s_business(scene: Scene) -> None:
    other = scene.aws.request_endpoint(
        scene.vpc, "com.amazonaws.vpce.us-east-1.vpce-svc-0ffffffffffffffff", state="available"
    )
    answer = scene.run("reconcile")
    assert (answer.connections, answer.codes) == ([], ["no-endpoint"])
    scene.go_live()
    assert other not in str(scene.records(PLATFORM))


def test_two_vpcs_each_get_their_own_zones(scene: Scene) -> None:
    other = scene.aws.make_vpc("10.1.0.0/16")
    there = scene.aws.request_endpoint(other, state="available")
    here = scene.request("available")
    answer = scene.run("reconcile")
    assert {one["vpcId"]: (one["endpointId"], one["outcome"]) for one in answer.connections} == {
        scene.vpc.id: (here, "changed"),
        other.id: (there, "changed"),
    }
    creations = [call.status for call in scene.aws.calls if call.operation == "CreateHostedZone"]
    assert creations == [201] * 4
    assert_live(scene)
    assert sorted(zone["name"] for zone in scene.aws.zones(other)) == ["api.tetrascience.com", PLATFORM]
    assert sorted(message.attributes["vpcId"] for message in scene.messages()) == sorted([scene.vpc.id, other.id])


def test_vpc_id_narrows_the_look_to_one_vpc(scene: Scene) -> None:
    other = scene.aws.make_vpc("10.1.0.0/16")
    scene.aws.request_endpoint(other, state="available")
    scene.configure(VPC_ID=scene.vpc.id)
    scene.go_live()
    assert_live(scene)
    assert scene.aws.zones(other) == []


def test_the_report_says_what_was_done(scene: Scene) -> None:
    scene.request("available")
    answer = scene.run("reconcile")
    assert answer.report is not None
    assert answer.report["mode"] == "apply"
    one = answer.connection
    assert (one["vpcId"], one["endpointId"], one["state"]) == (scene.vpc.id, scene.endpoint_id, "available")
    assert one["primaryDnsName"] == scene.primary_dns_name()
    assert one["proof"] == {"before": "unproven", "after": "unproven"}
    assert one["problems"] == []
    zones = {zone["name"]: zone for zone in one["zones"]}
    assert zones[PLATFORM]["id"] == scene.zones()[PLATFORM]
    assert zones[PLATFORM]["created"] is True
    assert zones[PLATFORM]["hides"] == [f"*.{PLATFORM}"]
    assert zones["api.tetrascience.com"]["hides"] == ["*.api.tetrascience.com"]
    made = {change["name"]: change for change in one["changes"] if change["type"] == "A"}
    assert sorted(made) == [f"api.{PLATFORM}", "api.tetrascience.com", PLATFORM]
    assert made[f"api.{PLATFORM}"] == {
        "action": "create",
        "zone": PLATFORM,
        "name": f"api.{PLATFORM}",
        "type": "A",
        "before": None,
        "after": {"alias": scene.primary_dns_name(), "aliasZoneId": "Z7HUB22UULQXV"},
    }


def test_each_invocation_logs_one_line_that_is_its_report(scene: Scene) -> None:
    scene.request("available")
    with scene.function() as function:
        answers = [function.invoke(event) for event in ({"task": "reconcile"}, {"task": "sweep"}, {"task": "nonsense"})]
    logged = [json.loads(line) for line in function.stdout]
    assert [line for line in logged if "connections" in line] == [answer.report for answer in answers]
