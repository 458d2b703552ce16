//! Route 53 Resolver: rules, DNS Firewall, inbound endpoints.

mod firewall;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_route53resolver::types::{
    self, Filter, IpAddressResponse, IpAddressStatus, Protocol, ResolverEndpoint, ResolverEndpointStatus,
    ResolverRuleAssociationStatus, RuleTypeOption, TargetAddress,
};
use aws_sdk_route53resolver::{Client, config};
use checks::facts::{InboundEndpoint, ResolverRule};
use futures::future::try_join_all;
use planner::name::Name;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::aws::Sdk;
use crate::error::{AwsError, Kind, failed};

const RULES: &str = "route53resolver:ListResolverRules";
const ASSOCIATIONS: &str = "route53resolver:ListResolverRuleAssociations";
const ENDPOINTS: &str = "route53resolver:ListResolverEndpoints";
const ADDRESSES: &str = "route53resolver:ListResolverEndpointIpAddresses";

/// The most that the API gives in one page of rules, endpoints and the like.
const PAGE: i32 = 100;

/// How many requests are under way at once. The API allows five a second for the whole account, so a request also
/// has more tries than those of other services.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>
const IN_FLIGHT: usize = 3;
const TRIES: u32 = 8;

/// Reads what stands between a VPC's resolver and a private zone.
#[derive(Clone, Debug)]
pub struct Resolver {
    client: Client,
    turns: Arc<Semaphore>,
}

impl Resolver {
    pub fn new(sdk: &Sdk) -> Resolver {
        let retries = RetryConfig::standard()
            .with_max_attempts(TRIES)
            .with_initial_backoff(Duration::from_millis(200))
            .with_max_backoff(Duration::from_secs(4));
        Resolver {
            client: Client::from_conf(config::Builder::from(&sdk.config).retry_config(retries).build()),
            turns: Arc::new(Semaphore::new(IN_FLIGHT)),
        }
    }

    /// Every Resolver rule that this account sees, its own and those shared with it, all pages, sorted by domain. The
    /// root is an empty domain. Rules without a domain, which delegate, are left out.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListResolverRules.html>
    ///
    /// # Errors
    /// [`AwsError`], also for a rule without an id or type: half an answer is none.
    pub async fn rules(&self) -> Result<Vec<ResolverRule>, AwsError> {
        let _turn = self.turn().await;
        let pages = self.client.list_resolver_rules().max_results(PAGE).into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(RULES, "this account"))?;
        let named = items.iter().filter(|item| item.domain_name().is_some_and(|name| !name.is_empty()));
        let rules: Option<Vec<ResolverRule>> = named.map(rule).collect();
        let mut rules = rules.ok_or_else(|| incomplete(RULES, "this account"))?;
        rules.sort_by(|a, b| (&a.domain, &a.id).cmp(&(&b.domain, &b.id)));
        Ok(rules)
    }

    /// The ids of the Resolver rules in force on a VPC, or about to be, all pages, sorted.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListResolverRuleAssociations.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an association without a rule or status.
    pub async fn associated_rule_ids(&self, vpc_id: &str) -> Result<Vec<String>, AwsError> {
        let _turn = self.turn().await;
        let request = self.client.list_resolver_rule_associations().max_results(PAGE);
        let pages = request.filters(filter("VPCId", vpc_id)).into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(ASSOCIATIONS, vpc_id))?;
        let mut ids = Vec::with_capacity(items.len());
        for item in &items {
            let (id, status) =
                item.resolver_rule_id().zip(item.status()).ok_or_else(|| incomplete(ASSOCIATIONS, vpc_id))?;
            if matches!(status, ResolverRuleAssociationStatus::Complete | ResolverRuleAssociationStatus::Creating) {
                ids.push(id.to_owned());
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// The inbound Resolver endpoints in a VPC that take plain DNS and work, all pages, sorted by id, with their
    /// addresses that work, sorted.
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListResolverEndpoints.html>
    /// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ListResolverEndpointIpAddresses.html>
    ///
    /// # Errors
    /// [`AwsError`], also for an endpoint without an id or status.
    pub async fn inbound_endpoints(&self, vpc_id: &str) -> Result<Vec<InboundEndpoint>, AwsError> {
        let items = {
            let _turn = self.turn().await;
            let request = self.client.list_resolver_endpoints().max_results(PAGE);
            let request = request.filters(filter("HostVPCId", vpc_id)).filters(filter("Direction", "INBOUND"));
            let pages = request.into_paginator().items().send();
            pages.try_collect().await.map_err(failed(ENDPOINTS, vpc_id))?
        };
        let mut found = Vec::new();
        for item in &items {
            let (id, status) = item.id().zip(item.status()).ok_or_else(|| incomplete(ENDPOINTS, vpc_id))?;
            if works(status) && takes_plain_dns(item) {
                found.push(id);
            }
        }
        found.sort_unstable();
        let endpoints = found.into_iter().map(|id| async move {
            let addresses = self.addresses(id).await?;
            Ok(InboundEndpoint { id: id.to_owned(), addresses })
        });
        try_join_all(endpoints).await
    }

    async fn addresses(&self, endpoint_id: &str) -> Result<Vec<IpAddr>, AwsError> {
        let _turn = self.turn().await;
        let request = self.client.list_resolver_endpoint_ip_addresses().resolver_endpoint_id(endpoint_id);
        let pages = request.max_results(PAGE).into_paginator().items().send();
        let items = pages.try_collect().await.map_err(failed(ADDRESSES, endpoint_id))?;
        let mut addresses = Vec::with_capacity(items.len());
        for item in items.iter().filter(|item| is_attached(item)) {
            for text in [item.ip(), item.ipv6()].into_iter().flatten() {
                addresses.push(text.parse().map_err(|_| incomplete(ADDRESSES, endpoint_id))?);
            }
        }
        addresses.sort_unstable();
        Ok(addresses)
    }

    /// Waits for one's turn: as long as the value lives, one of the requests under way is one's own. Nobody closes the
    /// semaphore, and without a turn all that is lost is the courtesy.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn incomplete(action: &'static str, subject: &str) -> AwsError {
    AwsError::answer(action, subject, Kind::Unavailable, "incomplete answer")
}

fn rule(item: &types::ResolverRule) -> Option<ResolverRule> {
    Some(ResolverRule {
        id: item.id()?.to_owned(),
        name: item.name().unwrap_or_default().to_owned(),
        domain: Name::from_wire(item.domain_name()?),
        forwards: *item.rule_type()? == RuleTypeOption::Forward,
        targets: item.target_ips().iter().map(target).collect::<Option<Vec<_>>>()?,
    })
}

/// `ip:port`, or `[ip]:port` for IPv6.
fn target(item: &TargetAddress) -> Option<String> {
    let port = item.port().unwrap_or(53);
    match (item.ip(), item.ipv6()) {
        (Some(v4), _) => Some(format!("{v4}:{port}")),
        (None, Some(v6)) => Some(format!("[{v6}]:{port}")),
        (None, None) => None,
    }
}

/// Whether an endpoint takes DNS over port 53, which is also what one without a list of protocols does.
fn takes_plain_dns(item: &ResolverEndpoint) -> bool {
    item.protocols().is_empty() || item.protocols().contains(&Protocol::Do53)
}

/// Whether an endpoint answers, be it with fewer addresses than it should have.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_ResolverEndpoint.html>
fn works(status: &ResolverEndpointStatus) -> bool {
    use ResolverEndpointStatus::{ActionNeeded, AutoRecovering, Operational, Updating};
    matches!(status, Operational | Updating | AutoRecovering | ActionNeeded)
}

fn is_attached(item: &IpAddressResponse) -> bool {
    matches!(item.status(), Some(IpAddressStatus::Attached | IpAddressStatus::Updating))
}
