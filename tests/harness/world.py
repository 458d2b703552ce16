"""The usual scene: a VPC with an endpoint to the platform, a topic, the function's variables, and the neighbours."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.aws import Call, DnsWatch, EmbeddedAws, Message, Vpc, aws_service_name, endpoint_zone, service_name
from tests.aws.names import canonical
from tests.harness.function import Answer, Event, Function

PLATFORM = "platform.tetrascience.com"
OWNER = "tdp-test"
# What the catalog has for platform.tetrascience.com, with the zone that each host lives in.
HOSTS = {
    "api.platform.tetrascience.com": "platform.tetrascience.com",
    "api.tetrascience.com": "api.tetrascience.com",
    "platform.tetrascience.com": "platform.tetrascience.com",
}
# Public DNS knows the platform.
PUBLIC = {name: ["203.0.113.1"] for name in [*HOSTS, "www.tetrascience.com"]}
# Interface endpoints' names in us-east-1 live in this zone.
ENDPOINT_ZONE = endpoint_zone("us-east-1")
# The regional name of an endpoint that was deleted long ago.
OLD = "vpce-0dead-old.vpce-svc-0a1b2c3d4e5f60718.us-east-1.vpce.amazonaws.com"
# The name of an endpoint, without an Availability Zone; S3's are listed as wildcards.
REGIONAL = re.compile(r"(\*\.)?vpce-[0-9a-f]+-[0-9a-z]+\.")
READS = ("Describe", "Get", "List")

Record = dict[str, Any]


def variables(aws: EmbeddedAws, topic_arn: str, **changes: str) -> dict[str, str]:
    """A complete environment for the function: the embedded AWS, the usual configuration, and changes to it."""
    usual = {
        "TDP_SERVICE_NAME": service_name(aws.region),
        "TDP_PLATFORM_HOST": PLATFORM,
        "MODE": "apply",
        "OWNER_ID": OWNER,
        "TOPIC_ARN": topic_arn,
    }
    return aws.env() | usual | changes


def a_record(name: str, *values: str, ttl: int = 300) -> Record:
    return {"Name": name, "Type": "A", "TTL": ttl, "ResourceRecords": [{"Value": value} for value in values]}


def cname(name: str, target: str) -> Record:
    return {"Name": name, "Type": "CNAME", "TTL": 300, "ResourceRecords": [{"Value": target}]}


def txt(name: str, text: str) -> Record:
    return {"Name": name, "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": f'"{text}"'}]}


def old_alias(name: str, kind: str = "A") -> Record:
    """An alias to an endpoint that is no more."""
    alias = {"HostedZoneId": ENDPOINT_ZONE, "DNSName": f"{OLD}.", "EvaluateTargetHealth": False}
    return {"Name": name, "Type": kind, "AliasTarget": alias}


def marker_name(host: str) -> str:
    """Where the TXT marker of a host stands."""
    if host.startswith("*."):
        return f"_tdp-privatelink-wildcard.{host[2:]}"
    return f"_tdp-privatelink.{host}"


@dataclass
class Foreign:
    """A zone that is not ours. `whole`: not even a record of ours may come into it."""

    id: str
    zone: dict[str, Any]
    records: list[Record]
    whole: bool


class Scene:
    """One customer's account. Beside the VPC stand neighbours with the same names, which must stay as they are."""

    def __init__(self, aws: EmbeddedAws, cidr: str = "10.0.0.0/16") -> None:
        self.aws = aws
        self.vpc = aws.make_vpc(cidr)
        self.topic = aws.make_topic("tdp-privatelink-news")
        self.endpoint_id = ""
        self.variables = variables(aws, self.topic)
        self._foreign: dict[str, Foreign] = {}
        self._told = 0
        self._neighbours()

    # Setting the scene

    def _neighbours(self) -> None:
        """A public zone and another VPC's zone of the platform's name, each with records at names that we want."""
        elsewhere = self.add_vpc("10.99.0.0/16", azs=0)
        public = self.aws.make_zone(PLATFORM, private=False)
        theirs = self.aws.make_zone(PLATFORM, elsewhere, comment="of another team")
        for zone_id in (public, theirs):
            self.aws.put_records(zone_id, a_record(PLATFORM, "192.0.2.10"), a_record(f"api.{PLATFORM}", "192.0.2.11"))
            self.watch(zone_id, whole=True)

    def configure(self, **changes: str | None) -> None:
        """Variables from now on; None unsets one."""
        for name, value in changes.items():
            self.variables.pop(name, None)
            if value is not None:
                self.variables[name] = value

    def request(self, state: str = "pendingAcceptance", **settings: Any) -> str:
        """A new endpoint to the platform in the VPC; it becomes the scene's endpoint."""
        self.endpoint_id = self.aws.request_endpoint(self.vpc, state=state, **settings)
        return self.endpoint_id

    def add_service(self, service: str, private_dns: bool = False, state: str = "available", **settings: Any) -> str:
        """An endpoint of AWS's own service (`ecr.api`) in the VPC; `kind="Gateway"` for a gateway. Returns its id."""
        name = aws_service_name(self.aws.region, service, settings.get("kind", "Interface"))
        vpc = settings.pop("vpc", self.vpc)
        return self.aws.request_endpoint(vpc, name, private_dns=private_dns, state=state, **settings)

    def add_vpc(self, cidr: str, **settings: Any) -> Vpc:
        """Another VPC of the account, in another Region where `region` says so."""
        return self.aws.make_vpc(cidr, **settings)

    def enter(self, state: str) -> None:
        """The scene's endpoint enters a state."""
        self.aws.set_endpoint_state(self.endpoint_id, state)

    def go_live(self, **settings: Any) -> str:
        """An available endpoint with its records, announced; calls and messages count from here."""
        self.request("available", **settings)
        answer = self.run("reconcile")
        assert (answer.ok, answer.outcome) == (True, "changed"), answer
        self.mark()
        return self.endpoint_id

    def plant_zone(self, name: str, *records: Record, vpc: Vpc | None = None, comment: str = "") -> str:
        """A private zone that somebody else made, on the scene's VPC unless said otherwise, and watched."""
        zone_id = self.aws.make_zone(name, vpc or self.vpc, comment=comment)
        self.plant(zone_id, *records)
        return zone_id

    def plant(self, zone_id: str, *records: Record) -> None:
        """Records that somebody else made, watched; in a zone of ours they alone are foreign."""
        if records:
            self.aws.put_records(zone_id, *records)
        self.watch(zone_id, names=[(canonical(record["Name"]), record["Type"]) for record in records])

    def detach(self, zone_id: str) -> None:
        """Somebody takes a zone from the VPC. A private zone has one, so another gets it."""
        route53 = self.aws.client("route53")
        other = self.add_vpc("10.1.0.0/16")
        for vpc, change in (
            (other, route53.associate_vpc_with_hosted_zone),
            (self.vpc, route53.disassociate_vpc_from_hosted_zone),
        ):
            change(HostedZoneId=zone_id, VPC={"VPCRegion": self.aws.region, "VPCId": vpc.id})

    def watch(self, zone_id: str, *, names: Iterable[tuple[str, str]] | None = None, whole: bool = False) -> None:
        records = self.aws.records(zone_id)
        if names is not None:
            wanted = set(names)
            records = [record for record in records if (record["Name"], record["Type"]) in wanted]
            records += self._foreign[zone_id].records if zone_id in self._foreign else []
        self._foreign[zone_id] = Foreign(zone_id, self._zone_by_id(zone_id), records, whole)

    def give_up(self, zone_id: str) -> None:
        """Watch a zone no longer: the test is about taking over or deleting what is in it."""
        del self._foreign[zone_id]

    def assert_foreign_untouched(self) -> None:
        """Every watched zone and record is as it was, and no write went to a neighbour."""
        for foreign in self._foreign.values():
            assert self._zone_by_id(foreign.id) == foreign.zone
            now = self.aws.records(foreign.id)
            if foreign.whole:
                assert now == foreign.records
                assert foreign.id not in str([call.params for call in self.writes() if call.service == "route53"])
            else:
                assert [record for record in foreign.records if record not in now] == []

    # Acting

    def function(self) -> Function:
        """The function with the scene's variables; it starts with its context."""
        return Function(self.variables)

    def run(self, event: Event, *, deadline: float = 120) -> Answer:
        """One event, given to a fresh process. A word is a task."""
        with self.function() as function:
            return function.invoke(as_event(event), deadline=deadline)

    def mark(self) -> None:
        """Calls and messages count from here."""
        self.aws.calls.clear()
        self._told = len(self.aws.messages(self.topic))

    def assert_planning_again_gives_nothing(self) -> Answer:
        """A fresh process plans: no change is wanted, and no write call is made."""
        self.aws.faults.clear()
        before = len(self.aws.calls)
        answer = self.run("plan")
        assert answer.ok, answer.error
        assert [call.name for call in self.aws.calls[before:] if is_write(call)] == []
        for connection in answer.connections:
            assert connection["outcome"] in ("in-sync", "waiting", "lost", "refused"), connection
            assert connection["outcome"] == "refused" or connection["changes"] == [], connection["changes"]
        return answer

    # Looking

    def writes(self) -> list[Call]:
        """The logged calls that could change something."""
        return [call for call in self.aws.calls if is_write(call)]

    def messages(self) -> list[Message]:
        """What was announced since the mark."""
        return self.aws.messages(self.topic)[self._told :]

    def news(self) -> list[str]:
        """The events that were announced since the mark."""
        return [message.attributes["event"] for message in self.messages()]

    def parameter(self) -> dict[str, Any] | None:
        """The connection record."""
        text = self.aws.parameters().get(f"/tdp-privatelink/{OWNER}/{self.vpc.id}")
        return None if text is None else json.loads(text)

    def zones(self) -> dict[str, str]:
        """The zones that the VPC sees: ids by name."""
        return {zone["name"]: zone["id"] for zone in self.aws.zones(self.vpc)}

    def _zone_by_id(self, zone_id: str) -> dict[str, Any]:
        found = [zone for zone in self.aws.zones() if zone["id"] == zone_id]
        assert found, f"zone {zone_id} is gone"
        return found[0]

    def records(self, zone_name: str) -> dict[tuple[str, str], Record]:
        """The records of a zone on the VPC, by name without trailing dot and type."""
        zone_id = self.zones()[zone_name]
        return {(record["Name"].removesuffix("."), record["Type"]): record for record in self.aws.records(zone_id)}

    def alias(self, endpoint_id: str | None = None) -> dict[str, Any]:
        """The alias target that every host should have: the regional name of the scene's endpoint, or of another."""
        return self.alias_of(endpoint_id or self.endpoint_id)

    def alias_of(self, endpoint_id: str) -> dict[str, Any]:
        """The alias target that leads to an endpoint, as Route 53 shows it: S3's begins with `\\052.`."""
        return {
            "HostedZoneId": endpoint_zone(self.aws.region),
            "DNSName": canonical(self.primary_dns_name(endpoint_id)),
            "EvaluateTargetHealth": False,
        }

    def primary_dns_name(self, endpoint_id: str | None = None) -> str:
        """The endpoint's regional DNS name: the one whose first label has no Availability Zone."""
        entries = self.aws.endpoint(endpoint_id or self.endpoint_id)["DnsEntries"]
        regional = [one["DnsName"] for one in entries if REGIONAL.match(one["DnsName"])]
        assert len(regional) == 1, entries
        return str(regional[0])

    def addresses(self, kind: str = "A", endpoint_id: str | None = None) -> list[str]:
        """The addresses of the endpoint's network interfaces."""
        ids = self.aws.endpoint(endpoint_id or self.endpoint_id)["NetworkInterfaceIds"]
        found = self.aws.client("ec2").describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
        if kind == "AAAA":
            return sorted(address["Ipv6Address"] for one in found for address in one["Ipv6Addresses"])
        return sorted(one["PrivateIpAddress"] for one in found if "PrivateIpAddress" in one)

    def resolve(self, host: str, kind: str = "A", vpc: Vpc | None = None) -> list[str]:
        """What a client in the VPC, or in another, gets for a host; public DNS knows the platform as 203.0.113.1."""
        reply = self.aws.view((vpc or self.vpc).id, PUBLIC).resolve(host, kind)
        return sorted(value for _, found, _, value in reply.records if found == kind)

    def watch_dns(self, *hosts: str, vpc: Vpc | None = None) -> DnsWatch:
        """From now on, note what clients in the VPC, or in another, would be answered after each of our calls."""
        return self.aws.watch_dns(vpc or self.vpc, *hosts, public=PUBLIC)


def as_event(event: Event) -> Event:
    """A single word is a task; everything else is the event itself."""
    if isinstance(event, str) and event.isalpha():
        return {"task": event}
    return event


def is_write(call: Call) -> bool:
    return not call.operation.startswith(READS)
