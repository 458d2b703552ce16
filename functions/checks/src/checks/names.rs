//! Who else answers for our names in the VPC: zones, Profiles, Resolver rules.

use std::collections::{BTreeMap, BTreeSet};

use planner::name::Name;

use super::{Found, Look};
use crate::facts::{PrivateZone, Profile, ResolverRule};
use crate::finding::{Finding, listed};

impl Look<'_> {
    /// The zones that this VPC needs, with the hosts in each: without what private DNS of the endpoint serves.
    pub(super) fn zones(self) -> BTreeMap<Name, BTreeSet<Name>> {
        let endpoint = self.endpoint().ok().flatten().map(|found| &found.endpoint);
        let mut zones = self.wanted.zones();
        for hosts in zones.values_mut() {
            hosts.retain(|host| !endpoint.is_some_and(|endpoint| endpoint.private_dns_covers(host)));
        }
        zones.retain(|_, hosts| !hosts.is_empty());
        zones
    }
}

/// How somebody's zone stands to ours. The most specific zone answers for a name.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
enum Relation<'a> {
    Same,
    /// It lies below ours, and these hosts in it.
    Narrower(Vec<&'a Name>),
    /// Ours lies below it.
    Wider(&'a Name),
}

fn relation<'a>(theirs: &Name, zones: &'a BTreeMap<Name, BTreeSet<Name>>) -> Option<Relation<'a>> {
    if zones.contains_key(theirs) {
        return Some(Relation::Same);
    }
    let (zone, hosts) = zones.iter().find(|(zone, _)| theirs.is_below(zone) || zone.is_below(theirs))?;
    if zone.is_below(theirs) {
        return Some(Relation::Wider(zone));
    }
    let within: Vec<&Name> =
        hosts.iter().filter(|host| host.wildcard_base().as_ref().unwrap_or(host).is_within(theirs)).collect();
    (!within.is_empty()).then_some(Relation::Narrower(within))
}

pub(super) fn private_zones(look: Look<'_>) -> Found<'_> {
    let zones = look.zones();
    let theirs = look.facts.private_zones.as_ref()?.iter().filter(|zone| !zone.is_ours);
    Ok(theirs.filter_map(|zone| Some(zone_finding(look, zone, &relation(&zone.name, &zones)?))).collect())
}

fn zone_finding(look: Look<'_>, zone: &PrivateZone, relation: &Relation<'_>) -> Finding {
    let PrivateZone { id, name, holder, is_of_service, .. } = zone;
    let vpc = &look.wanted.vpc_id;
    let of = format!("The private zone {name} ({id}, of {holder}) is on {vpc}");
    let is_own = !is_of_service && holder == "this account";
    let detach = format!(
        "aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {id} --vpc VPCRegion={},VPCId={vpc}",
        look.wanted.region
    );
    let adopt = if is_own { ", or deploy with ExistingZones=adopt to have our records in it" } else { "" };
    let found = match relation {
        Relation::Wider(ours) => {
            return Finding::note(
                "zone-covers",
                format!("{of}: it answers for {ours} today"),
                format!("Once we have a zone {ours}, that one answers: the most specific zone wins."),
                "Look whether it holds names below ours that somebody needs.",
            );
        }
        Relation::Same => Finding::blocker(
            "zone-taken",
            of,
            "A VPC takes one zone of a name: ours cannot be made beside it, and what is in it is not ours to change.",
            format!("Take it from the VPC{adopt}."),
        ),
        Relation::Narrower(hosts) => {
            let hosts: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
            Finding::blocker(
                "zone-narrower",
                format!("{of}: it answers for {} instead of ours", listed(&hosts)),
                "The most specific zone wins: the names in it would not lead to the endpoint.",
                format!("Take it from the VPC{adopt}."),
            )
        }
    };
    if is_own && look.wanted.adopts {
        return Finding::note(
            "zone-adopted",
            found.what,
            "ExistingZones=adopt: our records go into it, and a record of yours at one of our names is replaced.",
            "Look at the plan (task plan) before the endpoint is accepted: it lists every record with its former value.",
        );
    }
    found.command(detach)
}

/// Where the VPC itself has a zone or rule for a name, that one counts; otherwise the most specific one.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/profiles.html>
pub(super) fn profiles(look: Look<'_>) -> Found<'_> {
    let profiles = look.facts.profiles.as_ref()?;
    Ok(profiles.iter().flat_map(|profile| of_profile(look, profile)).collect())
}

fn of_profile(look: Look<'_>, profile: &Profile) -> Vec<Finding> {
    let Profile { id, name, unknown, .. } = profile;
    let zones = look.zones();
    let mut findings = Vec::new();
    for theirs in &profile.zones {
        let of = format!("The Route 53 Profile {name} ({id}) brings the private zone {} ({})", theirs.name, theirs.id);
        let command = format!(
            "aws route53profiles disassociate-resource-from-profile --profile-id {id} --resource-arn arn:aws:route53:::hostedzone/{} {}",
            theirs.id,
            look.in_region()
        );
        match relation(&theirs.name, &zones) {
            Some(Relation::Narrower(hosts)) => {
                let hosts: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
                findings.push(
                    Finding::blocker(
                        "profile-zone-narrower",
                        format!("{of}: it answers for {} instead of ours", listed(&hosts)),
                        "The most specific zone wins: the names in it would not lead to the endpoint.",
                        "Take it out of the Profile, or the Profile from the VPC.",
                    )
                    .command(command),
                );
            }
            Some(Relation::Same) => findings.push(
                Finding::warning(
                    "profile-zone-same",
                    of,
                    "A zone on the VPC itself wins over the Profile's: this VPC will no longer see what the Profile's zone holds.",
                    "Look whether somebody needs what is in it.",
                )
                .command(command),
            ),
            Some(Relation::Wider(ours)) => findings.push(Finding::note(
                "zone-covers",
                format!("{of}: it answers for {ours} today"),
                format!("Once we have a zone {ours}, that one answers: the most specific zone wins."),
                "Look whether it holds names below ours that somebody needs.",
            )),
            None => {}
        }
    }
    if !unknown.is_empty() {
        findings.push(
            Finding::note(
                "profile-contents-unknown",
                format!("The Route 53 Profile {name} ({id}) brings zones, rules or DNS Firewall groups that were not looked into: {}", listed(unknown)),
                "One of them may answer for our names, or block them.",
                "Ask the Profile's owner whether they do anything with the names of this report.",
            )
            .command(format!(
                "aws route53profiles list-profile-resource-associations --profile-id {id} {}",
                look.in_region()
            )),
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
    let zones = look.zones();
    for (zone, hosts) in &zones {
        for host in hosts {
            if let Some(rule) = winner(host, zone, own, &of_profiles) {
                led_away.entry(&rule.id).or_insert((rule, Vec::new())).1.push(host.as_str());
            }
        }
    }
    let vpc = &look.wanted.vpc_id;
    let finding = |(rule, hosts): (&ResolverRule, Vec<&str>)| {
        let ResolverRule { id, name, domain, targets, .. } = rule;
        Finding::blocker(
            "resolver-rule-wins",
            format!("The Resolver rule {name} ({id}) forwards {domain} to {}: it wins for {}", listed(targets), listed(&hosts)),
            "A forwarding rule wins over a private zone that is not more specific: these names would not lead to the endpoint.",
            "Take the rule from the VPC, or add a more specific SYSTEM rule for these names.",
        )
        .command(format!(
            "aws route53resolver disassociate-resolver-rule --vpc-id {vpc} --resolver-rule-id {id} {}",
            look.in_region()
        ))
    };
    Ok(led_away.into_values().map(finding).collect())
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
