//! Route 53: hosted zones, record sets and changes.

mod associations;

use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_route53::error::{BuildError, SdkError};
use aws_sdk_route53::types as r53;
use aws_sdk_route53::types::{ChangeAction, ChangeStatus, HostedZoneConfig, Vpc, VpcRegion};
use aws_sdk_route53::{Client, config};
use planner::batch::{Step, Verb};
use planner::name::Name;
use planner::record::{Data, RecordSet, RecordType};

use super::Sdk;
use super::whole::WholeXml;
use crate::error::{AwsError, Kind, failed};

/// A hosted zone of this account, as listed.
#[derive(Clone, Debug)]
pub struct ListedZone {
    pub id: String,
    pub name: Name,
    pub private: bool,
    pub comment: String,
}

/// A private zone that a VPC sees, whoever owns it.
#[derive(Clone, Debug)]
pub struct VpcZone {
    pub id: String,
    pub name: Name,
    /// The account or AWS service that owns it.
    pub holder: String,
    /// Made by an AWS service, such as the zone behind an endpoint's private DNS.
    pub of_service: bool,
}

/// Reads and writes hosted zones.
#[derive(Clone, Debug)]
pub struct Route53 {
    client: Client,
    region: String,
}

impl Route53 {
    /// A client that goes slower once Route 53 refused a request: many VPCs need more than its 10 requests a second, and a
    /// run that only repeats what was refused uses up its tries.
    /// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
    pub fn new(sdk: &Sdk, region: &str) -> Route53 {
        let retries = RetryConfig::adaptive()
            .with_max_attempts(8)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(4));
        let conf = config::Builder::from(&sdk.config).retry_config(retries);
        let conf = conf.interceptor(WholeXml).interceptor(sdk.calls.clone());
        Route53 { client: Client::from_conf(conf.build()), region: region.to_owned() }
    }

    /// Every hosted zone of the account, all pages.
    ///
    /// # Errors
    /// [`AwsError`] when a page could not be read: a partial list is none.
    pub async fn zones(&self) -> Result<Vec<ListedZone>, AwsError> {
        let action = "route53:ListHostedZones";
        let mut pages = self.client.list_hosted_zones().into_paginator().send();
        let mut zones = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed(action, "this account"))?;
            if page.is_truncated() && page.next_marker().is_none_or(str::is_empty) {
                return Err(partial(action, "this account"));
            }
            zones.extend(page.hosted_zones().iter().map(|zone| ListedZone {
                id: bare(zone.id()),
                name: Name::from_wire(zone.name()),
                private: zone.config().is_some_and(HostedZoneConfig::private_zone),
                comment: zone.config().and_then(|config| config.comment()).unwrap_or_default().to_owned(),
            }));
        }
        Ok(zones)
    }

    /// The private zones that a VPC of this Region sees, all pages.
    ///
    /// # Errors
    /// As [`Route53::zones_on`].
    pub async fn zones_on_vpc(&self, vpc_id: &str) -> Result<Vec<VpcZone>, AwsError> {
        self.zones_on(vpc_id, &self.region).await
    }

    /// The private zones that a VPC of this account sees, in any Region, all pages.
    ///
    /// # Errors
    /// [`AwsError`] when a page could not be read.
    pub async fn zones_on(&self, vpc_id: &str, region: &str) -> Result<Vec<VpcZone>, AwsError> {
        let mut zones = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let request = self.client.list_hosted_zones_by_vpc().vpc_id(vpc_id).vpc_region(VpcRegion::from(region));
            let page = request
                .set_next_token(token.take())
                .send()
                .await
                .map_err(failed("route53:ListHostedZonesByVPC", vpc_id))?;
            zones.extend(page.hosted_zone_summaries().iter().map(|zone| {
                let owner = zone.owner();
                let account = owner.and_then(|owner| owner.owning_account()).map(|id| format!("account {id}"));
                let service = owner.and_then(|owner| owner.owning_service()).map(str::to_owned);
                VpcZone {
                    id: bare(zone.hosted_zone_id()),
                    name: Name::from_wire(zone.name()),
                    of_service: service.is_some(),
                    holder: service.or(account).unwrap_or_else(|| "another account".to_owned()),
                }
            }));
            token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(zones);
            }
        }
    }

    /// Every record set of a zone, all pages.
    ///
    /// # Errors
    /// [`AwsError`] when a page could not be read: a partial list is none.
    pub async fn records(&self, zone_id: &str) -> Result<Vec<RecordSet>, AwsError> {
        let action = "route53:ListResourceRecordSets";
        let mut records = Vec::new();
        let mut request = self.client.list_resource_record_sets().hosted_zone_id(zone_id);
        loop {
            let page = request.send().await.map_err(failed(action, zone_id))?;
            records.extend(page.resource_record_sets().iter().map(record_set));
            if !page.is_truncated() {
                break;
            }
            let (Some(name), Some(rtype)) = (page.next_record_name(), page.next_record_type()) else {
                return Err(partial(action, zone_id));
            };
            request = self
                .client
                .list_resource_record_sets()
                .hosted_zone_id(zone_id)
                .start_record_name(name)
                .start_record_type(rtype.clone())
                .set_start_record_identifier(page.next_record_identifier().map(str::to_owned));
        }
        // A private zone has an SOA for as long as it exists: without one, this was not the zone's content.
        if !records.iter().any(|set| set.rtype == RecordType::Soa) {
            return Err(partial(action, zone_id));
        }
        Ok(records)
    }

    /// Makes a private zone on a VPC; returns its id and its change's id.
    ///
    /// # Errors
    /// [`AwsError`] of kind `Stale` when such a zone exists already, also by an earlier try with the same
    /// `reference`.
    pub async fn create_zone(
        &self,
        name: &Name,
        vpc_id: &str,
        comment: &str,
        reference: &str,
    ) -> Result<(String, Option<String>), AwsError> {
        let answer = self
            .client
            .create_hosted_zone()
            .name(name.as_str())
            .vpc(self.vpc(vpc_id))
            .caller_reference(reference)
            .hosted_zone_config(HostedZoneConfig::builder().comment(comment).private_zone(true).build())
            .send()
            .await
            .map_err(failed("route53:CreateHostedZone", name.as_str()))?;
        let zone = answer.hosted_zone().ok_or_else(|| partial("route53:CreateHostedZone", name.as_str()))?;
        Ok((bare(zone.id()), answer.change_info().map(|change| bare(change.id()))))
    }

    /// Sends one atomic batch; returns the change's id.
    ///
    /// # Errors
    /// [`AwsError`], of kind `Stale` when the zone is no longer as it was read. Nothing is written then.
    pub async fn change(&self, zone_id: &str, batch: &[Step], comment: &str) -> Result<String, AwsError> {
        let action = "route53:ChangeResourceRecordSets";
        let changes = batch.iter().map(change).collect::<Result<Vec<_>, BuildError>>();
        let batch =
            changes.and_then(|changes| r53::ChangeBatch::builder().set_changes(Some(changes)).comment(comment).build());
        let batch = batch.map_err(|error| {
            failed(action, zone_id)(SdkError::<r53::error::InvalidInput, ()>::construction_failure(error))
        })?;
        let request = self.client.change_resource_record_sets().hosted_zone_id(zone_id).change_batch(batch);
        let answer = request.send().await.map_err(failed(action, zone_id))?;
        let info = answer.change_info().ok_or_else(|| partial(action, zone_id))?;
        Ok(bare(info.id()))
    }

    /// Whether every Route 53 server has a change.
    ///
    /// # Errors
    /// [`AwsError`] when it could not be asked.
    pub async fn is_in_sync(&self, change_id: &str) -> Result<bool, AwsError> {
        let answer = match self.client.get_change().id(change_id).send().await {
            Ok(answer) => answer,
            Err(error) => match failed("route53:GetChange", change_id)(error) {
                // A change that was just sent may not be known everywhere yet.
                error if error.code == "NoSuchChange" => return Ok(false),
                error => return Err(error),
            },
        };
        Ok(answer.change_info().is_some_and(|info| *info.status() == ChangeStatus::Insync))
    }

    /// Deletes an empty zone; returns the change's id.
    ///
    /// # Errors
    /// [`AwsError`], of kind `Stale` when the zone holds records or is gone.
    pub async fn delete_zone(&self, zone_id: &str) -> Result<Option<String>, AwsError> {
        let answer = self.client.delete_hosted_zone().id(zone_id).send().await;
        let answer = answer.map_err(failed("route53:DeleteHostedZone", zone_id))?;
        Ok(answer.change_info().map(|change| bare(change.id())))
    }

    /// Changes a zone's comment, which says whose it is.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHostedZoneComment.html>
    ///
    /// # Errors
    /// [`AwsError`], of kind `Stale` when the zone is gone.
    pub async fn set_comment(&self, zone_id: &str, comment: &str) -> Result<(), AwsError> {
        let request = self.client.update_hosted_zone_comment().id(zone_id).comment(comment);
        request.send().await.map(|_| ()).map_err(failed("route53:UpdateHostedZoneComment", zone_id))
    }

    fn vpc(&self, vpc_id: &str) -> Vpc {
        Vpc::builder().vpc_id(vpc_id).vpc_region(VpcRegion::from(self.region.as_str())).build()
    }
}

fn partial(action: &'static str, subject: &str) -> AwsError {
    AwsError::answer(action, subject, Kind::Unavailable, "incomplete answer")
}

/// Ids come as `/hostedzone/Z…` and `/change/C…`.
fn bare(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_owned()
}

fn record_set(set: &r53::ResourceRecordSet) -> RecordSet {
    let data = match set.alias_target() {
        Some(alias) => Data::Alias {
            target: Name::from_wire(alias.dns_name()),
            zone_id: alias.hosted_zone_id().to_owned(),
            evaluate_health: alias.evaluate_target_health(),
        },
        None => Data::Values {
            ttl: set.ttl().unwrap_or_default(),
            values: set.resource_records().iter().map(|record| record.value().to_owned()).collect(),
        },
    };
    let is_routed =
        set.set_identifier().is_some() || set.health_check_id().is_some() || set.traffic_policy_instance_id().is_some();
    RecordSet {
        name: Name::from_wire(set.name()),
        rtype: RecordType::parse(set.r#type().as_str()),
        data: Arc::new(data),
        simple: !is_routed,
    }
}

fn change(step: &Step) -> Result<r53::Change, BuildError> {
    let action = match step.verb {
        Verb::Create => ChangeAction::Create,
        Verb::Delete => ChangeAction::Delete,
        Verb::Upsert => ChangeAction::Upsert,
    };
    let set = r53::ResourceRecordSet::builder().name(step.name.as_str()).r#type(r53::RrType::from(step.rtype.as_str()));
    let set = match &*step.data {
        Data::Alias { target, zone_id, evaluate_health } => set.alias_target(
            r53::AliasTarget::builder()
                .dns_name(target.as_str())
                .hosted_zone_id(zone_id)
                .evaluate_target_health(*evaluate_health)
                .build()?,
        ),
        Data::Values { ttl, values } => {
            let records = values.iter().map(|value| r53::ResourceRecord::builder().value(value).build());
            set.ttl(*ttl).set_resource_records(Some(records.collect::<Result<Vec<_>, BuildError>>()?))
        }
    };
    r53::Change::builder().action(action).resource_record_set(set.build()?).build()
}
