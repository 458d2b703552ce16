//! The VPC itself: its subnets' room, its DNS settings.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use planner::name::Name;

use super::{Found, Look, and_then, not_applicable, nothing_found, severity};
use crate::facts::{Subnet, Vpc};
use crate::finding::{Finding, listed};
use crate::zones::{hosts, to_forward};

/// Fewer free addresses than this are worth a word: the endpoint takes one, the verifier one or two.
const FEW_ADDRESSES: u32 = 5;

/// Where the VPC's resolver always is.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html>
const RESOLVERS: [&str; 3] = ["AmazonProvidedDNS", "169.254.169.253", "fd00:ec2::253"];

/// None was named, or it does not exist.
pub(super) fn no_vpc(look: Look<'_>) -> Finding {
    let vpc = &look.wanted.vpc_id;
    let finding = if vpc.is_empty() { not_named(look) } else { not_found(look, vpc) };
    finding.command(format!(
        "aws ec2 describe-vpcs --query 'Vpcs[].[VpcId,CidrBlock]' --output table {}",
        look.in_region()
    ))
}

fn not_named(look: Look<'_>) -> Finding {
    let what = match look.wanted.candidates.as_slice() {
        [] => "No VPC is named, and none has an endpoint to the service yet".to_owned(),
        several => format!("No VPC is named, and several have an endpoint to the service: {}", listed(several)),
    };
    let fix = "Put \"vpcId\" into the event, or set VpcId of the stack.";
    Finding::blocker("vpc-not-named", what, "Nothing could be checked.", fix)
}

fn not_found(look: Look<'_>, vpc: &str) -> Finding {
    Finding::blocker(
        "vpc-not-found",
        format!("There is no VPC {vpc} in account {} in {}", look.facts.account, look.wanted.region),
        "Nothing could be checked.",
        "Name a VPC of this account and Region: vpcId in the event, or VpcId of the stack.",
    )
}

/// Whoever shares its subnets with this account keeps the VPC itself: its DNS settings, zones, rules and firewall.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html>
pub(super) fn owner(look: Look<'_>) -> Found<'_> {
    let Some(vpc) = look.vpc()?.filter(|vpc| vpc.owner != look.facts.account) else { return nothing_found() };
    let (id, owner, account) = (&vpc.id, &vpc.owner, &look.facts.account);
    Ok(vec![Finding::blocker(
        "vpc-of-another-account",
        format!("{id} belongs to account {owner}, which shares subnets with account {account}"),
        "Private zones can be put on a VPC by its owner only, and its rules, firewall and zones are not seen from here: what this report says of DNS is not complete.",
        format!("Deploy this stack in account {owner}."),
    )]
    .into())
}

pub(super) fn free_addresses(look: Look<'_>) -> Found<'_> {
    if look.endpoint()?.is_some() {
        return not_applicable("the endpoint has its addresses");
    }
    let chosen = look.chosen()?;
    let judged = if chosen.is_empty() { roomiest(&look.candidates()?) } else { chosen.clone() };
    let named = |few: fn(u32) -> bool| -> Vec<String> {
        let found = judged.iter().filter(|subnet| few(subnet.free_addresses));
        found.map(|subnet| format!("{} in {} ({} free)", subnet.id, subnet.az_id, subnet.free_addresses)).collect()
    };
    let is_only = if chosen.is_empty() { ", and no subnet of its zone has more" } else { "" };
    let command = format!(
        "aws ec2 describe-subnets --filters Name=vpc-id,Values={} --query 'Subnets[].[SubnetId,AvailableIpAddressCount]' --output table {}",
        look.wanted.vpc_id,
        look.in_region()
    );
    let mut findings = Vec::new();
    let full = named(|free| free == 0);
    if !full.is_empty() {
        findings.push(
            Finding::blocker(
                "subnet-full",
                format!("No free address in {}{is_only}", listed(&full)),
                "The endpoint takes one address of each of its subnets.",
                "Free an address, or choose another subnet in that zone.",
            )
            .severity(severity(!chosen.is_empty()))
            .command(&command),
        );
    }
    let few = named(|free| (1..FEW_ADDRESSES).contains(&free));
    if !few.is_empty() {
        findings.push(
            Finding::warning(
                "subnet-nearly-full",
                format!("Few free addresses in {}{is_only}", listed(&few)),
                "The endpoint takes one address of each of its subnets, the verifier takes one or two more.",
                "Choose a subnet with more room, if there is one.",
            )
            .command(command),
        );
    }
    Ok(findings.into())
}

/// Of each zone the subnet with the most free addresses.
fn roomiest<'a>(subnets: &[&'a Subnet]) -> Vec<&'a Subnet> {
    let mut best: BTreeMap<&str, &Subnet> = BTreeMap::new();
    for subnet in subnets {
        let kept = best.entry(&subnet.az_id).or_insert(subnet);
        if subnet.free_addresses > kept.free_addresses {
            *kept = subnet;
        }
    }
    best.into_values().collect()
}

/// <https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>
pub(super) fn quota(look: Look<'_>) -> Found<'_> {
    if look.endpoint()?.is_some() {
        return not_applicable("the endpoint exists");
    }
    let quota = *look.facts.endpoint_quota.as_ref()?;
    let used = *look.facts.counted_endpoints.as_ref()?;
    let left = usize::try_from(quota).unwrap_or(usize::MAX).saturating_sub(used);
    let what = format!("{} has {used} of the {quota} interface endpoints that it may have", look.wanted.vpc_id);
    let fix = "Ask AWS for a higher quota, or delete an endpoint that nobody uses.";
    let finding = match left {
        0 => Finding::blocker("endpoint-quota-reached", what, "EC2 will refuse one more.", fix),
        1 => Finding::warning("endpoint-quota-near", what, "This endpoint will be the last that fits.", fix),
        _ => return nothing_found(),
    };
    let command = format!(
        "aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-29B6F2EB --desired-value {} {}",
        quota.saturating_add(10),
        look.in_region()
    );
    Ok(vec![finding.command(command)].into())
}

/// Private hosted zones need both.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub(super) fn dns_attributes(look: Look<'_>) -> Found<'_> {
    let vpc = &look.wanted.vpc_id;
    let off = |code, setting: &str, option: &str| {
        Finding::blocker(
            code,
            format!("{setting} is off in {vpc}"),
            "Without it the VPC does not see private hosted zones, so the names stay public.",
            format!("Turn on {setting}."),
        )
        .command(format!("aws ec2 modify-vpc-attribute --vpc-id {vpc} {option} {}", look.in_region()))
    };
    let support = look
        .facts
        .dns_support
        .as_ref()
        .map(|is_on| (!is_on).then(|| off("dns-support-off", "enableDnsSupport", "--enable-dns-support")));
    let hostnames = look
        .facts
        .dns_hostnames
        .as_ref()
        .map(|is_on| (!is_on).then(|| off("dns-hostnames-off", "enableDnsHostnames", "--enable-dns-hostnames")));
    match support {
        Ok(found) => and_then(found.into_iter().collect(), hostnames.map(|found| found.into_iter().collect())),
        Err(why) => and_then(hostnames?.into_iter().collect(), Err(why)),
    }
}

/// Other DNS servers see private zones only if they forward to the VPC's resolver.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub(super) fn dhcp(look: Look<'_>) -> Found<'_> {
    let Some(vpc) = look.vpc()? else { return nothing_found() };
    let servers = look.facts.dns_servers.as_ref()?;
    let inbound: Vec<String> =
        look.facts.inbound_endpoints.iter().flatten().flat_map(|one| &one.addresses).map(ToString::to_string).collect();
    let is_right = |server: &String| is_resolver(server, vpc) || inbound.contains(server);
    let others: Vec<&String> = servers.iter().filter(|server| !is_right(server)).collect();
    if others.is_empty() && !servers.is_empty() {
        return nothing_found();
    }
    let what = if servers.is_empty() {
        format!("The DHCP options of {} name no DNS server", vpc.id)
    } else {
        format!("The DHCP options of {} give instances the DNS servers {}", vpc.id, listed(&others))
    };
    let base = vpc.cidrs.first().and_then(plus_two).map_or_else(|| "169.254.169.253".to_owned(), |ip| ip.to_string());
    let zones = to_forward(&hosts(look.facts, look.wanted));
    let zones: Vec<&str> = zones.iter().map(Name::as_str).collect();
    let finding = Finding::warning(
        "dhcp-other-resolver",
        what,
        "Instances that do not ask the VPC's resolver do not see its private zones: for them the names stay public.",
        format!(
            "Have these servers forward {}: servers in the VPC to its resolver at {base}, others to an inbound Resolver endpoint. Or give the VPC AmazonProvidedDNS, if nothing else needs these servers.",
            listed(&zones)
        ),
    );
    let command =
        format!("aws ec2 describe-vpcs --vpc-ids {} --query 'Vpcs[].DhcpOptionsId' {}", vpc.id, look.in_region());
    Ok(vec![finding.command(command)].into())
}

fn is_resolver(server: &str, vpc: &Vpc) -> bool {
    let is_fixed = RESOLVERS.iter().any(|known| known.eq_ignore_ascii_case(server));
    is_fixed || server.parse::<Ipv4Addr>().is_ok_and(|ip| vpc.cidrs.first().and_then(plus_two) == Some(ip))
}

/// The base of the VPC's primary IPv4 block plus two.
fn plus_two(cidr: &IpNet) -> Option<Ipv4Addr> {
    match cidr.network() {
        IpAddr::V4(base) => Some(Ipv4Addr::from(base.to_bits().saturating_add(2))),
        IpAddr::V6(_) => None,
    }
}
