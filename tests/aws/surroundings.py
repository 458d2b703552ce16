"""What a test arranges around a VPC: its network, the endpoint service, Resolver, profiles, quotas, mail."""

from collections.abc import Callable
from threading import RLock
from typing import Any

from moto.ec2.models import EC2Backend

from tests.aws.email import Email, Identity
from tests.aws.errors import AwsError
from tests.aws.firewall import Firewall, Rule
from tests.aws.gate import method_of
from tests.aws.network import Network, complete
from tests.aws.partitions import partition
from tests.aws.profiles import Profiles
from tests.aws.quotas import Quotas
from tests.aws.resolver import Resolver
from tests.aws.services import EndpointServices, Service
from tests.aws.vpc import Vpc

Method = Callable[[dict[str, Any], bool], dict[str, Any]]
TOKENS = ("gfkiqzzgyhqodxqsvcqbbhf2xlgohxqk", "hirjd4exampled5477y22yd23ettobi3", "v3rnz522czcl46quexamplek3efo5o6x")
# The part of an ARN that goes with an id's beginning.
RESOURCES = {
    "rslvr-rr-": "route53resolver:{place}:resolver-rule/",
    "rslvr-frg-": "route53resolver:{place}:firewall-rule-group/",
    "vpce-": "ec2:{place}:vpc-endpoint/",
    "Z": "route53:::hostedzone/",
}


class Surroundings:
    """The part of the world that the product only reads."""

    region: str
    account: str
    lock: RLock
    _ec2: EC2Backend

    def _surround(self) -> None:
        """Everything here as in a new account."""
        complete(self._ec2)
        self._network = Network(self._ec2)
        self._endpoint_services = EndpointServices(self.region, self._ec2)
        self._resolver = Resolver(self.region, self.account, lambda: list(self._ec2.vpcs))
        self._firewall = Firewall(self.region, self.account)
        self._profiles = Profiles()
        self._quotas = Quotas(self.region, self.account)
        self._email = Email()
        self.services: dict[str, tuple[object, ...]] = {
            "route53resolver": (self._resolver, self._firewall),
            "route53profiles": (self._profiles,),
            "service-quotas": (self._quotas,),
            "sesv2": (self._email,),
        }

    def service_method(self, service: str, region: str, operation: str) -> Method:
        """The answer to an operation of a service that is not moto's; what is not here is refused, not invented."""

        def refused(params: dict[str, Any], set_up: bool) -> dict[str, Any]:
            raise AwsError("UnknownOperationException", f"{service}:{operation} is not answered in {region}.")

        apis = self.services[service] if region == self.region else ()
        return next((found for api in apis if (found := method_of(api, operation))), refused)

    def _cap_pages(self, items: int | None) -> None:
        for api in (self._network, self._endpoint_services, self._resolver, self._firewall, self._profiles):
            api.page_size = items

    # Network and service

    def set_service(
        self,
        *,
        az_ids: list[str] | None = None,
        private_dns_name: str | None = None,
        verified: bool = True,
        visible: bool = True,
        shows_az_ids: bool = True,
    ) -> None:
        """TDP's service as DescribeVpcEndpointServices shows it from now on; what is not said is as by default.

        The default zones are the three that `make_vpc` uses. `shows_az_ids=False` names zones only.
        """
        with self.lock:
            zones = self._endpoint_services.usual_zones() if az_ids is None else az_ids
            self._endpoint_services.set(Service(zones, private_dns_name, verified, visible, shows_az_ids))

    def give_vpc_to(self, vpc: Vpc, account: str) -> None:
        """The VPC is another account's, which shares its subnets with this one."""
        with self.lock:
            self._network.owners[vpc.id] = account

    def set_dns_servers(self, vpc: Vpc, *servers: str) -> str:
        """Give a VPC a new set of DHCP options with these DNS servers; returns the set's id."""
        with self.lock:
            options = self._ec2.create_dhcp_options(domain_name_servers=list(servers))
            self._ec2.associate_dhcp_options(options, self._ec2.get_vpc(vpc.id))
            return options.id

    def set_free_addresses(self, subnet_id: str, count: int) -> None:
        """Let a subnet have so many free IPv4 addresses now; interfaces made later take from them."""
        with self.lock:
            subnet = self._ec2.get_subnet(subnet_id)
            subnet._available_ip_addresses += count - subnet.available_ip_address_count

    @property
    def endpoint_quota(self) -> int:
        """How many interface endpoints a VPC may have."""
        return self._quotas.endpoints

    @endpoint_quota.setter
    def endpoint_quota(self, endpoints: int) -> None:
        self._quotas.endpoints = endpoints

    # Resolver and DNS Firewall

    def add_resolver_rule(
        self,
        vpc: Vpc | None,
        domain: str,
        *targets: str,
        kind: str = "FORWARD",
        share: str | None = None,
        name: str = "rule",
    ) -> str:
        """A Resolver rule, on a VPC unless that is None; returns its id.

        Targets are addresses, or `192.0.2.1:5353` and `[2001:db8::1]:5353`. `share` is SHARED_WITH_ME (the rule is
        another account's) or SHARED_BY_ME.
        """
        with self.lock:
            rule_id = self._resolver.add_rule(domain, targets, kind, share or "NOT_SHARED", name)
            if vpc:
                self._resolver.associate(rule_id, vpc.id)
            return rule_id

    def add_inbound_endpoint(self, vpc: Vpc, *ips: str, direction: str = "INBOUND") -> str:
        """A Resolver endpoint in a VPC with any addresses, also ones outside of it; returns its id."""
        with self.lock:
            return self._resolver.add_endpoint(vpc.id, vpc.subnet_ids, ips, direction)

    def block_domains(
        self,
        vpc: Vpc | None,
        *domains: str,
        action: str = "BLOCK",
        qtype: str | None = None,
        managed: bool = False,
        advanced: bool = False,
        priority: int | None = None,
        name: str = "blocked",
        group: str | None = None,
    ) -> str:
        """A DNS Firewall rule over a list of domains, in a new group on a VPC (None: on none), or in a given group.

        `managed`: over AWS's list in place of one's own. `advanced`: against a kind of threat, without a list.
        `priority` is the rule's, and a new group's on its VPC; without one, it comes after those that are there.
        Returns the group's id.
        """
        rule = Rule(domains, action, qtype, managed, advanced, name)
        with self.lock:
            group_id = group or self._firewall.add_group(name)
            self._firewall.add_rule(group_id, rule, priority)
            if vpc and not group:
                self._firewall.associate(group_id, vpc.id, priority)
            return group_id

    def share_profile(
        self, vpc: Vpc, *resource_arns: str, name: str = "shared-dns", owner_account: str = "210987654321"
    ) -> str:
        """A Route 53 Profile of another account on a VPC, with these resources in it; returns its id."""
        with self.lock:
            return self._profiles.add(vpc.id, resource_arns, name, owner_account)

    def arn(self, resource_id: str) -> str:
        """The ARN of a hosted zone, Resolver rule, firewall rule group or VPC endpoint of this account."""
        resource = next(part for prefix, part in RESOURCES.items() if resource_id.startswith(prefix))
        return f"arn:{partition(self.region)}:{resource.format(place=f'{self.region}:{self.account}')}{resource_id}"

    # Mail

    def add_email_identity(self, domain: str, verified: bool = True, tokens: tuple[str, ...] = TOKENS) -> None:
        """A domain that SES knows, verified or waiting for its DKIM records."""
        with self.lock:
            self._email.add(Identity(domain.lower(), verified, tokens))
