"""What a test arranges and inspects: VPCs, endpoints, zones, records, topics, messages, parameters, faults, calls."""

import os
from collections.abc import Callable
from threading import RLock
from typing import Any

from moto.ec2.models import ec2_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.ssm.models import ssm_backends

from tests.aws import names, wire
from tests.aws.calls import CallLog
from tests.aws.ec2 import VpcEndpoints
from tests.aws.errors import Answer
from tests.aws.faults import Faults
from tests.aws.functions import Functions
from tests.aws.gate import method_of
from tests.aws.limits import RateLimits
from tests.aws.lookup import View
from tests.aws.partitions import dns_suffix
from tests.aws.records import Records
from tests.aws.route53 import Route53
from tests.aws.sns import Message
from tests.aws.surroundings import Surroundings
from tests.aws.vpc import Vpc
from tests.aws.vpcs import Vpcs
from tests.aws.watch import DnsWatch
from tests.aws.zones import Zone

Callback = Callable[[str, str], object]
TAGGING = ("CreateTags", "DeleteTags")


class World(Vpcs, Records, Surroundings):
    """The state behind the endpoint URL, and the ways to arrange it."""

    def __init__(self, region: str, account: str) -> None:
        # Nobody asks for machine images here, and moto takes 0.4 s for them at every reset.
        os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
        self._home = region
        self.account = account
        self.lock = RLock()
        self.calls = CallLog()
        self.faults = Faults()
        self._clients = {}
        self.reset()

    def reset(self, region: str | None = None) -> None:
        """Everything empty again: moto, the corrections, faults, limits, callbacks, watches, call log, page size and
        time. With a Region, the account is in that one until the next reset.
        """
        with self.lock:
            moto_api_backend.reset()
            self.region = region or self._home
            self._ec2 = ec2_backends[self.account][self.region]
            self._endpoints = VpcEndpoints(self.account, self.region, self._ec2, self._has_zone)
            endpoints = self._endpoints.endpoints
            domain = dns_suffix(self.region)
            self._route53 = Route53(self.account, domain, _owner_of, endpoints.hidden_zones, endpoints.served)
            self.functions = Functions(self.region, self.account)
            self._surround()
            self._messages: list[Message] = []
            self._callbacks: list[Callback] = []
            # Changes the answers to logged calls on their way to the client.
            self.spoil: Callable[[str, str, Answer], Answer] | None = None
            self._limits: RateLimits | None = None
            self._watches: list[DnsWatch] = []
        self.faults.clear()
        self.calls.clear()

    # Server side

    def corrected(self, request: wire.Request) -> Callable[[dict[str, Any], bool], dict[str, Any]] | None:
        """Our own answer to an operation, or None where moto's is right."""
        if request.service == "route53":
            return method_of(self._route53.as_account(request.account), request.operation)
        here = request.region if request.account == self.account else ""
        if request.service in self.services:
            return self.service_method(request.service, here, request.operation)
        if request.service != "ec2" or here != self.region:
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

    def limits_refuse(self, request: wire.Request) -> bool:
        """Whether a logged call is over the rate limits, which it counts against."""
        if self._limits is None or request.service != "route53":
            return False
        return self._limits.refuses(request.account, request.operation, request.params)

    def note_dns(self) -> None:
        for watch in self._watches:
            watch.note()

    def _has_zone(self, vpc_id: str, name: str) -> bool:
        return bool(self._route53.zones.at(vpc_id, name))

    # DNS

    def view(self, vpc_id: str, public: dict[str, list[str]] | None = None) -> View:
        """What DNS answers inside a VPC, whosever it is. `public` is the rest of the world: name to addresses."""
        endpoints = self._endpoints.endpoints

        def zone_at(name: str) -> Zone | None:
            zones = self._route53.zones.at(vpc_id, name)
            return next((zone for zone in zones if zone.private and zone.records), None)

        known = {names.canonical(name): addresses for name, addresses in (public or {}).items()}
        return View(zone_at, lambda: endpoints.hidden_zones(vpc_id), endpoints.addresses_of, known, self.lock)

    def watch_dns(self, vpc: Vpc, *hosts: str, public: dict[str, list[str]] | None = None) -> DnsWatch:
        """From now on, note what a client in the VPC would be answered after each call of the function under test."""
        with self.lock:
            watch = DnsWatch(self.view(vpc.id, public), hosts)
            self._watches.append(watch)
        return watch

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

    def unsynced(self) -> list[str]:
        """The zones whose latest change is not INSYNC yet, by id."""
        return self._route53.zones.unsynced()

    def on_call(self, callback: Callback) -> None:
        """Have `callback(service, operation)` called before each logged call is processed. It may block."""
        self._callbacks.append(callback)

    def limit_route53(self, speed: float | None = 1.0) -> None:
        """Hold logged calls to Route 53's rate limits from now on, with buckets that are full; None: no limits.

        `speed` is how much faster than AWS's the buckets fill. A burst is never larger than AWS's.
        """
        self._limits = None if speed is None else RateLimits(speed)

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


def _owner_of(vpc_id: str, region: str) -> str | None:
    """Whose a VPC is, of all accounts that have anything here."""
    for account, regions in list(ec2_backends.items()):
        backend = dict(regions.items()).get(region)
        if backend is not None and vpc_id in backend.vpcs:
            return account
    return None
