"""Where AWS service hosts lead: preflight says what reconcile does, and what is bad about it."""

import re
from typing import Any

import pytest

from tests.harness.world import PLATFORM
from tests.preflight.site import Findings, Site, other_vpc

SQS = "sqs.us-east-1.amazonaws.com"
S3 = "s3.us-east-1.amazonaws.com"
REGISTRY = "753968983172.dkr.ecr.us-east-1.amazonaws.com"
HUB = "ecs ecs-agent ecs-telemetry ssm ssmmessages ec2messages s3 logs monitoring sqs ecr.api ecr.dkr".split()
# What reconcile calls whom it lets serve a host, in the words of preflight.
WORDS = {
    "tdp": "our-zone",
    "own-endpoint": "own-endpoint",
    "private-dns": "aws-endpoint",
    "gateway": "gateway-endpoint",
    "waiting": "waiting",
    "held": "held",
    "not-covered": "internet",
    "hidden": "hidden",
}
# Endpoints of the VPC's own: service, kind, private DNS.
OFF, ON, GATEWAY = ("Interface", False), ("Interface", True), ("Gateway", False)
WORLDS: dict[str, list[tuple[str, tuple[str, bool]]]] = {
    "nothing": [],
    "private-dns-off": [(service, OFF) for service in HUB],
    "private-dns-on": [(service, ON) for service in HUB],
    "half-of-the-registry": [("ecr.api", OFF)],
    "half-of-the-registry-private": [("ecr.api", OFF), ("ecr.dkr", ON)],
    "gateway": [("s3", GATEWAY), ("sqs", OFF)],
    "gateway-and-interface": [("s3", GATEWAY), ("s3", OFF)],
}


def vias(found: Findings) -> dict[str, str]:
    """How each host is served."""
    return {row["host"]: row["via"] for row in found.report["coverage"]}


def row_of(found: Findings, host: str) -> dict[str, Any]:
    """The row of the coverage table for a host, without the host."""
    return next({**row, "host": None} for row in found.report["coverage"] if row["host"] == host)


def route(site: Site, routing: str, *endpoints: tuple[str, tuple[str, bool]], **changes: str) -> dict[str, str]:
    """A Hub's hosts are routed, in a VPC with endpoints of its own: their ids by service."""
    site.configure(TDP_COMPONENTS="hub", AWS_SERVICE_ROUTING=routing, **changes)
    return {service: site.aws_endpoint(service, kind, private_dns) for service, (kind, private_dns) in endpoints}


def zones_of(found: Findings) -> int:
    """The zones that the costs count."""
    quantities = [row["quantity"] for row in found.report["costs"]["rows"] if "hosted zones" in row["what"]]
    return sum(int(quantity.split(" ")[0]) for quantity in quantities)


def hidden_by(found: Findings) -> int:
    """How many names the zones are said to hide from public DNS."""
    texts = [one["what"] for one in found.report["findings"] if one["code"] == "names-hidden"]
    counts = [re.match(r"Our zones will hide (\d+) names? from", text) for text in texts]
    return sum(int(count[1]) for count in counts if count)


@pytest.mark.parametrize("routing", ["own", "tdp"])
@pytest.mark.parametrize("world", WORLDS)
def test_preflight_says_before_what_reconcile_plans(site: Site, world: str, routing: str) -> None:
    route(site, routing, *WORLDS[world], HOLD_HOSTS="monitoring.us-east-1.amazonaws.com")
    site.go()
    plan = site.run("plan").connection
    site.mark()
    found = site.ask()
    said = {host: via.replace("hidden", "internet") for host, via in vias(found).items()}
    planned = {row["host"]: WORDS[row["via"]] for row in plan["coverage"]}
    assert len(planned) > 10
    assert {host: said.get(host) for host in planned} == planned
    assert zones_of(found) == len(plan["zones"])
    assert hidden_by(found) == sum(len(zone["hides"]) for zone in plan["zones"])
    # And none of the names that are open is missing in the table.
    assert {change["name"] for change in plan["changes"] if change["type"] == "A"} <= set(said)


@pytest.mark.parametrize("routing", ["own", "tdp"])
def test_what_preflight_expects_is_there_once_reconcile_has_written(site: Site, routing: str) -> None:
    route(site, routing, ("sqs", OFF), ("s3", OFF), ("ecr.api", OFF), ("ecr.dkr", OFF), ("logs", ON))
    site.live()
    found = site.ask()
    assert "records-missing" not in found.codes
    assert [code for code in found.codes if code.startswith("zone-")] == []
    assert found.report["handOver"] is not None


def test_a_missing_endpoint_is_told_with_its_service(site: Site) -> None:
    endpoints = route(site, "own", ("sqs", OFF))
    site.go()
    found = site.ask()
    assert row_of(found, SQS) == {
        "host": None,
        "via": "own-endpoint",
        "servedBy": endpoints["sqs"],
        "awsService": "sqs",
    }
    finding = found.of("hosts-over-internet")
    assert "com.amazonaws.us-east-1.ssmmessages" in finding["fix"]
    assert "com.amazonaws.us-east-1.sqs" not in finding["fix"]
    assert "ExtraHosts names the exact hosts" in finding["fix"]


def test_a_record_to_an_endpoint_of_the_vpcs_own_that_is_gone_is_missing(site: Site) -> None:
    endpoints = route(site, "own", ("sqs", OFF))
    site.live()
    site.aws.delete_record(site.zones()[SQS], SQS, "A")
    finding = site.ask().of("records-missing")
    assert finding["what"] == f"No record in private DNS leads {SQS} to {endpoints['sqs']}"


def test_an_own_endpoint_that_is_lost_and_one_on_its_way_are_told(site: Site) -> None:
    endpoints = route(site, "own", ("sqs", OFF), ("logs", OFF))
    site.aws.set_endpoint_state(endpoints["logs"], "pending")
    site.live()
    site.aws.set_endpoint_state(endpoints["sqs"], "failed")
    found = site.ask()
    lost, waiting = found.of("endpoint-not-usable"), found.of("endpoint-waits")
    assert (lost["severity"], waiting["severity"]) == ("warning", "note")
    assert f"{SQS} ({endpoints['sqs']})" in lost["what"]
    assert endpoints["logs"] in waiting["what"]
    assert (vias(found)[SQS], vias(found)["logs.us-east-1.amazonaws.com"]) == ("lost", "waiting")


def test_with_withdrawal_on_loss_a_host_of_a_lost_endpoint_is_on_its_way_to_public_dns(site: Site) -> None:
    endpoints = route(site, "own", ("sqs", OFF), ON_LOSS="withdraw")
    site.live()
    site.aws.set_endpoint_state(endpoints["sqs"], "failed")
    assert vias(site.ask())[SQS] == "internet"
    assert site.run("drift").outcome == "changed"
    site.mark()
    assert SQS not in site.zones()


def test_a_gateway_endpoint_stays_unless_a_host_is_named_with_its_service(site: Site) -> None:
    endpoints = route(site, "own", ("s3", GATEWAY))
    site.go()
    found = site.ask()
    assert row_of(found, S3)["via"] == "gateway-endpoint"
    assert "host=<service name>" in found.of("gateway-endpoint-only")["fix"]
    interface = site.aws_endpoint("s3", private_dns=False)
    site.configure(EXTRA_HOSTS=f"{S3}=com.amazonaws.us-east-1.s3")
    found = site.ask()
    assert row_of(found, S3)["servedBy"] == interface
    assert interface != endpoints["s3"]


def test_an_extra_host_leads_to_an_own_endpoint_also_where_nothing_is_routed(site: Site) -> None:
    host = "ecs-a-1.us-east-1.amazonaws.com"
    endpoints = route(site, "none", ("ecs-agent", OFF), EXTRA_HOSTS=f"{host}=com.amazonaws.us-east-1.ecs-agent")
    site.live()
    found = site.ask()
    assert row_of(found, host)["servedBy"] == endpoints["ecs-agent"]
    assert host in found.report["handOver"]["zones"]
    assert vias(found)[SQS] == "internet"


def test_a_host_that_a_zone_of_ours_hides_is_a_warning_of_its_own(site: Site) -> None:
    """Nobody is asked about a host of a component below one that a person names, where nothing is routed."""
    host = REGISTRY.partition(".")[2]
    route(site, "none", EXTRA_HOSTS=host)
    site.live()
    found = site.ask()
    assert (vias(found)[host], vias(found)[REGISTRY]) == ("our-zone", "hidden")
    hidden = [one for one in found.report["findings"] if one["code"] == "names-hidden"]
    assert [one["severity"] for one in hidden] == ["warning", "note"]
    assert REGISTRY in hidden[0]["what"]
    assert "com.amazonaws.us-east-1.ecr.dkr" in hidden[0]["fix"]
    # So it is: the zone is there, and nothing in it answers.
    assert site.resolve(REGISTRY) == []


def test_a_host_below_one_whose_endpoint_is_lost_is_hidden_as_it_is_for_reconcile(site: Site) -> None:
    host = "ecr.us-east-1.amazonaws.com"
    endpoints = route(site, "own", ("ecr.api", OFF), ("ecr.dkr", ON))
    site.live()
    for endpoint in endpoints.values():
        site.aws.set_endpoint_state(endpoint, "failed")
    planned = {row["host"]: row["via"] for row in site.run("plan").connection["coverage"]}
    site.mark()
    said = vias(site.ask())
    assert (planned[host], planned[REGISTRY]) == (said[host], said[REGISTRY]) == ("lost", "hidden")


def test_an_endpoint_whose_zone_would_hide_others_waits_for_theirs(site: Site) -> None:
    host = "ecr.us-east-1.amazonaws.com"
    route(site, "own", ("ecr.api", OFF))
    site.go()
    found = site.ask()
    assert (vias(found)[host], vias(found)[REGISTRY]) == ("internet", "internet")
    fix = found.of("hosts-over-internet")["fix"]
    assert f"For {host} an endpoint is there" in fix
    assert "com.amazonaws.us-east-1.ecr.dkr" in fix
    assert "com.amazonaws.us-east-1.ecr.api" not in fix


def test_a_zone_of_others_at_an_aws_host_is_a_blocker_as_it_is_for_reconcile(site: Site) -> None:
    route(site, "own", ("sqs", OFF))
    zone = site.plant_zone(SQS)
    site.go()
    assert site.run("plan").outcome == "refused"
    site.mark()
    found = site.ask()
    assert zone in found.of("zone-taken")["what"]
    assert vias(found)[SQS] == "contested"
    site.configure(AWS_SERVICE_ROUTING="none")
    found = site.ask()
    assert "zone-taken" not in found.codes
    assert vias(found)[SQS] == "other-zone"


def test_rules_profiles_and_the_firewall_are_looked_at_for_aws_hosts_too(site: Site) -> None:
    route(site, "own", ("sqs", OFF), ("logs", OFF), ("ssm", OFF))
    site.live()
    site.aws.add_resolver_rule(site.vpc, "logs.us-east-1.amazonaws.com", "192.0.2.53")
    zone = site.plant_zone("ssm.us-east-1.amazonaws.com", vpc=other_vpc(site.aws))
    site.aws.share_profile(site.vpc, site.aws.arn(zone))
    site.aws.block_domains(site.vpc, SQS)
    found = site.ask()
    assert found.of("dns-firewall-blocks")["hosts"] == [SQS]
    assert found.of("resolver-rule-wins")["hosts"] == ["logs.us-east-1.amazonaws.com"]
    assert "ssm.us-east-1.amazonaws.com" in found.of("profile-zone-same")["what"]
    assert "dns-firewall-blocks-aws" not in found.codes
    assert found.report["handOver"] is None


def test_through_tdp_the_blast_radius_is_a_warning_that_names_every_host(site: Site) -> None:
    endpoints = route(site, "tdp", ("sqs", ON), ("s3", GATEWAY))
    site.go()
    found = site.ask()
    finding = found.of("aws-through-tdp")
    assert finding["severity"] == "warning"
    assert f"Every client in {site.vpc.id}" in finding["what"]
    through = [host for host, via in vias(found).items() if via == "our-zone" and host.endswith("amazonaws.com")]
    assert [host for host in through if host not in finding["what"]] == []
    assert REGISTRY in through
    assert f"A gateway endpoint of the VPC serves {S3}" in finding["why"]
    note = found.of("private-dns-serves")
    assert note["severity"] == "note"
    assert SQS in note["what"]
    assert endpoints["sqs"] in note["what"]
    assert SQS not in finding["what"]


def test_own_routing_needs_no_such_warning(site: Site) -> None:
    route(site, "own", ("sqs", OFF))
    site.go()
    assert "aws-through-tdp" not in site.ask().codes


def test_a_held_host_that_a_new_zone_would_hide_is_a_blocker_as_it_is_for_reconcile(site: Site) -> None:
    site.configure(HOLD_HOSTS=f"api.{PLATFORM}")
    site.go()
    assert site.run("plan").codes == ["held-host-hidden"]
    site.mark()
    found = site.ask()
    assert f"api.{PLATFORM}" in found.of("held-host-hidden")["what"]
    assert found.of("held-host-hidden")["severity"] == "blocker"
    site.configure(HOLD_HOSTS="api.tetrascience.com,*.api.tetrascience.com")
    found = site.ask()
    assert "held-host-hidden" not in found.codes
    assert vias(found)["api.tetrascience.com"] == "held"


def test_a_held_host_is_not_called_hidden_where_nobody_could_read_the_zones(live: Site) -> None:
    live.configure(HOLD_HOSTS=f"api.{PLATFORM}")
    assert "held-host-hidden" not in live.ask().codes
    live.aws.faults.add("denied", "route53", "ListHostedZonesByVPC", times=None)
    assert "held-host-hidden" not in live.ask().codes
