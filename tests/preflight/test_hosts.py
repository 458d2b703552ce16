"""Who serves which host, and what our zones take away."""

import pytest

from tests.harness.world import PLATFORM
from tests.preflight.site import Findings, Site, vpc_in

HUB = "ecs ecs-agent ecs-telemetry ssm ssmmessages ec2messages s3 logs monitoring sqs ecr.api ecr.dkr".split()
ECR = "753968983172.dkr.ecr.us-east-1.amazonaws.com"


def vias(found: Findings) -> dict[str, str]:
    """How each host is served."""
    return {row["host"]: row["via"] for row in found.report["coverage"]}


def test_names_that_our_zones_will_hide_are_a_note(live: Site) -> None:
    live.configure(EXTRA_HOSTS="")
    finding = live.ask().only("names-hidden", "note")
    assert f"*.{PLATFORM}" in finding["what"]


def test_hosts_of_the_platform_are_served_by_our_zones(live: Site) -> None:
    found = live.ask()
    assert vias(found)[PLATFORM] == "our-zone"
    assert vias(found)[f"*.{PLATFORM}"] == "our-zone"


def test_a_host_that_private_dns_serves_is_told_apart(site: Site) -> None:
    site.live(private_dns_name=f"api.{PLATFORM}")
    served = vias(site.ask())
    assert (served[f"api.{PLATFORM}"], served[PLATFORM]) == ("tdp-private-dns", "our-zone")


def test_without_endpoints_the_hosts_of_a_hub_go_over_the_internet(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    found = live.ask()
    finding = found.of("hosts-over-internet")
    assert finding["severity"] == "warning"
    assert "sqs" in finding["fix"]
    assert vias(found)["sqs.us-east-1.amazonaws.com"] == "internet"


def test_with_an_endpoint_for_every_service_only_what_none_has_a_name_for_goes_over_the_internet(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    endpoints = {service: live.aws_endpoint(service) for service in HUB}
    found = live.ask()
    # No endpoint has private DNS for ecr.us-east-1.amazonaws.com; ecs-a-* and ecs-t-* are patterns.
    assert found.codes == ["hosts-over-internet", "partial-wildcard"]
    assert found.of("hosts-over-internet")["what"].endswith(": ecr.us-east-1.amazonaws.com")
    row = next(row for row in found.report["coverage"] if row["host"] == "sqs.us-east-1.amazonaws.com")
    assert (row["via"], row["servedBy"]) == ("aws-endpoint", endpoints["sqs"])


@pytest.mark.parametrize("how", ["without-private-dns", "not-available"])
def test_an_endpoint_that_serves_no_names_does_not_count(live: Site, how: str) -> None:
    live.configure(TDP_COMPONENTS="hub")
    endpoint = live.aws_endpoint("sqs", private_dns=how != "without-private-dns")
    if how == "not-available":
        live.aws.set_endpoint_state(endpoint, "failed")
    assert vias(live.ask())["sqs.us-east-1.amazonaws.com"] == "internet"


def test_a_private_zone_of_others_for_an_aws_name_is_not_the_internet(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    zone = live.plant_zone("sqs.us-east-1.amazonaws.com")
    found = live.ask()
    row = next(row for row in found.report["coverage"] if row["host"] == "sqs.us-east-1.amazonaws.com")
    assert (row["via"], row["servedBy"]) == ("other-zone", zone)


def test_a_gateway_endpoint_is_a_note_about_clients_outside(live: Site) -> None:
    live.configure(TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="acme-prod")
    for service in ("logs", "monitoring"):
        live.aws_endpoint(service)
    live.aws_endpoint("s3", kind="Gateway")
    found = live.ask()
    finding = found.only("gateway-endpoint-only", "note")
    assert "acme-prod-datalake.s3.us-east-1.amazonaws.com" in finding["what"]
    assert vias(found)["acme-prod-datalake.s3.amazonaws.com"] == "gateway-endpoint"


def test_the_global_name_of_a_bucket_is_not_served_by_an_interface_endpoint(live: Site) -> None:
    live.configure(TDP_COMPONENTS="agent-s3-direct", TDP_BUCKET_PREFIX="acme-prod")
    for service in ("logs", "monitoring", "s3"):
        live.aws_endpoint(service)
    finding = live.ask().only("hosts-over-internet", "warning")
    assert "acme-prod-datalake.s3.amazonaws.com" in finding["what"]
    assert "acme-prod-datalake.s3.us-east-1.amazonaws.com" not in finding["what"]


def test_a_pattern_with_a_star_inside_is_a_note(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    finding = live.ask().of("partial-wildcard")
    assert finding["severity"] == "note"
    assert "ecs-a-*.us-east-1.amazonaws.com" in finding["what"]


def test_in_us_east_1_the_image_registry_is_like_any_other_host(live: Site) -> None:
    live.configure(TDP_COMPONENTS="hub")
    live.aws_endpoint("ecr.dkr")
    found = live.ask()
    assert "ecr-us-east-1" not in found.codes
    assert vias(found)[ECR] == "aws-endpoint"


def test_in_another_region_the_image_registry_is_a_warning_of_its_own(site: Site) -> None:
    region = "eu-west-1"
    vpc = vpc_in(site, region)
    site.configure(TDP_COMPONENTS="hub")
    found = site.ask(vpcId=vpc)
    finding = found.of("ecr-us-east-1")
    assert finding["severity"] == "warning"
    assert ECR in finding["what"]
    assert ECR not in found.of("hosts-over-internet")["what"]
