//! Whether the clients in the VPC reach the endpoint: security groups and network ACLs.

use std::collections::BTreeSet;

use ipnet::IpNet;
use planner::record::RecordType;

use super::{Found, Look, and_then, not_applicable, nothing_found, severity};
use crate::facts::{AclEntry, IngressRule, NetworkAcl, SecurityGroup, Source, Subnet, Unread, Vpc};
use crate::finding::{Finding, listed};
use crate::ranges::Ranges;

const HTTPS: u16 = 443;
/// The ports that clients open connections from, and that answers go to.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports>
const EPHEMERAL: (u16, u16) = (1024, 65535);

/// How much of the VPC's addresses is let through.
enum Let {
    All,
    Some(Vec<IpNet>),
    Nothing,
}

impl Look<'_> {
    /// The VPC's blocks of the families that the endpoint serves; IPv4 before there is an endpoint.
    fn client_blocks(self, vpc: &Vpc) -> Vec<IpNet> {
        let types = match self.endpoint() {
            Ok(Some(found)) => found.endpoint.record_types(),
            _ => vec![RecordType::A],
        };
        let is_served = |cidr: &&IpNet| match cidr {
            IpNet::V4(_) => types.contains(&RecordType::A),
            IpNet::V6(_) => types.contains(&RecordType::Aaaa),
        };
        vpc.cidrs.iter().filter(is_served).copied().collect()
    }
}

pub(super) fn security_groups(look: Look<'_>) -> Found<'_> {
    let Some(vpc) = look.vpc()? else { return nothing_found() };
    let endpoint = look.endpoint()?;
    let ids = match endpoint {
        Some(found) => &found.security_group_ids,
        None => &look.wanted.security_group_ids,
    };
    if ids.is_empty() {
        return not_applicable("no security group is chosen; the stack makes a right one with the endpoint");
    }
    let groups = look.facts.security_groups.as_ref()?;
    // A VPC can use groups of another one only where they were shared with it, which the endpoint's own then are.
    let is_there =
        |id: &&String| groups.iter().any(|one| one.id == **id && (endpoint.is_some() || one.vpc_id == vpc.id));
    let missing: Vec<&String> = ids.iter().filter(|id| !is_there(id)).collect();
    let mut findings = Vec::new();
    if !missing.is_empty() {
        findings.push(
            Finding::blocker(
                "security-group-not-found",
                format!("{} has no security group {}", vpc.id, listed(&missing)),
                "The endpoint cannot be made with it.",
                format!("Choose security groups of {}.", vpc.id),
            )
            .command(format!(
                "aws ec2 describe-security-groups --filters Name=vpc-id,Values={} --query 'SecurityGroups[].[GroupId,GroupName]' --output table {}",
                vpc.id,
                look.in_region()
            )),
        );
    }
    let groups: Vec<&SecurityGroup> = groups.iter().filter(|group| !missing.contains(&&group.id)).collect();
    and_then(findings, closed_groups(look, &groups, &look.client_blocks(vpc)))
}

fn closed_groups<'a>(
    look: Look<'a>,
    groups: &[&'a SecurityGroup],
    clients: &[IpNet],
) -> Result<Vec<Finding>, &'a Unread> {
    let Some(group) = groups.first() else { return Ok(Vec::new()) };
    let rules: Vec<&IngressRule> =
        groups.iter().flat_map(|group| &group.ingress).filter(|rule| is_https(rule)).collect();
    let through = let_through(clients, |left| {
        for rule in &rules {
            match &rule.source {
                Source::Range(net) => left.remove(net),
                Source::PrefixList(_, nets) => nets.iter().flatten().for_each(|net| left.remove(net)),
                Source::Group(_) => {}
            }
        }
    });
    let unread = rules.iter().find_map(|rule| match &rule.source {
        Source::PrefixList(_, Err(why)) => Some(why),
        _ => None,
    });
    let ids = listed(&groups.iter().map(|group| group.id.as_str()).collect::<Vec<_>>());
    let besides = format!("it lets {} in", listed(&rules.iter().map(|rule| source(&rule.source)).collect::<Vec<_>>()));
    let why = "Clients whose address is not let in see a connection that times out.";
    let fix =
        "Let TCP 443 in from the addresses of the Hubs, Agents and users. Right as it is, if all of them are let in.";
    let (finding, blocks) = match (through, unread) {
        (Let::All, _) => return Ok(Vec::new()),
        // What the list holds may be what is missing.
        (_, Some(why)) => return Err(why),
        (Let::Nothing, None) if rules.is_empty() => {
            let what = format!("{ids} lets nobody in on 443");
            (Finding::blocker("security-group-closed", what, why, "Let TCP 443 in from the clients."), clients.to_vec())
        }
        (Let::Nothing, None) => {
            let what = format!("{ids} lets nothing of {} in on 443; {besides}", all(clients));
            (Finding::warning("security-group-narrow", what, why, fix), clients.to_vec())
        }
        (Let::Some(left), None) => {
            let what = format!("{ids} does not let {} of the VPC in on 443; {besides}", all(&left));
            (Finding::warning("security-group-narrow", what, why, fix), left)
        }
    };
    Ok(vec![finding.command(open_command(look, &group.id, &blocks))])
}

/// Lets blocks in on 443, in one call.
fn open_command(look: Look<'_>, group_id: &str, blocks: &[IpNet]) -> String {
    let ranges = |name: &str, key: &str, is_v4: bool| {
        let of_family = blocks.iter().filter(|block| matches!(block, IpNet::V4(_)) == is_v4);
        let ranges: Vec<String> = of_family.map(|block| format!("{{{key}={block}}}")).collect();
        if ranges.is_empty() { String::new() } else { format!(",{name}=[{}]", ranges.join(",")) }
    };
    format!(
        "aws ec2 authorize-security-group-ingress --group-id {group_id} --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443{}{}' {}",
        ranges("IpRanges", "CidrIp", true),
        ranges("Ipv6Ranges", "CidrIpv6", false),
        look.in_region()
    )
}

fn source(source: &Source) -> String {
    match source {
        Source::Range(net) => net.to_string(),
        Source::Group(id) => format!("members of {id}"),
        Source::PrefixList(id, _) => format!("prefix list {id}"),
    }
}

fn is_https(rule: &IngressRule) -> bool {
    is_tcp(&rule.protocol) && rule.ports.is_none_or(|(first, last)| (first..=last).contains(&HTTPS))
}

fn is_tcp(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "6" | "-1")
}

/// What is left of the clients' blocks once `take` has removed everything that is let through.
fn let_through(clients: &[IpNet], take: impl Fn(&mut Ranges)) -> Let {
    let mut left = Vec::new();
    let mut is_whole = true;
    for client in clients {
        let whole = Ranges::of(client);
        let mut rest = whole.clone();
        take(&mut rest);
        is_whole &= rest == whole;
        left.extend(rest.blocks());
    }
    match left.is_empty() {
        true => Let::All,
        false if is_whole => Let::Nothing,
        false => Let::Some(left),
    }
}

fn all(blocks: &[IpNet]) -> String {
    listed(&blocks.iter().map(ToString::to_string).collect::<Vec<_>>())
}

/// Network ACLs know no connections: 443 has to come in, and the answers have to go out. They do not look at traffic
/// within a subnet. <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
pub(super) fn network_acls(look: Look<'_>) -> Found<'_> {
    let Some(vpc) = look.vpc()? else { return nothing_found() };
    let is_chosen = !look.chosen()?.is_empty();
    let candidates = look.candidates()?;
    let clients = look.client_blocks(vpc);
    let acls = look.facts.network_acls.as_ref()?;
    let findings = acls.iter().filter_map(|acl| closed_acl(look, acl, &candidates, &clients, is_chosen));
    Ok(findings.collect::<Vec<_>>().into())
}

fn closed_acl(
    look: Look<'_>,
    acl: &NetworkAcl,
    candidates: &[&Subnet],
    clients: &[IpNet],
    is_chosen: bool,
) -> Option<Finding> {
    let subnets: Vec<&&Subnet> = candidates.iter().filter(|subnet| acl.subnet_ids.contains(&subnet.id)).collect();
    let subnet = subnets.first()?;
    let ids: Vec<&str> = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    // One subnet has nothing but itself that its ACL would not look at.
    let own: &[IpNet] = if subnets.len() == 1 { &subnet.cidrs } else { &[] };
    let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(|entry| is_tcp(&entry.protocol)).collect();
    entries.sort_by_key(|entry| entry.number);
    let comes_in = stops(&entries, false, (HTTPS, HTTPS), clients, own);
    let goes_out = stops(&entries, true, EPHEMERAL, clients, own);
    let (is_closed, direction) = match (&comes_in, &goes_out) {
        (Stops::Nothing, Stops::Nothing) => return None,
        (Stops::Everything, _) => (true, in_on_443(clients)),
        (_, Stops::Everything) => (true, format!("answers out to {}", all(clients))),
        (Stops::Some(blocks, _), _) => (false, in_on_443(blocks)),
        (_, Stops::Some(blocks, ports)) => {
            (false, format!("answers out to {} on ports {}", all(blocks), listed(ports)))
        }
    };
    let of = format!("{}, the network ACL of {},", acl.id, listed(&ids));
    let why = "Clients that it stops see a connection that times out.";
    let fix = "Allow TCP 443 in and TCP 1024 to 65535 out for the addresses of the clients, before the rule that denies. Right as it is, if all of them are let through.";
    let finding = if is_closed {
        let what = format!("{of} does not let {direction}");
        Finding::blocker("network-acl-closed", what, why, fix).severity(severity(is_chosen))
    } else {
        let what = format!("{of} does not let {direction}, which is part of the VPC");
        Finding::warning("network-acl-narrow", what, why, fix)
    };
    Some(finding.command(format!("aws ec2 describe-network-acls --network-acl-ids {} {}", acl.id, look.in_region())))
}

fn in_on_443(blocks: &[IpNet]) -> String {
    format!("{} in on 443", all(blocks))
}

/// What a list of rules stops.
enum Stops {
    Nothing,
    /// These blocks, at least on these ports.
    Some(Vec<IpNet>, Vec<String>),
    /// Every address on every port.
    Everything,
}

fn stops(entries: &[&AclEntry], is_egress: bool, ports: (u16, u16), clients: &[IpNet], own: &[IpNet]) -> Stops {
    let entries: Vec<&AclEntry> = entries.iter().copied().filter(|entry| entry.is_egress == is_egress).collect();
    let stretches = stretches(&entries, ports);
    let (mut blocks, mut on) = (Vec::new(), BTreeSet::new());
    let mut is_whole = true;
    for client in clients {
        let mut asked = Ranges::of(client);
        own.iter().for_each(|net| asked.remove(net));
        let mut stopped = Ranges::none(client);
        for &(first, last) in &stretches {
            let denied = denied_at(&entries, first, asked.clone());
            is_whole &= denied == asked;
            if denied != Ranges::none(client) {
                on.insert((first, last));
                stopped.add(&denied);
            }
        }
        blocks.extend(stopped.blocks());
    }
    match blocks.is_empty() {
        true => Stops::Nothing,
        false if is_whole => Stops::Everything,
        false => Stops::Some(blocks, on.iter().map(|(first, last)| format!("{first} to {last}")).collect()),
    }
}

/// The stretches of ports over which the rules say the same.
fn stretches(entries: &[&AclEntry], (first, last): (u16, u16)) -> Vec<(u16, u16)> {
    let edges = entries.iter().filter_map(|entry| entry.ports).flat_map(|(from, to)| [from, to.saturating_add(1)]);
    let mut starts: Vec<u16> = edges.filter(|port| (first..=last).contains(port)).chain([first]).collect();
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next.saturating_sub(1)).chain([last]);
    starts.iter().copied().zip(ends).collect()
}

/// The addresses that the first matching rule denies, or that no rule matches.
fn denied_at(entries: &[&AclEntry], port: u16, mut left: Ranges) -> Ranges {
    let mut denied = left.clone();
    for entry in entries {
        if entry.ports.is_none_or(|(first, last)| (first..=last).contains(&port)) {
            if entry.allows {
                for block in left.within(&entry.cidr).blocks() {
                    denied.remove(&block);
                }
            }
            left.remove(&entry.cidr);
        }
    }
    denied
}
