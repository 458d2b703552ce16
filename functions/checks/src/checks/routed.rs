//! What `AwsServiceRouting` and `ExtraHosts` do with hosts of AWS services.

use std::collections::BTreeSet;

use planner::endpoint::{Endpoint, Kind, State};
use planner::route::To;

use super::Look;
use crate::coverage::{Row, Via};
use crate::finding::{Finding, counted, listed};
use crate::served::short;

/// A host that is not led to the endpoint of its service, because its zone would take a host below it from the VPC that
/// nobody serves.
pub(super) fn is_given_up(look: Look<'_>, row: &Row) -> bool {
    let is_there = |e: &Endpoint| e.kind == Kind::Interface && e.state == State::Available;
    let mut all = look.facts.endpoints.iter().flatten();
    let is_led = row.to == Some(To::Own) && !row.is_pattern();
    is_led && all.any(|e| is_there(e) && row.services.contains(&e.service_name))
}

/// When those will be led that are given up.
pub(super) fn once_served(given_up: &[&Row]) -> Option<String> {
    (!given_up.is_empty()).then(|| {
        format!(
            "For {} an endpoint is there: reconcile leads there once every host below is served too, since a zone would take it from the VPC.",
            listed(&named(given_up))
        )
    })
}

/// What to make for hosts that nobody serves, up to the word before what else there is.
pub(super) fn how_to_serve(open: &[&Row], services: &BTreeSet<&str>) -> String {
    let exact = if open.iter().any(|row| row.is_pattern() && row.to.is_some()) {
        " For a name with a star inside a label it has to be on, or ExtraHosts names the exact hosts, as host=<service name>."
    } else {
        ""
    };
    if open.iter().any(|row| row.to.is_some() && !row.is_pattern()) {
        let names = Vec::from_iter(services.iter().copied()).join(", ");
        return format!(
            "Make interface endpoints for {names}: reconcile then leads the hosts there, so private DNS may stay off where something else needs these names.{exact} Or"
        );
    }
    let shorts: BTreeSet<&str> = services.iter().map(|name| short(name)).collect();
    let names = Vec::from_iter(shorts).join(", ");
    if exact.is_empty() {
        return format!("Make interface endpoints with private DNS for {names}, or");
    }
    format!("Make interface endpoints with private DNS for {names}.{exact} Or")
}

pub(super) fn findings(look: Look<'_>, rows: &[Row]) -> Vec<Finding> {
    [through_tdp(look, rows), private_dns(rows), lost(look, rows), waiting(rows)].into_iter().flatten().collect()
}

fn by(rows: &[Row], takes: impl Fn(&Row) -> bool) -> Vec<&Row> {
    rows.iter().filter(|row| !row.services.is_empty() && takes(row)).collect()
}

fn named(rows: &[&Row]) -> Vec<String> {
    rows.iter().map(|row| row.host.clone()).collect()
}

/// Each host with the endpoint.
fn with_endpoint(rows: &[&Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{} ({})", row.host, row.served_by.as_deref().unwrap_or("unknown"))).collect()
}

/// A private zone is seen by every client of its VPC, not by Hubs and Agents alone.
fn through_tdp(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let led = by(rows, |row| row.via == Via::OurZone);
    if led.is_empty() {
        return None;
    }
    let is_gateway = |row: &&&Row| {
        let mut all = look.facts.endpoints.iter().flatten();
        all.any(|e| e.kind == Kind::Gateway && e.state == State::Available && row.services.contains(&e.service_name))
    };
    let today: Vec<&Row> = led.iter().filter(is_gateway).copied().collect();
    let besides = if today.is_empty() {
        String::new()
    } else {
        format!(
            " A gateway endpoint of the VPC serves {} without such a record; with it, clients go through TDP there too.",
            listed(&named(&today))
        )
    };
    Some(Finding::warning(
        "aws-through-tdp",
        format!(
            "Every client in {} will reach {} of AWS services through TDP: {}",
            look.wanted.vpc_id,
            counted(led.len(), "host"),
            named(&led).join(", ")
        ),
        format!(
            "Not Hubs and Agents alone: whatever else in the VPC uses these services, for queues, buckets and logs of your own, goes through TDP then, and stops working where TDP does not let it pass.{besides}"
        ),
        "Ask TetraScience whether it is meant so. AwsServiceRouting=own, or host=<service name> in ExtraHosts, leads to the VPC's own endpoints instead; HoldHosts leaves single hosts alone.",
    ))
}

/// Where private DNS of an endpoint for the service answers, no record of ours is written.
fn private_dns(rows: &[Row]) -> Option<Finding> {
    let served = by(rows, |row| row.via == Via::AwsEndpoint && row.to == Some(To::Tdp));
    let endpoints: BTreeSet<&str> = served.iter().filter_map(|row| row.served_by.as_deref()).collect();
    let endpoints = listed(&Vec::from_iter(endpoints));
    (!served.is_empty()).then(|| {
        Finding::note(
            "private-dns-serves",
            format!("Private DNS of the VPC's own {endpoints} serves {} already", listed(&named(&served))),
            "No record is written for these names: clients reach the services there, and not through TDP.",
            format!("Nothing, if they should. Otherwise turn private DNS of {endpoints} off."),
        )
    })
}

fn lost(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let lost = by(rows, |row| row.via == Via::Lost);
    (!lost.is_empty()).then(|| {
        Finding::warning(
            "endpoint-not-usable",
            format!("Records lead to endpoints of the VPC's own that are lost: {}", listed(&with_endpoint(&lost))),
            "Clients in the VPC do not reach these services.",
            "Make the endpoints again: the records then follow. With OnLoss=withdraw, reconcile takes such records out.",
        )
        .command(format!(
            "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={} --query 'VpcEndpoints[].[VpcEndpointId,ServiceName,State]' --output table {}",
            look.wanted.vpc_id,
            look.in_region()
        ))
    })
}

fn waiting(rows: &[Row]) -> Option<Finding> {
    let waiting = by(rows, |row| row.via == Via::Waiting);
    (!waiting.is_empty()).then(|| {
        Finding::note(
            "endpoint-waits",
            format!("Endpoints of the VPC's own are not ready: {}", listed(&with_endpoint(&waiting))),
            "reconcile leads these hosts there once they are available.",
            "Wait a few minutes. An endpoint that waits for acceptance has to be accepted by the owner of its service.",
        )
    })
}
