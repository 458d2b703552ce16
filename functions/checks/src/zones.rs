//! Which zone answers for each of our hosts: as `reconcile` plans it, so that both agree.

use std::collections::{BTreeMap, BTreeSet};

use planner::desired;
use planner::endpoint::Endpoint;
use planner::name::Name;

use crate::facts::{Facts, PrivateZone};
use crate::wanted::Wanted;

/// Zones with the hosts in each.
pub(crate) type Zones = BTreeMap<Name, BTreeSet<Name>>;

/// The zones that our records go into: without the hosts that private DNS of the endpoint serves, and with the zones of
/// others that may be used.
pub(crate) fn ours(facts: &Facts, wanted: &Wanted) -> Zones {
    let endpoint = endpoint(facts);
    let hosts = wanted.hosts.iter().filter(|host| !endpoint.is_some_and(|one| one.private_dns_covers(host)));
    let usable = facts.private_zones.iter().flatten().filter(|zone| is_usable(zone, wanted));
    desired::zones(&hosts.cloned().collect(), &usable.map(|zone| zone.name.clone()).collect())
}

/// The same without zones of others: those that are made, and hide what is in them.
pub(crate) fn made(facts: &Facts, wanted: &Wanted) -> Zones {
    let mut zones = ours(facts, wanted);
    let others = facts.private_zones.iter().flatten().filter(|zone| is_usable(zone, wanted));
    for zone in others {
        zones.remove(&zone.name);
    }
    zones
}

/// The hosts that private DNS of the endpoint serves, in the hidden zones behind it.
pub(crate) fn of_private_dns(facts: &Facts, wanted: &Wanted) -> Zones {
    let mut zones = Zones::new();
    for host in &wanted.hosts {
        if let Some(name) = endpoint(facts).and_then(|endpoint| endpoint.private_dns_name(host)) {
            let zone = name.wildcard_base().unwrap_or_else(|| name.clone());
            zones.entry(zone).or_default().insert(host.clone());
        }
    }
    zones
}

/// Whether a zone that this stack did not make may hold its records: one of this account that no other stack made,
/// with `ExistingZones=adopt`, or because it holds some already.
pub(crate) fn is_usable(zone: &PrivateZone, wanted: &Wanted) -> bool {
    let is_free = zone.is_of_account() && zone.other_owner.is_none();
    !zone.is_ours && is_free && (wanted.adopts || zone.has_our_markers)
}

fn endpoint(facts: &Facts) -> Option<&Endpoint> {
    facts.tdp_endpoint.as_ref().ok()?.as_ref().map(|found| &found.endpoint)
}
