//! Route 53 Profiles: those of a VPC, and what is in them.

use aws_sdk_route53profiles::Client;
use aws_sdk_route53profiles::types::ProfileStatus;

use super::Sdk;
use crate::error::{AwsError, Kind, failed};

const ASSOCIATIONS: &str = "route53profiles:ListProfileAssociations";
const RESOURCES: &str = "route53profiles:ListProfileResourceAssociations";

/// Reads Profiles.
#[derive(Clone, Debug)]
pub struct Profiles {
    client: Client,
}

impl Profiles {
    pub fn new(sdk: &Sdk) -> Profiles {
        Profiles { client: Client::new(&sdk.config) }
    }

    /// The ids of the Profiles in force on a VPC with the names of their associations, all pages, sorted.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_ListProfileAssociations.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an association without a Profile or status: half an answer is none.
    pub async fn profiles(&self, vpc_id: &str) -> Result<Vec<(String, String)>, AwsError> {
        let pages = self.client.list_profile_associations().resource_id(vpc_id).into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(ASSOCIATIONS, vpc_id))?;
        let mut profiles = Vec::with_capacity(items.len());
        for item in &items {
            let (id, status) = item.profile_id().zip(item.status()).ok_or_else(|| incomplete(ASSOCIATIONS, vpc_id))?;
            if is_in_force(status) {
                profiles.push((id.to_owned(), item.name().unwrap_or_default().to_owned()));
            }
        }
        profiles.sort();
        Ok(profiles)
    }

    /// The ARN of every resource in force in a Profile, all pages, sorted: private zones, Resolver rules, DNS
    /// Firewall rule groups and endpoints.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53profiles_ListProfileResourceAssociations.html>
    ///
    /// # Errors
    /// [`AwsError`], also for a resource without an ARN or status.
    pub async fn resources(&self, profile_id: &str) -> Result<Vec<String>, AwsError> {
        let request = self.client.list_profile_resource_associations().profile_id(profile_id);
        let pages = request.into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(RESOURCES, profile_id))?;
        let mut resources = Vec::with_capacity(items.len());
        for item in &items {
            let status = item.status().ok_or_else(|| incomplete(RESOURCES, profile_id))?;
            if is_in_force(status) {
                let arn = item.resource_arn().ok_or_else(|| incomplete(RESOURCES, profile_id))?;
                resources.push(arn.to_owned());
            }
        }
        resources.sort();
        Ok(resources)
    }
}

/// An association that is being changed still counts.
fn is_in_force(status: &ProfileStatus) -> bool {
    matches!(status, ProfileStatus::Complete | ProfileStatus::Updating)
}

fn incomplete(action: &'static str, subject: &str) -> AwsError {
    AwsError::answer(action, subject, Kind::Unavailable, "incomplete answer")
}
