"""The EC2 operations on VPC endpoints, which moto answers with `available` and invented names.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html and its neighbours
"""

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from tests.aws import filters, names, pages
from tests.aws.aws_services import private_names
from tests.aws.endpoints import Endpoint, Endpoints
from tests.aws.errors import AwsError
from tests.aws.partitions import is_partner_service

Params = dict[str, Any]
Result = dict[str, Any]

MAX_ENDPOINTS = 1000
INTERFACES = pages.Paging("InvalidParameterValue", "InvalidNextToken", most=1000, least=5)
ID = re.compile(r"vpce-[0-9a-f]{8,17}")
FILTERS: dict[str, Callable[[Endpoint], str]] = {
    "vpc-endpoint-id": lambda endpoint: endpoint.id,
    "service-name": lambda endpoint: endpoint.service_name,
    "service-region": lambda endpoint: endpoint.region,
    "vpc-id": lambda endpoint: endpoint.vpc_id,
    "vpc-endpoint-type": lambda endpoint: endpoint.kind,
    "vpc-endpoint-state": lambda endpoint: endpoint.state,
    "ip-address-type": lambda endpoint: endpoint.ip_type,
}
INTERFACE_FILTERS: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "network-interface-id": lambda shown: [shown["NetworkInterfaceId"]],
    "vpc-id": lambda shown: [shown["VpcId"]],
    "subnet-id": lambda shown: [shown["SubnetId"]],
    "availability-zone": lambda shown: [shown["AvailabilityZone"]],
    "description": lambda shown: [shown["Description"]],
    "interface-type": lambda shown: [shown["InterfaceType"]],
    "status": lambda shown: [shown["Status"]],
    "group-id": lambda shown: [group["GroupId"] for group in shown["Groups"]],
}


class VpcEndpoints:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(self, account: str, region: str, ec2: EC2Backend, zone_on: Callable[[str, str], bool]) -> None:
        self.endpoints = Endpoints(ec2)
        self.page_size: int | None = None
        self._account = account
        self._region = region
        self._ec2 = ec2
        self._zone_on = zone_on

    def describe_vpc_endpoints(self, params: Params, set_up: bool) -> Result:
        found = list(self.endpoints)
        if ids := params.get("VpcEndpointIds"):
            for endpoint_id in ids:
                if not ID.fullmatch(endpoint_id):
                    raise AwsError("InvalidVpcEndpointId.Malformed", f"Invalid Vpc Endpoint Id: '{endpoint_id}'")
            found = [self.endpoints.find(endpoint_id) for endpoint_id in ids]
        for wanted in filters.chosen(params):
            values, fit = _values_for(wanted["Name"]), filters.fits(wanted.get("Values", []))
            found = [endpoint for endpoint in found if fit(values(endpoint))]
        if token := params.get("NextToken"):
            first = pages.position(token, "InvalidNextToken")
            at = next((index for index, endpoint in enumerate(found) if endpoint.id == first), len(found))
            found = found[at:]
        at_most = pages.size(params.get("MaxResults"), MAX_ENDPOINTS, None if set_up else self.page_size)
        page, following = pages.cut(found, at_most)
        result: Result = {"VpcEndpoints": [self.shown(endpoint) for endpoint in page]}
        if following:
            result["NextToken"] = pages.token(following.id)
        if not set_up:
            self.endpoints.tick()
        return result

    def create_vpc_endpoint(self, params: Params, set_up: bool) -> Result:
        self._ec2.get_vpc(params["VpcId"])
        service, kind = params["ServiceName"], params.get("VpcEndpointType", "Gateway")
        partner = is_partner_service(service)
        ip_type = params.get("IpAddressType", "ipv4")
        hosts = private_names(service, self._region) if kind == "Interface" else ()
        tags = [tag for spec in params.get("TagSpecifications", []) for tag in spec.get("Tags", [])]
        endpoint = Endpoint(
            id=new_id(),
            vpc_id=params["VpcId"],
            service_name=service,
            region=self._region,
            state="pendingAcceptance" if partner else "pending",
            kind=kind,
            ip_type=ip_type,
            record_ip_type=params.get("DnsOptions", {}).get("DnsRecordIpType", ip_type),
            groups=self.groups(params["VpcId"], params.get("SecurityGroupIds", [])) if kind == "Interface" else [],
            route_table_ids=params.get("RouteTableIds", []),
            tags={tag["Key"]: tag["Value"] for tag in tags},
            policy=params.get("PolicyDocument"),
            private_names=hosts,
        )
        if kind == "Interface" and params.get("PrivateDnsEnabled", bool(hosts)):
            self.enable_private_dns(endpoint)
        if not partner:
            endpoint.coming.append([1, "available"])
        self.endpoints.add(endpoint, params.get("SubnetIds", []))
        return {"VpcEndpoint": self.shown(endpoint)}

    def modify_vpc_endpoint(self, params: Params, set_up: bool) -> Result:
        """A modified endpoint is pending for a moment, and keeps its names."""
        endpoint = self.endpoints.find(params["VpcEndpointId"])
        if params.get("PrivateDnsEnabled") and not endpoint.private_dns_enabled:
            self.enable_private_dns(endpoint)
        if params.get("PrivateDnsEnabled") is False:
            endpoint.private_dns_enabled = False
        for subnet_id in params.get("RemoveSubnetIds", []):
            self.endpoints.drop_subnet(endpoint, subnet_id)
        for subnet_id in params.get("AddSubnetIds", []):
            self.endpoints.add_subnet(endpoint, subnet_id)
        dropped = params.get("RemoveSecurityGroupIds", [])
        endpoint.groups = [group for group in endpoint.groups if group["GroupId"] not in dropped]
        if added := params.get("AddSecurityGroupIds"):
            endpoint.groups += self.groups(endpoint.vpc_id, added)
        endpoint.ip_type = params.get("IpAddressType", endpoint.ip_type)
        endpoint.record_ip_type = params.get("DnsOptions", {}).get("DnsRecordIpType", endpoint.record_ip_type)
        endpoint.policy = params.get("PolicyDocument", endpoint.policy)
        if endpoint.state == "available":
            endpoint.enter("pending")
            endpoint.coming.append([1, "available"])
        return {"Return": True}

    def delete_vpc_endpoints(self, params: Params, set_up: bool) -> Result:
        failed = []
        for endpoint_id in params["VpcEndpointIds"]:
            if self.endpoints.has(endpoint_id):
                self.endpoints.delete(self.endpoints.find(endpoint_id))
                continue
            message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            error = {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}
            failed.append({"ResourceId": endpoint_id, "Error": error})
        return {"Unsuccessful": failed}

    def describe_network_interfaces(self, params: Params, set_up: bool) -> Result:
        """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html"""
        known = self._ec2.enis
        ids = params.get("NetworkInterfaceIds")
        if missing := [one for one in ids or [] if one not in known]:
            message = f"The networkInterface ID '{missing[0]}' does not exist"
            raise AwsError("InvalidNetworkInterfaceID.NotFound", message)
        found = [_interface(known[one]) for one in ids or list(known)]
        for wanted in filters.chosen(params):
            if wanted["Name"] not in INTERFACE_FILTERS:
                raise filters.unknown(wanted["Name"])
            values, fit = INTERFACE_FILTERS[wanted["Name"]], filters.fits(wanted.get("Values", []))
            found = [shown for shown in found if fit(values(shown))]
        if ids:
            return {"NetworkInterfaces": found}
        page, following = INTERFACES.cut(found, params, None if set_up else self.page_size)
        return {"NetworkInterfaces": page, **following}

    def create_tags(self, params: Params, set_up: bool) -> Result:
        for endpoint_id in params["Resources"]:
            self.endpoints.find(endpoint_id).tags.update({tag["Key"]: tag["Value"] for tag in params["Tags"]})
        return {}

    def delete_tags(self, params: Params, set_up: bool) -> Result:
        for endpoint_id in params["Resources"]:
            tags = self.endpoints.find(endpoint_id).tags
            for key in [tag["Key"] for tag in params["Tags"]] if "Tags" in params else list(tags):
                tags.pop(key, None)
        return {}

    def groups(self, vpc_id: str, group_ids: list[str]) -> list[dict[str, str]]:
        """The named security groups, or the VPC's default one."""
        groups = [self._ec2.get_security_group_from_id(group_id) for group_id in group_ids]
        groups = groups or [self._ec2.get_default_security_group(vpc_id)]
        return [{"GroupId": group.id, "GroupName": group.name} for group in groups if group]

    def shown(self, endpoint: Endpoint) -> dict[str, Any]:
        """The endpoint as DescribeVpcEndpoints shows it; states in the casing of the wire."""
        shown: dict[str, Any] = {
            "VpcEndpointId": endpoint.id,
            "VpcEndpointType": endpoint.kind,
            "VpcId": endpoint.vpc_id,
            "ServiceName": endpoint.service_name,
            "ServiceRegion": endpoint.region,
            "State": endpoint.state,
            "RouteTableIds": endpoint.route_table_ids,
            "SubnetIds": list(endpoint.subnet_ids),
            "Groups": endpoint.groups,
            "IpAddressType": endpoint.ip_type,
            "DnsOptions": {"DnsRecordIpType": endpoint.record_ip_type},
            "PrivateDnsEnabled": endpoint.private_dns_enabled,
            "RequesterManaged": False,
            "NetworkInterfaceIds": [interface.id for interface in endpoint.interfaces],
            "DnsEntries": endpoint.dns_entries(),
            "CreationTimestamp": endpoint.created,
            "Tags": [{"Key": key, "Value": value} for key, value in endpoint.tags.items()],
            "OwnerId": self._account,
        }
        if endpoint.policy:
            shown["PolicyDocument"] = endpoint.policy
        if endpoint.state == "failed":
            shown["LastError"] = {"Code": "InternalError", "Message": "The endpoint could not be made available."}
        return shown

    def enable_private_dns(self, endpoint: Endpoint) -> None:
        """Private DNS on, or the refusal where a hosted zone, hidden or not, has one of its names in the VPC.

        https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
        """
        if not endpoint.private_names:
            raise _no_private_name(endpoint.service_name)
        hidden = self.endpoints.hidden_zones(endpoint.vpc_id)
        for host in endpoint.private_names:
            zone = names.hidden_zone(host)
            if zone in hidden or self._zone_on(endpoint.vpc_id, zone):
                message = (
                    "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                    f"{host} in the VPC {endpoint.vpc_id}"
                )
                raise AwsError("InvalidParameter", message)
        endpoint.private_dns_enabled = True


def _interface(interface: NetworkInterface) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html"""
    subnet = interface.subnet
    shown = {
        "NetworkInterfaceId": interface.id,
        "SubnetId": subnet.id,
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "AvailabilityZoneId": subnet.availability_zone_id,
        "Description": interface.description,
        "InterfaceType": interface.interface_type or "interface",
        "RequesterManaged": interface.requester_managed,
        "Status": interface.status,
        "Groups": [{"GroupId": group.id, "GroupName": group.name} for group in interface.group_set],
        "Ipv6Addresses": [{"Ipv6Address": address} for address in interface.ipv6_addresses],
    }
    v4 = interface.private_ip_address
    private = [{"Primary": True, "PrivateIpAddress": v4}] if v4 else []
    return shown | {"PrivateIpAddresses": private} | ({"PrivateIpAddress": v4} if v4 else {})


def new_id() -> str:
    return f"vpce-0{secrets.token_hex(8)}"


def _no_private_name(service_name: str) -> AwsError:
    return AwsError(
        "InvalidParameter",
        f"Private DNS can't be enabled because the service {service_name} does not provide a private DNS name.",
    )


def _values_for(filter_name: str) -> Callable[[Endpoint], Iterable[str]]:
    """What an endpoint has for a filter."""
    if filter_name == "tag-key":
        return lambda endpoint: list(endpoint.tags)
    if filter_name.startswith("tag:"):
        key = filter_name.removeprefix("tag:")
        return lambda endpoint: [endpoint.tags[key]] if key in endpoint.tags else []
    if filter_name not in FILTERS:
        raise filters.unknown(filter_name)
    return lambda endpoint: [FILTERS[filter_name](endpoint)]
