//! The line that CloudWatch makes metrics of.

use planner::metrics::{Seen, metrics};
use planner::news::Event;
use planner::proof::Verdict;
use planner::report::{Connection, Mode, Outcome, Report};
use serde_json::{Value, json};

fn report(mode: Mode, outcomes: &[Outcome]) -> Report {
    let connection = |outcome: &Outcome| Connection::new("vpc-0a1b2c3d", None, "available", *outcome);
    Report { mode, connections: outcomes.iter().map(connection).collect(), problems: Vec::new() }
}

const EVERY: [Outcome; 9] = [
    Outcome::InSync,
    Outcome::Changed,
    Outcome::Planned,
    Outcome::Waiting,
    Outcome::Held,
    Outcome::Lost,
    Outcome::Withdrawn,
    Outcome::Refused,
    Outcome::Failed,
];

fn whole() -> Seen<'static> {
    Seen { is_whole: true, ..Seen::default() }
}

#[test]
fn each_connection_counts_in_one_state_at_most() {
    let line = metrics("tdp", 1, &report(Mode::Apply, &EVERY), &whole());
    let states = ["Live", "Waiting", "Lost", "Stopped"].map(|state| line[state].as_u64());
    assert_eq!(states, [Some(2), Some(1), Some(1), Some(3)]);
    for mode in [Mode::Plan, Mode::Withdraw] {
        assert_eq!(metrics("tdp", 1, &report(mode, &EVERY), &whole())["Live"], json!(0), "{mode:?}");
    }
}

#[test]
fn what_was_withdrawn_after_a_loss_is_not_live_and_what_is_modified_is() {
    for (state, live) in [("rejected", 0), ("missing", 0), ("deleting", 0), ("pending", 1), ("available", 1)] {
        let mut report = report(Mode::Apply, &[Outcome::InSync]);
        report.connections[0].state = state.to_owned();
        assert_eq!(metrics("tdp", 1, &report, &whole())["Live"], json!(live), "{state}");
    }
}

#[test]
fn a_proof_passes_when_that_of_each_connection_does() {
    let line = |verdicts: &[Option<Verdict>]| {
        let mut report = report(Mode::Apply, &vec![Outcome::InSync; verdicts.len()]);
        for (connection, verdict) in report.connections.iter_mut().zip(verdicts) {
            connection.proof.is_fresh = verdict.is_some();
            connection.proof.after = verdict.unwrap_or(Verdict::Failed);
        }
        let line = metrics("tdp", 1, &report, &whole());
        (line["ProofPassed"].clone(), line["ProofsFailed"].clone())
    };
    let (passed, failed) = (Some(Verdict::Passed), Some(Verdict::Failed));
    assert_eq!(line(&[passed, passed]), (json!(1), json!(0)));
    assert_eq!(line(&[passed, failed]), (json!(0), json!(1)));
    assert_eq!(line(&[passed, Some(Verdict::Incomplete)]), (json!(0), json!(0)));
    assert_eq!(line(&[passed, None]), (json!(1), json!(1)), "what was not asked for now, and failed before");
    assert_eq!(line(&[None]), (Value::Null, json!(1)), "no proof was asked for");
}

#[test]
fn what_was_not_looked_at_is_not_in_it() {
    let seen = Seen { told: &[Event::DriftRepaired, Event::ProofFailed], calls: 7, ..Seen::default() };
    let line = metrics("tdp", 1, &report(Mode::Apply, &EVERY), &seen);
    for absent in ["CompletedLooks", "Live", "Waiting", "WaitingSeconds", "ProofPassed", "LiveAfter"] {
        assert_eq!(line.get(absent), None, "{absent}");
    }
    assert_eq!((&line["AwsCalls"], &line["DriftRepaired"]), (&json!(7), &json!(1)));
}

#[test]
fn every_value_has_a_definition_and_the_other_way_round() {
    let seen = Seen { waiting_seconds: Some(5), live_after_ms: Some(6), ..whole() };
    let line = metrics("tdp", 1_800_000_000_000, &report(Mode::Apply, &EVERY), &seen);
    assert_eq!(line["_aws"]["Timestamp"], json!(1_800_000_000_000_u64));
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Dimensions"], json!([["OwnerId"]]));
    let mut named: Vec<&str> =
        directive["Metrics"].as_array().unwrap().iter().map(|m| m["Name"].as_str().unwrap()).collect();
    named.sort_unstable();
    let object = line.as_object().unwrap();
    let values: Vec<&str> =
        object.keys().map(String::as_str).filter(|key| !["_aws", "OwnerId"].contains(key)).collect();
    assert_eq!(named, values);
}
