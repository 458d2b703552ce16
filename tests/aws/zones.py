"""Hosted zones of every account: what exists, which VPCs see it, and the changes under way.

With thousands of zones each call still finds its own by a key; only the lists look at all of them.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from tests.aws import names
from tests.aws.errors import AwsError

RecordSet = dict[str, Any]
Key = tuple[str, str, str]

# A private zone's own records: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/SOA-NSrecords.html
NAME_SERVERS = (
    "ns-1536.awsdns-00.co.uk.",
    "ns-0.awsdns-00.com.",
    "ns-1024.awsdns-00.org.",
    "ns-512.awsdns-00.net.",
)
SOA = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"


def new_id(prefix: str, length: int) -> str:
    """An id of the form that Route 53 hands out."""
    return prefix + secrets.token_hex(length)[:length].upper()


@dataclass
class Zone:
    """A hosted zone. One that is planted shows in ListHostedZonesByVPC only."""

    id: str
    name: str
    caller_reference: str
    private: bool
    owner: str
    comment: str | None = None
    vpcs: dict[str, str] = field(default_factory=dict)
    authorized: dict[str, str] = field(default_factory=dict)
    records: dict[Key, RecordSet] = field(default_factory=dict)
    planted: bool = False
    owning_service: str | None = None

    @cached_property
    def place(self) -> tuple[str, str]:
        """Where it stands in ListHostedZonesByName."""
        return names.order(self.name), self.id

    def ordered(self) -> list[RecordSet]:
        """Every record set in Route 53's order: reversed labels, then type, then set identifier."""
        return [self.records[key] for key in sorted(self.records, key=sort_key)]


def sort_key(key: Key) -> tuple[str, str, str]:
    name, kind, identifier = key
    return names.order(name), kind, identifier


@dataclass
class Change:
    """A submitted change. `asked` counts the GetChange calls that it has answered."""

    id: str
    account: str
    zone_id: str
    submitted_at: datetime
    comment: str | None
    in_sync: bool
    asked: int = 0


class HostedZones:
    """All zones and changes. Caller references stay taken for ever, as in AWS."""

    def __init__(self) -> None:
        self._zones: dict[str, Zone] = {}
        self._of: dict[str, dict[str, Zone]] = {}
        self._on: dict[str, dict[str, Zone]] = {}
        self._at: dict[tuple[str, str], list[Zone]] = {}
        self._changes: dict[str, Change] = {}
        self._references: set[tuple[str, str]] = set()

    def __iter__(self) -> Iterator[Zone]:
        return iter(list(self._zones.values()))

    def own(self, account: str) -> list[Zone]:
        """An account's zones, oldest first."""
        return list(self._of.get(account, {}).values())

    def find(self, zone_id: str) -> Zone:
        """A zone by its id, unless it is one that nobody here may look into."""
        zone = self.known(zone_id)
        if zone.planted:
            raise _no_zone(zone_id)
        return zone

    def known(self, zone_id: str) -> Zone:
        zone = self._zones.get(bare(zone_id))
        if zone is None:
            raise _no_zone(zone_id)
        return zone

    def on_vpc(self, vpc_id: str) -> list[Zone]:
        return list(self._on.get(vpc_id, {}).values())

    def at(self, vpc_id: str, name: str) -> list[Zone]:
        """The zones of exactly this name on a VPC: one, unless a test planted another."""
        return self._at.get((vpc_id, name), [])

    def attach(self, zone: Zone, vpc_id: str, region: str) -> None:
        zone.vpcs[vpc_id] = region
        self._on.setdefault(vpc_id, {})[zone.id] = zone
        self._at.setdefault((vpc_id, zone.name), []).append(zone)

    def detach(self, zone: Zone, vpc_id: str) -> None:
        del zone.vpcs[vpc_id], self._on[vpc_id][zone.id]
        self._at[vpc_id, zone.name].remove(zone)

    def take_reference(self, account: str, reference: str) -> None:
        if (account, reference) in self._references:
            raise AwsError(
                "HostedZoneAlreadyExists",
                "A hosted zone has already been created with the specified caller reference.",
                409,
            )
        self._references.add((account, reference))

    def add(self, account: str, name: str, reference: str, comment: str | None, vpcs: dict[str, str]) -> Zone:
        """A new zone with its NS and SOA sets. A zone with a VPC is private."""
        zone = Zone(new_id("Z0", 19), name, reference, bool(vpcs), account, comment)
        servers = [{"Value": server} for server in NAME_SERVERS]
        zone.records[name, "NS", ""] = {"Name": name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers}
        soa = [{"Value": SOA}]
        zone.records[name, "SOA", ""] = {"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": soa}
        self._of.setdefault(account, {})[zone.id] = zone
        self._keep(zone, vpcs)
        return zone

    def plant(self, name: str, vpcs: dict[str, str], owner: str, owning_service: str | None) -> Zone:
        """A zone that somebody else made."""
        zone = Zone(new_id("Z0", 19), name, "", True, owner, planted=True, owning_service=owning_service)
        self._keep(zone, vpcs)
        return zone

    def _keep(self, zone: Zone, vpcs: dict[str, str]) -> None:
        self._zones[zone.id] = zone
        for vpc_id, region in vpcs.items():
            self.attach(zone, vpc_id, region)

    def remove(self, zone: Zone) -> None:
        for vpc_id in list(zone.vpcs):
            self.detach(zone, vpc_id)
        del self._zones[zone.id], self._of[zone.owner][zone.id]

    def submit(self, account: str, zone_id: str, comment: str | None, *, in_sync: bool) -> dict[str, Any]:
        """Register a change of a zone and return its ChangeInfo."""
        change = Change(new_id("C0", 19), account, zone_id, datetime.now(UTC), comment, in_sync)
        self._changes[change.id] = change
        return info(change)

    def unsynced(self) -> list[str]:
        """The zones whose latest change is PENDING: Route 53 applies those of one zone in order."""
        latest = {change.zone_id: change for change in self._changes.values()}
        return sorted(zone_id for zone_id, change in latest.items() if not change.in_sync)

    def change(self, account: str, change_id: str) -> Change:
        change = self._changes.get(bare(change_id))
        if change is None or change.account != account:
            message = f"Could not find resource with ID: {bare(change_id)}"
            raise AwsError("NoSuchChange", message, 404)
        return change


def info(change: Change) -> dict[str, Any]:
    """A change as the API shows it."""
    status = "INSYNC" if change.in_sync else "PENDING"
    shown = {"Id": f"/change/{change.id}", "Status": status, "SubmittedAt": change.submitted_at}
    return shown | ({"Comment": change.comment} if change.comment else {})


def bare(resource_id: str) -> str:
    """An id without `/hostedzone/` or `/change/` before it."""
    return resource_id.rsplit("/", 1)[-1]


def _no_zone(zone_id: str) -> AwsError:
    return AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {bare(zone_id)}", 404)
