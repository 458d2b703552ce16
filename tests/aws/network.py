"""The EC2 reads on a VPC and what is in it, in pages, and what moto leaves out of a new VPC.

moto gives each of these lists whole, names several unknown ids at once, and shows states of subnets' IPv6 blocks
as Python would print them. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.dhcp_options import DHCPOptionsSet
from moto.ec2.models.network_acls import NetworkAcl
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPC

from tests.aws import filters
from tests.aws.errors import AwsError
from tests.aws.pages import Paging

Params = dict[str, Any]
Result = dict[str, Any]

PAGING = Paging("InvalidParameterValue", "InvalidNextToken", most=1000, least=5)
ENTRIES = Paging("InvalidParameterValue", "InvalidNextToken", most=100)
GROUP_ID = re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")
V4, V6 = "0.0.0.0/0", "::/0"


class Network:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, ec2: EC2Backend) -> None:
        self.page_size: int | None = None
        self._ec2 = ec2
        # Accounts that share a VPC's subnets with this one, by VPC.
        self.owners: dict[str, str] = {}

    def describe_vpcs(self, params: Params, set_up: bool) -> Result:
        ids = params.get("VpcIds", [])
        _refuse_unknown(ids, self._ec2.vpcs, "InvalidVpcID.NotFound", "The vpc ID '{}' does not exist")
        found = self._ec2.describe_vpcs(vpc_ids=ids, filters=_filters(params))
        shown = [_Owned(vpc, self.owners[vpc.id]) if vpc.id in self.owners else vpc for vpc in found]
        return self._page("Vpcs", shown, ids, params, set_up)

    def describe_subnets(self, params: Params, set_up: bool) -> Result:
        ids = params.get("SubnetIds", [])
        known = {subnet for zone in self._ec2.subnets.values() for subnet in zone}
        _refuse_unknown(ids, known, "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist")
        found = self._ec2.describe_subnets(ids, _filters(params))
        result = self._page("Subnets", found, ids, params, set_up)
        return result | {"Subnets": [_subnet(subnet) for subnet in result["Subnets"]]}

    def describe_network_acls(self, params: Params, set_up: bool) -> Result:
        ids = params.get("NetworkAclIds", [])
        message = "The networkAcl ID '{}' does not exist"
        _refuse_unknown(ids, self._ec2.network_acls, "InvalidNetworkAclID.NotFound", message)
        found = self._ec2.describe_network_acls(ids, _filters(params))
        return self._page("NetworkAcls", found, ids, params, set_up)

    def describe_security_groups(self, params: Params, set_up: bool) -> Result:
        ids = params.get("GroupIds", [])
        for group_id in ids:
            if not GROUP_ID.fullmatch(group_id):
                raise AwsError("InvalidGroupId.Malformed", f'Invalid id: "{group_id}"')
        known = {group for groups in self._ec2.groups.values() for group in groups}
        _refuse_unknown(ids, known, "InvalidGroup.NotFound", "The security group '{}' does not exist")
        found = self._ec2.describe_security_groups(ids, params.get("GroupNames", []), _filters(params))
        return self._page("SecurityGroups", found, ids, params, set_up)

    def get_managed_prefix_list_entries(self, params: Params, set_up: bool) -> Result:
        """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetManagedPrefixListEntries.html"""
        list_id = params["PrefixListId"]
        message = "The prefix list ID '{}' does not exist"
        _refuse_unknown([list_id], self._ec2.managed_prefix_lists, "InvalidPrefixListID.NotFound", message)
        versions = self._ec2.managed_prefix_lists[list_id].entries
        latest = max(versions, default=0)
        entries = versions.get(params.get("TargetVersion", latest), [])
        page, following = ENTRIES.cut(entries, params, None if set_up else self.page_size)
        return {"Entries": page, **following}

    def _page(self, key: str, found: Sequence[Any], ids: list[str], params: Params, set_up: bool) -> Result:
        """Named ones come at once, and with them no size is allowed."""
        if ids:
            if "MaxResults" in params:
                message = "The parameter maxResults cannot be used with a list of IDs."
                raise AwsError("InvalidParameterCombination", message)
            return {key: list(found)}
        page, following = PAGING.cut(found, params, None if set_up else self.page_size)
        return {key: page, **following}


class _Owned:
    """A VPC as moto has it, but another account's."""

    def __init__(self, vpc: VPC, owner: str) -> None:
        self._vpc = vpc
        self.owner_id = owner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vpc, name)


def _filters(params: Params) -> dict[str, list[str]]:
    return {wanted["Name"]: wanted.get("Values", []) for wanted in filters.chosen(params)}


def _refuse_unknown(ids: Iterable[str], known: Iterable[str], code: str, message: str) -> None:
    held = set(known)
    for one in ids:
        if one not in held:
            raise AwsError(code, message.format(one))


def _subnet(subnet: Subnet) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Subnet.html"""
    blocks = [
        {
            "AssociationId": block["associationId"],
            "Ipv6CidrBlock": block["ipv6CidrBlock"],
            "Ipv6CidrBlockState": {"State": block["ipv6CidrBlockState"]["State"]},
        }
        for block in subnet.ipv6_cidr_block_associations.values()
    ]
    shown = {
        "SubnetId": subnet.id,
        "SubnetArn": subnet.arn,
        "VpcId": subnet.vpc_id,
        "OwnerId": subnet.owner_id,
        "State": subnet.state,
        "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": subnet.availability_zone_id,
        "AvailableIpAddressCount": 0 if subnet.ipv6_native else subnet.available_ip_address_count,
        "DefaultForAz": subnet.default_for_az,
        "MapPublicIpOnLaunch": subnet.map_public_ip_on_launch,
        "AssignIpv6AddressOnCreation": subnet.assign_ipv6_address_on_creation,
        "Ipv6Native": subnet.ipv6_native,
        "Ipv6CidrBlockAssociationSet": blocks,
        "EnableDns64": False,
        "PrivateDnsNameOptionsOnLaunch": subnet.private_dns_name_options_on_launch,
        "Tags": [{"Key": tag["key"], "Value": tag["value"]} for tag in subnet.get_tags()],
    }
    return shown | ({"CidrBlock": subnet.cidr_block} if subnet.cidr_block else {})


def complete(ec2: EC2Backend) -> None:
    """Give every VPC, old and new, what AWS gives it and moto does not.

    The account's default DHCP options: https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html
    The rules of network ACLs for IPv6, and those that end in `*`:
    https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html
    A default security group that admits itself:
    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    domain = "ec2.internal" if ec2.region_name == "us-east-1" else f"{ec2.region_name}.compute.internal"
    options = ec2.create_dhcp_options(domain_name_servers=["AmazonProvidedDNS"], domain_name=[domain])
    for vpc in ec2.vpcs.values():
        _furnish(ec2, vpc, options)
    ec2.create_vpc = _then(ec2.create_vpc, lambda vpc: _furnish(ec2, vpc, options))  # type: ignore[method-assign]
    ec2.create_network_acl = _then(  # type: ignore[method-assign]
        ec2.create_network_acl, lambda acl: _fill(ec2, acl)
    )
    associate = ec2.associate_vpc_cidr_block

    def associated(vpc_id: str, *args: Any, **named: Any) -> Any:
        done = associate(vpc_id, *args, **named)
        for acl in ec2.network_acls.values():
            if acl.vpc_id == vpc_id:
                _fill(ec2, acl)
        return done

    ec2.associate_vpc_cidr_block = associated  # type: ignore[method-assign]


def _then(make: Callable[..., Any], afterwards: Callable[[Any], None]) -> Callable[..., Any]:
    def made(*args: Any, **named: Any) -> Any:
        item = make(*args, **named)
        afterwards(item)
        return item

    return made


def _furnish(ec2: EC2Backend, vpc: VPC, options: DHCPOptionsSet) -> None:
    vpc.dhcp_options = options  # type: ignore[assignment]
    group = ec2.get_default_security_group(vpc.id)
    if group and not group.ingress_rules:
        itself = {"GroupId": group.id, "UserId": vpc.owner_id}
        rule = SecurityGroupRule(ec2, "-1", group.id, None, None, None, source_group=itself, is_egress=False)
        group.ingress_rules.append(rule)


def _fill(ec2: EC2Backend, acl: NetworkAcl) -> None:
    """The rules that an ACL has to begin with; what it has already stays."""
    v6 = bool(ec2.get_vpc(acl.vpc_id).get_cidr_block_association_set(ipv6=True))
    wanted = [(32767, "deny", V4), *([(32768, "deny", V6)] if v6 else [])]
    wanted += [(101, "allow", V6)] if v6 and acl.default else []
    held = {(entry.rule_number, entry.egress) for entry in acl.network_acl_entries}
    for number, action, block in wanted:
        for egress in (True, False):
            if (number, egress) not in held:
                v4_block, v6_block = (block, None) if block == V4 else (None, block)
                ec2.create_network_acl_entry(
                    acl.id, number, "-1", action, egress, v4_block, None, None, None, None, v6_block
                )
    acl.network_acl_entries.sort(key=lambda entry: (not entry.egress, entry.rule_number))
