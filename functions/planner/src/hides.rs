//! Which other names a private zone takes away from its VPC.

use std::collections::BTreeSet;

use crate::name::Name;

/// The names that resolved in public DNS before and get no answer once the zone serves only `hosts`.
///
/// `*.x` stands for every name below `x` that is not in `hosts`. A wildcard record does not reach past a name
/// that exists, nor past one that exists only because a longer one does (RFC 4592, section 2.2).
pub fn hides(zone: &Name, hosts: &BTreeSet<Name>) -> Vec<Name> {
    let mut nodes: BTreeSet<Name> = BTreeSet::from([zone.clone()]);
    for host in hosts {
        let mut node = host.wildcard_base().or_else(|| Some(host.clone()));
        while let Some(name) = node.filter(|name| name.is_within(zone)) {
            node = name.parent();
            nodes.insert(name);
        }
    }
    let mut nodes: Vec<Name> = nodes.into_iter().collect();
    nodes.sort_by_key(|name| name.as_str().matches('.').count());
    let mut hidden: Vec<Name> = Vec::new();
    // The names of which all that is below is hidden.
    let mut covered: BTreeSet<Name> = BTreeSet::new();
    for node in nodes {
        if std::iter::successors(node.parent(), Name::parent).any(|above| covered.contains(&above)) {
            continue;
        }
        let below = node.child("*");
        if !hosts.contains(&below) {
            hidden.push(below);
            covered.insert(node.clone());
        }
        if !hosts.contains(&node) {
            hidden.push(node);
        }
    }
    hidden.sort();
    hidden
}
