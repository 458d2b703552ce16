//! The report: one shape for the answer of an invocation, its log line and the machine part of a message.

use serde::Serialize;

use crate::association::Association;
use crate::name::Name;
use crate::plan::{Change, Plan};
use crate::proof::{HostProof, NameProof, Verdict};
use crate::route::Coverage;

/// What an invocation found and did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub mode: Mode,
    pub connections: Vec<Connection>,
    /// What concerns no single connection: an event that was refused, no endpoint at all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// Whether anything may be written, and towards what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Plan,
    Apply,
    Withdraw,
}

/// One VPC with its endpoint to the platform.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub vpc_id: String,
    pub endpoint_id: Option<String>,
    /// EC2's word for the endpoint's state, or `missing`.
    pub state: String,
    pub outcome: Outcome,
    /// The regional DNS name of the endpoint, which the procedure asks to keep on record.
    pub primary_dns_name: Option<String>,
    /// The endpoint that the records pointed at, or that was announced, when that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    pub zones: Vec<ZoneReport>,
    /// What happens to zones as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zone_changes: Vec<ZoneChange>,
    pub changes: Vec<Change>,
    /// Route 53 change ids, all INSYNC when the outcome is `changed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub change_ids: Vec<String>,
    /// Who serves the hosts of AWS services, where the configuration routes them, and which hosts are held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<Coverage>,
    /// The other VPCs on zones of ours that the configuration names, or named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<Association>,
    /// Whether that is all: a zone whose VPCs could not be read has none in the list.
    #[serde(skip)]
    pub are_associations_unread: bool,
    /// The commands that undo the changes, in the order in which to run them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<String>,
    pub proof: Proof,
    pub problems: Vec<Problem>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    InSync,
    Changed,
    Planned,
    Waiting,
    Held,
    Lost,
    Withdrawn,
    Refused,
    Failed,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::InSync => "in-sync",
            Outcome::Changed => "changed",
            Outcome::Planned => "planned",
            Outcome::Waiting => "waiting",
            Outcome::Held => "held",
            Outcome::Lost => "lost",
            Outcome::Withdrawn => "withdrawn",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// What happens to one zone as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneChange {
    pub action: ZoneAction,
    pub zone: Name,
    /// `None` for a zone that a plan would make.
    pub id: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneAction {
    Create,
    /// Associate a zone of ours, which has its records, with the VPC.
    Associate,
    /// Take it off the staging VPC.
    Unstage,
    /// Take it over from a former owner: its comment changes.
    TakeOver,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ZoneReport {
    pub name: Name,
    /// `None` for a zone that a plan would make.
    pub id: Option<String>,
    /// Whether the zone is this product's own: made by it, or to be made.
    pub created: bool,
    pub hides: Vec<Name>,
}

/// What was proved from inside the VPC: the endpoint before names led to it, and the names since then.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    pub before: Verdict,
    pub after: Verdict,
    /// What was seen of each host, by the last phase that was asked for in this run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<HostProof>,
    /// What the endpoint's own names resolve to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<NameProof>,
    /// Whether `after` was asked for in this run, and is not what was known before.
    #[serde(skip)]
    pub is_fresh: bool,
}

impl Proof {
    /// What earlier runs proved, without what they saw.
    pub fn known(before: Verdict, after: Verdict) -> Proof {
        Proof { before, after, hosts: Vec::new(), names: Vec::new(), is_fresh: false }
    }
}

/// Something that a person should know: what it is, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    pub fix: String,
    /// What tells this problem from another of the same code. Stable from run to run.
    #[serde(skip)]
    pub subject: String,
    /// Whether nothing may be written because of it.
    #[serde(skip)]
    pub refuses: bool,
    /// Whether a verifier saw it, or could not look.
    #[serde(skip)]
    pub is_of_proof: bool,
}

impl Problem {
    /// A problem that stops the connection's writes.
    pub fn refusal(code: &'static str, subject: impl Into<String>, message: String, fix: impl Into<String>) -> Problem {
        Problem { refuses: true, ..Problem::note(code, subject, message, fix) }
    }

    /// A problem that is only told.
    pub fn note(code: &'static str, subject: impl Into<String>, message: String, fix: impl Into<String>) -> Problem {
        Problem { code, message, fix: fix.into(), subject: subject.into(), refuses: false, is_of_proof: false }
    }
}

impl Connection {
    /// An empty report on a connection.
    pub fn new(vpc_id: &str, endpoint_id: Option<&str>, state: &str, outcome: Outcome) -> Connection {
        Connection {
            vpc_id: vpc_id.to_owned(),
            endpoint_id: endpoint_id.map(str::to_owned),
            state: state.to_owned(),
            outcome,
            primary_dns_name: None,
            moved_from: None,
            zones: Vec::new(),
            zone_changes: Vec::new(),
            changes: Vec::new(),
            change_ids: Vec::new(),
            coverage: Vec::new(),
            associations: Vec::new(),
            are_associations_unread: false,
            undo: Vec::new(),
            proof: Proof::known(Verdict::Unproven, Verdict::Unproven),
            problems: Vec::new(),
        }
    }

    /// Takes over what a plan says: its zones, changes and problems.
    pub fn with_plan(mut self, plan: &Plan) -> Connection {
        self.zones = plan.zone_reports();
        self.zone_changes = plan.zone_changes();
        self.changes = plan.changes().cloned().collect();
        self.problems.extend(plan.problems.iter().cloned());
        self
    }
}
