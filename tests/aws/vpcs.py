"""The VPCs and endpoints that a test arranges."""

import ipaddress
from datetime import datetime
from typing import Any

from moto.ec2.models import ec2_backends

from tests.aws.accounts import OTHER_ACCOUNT
from tests.aws.aws_services import private_names
from tests.aws.clients import Clients
from tests.aws.ec2 import VpcEndpoints, new_id
from tests.aws.endpoints import PRIVATE_DNS_ZONE, Endpoint
from tests.aws.partitions import partition, service_name
from tests.aws.vpc import Vpc


class Vpcs(Clients):
    """The part of the world that EC2 keeps."""

    _endpoints: VpcEndpoints

    def make_vpc(self, cidr: str = "10.0.0.0/16", azs: int = 3, *, region: str | None = None) -> Vpc:
        """A VPC of this account, in its Region unless another is named; at most one subnet for each of its zones."""
        return self._make_vpc(cidr, azs, region or self.region, self.account)

    def make_foreign_vpc(
        self, account: str = OTHER_ACCOUNT, region: str | None = None, cidr: str = "10.0.0.0/16", azs: int = 3
    ) -> Vpc:
        """A VPC of another account, as whom `client("route53", account=…)` calls."""
        return self._make_vpc(cidr, azs, region or self.region, account)

    def _make_vpc(self, cidr: str, azs: int, region: str, account: str) -> Vpc:
        """Straight in moto: over HTTP, a VPC takes a tenth of a second."""
        if partition(region) != partition(self.region):
            raise ValueError(f"an account is in one partition: {region} is not in that of {self.region}")
        v4 = ipaddress.IPv4Network(cidr)
        with self.lock:
            ec2 = ec2_backends[account][region]
            vpc = ec2.create_vpc(
                cidr, amazon_provided_ipv6_cidr_block=True, ipv6_cidr_block_network_border_group=region
            )
            vpc.enable_dns_support = vpc.enable_dns_hostnames = True
            v6 = ipaddress.IPv6Network(vpc.get_cidr_block_association_set(ipv6=True)[0]["cidr_block"])
            zones = ec2.describe_availability_zones()[:azs]
            blocks = zip(v4.subnets(new_prefix=min(v4.prefixlen + 8, 28)), v6.subnets(new_prefix=64), strict=False)
            subnets = [
                ec2.create_subnet(vpc.id, str(block4), str(block6), availability_zone=zone.name)
                for zone, (block4, block6) in zip(zones, blocks, strict=False)
            ]
        return Vpc(vpc.id, cidr, [subnet.id for subnet in subnets], region, account)

    def request_endpoint(
        self,
        vpc: Vpc,
        service: str | None = None,
        *,
        kind: str = "Interface",
        ip_type: str = "ipv4",
        state: str = "pendingAcceptance",
        private_dns: bool | None = None,
        private_dns_name: str | None = None,
        private_dns_zone_id: str = PRIVATE_DNS_ZONE,
        more_private_dns: tuple[str, ...] = (),
        dns_order: str = "regional-first",
        created: datetime | None = None,
    ) -> str:
        """An endpoint in every subnet of the VPC, as its creator left it; returns its id.

        `service` is a whole service name, TDP's unless said. AWS's own services know the names for private DNS; a
        partner's has `private_dns_name` and more. `private_dns` turns it on or leaves it off; without it, it is on
        where a name is given. A gateway has neither names nor network interfaces.
        """
        service = service or service_name(self.region)
        given = (private_dns_name, *more_private_dns) if private_dns_name else ()
        endpoint = Endpoint(
            id=new_id(),
            vpc_id=vpc.id,
            service_name=service,
            region=self.region,
            state=state,
            kind=kind,
            ip_type=ip_type,
            record_ip_type=ip_type,
            private_names=given or private_names(service, self.region),
            private_dns_zone=private_dns_zone_id,
            private_dns_enabled=bool(given) and private_dns is None,
            regional_last=dns_order == "regional-last",
        )
        if created is not None:
            endpoint.created = created.replace(microsecond=0)
        with self.lock:
            if private_dns:
                self._endpoints.enable_private_dns(endpoint)
            if kind == "Interface":
                endpoint.groups = self._endpoints.groups(vpc.id, [])
            self._endpoints.endpoints.add(endpoint, vpc.subnet_ids if kind == "Interface" else [])
            self.set_endpoint_state(endpoint.id, state)
        return endpoint.id

    def set_endpoint_state(self, endpoint_id: str, state: str, *, after_describes: int = 0) -> None:
        """Put an endpoint into a state, now or once that many more logged DescribeVpcEndpoints were answered."""
        with self.lock:
            endpoint = self._endpoints.endpoints.find(endpoint_id)
            if after_describes:
                endpoint.coming.append([after_describes, state])
            else:
                endpoint.enter(state)

    def set_private_dns(self, endpoint_id: str, on: bool) -> None:
        """Private DNS of an endpoint on or off, without the moment for which ModifyVpcEndpoint makes it pending.

        AWS's refusal (a zone of that name on the VPC, or no name to turn on) is raised.
        """
        with self.lock:
            endpoint = self._endpoints.endpoints.find(endpoint_id)
            if not on:
                endpoint.private_dns_enabled = False
            elif not endpoint.private_dns_enabled:
                self._endpoints.enable_private_dns(endpoint)

    def hide_dns_entries(self, endpoint_id: str) -> None:
        """EC2 lists no DNS names for the endpoint, whatever its state, until it enters one again."""
        with self.lock:
            self._endpoints.endpoints.find(endpoint_id).was_available = False

    def accept_endpoint(self, endpoint_id: str) -> None:
        """The provider accepts: pending for one more DescribeVpcEndpoints, then available."""
        with self.lock:
            self.set_endpoint_state(endpoint_id, "pending")
            self.set_endpoint_state(endpoint_id, "available", after_describes=1)

    def remove_endpoint(self, endpoint_id: str) -> None:
        """Deleted long ago: not listed any more."""
        with self.lock:
            self._endpoints.endpoints.forget(endpoint_id)

    def endpoint(self, endpoint_id: str) -> dict[str, Any]:
        """The endpoint as DescribeVpcEndpoints would answer now."""
        with self.lock:
            return self._endpoints.shown(self._endpoints.endpoints.find(endpoint_id))
