//! Plans beside hostile records: nothing of others is touched, and planning again gives nothing.

use std::collections::{BTreeMap, BTreeSet};

use planner::current::{Zone, split};
use planner::endpoint::Endpoint;
use planner::name::Name;
use planner::plan::{Intent, Plan, confirm};
use planner::record::{Data, RecordSet, RecordType};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::text::{hostile, one_of};
use super::{COMMENT, config, txt_values};
use crate::scene::{OWNER, apply, endpoint, planned, zone};

const NAMES: [&str; 6] = ["x.com", "api.x.com", "*.x.com", "a.b.x.com", "y.org", "*.y.org"];

pub(super) fn hosts() -> impl Strategy<Value = BTreeSet<Name>> {
    btree_set(select(NAMES.to_vec()).prop_map(Name::from_wire), 1..5)
}

fn data() -> impl Strategy<Value = Data> {
    let plain = vec(hostile(one_of(&["192.0.2.7", "2001:db8::7", "10 mail.example.net.", "example.net."])), 1..4);
    let target = hostile(one_of(&["vpce-0000bbbb-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com", "x.com"]));
    prop_oneof![
        3 => (any::<i64>(), txt_values()).prop_map(|(ttl, values)| Data::Values { ttl, values }),
        3 => (any::<i64>(), plain).prop_map(|(ttl, values)| Data::Values { ttl, values }),
        1 => (target, any::<bool>()).prop_map(|(target, evaluate_health)| Data::Alias {
            target: Name::from_wire(&target),
            zone_id: "Z7HUB22UULQXV".to_owned(),
            evaluate_health,
        }),
    ]
}

/// A record set of anybody, in a zone: mostly where ours stand or would.
fn record() -> impl Strategy<Value = (&'static str, RecordSet)> {
    let labels = [
        "",
        "mail.",
        "_tdp-privatelink.",
        "_tdp-privatelink-wildcard.",
        "_tdp-privatelink-vpcs.",
        "api.",
        "\\052.",
        "_tdp-privatelink.api.",
    ];
    let label = hostile(select(labels.to_vec()).prop_map(str::to_owned));
    let label = prop_oneof![4 => select(labels.to_vec()).prop_map(str::to_owned), 1 => label];
    let kinds = select(vec!["A", "AAAA", "CNAME", "TXT", "TXT", "MX", "CAA", "NS", "HTTPS", "a", "TXT\n", ""]);
    (label, select(vec!["x.com", "y.org"]), kinds, data(), prop::bool::weighted(0.8)).prop_map(
        |(label, base, kind, data, simple)| {
            let set = RecordSet {
                name: Name::from_wire(&format!("{label}{base}.")),
                rtype: RecordType::parse(kind),
                data: data.into(),
                simple,
            };
            (base, set)
        },
    )
}

/// What an earlier run wrote, and then others: records of any sort, one of each name and type as in Route 53, and other
/// comments of zones.
pub(super) fn world() -> impl Strategy<Value = Vec<Zone>> {
    let comment = prop::option::weighted(0.3, hostile(one_of(&[COMMENT, "made by hand"])));
    (hosts(), vec(record(), 0..10), comment, any::<bool>()).prop_map(|(hosts, records, comment, replaces)| {
        let mut zones = settle(&hosts, &endpoint("vpce-0000aaaa"), Vec::new()).1;
        for (base, set) in records {
            if zones.iter().all(|zone| zone.name.as_str() != base) {
                zones.push(zone(&format!("Z{base}"), base, "made by hand"));
            }
            let Some(home) = zones.iter_mut().find(|zone| zone.name.as_str() == base) else { continue };
            let at = home.records.iter().position(|other| other.name == set.name && other.rtype == set.rtype);
            match at {
                Some(at) if replaces && !matches!(set.rtype, RecordType::Ns) => home.records[at] = set,
                Some(_) => {}
                None => home.records.push(set),
            }
        }
        if let (Some(comment), Some(first)) = (comment, zones.first_mut()) {
            first.comment = comment;
        }
        zones
    })
}

/// Plans and applies until planning gives nothing or refuses.
fn settle(hosts: &BTreeSet<Name>, endpoint: &Endpoint, mut zones: Vec<Zone>) -> (Plan, Vec<Zone>) {
    for _ in 0..3 {
        let plan = planned(hosts, Some(endpoint), false, &zones);
        if plan.is_refused() || plan.is_empty() {
            return (plan, zones);
        }
        zones = apply(&plan, &zones);
    }
    (planned(hosts, Some(endpoint), false, &zones), zones)
}

fn foreign(zones: &[Zone]) -> Vec<(String, RecordSet)> {
    let of = |zone: &Zone| {
        let sets: Vec<RecordSet> = split(zone, OWNER).foreign.into_values().flatten().cloned().collect();
        sets.into_iter().map(|set| (zone.id.clone(), set)).collect::<Vec<_>>()
    };
    zones.iter().flat_map(of).collect()
}

fn untouched(before: &[(String, RecordSet)], after: &[Zone]) -> Option<String> {
    let is_there =
        |(id, set): &&(String, RecordSet)| after.iter().any(|zone| zone.id == *id && zone.records.contains(set));
    before.iter().find(|one| !is_there(one)).map(|(id, set)| format!("{set:?} is gone from {id}"))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn beside_hostile_records_nothing_foreign_changes_and_planning_again_gives_nothing(
        hosts in hosts(), zones in world(), moved in any::<bool>(),
    ) {
        let target = endpoint(if moved { "vpce-0000bbbb" } else { "vpce-0000aaaa" });
        let before = foreign(&zones);
        let (last, after) = settle(&hosts, &target, zones);
        prop_assert_eq!(untouched(&before, &after), None);
        prop_assert!(last.is_refused() || last.is_empty(), "planning again gives {last}");
        let intent = Intent { owner: OWNER, wishes: &BTreeMap::new(), adopt: false, change: "0badcafe" };
        let confirming = confirm(&intent, &after);
        prop_assert_eq!(untouched(&before, &apply(&confirming, &after)), None);
    }

    #[test]
    fn withdrawing_beside_hostile_records_leaves_them_and_nothing_of_ours(hosts in hosts(), zones in world()) {
        let before = foreign(&zones);
        let after = apply(&planned(&hosts, None, false, &zones), &zones);
        prop_assert_eq!(untouched(&before, &after), None);
        let again = planned(&hosts, None, false, &after);
        prop_assert!(again.is_empty(), "withdrawing again gives {again}");
    }

    #[test]
    fn hostile_records_in_any_order_give_one_plan(hosts in hosts(), zones in world(), turn in any::<usize>()) {
        let mut turned = zones.clone();
        let by = turn % turned.len().max(1);
        turned.rotate_left(by);
        for zone in &mut turned {
            let by = turn % zone.records.len().max(1);
            zone.records.rotate_right(by);
        }
        let show = |zones: &[Zone]| {
            let plan = planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, zones);
            format!("{plan}\n{:?}", plan.problems)
        };
        prop_assert_eq!(show(&zones), show(&turned));
    }
}
