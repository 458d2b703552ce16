//! Which VPCs see a private zone: associations, and authorizations for those of other accounts.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{Vpc, VpcRegion};
use planner::association::VpcRef;

use super::{Route53, bare, partial};
use crate::error::{AwsError, Kind, failed};

impl Route53 {
    /// The VPCs that a zone of this account is associated with, of every account: id and Region.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html>
    ///
    /// # Errors
    /// [`AwsError`] when it could not be read; of kind `Stale` when the zone is gone.
    pub async fn zone_vpcs(&self, zone_id: &str) -> Result<BTreeMap<String, String>, AwsError> {
        let action = "route53:GetHostedZone";
        let answer = self.client.get_hosted_zone().id(zone_id).send().await.map_err(failed(action, zone_id))?;
        let pair = |vpc: &Vpc| Some((vpc.vpc_id()?.to_owned(), vpc.vpc_region()?.as_str().to_owned()));
        let vpcs: Option<BTreeMap<String, String>> = answer.vpcs().iter().map(pair).collect();
        // A private zone has a VPC for as long as it exists.
        vpcs.filter(|vpcs| !vpcs.is_empty()).ok_or_else(|| partial(action, zone_id))
    }

    /// The VPCs that other accounts may associate a zone with, all pages.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListVPCAssociationAuthorizations.html>
    ///
    /// # Errors
    /// [`AwsError`] when a page could not be read.
    pub async fn authorizations(&self, zone_id: &str) -> Result<BTreeSet<String>, AwsError> {
        let mut vpcs = BTreeSet::new();
        let mut token: Option<String> = None;
        loop {
            let request = self.client.list_vpc_association_authorizations().hosted_zone_id(zone_id);
            let page = request.set_next_token(token.take()).send().await;
            let page = page.map_err(failed("route53:ListVPCAssociationAuthorizations", zone_id))?;
            vpcs.extend(page.vpcs().iter().filter_map(|vpc| vpc.vpc_id().map(str::to_owned)));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(vpcs);
            }
        }
    }

    /// Allows the account of a VPC to associate it with a zone.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateVPCAssociationAuthorization.html>
    ///
    /// # Errors
    /// [`AwsError`]. Allowing it twice is none.
    pub async fn authorize(&self, zone_id: &str, vpc: &VpcRef) -> Result<(), AwsError> {
        let request = self.client.create_vpc_association_authorization().hosted_zone_id(zone_id).vpc(self.vpc_of(vpc));
        let answer = request.send().await;
        answer.map(|_| ()).map_err(failed("route53:CreateVPCAssociationAuthorization", zone_id))
    }

    /// Takes an authorization back. Associations that were made with it stay.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteVPCAssociationAuthorization.html>
    ///
    /// # Errors
    /// [`AwsError`]. That there is none any more is no error.
    pub async fn deauthorize(&self, zone_id: &str, vpc: &VpcRef) -> Result<(), AwsError> {
        let request = self.client.delete_vpc_association_authorization().hosted_zone_id(zone_id).vpc(self.vpc_of(vpc));
        match request.send().await.map_err(failed("route53:DeleteVPCAssociationAuthorization", zone_id)) {
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Associates a zone with the VPC of this Region that it is for; returns the change's id.
    ///
    /// # Errors
    /// As [`Route53::associate_with`].
    pub async fn associate(&self, zone_id: &str, vpc_id: &str) -> Result<Option<String>, AwsError> {
        self.associate_with(zone_id, &VpcRef { id: vpc_id.to_owned(), place: None }).await
    }

    /// Associates a zone with a VPC of this account in any Region; returns the change's id.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_AssociateVPCWithHostedZone.html>
    ///
    /// # Errors
    /// [`AwsError`], of kind `Stale` when this zone or another one of its name is already on the VPC.
    pub async fn associate_with(&self, zone_id: &str, vpc: &VpcRef) -> Result<Option<String>, AwsError> {
        let request = self.client.associate_vpc_with_hosted_zone().hosted_zone_id(zone_id).vpc(self.vpc_of(vpc));
        let answer = request.send().await.map_err(failed("route53:AssociateVPCWithHostedZone", zone_id))?;
        Ok(answer.change_info().map(|change| bare(change.id())))
    }

    /// Takes a zone from a VPC, also of another account; returns the change's id, if there was something to do.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_DisassociateVPCFromHostedZone.html>
    ///
    /// # Errors
    /// [`AwsError`], also for the zone's last VPC. That the VPC does not have the zone any more is no error.
    pub async fn dissociate(&self, zone_id: &str, vpc_id: &str, region: &str) -> Result<Option<String>, AwsError> {
        let vpc = Vpc::builder().vpc_id(vpc_id).vpc_region(VpcRegion::from(region)).build();
        let request = self.client.disassociate_vpc_from_hosted_zone().hosted_zone_id(zone_id).vpc(vpc);
        match request.send().await.map_err(failed("route53:DisassociateVPCFromHostedZone", zone_id)) {
            Ok(answer) => Ok(answer.change_info().map(|change| bare(change.id()))),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn vpc_of(&self, vpc: &VpcRef) -> Vpc {
        Vpc::builder().vpc_id(&vpc.id).vpc_region(VpcRegion::from(vpc.region(&self.region))).build()
    }
}
