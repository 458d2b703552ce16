"""Route 53's operations on the VPCs of a private zone, which may be another Region's or another account's.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs-different-accounts.html
"""

from collections.abc import Callable, Collection
from typing import Any

from tests.aws import pages
from tests.aws.errors import AwsError
from tests.aws.zones import HostedZones, Zone

Params = dict[str, Any]
Result = dict[str, Any]

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
MAX_VPCS = 300
MAX_AUTHORIZATIONS = 1000
MAX_ZONES = 100

# Answers whose a VPC in a Region is; None: there is no such VPC.
Owner = Callable[[str, str], str | None]


class Associations:
    """One method per operation, as the account `_account` calls it. `set_up` marks the test's own calls."""

    zones: HostedZones
    page_size: int | None
    _account: str
    _owner_of: Owner
    _hidden_zones: Callable[[str], Collection[str]]

    def associate_vpc_with_hosted_zone(self, params: Params, set_up: bool) -> Result:
        zone, vpc_id, region = (
            self.zones.find(params["HostedZoneId"]),
            params["VPC"]["VPCId"],
            params["VPC"]["VPCRegion"],
        )
        if not zone.private:
            message = f"You're trying to associate a VPC with a public hosted zone: {zone.id}"
            raise AwsError("PublicZoneVPCAssociation", message)
        self._check_right(zone, vpc_id, region, set_up)
        self._refuse_conflict(zone.name, vpc_id)
        if len(zone.vpcs) >= MAX_VPCS:
            message = f"The hosted zone {zone.id} is associated with {MAX_VPCS} VPCs, which is the limit."
            raise AwsError("LimitsExceeded", message)
        self.zones.attach(zone, vpc_id, region)
        return {"ChangeInfo": self.zones.submit(self._account, zone.id, params.get("Comment"), in_sync=set_up)}

    def _check_right(self, zone: Zone, vpc_id: str, region: str, set_up: bool) -> None:
        """Only the VPC's account may associate it, and with another account's zone only where that authorized it.

        The zone's account gets the same refusal with an authorization as without:
        https://github.com/hashicorp/terraform-provider-aws/issues/18176
        An id that is no VPC's here stands for another account's once it is authorized, and then the test's client of
        the zone's own account acts for that account.
        """
        owner, authorized = self._owner_of(vpc_id, region), zone.authorized.get(vpc_id) == region
        if owner is None and not authorized:
            raise _no_vpc(vpc_id, region)
        if owner == self._account and (zone.owner == self._account or authorized):
            return
        if owner is None and set_up:
            return
        message = f"The VPC: {vpc_id} has not authorized to associate with your hosted zone."
        raise AwsError("NotAuthorizedException", message, 401)

    def disassociate_vpc_from_hosted_zone(self, params: Params, set_up: bool) -> Result:
        """By the account of the zone or that of the VPC; a zone of an AWS service is out of reach.

        https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html
        """
        zone, vpc_id = self.zones.known(params["HostedZoneId"]), params["VPC"]["VPCId"]
        ours = self._owner_of(vpc_id, params["VPC"]["VPCRegion"]) == self._account
        if zone.owning_service or not (ours or zone.owner == self._account):
            raise denied(self._account)
        if zone.vpcs.get(vpc_id) != params["VPC"]["VPCRegion"]:
            message = f"The VPC: {vpc_id} is not associated with the hosted zone: {zone.id}"
            raise AwsError("VPCAssociationNotFound", message, 404)
        if len(zone.vpcs) == 1:
            message = f"Cannot remove last VPC association for the private zone: {zone.id}"
            raise AwsError("LastVPCAssociation", message)
        self.zones.detach(zone, vpc_id)
        return {"ChangeInfo": self.zones.submit(self._account, zone.id, params.get("Comment"), in_sync=set_up)}

    def create_vpc_association_authorization(self, params: Params, set_up: bool) -> Result:
        """https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateVPCAssociationAuthorization.html"""
        zone, vpc = self._own_zone(params["HostedZoneId"]), params["VPC"]
        if len(zone.authorized) >= MAX_AUTHORIZATIONS and vpc["VPCId"] not in zone.authorized:
            message = f"The hosted zone {zone.id} has {MAX_AUTHORIZATIONS} authorizations, which is the limit."
            raise AwsError("TooManyVPCAssociationAuthorizations", message)
        zone.authorized[vpc["VPCId"]] = vpc["VPCRegion"]
        return {"HostedZoneId": zone.id, "VPC": vpc}

    def delete_vpc_association_authorization(self, params: Params, set_up: bool) -> Result:
        """An association that was made with it stays."""
        zone, vpc = self._own_zone(params["HostedZoneId"]), params["VPC"]
        if zone.authorized.get(vpc["VPCId"]) != vpc["VPCRegion"]:
            message = f"The VPC {vpc['VPCId']} has no authorization for the hosted zone {zone.id}."
            raise AwsError("VPCAssociationAuthorizationNotFound", message, 404)
        del zone.authorized[vpc["VPCId"]]
        return {}

    def list_vpc_association_authorizations(self, params: Params, set_up: bool) -> Result:
        zone = self._own_zone(params["HostedZoneId"])
        start = pages.position(params["NextToken"], "InvalidPaginationToken") if "NextToken" in params else ""
        vpcs = [item for item in sorted(zone.authorized.items()) if item[0] >= start]
        page, following = pages.cut(vpcs, pages.size(params.get("MaxResults"), 50, None if set_up else self.page_size))
        result = {"HostedZoneId": zone.id, "VPCs": [{"VPCRegion": region, "VPCId": vpc} for vpc, region in page]}
        return result | ({"NextToken": pages.token(following[0])} if following else {})

    def list_hosted_zones_by_vpc(self, params: Params, set_up: bool) -> Result:
        if self._owner_of(params["VPCId"], params["VPCRegion"]) != self._account:
            raise AwsError("InvalidInput", f"The VPC {params['VPCId']} does not exist in {params['VPCRegion']}.")
        start = pages.position(params["NextToken"], "InvalidPaginationToken") if "NextToken" in params else ""
        zones = sorted(self.zones.on_vpc(params["VPCId"]), key=lambda zone: zone.id)
        at_most = pages.size(params.get("MaxItems"), MAX_ZONES, None if set_up else self.page_size)
        page, following = pages.cut([zone for zone in zones if zone.id >= start], at_most)
        result = {"HostedZoneSummaries": [_summary(zone) for zone in page], "MaxItems": str(at_most)}
        return result | ({"NextToken": pages.token(following.id)} if following else {})

    def _own_zone(self, zone_id: str) -> Zone:
        """A zone of the calling account; another account's is there, but not for it."""
        zone = self.zones.find(zone_id)
        if zone.owner != self._account:
            raise denied(self._account)
        return zone

    def _own_vpc(self, vpc: dict[str, str]) -> tuple[str, str]:
        vpc_id, region = vpc.get("VPCId", ""), vpc.get("VPCRegion", "")
        if self._owner_of(vpc_id, region) != self._account:
            raise _no_vpc(vpc_id, region)
        return vpc_id, region

    def _refuse_conflict(self, name: str, vpc_id: str) -> None:
        """One zone per name and VPC; private DNS of an interface endpoint counts, since it is a hidden zone.

        https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html
        """
        held = [zone.id for zone in self.zones.at(vpc_id, name)]
        if held or name in self._hidden_zones(vpc_id):
            message = f"The VPC {vpc_id} has already been associated with the hosted zone {', '.join(held)} "
            raise AwsError("ConflictingDomainExists", message + "with the same domain name.")


def denied(account: str) -> AwsError:
    """What a call on another account's zone gets: https://github.com/hashicorp/terraform/issues/24286"""
    return AwsError("AccessDenied", f"User: {account} is not authorized to access this resource", 403)


def _no_vpc(vpc_id: str, region: str) -> AwsError:
    message = f"The VPC {vpc_id} in region {region} that you provided either does not exist or is not authorized."
    return AwsError("InvalidVPCId", message)


def _summary(zone: Zone) -> dict[str, Any]:
    owner = {"OwningService": zone.owning_service} if zone.owning_service else {"OwningAccount": zone.owner}
    return {"HostedZoneId": zone.id, "Name": zone.name, "Owner": owner}
