//! What should be there: which hosts, in which zones.

use std::collections::{BTreeMap, BTreeSet};

use crate::name::Name;

/// Groups hosts into the narrowest zones that hold them.
///
/// One zone per host, named exactly as the host; a host below another listed host goes into that host's
/// zone, which hides it anyway; a wildcard `*.x` goes into a zone named `x`. Never a wider zone, because a
/// private zone answers NXDOMAIN for every name in it that it does not hold.
///
/// `existing` are zones of others that may be used: the most specific zone answers for a host, so a host goes
/// into the narrowest of them that lies below the zone it would have.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub fn zones(hosts: &BTreeSet<Name>, existing: &BTreeSet<Name>) -> BTreeMap<Name, BTreeSet<Name>> {
    let base = |host: &Name| host.wildcard_base().unwrap_or_else(|| host.clone());
    let bases: BTreeSet<Name> = hosts.iter().map(base).collect();
    let mut zones: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for host in hosts {
        let own = base(host);
        let mut zone = own.clone();
        let mut above = own.parent();
        while let Some(name) = above {
            if bases.contains(&name) {
                zone = name.clone();
            }
            above = name.parent();
        }
        let answers = |name: &&Name| own.is_within(name) && name.is_below(&zone);
        let zone = existing.iter().filter(answers).max_by_key(|name| name.as_str().len()).cloned().unwrap_or(zone);
        zones.entry(zone).or_default().insert(host.clone());
    }
    zones
}
