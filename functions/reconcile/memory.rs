//! What a warm instance remembers. Losing it costs a few reads.

use std::collections::BTreeMap;

use planner::endpoint::Endpoint;
use planner::news::ConnectionRecord;
use planner::report::{Connection, Outcome, Proof, Report};

/// Kept between the invocations of one process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Connection records that SSM did not take, with what it had before: the message was sent, so they are
    /// tried again without it.
    pub unsaved: BTreeMap<String, (Option<ConnectionRecord>, ConnectionRecord)>,
    /// Digests of records that this process saw INSYNC, by VPC id.
    pub in_sync: BTreeMap<String, String>,
    /// The last full look, when it left nothing to do: the endpoints then, and the report.
    settled: Option<(Vec<Endpoint>, Report)>,
}

impl Memory {
    /// The report for a sweep that finds the endpoints as they were: nothing to do, nothing to read.
    pub(crate) fn settled(&self, endpoints: &[Endpoint]) -> Option<Report> {
        self.settled.as_ref().filter(|(then, _)| then == endpoints).map(|(_, report)| report.clone())
    }

    /// Remembers a look that left nothing to do.
    pub(crate) fn settle(&mut self, endpoints: Vec<Endpoint>, report: &Report) {
        let connections = report.connections.iter().map(at_rest).collect();
        self.settled = Some((endpoints, Report { connections, ..report.clone() }));
    }

    pub(crate) fn unsettle(&mut self) {
        self.settled = None;
    }
}

/// Whether an outcome stays as it is until an endpoint changes or the next drift pass.
pub(crate) fn rests(outcome: Outcome) -> bool {
    match outcome {
        Outcome::InSync | Outcome::Changed | Outcome::Waiting | Outcome::Lost | Outcome::Withdrawn => true,
        // Complete only when trying again a minute later would not help.
        Outcome::Failed => true,
        Outcome::Planned | Outcome::Held | Outcome::Refused => false,
    }
}

/// The report on a connection as the next sweep should repeat it.
fn at_rest(connection: &Connection) -> Connection {
    let outcome = match connection.outcome {
        Outcome::Changed | Outcome::Withdrawn => Outcome::InSync,
        other => other,
    };
    let proof = Proof::known(connection.proof.before, connection.proof.after);
    Connection { outcome, changes: Vec::new(), change_ids: Vec::new(), proof, ..connection.clone() }
}
