//! What should be there: which hosts, in which zones.

use std::collections::{BTreeMap, BTreeSet};

use crate::lookup::Known;
use crate::name::{Name, is_below, parent};

/// Groups hosts into the narrowest zones that hold them.
///
/// One zone per host, named exactly as the host; a host below another listed host goes into that host's
/// zone, which hides it anyway; a wildcard `*.x` goes into a zone named `x`. Never a wider zone, because a
/// private zone answers NXDOMAIN for every name in it that it does not hold.
///
/// `existing` are zones of others that may be used: the most specific zone answers for a host, so a host goes
/// into the narrowest of them that lies below the zone it would have.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub fn zones<'a>(
    hosts: impl IntoIterator<Item = &'a Name> + Clone,
    existing: &'a BTreeSet<Name>,
) -> BTreeMap<Name, BTreeSet<Name>> {
    let base = |host: &'a Name| host.as_str().strip_prefix("*.").unwrap_or(host.as_str());
    let bases: Known<&str> = hosts.clone().into_iter().map(base).collect();
    let mut zones: BTreeMap<&str, Vec<&Name>> = BTreeMap::new();
    // Names in order mostly have the name above in common with the one before.
    let (mut above, mut widest) = (None, None);
    for host in hosts {
        let own = base(host);
        if parent(own) != above {
            above = parent(own);
            widest = std::iter::successors(above, |name| parent(name)).filter(|name| bases.contains(name)).last();
        }
        let zone = widest.unwrap_or(own);
        let is_within = |zone: &str| own == zone || is_below(own, zone);
        let answers = |name: &&Name| is_within(name.as_str()) && is_below(name.as_str(), zone);
        let narrower = existing.iter().filter(answers).max_by_key(|name| name.as_str().len());
        zones.entry(narrower.map_or(zone, Name::as_str)).or_default().push(host);
    }
    let owned = |hosts: Vec<&Name>| hosts.into_iter().cloned().collect();
    zones.into_iter().map(|(zone, hosts)| (Name::from_wire(zone), owned(hosts))).collect()
}
