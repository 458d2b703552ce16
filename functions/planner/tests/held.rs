//! Hosts that are to be left alone: into which zones the others go, and that nothing happens at held names.

use std::collections::BTreeSet;

use planner::current::{Zone, ours};
use planner::endpoint::Endpoint;
use planner::marker::{marked_name, marker_name};
use planner::name::Name;
use planner::plan::{Intent, Plan, plan};
use planner::record::{Data, RecordSet, RecordType};
use planner::route::{Route, Routes, Seen, To, Via, wishes, withdrawn};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use crate::scene::{OWNER, alias, apply, at, endpoint, name, names, planned, values, zone};

/// Plans `hosts` at `endpoint` with some held; `None` withdraws.
fn holding(hosts: &[&str], held: &[&str], endpoint: Option<&Endpoint>, adopt: bool, zones: &[Zone]) -> Plan {
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    let hosts = names(hosts).into_iter().map(|host| (host, route.clone())).collect();
    let routes = Routes { hosts, held: names(held), ..Routes::default() };
    let target = endpoint.and_then(Endpoint::target);
    let seen = Seen {
        vpc_id: OWNER.vpc_id,
        tdp: endpoint.zip(target.as_ref()),
        own: &[],
        ours: &ours(zones, OWNER),
        gone: &BTreeSet::new(),
        withdraws_on_loss: false,
    };
    let wishes = if endpoint.is_some() { wishes(&routes, &seen) } else { withdrawn(&routes, &ours(zones, OWNER)) };
    let via: Vec<(&str, Via)> = wishes.coverage.iter().map(|row| (row.host.as_str(), row.via)).collect();
    let all = names(held);
    assert_eq!(via, all.iter().map(|host| (host.as_str(), Via::Held)).collect::<Vec<_>>());
    plan(&Intent { owner: OWNER, wishes: &wishes.hosts, adopt, change: "beef0000" }, zones)
}

fn first() -> Endpoint {
    endpoint("vpce-0000aaaa")
}

/// What is there once `hosts` are live.
fn live(hosts: &[&str]) -> Vec<Zone> {
    let hosts = names(hosts);
    let zones = apply(&planned(&hosts, Some(&first()), false, &[]), &[]);
    apply(&planned(&hosts, Some(&first()), false, &zones), &zones)
}

/// The zones of a plan, each with the names that it writes an address for.
fn homes(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let written = |zone: &planner::plan::ZonePlan| {
        let addresses = zone.changes.iter().filter(|c| c.rtype == RecordType::A && c.after.is_some());
        addresses.map(|c| c.name.to_string()).collect()
    };
    plan.zones.iter().map(|zone| (zone.name.to_string(), written(zone))).collect()
}

fn codes(plan: &Plan) -> Vec<&str> {
    plan.problems.iter().map(|problem| problem.code).collect()
}

fn home(zone: &str, hosts: &[&str]) -> (String, Vec<String>) {
    (zone.to_owned(), hosts.iter().map(|host| (*host).to_owned()).collect())
}

#[test]
fn hosts_below_a_held_one_that_has_no_zone_get_zones_of_their_own() {
    let plan = holding(&["x.com", "a.x.com", "b.x.com"], &["x.com"], Some(&first()), false, &[]);
    assert_eq!(homes(&plan), [home("a.x.com", &["a.x.com"]), home("b.x.com", &["b.x.com"])]);
    assert!(!plan.is_refused());
}

#[test]
fn hosts_below_a_held_one_stay_in_the_zone_that_it_has() {
    let zones = live(&["x.com", "a.x.com"]);
    let hosts = ["x.com", "a.x.com", "b.x.com"];
    let plan = holding(&hosts, &["x.com"], Some(&first()), false, &zones);
    assert_eq!(homes(&plan), [home("x.com", &["b.x.com"])]);
    assert_eq!(plan.zones[0].id.as_deref(), Some("ZNEWx.com"));
}

#[test]
fn nothing_happens_in_a_zone_of_held_hosts_only() {
    let zones = live(&["x.com", "a.x.com", "y.org"]);
    let target = endpoint("vpce-0000bbbb");
    let plan = holding(&["x.com", "a.x.com", "y.org"], &["x.com", "a.x.com"], Some(&target), false, &zones);
    assert_eq!(homes(&plan).last(), Some(&home("x.com", &[])));
    assert!(plan.changes().all(|change| change.zone == name("y.org")), "{plan}");
    assert!(plan.zones.iter().all(|zone| !zone.delete));
}

#[test]
fn a_new_zone_that_would_hide_a_held_host_refuses() {
    for held in ["a.x.com", "*.x.com", "deep.a.x.com"] {
        let plan = holding(&["x.com", "a.x.com"], &[held], Some(&first()), false, &[]);
        assert_eq!(codes(&plan), ["held-host-hidden"], "{held}");
        assert!(plan.is_refused() && plan.problems[0].message.contains(held));
    }
}

#[test]
fn a_new_zone_hides_no_held_host_that_has_a_narrower_zone_of_anybody() {
    let theirs = zone("Z1", "a.x.com", "theirs");
    for zones in [live(&["a.x.com"]), vec![theirs]] {
        let plan = holding(&["x.com", "a.x.com"], &["a.x.com"], Some(&first()), false, &zones);
        assert!(!plan.is_refused(), "{:?}", plan.problems);
        assert!(homes(&plan).contains(&home("x.com", &["x.com"])));
    }
}

#[test]
fn a_zone_that_is_split_hides_a_held_host_that_only_the_wider_one_holds() {
    let zones = live(&["x.com", "a.x.com", "h.a.x.com"]);
    let plan = holding(&["a.x.com", "h.a.x.com"], &["h.a.x.com"], Some(&first()), false, &zones);
    assert!(codes(&plan).contains(&"held-host-hidden"), "{:?}", plan.problems);
}

#[test]
fn a_zone_that_stays_for_a_held_host_is_not_in_the_way_of_a_narrower_one() {
    let zones = live(&["x.com", "a.x.com", "h.x.com"]);
    let plan = holding(&["a.x.com"], &["h.x.com"], Some(&first()), false, &zones);
    assert!(!plan.is_refused(), "{:?}", plan.problems);
}

#[test]
fn a_zone_of_ours_that_comes_back_to_the_vpc_must_not_hide_a_held_host_either() {
    let mut zones = live(&["x.com"]);
    zones[0].on_vpc = false;
    let plan = holding(&["x.com", "a.x.com"], &["a.x.com"], Some(&first()), false, &zones);
    assert_eq!(codes(&plan), ["held-host-hidden"]);
}

#[test]
fn a_zone_that_stays_for_a_held_host_is_told_where_it_leaves_others_without_an_answer() {
    let zones = live(&["x.com", "a.x.com"]);
    let plan = holding(&["x.com", "a.x.com"], &["a.x.com"], None, false, &zones);
    let after = apply(&plan, &zones);
    assert!(at(&after, "a.x.com", "A").is_some() && at(&after, "x.com", "A").is_none());
    assert_eq!(codes(&plan), ["zone-kept"]);
}

#[test]
fn a_host_that_is_not_held_any_more_is_repaired() {
    let mut zones = live(&["x.com", "a.x.com"]);
    let index = zones[0].records.iter().position(|set| set.name == name("a.x.com")).unwrap();
    zones[0].records[index] = alias("a.x.com", "A", "elsewhere.example.com");
    assert!(holding(&["x.com", "a.x.com"], &["a.x.com"], Some(&first()), false, &zones).is_empty());
    let plan = holding(&["x.com", "a.x.com"], &[], Some(&first()), false, &zones);
    assert_eq!(homes(&plan), [home("x.com", &["a.x.com"])]);
}

#[test]
fn what_others_have_at_a_held_host_is_neither_adopted_nor_refused() {
    let mut theirs = zone("Z1", "x.com", "theirs");
    theirs.records.push(values("a.x.com", "CNAME", 60, &["y.com"]));
    let zones = [theirs];
    let plan = holding(&["x.com", "a.x.com"], &["a.x.com"], Some(&first()), true, &zones);
    assert!(!plan.is_refused() && plan.problems.is_empty(), "{:?}", plan.problems);
    assert_eq!(at(&apply(&plan, &zones), "a.x.com", "CNAME"), at(&zones, "a.x.com", "CNAME"));
}

// Random worlds.

/// Few names, so that they collide.
const NAMES: [&str; 8] = ["x.com", "a.x.com", "*.x.com", "h.a.x.com", "b.x.com", "y.org", "*.y.org", "z.y.org"];

fn hosts() -> impl Strategy<Value = BTreeSet<&'static str>> {
    btree_set(prop::sample::select(NAMES.to_vec()), 0..6)
}

/// What somebody did by hand: by zone and record, as far as there are so many.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Drop(usize, usize),
    Point(usize, usize),
    Dissociate(usize),
    Add(&'static str, &'static str),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (0..4usize, 0..9usize).prop_map(|(zone, set)| Edit::Drop(zone, set)),
        (0..4usize, 0..9usize).prop_map(|(zone, set)| Edit::Point(zone, set)),
        (0..4usize).prop_map(Edit::Dissociate),
        (prop::sample::select(NAMES.to_vec()), prop::sample::select(vec!["A", "AAAA", "MX"]))
            .prop_map(|(host, rtype)| Edit::Add(host, rtype)),
    ]
}

/// What an earlier configuration wrote, edited by hand since, and at times a zone of somebody else.
fn world() -> impl Strategy<Value = Vec<Zone>> {
    let foreign = prop::option::of(prop::sample::select(vec!["x.com", "a.x.com", "y.org"]));
    (hosts(), vec(edit(), 0..5), foreign).prop_map(|(hosts, edits, foreign)| {
        let mut zones = live(&hosts.into_iter().collect::<Vec<_>>());
        for edit in edits {
            change(&mut zones, edit);
        }
        if let Some(foreign) = foreign.filter(|foreign| zones.iter().all(|zone| zone.name.as_str() != *foreign)) {
            let mut theirs = zone("ZFOREIGN", foreign, "made by hand");
            theirs.records.push(values(foreign, "A", 60, &["192.0.2.7"]));
            zones.push(theirs);
        }
        zones
    })
}

fn change(zones: &mut [Zone], edit: Edit) {
    let is_fixed = |set: &RecordSet| matches!(set.rtype, RecordType::Ns | RecordType::Soa);
    match edit {
        Edit::Dissociate(zone) => zones.iter_mut().skip(zone).take(1).for_each(|zone| zone.on_vpc = false),
        Edit::Drop(zone, set) => {
            let Some(zone) = zones.get_mut(zone) else { return };
            if zone.records.get(set).is_some_and(|set| !is_fixed(set)) {
                zone.records.remove(set);
            }
        }
        Edit::Point(zone, set) => {
            let set = zones.get_mut(zone).and_then(|zone| zone.records.get_mut(set));
            if let Some(set) = set.filter(|set| set.rtype == RecordType::A) {
                *set = alias(set.name.as_str(), "A", "elsewhere.example.net");
            }
        }
        Edit::Add(host, rtype) => {
            let set = values(host, rtype, 60, &["192.0.2.9"]);
            let home = zones.iter_mut().find(|zone| set.name.is_within(&zone.name));
            let is_free =
                |zone: &&mut Zone| zone.records.iter().all(|s| (&s.name, &s.rtype) != (&set.name, &set.rtype));
            if let Some(zone) = home.filter(is_free) {
                zone.records.push(set.clone());
            }
        }
    }
}

/// The record sets at a host and at its marker, by zone.
fn standing<'a>(zones: &'a [Zone], host: &Name) -> Vec<(&'a str, &'a RecordSet)> {
    let places = [host.clone(), marker_name(host)];
    let at = |set: &&RecordSet| places.contains(&set.name) && !matches!(set.rtype, RecordType::Ns | RecordType::Soa);
    let mut found: Vec<(&str, &RecordSet)> =
        zones.iter().flat_map(|zone| zone.records.iter().filter(at).map(|set| (zone.id.as_str(), set))).collect();
    found.sort_by_key(|(id, set)| (*id, set.name.clone(), set.rtype.clone()));
    found
}

/// The zone that answers for a host in the VPC, if any.
fn answering<'a>(zones: &'a [Zone], host: &Name) -> Option<&'a Zone> {
    let plain = host.wildcard_base().unwrap_or_else(|| host.clone());
    let seen = zones.iter().filter(|zone| zone.on_vpc && plain.is_within(&zone.name));
    seen.max_by_key(|zone| zone.name.as_str().len())
}

/// What a client in the VPC gets for a host: `None` is public DNS.
fn answer(zones: &[Zone], host: &Name) -> Option<Vec<Data>> {
    let at = |set: &&RecordSet| set.name == *host && set.rtype.steers_traffic() && set.rtype != RecordType::Ns;
    answering(zones, host).map(|zone| zone.records.iter().filter(at).map(|set| (*set.data).clone()).collect())
}

/// Plans and applies until planning gives nothing or refuses; the last plan and the zones.
fn settle(
    hosts: &[&str],
    held: &[&str],
    target: Option<&Endpoint>,
    adopt: bool,
    mut zones: Vec<Zone>,
) -> (Plan, Vec<Zone>) {
    for _ in 0..3 {
        let plan = holding(hosts, held, target, adopt, &zones);
        if plan.is_refused() || plan.is_empty() {
            return (plan, zones);
        }
        zones = apply(&plan, &zones);
    }
    (holding(hosts, held, target, adopt, &zones), zones)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_happens_at_a_held_host(
        hosts in hosts(), held in hosts(), zones in world(), leads in any::<bool>(), adopt in any::<bool>(),
    ) {
        let (hosts, held): (Vec<&str>, Vec<&str>) = (hosts.into_iter().collect(), held.into_iter().collect());
        let target = endpoint("vpce-0000bbbb");
        let plan = holding(&hosts, &held, leads.then_some(&target), adopt, &zones);
        let left = names(&held);
        for change in plan.changes().filter(|change| !matches!(change.rtype, RecordType::Soa)) {
            let host = marked_name(&change.name).unwrap_or_else(|| change.name.clone());
            prop_assert!(!left.contains(&host), "{change}");
        }
        prop_assume!(!plan.is_refused());
        let after = apply(&plan, &zones);
        for host in &left {
            prop_assert_eq!(standing(&after, host), standing(&zones, host));
        }
    }

    #[test]
    fn a_client_gets_for_a_held_host_what_it_got_before(
        hosts in hosts(), held in hosts(), zones in world(), leads in any::<bool>(), adopt in any::<bool>(),
    ) {
        let (hosts, held): (Vec<&str>, Vec<&str>) = (hosts.into_iter().collect(), held.into_iter().collect());
        let target = endpoint("vpce-0000bbbb");
        let (_, after) = settle(&hosts, &held, leads.then_some(&target), adopt, zones.clone());
        for host in &names(&held) {
            match (answer(&zones, host), answer(&after, host)) {
                // A zone that hid it may go; and its own zone may come back to the VPC with it.
                (Some(before), now) if before.is_empty() => prop_assert!(now.is_none_or(|now| now.is_empty()), "{host}"),
                (None, Some(now)) => prop_assert!(!now.is_empty(), "{host} is hidden by {:?}", answering(&after, host)),
                (before, now) => prop_assert_eq!(before, now, "{}", host),
            }
        }
    }

    #[test]
    fn the_other_hosts_are_served_and_planning_again_gives_nothing(
        hosts in hosts(), held in hosts(), zones in world(), adopt in any::<bool>(),
    ) {
        let (hosts, held): (Vec<&str>, Vec<&str>) = (hosts.into_iter().collect(), held.into_iter().collect());
        let target = endpoint("vpce-0000bbbb");
        let (last, after) = settle(&hosts, &held, Some(&target), adopt, zones);
        prop_assume!(!last.is_refused());
        prop_assert!(last.is_empty(), "planning again gives {last}");
        for host in names(&hosts).difference(&names(&held)) {
            prop_assert_eq!(answer(&after, host), Some(vec![(*target.alias().unwrap()).clone()]), "{}", host);
        }
    }
}
