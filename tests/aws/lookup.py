"""What Route 53 Resolver would answer to a client in one VPC.

The most specific private zone that is associated with the VPC answers, and nothing falls through to public DNS:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
Wildcards follow RFC 4592: they cover names below an existing one, and an empty non-terminal exists.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tests.aws import names
from tests.aws.zones import RecordSet, Zone

ALIAS_TTL = 60
MAX_CHAIN = 8

# The names in each zone of private DNS, with the addresses of each.
HiddenZones = dict[str, dict[str, list[str]]]


@dataclass
class Reply:
    """An answer: records as (name, type, TTL, value), the zone's SOA where there is none, and the status."""

    records: list[tuple[str, str, int, str]] = field(default_factory=list)
    soa: tuple[str, int, str] | None = None
    exists: bool = True


@dataclass
class View:
    """The names that one VPC sees, at the moment that they are asked for.

    `endpoint_addresses` answers for the endpoints' own names, `public` is the rest of the world.
    """

    zone_at: Callable[[str], Zone | None]
    hidden: Callable[[], HiddenZones]
    endpoint_addresses: Callable[[str], list[str] | None]
    public: dict[str, list[str]]
    lock: AbstractContextManager[object]

    def addresses(self, host: str) -> list[str]:
        """Every address that a client gets for a host, sorted; none if there is no such name or no address."""
        return self.addresses_of((host,))[host]

    def addresses_of(self, hosts: Iterable[str]) -> dict[str, list[str]]:
        """The addresses of several hosts at one moment."""
        with self.lock:
            hidden = self.hidden()
            return {host: self._both(names.canonical(host), hidden) for host in hosts}

    def resolve(self, host: str, kind: str) -> Reply:
        """The whole answer for a name, CNAME chains followed."""
        with self.lock:
            return self._resolve(names.canonical(host), kind, self.hidden())

    def _both(self, name: str, hidden: HiddenZones) -> list[str]:
        found = [record for kind in ("A", "AAAA") for record in self._resolve(name, kind, hidden).records]
        return sorted(value for _, kind, _, value in found if kind in ("A", "AAAA"))

    def _resolve(self, name: str, kind: str, hidden: HiddenZones) -> Reply:
        reply = Reply()
        following: str | None = name
        for _ in range(MAX_CHAIN):
            if following is None:
                break
            following = self._step(following, kind, hidden, reply)
        return reply

    def _step(self, name: str, kind: str, hidden: HiddenZones, reply: Reply) -> str | None:
        """Add what the narrowest domain has for the name; the name to go on with when that is a CNAME."""
        addresses = self._public(name)
        for domain in names.upwards(name):
            if zone := self.zone_at(domain):
                return self._from_zone(zone, name, kind, reply)
            if domain in hidden:
                answering = names.owner(hidden[domain], name)
                addresses = None if answering is None else hidden[domain].get(answering, [])
                break
        self._from_addresses(name, kind, addresses, reply)
        return None

    def _public(self, name: str) -> list[str] | None:
        found = self.endpoint_addresses(name)
        return self.public.get(name) if found is None else found

    def _from_addresses(self, name: str, kind: str, addresses: list[str] | None, reply: Reply) -> None:
        reply.exists = addresses is not None
        if kind in ("A", "AAAA"):
            wanted = [address for address in addresses or [] if (":" in address) == (kind == "AAAA")]
            reply.records += [(name, kind, ALIAS_TTL, address) for address in wanted]

    def _from_zone(self, zone: Zone, name: str, kind: str, reply: Reply) -> str | None:
        """Add the zone's answer to the reply; the name to go on with when that is a CNAME."""
        owner = names.owner({key[0] for key in zone.records}, name)
        if owner is None:
            reply.exists, reply.soa = False, _soa(zone)
            return None
        held = {record["Type"]: record for record in zone.ordered() if record["Name"] == owner}
        if kind != "CNAME" and (cname := held.get("CNAME")) and "ResourceRecords" in cname:
            target = cname["ResourceRecords"][0]["Value"]
            reply.records.append((name, "CNAME", cname["TTL"], names.canonical(target)))
            return names.canonical(target)
        found = self._values(zone, held[kind]) if kind in held else []
        reply.records += [(name, kind, ttl, value) for ttl, value in found]
        if not found:
            reply.soa = _soa(zone)
        return None

    def _values(self, zone: Zone, record: RecordSet) -> list[tuple[int, str]]:
        """A set's values; an alias has those of its target."""
        if "AliasTarget" not in record:
            return [(record["TTL"], value["Value"]) for value in record["ResourceRecords"]]
        target, kind = record["AliasTarget"]["DNSName"], record["Type"]
        if record["AliasTarget"]["HostedZoneId"] == zone.id:
            behind = zone.records.get((target, kind, ""))
            return self._values(zone, behind) if behind and behind is not record else []
        addresses = self._public(target) or []
        return [(ALIAS_TTL, address) for address in addresses if (":" in address) == (kind == "AAAA")]


def _soa(zone: Zone) -> tuple[str, int, str]:
    """The zone's SOA with the TTL for which "no such name" may be kept: the smaller of its TTL and its minimum."""
    record = zone.records[zone.name, "SOA", ""]
    value = record["ResourceRecords"][0]["Value"]
    return zone.name, min(record["TTL"], int(value.split()[-1])), value
