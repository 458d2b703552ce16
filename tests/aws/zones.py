"""The hosted zones of the account: what exists, which VPCs see it, and the changes under way."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
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
    return prefix + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(length))


@dataclass
class Zone:
    """A hosted zone. One with a foreign owner shows in ListHostedZonesByVPC only."""

    id: str
    name: str
    caller_reference: str
    private: bool
    comment: str | None = None
    vpcs: dict[str, str] = field(default_factory=dict)
    authorized: dict[str, str] = field(default_factory=dict)
    records: dict[Key, RecordSet] = field(default_factory=dict)
    owner_account: str | None = None
    owning_service: str | None = None

    @property
    def foreign(self) -> bool:
        return self.owner_account is not None or self.owning_service is not None

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
    submitted_at: datetime
    comment: str | None
    in_sync: bool
    asked: int = 0


class HostedZones:
    """All zones and changes. Caller references stay taken for ever, as in AWS."""

    def __init__(self) -> None:
        self._zones: dict[str, Zone] = {}
        self._changes: dict[str, Change] = {}
        self._references: set[str] = set()

    def __iter__(self) -> Iterator[Zone]:
        return iter(list(self._zones.values()))

    def own(self) -> list[Zone]:
        """The account's own zones, oldest first."""
        return [zone for zone in self if not zone.foreign]

    def find(self, zone_id: str) -> Zone:
        zone = self._zones.get(bare(zone_id))
        if zone is None or zone.foreign:
            raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {bare(zone_id)}", 404)
        return zone

    def on_vpc(self, vpc_id: str) -> list[Zone]:
        return [zone for zone in self if vpc_id in zone.vpcs]

    def take_reference(self, reference: str) -> None:
        if reference in self._references:
            raise AwsError(
                "HostedZoneAlreadyExists",
                "A hosted zone has already been created with the specified caller reference.",
                409,
            )
        self._references.add(reference)

    def add(self, name: str, reference: str, comment: str | None, vpcs: dict[str, str]) -> Zone:
        """A new zone with its NS and SOA sets. A zone with a VPC is private."""
        zone = Zone(new_id("Z0", 19), name, reference, bool(vpcs), comment, dict(vpcs))
        servers = [{"Value": server} for server in NAME_SERVERS]
        zone.records[name, "NS", ""] = {"Name": name, "Type": "NS", "TTL": 172800, "ResourceRecords": servers}
        soa = [{"Value": SOA}]
        zone.records[name, "SOA", ""] = {"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": soa}
        self._zones[zone.id] = zone
        return zone

    def plant(self, zone: Zone) -> None:
        """A zone that somebody else made."""
        self._zones[zone.id] = zone

    def remove(self, zone: Zone) -> None:
        del self._zones[zone.id]

    def submit(self, comment: str | None, *, in_sync: bool) -> dict[str, Any]:
        """Register a change and return its ChangeInfo."""
        change = Change(new_id("C0", 19), datetime.now(UTC), comment, in_sync)
        self._changes[change.id] = change
        return info(change)

    def change(self, change_id: str) -> Change:
        change = self._changes.get(bare(change_id))
        if change is None:
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
