//! DNS Firewall: which rule decides for each name.

use std::collections::{BTreeMap, BTreeSet};

use planner::name::Name;

use super::{Found, Look, not_checked};
use crate::facts::{FirewallDomains, FirewallRule, Unread};
use crate::finding::{Finding, listed};

/// Rules are looked at in order; the first whose list has the name decides.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rules.html>
pub(super) fn firewall(look: Look<'_>) -> Found<'_> {
    let rules = look.facts.firewall_rules.as_ref()?;
    let tdp: Vec<&str> = look.wanted.hosts.iter().map(Name::as_str).collect();
    let aws: BTreeSet<&str> =
        look.wanted.catalog.hosts.iter().filter(|host| host.via != "tdp").map(|host| host.host.as_str()).collect();
    let aws: Vec<&str> = aws.into_iter().filter(|host| !look.wanted.hosts.contains(&Name::from_wire(host))).collect();

    let mut findings = blocked(look, rules, &tdp, true);
    findings.extend(blocked(look, rules, &aws, false));
    findings.extend(unknown(look, rules));
    let unread: BTreeSet<&Unread> = rules.iter().filter_map(|rule| unread(&rule.domains)).collect();
    findings.extend(unread.into_iter().map(|why| not_checked(why, &["domain lists of DNS Firewall"])));
    Ok(findings)
}

fn unread(domains: &FirewallDomains) -> Option<&Unread> {
    match domains {
        FirewallDomains::Unread(_, why) => Some(why),
        _ => None,
    }
}

fn blocked(look: Look<'_>, rules: &[FirewallRule], hosts: &[&str], is_tdp: bool) -> Vec<Finding> {
    let mut by_rule: BTreeMap<(&str, &str), (&FirewallRule, Vec<&str>)> = BTreeMap::new();
    for host in hosts {
        if let Some(rule) = decided(host, rules) {
            by_rule.entry((&rule.group_id, &rule.name)).or_insert((rule, Vec::new())).1.push(host);
        }
    }
    let finding = |(rule, hosts): (&FirewallRule, Vec<&str>)| {
        let FirewallRule { group_id, group_name, name, domains, .. } = rule;
        let of = format!("The DNS Firewall rule {name} of {group_name} ({group_id})");
        let list = match domains {
            FirewallDomains::Listed(id, _) => id.as_str(),
            _ => "list-ID",
        };
        let command =
            format!("aws route53resolver list-firewall-domains --firewall-domain-list-id {list} {}", look.in_region());
        let hosts = listed(&hosts);
        let fix = format!("Add an ALLOW rule for these names before it ({group_id}), or take them out of its list.");
        Some(match (rule.action.as_str(), is_tdp) {
            ("BLOCK", true) => Finding::blocker(
                "dns-firewall-blocks",
                format!("{of} blocks {hosts}"),
                "Names that it blocks do not resolve in the VPC, whatever is in the private zone.",
                fix,
            )
            .command(command),
            ("BLOCK", false) => Finding::warning(
                "dns-firewall-blocks-aws",
                format!("{of} blocks {hosts}"),
                "Hubs, Agents and Connectors need these AWS service names too.",
                fix,
            )
            .command(command),
            ("ALERT", true) => Finding::note(
                "dns-firewall-alerts",
                format!("{of} raises an alert for {hosts}"),
                "The names resolve; somebody will get alerts for them.",
                fix,
            )
            .command(command),
            _ => return None,
        })
    };
    by_rule.into_values().filter_map(finding).collect()
}

/// The rule that decides for a host; `None` where none of those that can be read does.
fn decided<'a>(host: &str, rules: &'a [FirewallRule]) -> Option<&'a FirewallRule> {
    let is_about = |rule: &&FirewallRule| rule.qtype.as_deref().is_none_or(|qtype| matches!(qtype, "A" | "AAAA"));
    let mut rules = rules.iter().filter(is_about);
    rules.find(|rule| match &rule.domains {
        FirewallDomains::Listed(_, patterns) => patterns.iter().any(|pattern| matches(pattern, host)),
        _ => false,
    })
}

/// A star at the start of a pattern stands for anything; a pattern without one for exactly that name.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-domain-lists.html>
fn matches(pattern: &str, host: &str) -> bool {
    let pattern = pattern.strip_suffix('.').unwrap_or(pattern).to_ascii_lowercase();
    match pattern.strip_prefix('*') {
        Some(rest) => host.ends_with(rest),
        None => host == pattern,
    }
}

fn unknown(look: Look<'_>, rules: &[FirewallRule]) -> Option<Finding> {
    let named: Vec<String> = rules
        .iter()
        .filter(|rule| rule.action == "BLOCK")
        .filter_map(|rule| match &rule.domains {
            FirewallDomains::Managed(list) => Some(format!("{} (managed list {list})", rule.name)),
            FirewallDomains::Advanced => Some(format!("{} (advanced protection)", rule.name)),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    let hosts: Vec<&str> = look.wanted.hosts.iter().map(Name::as_str).collect();
    Some(Finding::note(
        "dns-firewall-unknown",
        format!("DNS Firewall rules block by what AWS does not show: {}", listed(&named)),
        "Managed list, contents unknown: it may hold our names one day.",
        format!("Add an ALLOW rule for {} before them, if the platform must never depend on them.", listed(&hosts)),
    ))
}
