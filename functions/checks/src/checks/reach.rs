//! Whether the clients in the VPC reach the endpoint: security groups and network ACLs.

use ipnet::IpNet;
use planner::record::RecordType;

use super::{Found, Look, severity};
use crate::facts::{AclEntry, IngressRule, NetworkAcl, SecurityGroup, Source, Subnet, Vpc};
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
    let Some(vpc) = look.vpc()? else { return Ok(Vec::new()) };
    let endpoint = look.endpoint()?;
    let ids = match endpoint {
        Some(found) => &found.security_group_ids,
        None => &look.wanted.security_group_ids,
    };
    // None was chosen yet; the stack makes a right one with the endpoint.
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let groups = look.facts.security_groups.as_ref()?;
    let missing: Vec<&String> = ids.iter().filter(|id| !groups.iter().any(|group| group.id == **id)).collect();
    let mut findings = Vec::new();
    if !missing.is_empty() {
        findings.push(
            Finding::blocker(
                "security-group-not-found",
                format!("There is no security group {}", listed(&missing)),
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
    findings.extend(closed_groups(look, groups, &look.client_blocks(vpc)));
    Ok(findings)
}

fn closed_groups(look: Look<'_>, groups: &[SecurityGroup], clients: &[IpNet]) -> Option<Finding> {
    let group = groups.first()?;
    let rules: Vec<&IngressRule> =
        groups.iter().flat_map(|group| &group.ingress).filter(|rule| is_https(rule)).collect();
    let ids: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
    let members: Vec<String> = rules
        .iter()
        .filter_map(|rule| match &rule.source {
            Source::Group(id) => Some(format!("members of {id}")),
            _ => None,
        })
        .collect();
    let besides = if members.is_empty() { String::new() } else { format!(" (it lets {} in)", listed(&members)) };
    let through = let_through(clients, |left| {
        for rule in &rules {
            match &rule.source {
                Source::Range(net) => left.remove(net),
                Source::PrefixList(_, nets) => nets.iter().for_each(|net| left.remove(net)),
                Source::Group(_) => {}
            }
        }
    });
    let why = "Clients whose address is not let in see a connection that times out.";
    let fix = "Let TCP 443 in from the addresses of the Hubs, Agents and users.";
    let open = |cidr: &IpNet| {
        let range = match cidr {
            IpNet::V4(_) => format!("IpRanges=[{{CidrIp={cidr}}}]"),
            IpNet::V6(_) => format!("Ipv6Ranges=[{{CidrIpv6={cidr}}}]"),
        };
        format!(
            "aws ec2 authorize-security-group-ingress --group-id {} --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,{range}' {}",
            group.id,
            look.in_region()
        )
    };
    let (finding, blocks) = match through {
        Let::All => return None,
        Let::Nothing if members.is_empty() => {
            let what = format!("{} lets nobody of {} in on 443", listed(&ids), all(clients));
            (Finding::blocker("security-group-closed", what, why, fix), clients.to_vec())
        }
        Let::Nothing => {
            let what = format!("{} does not let {} in on 443{besides}", listed(&ids), all(clients));
            (Finding::warning("security-group-narrow", what, why, fix), clients.to_vec())
        }
        Let::Some(left) => {
            let what = format!("{} does not let {} of the VPC in on 443{besides}", listed(&ids), all(&left));
            (Finding::warning("security-group-narrow", what, why, fix), left)
        }
    };
    Some(match blocks.first() {
        Some(first) => finding.command(open(first)),
        None => finding,
    })
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
    let Some(vpc) = look.vpc()? else { return Ok(Vec::new()) };
    let is_chosen = !look.chosen()?.is_empty();
    let candidates = look.candidates()?;
    let clients = look.client_blocks(vpc);
    let acls = look.facts.network_acls.as_ref()?;
    Ok(acls.iter().filter_map(|acl| closed_acl(look, acl, &candidates, &clients, is_chosen)).collect())
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
    let comes_in = passes(&entries, false, (HTTPS, HTTPS), clients, own);
    let goes_out = passes(&entries, true, EPHEMERAL, clients, own);
    let (is_closed, direction) = match (&comes_in, &goes_out) {
        (Let::All, Let::All) => return None,
        (Let::Nothing, _) => (true, in_on_443(clients)),
        (_, Let::Nothing) => (true, out(clients)),
        (Let::Some(left), Let::All) => (false, in_on_443(left)),
        (_, Let::Some(left)) => (false, out(left)),
    };
    let of = format!("{}, the network ACL of {},", acl.id, listed(&ids));
    let why = "Clients that it stops see a connection that times out.";
    let fix =
        "Allow TCP 443 in and TCP 1024 to 65535 out for the addresses of the clients, before the rule that denies.";
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

fn out(blocks: &[IpNet]) -> String {
    format!("answers out to {} on all ports from 1024 to 65535", all(blocks))
}

fn passes(entries: &[&AclEntry], is_egress: bool, ports: (u16, u16), clients: &[IpNet], own: &[IpNet]) -> Let {
    let entries: Vec<&AclEntry> = entries.iter().copied().filter(|entry| entry.is_egress == is_egress).collect();
    let mut denied = Vec::new();
    let mut is_whole = true;
    for client in clients {
        let mut asked = Ranges::of(client);
        own.iter().for_each(|net| asked.remove(net));
        let mut stopped = Ranges::none(client);
        for port in deciding_ports(&entries, ports) {
            stopped.add(&denied_at(&entries, port, asked.clone()));
        }
        is_whole &= stopped == asked;
        denied.extend(stopped.blocks());
    }
    match denied.is_empty() {
        true => Let::All,
        false if is_whole => Let::Nothing,
        false => Let::Some(denied),
    }
}

/// One port of each stretch over which the rules say the same.
fn deciding_ports(entries: &[&AclEntry], (first, last): (u16, u16)) -> Vec<u16> {
    let edges = entries.iter().filter_map(|entry| entry.ports).flat_map(|(from, to)| [from, to.saturating_add(1)]);
    let mut ports: Vec<u16> = edges.filter(|port| (first..=last).contains(port)).chain([first]).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
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
