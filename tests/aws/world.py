"""What a test arranges and inspects: VPCs, endpoints, zones, records, topics, messages, parameters, faults, calls."""

import ipaddress
import os
from collections.abc import Callable
from threading import RLock
from typing import Any

import boto3
from botocore.config import Config
from moto.ec2.models import ec2_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.ssm.models import ssm_backends

from tests.aws import names, wire
from tests.aws.batches import changed
from tests.aws.calls import CallLog
from tests.aws.ec2 import VpcEndpoints, new_id
from tests.aws.endpoints import PRIVATE_DNS_ZONE, SERVICE_NAME, Endpoint
from tests.aws.faults import Faults
from tests.aws.functions import Functions
from tests.aws.gate import method_of
from tests.aws.lookup import View
from tests.aws.route53 import Route53
from tests.aws.sns import Message
from tests.aws.surroundings import Surroundings
from tests.aws.vpc import Vpc
from tests.aws.zones import Zone

Callback = Callable[[str, str], object]
TAGGING = ("CreateTags", "DeleteTags")


class World(Surroundings):
    """The state behind the endpoint URL, and the ways to arrange it."""

    url: str

    def __init__(self, region: str, account: str) -> None:
        # Nobody asks for machine images here, and moto takes 0.4 s for them at every reset.
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
        self.region = region
        self.account = account
        self.lock = RLock()
        self.calls = CallLog()
        self.faults = Faults()
        self._clients: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Everything empty again: moto, the corrections, faults, callbacks, call log, page size and time."""
        with self.lock:
            moto_api_backend.reset()
            self._ec2 = ec2_backends[self.account][self.region]
            self._endpoints = VpcEndpoints(self.account, self.region, self._ec2, self._zone_names)
            self._route53 = Route53(self.account, self._vpc_regions, self._hidden_domains, self._served)
            self.functions = Functions(self.region, self.account)
            self._surround()
            self._messages: list[Message] = []
            self._callbacks: list[Callback] = []
        self.faults.clear()
        self.calls.clear()

    # Server side

    def corrected(self, request: wire.Request) -> Callable[[dict[str, Any], bool], dict[str, Any]] | None:
        """Our own answer to an operation, or None where moto's is right."""
        if request.service == "route53":
            return method_of(self._route53, request.operation)
        if request.service in self.services:
            return self.service_method(request.service, request.region, request.operation)
        if request.service != "ec2" or request.region != self.region:
            return None
        if request.operation in TAGGING and not all(
            resource.startswith("vpce-") for resource in request.params["Resources"]
        ):
            return None
        apis = (self._endpoints, self._network, self._endpoint_services)
        return next((found for api in apis if (found := method_of(api, request.operation))), None)

    def remember(self, message: Message) -> None:
        with self.lock:
            self._messages.append(message)

    def callbacks(self) -> list[Callback]:
        return list(self._callbacks)

    def _vpc_regions(self) -> dict[str, str]:
        regions = ec2_backends[self.account]
        return {vpc_id: region for region, backend in list(regions.items()) for vpc_id in list(backend.vpcs)}

    def _zone_names(self, vpc_id: str) -> set[str]:
        return {zone.name for zone in self._route53.zones.on_vpc(vpc_id)}

    def _hidden_domains(self, vpc_id: str) -> set[str]:
        return set(self._endpoints.endpoints.private_domains(vpc_id))

    def _served(self, name: str) -> tuple[str, set[str]] | None:
        return self._endpoints.endpoints.served(name)

    def view(self, vpc_id: str, public: dict[str, list[str]]) -> View:
        """What DNS answers inside a VPC at this moment."""
        with self.lock:
            endpoints = self._endpoints.endpoints
            zones = [zone for zone in self._route53.zones.on_vpc(vpc_id) if zone.private and zone.records]
            hidden = {name: found.addresses() for name, found in endpoints.private_domains(vpc_id).items()}
            return View(zones, hidden, endpoints.all_names(), public)

    # Time, pages and calls

    @property
    def insync_after(self) -> int:
        """For how many GetChange calls a change is PENDING."""
        return self._route53.insync_after

    @insync_after.setter
    def insync_after(self, calls: int) -> None:
        self._route53.insync_after = calls

    @property
    def page_size(self) -> int | None:
        """The most items that any list answers with at once; None: as many as AWS."""
        return self._route53.page_size

    @page_size.setter
    def page_size(self, items: int | None) -> None:
        self._route53.page_size = self._endpoints.page_size = items
        self._cap_pages(items)

    def on_call(self, callback: Callback) -> None:
        """Have `callback(service, operation)` called before each logged call is processed. It may block."""
        self._callbacks.append(callback)

    def client(self, name: str) -> Any:
        """A client for set-up and inspection: not logged, not faulted, not gated, its changes in effect at once."""
        if name not in self._clients:
            self._clients[name] = self._new_client(name)
        return self._clients[name]

    def _new_client(self, name: str) -> Any:
        client = boto3.client(
            name,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
        client.meta.events.register("before-sign", _mark)
        return client

    # VPCs and endpoints

    def make_vpc(self, cidr: str = "10.0.0.0/16", azs: int = 3) -> Vpc:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock=cidr, AmazonProvidedIpv6CidrBlock=True)["Vpc"]
        ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsSupport={"Value": True})
        ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": True})
        zones = ec2.describe_availability_zones()["AvailabilityZones"][:azs]
        v4 = ipaddress.IPv4Network(cidr)
        v4_subnets = v4.subnets(new_prefix=min(v4.prefixlen + 8, 28))
        v6_subnets = ipaddress.IPv6Network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]).subnets(new_prefix=64)
        subnet_ids = [
            ec2.create_subnet(
                VpcId=vpc["VpcId"],
                AvailabilityZone=zone["ZoneName"],
                CidrBlock=str(next(v4_subnets)),
                Ipv6CidrBlock=str(next(v6_subnets)),
            )["Subnet"]["SubnetId"]
            for zone in zones
        ]
        return Vpc(vpc["VpcId"], cidr, subnet_ids)

    def request_endpoint(
        self,
        vpc: Vpc,
        service_name: str = SERVICE_NAME,
        *,
        ip_type: str = "ipv4",
        state: str = "pendingAcceptance",
        private_dns_name: str | None = None,
        private_dns_zone_id: str = PRIVATE_DNS_ZONE,
        more_private_dns: tuple[str, ...] = (),
        dns_order: str = "regional-first",
    ) -> str:
        """An interface endpoint in every subnet of the VPC, as its creator left it; returns its id."""
        endpoint = Endpoint(
            id=new_id(),
            vpc_id=vpc.id,
            service_name=service_name,
            region=self.region,
            state=state,
            ip_type=ip_type,
            record_ip_type=ip_type,
            private_dns_name=private_dns_name,
            private_dns_zone=private_dns_zone_id,
            private_dns_enabled=private_dns_name is not None,
            more_private_dns=more_private_dns,
            regional_last=dns_order == "regional-last",
        )
        with self.lock:
            endpoint.groups = self._endpoints.groups(vpc.id, [])
            self._endpoints.endpoints.add(endpoint, vpc.subnet_ids)
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

    # Zones and records

    def make_zone(self, name: str, vpc: Vpc | None = None, comment: str = "", private: bool = True) -> str:
        """Somebody else's zone in this account; private ones need a VPC."""
        if private == (vpc is None):
            raise ValueError("a private zone has a VPC, a public one has none")
        params: dict[str, Any] = {"Name": name, "CallerReference": f"{name} {new_id()}"}
        if comment:
            params["HostedZoneConfig"] = {"Comment": comment}
        if vpc:
            params["VPC"] = {"VPCRegion": self.region, "VPCId": vpc.id}
        with self.lock:
            return self._route53.create_hosted_zone(params, True)["HostedZone"]["Id"].rsplit("/", 1)[-1]

    def make_foreign_account_zone(
        self, name: str, vpc: Vpc, owner_account: str | None = None, owning_service: str | None = None
    ) -> str:
        """A zone of another account or AWS service on one of our VPCs; ListHostedZonesByVPC alone shows it."""
        owner = owner_account or "210987654321"
        with self.lock:
            return self._route53.plant_foreign(name, vpc.id, self.region, owner, owning_service)

    def put_records(self, zone_id: str, *record_sets: dict[str, Any]) -> None:
        """Create record sets by hand. Alias targets may point at what does not exist (any more)."""
        changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in record_sets]
        self._change(zone_id, changes)

    def delete_record(self, zone_id: str, name: str, type: str) -> None:
        """Delete a record set by hand, whatever its value."""
        wanted = names.canonical(name), type
        found = [item for item in self.records(zone_id) if (item["Name"], item["Type"]) == wanted]
        if not found:
            raise LookupError(f"{type} {name} is not in {zone_id}")
        self._change(zone_id, [{"Action": "DELETE", "ResourceRecordSet": record} for record in found])

    def _change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        with self.lock:
            zone = self._route53.zones.find(zone_id)
            zone.records = changed(zone, changes, None)

    def records(self, zone_id: str) -> list[dict[str, Any]]:
        """Every record set of a zone, in Route 53's order."""
        with self.lock:
            return self._route53.zones.find(zone_id).ordered()

    def zones(self, vpc: Vpc | None = None) -> list[dict[str, Any]]:
        """The account's zones, oldest first; with a VPC, those associated with it."""
        with self.lock:
            return [_zone(zone) for zone in self._route53.zones.own() if vpc is None or vpc.id in zone.vpcs]

    # Topics and parameters

    def make_topic(self, name: str) -> str:
        return self.client("sns").create_topic(Name=name)["TopicArn"]

    def messages(self, topic_arn: str | None = None) -> list[Message]:
        """What was published, in order."""
        with self.lock:
            return [message for message in self._messages if topic_arn in (None, message.topic_arn)]

    def parameters(self) -> dict[str, str]:
        """Every SSM parameter with its latest value."""
        stored = ssm_backends[self.account][self.region]._parameters
        return {name: versions[-1].value for name, versions in list(stored.items()) if versions}


def _mark(request: Any, **_: Any) -> None:
    request.headers[wire.SET_UP_HEADER] = "1"


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "name": zone.name.removesuffix("."),
        "private": zone.private,
        "comment": zone.comment or "",
        "vpcs": list(zone.vpcs),
    }
