//! What lab IT needs once the connection is live: how DNS outside AWS learns the private answers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use planner::endpoint::State;
use planner::name::Name;
use serde::Serialize;

use crate::facts::Facts;
use crate::wanted::Wanted;

/// The parts of the hand-over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOver {
    /// The names to forward, each with everything below it: exactly the zones that the VPC answers for.
    pub zones: Vec<Name>,
    pub hosts: Vec<Name>,
    /// The addresses of the inbound Resolver endpoints; empty: there is none, and only the fallback is left.
    pub forward_to: Vec<IpAddr>,
    pub inbound_endpoint_ids: Vec<String>,
    /// The addresses of the endpoint, for the fallback.
    pub addresses: Vec<IpAddr>,
    pub primary_dns_name: Name,
    /// The configuration for each DNS server, by its name.
    pub snippets: BTreeMap<&'static str, String>,
}

/// The hand-over, without snippets; `None` while the connection is not live, or what it needs could not be read.
///
/// Live means: the endpoint is available, and each zone is there or private DNS of the endpoint serves its hosts.
pub fn hand_over(facts: &Facts, wanted: &Wanted) -> Option<HandOver> {
    let found = facts.tdp_endpoint.as_ref().ok()?.as_ref()?;
    let endpoint = &found.endpoint;
    if endpoint.state != State::Available {
        return None;
    }
    let private = facts.private_zones.as_ref().ok()?;
    let zones = wanted.zones();
    let is_served = |zone: &Name, hosts: &std::collections::BTreeSet<Name>| {
        private.iter().any(|one| one.name == *zone && (one.is_ours || wanted.adopts))
            || hosts.iter().all(|host| endpoint.private_dns_covers(host))
    };
    if !zones.iter().all(|(zone, hosts)| is_served(zone, hosts)) {
        return None;
    }
    let inbound: Vec<_> = facts.inbound_endpoints.iter().flatten().filter(|one| !one.addresses.is_empty()).collect();
    let mut forward_to: Vec<IpAddr> = inbound.iter().flat_map(|one| one.addresses.iter().copied()).collect();
    forward_to.sort_unstable();
    forward_to.dedup();
    Some(HandOver {
        zones: zones.into_keys().collect(),
        hosts: wanted.hosts.iter().cloned().collect(),
        forward_to,
        inbound_endpoint_ids: inbound.iter().map(|one| one.id.clone()).collect(),
        addresses: found.addresses.iter().flatten().map(|address| address.ip).collect(),
        primary_dns_name: endpoint.regional()?.name.clone(),
        snippets: BTreeMap::new(),
    })
}
