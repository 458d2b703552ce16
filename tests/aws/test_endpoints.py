"""VPC endpoints go through the states that AWS documents, under the test's control."""

import ipaddress
import re
from typing import Any

import pytest

from tests.aws import SERVICE_NAME, EmbeddedAws, Vpc
from tests.aws.conftest import Client, Refused

STATES = "pendingAcceptance pending available deleting deleted rejected failed expired partial brand-new".split()


@pytest.fixture
def ec2(client: Client, aws: EmbeddedAws) -> Any:
    return client("ec2")


def state(ec2: Any, endpoint: str) -> str:
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"]


def test_an_accepted_endpoint_is_pending_before_it_is_available(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html#concepts-endpoint-states"""
    endpoint = aws.request_endpoint(vpc)
    assert state(ec2, endpoint) == "pendingAcceptance"
    aws.accept_endpoint(endpoint)
    assert [state(ec2, endpoint) for _ in range(3)] == ["pending", "available", "available"]


@pytest.mark.parametrize("wanted", STATES)
def test_every_state_shows_in_the_casing_of_the_wire(aws: EmbeddedAws, ec2: Any, vpc: Vpc, wanted: str) -> None:
    endpoint = aws.request_endpoint(vpc)
    aws.set_endpoint_state(endpoint, wanted)
    assert state(ec2, endpoint) == wanted


def test_queued_states_take_effect_after_logged_describes(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    endpoint = aws.request_endpoint(vpc)
    aws.set_endpoint_state(endpoint, "pending")
    aws.set_endpoint_state(endpoint, "rejected", after_describes=3)
    aws.set_endpoint_state(endpoint, "available", after_describes=2)
    aws.client("ec2").describe_vpc_endpoints()
    assert [state(ec2, endpoint) for _ in range(4)] == ["pending", "pending", "available", "rejected"]


def test_dns_entries_are_empty_until_available_then_regional_and_zonal(aws: EmbeddedAws, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames"""
    endpoint = aws.request_endpoint(vpc)
    for waiting in ("pendingAcceptance", "pending"):
        aws.set_endpoint_state(endpoint, waiting)
        assert aws.endpoint(endpoint)["DnsEntries"] == []
    aws.set_endpoint_state(endpoint, "available")
    entries = aws.endpoint(endpoint)["DnsEntries"]
    service = r"\.vpce-svc-0a1b2c3d4e5f60718\.us-east-1\.vpce\.amazonaws\.com"
    assert re.fullmatch(rf"{endpoint}-[0-9a-f]{{8}}{service}", entries[0]["DnsName"])
    for zone, entry in zip("abc", entries[1:], strict=True):
        assert re.fullmatch(rf"{endpoint}-[0-9a-f]{{8}}-us-east-1{zone}{service}", entry["DnsName"])
    assert {entry["HostedZoneId"] for entry in entries} == {"Z7HUB22UULQXV"}


def test_a_modified_endpoint_keeps_its_names_while_pending(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    endpoint = aws.request_endpoint(vpc, state="available")
    names = aws.endpoint(endpoint)["DnsEntries"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[vpc.subnet_ids[2]])
    shown = ec2.describe_vpc_endpoints()["VpcEndpoints"][0]
    assert (shown["State"], shown["DnsEntries"]) == ("pending", names[:3])
    assert state(ec2, endpoint) == "available"


def test_the_regional_entry_need_not_be_first(aws: EmbeddedAws, vpc: Vpc) -> None:
    names = aws.endpoint(aws.request_endpoint(vpc, state="available", dns_order="regional-last"))["DnsEntries"]
    shortest = min(names, key=lambda entry: len(entry["DnsName"]))
    assert names.index(shortest) == 3


def test_private_dns_adds_a_last_entry_in_another_zone(aws: EmbeddedAws, vpc: Vpc) -> None:
    endpoint = aws.request_endpoint(vpc, state="available", private_dns_name="platform.example.com")
    shown = aws.endpoint(endpoint)
    assert shown["PrivateDnsEnabled"] and shown["DnsEntries"][-1]["DnsName"] == "platform.example.com"
    assert shown["DnsEntries"][-1]["HostedZoneId"] != shown["DnsEntries"][0]["HostedZoneId"]
    pending = aws.request_endpoint(
        vpc, state="available", private_dns_name="x.org", private_dns_zone_id="ZONEIDPENDING"
    )
    assert aws.endpoint(pending)["DnsEntries"][-1] == {"DnsName": "x.org", "HostedZoneId": "ZONEIDPENDING"}


@pytest.mark.parametrize(("ip_type", "v4", "v6"), [("ipv4", 1, 0), ("dualstack", 1, 1), ("ipv6", 0, 1)])
def test_interface_addresses_lie_inside_the_subnets(
    aws: EmbeddedAws, ec2: Any, vpc: Vpc, ip_type: str, v4: int, v6: int
) -> None:
    shown = aws.endpoint(aws.request_endpoint(vpc, ip_type=ip_type))
    aws.request_endpoint(vpc, ip_type=ip_type)
    assert (shown["IpAddressType"], shown["DnsOptions"]["DnsRecordIpType"]) == (ip_type, ip_type)
    interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=shown["NetworkInterfaceIds"])["NetworkInterfaces"]
    subnets = {one["SubnetId"]: one for one in ec2.describe_subnets(SubnetIds=vpc.subnet_ids)["Subnets"]}
    assert {interface["SubnetId"] for interface in interfaces} == set(vpc.subnet_ids)
    for interface in interfaces:
        subnet = subnets[interface["SubnetId"]]
        assert len(interface["PrivateIpAddresses"]) == v4 and len(interface["Ipv6Addresses"]) == v6
        for address in interface["PrivateIpAddresses"]:
            assert ipaddress.ip_address(address["PrivateIpAddress"]) in ipaddress.ip_network(subnet["CidrBlock"])
        for address in interface["Ipv6Addresses"]:
            block = subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            assert ipaddress.ip_address(address["Ipv6Address"]) in ipaddress.ip_network(block)
    every = ec2.describe_network_interfaces()["NetworkInterfaces"]
    addresses = [a["PrivateIpAddress"] for one in every for a in one["PrivateIpAddresses"]]
    addresses += [a["Ipv6Address"] for one in every for a in one["Ipv6Addresses"]]
    assert len(addresses) == len(set(addresses)) == 6 * (v4 + v6)


def test_a_removed_endpoint_is_not_found(aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused) -> None:
    endpoint = aws.request_endpoint(vpc, state="available")
    aws.remove_endpoint(endpoint)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    code, message, status = refused(ec2.describe_vpc_endpoints, VpcEndpointIds=[endpoint])
    assert (code, status) == ("InvalidVpcEndpointId.NotFound", 400) and endpoint in message
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_filters_choose_endpoints(aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html"""
    other = aws.make_vpc("10.1.0.0/16")
    one = aws.request_endpoint(vpc, state="available")
    two = aws.request_endpoint(other, "com.amazonaws.us-east-1.sqs", ip_type="dualstack")
    ec2.create_tags(Resources=[two], Tags=[{"Key": "team", "Value": "data"}])

    def found(name: str, *values: str) -> list[str]:
        answer = ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": list(values)}])
        return [endpoint["VpcEndpointId"] for endpoint in answer["VpcEndpoints"]]

    assert found("vpc-endpoint-id", one) == [one]
    assert found("service-name", SERVICE_NAME) == [one]
    assert found("service-name", "com.amazonaws.us-east-1.*") == [two]
    assert found("vpc-id", other.id) == [two]
    assert found("vpc-id", vpc.id, other.id) == [one, two]
    assert found("vpc-endpoint-type", "Interface") == [one, two]
    assert found("vpc-endpoint-type", "Gateway") == []
    assert found("vpc-endpoint-state", "available") == [one]
    assert found("ip-address-type", "dualstack") == [two]
    assert found("tag:team", "data") == [two]
    assert found("tag-key", "team") == [two]
    code, _, _ = refused(ec2.describe_vpc_endpoints, Filters=[{"Name": "colour", "Values": ["red"]}])
    assert code == "InvalidParameterValue"


def test_endpoints_come_in_pages(aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused) -> None:
    made = [aws.request_endpoint(vpc) for _ in range(3)]
    first = ec2.describe_vpc_endpoints(MaxResults=2)
    rest = ec2.describe_vpc_endpoints(NextToken=first["NextToken"])
    listed = [endpoint["VpcEndpointId"] for endpoint in first["VpcEndpoints"] + rest["VpcEndpoints"]]
    assert listed == made and "NextToken" not in rest
    aws.page_size = 1
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1
    assert refused(ec2.describe_vpc_endpoints, NextToken="never-handed-out")[0] == "InvalidNextToken"


def test_an_endpoint_made_by_the_api_waits_for_acceptance_without_private_dns(
    ec2: Any, vpc: Vpc, refused: Refused
) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html"""
    wanted = {"VpcId": vpc.id, "ServiceName": SERVICE_NAME, "VpcEndpointType": "Interface", "SubnetIds": vpc.subnet_ids}
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "tdp"}]}]
    made = ec2.create_vpc_endpoint(**wanted, TagSpecifications=tags)["VpcEndpoint"]
    assert (made["State"], made["PrivateDnsEnabled"], made["DnsEntries"]) == ("pendingAcceptance", False, [])
    assert made["Tags"] == [{"Key": "Name", "Value": "tdp"}] and len(made["NetworkInterfaceIds"]) == 3
    assert made["Groups"][0]["GroupName"] == "default"
    assert refused(ec2.create_vpc_endpoint, **wanted, PrivateDnsEnabled=True)[0] == "InvalidParameter"
    assert refused(ec2.create_vpc_endpoint, **wanted | {"VpcId": "vpc-0404"})[0] == "InvalidVpcID.NotFound"


def test_an_endpoint_to_aws_itself_has_private_dns_and_becomes_available(ec2: Any, vpc: Vpc) -> None:
    wanted = {"VpcId": vpc.id, "ServiceName": "com.amazonaws.us-east-1.ecr.api", "VpcEndpointType": "Interface"}
    made = ec2.create_vpc_endpoint(**wanted, SubnetIds=vpc.subnet_ids[:1])["VpcEndpoint"]["VpcEndpointId"]
    assert state(ec2, made) == "pending"
    shown = ec2.describe_vpc_endpoints()["VpcEndpoints"][0]
    assert shown["State"] == "available" and shown["PrivateDnsEnabled"]
    assert shown["DnsEntries"][0]["DnsName"].endswith(".api.ecr.us-east-1.vpce.amazonaws.com")
    assert shown["DnsEntries"][-1]["DnsName"] == "api.ecr.us-east-1.amazonaws.com"


def test_private_dns_cannot_be_enabled_over_a_zone_of_the_same_name(
    aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused
) -> None:
    endpoint = aws.request_endpoint(vpc, state="available", private_dns_name="platform.example.com")
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)
    assert len(aws.endpoint(endpoint)["DnsEntries"]) == 4
    aws.make_zone("platform.example.com", vpc)
    code, message, _ = refused(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, PrivateDnsEnabled=True)
    assert code == "InvalidParameter" and "conflicting DNS domain for platform.example.com" in message


def test_a_subnet_that_the_endpoint_is_not_in_cannot_be_removed(
    aws: EmbeddedAws, ec2: Any, vpc: Vpc, refused: Refused
) -> None:
    endpoint = aws.request_endpoint(vpc, state="available")
    code, _, _ = refused(ec2.modify_vpc_endpoint, VpcEndpointId=endpoint, RemoveSubnetIds=["subnet-0404"])
    assert (code, aws.endpoint(endpoint)["State"]) == ("InvalidSubnetID.NotFound", "available")


def test_a_dry_run_changes_nothing(ec2: Any, vpc: Vpc, refused: Refused) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html"""
    wanted = {"VpcId": vpc.id, "ServiceName": SERVICE_NAME, "VpcEndpointType": "Interface", "DryRun": True}
    assert refused(ec2.create_vpc_endpoint, **wanted)[::2] == ("DryRunOperation", 412)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_deleting_says_which_endpoints_were_not_there(aws: EmbeddedAws, ec2: Any, vpc: Vpc) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpcEndpoints.html"""
    endpoint = aws.request_endpoint(vpc, state="available")
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-0123456789abcdef0"])
    assert [(one["ResourceId"], one["Error"]["Code"]) for one in answer["Unsuccessful"]] == [
        ("vpce-0123456789abcdef0", "InvalidVpcEndpoint.NotFound")
    ]
    assert (aws.endpoint(endpoint)["State"], aws.endpoint(endpoint)["DnsEntries"]) == ("deleted", [])
