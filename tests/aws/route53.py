"""Route 53, as strict as AWS: the operations on hosted zones, record sets, associations and changes.

moto applies half of a refused batch, accepts repeated creates and calls every change INSYNC; so this service is
answered here, from its own state. https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

from collections.abc import Callable, Collection
from copy import copy
from typing import Self

from tests.aws import names, pages
from tests.aws.associations import MAX_ZONES, Associations, Owner, Params, Result
from tests.aws.batches import EndpointNames, changed
from tests.aws.errors import AwsError, too_long
from tests.aws.zones import NAME_SERVERS, Change, HostedZones, RecordSet, Zone, bare, info

MAX_RECORDS = 300
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HostedZoneConfig.html
MAX_COMMENT = 256


class Route53(Associations):
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(
        self,
        account: str,
        domain: str,
        owner_of: Owner,
        hidden_zones: Callable[[str], Collection[str]],
        endpoint_names: EndpointNames,
    ) -> None:
        self.zones = HostedZones()
        self.insync_after = 1
        self.page_size: int | None = None
        self._account = account
        self._domain = domain
        self._owner_of = owner_of
        self._hidden_zones = hidden_zones
        self._endpoint_names = endpoint_names

    def as_account(self, account: str) -> Self:
        """The same service, called by an account."""
        if account == self._account:
            return self
        other = copy(self)
        other._account = account
        return other

    def create_hosted_zone(self, params: Params, set_up: bool) -> Result:
        name = names.zone_name(params["Name"])
        config = params.get("HostedZoneConfig", {})
        _check_comment("hostedZoneConfig.comment", config.get("Comment"))
        vpcs = {}
        if vpc := params.get("VPC"):
            vpcs = dict([self._own_vpc(vpc)])
            self._refuse_conflict(name, vpc["VPCId"])
        elif config.get("PrivateZone"):
            raise AwsError("InvalidInput", "A private hosted zone must be associated with a VPC when it is created.")
        self.zones.take_reference(self._account, params["CallerReference"])
        zone = self.zones.add(self._account, name, params["CallerReference"], config.get("Comment"), vpcs)
        result = {
            "HostedZone": _shown(zone),
            "ChangeInfo": self.zones.submit(self._account, zone.id, None, in_sync=set_up),
            "Location": f"https://route53.{self._domain}/2013-04-01/hostedzone/{zone.id}",
        }
        return result | ({"VPC": vpc} if vpc else {"DelegationSet": {"NameServers": list(NAME_SERVERS)}})

    def get_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["Id"])
        if zone.private:
            return {"HostedZone": _shown(zone), "VPCs": _vpcs(zone)}
        return {"HostedZone": _shown(zone), "DelegationSet": {"NameServers": list(NAME_SERVERS)}}

    def get_hosted_zone_count(self, params: Params, set_up: bool) -> Result:
        return {"HostedZoneCount": len(self.zones.own(self._account))}

    def update_hosted_zone_comment(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["Id"])
        _check_comment("comment", params.get("Comment"))
        zone.comment = params.get("Comment")
        return {"HostedZone": _shown(zone)}

    def delete_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["Id"])
        if any(key[:2] not in ((zone.name, "NS"), (zone.name, "SOA")) for key in zone.records):
            message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted."
            raise AwsError("HostedZoneNotEmpty", message)
        self.zones.remove(zone)
        return {"ChangeInfo": self.zones.submit(self._account, zone.id, None, in_sync=set_up)}

    def list_hosted_zones(self, params: Params, set_up: bool) -> Result:
        zones = sorted(self.zones.own(self._account), key=lambda zone: zone.id)
        if params.get("HostedZoneType") == "PrivateHostedZone":
            zones = [zone for zone in zones if zone.private]
        marker = params.get("Marker", "")
        at_most = pages.size(params.get("MaxItems"), MAX_ZONES, None if set_up else self.page_size)
        page, following = pages.cut([zone for zone in zones if zone.id >= bare(marker)], at_most)
        result = {"HostedZones": [_shown(zone) for zone in page], "IsTruncated": following is not None}
        result |= {"Marker": marker, "MaxItems": str(at_most)}
        return result | ({"NextMarker": following.id} if following else {})

    def list_hosted_zones_by_name(self, params: Params, set_up: bool) -> Result:
        start = ("", "")
        if "DNSName" in params:
            start = (names.order(names.canonical(params["DNSName"])), bare(params.get("HostedZoneId", "")))
        elif "HostedZoneId" in params:
            raise AwsError("InvalidInput", "HostedZoneId is allowed only together with DNSName.")
        zones = sorted(self.zones.own(self._account), key=lambda zone: zone.place)
        at_most = pages.size(params.get("MaxItems"), MAX_ZONES, None if set_up else self.page_size)
        page, following = pages.cut([zone for zone in zones if zone.place >= start], at_most)
        result = {"HostedZones": [_shown(zone) for zone in page], "IsTruncated": following is not None}
        result |= {key: params[key] for key in ("DNSName", "HostedZoneId") if key in params}
        result["MaxItems"] = str(at_most)
        return result | ({"NextDNSName": following.name, "NextHostedZoneId": following.id} if following else {})

    def list_resource_record_sets(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["HostedZoneId"])
        if "StartRecordType" in params and "StartRecordName" not in params:
            raise AwsError("InvalidInput", "StartRecordType is allowed only together with StartRecordName.")
        start = ("", "", "")
        if "StartRecordName" in params:
            name = names.order(names.canonical(params["StartRecordName"]))
            start = (name, params.get("StartRecordType", ""), params.get("StartRecordIdentifier", ""))
        at_most = pages.size(params.get("MaxItems"), MAX_RECORDS, None if set_up else self.page_size)
        page, following = pages.cut([item for item in zone.ordered() if _record_order(item) >= start], at_most)
        result = {"ResourceRecordSets": page, "IsTruncated": following is not None, "MaxItems": str(at_most)}
        if following:
            result |= {"NextRecordName": following["Name"], "NextRecordType": following["Type"]}
            if "SetIdentifier" in following:
                result["NextRecordIdentifier"] = following["SetIdentifier"]
        return result

    def change_resource_record_sets(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["HostedZoneId"])
        batch = params["ChangeBatch"]
        _check_comment("changeBatch.comment", batch.get("Comment"))
        if not batch.get("Changes"):
            raise AwsError("InvalidInput", "Invalid XML ; the batch has no changes.")
        zone.records = changed(zone, batch["Changes"], self._endpoint_names)
        return {"ChangeInfo": self.zones.submit(self._account, zone.id, batch.get("Comment"), in_sync=set_up)}

    def get_change(self, params: Params, set_up: bool) -> Result:
        """PENDING for `insync_after` calls, then INSYNC; the test's own look does not count."""
        change = self.zones.change(self._account, params["Id"])
        if not set_up:
            self._asked(change)
        return {"ChangeInfo": info(change)}

    def _asked(self, change: Change) -> None:
        change.asked += 1
        change.in_sync = change.in_sync or change.asked > self.insync_after


def _check_comment(where: str, comment: str | None) -> None:
    if comment is not None and len(comment) > MAX_COMMENT:
        raise too_long(where, comment, MAX_COMMENT)


def _shown(zone: Zone) -> Result:
    config: Result = {"PrivateZone": zone.private}
    if zone.comment:
        config["Comment"] = zone.comment
    return {
        "Id": f"/hostedzone/{zone.id}",
        "Name": zone.name,
        "CallerReference": zone.caller_reference,
        "Config": config,
        "ResourceRecordSetCount": len(zone.records),
    }


def _vpcs(zone: Zone) -> list[dict[str, str]]:
    return [{"VPCRegion": region, "VPCId": vpc_id} for vpc_id, region in zone.vpcs.items()]


def _record_order(record: RecordSet) -> tuple[str, str, str]:
    return names.order(record["Name"]), record["Type"], record.get("SetIdentifier", "")
