//! What one invocation counts, as a line that CloudWatch makes metrics of. Nothing here writes it.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use serde_json::{Map, Value, json};

use crate::endpoint::State;
use crate::news::Event;
use crate::proof::Verdict;
use crate::report::{Connection, Mode, Outcome, Report};

/// The namespace of all metrics. Their one dimension is `OwnerId`, the stack's name.
pub const NAMESPACE: &str = "tdp-privatelink";

/// What an invocation saw beside its report.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen<'a> {
    /// Whether the whole account was looked at, and nothing is left over.
    pub is_whole: bool,
    /// What people were told.
    pub told: &'a [Event],
    /// How long the oldest endpoint has been waiting, in seconds.
    pub waiting_seconds: Option<u64>,
    /// From when an endpoint was first seen available until it was announced as live, in milliseconds.
    pub live_after_ms: Option<u64>,
    /// Requests sent to AWS, repeated ones too.
    pub calls: u64,
    /// Requests that AWS refused because there were too many.
    pub throttled: u64,
}

/// The metrics of one invocation, as one JSON object. `at_ms` is the time since 1970.
///
/// What was not looked at is not in it, and so no zero in a graph: the state of the connections is there after a look at
/// the whole account, the result of a proof when one was asked for.
pub fn metrics(owner_id: &str, at_ms: u64, report: &Report, seen: &Seen<'_>) -> Value {
    let mut found: Vec<(&str, &str, Value)> = vec![
        ("AwsCalls", "Count", json!(seen.calls)),
        ("Throttled", "Count", json!(seen.throttled)),
        ("RecordsWritten", "Count", json!(report.connections.iter().map(written).sum::<usize>())),
        ("DriftRepaired", "Count", json!(seen.told.iter().filter(|told| **told == Event::DriftRepaired).count())),
    ];
    if seen.is_whole {
        let count = |is: fn(&Connection) -> bool| json!(report.connections.iter().filter(|one| is(one)).count());
        let live = if report.mode == Mode::Apply { count(is_live) } else { json!(0) };
        found.extend([
            ("CompletedLooks", "Count", json!(1)),
            ("Live", "Count", live),
            ("Waiting", "Count", count(|one| one.outcome == Outcome::Waiting)),
            ("Lost", "Count", count(|one| one.outcome == Outcome::Lost)),
            ("Stopped", "Count", count(is_stopped)),
            ("ProofsFailed", "Count", count(|one| one.proof.after == Verdict::Failed)),
            ("WaitingSeconds", "Seconds", json!(seen.waiting_seconds.unwrap_or(0))),
        ]);
    }
    let mut proved = report.connections.iter().filter(|one| one.proof.is_fresh).peekable();
    if proved.peek().is_some() {
        let is_passed = proved.all(|one| one.proof.after == Verdict::Passed);
        found.push(("ProofPassed", "Count", json!(u8::from(is_passed))));
    }
    found.extend(seen.live_after_ms.map(|ms| ("LiveAfter", "Milliseconds", json!(ms))));

    let definitions: Vec<Value> = found.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let mut line: Map<String, Value> = found.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
    line.insert("OwnerId".to_owned(), json!(owner_id));
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [["OwnerId"]], "Metrics": definitions});
    line.insert("_aws".to_owned(), json!({"Timestamp": at_ms, "CloudWatchMetrics": [directive]}));
    Value::Object(line)
}

fn written(connection: &Connection) -> usize {
    if connection.was_written() { connection.changes.len() } else { 0 }
}

/// In sync is also what was withdrawn after a loss.
fn is_live(connection: &Connection) -> bool {
    let state = State::parse(&connection.state);
    matches!(connection.outcome, Outcome::InSync | Outcome::Changed)
        && (state == State::Available || state.is_pending())
}

/// Nothing is written until somebody does something, or AWS answers again.
fn is_stopped(connection: &Connection) -> bool {
    matches!(connection.outcome, Outcome::Held | Outcome::Refused | Outcome::Failed)
}
