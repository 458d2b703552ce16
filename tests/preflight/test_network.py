"""The VPC: whether it exists, its room, its DNS settings."""

import pytest

from tests.preflight.site import Site, other_vpc


def test_a_vpc_that_does_not_exist_is_one_clear_blocker(live: Site) -> None:
    found = live.ask(vpcId="vpc-0123456789abcdef0")
    finding = found.only("vpc-not-found", "blocker")
    assert "vpc-0123456789abcdef0" in finding["what"]
    assert found.report["verdict"] == "blocked"


def test_without_a_vpc_the_one_with_an_endpoint_is_taken(live: Site) -> None:
    found = live.ask(vpcId=None)
    assert (found.report["vpcId"], found.codes) == (live.vpc.id, [])


def test_an_endpoint_that_is_gone_does_not_make_a_vpc_a_candidate(live: Site) -> None:
    other = other_vpc(live.aws)
    live.aws.request_endpoint(other, state="deleted")
    assert live.ask(vpcId=None).report["vpcId"] == live.vpc.id


def test_endpoints_that_cannot_be_read_are_not_said_to_be_missing(live: Site) -> None:
    live.aws.faults.add("denied", "ec2", "DescribeVpcEndpoints", times=None)
    found = live.ask(vpcId=None)
    assert set(found.codes) == {"vpc-not-named", "not-checked"}
    assert "NOT KNOWN" in live.ask().report["texts"]["connectionDetails"]


def test_a_vpc_of_another_account_is_a_blocker(live: Site) -> None:
    live.aws.give_vpc_to(live.vpc, "210987654321")
    finding = live.ask().of("vpc-of-another-account")
    assert finding["severity"] == "blocker"
    assert "210987654321" in finding["fix"]


def test_without_a_vpc_and_with_two_that_have_an_endpoint_none_is_guessed(live: Site) -> None:
    other = other_vpc(live.aws)
    live.aws.request_endpoint(other)
    finding = live.ask(vpcId=None).only("vpc-not-named", "blocker")
    assert live.vpc.id in finding["what"]
    assert other.id in finding["what"]


def test_without_a_vpc_and_without_an_endpoint_it_asks_for_the_vpc(site: Site) -> None:
    site.ask(vpcId=None).only("vpc-not-named", "blocker")


def test_the_vpc_of_the_settings_counts_where_the_event_names_none(live: Site) -> None:
    live.configure(VPC_ID=live.vpc.id)
    live.aws.request_endpoint(other_vpc(live.aws))
    assert live.ask(vpcId=None).report["vpcId"] == live.vpc.id


@pytest.mark.parametrize(
    ("attribute", "code"),
    [("EnableDnsSupport", "dns-support-off"), ("EnableDnsHostnames", "dns-hostnames-off")],
)
def test_dns_settings_of_the_vpc_that_are_off_are_blockers(live: Site, attribute: str, code: str) -> None:
    live.aws.client("ec2").modify_vpc_attribute(VpcId=live.vpc.id, **{attribute: {"Value": False}})
    finding = live.ask().only(code, "blocker")
    assert live.vpc.id in finding["command"]


def test_dhcp_options_with_other_dns_servers_are_a_warning(live: Site) -> None:
    live.aws.set_dns_servers(live.vpc, "192.0.2.53", "10.0.0.2")
    finding = live.ask().only("dhcp-other-resolver", "warning")
    assert "192.0.2.53" in finding["what"]
    assert "10.0.0.2" not in finding["what"]
    assert "10.0.0.2" in finding["fix"]


def test_an_inbound_endpoint_of_the_vpc_is_right_as_a_dns_server(live: Site) -> None:
    live.aws.set_dns_servers(live.vpc, "10.0.0.5", "10.0.1.5")
    assert live.ask().codes == []


@pytest.mark.parametrize("resolver", ["AmazonProvidedDNS", "10.0.0.2", "169.254.169.253"])
def test_the_vpcs_resolver_by_any_of_its_addresses_is_right(live: Site, resolver: str) -> None:
    live.aws.set_dns_servers(live.vpc, resolver)
    assert live.ask().codes == []


def test_a_chosen_subnet_without_a_free_address_is_a_blocker(site: Site) -> None:
    subnets = site.vpc.subnet_ids
    site.aws.set_free_addresses(subnets[1], 0)
    found = site.ask(subnetIds=subnets)
    assert found.codes == ["subnet-full", "endpoint-missing"]
    assert found.of("subnet-full")["severity"] == "blocker"
    assert subnets[1] in found.of("subnet-full")["what"]


def test_a_full_subnet_is_a_warning_while_another_choice_is_open(site: Site) -> None:
    site.aws.set_free_addresses(site.vpc.subnet_ids[1], 0)
    found = site.ask()
    assert found.of("subnet-full")["severity"] == "warning"


def test_a_full_subnet_does_not_matter_where_its_zone_has_another_with_room(site: Site) -> None:
    ec2 = site.aws.client("ec2")
    full = site.vpc.subnet_ids[1]
    zone = ec2.describe_subnets(SubnetIds=[full])["Subnets"][0]["AvailabilityZone"]
    ec2.create_subnet(VpcId=site.vpc.id, CidrBlock="10.0.200.0/24", AvailabilityZone=zone)
    site.aws.set_free_addresses(full, 0)
    assert site.ask().codes == ["endpoint-missing"]


def test_a_subnet_with_few_addresses_is_a_warning(site: Site) -> None:
    site.aws.set_free_addresses(site.vpc.subnet_ids[0], 4)
    found = site.ask(subnetIds=site.vpc.subnet_ids)
    assert found.of("subnet-nearly-full")["severity"] == "warning"
    assert site.vpc.subnet_ids[0] in found.of("subnet-nearly-full")["what"]


def test_addresses_do_not_matter_once_the_endpoint_has_its_own(live: Site) -> None:
    live.aws.set_free_addresses(live.vpc.subnet_ids[0], 0)
    assert live.ask().codes == []


@pytest.mark.parametrize(
    ("quota", "code", "severity"),
    [(2, "endpoint-quota-reached", "blocker"), (3, "endpoint-quota-near", "warning"), (4, None, "")],
)
def test_the_quota_of_endpoints_is_counted(site: Site, quota: int, code: str | None, severity: str) -> None:
    for service in ("sqs", "logs"):
        site.aws_endpoint(service)
    site.aws_endpoint("s3", kind="Gateway")
    site.aws.endpoint_quota = quota
    found = site.ask()
    if code is None:
        assert found.codes == ["endpoint-missing"]
    else:
        assert found.of(code)["severity"] == severity
        assert "L-29B6F2EB" in found.of(code)["command"]


def test_the_quota_does_not_matter_once_the_endpoint_exists(live: Site) -> None:
    live.aws.endpoint_quota = 1
    assert live.ask().codes == []
