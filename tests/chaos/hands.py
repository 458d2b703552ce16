"""What people do by hand in a customer's account: to our records and zones, and to their own, which must stay."""

from typing import Any

from tests.chaos.story import Broken
from tests.harness import HOSTS, OWNER, Scene
from tests.harness.world import Record, a_record, cname, marker_name, old_alias, txt

PLATFORM = "platform.tetrascience.com"
FILES, DEEP = "files.example.com", "a.b.example.com"
SQS, S3 = "sqs.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"
# Every host that a configuration here may want.
WANTED = [*HOSTS, FILES, f"files.{PLATFORM}", DEEP, "b.example.com", "*.b.example.com", SQS, S3, f"*.{S3}"]
EVERY = "every host"
ZONES = [PLATFORM, "api.platform.tetrascience.com", "api.tetrascience.com", FILES, "b.example.com", SQS]
TAKEABLE = ("A", "AAAA", "CNAME")
OURS = f'"heritage=tdp-privatelink,tdp-privatelink/owner={OWNER},'
MARKER = (
    "heritage=tdp-privatelink,tdp-privatelink/owner={},tdp-privatelink/endpoint={},tdp-privatelink/types={},"
    "tdp-privatelink/change=c0ffee00"
)
GARBAGE = "vpce-no-such-thing"
# Another stack of this product, from which ours may be told to take over.
FORMER = "tdp-old"
EDITS = [
    "address gone",
    "address elsewhere",
    "marker gone",
    "both gone",
    "marker of an old endpoint",
    "marker of no endpoint",
    "marker not ours any more",
]
RECORDS = ["deleted", "older", "cut", "empty object"]
FOREIGN = [
    "address",
    "other family",
    "alias elsewhere",
    "cname",
    "owned by another",
    "imitation",
    "two values",
    "mail",
    "mail at the host",
    "delegation",
    "weighted",
]

Key = tuple[str, str, str]


class Hands:
    """Does by hand what is asked for where that is possible, and knows which records and zones are of others."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.records: dict[Key, list[Record]] = {}
        self.zones: dict[str, dict[str, Any]] = {}
        self._detached: set[str] = set()
        self._record = ""

    # Looking

    def at(self, zone_id: str, name: str, kind: str) -> list[Record]:
        return [one for one in self.scene.aws.records(zone_id) if (wire(one["Name"]), one["Type"]) == (name, kind)]

    def marker(self, zone_id: str, host: str) -> str:
        """What our marker of a host says; empty where there is none."""
        found = self.at(zone_id, marker_name(host), "TXT")
        values = [value["Value"] for one in found for value in one["ResourceRecords"]]
        is_ours = len(values) == 1 and values[0].startswith(OURS) and "SetIdentifier" not in found[0]
        return values[0] if is_ours else ""

    def is_ours(self, zone_id: str, host: str, kind: str) -> bool:
        types = self.marker(zone_id, host).partition("/types=")[2].partition(",")[0].strip('"')
        return kind in types.split("+")

    def _is_formers(self, zone_id: str, host: str) -> bool:
        return f"/owner={FORMER}," in str(self.at(zone_id, marker_name(host), "TXT"))

    def zone_of(self, host: str) -> str | None:
        """The zone that answers for a host in the VPC."""
        plain = host.removeprefix("*.")
        zones = {name: zone for name, zone in self.scene.zones().items() if f".{plain}".endswith(f".{name}")}
        return zones[max(zones, key=len)] if zones else None

    # Doing

    def edit(self, host: str, how: str) -> None:
        """Somebody changes a record of ours, or those of every host."""
        if host == EVERY:
            for one in WANTED:
                self.edit(one, how)
            return
        zone_id = self.zone_of(host)
        if zone_id is None or not (marker := self.marker(zone_id, host)):
            return
        if how in ("address gone", "address elsewhere", "both gone"):
            for kind in ("A", "AAAA"):
                if self.is_ours(zone_id, host, kind):
                    self._delete(zone_id, host, kind)
        if how == "address elsewhere":
            self.scene.aws.put_records(zone_id, old_alias(host))
        if how.startswith("marker") or how == "both gone":
            self._delete(zone_id, marker_name(host), "TXT")
        endpoint = marker.partition("/endpoint=")[2].partition(",")[0]
        again = {
            "marker of an old endpoint": marker.replace(endpoint, "vpce-0dead0000beef0000"),
            "marker of no endpoint": marker.replace(endpoint, GARBAGE),
            "marker not ours any more": marker.replace(f"owner={OWNER}", f"owner={OWNER.upper()}"),
        }.get(how)
        if again:
            self.scene.aws.put_records(zone_id, txt(marker_name(host), again.strip('"')))

    def plant(self, host: str, what: str) -> None:
        """Somebody writes a record of their own at or near one of our names."""
        zone_id = self.zone_of(host)
        if zone_id is None:
            return
        zone = next(zone["name"] for zone in self.scene.aws.zones() if zone["id"] == zone_id)
        marker = marker_name(host)
        record: Record = {
            "address": a_record(host, "192.0.2.77"),
            "other family": a_record(host, "2001:db8::77") | {"Type": "AAAA"},
            "alias elsewhere": old_alias(host),
            "cname": cname(host, "elsewhere.example.net"),
            "owned by another": txt(marker, MARKER.format("somebody", "vpce-0123456789abcdef0", "A+AAAA")),
            "imitation": txt(marker, MARKER.format(OWNER, "vpce-0123456789abcdef0", "A").replace("/types", "-types")),
            "two values": txt(marker, MARKER.format(OWNER, "vpce-0123456789abcdef0", "A"))
            | {"ResourceRecords": [{"Value": f'{OURS}x"'}, {"Value": '"v=spf1 -all"'}]},
            "mail": txt(f"mail.{zone}", "v=spf1 -all"),
            "mail at the host": {
                "Name": host,
                "Type": "MX",
                "TTL": 60,
                "ResourceRecords": [{"Value": "10 mx.example.net."}],
            },
            "delegation": {
                "Name": f"sub.{zone}",
                "Type": "NS",
                "TTL": 60,
                "ResourceRecords": [{"Value": "ns.example.net."}],
            },
            "weighted": a_record(host, "192.0.2.78") | {"SetIdentifier": "x", "Weight": 1},
        }[what]
        name, kind = record["Name"], record["Type"]
        same = [one for one in self.scene.aws.records(zone_id) if wire(one["Name"]) == name]
        # A CNAME stands alone, and nothing beside it.
        if any(one["Type"] == kind or "CNAME" in (one["Type"], kind) for one in same) or (
            kind == "CNAME" and name == zone
        ):
            return
        self.scene.aws.put_records(zone_id, record)
        if not self.is_ours(zone_id, host, kind) or name != host:
            self.records[zone_id, name, kind] = self.at(zone_id, name, kind)

    def spoil_record(self, how: str) -> None:
        """Somebody deletes the connection record, or writes something else over it, or an older one back."""
        name = f"/tdp-privatelink/{OWNER}/{self.scene.vpc.id}"
        before = self.scene.aws.parameters().get(name)
        if before is None:
            return
        self._record = self._record or before
        ssm = self.scene.aws.client("ssm")
        if how == "deleted":
            ssm.delete_parameter(Name=name)
        else:
            text = {"older": self._record, "cut": before[: len(before) // 2], "empty object": "{}"}[how]
            ssm.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)

    def plant_zone(self, name: str, comment: str) -> None:
        """Somebody makes a private zone of a name that we may want."""
        if name in self.scene.zones():
            return
        zone_id = self.scene.aws.make_zone(name, self.scene.vpc, comment=comment)
        self.scene.aws.put_records(zone_id, a_record(f"printer.{name}", "10.0.9.9"))
        self.records[zone_id, f"printer.{name}", "A"] = self.at(zone_id, f"printer.{name}", "A")
        self.zones[zone_id] = self._zone(zone_id)

    def take_away_zone(self, name: str) -> None:
        """A zone of others goes with all that is in it, as its owner wants."""
        for zone_id in [zone_id for zone_id, zone in self.zones.items() if zone["name"] == name]:
            self._remove_zone(zone_id)

    def delete_zone(self, name: str) -> None:
        """Somebody deletes a zone of ours, whatever is in it."""
        if (zone_id := self.our_zone(name)) is not None:
            self._remove_zone(zone_id)

    def detach_zone(self, name: str) -> None:
        """Somebody takes a zone of ours from the VPC."""
        if (zone_id := self.our_zone(name)) is not None:
            self.scene.detach(zone_id)
            self._detached.add(zone_id)

    def clean(self) -> None:
        """Takes away what people put in the way: their zones and records, and what they made of ours."""
        here = self.scene.zones().values()
        there = {zone["id"] for zone in self.scene.aws.zones()}
        # What was taken from the VPC may still be on others, where a new zone of the name is to be.
        for zone_id in [*self.zones, *(self._detached & there - {*here})]:
            self._remove_zone(zone_id)
        for zone_id, name, kind in list(self.records):
            self._delete(zone_id, name, kind)
        for zone_id in self.scene.zones().values():
            for host in (host for host in WANTED if not self._is_formers(zone_id, host)):
                for kind in TAKEABLE:
                    if self.at(zone_id, host, kind) and not self.is_ours(zone_id, host, kind):
                        self._delete(zone_id, host, kind)
                if self.at(zone_id, marker_name(host), "TXT") and not self.marker(zone_id, host):
                    self._delete(zone_id, marker_name(host), "TXT")

    def let_adopt(self) -> None:
        """With `adopt`, addresses of others at wanted names may be taken over."""
        for zone_id, name, kind in [key for key in self.records if key[1] in WANTED and key[2] in TAKEABLE]:
            if "SetIdentifier" not in self.records[zone_id, name, kind][0]:
                del self.records[zone_id, name, kind]

    def check(self) -> None:
        """What is of others is as it was."""
        there = {zone["id"] for zone in self.scene.aws.zones()}
        for (zone_id, name, kind), before in self.records.items():
            now = self.at(zone_id, name, kind) if zone_id in there else f"zone {zone_id} is gone"
            if now != before:
                raise Broken(f"{kind} {name} of others is not as it was: {before} became {now}")
        for zone_id, zone in self.zones.items():
            if zone_id not in there or self._zone(zone_id) != zone:
                raise Broken(f"the zone {zone['name']} of others is not as it was")

    def our_zone(self, name: str) -> str | None:
        zone_id = self.scene.zones().get(name)
        return zone_id if zone_id not in self.zones else None

    def _zone(self, zone_id: str) -> dict[str, Any]:
        return next(zone for zone in self.scene.aws.zones() if zone["id"] == zone_id)

    def _delete(self, zone_id: str, name: str, kind: str) -> None:
        self.records.pop((zone_id, name, kind), None)
        if self.at(zone_id, name, kind):
            self.scene.aws.delete_record(zone_id, name, kind)

    def _remove_zone(self, zone_id: str) -> None:
        self.zones.pop(zone_id, None)
        self.records = {key: found for key, found in self.records.items() if key[0] != zone_id}
        with self.scene.aws.lock:
            zones = self.scene.aws._route53.zones
            zones.remove(zones.find(zone_id))


def wire(name: str) -> str:
    """A name as Route 53 shows it, without its dot and with a star."""
    return name.removesuffix(".").replace("\\052", "*")
