"""What is in a VPC, and the endpoint services that it may reach, read as the checks read it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.aws import SERVICE_NAME, EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused


@pytest.fixture
def ec2(client: Client, aws: EmbeddedAws) -> Any:
    return client("ec2")


def of(vpc: Vpc) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [vpc.id]}]


def acls(ec2: Any, vpc: Vpc) -> dict[str, dict[str, Any]]:
    return {acl["NetworkAclId"]: acl for acl in ec2.describe_network_acls(Filters=of(vpc))["NetworkAcls"]}


def rules(acl: dict[str, Any], egress: bool = False) -> list[tuple[int, str, str]]:
    entries = [entry for entry in acl["Entries"] if entry["Egress"] == egress]
    return [
        (entry["RuleNumber"], entry["RuleAction"], entry.get("CidrBlock") or entry["Ipv6CidrBlock"])
        for entry in entries
    ]


def free(ec2: Any, subnet: str) -> int:
    return ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]


# Endpoint services


def test_the_service_lies_in_the_zones_of_the_vpcs_subnets(ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ServiceDetail.html"""
    answer = ec2.describe_vpc_endpoint_services(ServiceNames=[SERVICE_NAME])
    [service] = answer["ServiceDetails"]
    subnets = ec2.describe_subnets(Filters=of(vpc))["Subnets"]
    assert answer["ServiceNames"] == [service["ServiceName"]] == [SERVICE_NAME]
    assert service["ServiceId"] == "vpce-svc-0a1b2c3d4e5f60718"
    assert service["ServiceType"] == [{"ServiceType": "Interface"}] and service["ServiceRegion"] == "us-east-1"
    assert set(service["AvailabilityZones"]) == {subnet["AvailabilityZone"] for subnet in subnets}
    assert set(service["AvailabilityZoneIds"]) == {subnet["AvailabilityZoneId"] for subnet in subnets}
    assert service["AcceptanceRequired"] and not service["ManagesVpcEndpoints"]
    assert service["BaseEndpointDnsNames"] == ["vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"]
    assert "PrivateDnsName" not in service and "PrivateDnsNameVerificationState" not in service


def test_a_service_of_other_zones_with_a_private_name(aws: EmbeddedAws, ec2: Any) -> None:
    def service() -> dict[str, Any]:
        return ec2.describe_vpc_endpoint_services(ServiceNames=[SERVICE_NAME])["ServiceDetails"][0]

    aws.set_service(az_ids=["use1-az4"], private_dns_name="platform.example.com", verified=False)
    assert (service()["AvailabilityZones"], service()["AvailabilityZoneIds"]) == (["us-east-1d"], ["use1-az4"])
    assert service()["PrivateDnsNames"] == [{"PrivateDnsName": "platform.example.com"}]
    assert service()["PrivateDnsNameVerificationState"] == "pendingVerification"
    aws.set_service(private_dns_name="platform.example.com", shows_az_ids=False)
    assert service()["PrivateDnsNameVerificationState"] == "verified"
    assert "AvailabilityZoneIds" not in service() and len(service()["AvailabilityZones"]) == 3
    with pytest.raises(ValueError, match="use9-az1"):
        aws.set_service(az_ids=["use9-az1"])


def test_a_service_that_the_account_may_not_see_does_not_exist(aws: EmbeddedAws, ec2: Any, refused: Refused) -> None:
    aws.set_service(visible=False)
    code, message, status = refused(ec2.describe_vpc_endpoint_services, ServiceNames=[SERVICE_NAME])
    assert (code, status) == ("InvalidServiceName", 400)
    assert message == f"The Vpc Endpoint Service '{SERVICE_NAME}' does not exist"
    assert SERVICE_NAME not in ec2.describe_vpc_endpoint_services()["ServiceNames"]
    aws.reset()
    assert SERVICE_NAME in ec2.describe_vpc_endpoint_services()["ServiceNames"]


def test_services_are_filtered_and_come_in_pages(aws: EmbeddedAws, ec2: Any, refused: Refused) -> None:
    def found(name: str, value: str) -> list[str]:
        return ec2.describe_vpc_endpoint_services(Filters=[{"Name": name, "Values": [value]}])["ServiceNames"]

    assert found("service-name", "*.vpce-svc-*") == [SERVICE_NAME]
    assert found("service-type", "Gateway") == ["com.amazonaws.us-east-1.s3"]
    assert refused(ec2.describe_vpc_endpoint_services, Filters=[{"Name": "x", "Values": []}])[0] == (
        "InvalidParameterValue"
    )
    everything = ec2.describe_vpc_endpoint_services()["ServiceNames"]
    aws.page_size = 1
    pages = list(ec2.get_paginator("describe_vpc_endpoint_services").paginate())
    assert [name for page in pages for name in page["ServiceNames"]] == everything
    assert len(everything) == len(pages) > 1


# VPCs and their DNS


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda ec2: ec2.describe_vpcs(VpcIds=["vpc-0123456789abcdef0"]), "InvalidVpcID.NotFound"),
        (lambda ec2: ec2.describe_subnets(SubnetIds=["subnet-0123456789abcdef0"]), "InvalidSubnetID.NotFound"),
        (lambda ec2: ec2.describe_security_groups(GroupIds=["sg-0123456789abcdef0"]), "InvalidGroup.NotFound"),
        (lambda ec2: ec2.describe_security_groups(GroupIds=["sg-x"]), "InvalidGroupId.Malformed"),
        (lambda ec2: ec2.describe_network_acls(NetworkAclIds=["acl-0123"]), "InvalidNetworkAclID.NotFound"),
        (lambda ec2: ec2.describe_dhcp_options(DhcpOptionsIds=["dopt-0123"]), "InvalidDhcpOptionID.NotFound"),
        (lambda ec2: ec2.get_managed_prefix_list_entries(PrefixListId="pl-0123"), "InvalidPrefixListID.NotFound"),
        (
            lambda ec2: ec2.describe_vpc_attribute(VpcId="vpc-0123456789abcdef0", Attribute="enableDnsSupport"),
            "InvalidVpcID.NotFound",
        ),
    ],
)
def test_what_is_not_there_is_not_found(ec2: Any, refused: Refused, ask: Callable[[Any], Any], code: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    got, message, status = refused(lambda: ask(ec2))
    assert (got, status) == (code, 400) and "{" not in message


def test_a_vpc_has_dns_settings_and_both_kinds_of_blocks(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    [shown] = ec2.describe_vpcs(VpcIds=[vpc.id])["Vpcs"]
    assert shown["CidrBlockAssociationSet"][0]["CidrBlock"] == vpc.cidr
    assert shown["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].endswith("/56")

    def settings() -> list[bool]:
        asked = {"EnableDnsSupport": "enableDnsSupport", "EnableDnsHostnames": "enableDnsHostnames"}
        return [ec2.describe_vpc_attribute(VpcId=vpc.id, Attribute=name)[key]["Value"] for key, name in asked.items()]

    assert settings() == [True, True]
    aws.client("ec2").modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    assert settings() == [True, False]


def test_every_vpc_has_dhcp_options_that_name_its_dns_servers(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html"""

    def servers(one: str) -> list[str]:
        options = ec2.describe_vpcs(VpcIds=[one])["Vpcs"][0]["DhcpOptionsId"]
        [shown] = ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"]
        assert options.startswith("dopt-")
        found = {item["Key"]: [value["Value"] for value in item["Values"]] for item in shown["DhcpConfigurations"]}
        return found["domain-name-servers"]

    for shown in ec2.describe_vpcs()["Vpcs"]:
        assert servers(shown["VpcId"]) == ["AmazonProvidedDNS"]
    aws.set_dns_servers(vpc, "10.0.0.5", "10.0.0.6")
    assert servers(vpc.id) == ["10.0.0.5", "10.0.0.6"]
    assert servers(aws.make_vpc("10.1.0.0/16").id) == ["AmazonProvidedDNS"]


# Subnets and interfaces


def test_a_subnet_counts_reserved_addresses_and_interfaces(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""
    subnet = vpc.subnet_ids[0]
    assert free(ec2, subnet) == 251
    aws.request_endpoint(vpc)
    aws.client("ec2").create_network_interface(SubnetId=subnet)
    assert (free(ec2, subnet), free(ec2, vpc.subnet_ids[1])) == (249, 250)
    aws.request_endpoint(vpc, ip_type="ipv6")
    assert free(ec2, subnet) == 249


def test_a_subnet_may_be_nearly_full(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    aws.request_endpoint(vpc)
    aws.set_free_addresses(vpc.subnet_ids[0], 2)
    assert (free(ec2, vpc.subnet_ids[0]), free(ec2, vpc.subnet_ids[1])) == (2, 250)
    aws.request_endpoint(vpc)
    assert (free(ec2, vpc.subnet_ids[0]), free(ec2, vpc.subnet_ids[1])) == (1, 249)


def test_subnets_show_zone_and_blocks(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    zones = {zone["ZoneName"]: zone["ZoneId"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]}
    aws.make_vpc("10.1.0.0/16")
    subnets = ec2.describe_subnets(Filters=of(vpc))["Subnets"]
    assert {subnet["SubnetId"] for subnet in subnets} == set(vpc.subnet_ids)
    for subnet in subnets:
        assert zones[subnet["AvailabilityZone"]] == subnet["AvailabilityZoneId"]
        assert subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] == "associated"
    block = subnets[0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("::/64", "")[:-1] + "9::/64"
    native = aws.client("ec2").create_subnet(VpcId=vpc.id, Ipv6Native=True, Ipv6CidrBlock=block)["Subnet"]["SubnetId"]
    [shown] = ec2.describe_subnets(SubnetIds=[native])["Subnets"]
    assert shown["Ipv6Native"] and shown["AvailableIpAddressCount"] == 0 and "CidrBlock" not in shown


def test_interfaces_are_found_by_filter(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html"""
    endpoint = aws.endpoint(aws.request_endpoint(vpc))
    own = aws.client("ec2").create_network_interface(SubnetId=vpc.subnet_ids[0], Description="server")
    own_id = own["NetworkInterface"]["NetworkInterfaceId"]

    def found(name: str, value: str) -> list[str]:
        answer = ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])
        return [interface["NetworkInterfaceId"] for interface in answer["NetworkInterfaces"]]

    assert found("description", "server") == [own_id]
    assert found("subnet-id", vpc.subnet_ids[1]) == [endpoint["NetworkInterfaceIds"][1]]
    assert found("interface-type", "vpc_endpoint") == endpoint["NetworkInterfaceIds"]
    assert found("group-id", endpoint["Groups"][0]["GroupId"])[:3] == endpoint["NetworkInterfaceIds"]
    assert found("vpc-id", "vpc-0123456789abcdef0") == [] and len(found("vpc-id", vpc.id)) == 4


def test_a_gateway_endpoint_is_listed_without_interfaces_and_groups(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    aws.request_endpoint(vpc)
    wanted = {"VpcId": vpc.id, "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"}
    made = ec2.create_vpc_endpoint(**wanted)["VpcEndpoint"]["VpcEndpointId"]
    found = {one["VpcEndpointId"]: one for one in ec2.describe_vpc_endpoints(Filters=of(vpc))["VpcEndpoints"]}
    assert len(found) == 2 and found[made]["VpcEndpointType"] == "Gateway"
    assert (found[made]["Groups"], found[made]["NetworkInterfaceIds"], found[made]["DnsEntries"]) == ([], [], [])


# Security groups, network ACLs, prefix lists


def test_a_default_security_group_admits_itself(ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html"""
    [group] = ec2.describe_security_groups(Filters=of(vpc))["SecurityGroups"]
    [rule] = group["IpPermissions"]
    assert (rule["IpProtocol"], rule["IpRanges"], rule["Ipv6Ranges"]) == ("-1", [], [])
    assert [pair["GroupId"] for pair in rule["UserIdGroupPairs"]] == [group["GroupId"]]


def test_a_security_group_shows_every_kind_of_source(ec2: Any, vpc: Vpc) -> None:
    group = ec2.create_security_group(GroupName="platform", Description="x", VpcId=vpc.id)["GroupId"]
    sources = {
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
        "Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}],
        "UserIdGroupPairs": [{"GroupId": group}],
        "PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}],
    }
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **sources}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    [shown] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    [rule] = shown["IpPermissions"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert rule["IpRanges"] == sources["IpRanges"] and rule["Ipv6Ranges"] == sources["Ipv6Ranges"]
    assert rule["UserIdGroupPairs"][0]["GroupId"] == group and rule["PrefixListIds"] == sources["PrefixListIds"]


def test_a_default_acl_allows_everything_of_both_families(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html"""
    [acl] = acls(ec2, vpc).values()
    v4 = [(100, "allow", "0.0.0.0/0"), (32767, "deny", "0.0.0.0/0")]
    v6 = [(101, "allow", "::/0"), (32768, "deny", "::/0")]
    assert acl["IsDefault"] and rules(acl) == rules(acl, egress=True) == sorted(v4 + v6)
    assert {item["SubnetId"] for item in acl["Associations"]} == set(vpc.subnet_ids)
    own = aws.client("ec2")
    plain = own.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    described = {"Filters": [{"Name": "vpc-id", "Values": [plain]}]}
    assert rules(ec2.describe_network_acls(**described)["NetworkAcls"][0]) == v4
    own.associate_vpc_cidr_block(VpcId=plain, AmazonProvidedIpv6CidrBlock=True)
    assert rules(ec2.describe_network_acls(**described)["NetworkAcls"][0]) == sorted(v4 + v6)


def test_an_acl_of_ones_own_denies_what_no_rule_allows(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html"""
    [default] = acls(ec2, vpc).values()
    own = aws.client("ec2")
    made = own.create_network_acl(VpcId=vpc.id)["NetworkAcl"]["NetworkAclId"]
    entry = {"RuleNumber": 90, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "10.0.0.0/8"}
    own.create_network_acl_entry(NetworkAclId=made, Egress=False, PortRange={"From": 443, "To": 443}, **entry)
    moved = default["Associations"][0]
    own.replace_network_acl_association(AssociationId=moved["NetworkAclAssociationId"], NetworkAclId=made)
    late = own.create_subnet(VpcId=vpc.id, CidrBlock="10.0.77.0/24")["Subnet"]["SubnetId"]
    shown = acls(ec2, vpc)
    first = next(one for one in shown[made]["Entries"] if one["RuleNumber"] == 90)
    assert first["PortRange"] == {"From": 443, "To": 443} and first["Protocol"] == "6"
    assert sorted(rules(shown[made]))[1:] == [(32767, "deny", "0.0.0.0/0"), (32768, "deny", "::/0")]
    assert [one["SubnetId"] for one in shown[made]["Associations"]] == [moved["SubnetId"]]
    rest = {one["SubnetId"] for one in shown[default["NetworkAclId"]]["Associations"]}
    assert rest == {*vpc.subnet_ids, late} - {moved["SubnetId"]}


def test_a_prefix_list_comes_in_pages(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    blocks = [f"10.{n}.0.0/16" for n in range(5)]
    wanted = {"PrefixListName": "offices", "MaxEntries": 9, "AddressFamily": "IPv4"}
    made = aws.client("ec2").create_managed_prefix_list(**wanted, Entries=[{"Cidr": block} for block in blocks])
    list_id = made["PrefixList"]["PrefixListId"]
    first = ec2.get_managed_prefix_list_entries(PrefixListId=list_id, MaxResults=3)
    rest = ec2.get_managed_prefix_list_entries(PrefixListId=list_id, NextToken=first["NextToken"])
    assert [entry["Cidr"] for entry in first["Entries"] + rest["Entries"]] == blocks
    assert len(first["Entries"]) == 3 and "NextToken" not in rest


# Pages


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_security_groups", "SecurityGroups"),
        ("describe_network_interfaces", "NetworkInterfaces"),
    ],
)
def test_lists_of_a_network_come_in_pages(
    aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused, operation: str, key: str
) -> None:
    aws.request_endpoint(aws.make_vpc("10.1.0.0/16"))
    ask = getattr(ec2, operation)
    whole = ask()
    assert len(whole[key]) > 1 and "NextToken" not in whole
    aws.page_size = 1
    pages = list(ec2.get_paginator(operation).paginate())
    assert [item for page in pages for item in page[key]] == whole[key]
    assert {len(page[key]) for page in pages} == {1}
    assert getattr(aws.client("ec2"), operation)()[key] == whole[key]
    assert refused(ask, NextToken="never-handed-out")[0] == "InvalidNextToken"
    assert refused(ask, MaxResults=4)[0] == refused(ask, MaxResults=1001)[0] == "InvalidParameterValue"


def test_a_size_is_not_allowed_with_ids(ec2: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html"""
    asked = {"SubnetIds": vpc.subnet_ids, "MaxResults": 5}
    assert refused(ec2.describe_subnets, **asked)[0] == "InvalidParameterCombination"
