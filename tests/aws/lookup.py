"""What Route 53 Resolver would answer to a client in one VPC.

The most specific private zone that is associated with the VPC answers, and nothing falls through to public DNS:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html
Wildcards follow RFC 4592: they cover names below an existing one, and an empty non-terminal exists.
"""

from dataclasses import dataclass, field

from tests.aws import names
from tests.aws.zones import RecordSet, Zone

ALIAS_TTL = 60
MAX_CHAIN = 8


@dataclass
class Reply:
    """An answer: records as (name, type, TTL, value), the zone's SOA where there is none, and the status."""

    records: list[tuple[str, str, int, str]] = field(default_factory=list)
    soa: tuple[str, int, str] | None = None
    exists: bool = True


@dataclass
class View:
    """The names that one VPC sees."""

    zones: list[Zone]
    hidden: dict[str, list[str]]
    endpoint_addresses: dict[str, list[str]]
    public: dict[str, list[str]]

    def resolve(self, name: str, kind: str) -> Reply:
        """The whole answer for a canonical name, CNAME chains followed."""
        reply = Reply()
        for _ in range(MAX_CHAIN):
            zone = self._zone(name)
            hidden = max((domain for domain in self.hidden if names.lies_in(name, domain)), key=len, default="")
            if zone is not None and len(zone.name) >= len(hidden):
                target = self._from_zone(zone, name, kind, reply)
            elif hidden:
                self._from_addresses(name, kind, self.hidden[hidden] if name == hidden else None, reply)
                target = None
            else:
                self._from_addresses(name, kind, self._public(name), reply)
                target = None
            if target is None:
                return reply
            name = target
        return reply

    def _zone(self, name: str) -> Zone | None:
        covering = [zone for zone in self.zones if names.lies_in(name, zone.name)]
        return max(covering, key=lambda zone: len(zone.name), default=None)

    def _public(self, name: str) -> list[str] | None:
        return self.endpoint_addresses.get(name, self.public.get(name))

    def _from_addresses(self, name: str, kind: str, addresses: list[str] | None, reply: Reply) -> None:
        reply.exists = addresses is not None
        wanted = [address for address in addresses or [] if (":" in address) == (kind == "AAAA")]
        if kind in ("A", "AAAA"):
            reply.records += [(name, kind, ALIAS_TTL, address) for address in wanted]

    def _from_zone(self, zone: Zone, name: str, kind: str, reply: Reply) -> str | None:
        """Add the zone's answer to the reply; the name to go on with when that is a CNAME."""
        owner = _owner(zone, name)
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


def _owner(zone: Zone, name: str) -> str | None:
    """The name whose records answer: the name itself if it exists, else the wildcard at its closest encloser."""
    existing = {key[0] for key in zone.records}

    def exists(candidate: str) -> bool:
        return any(names.lies_in(other, candidate) for other in existing)

    if exists(name):
        return name
    encloser = name
    while not exists(encloser):
        encloser = encloser.split(".", 1)[1]
    wildcard = f"\\052.{encloser}"
    return wildcard if wildcard in existing else None


def _soa(zone: Zone) -> tuple[str, int, str]:
    """The zone's SOA with the TTL for which "no such name" may be kept: the smaller of its TTL and its minimum."""
    record = zone.records[zone.name, "SOA", ""]
    value = record["ResourceRecords"][0]["Value"]
    return zone.name, min(record["TTL"], int(value.split()[-1])), value
