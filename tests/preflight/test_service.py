"""The endpoint service, and the subnets that can take the endpoint."""

import pytest

from tests.preflight.site import Site, vpc_in

ZONES = ["use1-az1", "use1-az2", "use1-az3", "use1-az4", "use1-az5", "use1-az6"]


def zone_of(site: Site, number: int) -> str:
    """The zone id of a subnet of the VPC."""
    subnets = site.aws.client("ec2").describe_subnets(SubnetIds=[site.vpc.subnet_ids[number]])["Subnets"]
    return str(subnets[0]["AvailabilityZoneId"])


def foreign_zones(site: Site) -> list[str]:
    return [zone for zone in ZONES if zone not in {zone_of(site, number) for number in range(3)}]


def test_a_service_of_another_region_is_a_blocker(site: Site) -> None:
    service = "com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d4e5f60718"
    site.configure(TDP_SERVICE_NAME=service)
    finding = site.ask().of("service-other-region")
    assert finding["severity"] == "blocker"
    assert service in finding["what"]


def test_a_region_that_tetrascience_does_not_list_is_a_warning(site: Site) -> None:
    region = "ca-central-1"
    finding = site.ask(vpcId=vpc_in(site, region)).of("region-not-listed")
    assert finding["severity"] == "warning"
    assert region in finding["what"]


def test_a_service_that_the_account_does_not_see_is_a_blocker_with_its_number(site: Site) -> None:
    site.aws.set_service(visible=False)
    found = site.ask()
    finding = found.of("service-not-visible")
    assert finding["severity"] == "blocker"
    assert "123456789012" in finding["fix"]
    assert "allow list" in finding["why"]


def test_before_tetrascience_has_told_the_name_a_placeholder_stands_for_it(site: Site) -> None:
    site.configure(TDP_SERVICE_NAME="com.amazonaws.vpce.us-east-1.vpce-svc-00000000000000000")
    found = site.ask()
    assert found.codes == ["service-not-told", "endpoint-missing"]
    text = found.report["texts"]["connectionDetails"]
    assert "Please tell us the name of the endpoint service" in text
    assert "vpce-svc-000" not in text


def test_no_shared_zone_is_a_blocker(site: Site) -> None:
    site.aws.set_service(az_ids=foreign_zones(site))
    found = site.ask()
    assert found.of("no-shared-zone")["severity"] == "blocker"
    for zone in [*foreign_zones(site), zone_of(site, 0)]:
        assert zone in found.of("no-shared-zone")["what"]


def test_one_shared_zone_is_a_warning_about_redundancy(site: Site) -> None:
    site.aws.set_service(az_ids=[*foreign_zones(site), zone_of(site, 1)])
    found = site.ask()
    finding = found.of("one-shared-zone")
    assert finding["severity"] == "warning"
    assert "redundancy" in finding["why"]
    assert zone_of(site, 1) in finding["what"]


def test_two_shared_zones_are_right(site: Site) -> None:
    site.aws.set_service(az_ids=[*foreign_zones(site), zone_of(site, 1), zone_of(site, 2)])
    assert site.ask().codes == ["endpoint-missing"]


def test_zones_are_compared_by_id_even_where_ec2_gives_names_only(site: Site) -> None:
    site.aws.set_service(az_ids=[*foreign_zones(site), zone_of(site, 1)], shows_az_ids=False)
    assert zone_of(site, 1) in site.ask().of("one-shared-zone")["what"]


def test_a_vpc_without_subnets_is_a_blocker(site: Site) -> None:
    empty = site.aws.make_vpc("10.7.0.0/16", azs=0)
    found = site.ask(vpcId=empty.id)
    assert found.of("no-subnets")["severity"] == "blocker"


def test_a_chosen_subnet_of_another_vpc_is_a_blocker(site: Site) -> None:
    other = site.aws.make_vpc("10.8.0.0/16")
    found = site.ask(subnetIds=[*site.vpc.subnet_ids, other.subnet_ids[0]])
    finding = found.of("subnet-not-found")
    assert finding["severity"] == "blocker"
    assert other.subnet_ids[0] in finding["what"]


def test_two_chosen_subnets_in_one_zone_are_a_blocker(site: Site) -> None:
    ec2 = site.aws.client("ec2")
    zone = ec2.describe_subnets(SubnetIds=[site.vpc.subnet_ids[0]])["Subnets"][0]["AvailabilityZone"]
    twin = ec2.create_subnet(VpcId=site.vpc.id, CidrBlock="10.0.200.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    found = site.ask(subnetIds=[*site.vpc.subnet_ids, twin])
    assert found.of("subnets-share-zone")["severity"] == "blocker"
    assert twin in found.of("subnets-share-zone")["what"]


def test_a_chosen_subnet_outside_of_the_service_is_a_blocker(site: Site) -> None:
    site.aws.set_service(az_ids=[zone_of(site, 0), zone_of(site, 1)])
    found = site.ask(subnetIds=site.vpc.subnet_ids)
    finding = found.of("subnet-outside-service")
    assert finding["severity"] == "blocker"
    assert site.vpc.subnet_ids[2] in finding["what"]


@pytest.mark.parametrize("size", [1, 2])
def test_lists_of_several_pages_are_read_whole(site: Site, size: int) -> None:
    """A service in one zone only, and the one subnet that fits stands on the last page."""
    last = sorted(site.vpc.subnet_ids)[-1]
    zone = zone_of(site, site.vpc.subnet_ids.index(last))
    site.aws.set_service(az_ids=[zone])
    site.aws.page_size = size
    found = site.ask()
    site.aws.page_size = None
    assert zone in found.of("one-shared-zone")["what"]
