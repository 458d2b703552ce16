//! What a warm instance remembers. Losing it costs a few reads.

use std::collections::BTreeMap;
use std::time::Duration;

use planner::endpoint::Endpoint;
use planner::news::ConnectionRecord;
use planner::report::{Connection, Mode, Outcome, Problem, Proof, Report};
use planner::trigger::Trigger;
use tokio::time::Instant;

use super::end::Done;
use super::read::Vpc;
use super::trace::Trace;

/// Events about endpoints that are as they were are answered by what was seen so long ago.
const LOOKS_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Kept between the invocations of one process.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Connection records that SSM did not take, with what it had before: the message was sent, so they are
    /// tried again without it.
    pub unsaved: BTreeMap<String, (Option<ConnectionRecord>, ConnectionRecord)>,
    /// Digests of records that this process saw INSYNC, by VPC id.
    pub in_sync: BTreeMap<String, String>,
    /// The VPCs that were left with nothing to do, by id.
    settled: BTreeMap<String, Settled>,
    /// The report beside the connections, when the last full look left no VPC with anything to do.
    pub whole: Option<(Mode, Vec<Problem>)>,
    /// When the account was looked at last, the endpoints then, and the report.
    whole_look: Option<(Instant, Vec<Endpoint>, Report)>,
    /// When each VPC was looked at last.
    looked: BTreeMap<String, Instant>,
    /// When each endpoint was first seen available by this process, by id.
    pub available: BTreeMap<String, Instant>,
    /// What the invocation under way did.
    pub trace: Trace,
}

/// A VPC that was left with nothing to do: its endpoints then, and the report.
#[derive(Debug)]
struct Settled {
    endpoints: Vec<Endpoint>,
    connection: Option<Connection>,
}

impl Memory {
    /// What was told last of a VPC, where SSM answers `stored`: a record that it did not take counts until another run writes.
    pub(crate) fn latest(&self, vpc_id: &str, stored: Option<ConnectionRecord>) -> Option<ConnectionRecord> {
        match self.unsaved.get(vpc_id) {
            Some((before, unsaved)) if *before == stored => Some(unsaved.clone()),
            _ => stored,
        }
    }

    /// The report for a sweep or event that finds the endpoints as they were: nothing to do, nothing to read.
    pub(crate) fn settled(&self, endpoints: &[Endpoint], is_tdp: impl Fn(&Endpoint) -> bool) -> Option<Report> {
        let (mode, problems) = self.whole.as_ref()?;
        let mut now: BTreeMap<&str, Vec<&Endpoint>> = BTreeMap::new();
        for endpoint in endpoints {
            now.entry(&endpoint.vpc_id).or_default().push(endpoint);
        }
        let is_new = |vpc: &str, all: &[&Endpoint]| !self.settled.contains_key(vpc) && all.iter().any(|e| is_tdp(e));
        if now.iter().any(|(vpc, all)| is_new(vpc, all)) {
            return None;
        }
        let none = Vec::new();
        let is_same = |(vpc, then): (&String, &Settled)| {
            then.endpoints.iter().eq(now.get(vpc.as_str()).unwrap_or(&none).iter().copied())
        };
        let connections = self.settled.values().filter_map(|then| then.connection.clone()).collect();
        self.settled.iter().all(is_same).then(|| Report { mode: *mode, connections, problems: problems.clone() })
    }

    /// The report for an event right after a full look, where no endpoint is different: what is not settled is looked at by
    /// the next sweep, and not once for each of ten thousand events.
    pub(crate) fn just_looked(&self, endpoints: &[Endpoint]) -> Option<Report> {
        let (at, then, report) = self.whole_look.as_ref()?;
        (at.elapsed() < LOOKS_AGAIN_AFTER && then == endpoints).then(|| report.clone())
    }

    /// Remembers a full look that did not fail.
    pub(crate) fn note_look(&mut self, endpoints: Vec<Endpoint>, report: &Report) {
        let connections = report.connections.iter().map(at_rest).collect();
        self.whole_look = Some((Instant::now(), endpoints, Report { connections, ..report.clone() }));
    }

    /// Parts the VPCs that a sweep or hint may pass over, for which it repeats the report, from those to look at.
    pub(crate) fn part(&self, vpcs: Vec<Vpc>, trigger: &Trigger) -> (Vec<Connection>, Vec<Vpc>) {
        let may_rest = matches!(trigger, Trigger::Sweep | Trigger::Hint { .. });
        let mut rested = Vec::new();
        let mut open = Vec::new();
        for vpc in vpcs {
            match self.settled.get(&vpc.id) {
                Some(then) if may_rest && then.endpoints.iter().eq(vpc.all()) => {
                    rested.extend(then.connection.clone());
                }
                _ => open.push(vpc),
            }
        }
        (rested, open)
    }

    /// Remembers how a look at one VPC ended. `may_settle`: whether it was one after which there is nothing to do.
    pub(crate) fn note(&mut self, vpc: &Vpc, done: &Done, may_settle: bool) {
        self.looked.insert(vpc.id.clone(), Instant::now());
        if !done.rests() {
            self.settled.remove(&vpc.id);
        } else if may_settle {
            let connection = done.connection.as_ref().map(at_rest);
            self.settled.insert(vpc.id.clone(), Settled { endpoints: vpc.all().cloned().collect(), connection });
        }
    }

    /// When a VPC was looked at last; never counts as earliest.
    pub(crate) fn looked_at(&self, vpc_id: &str) -> Option<Instant> {
        self.looked.get(vpc_id).copied()
    }

    pub(crate) fn unsettle(&mut self) {
        self.settled.clear();
        self.whole = None;
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
    Connection {
        outcome,
        zone_changes: Vec::new(),
        changes: Vec::new(),
        change_ids: Vec::new(),
        undo: Vec::new(),
        proof,
        ..connection.clone()
    }
}
