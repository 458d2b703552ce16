//! What our zones take away, and who serves the hosts that are not ours.

use std::collections::BTreeSet;

use planner::hides::hides;
use planner::name::Name;

use super::{Found, Look, and_then, routed};
use crate::coverage::{Row, Via, coverage as table};
use crate::facts::PrivateZone;
use crate::finding::{Finding, counted, listed};
use crate::served::{of_aws, short};
use crate::zones::{Zones, made};

/// A private zone answers for every name in it, also with "no such name".
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub(super) fn hidden_names(look: Look<'_>) -> Found<'_> {
    let zones = made(look.facts, look.wanted);
    let hidden: Vec<String> =
        zones.iter().flat_map(|(zone, hosts)| hides(zone, hosts)).map(|name| name.to_string()).collect();
    let mut findings = Vec::new();
    if !hidden.is_empty() {
        let is_of_service =
            |host: &Name| look.wanted.routes.hosts.get(host).is_some_and(|one| !one.services.is_empty());
        let of_service = zones.values().flatten().any(is_of_service);
        let how = if of_service { ", as host=<service name> where an endpoint of an AWS service has it" } else { "" };
        findings.push(Finding::note(
            "names-hidden",
            format!(
                "Our zones will hide {} from public DNS in the VPC: {}",
                counted(hidden.len(), "name"),
                listed(&hidden)
            ),
            "A private zone answers for every name in it; those without a record get \"no such name\".",
            format!("If somebody in the VPC needs one of them, add it to ExtraHosts{how}."),
        ));
    }
    if look.wanted.routes.held.is_empty() {
        return Ok(findings.into());
    }
    let seen = look.facts.private_zones.as_ref();
    and_then(findings, seen.map(|seen| Vec::from_iter(held(look, &zones, seen))))
}

/// Held hosts that a new zone would take from the VPC, because no narrower zone holds them: `reconcile` refuses that.
fn held(look: Look<'_>, made: &Zones, seen: &[PrivateZone]) -> Option<Finding> {
    let is_new = |zone: &Name| !seen.iter().any(|one| one.is_ours && one.name == *zone);
    let holds = |zone: &Name, host: &Name| seen.iter().any(|one| host.is_within(&one.name) && one.name.is_below(zone));
    let is_hidden = |host: &&Name| made.keys().any(|zone| is_new(zone) && host.is_within(zone) && !holds(zone, host));
    let hosts: Vec<&str> = look.wanted.routes.held.iter().filter(is_hidden).map(Name::as_str).collect();
    (!hosts.is_empty()).then(|| {
        Finding::blocker(
            "held-host-hidden",
            format!("A new zone of ours would take {} from the VPC, which HoldHosts leaves alone", listed(&hosts)),
            "Nothing is written as long as that is so.",
            "Put the hosts above it into HoldHosts as well, or take it out.",
        )
    })
}

pub(super) fn coverage(look: Look<'_>) -> Found<'_> {
    let rows = table(look.facts, look.wanted, &[])?;
    let mut findings = Vec::new();
    findings.extend(ecr(look, &rows));
    findings.extend(internet(look, &rows));
    findings.extend(hidden(&rows));
    findings.extend(gateway(&rows));
    findings.extend(partial_wildcards(look, &rows));
    findings.extend(routed::findings(look, &rows));
    Ok(findings.into())
}

fn hosts_by(rows: &[Row], takes: impl Fn(&Row) -> bool) -> Vec<&str> {
    rows.iter().filter(|row| takes(row)).map(|row| row.host.as_str()).collect()
}

/// An endpoint for ECR serves the registry of its own Region only.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>
fn ecr(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let hosts = hosts_by(rows, |row| far_registry(look, row).is_some());
    let theirs = rows.iter().find_map(|row| far_registry(look, row))?;
    let region = &look.wanted.region;
    Some(Finding::warning(
        "ecr-us-east-1",
        format!("Container images come from {theirs}, and this VPC is in {region}: {}", listed(&hosts)),
        format!(
            "ECR endpoints for {region} do not serve another Region's registry: a Hub without a way to the internet gets no images."
        ),
        "Allow these hosts, and prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com for the layers, through a proxy; or make endpoints for the services of us-east-1, where AWS offers them to this Region.",
    ))
}

/// The Region of a host of an image registry that is another Region's and that no endpoint serves.
fn far_registry<'a>(look: Look<'_>, row: &'a Row) -> Option<&'a str> {
    let (region, service) = of_aws(row.services.first().filter(|_| row.via == Via::Internet)?)?;
    (region != look.wanted.region && service.starts_with("ecr.")).then_some(region)
}

fn internet(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let is_public = |row: &&Row| row.via == Via::Internet && far_registry(look, row).is_none();
    let public: Vec<&Row> = rows.iter().filter(is_public).collect();
    let hosts: Vec<&str> = public.iter().map(|row| row.host.as_str()).collect();
    let (given_up, open): (Vec<&Row>, Vec<&Row>) = public.iter().partition(|row| routed::is_given_up(look, row));
    let services: BTreeSet<&str> = open.iter().filter_map(|row| row.services.first()).map(String::as_str).collect();
    let first = services.iter().find(|name| short(name) != "s3").or(services.first());
    let make = first.map(|first| {
        format!(
            "{} allow the hosts through a proxy. The command is for {}. S3's private DNS and iot.credentials have settings of their own.",
            routed::how_to_serve(&open, &services),
            short(first)
        )
    });
    let fix = Vec::from_iter(make.into_iter().chain(routed::once_served(&given_up)));
    if fix.is_empty() {
        return None;
    }
    let finding = Finding::warning(
        "hosts-over-internet",
        format!(
            "{} of the components would be reached over the internet: {}",
            counted(hosts.len(), "host"),
            listed(&hosts)
        ),
        "In a network without a way to the internet these parts of Hubs, Agents and Connectors do not work.",
        fix.join(" "),
    );
    let Some(first) = first else { return Some(finding) };
    let kind = if short(first) == "s3" {
        "Gateway --route-table-ids rtb-ID"
    } else {
        "Interface --subnet-ids subnet-ID --security-group-ids sg-ID --private-dns-enabled"
    };
    Some(finding.command(format!(
        "aws ec2 create-vpc-endpoint --vpc-id {} --service-name {first} --vpc-endpoint-type {kind} {}",
        look.wanted.vpc_id,
        look.in_region()
    )))
}

/// Hosts that are needed, and that a zone for another host takes from the VPC.
fn hidden(rows: &[Row]) -> Option<Finding> {
    let hosts = hosts_by(rows, |row| row.via == Via::Hidden);
    if hosts.is_empty() {
        return None;
    }
    let services = rows.iter().filter(|row| row.via == Via::Hidden).filter_map(|row| row.services.first());
    let services: BTreeSet<&str> = services.map(String::as_str).collect();
    Some(Finding::warning(
        "names-hidden",
        format!("Our zones will hide {} that the components need: {}", counted(hosts.len(), "host"), listed(&hosts)),
        "A private zone answers for every name in it: with no endpoint to lead these hosts to, they get \"no such name\", and public DNS is not asked.",
        format!(
            "Make interface endpoints for {}. Or let the host go whose zone hides them: take it out of ExtraHosts or HoldHosts, or set OnLoss=withdraw where its endpoint is lost.",
            Vec::from_iter(services).join(", ")
        ),
    ))
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html>
fn gateway(rows: &[Row]) -> Option<Finding> {
    let served = hosts_by(rows, |row| row.via == Via::GatewayEndpoint);
    if served.is_empty() {
        return None;
    }
    let fix = if rows.iter().any(|row| row.via == Via::GatewayEndpoint && row.to.is_some()) {
        "For such clients make an interface endpoint for S3 as well, with private DNS; or name the hosts with the service in ExtraHosts (host=<service name>): reconcile then leads them to the interface endpoint."
    } else {
        "For such clients make an interface endpoint for S3 as well."
    };
    Some(Finding::note(
        "gateway-endpoint-only",
        format!("Served by a gateway endpoint only: {}", listed(&served)),
        "It works for subnets whose route table has it; clients on-prem and in peered VPCs cannot use it.",
        fix,
    ))
}

fn partial_wildcards(look: Look<'_>, rows: &[Row]) -> Option<Finding> {
    let open: Vec<&Row> = rows.iter().filter(|row| row.is_pattern()).collect();
    if open.is_empty() {
        return None;
    }
    let hosts: Vec<&str> = open.iter().map(|row| row.host.as_str()).collect();
    let services: BTreeSet<&str> = open.iter().filter_map(|row| row.aws_service.as_deref()).collect();
    let services: Vec<&str> = services.into_iter().collect();
    Some(
        Finding::note(
            "partial-wildcard",
            format!("No record can be written for {}", listed(&hosts)),
            "A star stands only for a whole first label in DNS, so these are patterns for people, not names.",
            format!("Private DNS of the endpoints for {} covers them; a firewall or proxy takes them as patterns.", services.join(", ")),
        )
        .command(format!(
            "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={} --query 'VpcEndpoints[].[ServiceName,PrivateDnsEnabled]' --output table {}",
            look.wanted.vpc_id,
            look.in_region()
        )),
    )
}
