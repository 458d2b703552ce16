"""Route 53, as strict as AWS: the operations on hosted zones, record sets, associations and changes.

moto applies half of a refused batch, accepts repeated creates and calls every change INSYNC; so this service is
answered here, from its own state. https://docs.aws.amazon.com/Route53/latest/APIReference/
"""

from collections.abc import Callable
from typing import Any

from tests.aws import names, pages
from tests.aws.batches import EndpointNames, changed
from tests.aws.errors import AwsError
from tests.aws.zones import NAME_SERVERS, Change, HostedZones, Zone, bare, info, new_id

Params = dict[str, Any]
Result = dict[str, Any]

MAX_RECORDS = 300
MAX_ZONES = 100


class Route53:
    """One method per operation, named as boto3 names it. `set_up` marks the test's own calls."""

    def __init__(
        self,
        account: str,
        vpc_regions: Callable[[], dict[str, str]],
        hidden_domains: Callable[[str], set[str]],
        endpoint_names: EndpointNames,
    ) -> None:
        self.zones = HostedZones()
        self.insync_after = 1
        self.page_size: int | None = None
        self._account = account
        self._vpc_regions = vpc_regions
        self._hidden_domains = hidden_domains
        self._endpoint_names = endpoint_names

    def create_hosted_zone(self, params: Params, set_up: bool) -> Result:
        name = names.zone_name(params["Name"])
        config = params.get("HostedZoneConfig", {})
        vpcs = {}
        if vpc := params.get("VPC"):
            vpcs = dict([self._vpc(vpc)])
            self._refuse_conflict(name, vpc["VPCId"])
        elif config.get("PrivateZone"):
            raise AwsError("InvalidInput", "A private hosted zone must be associated with a VPC when it is created.")
        self.zones.take_reference(params["CallerReference"])
        zone = self.zones.add(name, params["CallerReference"], config.get("Comment"), vpcs)
        result = {
            "HostedZone": _shown(zone),
            "ChangeInfo": self.zones.submit(None, in_sync=set_up),
            "Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone.id}",
        }
        return result | ({"VPC": vpc} if vpc else {"DelegationSet": {"NameServers": list(NAME_SERVERS)}})

    def get_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone = self.zones.find(params["Id"])
        if zone.private:
            return {"HostedZone": _shown(zone), "VPCs": _vpcs(zone)}
        return {"HostedZone": _shown(zone), "DelegationSet": {"NameServers": list(NAME_SERVERS)}}

    def get_hosted_zone_count(self, params: Params, set_up: bool) -> Result:
        return {"HostedZoneCount": len(self.zones.own())}

    def update_hosted_zone_comment(self, params: Params, set_up: bool) -> Result:
        zone = self.zones.find(params["Id"])
        zone.comment = params.get("Comment")
        return {"HostedZone": _shown(zone)}

    def delete_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone = self.zones.find(params["Id"])
        if any(key[:2] not in ((zone.name, "NS"), (zone.name, "SOA")) for key in zone.records):
            message = "The specified hosted zone contains non-required resource record sets and so cannot be deleted."
            raise AwsError("HostedZoneNotEmpty", message)
        self.zones.remove(zone)
        return {"ChangeInfo": self.zones.submit(None, in_sync=set_up)}

    def list_hosted_zones(self, params: Params, set_up: bool) -> Result:
        zones = sorted(self.zones.own(), key=lambda zone: zone.id)
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
        zones = sorted(self.zones.own(), key=_name_then_id)
        at_most = pages.size(params.get("MaxItems"), MAX_ZONES, None if set_up else self.page_size)
        page, following = pages.cut([zone for zone in zones if _name_then_id(zone) >= start], at_most)
        result = {"HostedZones": [_shown(zone) for zone in page], "IsTruncated": following is not None}
        result |= {key: params[key] for key in ("DNSName", "HostedZoneId") if key in params}
        result["MaxItems"] = str(at_most)
        return result | ({"NextDNSName": following.name, "NextHostedZoneId": following.id} if following else {})

    def list_hosted_zones_by_vpc(self, params: Params, set_up: bool) -> Result:
        if self._vpc_regions().get(params["VPCId"]) != params["VPCRegion"]:
            raise AwsError("InvalidInput", f"The VPC {params['VPCId']} does not exist in {params['VPCRegion']}.")
        start = pages.position(params["NextToken"], "InvalidPaginationToken") if "NextToken" in params else ""
        zones = sorted(self.zones.on_vpc(params["VPCId"]), key=lambda zone: zone.id)
        at_most = pages.size(params.get("MaxItems"), MAX_ZONES, None if set_up else self.page_size)
        page, following = pages.cut([zone for zone in zones if zone.id >= start], at_most)
        result = {"HostedZoneSummaries": [self._summary(zone) for zone in page], "MaxItems": str(at_most)}
        return result | ({"NextToken": pages.token(following.id)} if following else {})

    def list_resource_record_sets(self, params: Params, set_up: bool) -> Result:
        zone = self.zones.find(params["HostedZoneId"])
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
        zone = self.zones.find(params["HostedZoneId"])
        batch = params["ChangeBatch"]
        if not batch.get("Changes"):
            raise AwsError("InvalidInput", "Invalid XML ; the batch has no changes.")
        zone.records = changed(zone, batch["Changes"], self._endpoint_names)
        return {"ChangeInfo": self.zones.submit(batch.get("Comment"), in_sync=set_up)}

    def get_change(self, params: Params, set_up: bool) -> Result:
        """PENDING for `insync_after` calls, then INSYNC; the test's own look does not count."""
        change = self.zones.change(params["Id"])
        if not set_up:
            self._asked(change)
        return {"ChangeInfo": info(change)}

    def _asked(self, change: Change) -> None:
        change.asked += 1
        change.in_sync = change.in_sync or change.asked > self.insync_after

    def associate_vpc_with_hosted_zone(self, params: Params, set_up: bool) -> Result:
        """A VPC of another account needs an authorization, and that account's caller: here, the test's client."""
        zone, vpc = self.zones.find(params["HostedZoneId"]), params["VPC"]
        if not zone.private:
            message = f"You're trying to associate a VPC with a public hosted zone: {zone.id}"
            raise AwsError("PublicZoneVPCAssociation", message)
        if vpc["VPCId"] in zone.authorized and vpc["VPCId"] not in self._vpc_regions():
            if not set_up:
                message = f"The VPC {vpc['VPCId']} belongs to another account, which has to associate it."
                raise AwsError("NotAuthorizedException", message, 401)
            vpc_id, region = vpc["VPCId"], vpc["VPCRegion"]
        else:
            vpc_id, region = self._vpc(vpc)
        self._refuse_conflict(zone.name, vpc_id)
        zone.vpcs[vpc_id] = region
        return {"ChangeInfo": self.zones.submit(params.get("Comment"), in_sync=set_up)}

    def disassociate_vpc_from_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone, vpc_id = self.zones.find(params["HostedZoneId"]), params["VPC"]["VPCId"]
        if vpc_id not in zone.vpcs:
            message = f"The VPC: {vpc_id} is not associated with the hosted zone: {zone.id}"
            raise AwsError("VPCAssociationNotFound", message, 404)
        if len(zone.vpcs) == 1:
            message = f"Cannot remove last VPC association for the private zone: {zone.id}"
            raise AwsError("LastVPCAssociation", message)
        del zone.vpcs[vpc_id]
        return {"ChangeInfo": self.zones.submit(params.get("Comment"), in_sync=set_up)}

    def create_vpc_association_authorization(self, params: Params, set_up: bool) -> Result:
        zone, vpc = self.zones.find(params["HostedZoneId"]), params["VPC"]
        zone.authorized[vpc["VPCId"]] = vpc["VPCRegion"]
        return {"HostedZoneId": zone.id, "VPC": vpc}

    def delete_vpc_association_authorization(self, params: Params, set_up: bool) -> Result:
        zone, vpc_id = self.zones.find(params["HostedZoneId"]), params["VPC"]["VPCId"]
        if zone.authorized.pop(vpc_id, None) is None:
            message = f"The VPC {vpc_id} has no authorization for the hosted zone {zone.id}."
            raise AwsError("VPCAssociationAuthorizationNotFound", message, 404)
        return {}

    def list_vpc_association_authorizations(self, params: Params, set_up: bool) -> Result:
        zone = self.zones.find(params["HostedZoneId"])
        start = pages.position(params["NextToken"], "InvalidPaginationToken") if "NextToken" in params else ""
        vpcs = [item for item in sorted(zone.authorized.items()) if item[0] >= start]
        page, following = pages.cut(vpcs, pages.size(params.get("MaxResults"), 50, None if set_up else self.page_size))
        result = {"HostedZoneId": zone.id, "VPCs": [{"VPCRegion": region, "VPCId": vpc} for vpc, region in page]}
        return result | ({"NextToken": pages.token(following[0])} if following else {})

    def plant_foreign(self, name: str, vpc_id: str, region: str, account: str | None, service: str | None) -> str:
        """A zone of another account or service on one of our VPCs."""
        zone = Zone(new_id("Z0", 19), names.canonical(name), "", True, vpcs={vpc_id: region})
        zone.owner_account = account if service is None else None
        zone.owning_service = service
        self.zones.plant(zone)
        return zone.id

    def _vpc(self, vpc: dict[str, str]) -> tuple[str, str]:
        vpc_id, region = vpc.get("VPCId", ""), vpc.get("VPCRegion", "")
        if self._vpc_regions().get(vpc_id) != region:
            message = (
                f"The VPC {vpc_id} in region {region} that you provided either does not exist or is not authorized."
            )
            raise AwsError("InvalidVPCId", message)
        return vpc_id, region

    def _refuse_conflict(self, name: str, vpc_id: str) -> None:
        """One zone per name and VPC; private DNS of an interface endpoint counts, since it is a hidden zone.

        https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
        """
        held = [zone.id for zone in self.zones.on_vpc(vpc_id) if zone.name == name]
        if held or name in self._hidden_domains(vpc_id):
            message = f"The VPC {vpc_id} has already been associated with the hosted zone {', '.join(held)} "
            raise AwsError("ConflictingDomainExists", message + "with the same domain name.")

    def _summary(self, zone: Zone) -> dict[str, Any]:
        if zone.owning_service:
            owner = {"OwningService": zone.owning_service}
        else:
            owner = {"OwningAccount": zone.owner_account or self._account}
        return {"HostedZoneId": zone.id, "Name": zone.name, "Owner": owner}


def _shown(zone: Zone) -> dict[str, Any]:
    config: dict[str, Any] = {"PrivateZone": zone.private}
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


def _name_then_id(zone: Zone) -> tuple[str, str]:
    return names.order(zone.name), zone.id


def _record_order(record: dict[str, Any]) -> tuple[str, str, str]:
    return names.order(record["Name"]), record["Type"], record.get("SetIdentifier", "")
