"""The zones and records that a test arranges."""

from typing import Any

from tests.aws import names
from tests.aws.accounts import OTHER_ACCOUNT
from tests.aws.batches import changed
from tests.aws.clients import Clients
from tests.aws.ec2 import new_id
from tests.aws.route53 import Route53
from tests.aws.vpc import Vpc
from tests.aws.zones import Zone


class Records(Clients):
    """The part of the world that Route 53 keeps."""

    _route53: Route53

    def make_zone(self, name: str, vpc: Vpc | None = None, comment: str = "", private: bool = True) -> str:
        """Somebody else's zone in this account, or in the account of its VPC; private ones need a VPC."""
        if private == (vpc is None):
            raise ValueError("a private zone has a VPC, a public one has none")
        params: dict[str, Any] = {"Name": name, "CallerReference": f"{name} {new_id()}"}
        if comment:
            params["HostedZoneConfig"] = {"Comment": comment}
        if vpc:
            params["VPC"] = {"VPCRegion": vpc.region, "VPCId": vpc.id}
        with self.lock:
            route53 = self._route53.as_account(vpc.account if vpc else self.account)
            return route53.create_hosted_zone(params, True)["HostedZone"]["Id"].rsplit("/", 1)[-1]

    def make_foreign_account_zone(
        self, name: str, vpc: Vpc, owner_account: str | None = None, owning_service: str | None = None
    ) -> str:
        """A zone of another account or AWS service on one of our VPCs; ListHostedZonesByVPC alone shows it."""
        owner = owner_account or OTHER_ACCOUNT
        with self.lock:
            zones = self._route53.zones
            return zones.plant(names.canonical(name), {vpc.id: vpc.region}, owner, owning_service).id

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
            own = self._route53.zones.own(self.account)
            return [_zone(zone) for zone in own if vpc is None or vpc.id in zone.vpcs]


def _zone(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "name": zone.name.removesuffix("."),
        "private": zone.private,
        "comment": zone.comment or "",
        "vpcs": list(zone.vpcs),
    }
