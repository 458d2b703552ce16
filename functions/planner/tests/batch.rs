//! Batches: Route 53's limits, and nothing torn apart.

use std::collections::BTreeSet;

use planner::batch::{Step, Verb, batches};
use planner::marker::marked_name;
use planner::name::Name;
use planner::plan::Change;
use planner::record::{Data, RecordType};

use crate::scene::{apply, endpoint, name, names, planned};

fn changes(count: usize) -> (BTreeSet<Name>, Vec<Change>) {
    let mut hosts: BTreeSet<Name> = (0..count).map(|n| name(&format!("host-{n:04}.x.com"))).collect();
    hosts.insert(name("x.com"));
    let plan = planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &[]);
    (hosts, plan.changes().cloned().collect())
}

fn elements(batch: &[Step]) -> usize {
    batch
        .iter()
        .map(|step| match &*step.data {
            Data::Alias { .. } => 1,
            Data::Values { values, .. } => values.len(),
        })
        .sum()
}

fn characters(batch: &[Step]) -> usize {
    let length = |step: &Step| match &*step.data {
        Data::Alias { .. } => 0,
        Data::Values { values, .. } => values.iter().map(String::len).sum(),
    };
    batch.iter().map(length).sum()
}

#[test]
fn three_thousand_hosts_stay_within_the_limits_and_arrive_complete() {
    let (hosts, changes) = changes(3000);
    let batches = batches(&changes);
    assert!(batches.iter().all(|batch| elements(batch) <= 1000 && characters(batch) <= 32_000));
    let addresses = batches.iter().flatten().filter(|step| step.rtype == RecordType::A).count();
    assert_eq!(addresses, hosts.len());
}

#[test]
fn a_name_and_its_marker_are_in_one_batch() {
    let (_, changes) = changes(400);
    for batch in batches(&changes) {
        let (markers, records): (BTreeSet<Name>, BTreeSet<Name>) = (
            batch.iter().filter_map(|step| marked_name(&step.name)).collect(),
            batch.iter().filter(|step| marked_name(&step.name).is_none()).map(|step| step.name.clone()).collect(),
        );
        assert_eq!(markers, records);
    }
}

#[test]
fn what_goes_comes_before_what_takes_its_place() {
    let hosts = names(&["x.com", "api.x.com"]);
    let zones = apply(&planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &[]), &[]);
    let plan = planned(&hosts, Some(&endpoint("vpce-0000bbbb")), false, &zones);
    let changes: Vec<Change> = plan.changes().cloned().collect();
    for batch in batches(&changes) {
        assert!(batch.is_sorted_by_key(|step| step.verb));
    }
}

#[test]
fn names_that_only_go_are_not_in_a_batch_with_names_that_come() {
    let zones = apply(&planned(&names(&["x.com", "old.x.com"]), Some(&endpoint("vpce-0000aaaa")), false, &[]), &[]);
    let plan = planned(&names(&["x.com", "new.x.com"]), Some(&endpoint("vpce-0000aaaa")), false, &zones);
    let changes: Vec<Change> = plan.changes().cloned().collect();
    let batches = batches(&changes);
    assert_eq!(batches.len(), 2);
    assert!(batches[1].iter().all(|step| step.verb == Verb::Delete && step.name.as_str().ends_with("old.x.com")));
}

#[test]
fn an_soa_is_only_ever_upserted() {
    let hosts = names(&["x.com"]);
    let zones = apply(&planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &[]), &[]);
    let changes: Vec<Change> =
        planned(&hosts, Some(&endpoint("vpce-0000aaaa")), false, &zones).changes().cloned().collect();
    let steps: Vec<Step> = batches(&changes).concat();
    let of_soa = steps.iter().filter(|step| step.rtype.as_str() == "SOA");
    assert_eq!(of_soa.map(|step| step.verb).collect::<Vec<_>>(), [Verb::Upsert]);
}
