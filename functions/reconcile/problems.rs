//! What a person is told about an endpoint, a call or an event, with what to do about it.
//! What stands in the way inside Route 53 is told by the planner.

use std::collections::BTreeSet;

use planner::endpoint::{Endpoint, State};
use planner::report::Problem;
use planner::trigger::{Trigger, shown};

use super::Config;
use crate::error::{AwsError, Kind};

/// No connection at all.
pub(crate) fn nothing_found(config: &Config, trigger: &Trigger) -> Problem {
    let whom = match (trigger.only(), &config.vpc_id) {
        (Some(id), _) => id.to_owned(),
        (None, Some(vpc)) => format!("interface endpoint to {} in {vpc}", config.service_name),
        (None, None) => format!("interface endpoint to {}", config.service_name),
    };
    Problem::note(
        "no-endpoint",
        "",
        format!("There is no {whom} in this account and Region."),
        "Create the interface endpoint, then tell TetraScience its id. If it exists, compare its service name with TDP_SERVICE_NAME.",
    )
}

/// Zones of ours for VPCs that the configuration leaves out: nobody keeps them right.
pub(crate) fn elsewhere(vpcs: &BTreeSet<String>) -> Option<Problem> {
    let vpcs: Vec<&str> = vpcs.iter().map(String::as_str).collect();
    let vpcs = vpcs.join(", ");
    let message = format!("VPC_ID leaves out {vpcs}, where this owner's zones are. They are not kept right any more.");
    let fix = "Withdraw them: deploy with that VPC and Mode=withdraw, then with the new one.";
    (!vpcs.is_empty()).then(|| Problem::note("other-vpc", vpcs.clone(), message, fix))
}

/// An event that is no trigger.
pub(crate) fn unknown_event(why: &str) -> Problem {
    let message = format!("Nothing was done: {why}.");
    Problem::refusal("unknown-event", "", message, "Send one of the payloads in events/.")
}

/// Proof was asked for, and nobody can give it.
pub(crate) fn unproven() -> Problem {
    Problem::note(
        "unproven",
        "",
        "No verifier is configured, so nothing was proved from inside a VPC: this is the plan.".to_owned(),
        "From a host in the VPC, try: curl -sv https://<name>/ for one of the names.",
    )
}

/// A failed call as a person reads it in the report.
pub(crate) fn of_call(error: &AwsError) -> Problem {
    let code = match error.kind {
        Kind::Denied => "access-denied",
        Kind::Throttled => "throttled",
        Kind::TimedOut => "timed-out",
        Kind::Unavailable => "aws-unavailable",
        Kind::Stale => "stale-plan",
        Kind::NotFound | Kind::Refused => "aws-refused",
    };
    Problem::note(code, format!("{} {}", error.action, error.code), format!("{error}."), error.fix())
}

/// More than one endpoint in a VPC.
pub(crate) fn several(endpoints: &[Endpoint], chosen: &Endpoint) -> Option<Problem> {
    let others: Vec<String> =
        endpoints.iter().filter(|e| e.id != chosen.id).map(|e| format!("{} ({})", e.id, e.state)).collect();
    let message = format!(
        "{} has more endpoints to the service: {}. The records follow {}.",
        chosen.vpc_id,
        others.join(", "),
        chosen.id
    );
    let fix = "Delete the endpoints that are not needed.";
    (!others.is_empty()).then(|| Problem::note("several-endpoints", others.join(","), message, fix))
}

/// Available, but without the name to point at.
pub(crate) fn no_dns_name(endpoint: &Endpoint) -> Problem {
    Problem::note(
        "no-dns-name",
        endpoint.id.as_str(),
        format!("{} is available, but EC2 does not list its regional DNS name yet.", endpoint.id),
        "Nothing: it is looked for again. If it stays, check that the endpoint has at least one subnet.",
    )
}

/// Pending while it is live.
pub(crate) fn modification(endpoint: &Endpoint) -> Problem {
    Problem::note(
        "modification-in-flight",
        endpoint.id.as_str(),
        format!(
            "{} is {} while records point at it: it is being modified. The records stay.",
            endpoint.id, endpoint.state
        ),
        "Nothing: it is looked at again.",
    )
}

/// A state without a rule.
pub(crate) fn unknown_state(endpoint: &Endpoint) -> Problem {
    Problem::refusal(
        "unknown-state",
        format!("{} {}", endpoint.id, endpoint.state),
        format!(
            "{} is in the state '{}', for which there is no rule. Nothing was written.",
            endpoint.id, endpoint.state
        ),
        "Look at the endpoint in the VPC console. If the state is new to AWS, update this product.",
    )
}

/// Rejected, expired, failed, deleted or missing.
pub(crate) fn lost(endpoint: &Endpoint, is_live: bool) -> Problem {
    let records = if is_live { "The private DNS records were kept." } else { "There are no records of ours." };
    let why = endpoint.last_error.as_deref().map(|why| format!(" EC2 says: {}", shown(why))).unwrap_or_default();
    let fix = match endpoint.state {
        State::Rejected => "Ask TetraScience why the connection was rejected.",
        State::Expired => {
            "The request was not accepted in time: create the endpoint again and tell TetraScience its id."
        }
        State::Failed => "Look at the endpoint in the VPC console, then create it again and tell TetraScience its id.",
        _ => "Create the endpoint again and tell TetraScience its id, or withdraw with MODE=withdraw.",
    };
    Problem::note(
        "endpoint-lost",
        format!("{} {}", endpoint.id, endpoint.state),
        format!("{} is {}. {records}{why}", endpoint.id, endpoint.state),
        fix,
    )
}
