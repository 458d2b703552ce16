//! What people were told last, and whether there is news.

use serde::{Deserialize, Serialize};

use std::collections::BTreeSet;

use crate::digest::{associations_digest, coverage_digest, problems_digest};
use crate::proof::{self, Verdict, expiring};
use crate::report::{Connection, Outcome};

/// What a message is about; the `event` attribute for filter policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    ConnectionWaiting,
    Held,
    ConnectionLive,
    ConnectionLost,
    ConnectionRecovered,
    /// The records follow another endpoint.
    ConnectionMoved,
    /// Who serves the hosts of AWS services, or which hosts are held.
    CoverageChanged,
    /// Which other VPCs use our zones.
    AssociationsChanged,
    DriftRepaired,
    ProofFailed,
    ProofRecovered,
    /// The verifier gave no verdict.
    ProofMissing,
    CertificateExpiring,
    Withdrawn,
    Refused,
    Failed,
}

impl Event {
    pub fn as_str(self) -> &'static str {
        match self {
            Event::ConnectionWaiting => "connection-waiting",
            Event::Held => "held",
            Event::ConnectionLive => "connection-live",
            Event::ConnectionLost => "connection-lost",
            Event::ConnectionRecovered => "connection-recovered",
            Event::ConnectionMoved => "connection-moved",
            Event::CoverageChanged => "coverage-changed",
            Event::AssociationsChanged => "associations-changed",
            Event::DriftRepaired => "drift-repaired",
            Event::ProofFailed => "proof-failed",
            Event::ProofRecovered => "proof-recovered",
            Event::ProofMissing => "proof-missing",
            Event::CertificateExpiring => "certificate-expiring",
            Event::Withdrawn => "withdrawn",
            Event::Refused => "refused",
            Event::Failed => "failed",
        }
    }

    /// The `severity` attribute: `info`, `warning` or `error`. To be live without being reachable is an error.
    pub fn severity(self, connection: &Connection) -> &'static str {
        match self {
            Event::ConnectionLive | Event::ConnectionRecovered | Event::ConnectionMoved
                if connection.proof.after == Verdict::Failed =>
            {
                "error"
            }
            Event::CoverageChanged if connection.coverage.iter().any(|row| row.via.is_amiss()) => "warning",
            Event::AssociationsChanged if connection.associations.iter().any(|one| one.state.is_open()) => "warning",
            Event::ConnectionWaiting
            | Event::ConnectionLive
            | Event::ConnectionRecovered
            | Event::ConnectionMoved
            | Event::CoverageChanged
            | Event::AssociationsChanged
            | Event::ProofRecovered => "info",
            Event::Held
            | Event::DriftRepaired
            | Event::Withdrawn
            | Event::ProofMissing
            | Event::CertificateExpiring => "warning",
            Event::ConnectionLost | Event::Refused | Event::Failed | Event::ProofFailed => "error",
        }
    }

    /// Whether it is about the proof alone: nothing was written for it.
    pub fn is_of_proof(self) -> bool {
        matches!(self, Event::ProofFailed | Event::ProofRecovered | Event::ProofMissing | Event::CertificateExpiring)
    }

    /// Whether its message says how the proof stands.
    fn tells_proof(self) -> bool {
        matches!(
            self,
            Event::ConnectionLive
                | Event::ConnectionRecovered
                | Event::ConnectionMoved
                | Event::ProofFailed
                | Event::ProofRecovered
                | Event::ProofMissing
        )
    }
}

/// What a connection is, as people understand it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Waiting,
    Held,
    Live,
    Lost,
    Withdrawn,
    Refused,
    Failed,
}

/// What was announced last for a connection. Digests are hexadecimal and compared for equality only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announced {
    pub event: Event,
    pub status: Status,
    pub endpoint_id: Option<String>,
    /// Our records, by name and by the change that wrote them.
    pub records: String,
    pub problems: String,
    /// What the configuration wants.
    pub config: String,
    /// Who serves the hosts of AWS services.
    #[serde(default)]
    pub coverage: String,
    /// The other VPCs on our zones.
    #[serde(default)]
    pub associations: String,
    /// Whether the connection was ever announced as live.
    pub was_live: bool,
    /// Whether a loss was told since then.
    #[serde(default)]
    pub is_loss_told: bool,
    /// The last verdict, `passed` or `failed`; `unproven` where there was none.
    #[serde(default = "unproven")]
    pub proof: Verdict,
    /// Whether it was told since then that the verifier gives no verdict.
    #[serde(default)]
    pub is_proof_missing: bool,
    /// The ends of certificates whose end was announced.
    #[serde(default)]
    pub expiring: BTreeSet<String>,
}

fn unproven() -> Verdict {
    Verdict::Unproven
}

/// The connection record: one SSM parameter per connection, `/tdp-privatelink/<owner>/<vpc-id>`, at most 4 KB.
///
/// Written only after SNS accepted the message. What is planned does not depend on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionRecord {
    pub state: String,
    pub outcome: String,
    pub endpoint_id: Option<String>,
    pub primary_dns_name: Option<String>,
    /// Zone ids by name, as many as fit.
    pub zones: Vec<(String, Option<String>)>,
    pub proof: (Verdict, Verdict),
    pub change_ids: Vec<String>,
    pub announced: Announced,
}

/// The situation that [`news`] compares with what was announced.
#[derive(Clone, Debug)]
pub struct Situation {
    pub status: Status,
    /// From [`records_digest`](crate::digest::records_digest), after the writes.
    pub records: String,
    /// From [`config_digest`](crate::digest::config_digest).
    pub config: String,
}

/// The event to announce, or `None` when people know already.
///
/// What is proved is news of its own while nothing else is, also of names that work on while a change is held
/// or refused.
pub fn news(last: Option<&Announced>, now: &Situation, connection: &Connection) -> Option<Event> {
    let told = last.filter(|last| last.status == now.status);
    let told = told.filter(|_| matches!(now.status, Status::Live | Status::Held | Status::Refused));
    status_news(last, now, connection).or_else(|| proof_news(told?, connection))
}

fn status_news(last: Option<&Announced>, now: &Situation, connection: &Connection) -> Option<Event> {
    let same_endpoint = last.is_some_and(|last| last.endpoint_id == connection.endpoint_id);
    let same_problems = last.is_some_and(|last| last.problems == problems_digest(&connection.problems));
    let last_status = last.map(|last| last.status);
    let was_live = last.is_some_and(|last| last.was_live);
    let repeated = last_status == Some(now.status);
    match now.status {
        Status::Waiting => (!(repeated && same_endpoint)).then_some(Event::ConnectionWaiting),
        Status::Held => (!(repeated && same_endpoint)).then_some(Event::Held),
        // After a withdrawal, that the endpoint stays lost is no news.
        Status::Lost => {
            (!((repeated || last_status == Some(Status::Withdrawn)) && same_endpoint)).then_some(Event::ConnectionLost)
        }
        Status::Refused => (!(repeated && same_problems)).then_some(Event::Refused),
        Status::Failed => (!(repeated && same_problems)).then_some(Event::Failed),
        Status::Withdrawn => (!repeated && (was_live || !connection.changes.is_empty())).then_some(Event::Withdrawn),
        Status::Live => match (last, last_status) {
            (Some(last), Some(Status::Live)) => {
                if !same_endpoint {
                    Some(if last.endpoint_id.is_some() { Event::ConnectionMoved } else { Event::ConnectionLive })
                } else if last.config != now.config {
                    Some(Event::ConnectionLive)
                } else if last.coverage != coverage_digest(connection) {
                    Some(Event::CoverageChanged)
                } else if last.records != now.records {
                    Some(Event::DriftRepaired)
                } else {
                    let is_new = last.associations != associations_digest(connection);
                    (is_new && !connection.are_associations_unread).then_some(Event::AssociationsChanged)
                }
            }
            // What was held or refused while its names worked elsewhere.
            (Some(last), Some(Status::Held | Status::Refused | Status::Failed))
                if was_live && !last.is_loss_told && connection.moved_from.is_some() =>
            {
                Some(Event::ConnectionMoved)
            }
            (_, Some(Status::Held | Status::Lost | Status::Refused | Status::Failed)) if was_live => {
                Some(Event::ConnectionRecovered)
            }
            _ => Some(Event::ConnectionLive),
        },
    }
}

/// How the proof stands after this run; `None` when it was not asked for.
fn proof_now(connection: &Connection) -> Option<Verdict> {
    connection.proof.is_fresh.then_some(connection.proof.after)
}

/// What is new about the proof. That a verdict is missing does not undo the one before: a verifier that fails
/// now and then is told of once in an outage, and the outage once.
fn proof_news(last: &Announced, connection: &Connection) -> Option<Event> {
    let event = match proof_now(connection)? {
        Verdict::Failed => (last.proof != Verdict::Failed).then_some(Event::ProofFailed),
        Verdict::Passed => (last.proof != Verdict::Passed || last.is_proof_missing).then_some(Event::ProofRecovered),
        Verdict::Incomplete | Verdict::Unproven => (!last.is_proof_missing).then_some(Event::ProofMissing),
    };
    let expires =
        || (!expiring(&connection.proof.hosts).is_subset(&last.expiring)).then_some(Event::CertificateExpiring);
    event.or_else(expires)
}

/// The verdict to keep after `event`, and whether it was told that one is missing.
fn told_proof(event: Event, last: Option<&Announced>, connection: &Connection) -> (Verdict, bool) {
    let before = last.map_or((Verdict::Unproven, false), |last| (last.proof, last.is_proof_missing));
    if !event.tells_proof() {
        return before;
    }
    match proof_now(connection) {
        Some(verdict @ (Verdict::Passed | Verdict::Failed)) => (verdict, false),
        Some(_) if event == Event::ProofMissing => (before.0, true),
        Some(_) => (Verdict::Unproven, true),
        None => (Verdict::Unproven, false),
    }
}

/// The ends of certificates that were told once `event` is: those of now, and the latest of those before.
fn told_expiring(event: Event, last: Option<&Announced>, connection: &Connection) -> BTreeSet<String> {
    let mut before = last.map(|last| last.expiring.clone()).unwrap_or_default();
    if event != Event::CertificateExpiring {
        return before;
    }
    let now = expiring(&connection.proof.hosts);
    before.retain(|end| !now.contains(end));
    while before.len() + now.len() > MOST_EXPIRING && before.pop_first().is_some() {}
    before.into_iter().chain(now).collect()
}

/// The record to keep once SNS accepted the announcement of `event`.
///
/// `last` is the record until now. Zones that could not be looked at stay in it: it is where a host that is
/// taken out of the configuration is looked for in zones that we did not make.
pub fn record(
    event: Event,
    last: Option<&ConnectionRecord>,
    now: &Situation,
    connection: &Connection,
) -> ConnectionRecord {
    let zones: Vec<(String, Option<String>)> =
        connection.zones.iter().map(|zone| (zone.name.to_string(), zone.id.clone())).collect();
    let announced = last.map(|last| &last.announced);
    let was_live = announced.is_some_and(|last| last.was_live);
    let (proof, is_proof_missing) = told_proof(event, announced, connection);
    let mut record = ConnectionRecord {
        state: connection.state.clone(),
        outcome: connection.outcome.as_str().to_owned(),
        endpoint_id: connection.endpoint_id.clone(),
        primary_dns_name: connection.primary_dns_name.clone(),
        zones: match last {
            Some(last) if zones.is_empty() && now.status != Status::Withdrawn => last.zones.clone(),
            _ => zones,
        },
        proof: (connection.proof.before, connection.proof.after),
        change_ids: connection.change_ids.clone(),
        announced: Announced {
            event,
            status: now.status,
            endpoint_id: connection.endpoint_id.clone(),
            records: now.records.clone(),
            problems: problems_digest(&connection.problems),
            config: now.config.clone(),
            coverage: coverage_digest(connection),
            associations: match announced {
                Some(last) if connection.are_associations_unread => last.associations.clone(),
                _ => associations_digest(connection),
            },
            is_loss_told: now.status == Status::Lost
                || (now.status != Status::Live && announced.is_some_and(|last| last.is_loss_told)),
            was_live: now.status == Status::Live || (now.status != Status::Withdrawn && was_live),
            proof,
            is_proof_missing,
            expiring: told_expiring(event, announced, connection),
        },
    };
    // 300 zones do not fit into a parameter; what was announced must.
    while record.to_json().len() > MOST_BYTES && (record.zones.pop().is_some() | record.change_ids.pop().is_some()) {}
    record
}

/// How many ends of certificates the record keeps.
const MOST_EXPIRING: usize = 2 * proof::MOST_EXPIRING;

/// The size limit of a standard SSM parameter, in bytes.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>
const MOST_BYTES: usize = 4096;

impl ConnectionRecord {
    pub fn to_json(&self) -> String {
        // Strings, lists and options only: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a record back; `None` for anything else, which costs one repeated announcement.
    pub fn from_json(text: &str) -> Option<ConnectionRecord> {
        serde_json::from_str(text).ok()
    }
}

/// The status that an outcome amounts to; `None` where nothing is announced.
pub fn status(outcome: Outcome, withdrawing: bool) -> Option<Status> {
    match outcome {
        Outcome::InSync | Outcome::Changed if withdrawing => Some(Status::Withdrawn),
        Outcome::InSync | Outcome::Changed => Some(Status::Live),
        Outcome::Planned => None,
        Outcome::Waiting => Some(Status::Waiting),
        Outcome::Held => Some(Status::Held),
        Outcome::Lost => Some(Status::Lost),
        Outcome::Withdrawn => Some(Status::Withdrawn),
        Outcome::Refused => Some(Status::Refused),
        Outcome::Failed => Some(Status::Failed),
    }
}
