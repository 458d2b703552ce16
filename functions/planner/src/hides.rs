//! Which other names a private zone takes away from its VPC.

use std::collections::BTreeSet;

use crate::lookup::Known;
use crate::name::{Name, is_below, parent};

/// The names that resolved in public DNS before and get no answer once the zone serves only `hosts`.
///
/// `*.x` stands for every name below `x` that is not in `hosts`. A wildcard record does not reach past a name
/// that exists, nor past one that exists only because a longer one does (RFC 4592, section 2.2).
pub fn hides(zone: &Name, hosts: &BTreeSet<Name>) -> Vec<Name> {
    let nodes = nodes(zone.as_str(), hosts);
    let mut hidden: Vec<Name> = Vec::new();
    // The names with others below them of which all that is below is hidden. Each comes after the one above it.
    let mut covered: Known<&str> = Known::default();
    for node in &nodes {
        let is_covered = parent(node.name).is_some_and(|above| covered.contains(above));
        if is_covered || !node.is_starred {
            if node.is_above {
                covered.insert(node.name);
            }
            if !is_covered {
                hidden.push(Name::child_of(node.name, "*"));
            }
        }
        if !is_covered && !node.is_served {
            hidden.push(Name::from_wire(node.name));
        }
    }
    hidden.sort();
    hidden
}

/// A name in a zone that exists: one with a record, or one above such a name.
struct Node<'a> {
    name: &'a str,
    labels: usize,
    is_served: bool,
    /// Whether there is a wildcard right below it.
    is_starred: bool,
    is_above: bool,
}

/// The names that exist in a zone, each once, those with fewer labels first.
fn nodes<'a>(zone: &'a str, hosts: &'a BTreeSet<Name>) -> Vec<Node<'a>> {
    let node = |name: &'a str, is_served: bool, is_starred: bool, is_above: bool| Node {
        name,
        labels: name.bytes().filter(|byte| *byte == b'.').count(),
        is_served,
        is_starred,
        is_above,
    };
    let mut nodes = vec![node(zone, false, false, true)];
    // Names in order mostly have the name above in common with the one before.
    let mut seen = None;
    for host in hosts.iter().map(Name::as_str) {
        let base = host.strip_prefix("*.").unwrap_or(host);
        if base != zone && !is_below(base, zone) {
            continue;
        }
        nodes.push(node(base, base == host, base != host, false));
        if base != zone && parent(base) != seen {
            seen = parent(base);
            let above = std::iter::successors(seen, |name| parent(name)).take_while(|name| is_below(name, zone));
            nodes.extend(above.map(|name| node(name, false, false, true)));
        }
    }
    nodes.sort_by(|a, b| (a.labels, a.name).cmp(&(b.labels, b.name)));
    nodes.dedup_by(|next, kept| {
        let is_same = next.name == kept.name;
        if is_same {
            kept.is_served |= next.is_served;
            kept.is_starred |= next.is_starred;
            kept.is_above |= next.is_above;
        }
        is_same
    });
    nodes
}
