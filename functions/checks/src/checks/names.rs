//! Who else answers for our names in the VPC: zones, Profiles, Resolver rules.

use std::collections::BTreeMap;

use planner::name::Name;

use super::{Found, Look};
use crate::facts::{PrivateZone, Profile, ResolverRule};
use crate::finding::{Finding, listed};
use crate::zones::{Zones, answering, is_usable, of_private_dns};

/// How somebody's zone stands to ours. The most specific zone answers for a name.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
enum Relation<'a> {
    /// It has the name of ours, which holds these hosts.
    Same(Vec<&'a str>),
    /// It lies below ours, and these hosts in it.
    Narrower(Vec<&'a str>),
    /// Ours lies below it.
    Wider(&'a Name),
}

fn relation<'a>(theirs: &Name, zones: &'a Zones) -> Option<Relation<'a>> {
    if let Some(hosts) = zones.get(theirs) {
        return Some(Relation::Same(hosts.iter().map(Name::as_str).collect()));
    }
    let (zone, hosts) = zones.iter().find(|(zone, _)| theirs.is_below(zone) || zone.is_below(theirs))?;
    if zone.is_below(theirs) {
        return Some(Relation::Wider(zone));
    }
    let is_within = |host: &&Name| host.wildcard_base().as_ref().unwrap_or(host).is_within(theirs);
    let within: Vec<&str> = hosts.iter().filter(is_within).map(Name::as_str).collect();
    (!within.is_empty()).then_some(Relation::Narrower(within))
}

pub(super) fn private_zones(look: Look<'_>) -> Found<'_> {
    // Whose private DNS a zone stands behind, only these say.
    look.endpoint()?;
    look.facts.endpoints.as_ref()?;
    let zones = answering(look.facts, look.wanted);
    let hidden = of_private_dns(look.facts, look.wanted);
    let is_of_endpoint = |zone: &PrivateZone| zone.is_of_service && hidden.contains_key(&zone.name);
    let is_other = |zone: &&PrivateZone| !zone.is_ours && !is_of_endpoint(zone);
    let theirs = look.facts.private_zones.as_ref()?.iter().filter(is_other);
    let findings = theirs.filter_map(|zone| zone_finding(look, zone, &relation(&zone.name, &zones)?));
    Ok(findings.collect::<Vec<_>>().into())
}

fn zone_finding(look: Look<'_>, zone: &PrivateZone, relation: &Relation<'_>) -> Option<Finding> {
    let PrivateZone { id, name, holder, other_owner, other_vpc, .. } = zone;
    let vpc = &look.wanted.vpc_id;
    let made_by = other_owner.as_ref().map(|owner| format!(", made by the stack {owner}")).unwrap_or_default();
    let made_for = other_vpc.as_ref().map(|other| format!(", made by this stack for {other}")).unwrap_or_default();
    let of = format!("The private zone {name} ({id}, of {holder}{made_by}{made_for}) is on {vpc}");
    if is_usable(zone, look.wanted) {
        // One that holds our records already needs no word.
        return look.wanted.adopts.then(|| {
            Finding::note(
                "zone-adopted",
                of,
                "ExistingZones=adopt: our records go into it, and a record of yours at one of our names is replaced.",
                "Look at the plan (task plan) before the endpoint is accepted: it lists every record with its former value.",
            )
        });
    }
    let finding = match relation {
        Relation::Wider(ours) => {
            return Some(Finding::note(
                "zone-covers",
                format!("{of}: it answers for {ours} today"),
                format!("Once we have a zone {ours}, that one answers: the most specific zone wins."),
                "Look whether it holds names below ours that somebody needs.",
            ));
        }
        Relation::Same(hosts) => Finding::blocker(
            "zone-taken",
            of,
            "A VPC takes one zone of a name: ours cannot be made beside it, and what is in it is not ours to change.",
            zone_fix(zone),
        )
        .hosts(hosts),
        Relation::Narrower(hosts) => Finding::blocker(
            "zone-narrower",
            format!("{of}: it answers for {} instead of ours", listed(hosts)),
            "The most specific zone wins: the names in it would not lead to the endpoint.",
            zone_fix(zone),
        )
        .hosts(hosts),
    };
    Some(finding.command(zone_command(look, zone)))
}

fn zone_fix(zone: &PrivateZone) -> String {
    if let Some(owner) = &zone.other_owner {
        return format!("Withdraw the stack {owner} first (Mode=withdraw), or take the names out of one of the two.");
    }
    if let Some(other) = &zone.other_vpc {
        return format!(
            "Take it from this VPC (also out of ExtraVpcIds), or leave this VPC to the zones of {other}: set VpcId to {other}."
        );
    }
    if zone.is_of_service {
        return "It stands behind private DNS of an endpoint: turn that off, or leave the names to that endpoint."
            .to_owned();
    }
    let adopt =
        if zone.is_of_account() { ", or deploy with ExistingZones=adopt to have our records in it" } else { "" };
    format!(
        "Take it from the VPC{adopt}. The VPC then no longer sees its other names; and a zone keeps one VPC at least."
    )
}

fn zone_command(look: Look<'_>, zone: &PrivateZone) -> String {
    let vpc = &look.wanted.vpc_id;
    if zone.is_of_service {
        let query = "VpcEndpoints[?PrivateDnsEnabled].[VpcEndpointId,ServiceName]";
        let region = look.in_region();
        return format!(
            "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values={vpc} --query '{query}' --output table {region}"
        );
    }
    format!(
        "aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {} --vpc VPCRegion={},VPCId={vpc}",
        zone.id, look.wanted.region
    )
}

/// Where the VPC itself has a zone or rule for a name, that one counts; otherwise the most specific one.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html>
pub(super) fn profiles(look: Look<'_>) -> Found<'_> {
    let profiles = look.facts.profiles.as_ref()?;
    Ok(profiles.iter().flat_map(|profile| of_profile(look, profile)).collect::<Vec<_>>().into())
}

fn of_profile(look: Look<'_>, profile: &Profile) -> Vec<Finding> {
    let Profile { id, name, unknown, .. } = profile;
    let zones = answering(look.facts, look.wanted);
    let command =
        format!("aws route53profiles list-profile-resource-associations --profile-id {id} {}", look.in_region());
    let mut findings = Vec::new();
    for theirs in &profile.zones {
        let zone = format!("the private zone {} ({})", theirs.name, theirs.id);
        let of = format!("The Route 53 Profile associated as \"{name}\" ({id}) brings {zone}");
        findings.extend(relation(&theirs.name, &zones).map(|relation| match relation {
            Relation::Narrower(hosts) => Finding::blocker(
                "profile-zone-narrower",
                format!("{of}: it answers for {} instead of ours", listed(&hosts)),
                "The most specific zone wins: the names in it would not lead to the endpoint.",
                "Take the Profile from the VPC, or the zone out of the Profile, for all its VPCs.",
            )
            .hosts(&hosts)
            .command(&command),
            Relation::Same(_) => Finding::warning(
                "profile-zone-same",
                of,
                "A zone on the VPC itself wins over the Profile's: this VPC will no longer see what the Profile's zone holds.",
                "Look whether somebody in this VPC needs what is in it.",
            )
            .command(&command),
            Relation::Wider(ours) => Finding::note(
                "zone-covers",
                format!("{of}: it answers for {ours} today"),
                format!("Once we have a zone {ours}, that one answers: the most specific zone wins."),
                "Look whether it holds names below ours that somebody needs.",
            ),
        }));
    }
    if !unknown.is_empty() {
        let what = "zones, rules or DNS Firewall groups that were not looked into";
        findings.push(
            Finding::note(
                "profile-contents-unknown",
                format!("The Route 53 Profile associated as \"{name}\" ({id}) brings {what}: {}", listed(unknown)),
                "One of them may answer for our names, or block them.",
                "Ask the Profile's owner whether they do anything with the names of this report.",
            )
            .command(command),
        );
    }
    findings
}

/// A forwarding rule wins over a private zone of the same name, and the most specific name wins over both.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
pub(super) fn resolver_rules(look: Look<'_>) -> Found<'_> {
    let own = look.facts.resolver_rules.as_ref()?;
    let of_profiles: Vec<&ResolverRule> =
        look.facts.profiles.iter().flatten().flat_map(|profile| &profile.resolver_rules).collect();
    let mut led_away: BTreeMap<&str, (&ResolverRule, Vec<&str>)> = BTreeMap::new();
    let zones = answering(look.facts, look.wanted);
    for (zone, hosts) in &zones {
        for host in hosts {
            if let Some(rule) = winner(host, zone, own, &of_profiles) {
                led_away.entry(&rule.id).or_insert((rule, Vec::new())).1.push(host.as_str());
            }
        }
    }
    let finding = |(rule, hosts): (&ResolverRule, Vec<&str>)| led_away_by(look, rule, &hosts, own.contains(rule));
    Ok(led_away.into_values().map(finding).collect::<Vec<_>>().into())
}

fn led_away_by(look: Look<'_>, rule: &ResolverRule, hosts: &[&str], is_on_vpc: bool) -> Finding {
    let ResolverRule { id, name, domain, targets, .. } = rule;
    let above = hosts.iter().all(|host| *host != domain.as_str() && Name::from_wire(host).is_below(domain));
    let system = if above { ", or add a more specific SYSTEM rule for these names" } else { "" };
    let from = if is_on_vpc { "the VPC" } else { "the Profile that brings it" };
    let finding = Finding::blocker(
        "resolver-rule-wins",
        format!("The Resolver rule \"{name}\" ({id}) forwards {domain} to {}: it wins for {}", listed(targets), listed(hosts)),
        "A forwarding rule wins over a private zone that is not more specific: these names would not lead to the endpoint.",
        format!("Take the rule from {from}{system}."),
    )
    .hosts(hosts);
    if !is_on_vpc {
        return finding;
    }
    finding.command(format!(
        "aws route53resolver disassociate-resolver-rule --vpc-id {} --resolver-rule-id {id} {}",
        look.wanted.vpc_id,
        look.in_region()
    ))
}

/// The forwarding rule that answers for a host instead of its zone, if one does.
fn winner<'a>(
    host: &Name,
    zone: &Name,
    own: &'a [ResolverRule],
    of_profiles: &[&'a ResolverRule],
) -> Option<&'a ResolverRule> {
    let asked = host.wildcard_base().unwrap_or_else(|| host.clone());
    // Of a Profile's, one with the name of our zone or of a rule of the VPC's own does not count.
    let is_new = |rule: &&ResolverRule| rule.domain != *zone && !own.iter().any(|one| one.domain == rule.domain);
    let rules = own.iter().chain(of_profiles.iter().copied().filter(is_new));
    let best = rules.filter(|rule| covers(&rule.domain, &asked)).max_by_key(|rule| rule.domain.as_str().len())?;
    (best.forwards && best.domain.is_within(zone)).then_some(best)
}

/// The rule for `.` covers everything.
fn covers(domain: &Name, host: &Name) -> bool {
    domain.as_str().is_empty() || host.is_within(domain)
}
