//! The endpoint itself: whether it is there, its name, its private DNS.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use planner::endpoint::State;
use planner::name::Name;
use planner::route::Wish;

use super::{Found, Look, and_then, not_applicable, nothing_found};
use crate::facts::{Service, TdpEndpoint};
use crate::finding::{Finding, listed};
use crate::served::{is_led, wishes};
use crate::zones::of_private_dns;

pub(super) fn state(look: Look<'_>) -> Found<'_> {
    let Some(found) = look.endpoint()? else { return Ok(vec![missing(look)].into()) };
    let mut findings = Vec::new();
    let id = &found.endpoint.id;
    match &found.endpoint.state {
        State::Available => {}
        State::PendingAcceptance => findings.push(Finding::note(
            "endpoint-waits",
            format!("{id} waits for TetraScience to accept it"),
            "Until then it carries no traffic, and no DNS is written.",
            "Send TetraScience the connection details of this report.",
        )),
        State::Pending => findings.push(Finding::note(
            "endpoint-waits",
            format!("{id} is pending: accepted or being changed, and available soon"),
            "Until then no DNS is written.",
            "Wait a few minutes.",
        )),
        other => findings.push(unusable(look, found, other.as_str())),
    }
    if !found.others.is_empty() {
        findings.push(Finding::note(
            "several-endpoints",
            format!("{} has further endpoints to the service: {}", look.wanted.vpc_id, listed(&found.others)),
            format!("The records will point at {id}; the others cost money and carry nothing."),
            "Delete those that nobody uses by their own names.",
        ));
    }
    if let [only] = found.subnet_ids.as_slice() {
        findings.push(
            Finding::warning(
                "endpoint-one-zone",
                format!("{id} stands in one subnet only, {only}"),
                "There is no redundancy: when its zone fails, every Hub, Agent and user loses the platform.",
                "Add a subnet in a second zone of the service.",
            )
            .command(format!(
                "aws ec2 modify-vpc-endpoint --vpc-endpoint-id {id} --add-subnet-ids subnet-ID {}",
                look.in_region()
            )),
        );
    }
    Ok(findings.into())
}

fn missing(look: Look<'_>) -> Finding {
    let subnets = match look.wanted.subnet_ids.as_slice() {
        [] => "subnet-ID".to_owned(),
        chosen => chosen.join(" "),
    };
    let groups = match look.wanted.security_group_ids.as_slice() {
        [] => "sg-ID".to_owned(),
        groups => groups.join(" "),
    };
    Finding::note(
        "endpoint-missing",
        format!("{} has no endpoint to the TDP service yet", look.wanted.vpc_id),
        "It is the next step, once nothing above stops it.",
        "Deploy this stack with CreateEndpoint=true, or make it by hand. Private DNS stays off: EC2 refuses it before the connection is accepted.",
    )
    .command(format!(
        "aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id {} --service-name {} --subnet-ids {subnets} --security-group-ids {groups} --no-private-dns-enabled {}",
        look.wanted.vpc_id,
        look.wanted.service_name,
        look.in_region()
    ))
}

fn unusable(look: Look<'_>, found: &TdpEndpoint, state: &str) -> Finding {
    let id = &found.endpoint.id;
    let error = found.endpoint.last_error.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    Finding::blocker(
        "endpoint-not-usable",
        format!("{id} is {state}{error}"),
        "It carries no traffic.",
        "Ask TetraScience why. An endpoint that was rejected, expired or failed is deleted and made again.",
    )
    .command(format!("aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {id} {}", look.in_region()))
}

/// Step 5 of the procedure: the primary DNS name is regional and resolves to more than one subnet when more than one
/// is used. <https://developers.tetrascience.com/docs/aws-privatelink-connections>
pub(super) fn primary_name(look: Look<'_>) -> Found<'_> {
    let Some(found) = look.endpoint()?.filter(|found| found.endpoint.state == State::Available) else {
        return not_applicable("the endpoint is not available");
    };
    let id = &found.endpoint.id;
    let command = format!(
        "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {id} --query 'VpcEndpoints[].DnsEntries' {}",
        look.in_region()
    );
    let Some(regional) = found.endpoint.regional() else {
        return Ok(vec![
            Finding::warning(
                "primary-name-missing",
                format!("EC2 lists no regional DNS name for {id}"),
                "Records can only point at the regional name, so none are written.",
                "Look again in a few minutes, then ask AWS support.",
            )
            .command(command),
        ]
        .into());
    };
    let name = &regional.name;
    let wanted: BTreeSet<IpAddr> = found.addresses.as_ref()?.iter().map(|address| address.ip).collect();
    let resolved: BTreeSet<IpAddr> = found.resolved.as_ref()?.iter().copied().collect();
    let dig = format!("dig +short {name}");
    let finding = if resolved.is_empty() {
        Finding::warning(
            "primary-name-unresolved",
            format!("{name} does not resolve"),
            "The alias records lead to this name.",
            "Look again in a few minutes: a new endpoint's name takes a while. If it stays, ask AWS support.",
        )
    } else if !resolved.is_subset(&wanted) {
        let strange: Vec<String> = resolved.difference(&wanted).map(ToString::to_string).collect();
        Finding::warning(
            "primary-name-wrong",
            format!("{name} resolves to {}, which is not an address of {id}", listed(&strange)),
            "Something answers for the endpoint's own name, to the DNS server that preflight asked.",
            "Ask from elsewhere too. If public DNS says the same, ask AWS support; otherwise look what that DNS server does with vpce.amazonaws.com.",
        )
    } else if resolved.len() < wanted.len() {
        let missing: Vec<String> = wanted.difference(&resolved).map(ToString::to_string).collect();
        Finding::warning(
            "primary-name-narrow",
            format!("{name} does not resolve to {}", listed(&missing)),
            "Clients do not use these zones of the endpoint: there is less redundancy than paid for.",
            "Look whether the endpoint is healthy in these zones, and ask TetraScience whether the service is.",
        )
    } else {
        return nothing_found();
    };
    Ok(vec![finding.command(dig)].into())
}

/// Whether reconcile has done its work.
pub(super) fn records(look: Look<'_>) -> Found<'_> {
    let Some(found) = look.endpoint()?.filter(|found| found.endpoint.state == State::Available) else {
        return not_applicable("the endpoint is not available");
    };
    if found.endpoint.regional().is_none() {
        return not_applicable("the endpoint has no regional DNS name");
    }
    let wishes = wishes(look.facts, look.wanted);
    let mut open: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (host, wish) in &wishes.hosts {
        if let Wish::Lead(target) = wish
            && !is_led(look.facts, host, target)?
        {
            open.entry(&target.endpoint_id).or_default().push(host.as_str());
        }
    }
    if open.is_empty() {
        return nothing_found();
    }
    let open: Vec<String> = open.into_iter().map(|(id, hosts)| format!("{} to {id}", listed(&hosts))).collect();
    Ok(vec![
        Finding::warning(
            "records-missing",
            format!("No record in private DNS leads {}", open.join("; ")),
            "The endpoint is available, and clients of these names do not use it.",
            "Look at the latest report of reconcile: it is held, refused, in Mode=plan or withdraw, or at work.",
        )
        .command(format!(
            "aws ssm get-parameter --name /tdp-privatelink/{}/{} --query Parameter.Value --output text {}",
            look.wanted.owner_id,
            look.wanted.vpc_id,
            look.in_region()
        )),
    ]
    .into())
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>
pub(super) fn private_dns(look: Look<'_>) -> Found<'_> {
    look.endpoint()?;
    let zones = of_private_dns(look.facts, look.wanted);
    let served: BTreeSet<&str> = zones.values().flatten().map(Name::as_str).collect();
    let served = Vec::from_iter(served);
    let mut findings = Vec::new();
    if !served.is_empty() {
        findings.push(Finding::note(
            "private-dns-serves",
            format!("Private DNS of the endpoint serves {} already", listed(&served)),
            "No record is written for these names in this VPC.",
            "Nothing. Private DNS works in the endpoint's own VPC only.",
        ));
    }
    let service = look.facts.service.as_ref().map(Option::as_ref);
    and_then(findings, service.map(|service| service.and_then(|one| offered(one, &served)).into_iter().collect()))
}

fn offered(service: &Service, served: &[&str]) -> Option<Finding> {
    let offered: Vec<&str> =
        service.private_dns.iter().filter(|(_, is_verified)| *is_verified).map(|(name, _)| name.as_str()).collect();
    (served.is_empty() && !offered.is_empty()).then(|| {
        Finding::note(
            "private-dns-available",
            format!("TetraScience offers private DNS for {}", listed(&offered)),
            "With it on, these names need no zone of ours in this VPC. With a zone of ours there, EC2 refuses to turn it on.",
            "Leave it off unless TetraScience asks for it: this product then serves the names.",
        )
    })
}
