//! What lab IT needs once the connection is live: how DNS outside AWS learns the private answers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use planner::endpoint::State;
use planner::name::Name;
use serde::Serialize;

use crate::coverage::{Row, Via};
use crate::facts::Facts;
use crate::wanted::Wanted;

/// The parts of the hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    /// The names to forward, each with everything below it: exactly the zones that the VPC answers for.
    pub zones: Vec<Name>,
    pub hosts: Vec<Name>,
    /// The addresses of the inbound Resolver endpoints, IPv4 where they have any; empty: there is none, and only the
    /// fallback is left.
    pub forward_to: Vec<IpAddr>,
    pub inbound_endpoint_ids: Vec<String>,
    /// The addresses of the endpoint, for the fallback.
    pub addresses: Vec<IpAddr>,
    pub primary_dns_name: Name,
    /// Hosts of AWS services that interface endpoints of the VPC serve: not forwarded by the snippets.
    pub aws_hosts: Vec<String>,
    /// The configuration for each DNS server, by its name.
    pub snippets: BTreeMap<&'static str, String>,
}

/// The hand-over, without snippets; `None` while the connection is not live, or what it needs could not be read.
///
/// Live means: the endpoint is available, and each host leads to it, by a record or by its private DNS.
pub fn hand_over(facts: &Facts, wanted: &Wanted, coverage: &[Row]) -> Option<HandOver> {
    let found = facts.tdp_endpoint.as_ref().ok()?.as_ref()?;
    let endpoint = &found.endpoint;
    let led = facts.led_hosts.as_ref().ok()?;
    let is_live = |host: &Name| led.contains(host) || endpoint.private_dns_covers(host);
    if wanted.withdraws || endpoint.state != State::Available || !wanted.hosts.iter().all(is_live) {
        return None;
    }
    let addresses: Vec<IpAddr> = found.addresses.as_ref().ok()?.iter().map(|address| address.ip).collect();
    let inbound = facts.inbound_endpoints.as_ref().ok()?;
    let inbound: Vec<_> = inbound.iter().filter(|one| !one.addresses.is_empty()).collect();
    Some(HandOver {
        zones: wanted.zones().into_keys().collect(),
        hosts: wanted.hosts.iter().cloned().collect(),
        forward_to: one_family(inbound.iter().flat_map(|one| one.addresses.iter().copied()).collect()),
        inbound_endpoint_ids: inbound.iter().map(|one| one.id.clone()).collect(),
        addresses,
        primary_dns_name: endpoint.regional()?.name.clone(),
        aws_hosts: coverage.iter().filter(|row| row.via == Via::AwsEndpoint).map(|row| row.host.clone()).collect(),
        snippets: BTreeMap::new(),
    })
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
