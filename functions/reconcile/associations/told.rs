//! What a person is told about the other VPCs of our zones.

use std::collections::BTreeMap;

use planner::association::{Association, State, VpcRef};
use planner::current::Zone;
use planner::report::Problem;

use crate::error::AwsError;

/// What went wrong, and where.
pub(super) struct Trouble {
    /// `None`: it concerns the zone.
    pub vpc: Option<VpcRef>,
    /// The zone's name and id.
    pub zone: String,
    pub why: Why,
}

pub(super) enum Why {
    /// The VPC has another zone of that name: its id and whose it is, where that is known.
    Conflict(Option<String>),
    /// A call for the VPC failed.
    Call(AwsError),
    /// The zone's VPCs could not be read.
    Read(AwsError),
    /// The zone's note of them could not be written.
    Note(AwsError),
    /// What was done with the zone was not heard to be in effect.
    Wait(AwsError),
}

impl Trouble {
    pub(super) fn of_vpc(vpc: &VpcRef, zone: &Zone, error: AwsError) -> Trouble {
        let is_conflict = error.code == "ConflictingDomainExists";
        let why = if is_conflict { Why::Conflict(None) } else { Why::Call(error) };
        Trouble { vpc: Some(vpc.clone()), zone: shown(zone), why }
    }

    pub(super) fn of_zone(zone: &Zone, why: Why) -> Trouble {
        Trouble { vpc: None, zone: shown(zone), why }
    }

    /// The failed call, if the same event deserves another delivery. Route 53's own "not authorized" says that the VPC
    /// is another account's, which only a person can mend.
    pub(super) fn worth_another_try(self) -> Option<AwsError> {
        match self.why {
            Why::Conflict(_) => None,
            Why::Call(error) | Why::Read(error) | Why::Note(error) | Why::Wait(error) => {
                Some(error).filter(|error| error.deserves_retry() && error.code != "NotAuthorizedException")
            }
        }
    }
}

pub(super) fn shown(zone: &Zone) -> String {
    format!("{} ({})", zone.name, zone.id)
}

/// One problem for each cause, with all zones that have it; and one for each account that has to associate VPCs.
pub(super) fn problems(troubles: &[Trouble], associations: &[Association]) -> Vec<Problem> {
    let mut conflicts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut failures: BTreeMap<String, (&Trouble, &AwsError, Vec<&str>)> = BTreeMap::new();
    for trouble in troubles {
        let whom = trouble.vpc.as_ref().map_or_else(|| trouble.zone.clone(), VpcRef::to_string);
        match &trouble.why {
            Why::Conflict(other) => {
                let other = other.iter().map(|other| format!(", where it has {other}")).collect::<String>();
                conflicts.entry(whom).or_default().push(format!("{}{other}", trouble.zone));
            }
            Why::Call(error) | Why::Read(error) | Why::Note(error) | Why::Wait(error) => {
                let subject = format!("{whom} {} {}", error.action, error.code);
                failures.entry(subject).or_insert((trouble, error, Vec::new())).2.push(&trouble.zone);
            }
        }
    }
    let mut problems: Vec<Problem> = conflicts.iter().map(|(vpc, zones)| conflict(vpc, zones)).collect();
    let failures = failures.iter().map(|(subject, (trouble, error, zones))| failure(subject, trouble, error, zones));
    problems.extend(failures);
    problems.extend(pending(associations));
    problems
}

fn conflict(vpc: &str, zones: &[String]) -> Problem {
    Problem::note(
        "association-conflict",
        vpc,
        format!(
            "{vpc} sees another private zone of the same name, so ours cannot be associated with it: {}.",
            zones.join("; ")
        ),
        format!(
            "Dissociate the other zone from {vpc}, or take {vpc} out of EXTRA_VPC_IDS. It is tried again by the next drift pass."
        ),
    )
}

fn failure(subject: &str, trouble: &Trouble, error: &AwsError, zones: &[&str]) -> Problem {
    let zones = zones.join(", ");
    let message = match (&trouble.vpc, &trouble.why) {
        (Some(vpc), _) => format!("{vpc} is not as it should be on {zones}: {error}."),
        (None, Why::Note(_)) => {
            format!("The note of the VPCs of {zones} could not be written, so no VPC was added: {error}.")
        }
        (None, Why::Wait(_)) => {
            format!("The VPCs of {zones} were changed, and it is not known that Route 53 has the change: {error}.")
        }
        (None, _) => format!("The VPCs of {zones} could not be read: {error}."),
    };
    Problem::note("association-failed", subject, message, fix(error))
}

fn fix(error: &AwsError) -> String {
    match error.code.as_str() {
        "InvalidVPCId" | "InvalidInput" | "NotAuthorizedException" => {
            "Check the VPC's id, account and Region in EXTRA_VPC_IDS: one of another account or Region is written vpc-…@<account>/<region>.".to_owned()
        }
        // https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
        "LimitsExceeded" => "The zone has as many VPCs as it may have: take some away, or ask AWS for a higher quota.".to_owned(),
        NOT_OURS => "Remove that record by hand: the zone is ours, and needs the name.".to_owned(),
        _ => error.fix(),
    }
}

/// Our own word for a note that cannot be written, because another record stands there.
pub(super) const NOT_OURS: &str = "a record there is not ours";

/// What other accounts have to do.
fn pending(associations: &[Association]) -> Vec<Problem> {
    let mut accounts: BTreeMap<String, Vec<&Association>> = BTreeMap::new();
    for association in associations.iter().filter(|association| association.state == State::Authorized) {
        let vpc = VpcRef::parse(&association.vpc, "", None);
        if let Some(account) = vpc.as_ref().and_then(VpcRef::account) {
            accounts.entry(account.to_owned()).or_default().push(association);
        }
    }
    let problem = |(account, open): (String, Vec<&Association>)| {
        let which: Vec<String> = open.iter().map(|one| format!("{} with {}", one.vpc, one.zone)).collect();
        let commands: Vec<&str> = open.iter().filter_map(|one| one.command.as_deref()).collect();
        Problem::note(
            "association-pending",
            account.clone(),
            format!("Account {account} has to associate {}. It is authorized to.", which.join(", ")),
            format!("Run with credentials of account {account}:\n      {}", commands.join("\n      ")),
        )
    };
    accounts.into_iter().map(problem).collect()
}
