//! Which other names a private zone takes away from its VPC.

use std::collections::BTreeSet;

use crate::lookup::Known;
use crate::name::{Name, is_below, parent};

/// The names that resolved in public DNS before and get no answer once the zone serves only `hosts`.
///
/// `*.x` stands for every name below `x` that is not in `hosts`. A wildcard record does not reach past a name
/// that exists, nor past one that exists only because a longer one does (RFC 4592, section 2.2).
pub fn hides(zone: &Name, hosts: &BTreeSet<Name>) -> Vec<Name> {
    let zone = zone.as_str();
    let served: Known<&str> = hosts.iter().map(Name::as_str).collect();
    let starred: Known<&str> = served.iter().filter_map(|host| host.strip_prefix("*.")).collect();
    let mut nodes: Vec<&str> = vec![zone];
    let mut seen: Known<&str> = Known::from_iter([zone]);
    for host in hosts {
        let host = host.as_str();
        let mut node = Some(host.strip_prefix("*.").unwrap_or(host));
        // What is above a name that was seen, was seen too.
        while let Some(name) = node.filter(|name| is_below(name, zone) && seen.insert(name)) {
            nodes.push(name);
            node = parent(name);
        }
    }
    nodes.sort_by_cached_key(|name| name.bytes().filter(|byte| *byte == b'.').count());
    let mut hidden: Vec<Name> = Vec::new();
    // The names of which all that is below is hidden. Each comes after the one above it.
    let mut covered: Known<&str> = Known::default();
    for node in nodes {
        if parent(node).is_some_and(|above| covered.contains(above)) {
            covered.insert(node);
            continue;
        }
        let name = Name::from_wire(node);
        if !starred.contains(node) {
            hidden.push(name.child("*"));
            covered.insert(node);
        }
        if !served.contains(node) {
            hidden.push(name);
        }
    }
    hidden.sort();
    hidden
}
