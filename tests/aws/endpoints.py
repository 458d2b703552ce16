"""VPC endpoints as a consumer account sees them: states under test control, DNS entries, network interfaces.

States: https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html#concepts-endpoint-states
DNS names: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html#interface-endpoint-dns-hostnames
"""

import ipaddress
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from tests.aws import names
from tests.aws.aws_services import has_wildcard_names
from tests.aws.errors import AwsError
from tests.aws.partitions import endpoint_zone, service_domain

PRIVATE_DNS_ZONE = "Z0948372HIDDENZONE01"
GONE = ("deleting", "deleted")
NAMED = re.compile(r"(?:^|\.)(vpce-[0-9a-f]+)-")


@dataclass
class Endpoint:
    """One endpoint. `zones` are the names of its subnets' Availability Zones, one per subnet."""

    id: str
    vpc_id: str
    service_name: str
    region: str
    state: str
    kind: str = "Interface"
    ip_type: str = "ipv4"
    record_ip_type: str = "ipv4"
    subnet_ids: list[str] = field(default_factory=list)
    zones: list[str] = field(default_factory=list)
    interfaces: list[NetworkInterface] = field(default_factory=list)
    groups: list[dict[str, str]] = field(default_factory=list)
    route_table_ids: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None
    # What private DNS answers for once it is on.
    private_names: tuple[str, ...] = ()
    private_dns_zone: str = PRIVATE_DNS_ZONE
    private_dns_enabled: bool = False
    regional_last: bool = False
    was_available: bool = False
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    created: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    coming: list[list[Any]] = field(default_factory=list)

    @property
    def hosted_zone_id(self) -> str:
        return endpoint_zone(self.region)

    @property
    def regional_name(self) -> str:
        return self._name(self.token)

    def zonal_name(self, zone: str) -> str:
        return self._name(f"{self.token}-{zone}")

    def _name(self, suffix: str) -> str:
        star = "*." if has_wildcard_names(self.service_name) else ""
        return f"{star}{self.id}-{suffix}.{service_domain(self.service_name, self.region)}"

    def enter(self, state: str) -> None:
        self.state = state
        self.was_available = self.was_available or state == "available"

    def tick(self) -> None:
        """One DescribeVpcEndpoints call was answered: let what is due come into effect, in the order queued."""
        for item in self.coming:
            item[0] -= 1
        for _, state in [item for item in self.coming if item[0] <= 0]:
            self.enter(state)
        self.coming = [item for item in self.coming if item[0] > 0]

    def dns_entries(self) -> list[dict[str, str]]:
        """Regional, zonal, private; nothing before the endpoint was available, nor once it is going."""
        if not self.was_available or self.state in GONE or self.kind != "Interface":
            return []
        entries = [self.regional_name, *map(self.zonal_name, self.zones)]
        if self.regional_last:
            entries = [*entries[1:], entries[0]]
        shown = [{"DnsName": name, "HostedZoneId": self.hosted_zone_id} for name in entries]
        private = self.private_names if self.private_dns_enabled else ()
        return shown + [{"DnsName": name, "HostedZoneId": self.private_dns_zone} for name in private]

    def record_types(self) -> set[str]:
        """The record types that the endpoint's names serve."""
        return {"ipv4": {"A"}, "ipv6": {"AAAA"}}.get(self.record_ip_type, {"A", "AAAA"})

    def addresses(self, zone: str | None = None) -> list[str]:
        """The interfaces' addresses behind the regional name, or behind one zonal name."""
        found = []
        for az, interface in zip(self.zones, self.interfaces, strict=True):
            if zone in (None, az):
                found += [interface.private_ip_address] if "A" in self.record_types() else []
                found += interface.ipv6_addresses if "AAAA" in self.record_types() else []
        return [address for address in found if address]

    def names(self) -> dict[str, list[str]]:
        """The endpoint's public names, canonical, with the addresses behind each."""
        if not self.dns_entries():
            return {}
        zonal = {names.canonical(self.zonal_name(zone)): self.addresses(zone) for zone in self.zones}
        return {names.canonical(self.regional_name): self.addresses()} | zonal


class Endpoints:
    """All endpoints of the account, oldest first, with network interfaces kept in moto's EC2."""

    def __init__(self, ec2: EC2Backend) -> None:
        self._ec2 = ec2
        self._all: dict[str, Endpoint] = {}
        self._in_vpc: dict[str, list[Endpoint]] = {}

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(list(self._all.values()))

    def find(self, endpoint_id: str) -> Endpoint:
        if endpoint_id not in self._all:
            message = f"The Vpc Endpoint Id '{endpoint_id}' does not exist"
            raise AwsError("InvalidVpcEndpointId.NotFound", message)
        return self._all[endpoint_id]

    def has(self, endpoint_id: str) -> bool:
        return endpoint_id in self._all

    def add(self, endpoint: Endpoint, subnet_ids: list[str]) -> Endpoint:
        self._all[endpoint.id] = endpoint
        self._in_vpc.setdefault(endpoint.vpc_id, []).append(endpoint)
        for subnet_id in subnet_ids:
            self.add_subnet(endpoint, subnet_id)
        return endpoint

    def add_subnet(self, endpoint: Endpoint, subnet_id: str) -> None:
        """Put a network interface with addresses of the subnet into it."""
        subnet = self._ec2.get_subnet(subnet_id)
        v6 = [str(association["ipv6CidrBlock"]) for association in subnet.ipv6_cidr_block_associations.values()]
        interface = self._ec2.create_network_interface(
            subnet,
            self._free_address(subnet.cidr_block),
            group_ids=[group["GroupId"] for group in endpoint.groups],
            description=f"VPC Endpoint Interface {endpoint.id}",
            ipv6_addresses=[self._free_address(v6[0])] if v6 and endpoint.ip_type != "ipv4" else [],
        )
        interface.interface_type = "vpc_endpoint"
        interface.requester_managed = True
        interface.status = "in-use"
        if endpoint.ip_type == "ipv6":
            interface.private_ip_address = None
            interface.private_ip_addresses = []
        endpoint.subnet_ids.append(subnet_id)
        endpoint.zones.append(subnet.availability_zone)
        endpoint.interfaces.append(interface)

    def drop_subnet(self, endpoint: Endpoint, subnet_id: str) -> None:
        if subnet_id not in endpoint.subnet_ids:
            raise AwsError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
        index = endpoint.subnet_ids.index(subnet_id)
        self._ec2.enis.pop(endpoint.interfaces[index].id, None)
        for items in (endpoint.subnet_ids, endpoint.zones, endpoint.interfaces):
            del items[index]

    def delete(self, endpoint: Endpoint) -> None:
        """Deleted: still listed for a while, its interfaces gone."""
        for subnet_id in list(endpoint.subnet_ids):
            self.drop_subnet(endpoint, subnet_id)
        endpoint.coming.clear()
        endpoint.enter("deleted")

    def forget(self, endpoint_id: str) -> None:
        endpoint = self.find(endpoint_id)
        self.delete(endpoint)
        del self._all[endpoint_id]
        self._in_vpc[endpoint.vpc_id].remove(endpoint)

    def tick(self) -> None:
        for endpoint in self:
            endpoint.tick()

    def addresses_of(self, name: str) -> list[str] | None:
        """What public DNS has for a canonical name of an endpoint, wildcards followed; None for no such name."""
        endpoint = self._named_in(name)
        known = endpoint.names() if endpoint else {}
        answering = names.owner(known, name)
        return None if answering is None else known.get(answering, [])

    def served(self, name: str) -> tuple[str, set[str]] | None:
        """Hosted zone id and record types of a canonical endpoint name, for alias targets: a name as it is listed."""
        endpoint = self._named_in(name)
        return (endpoint.hosted_zone_id, endpoint.record_types()) if endpoint and name in endpoint.names() else None

    def _named_in(self, name: str) -> Endpoint | None:
        """The endpoint whose id is in a name, so that no call has to look at all of them."""
        found = NAMED.search(name)
        return self._all.get(found[1]) if found else None

    def hidden_zones(self, vpc_id: str) -> dict[str, dict[str, list[str]]]:
        """The hidden hosted zones that private DNS has in a VPC, by name, with the addresses behind each record."""
        hidden: dict[str, dict[str, list[str]]] = {}
        for endpoint in self._in_vpc.get(vpc_id, []):
            if endpoint.private_dns_enabled and endpoint.dns_entries():
                for host in endpoint.private_names:
                    records = hidden.setdefault(names.hidden_zone(host), {})
                    records[names.canonical(host)] = endpoint.addresses()
        return hidden

    def _free_address(self, block: str) -> str:
        """The first address that no interface has; the first ones of a subnet belong to AWS."""
        network = ipaddress.ip_network(block)
        taken = {interface.private_ip_address for interface in self._ec2.enis.values()}
        taken.update(address for interface in self._ec2.enis.values() for address in interface.ipv6_addresses)
        return next(str(network[n]) for n in range(10, network.num_addresses - 1) if str(network[n]) not in taken)
