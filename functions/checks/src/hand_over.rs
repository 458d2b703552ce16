//! What lab IT needs once the connection is live: how DNS outside AWS learns the private answers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use planner::endpoint::State;
use planner::name::Name;
use planner::route::{Wish, Wishes};
use serde::Serialize;

use crate::coverage::{Row, Via};
use crate::facts::{Facts, Unread};
use crate::served::{is_led, wishes};
use crate::wanted::Wanted;
use crate::zones::{hosts, to_forward};

/// The parts of the hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    /// The names to forward, each with everything below it: exactly the zones that the VPC answers for.
    pub zones: Vec<Name>,
    /// Those that lead to the TDP endpoint.
    pub hosts: Vec<Name>,
    /// Hosts of AWS services in the zones to forward.
    pub forwarded_aws: Vec<AwsHost>,
    /// The addresses of the inbound Resolver endpoints, IPv4 where they have any; empty: there is none, and only the
    /// fallback is left.
    pub forward_to: Vec<IpAddr>,
    pub inbound_endpoint_ids: Vec<String>,
    /// The addresses of the TDP endpoint, for the fallback.
    pub addresses: Vec<IpAddr>,
    pub primary_dns_name: Name,
    /// Hosts of AWS services that private DNS of the VPC's own endpoints serves, in no zone to forward.
    pub aws_hosts: Vec<String>,
    /// The configuration for each DNS server, by its name.
    pub snippets: BTreeMap<&'static str, String>,
}

/// A host of an AWS service that a record of ours leads to an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AwsHost {
    pub host: Name,
    pub endpoint_id: String,
    /// Whether that is the TDP endpoint, and not one of the VPC's own.
    pub at_tdp: bool,
}

/// The hand-over, without snippets; `None` while the connection is not live, or what it needs could not be read.
///
/// Live means: the endpoint is available, and each host that should lead to it does, by a record or by its private DNS.
/// A host of one of the VPC's own endpoints holds nothing up: it is handed over once it leads there.
pub fn hand_over(facts: &Facts, wanted: &Wanted, coverage: &[Row]) -> Option<HandOver> {
    let found = facts.tdp_endpoint.as_ref().ok()?.as_ref()?;
    let endpoint = &found.endpoint;
    let wishes = wishes(facts, wanted);
    let (own, at_tdp): (BTreeSet<Name>, BTreeSet<Name>) =
        hosts(facts, wanted).into_iter().partition(|host| wanted.routes.is_own(host));
    let own = live(facts, &wishes, own).ok()?;
    let is_live = live(facts, &wishes, at_tdp.clone()).ok()? == at_tdp;
    if wanted.withdraws || endpoint.state != State::Available || !is_live {
        return None;
    }
    let addresses: Vec<IpAddr> = found.addresses.as_ref().ok()?.iter().map(|address| address.ip).collect();
    let inbound = facts.inbound_endpoints.as_ref().ok()?;
    let inbound: Vec<_> = inbound.iter().filter(|one| !one.addresses.is_empty()).collect();
    let forwarded = at_tdp.union(&own).cloned().collect();
    let zones = to_forward(&forwarded);
    // What private DNS serves below a zone that is forwarded comes along.
    let is_below = |host: &Name, row: &Row| row.via == Via::AwsEndpoint && zones.iter().any(|zone| host.is_below(zone));
    let aws = |row: &Row| {
        let host = Name::from_wire(&row.host);
        let is_forwarded = !row.services.is_empty() && (forwarded.contains(&host) || is_below(&host, row));
        let endpoint_id = row.served_by.clone().filter(|_| is_forwarded)?;
        Some(AwsHost { at_tdp: endpoint_id == endpoint.id, endpoint_id, host })
    };
    let is_left = |row: &&Row| row.via == Via::AwsEndpoint && !is_below(&Name::from_wire(&row.host), row);
    Some(HandOver {
        forwarded_aws: coverage.iter().filter_map(aws).collect(),
        aws_hosts: coverage.iter().filter(is_left).map(|row| row.host.clone()).collect(),
        zones,
        hosts: at_tdp.into_iter().collect(),
        forward_to: one_family(inbound.iter().flat_map(|one| one.addresses.iter().copied()).collect()),
        inbound_endpoint_ids: inbound.iter().map(|one| one.id.clone()).collect(),
        addresses,
        primary_dns_name: endpoint.regional()?.name.clone(),
        snippets: BTreeMap::new(),
    })
}

/// The hosts that lead where they should. One without a wish has private DNS of the TDP endpoint.
fn live<'a>(facts: &'a Facts, wishes: &Wishes, mut hosts: BTreeSet<Name>) -> Result<BTreeSet<Name>, &'a Unread> {
    facts.records.as_ref()?;
    hosts.retain(|host| match wishes.hosts.get(host) {
        Some(Wish::Lead(target)) => is_led(facts, host, target).unwrap_or_default(),
        Some(Wish::Leave) => false,
        None => true,
    });
    Ok(hosts)
}

/// IPv4 addresses, or IPv6 ones where there are no others: a network without IPv6 would wait for answers from them.
fn one_family(mut addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.iter().any(IpAddr::is_ipv4) {
        addresses.retain(IpAddr::is_ipv4);
    }
    addresses
}
