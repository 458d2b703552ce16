//! Which zone answers for each of our hosts: as `reconcile` plans it, so that both agree.

use std::collections::{BTreeMap, BTreeSet};

use planner::desired;
use planner::name::Name;
use planner::route::{Wish, Wishes};

use crate::facts::{Facts, PrivateZone};
use crate::served::{tdp, wishes};
use crate::wanted::Wanted;

/// Zones with the hosts in each.
pub(crate) type Zones = BTreeMap<Name, BTreeSet<Name>>;

/// The zones that our records go into: without the hosts that somebody else serves or that are held, and with the zones
/// of others that may be used.
pub(crate) fn ours(facts: &Facts, wanted: &Wanted) -> Zones {
    let wishes = wishes(facts, wanted);
    let is_ours = |host: &Name| is_of_ours(wanted, &wishes, host);
    // A host that is left alone and is in a zone of its own keeps it, with what lies below.
    let has_zone = |host: &Name| {
        let base = host.wildcard_base().unwrap_or_else(|| host.clone());
        let is_there = facts.records.as_ref().is_ok_and(|records| records.there.contains(host));
        is_there && facts.private_zones.iter().flatten().any(|zone| zone.is_ours && zone.name == base)
    };
    let hosts: BTreeSet<Name> = wishes.hosts.keys().filter(|host| is_ours(host) || has_zone(host)).cloned().collect();
    let usable = facts.private_zones.iter().flatten().filter(|zone| is_usable(zone, wanted));
    let mut zones = desired::zones(&hosts, &usable.map(|zone| zone.name.clone()).collect());
    for hosts in zones.values_mut() {
        hosts.retain(is_ours);
    }
    zones.retain(|_, hosts| !hosts.is_empty());
    zones
}

/// Whether a record of ours is or will be at a name: where it leads somewhere, or stays as it is until its endpoint is
/// there again. A held host is nobody's to judge, with what was written beside it.
pub(crate) fn is_of_ours(wanted: &Wanted, wishes: &Wishes, host: &Name) -> bool {
    let held = &wanted.routes.held;
    let main = wanted.routes.hosts.get(host).and_then(|route| route.beside.as_ref());
    match wishes.hosts.get(host) {
        Some(Wish::Lead(_)) => true,
        Some(Wish::Leave) => !held.contains(host) && !main.is_some_and(|main| held.contains(main)),
        None => false,
    }
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

/// The hosts that private DNS of the TDP endpoint serves, in the hidden zones behind it.
pub(crate) fn of_private_dns(facts: &Facts, wanted: &Wanted) -> Zones {
    let wishes = wishes(facts, wanted);
    let mut zones = Zones::new();
    for host in wanted.routes.at_tdp() {
        let is_free = !wishes.hosts.contains_key(&host);
        if let Some(name) = tdp(facts).filter(|_| is_free).and_then(|endpoint| endpoint.private_dns_name(&host)) {
            let zone = name.wildcard_base().unwrap_or_else(|| name.clone());
            zones.entry(zone).or_default().insert(host);
        }
    }
    zones
}

/// The zones that answer for our hosts: those with our records, and those behind private DNS of the TDP endpoint.
pub(crate) fn answering(facts: &Facts, wanted: &Wanted) -> Zones {
    let mut zones = ours(facts, wanted);
    for (zone, hosts) in of_private_dns(facts, wanted) {
        zones.entry(zone).or_default().extend(hosts);
    }
    zones
}

/// The hosts that an endpoint serves by a record of ours or by private DNS of the TDP endpoint.
pub(crate) fn hosts(facts: &Facts, wanted: &Wanted) -> BTreeSet<Name> {
    answering(facts, wanted).into_values().flatten().collect()
}

/// The names that others have to forward to the VPC's resolver for hosts, each with everything below it.
pub(crate) fn to_forward(hosts: &BTreeSet<Name>) -> Vec<Name> {
    desired::zones(hosts, &BTreeSet::new()).into_keys().collect()
}

/// Whether a zone that this stack did not make for this VPC may hold its records: one of this account that no stack
/// made, with `ExistingZones=adopt`, or because it holds some already.
pub(crate) fn is_usable(zone: &PrivateZone, wanted: &Wanted) -> bool {
    let is_free = zone.is_of_account() && zone.other_owner.is_none() && zone.other_vpc.is_none();
    !zone.is_ours && is_free && (wanted.adopts || zone.has_our_markers)
}
