//! Which other names a private zone takes away from its VPC.

use std::collections::BTreeSet;

use crate::lookup::Known;
use crate::name::Name;

/// The names that resolved in public DNS before and get no answer once the zone serves only `hosts`.
///
/// `*.x` stands for every name below `x` that is not in `hosts`. A wildcard record does not reach past a name
/// that exists, nor past one that exists only because a longer one does (RFC 4592, section 2.2).
pub fn hides(zone: &Name, hosts: &BTreeSet<Name>) -> Vec<Name> {
    let known: Known<&Name> = hosts.iter().collect();
    let mut nodes: Known<Name> = Known::from_iter([zone.clone()]);
    for host in hosts {
        let mut node = host.wildcard_base().or_else(|| Some(host.clone()));
        // What is above a name that is known, is known too.
        while let Some(name) = node.filter(|name| name.is_within(zone) && !nodes.contains(name)) {
            node = name.parent();
            nodes.insert(name);
        }
    }
    let mut nodes: Vec<Name> = nodes.into_iter().collect();
    nodes.sort_by_cached_key(|name| name.as_str().matches('.').count());
    let mut hidden: Vec<Name> = Vec::new();
    // The names of which all that is below is hidden. Each comes after the one above it.
    let mut covered: Known<Name> = Known::default();
    for node in nodes {
        if node.parent().is_some_and(|above| covered.contains(&above)) {
            covered.insert(node);
            continue;
        }
        let below = node.child("*");
        let is_served = known.contains(&node);
        if !known.contains(&below) {
            hidden.push(below);
            covered.insert(node.clone());
        }
        if !is_served {
            hidden.push(node);
        }
    }
    hidden.sort();
    hidden
}
