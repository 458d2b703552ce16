//! DNS Firewall: which rule decides for each name.

use std::collections::{BTreeMap, BTreeSet};

use planner::name::Name;
use planner::record::RecordType;
use planner::route::{Wish, Wishes};

use super::{Found, Look, not_checked};
use crate::facts::{FirewallDomains, FirewallRule, Unread};
use crate::finding::{Finding, Severity, listed};
use crate::served::wishes;
use crate::zones::hosts;

/// Rules are looked at in order; the first whose list has the name decides.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-rules.html>
pub(super) fn firewall(look: Look<'_>) -> Found<'_> {
    let rules = look.facts.firewall_rules.as_ref()?;
    let ours = hosts(look.facts, look.wanted);
    let catalog = look.wanted.catalog.hosts.iter().filter(|host| host.via != "tdp");
    let aws: BTreeSet<&str> = catalog.map(|host| host.host.as_str()).collect();
    let aws: Vec<&str> = aws.into_iter().filter(|host| !ours.contains(&Name::from_wire(host))).collect();
    let ours: Vec<&str> = ours.iter().map(Name::as_str).collect();

    let asked = Asked { wishes: wishes(look.facts, look.wanted), others: look.asked() };
    let mut findings = decided_for(look, rules, &ours, &asked, true);
    findings.extend(decided_for(look, rules, &aws, &asked, false));
    findings.extend(unknown(rules, &ours, &asked));
    let unread: BTreeSet<&Unread> = rules.iter().filter_map(|rule| unread(&rule.domains)).collect();
    findings.extend(unread.into_iter().map(|why| not_checked(why, &["domain lists of DNS Firewall"])));
    Ok(findings.into())
}

fn unread(domains: &FirewallDomains) -> Option<&Unread> {
    match domains {
        FirewallDomains::Unread(_, why) => Some(why),
        _ => None,
    }
}

/// What clients ask for: the record types that the endpoint serves where a host leads.
struct Asked {
    wishes: Wishes,
    /// For a host that no record of ours is for.
    others: Vec<RecordType>,
}

impl Asked {
    fn of(&self, host: &str) -> &[RecordType] {
        match self.wishes.hosts.get(&Name::from_wire(host)) {
            Some(Wish::Lead(target)) => &target.types,
            _ => &self.others,
        }
    }
}

impl Look<'_> {
    /// The record types that the TDP endpoint serves; A before there is one.
    fn asked(self) -> Vec<RecordType> {
        match self.endpoint() {
            Ok(Some(found)) => found.endpoint.record_types(),
            _ => vec![RecordType::A],
        }
    }
}

/// The rule that decides for one name and type, and what came before it that is not known.
struct Decided<'a> {
    rule: &'a FirewallRule,
    /// Its place among the rules.
    at: usize,
    /// An earlier rule that may let the name pass, by a list that is not known.
    unless: Option<&'a FirewallRule>,
}

fn decided_for(look: Look<'_>, rules: &[FirewallRule], hosts: &[&str], asked: &Asked, is_ours: bool) -> Vec<Finding> {
    // By place: rules may share a name.
    let mut by_rule: BTreeMap<usize, (Decided<'_>, BTreeSet<&str>)> = BTreeMap::new();
    for host in hosts {
        for found in asked.of(host).iter().filter_map(|rtype| decided(host, rtype, rules)) {
            by_rule.entry(found.at).or_insert((found, BTreeSet::new())).1.insert(host);
        }
    }
    let findings = by_rule.into_values();
    findings.filter_map(|(found, hosts)| finding(look, &found, &Vec::from_iter(hosts), is_ours)).collect()
}

fn finding(look: Look<'_>, found: &Decided<'_>, hosts: &[&str], is_ours: bool) -> Option<Finding> {
    let FirewallRule { group_id, name, domains, action, .. } = found.rule;
    let of = named(found.rule);
    let list = match domains {
        FirewallDomains::Listed(id, _) => id.as_str(),
        _ => "list-ID",
    };
    let command =
        format!("aws route53resolver list-firewall-domains --firewall-domain-list-id {list} {}", look.in_region());
    let names = listed(hosts);
    let fix =
        format!("Add an ALLOW rule for these names before \"{name}\" ({group_id}), or take them out of its list.");
    let blocks = match found.unless {
        Some(rule) => format!("blocks {names}, unless {} lets them pass, whose list is not known", named(rule)),
        None => format!("blocks {names}"),
    };
    Some(match (action.as_str(), is_ours) {
        ("BLOCK", true) => {
            let finding = Finding::blocker(
                "dns-firewall-blocks",
                format!("{of} {blocks}"),
                "Names that it blocks do not resolve in the VPC, whatever is in the private zone.",
                fix,
            );
            let finding = finding.command(command);
            if found.unless.is_some() { finding.severity(Severity::Warning) } else { finding.hosts(hosts) }
        }
        ("BLOCK", false) => Finding::warning(
            "dns-firewall-blocks-aws",
            format!("{of} {blocks}"),
            "Hubs, Agents and Connectors need these AWS service names too.",
            fix,
        )
        .command(command),
        ("ALERT", true) => Finding::note(
            "dns-firewall-alerts",
            format!("{of} raises an alert for {names}"),
            "The names resolve; somebody will get alerts for them.",
            fix,
        )
        .command(command),
        _ => return None,
    })
}

fn named(rule: &FirewallRule) -> String {
    let FirewallRule { group_id, group_name, name, .. } = rule;
    format!("DNS Firewall rule \"{name}\" of the group associated as \"{group_name}\" ({group_id})")
}

/// The rule that decides; `None` where none of those that can be read does.
fn decided<'a>(host: &str, rtype: &RecordType, rules: &'a [FirewallRule]) -> Option<Decided<'a>> {
    let mut unless = None;
    for (at, rule) in rules.iter().enumerate().filter(|(_, rule)| is_about(rule, rtype)) {
        match &rule.domains {
            FirewallDomains::Listed(_, patterns) if patterns.iter().any(|pattern| matches(pattern, host)) => {
                return Some(Decided { rule, at, unless });
            }
            FirewallDomains::Listed(..) => {}
            _ if rule.action != "BLOCK" => unless = unless.or(Some(rule)),
            _ => {}
        }
    }
    None
}

/// A type may be spelled by name or by number.
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_route53resolver_FirewallRule.html>
fn is_about(rule: &FirewallRule, rtype: &RecordType) -> bool {
    let number = if *rtype == RecordType::Aaaa { "TYPE28" } else { "TYPE1" };
    rule.qtype.as_deref().is_none_or(|qtype| qtype == rtype.as_str() || qtype == number)
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

/// Rules that block by what is not shown, where no earlier rule lets every one of our names pass.
fn unknown(rules: &[FirewallRule], hosts: &[&str], asked: &Asked) -> Option<Finding> {
    let is_reached = |at: usize, rule: &FirewallRule| {
        let earlier = rules.get(..at).unwrap_or_default();
        let is_open = |host: &str, rtype: &RecordType| is_about(rule, rtype) && decided(host, rtype, earlier).is_none();
        hosts.iter().any(|host| asked.of(host).iter().any(|rtype| is_open(host, rtype)))
    };
    let named: Vec<String> = rules
        .iter()
        .enumerate()
        .filter(|(at, rule)| rule.action == "BLOCK" && is_reached(*at, rule))
        .filter_map(|(_, rule)| match &rule.domains {
            FirewallDomains::Managed(list) => Some(format!("{} (managed list {list})", rule.name)),
            FirewallDomains::Advanced => Some(format!("{} (advanced protection)", rule.name)),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    Some(Finding::note(
        "dns-firewall-unknown",
        format!("DNS Firewall rules block by what AWS does not show: {}", listed(&named)),
        "Managed list, contents unknown: it may hold our names one day.",
        format!("Add an ALLOW rule for {} before them, if the platform must never depend on them.", listed(hosts)),
    ))
}
