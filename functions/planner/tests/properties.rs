//! Properties that hold for every world: random zones, hosts and endpoints.

use std::collections::BTreeSet;

use planner::current::{Zone, split};
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::plan::Plan;
use planner::record::{Data, RecordSet, RecordType};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::scene::{OWNER, alias, apply, endpoint, our_comment, planned, values, zone};

/// Few names, so that they collide: apexes, names below, wildcards.
const NAMES: [&str; 9] =
    ["x.com", "api.x.com", "*.x.com", "a.b.x.com", "b.x.com", "y.org", "*.y.org", "deep.a.b.x.com", "z.y.org"];

fn host() -> impl Strategy<Value = Name> {
    prop::sample::select(NAMES.to_vec()).prop_map(Name::from_wire)
}

fn hosts() -> impl Strategy<Value = BTreeSet<Name>> {
    btree_set(host(), 1..6)
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    let ids = prop::sample::select(vec!["vpce-0000aaaa", "vpce-0000bbbb"]);
    let types = prop::sample::select(vec!["ipv4", "ipv6", "dualstack"]);
    (ids, types).prop_map(|(id, ip_type)| Endpoint { ip_type: ip_type.to_owned(), ..endpoint(id) })
}

fn foreign_set() -> impl Strategy<Value = RecordSet> {
    let kinds = prop::sample::select(vec!["A", "AAAA", "TXT", "MX", "CAA"]);
    let labels = prop::sample::select(vec!["", "mail.", "www.", "_tdp-privatelink.", "api.", "a.b."]);
    (kinds, labels, prop::sample::select(vec!["x.com", "y.org"]), any::<bool>()).prop_map(
        |(kind, label, base, routed)| {
            let value = match kind {
                "A" => "192.0.2.7",
                "AAAA" => "2001:db8::7",
                "TXT" => "\"heritage=tdp-privatelink,tdp-privatelink/owner=imitator\"",
                _ => "10 mail.example.net.",
            };
            RecordSet { simple: !routed, ..values(&format!("{label}{base}"), kind, 60, &[value]) }
        },
    )
}

/// What somebody did to a live connection by hand.
#[derive(Clone, Debug)]
enum Edit {
    Drop(usize),
    Point(usize),
    Add(RecordSet),
    Dissociate(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        any::<usize>().prop_map(Edit::Drop),
        any::<usize>().prop_map(Edit::Point),
        foreign_set().prop_map(Edit::Add),
        any::<usize>().prop_map(Edit::Dissociate),
    ]
}

/// A world: what an earlier configuration wrote, edited by hand since.
fn world() -> impl Strategy<Value = Vec<Zone>> {
    let foreign_zone = prop::option::of(prop::sample::select(vec!["x.com", "y.org", "api.x.com"]));
    (hosts(), any_endpoint(), vec(edit(), 0..6), foreign_zone).prop_map(|(hosts, endpoint, edits, foreign)| {
        let mut zones = settle(&hosts, &endpoint, false, Vec::new()).1;
        for edit in edits {
            change(&mut zones, edit);
        }
        if let Some(name) = foreign.filter(|name| zones.iter().all(|zone| zone.name.as_str() != *name)) {
            zones.push(zone("ZFOREIGN", name, "made by hand"));
        }
        zones
    })
}

fn change(zones: &mut [Zone], edit: Edit) {
    let count = zones.len();
    match edit {
        Edit::Add(set) => {
            let home = zones.iter_mut().find(|zone| set.name.is_within(&zone.name));
            let taken = |zone: &Zone| zone.records.iter().any(|s| s.name == set.name && s.rtype == set.rtype);
            if let Some(zone) = home.filter(|zone| !taken(zone)) {
                zone.records.push(set.clone());
            }
        }
        Edit::Drop(n) => with_set(zones, n, |records, index| {
            records.remove(index);
        }),
        Edit::Point(n) => with_set(zones, n, |records, index| {
            let set = &records[index];
            if matches!(set.rtype, RecordType::A | RecordType::Aaaa) {
                records[index] = alias(set.name.as_str(), set.rtype.as_str(), "elsewhere.example.net");
            }
        }),
        Edit::Dissociate(n) if count > 0 => zones[n % count].on_vpc = false,
        Edit::Dissociate(_) => {}
    }
}

fn with_set(zones: &mut [Zone], n: usize, edit: impl FnOnce(&mut Vec<RecordSet>, usize)) {
    let count = zones.len();
    if count == 0 {
        return;
    }
    let zone = &mut zones[n % count];
    let editable: Vec<usize> = (0..zone.records.len())
        .filter(|i| !matches!(zone.records[*i].rtype, RecordType::Ns | RecordType::Soa))
        .collect();
    if !editable.is_empty() {
        edit(&mut zone.records, editable[n / count % editable.len()]);
    }
}

/// Plans and applies until planning gives nothing or refuses; the last plan and the zones. A zone's SOA is
/// known only once the zone exists, so a first cut-over takes two rounds.
fn settle(hosts: &BTreeSet<Name>, endpoint: &Endpoint, adopt: bool, mut zones: Vec<Zone>) -> (Plan, Vec<Zone>) {
    for _ in 0..3 {
        let plan = planned(hosts, Some(endpoint), adopt, &zones);
        if plan.is_refused() || plan.is_empty() {
            return (plan, zones);
        }
        zones = apply(&plan, &zones);
    }
    (planned(hosts, Some(endpoint), adopt, &zones), zones)
}

fn foreign(zones: &[Zone]) -> Vec<RecordSet> {
    zones
        .iter()
        .flat_map(|zone| split(zone, OWNER).foreign.into_values().flatten().cloned().collect::<Vec<_>>())
        .collect()
}

/// What a client in the VPC gets for a host: the most specific zone decides.
fn answer<'a>(zones: &'a [Zone], host: &Name, rtype: &RecordType) -> Option<&'a Data> {
    let plain = host.wildcard_base().unwrap_or_else(|| host.clone());
    let seen = zones.iter().filter(|zone| zone.on_vpc && plain.is_within(&zone.name));
    let zone = seen.max_by_key(|zone| zone.name.as_str().len())?;
    zone.records.iter().find(|set| set.name == *host && set.rtype == *rtype).map(|set| &*set.data)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_applied_plan_serves_every_wanted_host_and_planning_again_gives_nothing(
        hosts in hosts(), endpoint in any_endpoint(), zones in world(), adopt in any::<bool>(),
    ) {
        let (last, after) = settle(&hosts, &endpoint, adopt, zones);
        if !last.is_refused() {
            prop_assert!(last.is_empty(), "planning again gives {last}");
            let alias = endpoint.alias();
            for host in &hosts {
                for rtype in endpoint.record_types() {
                    prop_assert_eq!(answer(&after, host, &rtype), alias.as_deref(), "{} {}", host, rtype);
                }
            }
        }
    }

    #[test]
    fn without_adopt_foreign_records_survive_everything(
        hosts in hosts(), endpoint in any_endpoint(), zones in world(), withdraw in any::<bool>(),
    ) {
        let before = foreign(&zones);
        let target = (!withdraw).then_some(&endpoint);
        let plan = planned(&hosts, target, false, &zones);
        if !plan.is_refused() {
            let after: Vec<RecordSet> = apply(&plan, &zones).into_iter().flat_map(|zone| zone.records).collect();
            for set in before {
                prop_assert!(after.contains(&set), "{set:?} is gone after {plan}");
            }
        }
    }

    #[test]
    fn permuted_input_gives_the_same_plan_byte_for_byte(
        hosts in hosts(), endpoint in any_endpoint(), zones in world(), adopt in any::<bool>(), turn in any::<usize>(),
    ) {
        let mut turned = zones.clone();
        let by = turn % turned.len().max(1);
        turned.rotate_left(by);
        for zone in &mut turned {
            let by = turn % zone.records.len().max(1);
            zone.records.rotate_right(by);
        }
        let show = |zones: &[Zone]| {
            let plan = planned(&hosts, Some(&endpoint), adopt, zones);
            let changes: Vec<_> = plan.changes().collect();
            format!("{plan}\n{}\n{:?}", serde_json::to_string(&changes).unwrap(), plan.problems)
        };
        prop_assert_eq!(show(&zones), show(&turned));
    }

    #[test]
    fn withdrawing_leaves_nothing_of_ours(hosts in hosts(), zones in world()) {
        let after = apply(&planned(&hosts, None, false, &zones), &zones);
        for zone in &after {
            let left = split(zone, OWNER);
            prop_assert!(left.ours.is_empty());
            prop_assert!(zone.comment != our_comment() || !left.foreign.is_empty(), "an empty zone of ours hides {}", zone.name);
        }
    }
}
