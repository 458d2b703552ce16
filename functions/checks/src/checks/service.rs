//! The endpoint service, and where the endpoint can stand.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Look, and_then, not_applicable, nothing_found};
use crate::facts::{Service, Subnet};
use crate::finding::{Finding, listed};

/// The Regions in which the platform runs.
/// <https://developers.tetrascience.com/docs/required-aws-services>
const PLATFORM_REGIONS: [&str; 6] =
    ["ap-northeast-1", "eu-central-1", "eu-west-1", "us-east-1", "us-east-2", "us-west-2"];

/// "The VPC and the TDP's VPC are in the same AWS Region":
/// <https://developers.tetrascience.com/docs/aws-privatelink-connections>
pub(super) fn region(look: Look<'_>) -> Found<'_> {
    let (service, region) = (&look.wanted.service_name, &look.wanted.region);
    let why = "TetraScience's procedure needs the VPC and the platform in one Region.";
    if !look.wanted.is_in_region() {
        let what = format!("The service {service} is not in the Region of this stack and its VPC, {region}");
        let fix = "Deploy this stack, and make the endpoint, in the Region that the service name shows; or ask TetraScience for the service of this Region.";
        return Ok(vec![Finding::blocker("service-other-region", what, why, fix)].into());
    }
    if !PLATFORM_REGIONS.contains(&region.as_str()) {
        let what = format!("TetraScience's documentation does not list {region} among the Regions of the platform");
        let fix = format!("Ask TetraScience whether the platform runs in {region}.");
        return Ok(vec![Finding::warning("region-not-listed", what, why, fix)].into());
    }
    nothing_found()
}

/// EC2 shows a service of another account only to those on its allow list.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html#add-remove-permissions>
pub(super) fn is_visible(look: Look<'_>) -> Found<'_> {
    if look.wanted.has_placeholder() {
        let finding = Finding::warning(
            "service-not-told",
            "TetraScience has not told the name of the endpoint service yet",
            "The endpoint cannot be made without it.",
            "Send TetraScience the connection details, and put the name that they answer into TdpServiceName.",
        );
        return Ok(vec![finding].into());
    }
    if !look.wanted.is_in_region() {
        return not_applicable("the service is in another Region");
    }
    if look.facts.service.as_ref()?.is_some() {
        return nothing_found();
    }
    let (service, account) = (&look.wanted.service_name, &look.facts.account);
    let finding = Finding::blocker(
        "service-not-visible",
        format!("The service {service} is not visible to account {account}"),
        "Your account is not yet on TetraScience's allow list, or the name is wrong: the endpoint cannot be made.",
        format!(
            "Send TetraScience the account number {account} and ask for it to be allowed; compare the service name with theirs."
        ),
    );
    let command = format!("aws ec2 describe-vpc-endpoint-services --service-names {service} {}", look.in_region());
    Ok(vec![finding.command(command)].into())
}

pub(super) fn zones(look: Look<'_>) -> Found<'_> {
    let Some(service) = look.facts.service.as_ref()? else { return not_applicable("the service is not visible") };
    let candidates: BTreeSet<&str> = match look.chosen()? {
        chosen if chosen.is_empty() => look.subnets()?.iter().map(|subnet| subnet.az_id.as_str()).collect(),
        chosen => chosen.iter().map(|subnet| subnet.az_id.as_str()).collect(),
    };
    let ours: Vec<&str> = candidates.iter().copied().collect();
    let shared: Vec<&str> = ours.iter().copied().filter(|id| service.az_ids.iter().any(|az| az == id)).collect();
    let theirs = listed(&service.az_ids);
    let findings = match shared.as_slice() {
        [] => vec![Finding::blocker(
            "no-shared-zone",
            format!("No Availability Zone is shared: the service is in {theirs}, the subnets are in {}", some(&ours)),
            "An interface endpoint can only stand in a zone of its service.",
            format!("Make a subnet in one of {theirs}, or send TetraScience the zone ids of your subnets and ask for one of them."),
        )
        .command(subnets_command(look))],
        [only] => vec![Finding::warning(
            "one-shared-zone",
            format!("Only one Availability Zone is shared, {only}: the service is in {theirs}, the subnets are in {}", some(&ours)),
            "There is no redundancy: when this zone fails, every Hub, Agent and user loses the platform.",
            format!("Choose or make a subnet in a second zone out of {theirs}."),
        )
        .command(subnets_command(look))],
        _ => Vec::new(),
    };
    Ok(findings.into())
}

fn some(ids: &[&str]) -> String {
    if ids.is_empty() { "none".to_owned() } else { listed(ids) }
}

fn subnets_command(look: Look<'_>) -> String {
    format!(
        "aws ec2 describe-subnets --filters Name=vpc-id,Values={} --query 'Subnets[].[SubnetId,AvailabilityZoneId,AvailabilityZone]' --output table {}",
        look.wanted.vpc_id,
        look.in_region()
    )
}

/// What EC2 would refuse about the subnets that were chosen, before there is an endpoint.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>
pub(super) fn subnets(look: Look<'_>) -> Found<'_> {
    let all = look.subnets()?;
    if all.is_empty() {
        return Ok(vec![Finding::blocker(
            "no-subnets",
            format!("{} has no subnets", look.wanted.vpc_id),
            "An interface endpoint stands in subnets.",
            "Make a subnet in two Availability Zones of the service, or name another VPC.",
        )]
        .into());
    }
    if look.endpoint()?.is_some() {
        return not_applicable("the endpoint has its subnets");
    }
    if look.wanted.subnet_ids.is_empty() {
        return not_applicable("no subnet is chosen");
    }
    let chosen = look.chosen()?;
    let is_there = |id: &&String| all.iter().any(|subnet| subnet.id == **id);
    let missing: Vec<&String> = look.wanted.subnet_ids.iter().filter(|id| !is_there(id)).collect();
    let mut findings = Vec::new();
    if !missing.is_empty() {
        findings.push(
            Finding::blocker(
                "subnet-not-found",
                format!("{} has no subnet {}", look.wanted.vpc_id, listed(&missing)),
                "The endpoint cannot be made with it.",
                "Choose subnets of this VPC.",
            )
            .command(subnets_command(look)),
        );
    }
    findings.extend(twice_in_a_zone(look, &chosen));
    let service = look.facts.service.as_ref().map(Option::as_ref);
    and_then(
        findings,
        service.map(|found| found.and_then(|service| outside(look, &chosen, service)).into_iter().collect()),
    )
}

fn twice_in_a_zone(look: Look<'_>, chosen: &[&Subnet]) -> Vec<Finding> {
    let mut by_zone: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for subnet in chosen {
        by_zone.entry(&subnet.az_id).or_default().push(&subnet.id);
    }
    let twice = by_zone.into_iter().filter(|(_, ids)| ids.len() > 1);
    twice
        .map(|(zone, ids)| {
            Finding::blocker(
                "subnets-share-zone",
                format!("The chosen subnets {} are all in {zone}", listed(&ids)),
                "EC2 takes one subnet for each Availability Zone.",
                "Choose one of them.",
            )
            .command(subnets_command(look))
        })
        .collect()
}

fn outside(look: Look<'_>, chosen: &[&Subnet], service: &Service) -> Option<Finding> {
    let outside: Vec<String> = chosen
        .iter()
        .filter(|subnet| !service.az_ids.contains(&subnet.az_id))
        .map(|subnet| format!("{} ({})", subnet.id, subnet.az_id))
        .collect();
    // With no zone shared at all, that is the one finding.
    if outside.is_empty() || outside.len() == chosen.len() {
        return None;
    }
    Some(
        Finding::blocker(
            "subnet-outside-service",
            format!("The service is not in the zone of {}; it is in {}", listed(&outside), listed(&service.az_ids)),
            "EC2 refuses an endpoint with a subnet in a zone that the service does not have.",
            "Leave these subnets out, or ask TetraScience for their zones.",
        )
        .command(subnets_command(look)),
    )
}
