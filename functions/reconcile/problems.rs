//! What a person is told about an endpoint, a call or an event, with what to do about it.
//! What stands in the way inside Route 53 is told by the planner.

use std::collections::BTreeSet;

use planner::endpoint::{Endpoint, State};
use planner::name::Name;
use planner::proof::REFUSED;
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

/// VPCs for which there was no time.
pub(crate) fn missed(vpcs: &[&str]) -> Option<Problem> {
    let some: Vec<&str> = vpcs.iter().copied().take(10).collect();
    let message = format!("Time was short: {} were not looked at, {} among them.", count(vpcs.len()), some.join(", "));
    let fix = "Nothing: the next sweep goes on with them.";
    (!vpcs.is_empty()).then(|| Problem::note("not-reached", "", message, fix))
}

fn count(vpcs: usize) -> String {
    if vpcs == 1 { "1 VPC".to_owned() } else { format!("{vpcs} VPCs") }
}

/// Endpoints to be followed that are not there.
pub(crate) fn pins_missing(config: &Config, endpoints: &[Endpoint], trigger: &Trigger) -> Option<Problem> {
    let is_there = |id: &String| endpoints.iter().any(|e| e.id == *id && e.service_name == config.service_name);
    let missing: Vec<&str> = config.pinned.iter().filter(|id| !is_there(id)).map(String::as_str).collect();
    let missing = missing.join(", ");
    let message = format!("ENDPOINT_ID names {missing}, which is no endpoint to the service in the VPCs looked at.");
    let fix = "Correct ENDPOINT_ID, or empty it to follow the endpoint that is available.";
    (!missing.is_empty() && trigger.only().is_none())
        .then(|| Problem::note("pinned-endpoint-missing", missing.clone(), message, fix))
}

/// An event that is no trigger.
pub(crate) fn unknown_event(why: &str) -> Problem {
    let message = format!("Nothing was done: {why}.");
    Problem::refusal("unknown-event", "", message, "Send one of the payloads in events/.")
}

/// Proof was asked for, and nobody can give it.
pub(crate) fn unproven(vpc_id: &str) -> Problem {
    Problem::note(
        "unproven",
        vpc_id,
        format!("No verifier is configured for {vpc_id}, so nothing was proved from inside it."),
        "Deploy the verify function into the VPC (template parameter VerifySubnetIds), or try from a host in it: curl -sv https://<name>/ for one of the names.",
    )
}

/// An endpoint without addresses cannot be tried. `is_known`: whether EC2 showed all of its network interfaces.
pub(crate) fn no_addresses(endpoint: &Endpoint, is_known: bool) -> Problem {
    let id = endpoint.id.as_str();
    let message = if is_known {
        format!("{id} has no network interface with an address of the families that its name serves.")
    } else {
        format!("EC2 does not show every network interface of {id}.")
    };
    let fix = "Check that the endpoint has at least one subnet and is not being deleted. Nothing else: it is looked for again.";
    Problem::note("no-addresses", id, message, fix)
}

/// There is no such function.
pub(crate) fn verifier_missing(function: &str) -> Problem {
    Problem::note(
        "verifier-missing",
        function,
        format!(
            "There is no function {function} to prove the connection from inside the VPC. This says nothing about the connection."
        ),
        "Deploy it again (template parameter VerifySubnetIds), or correct VERIFIERS.",
    )
}

/// It did not come to an end.
pub(crate) fn verifier_timed_out(function: &str) -> Problem {
    Problem::note(
        "verifier-timed-out",
        function,
        format!("{function} did not answer in time. This says nothing about the connection."),
        "Nothing: it is asked again. If it stays, look into its log.",
    )
}

/// It could not be invoked.
pub(crate) fn verifier_failed(function: &str, error: &AwsError) -> Problem {
    let message = format!("{function} could not be asked: {error}. This says nothing about the connection.");
    let mut fix = error.fix();
    if error.kind == Kind::Denied {
        // The template's permission hangs on the tag, and a function that does not exist has none.
        fix.push_str(" A verifier from another stack must exist and carry the tag tdp-privatelink=verify.");
    }
    Problem::note("verifier-failed", function, message, fix)
}

/// It ended with an error, or with something that is no answer.
pub(crate) fn verifier_error(function: &str, kind: &str, message: &str) -> Problem {
    let why = if kind == REFUSED { "refused the request" } else { "failed" };
    let said: String = message.chars().filter(|c| !c.is_control()).take(300).collect();
    Problem::note(
        "verifier-failed",
        function,
        format!("{function} {why}: {said}. This says nothing about the connection."),
        "Look into the function's log. Both functions must come from the same version of the template.",
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
    let fix = "Delete the endpoints that are not needed, or name the one to follow with ENDPOINT_ID.";
    (!others.is_empty()).then(|| Problem::note("several-endpoints", others.join(","), message, fix))
}

/// Hosts of the VPC's own endpoints that did not prove themselves.
pub(crate) fn own_unproved(hosts: &BTreeSet<Name>) -> Problem {
    let hosts = hosts.iter().map(Name::as_str).collect::<Vec<&str>>().join(", ");
    Problem::note(
        "own-endpoint-unproved",
        hosts.clone(),
        format!(
            "The VPC's own endpoints for {hosts} are not proved: nothing new leads to them. The other hosts went on."
        ),
        "See what was seen of each host. It is tried again by the next drift pass, or with {\"task\": \"reconcile\"}.",
    )
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

/// Records point at an endpoint of a service that the configuration does not name any more.
pub(crate) fn other_service(endpoint: &Endpoint) -> Problem {
    Problem::note(
        "other-service",
        endpoint.id.as_str(),
        format!(
            "The records point at {}, an endpoint to {}, which TDP_SERVICE_NAME does not name. They stay as they are.",
            endpoint.id, endpoint.service_name
        ),
        "Create an endpoint to the new service: the records move when it is available. Or correct TDP_SERVICE_NAME.",
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
