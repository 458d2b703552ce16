//! Puts together what several reads found.

use std::collections::BTreeMap;

use checks::facts::{Facts, PrivateZone, Profile, ProfileZone, Read, Records, ResolverRule, Service, Unread, ZoneIds};
use checks::wanted::Wanted;
use planner::current::{Holder, Zone, ours, split};
use planner::marker::ZoneMarker;
use planner::name::Name;
use planner::record::{Data, RecordSet, RecordType};

use super::read;
use crate::aws::ec2::SeenService;
use crate::aws::route53::{ListedZone, VpcZone};
use crate::error::AwsError;

/// Facts where it is not known which VPC is meant.
pub(super) fn nothing(account: String, why: &Unread) -> Facts {
    fn none<T>(why: &Unread) -> Read<T> {
        Err(why.clone())
    }
    Facts {
        account,
        vpc: none(why),
        dns_support: none(why),
        dns_hostnames: none(why),
        dns_servers: none(why),
        subnets: none(why),
        service: none(why),
        endpoints: none(why),
        counted_endpoints: none(why),
        tdp_endpoint: none(why),
        endpoint_quota: none(why),
        security_groups: none(why),
        network_acls: none(why),
        private_zones: none(why),
        records: none(why),
        profiles: none(why),
        resolver_rules: none(why),
        firewall_rules: none(why),
        inbound_endpoints: none(why),
        email_identity: none(why),
    }
}

/// The service with its zones by id. Where EC2 gave their names only, which mean another zone in each account, they are
/// looked up among this account's own.
pub(super) fn service(
    seen: Result<Option<SeenService>, AwsError>,
    zone_ids: Result<ZoneIds, AwsError>,
) -> Read<Option<Service>> {
    let Some(seen) = read(seen)? else { return Ok(None) };
    let mut service = seen.service;
    if service.az_ids.is_empty() {
        let ids = read(zone_ids)?;
        service.az_ids = seen.az_names.iter().filter_map(|name| ids.get(name).cloned()).collect();
        service.az_ids.sort();
    }
    Ok(Some(service))
}

/// The zones of this account whose records were read.
pub(super) fn read_zones(
    all: &[ListedZone],
    on_vpc: &[VpcZone],
    mut records: BTreeMap<String, Vec<RecordSet>>,
) -> Vec<Zone> {
    let zone = |zone: &ListedZone| {
        Some(Zone {
            records: records.remove(&zone.id)?,
            id: zone.id.clone(),
            name: zone.name.clone(),
            comment: zone.comment.clone(),
            holder: Holder::Account,
            on_vpc: on_vpc.iter().any(|one| one.id == zone.id),
            on_staging: false,
        })
    };
    all.iter().filter_map(zone).collect()
}

/// The zones on the VPC, with whose they are. The list by VPC says who owns a zone, the list of the account's zones
/// has the comment that says which stack made it. `read` are those that matter, with their records.
pub(super) fn private_zones(
    wanted: &Wanted,
    account: &str,
    all: &[ListedZone],
    on_vpc: Vec<VpcZone>,
    read: &[Zone],
) -> Vec<PrivateZone> {
    let comments: BTreeMap<&str, &str> = all.iter().map(|zone| (zone.id.as_str(), zone.comment.as_str())).collect();
    let has_markers = |zone: &Zone| !split(zone, wanted.owner()).ours.is_empty();
    let whose = |zone: VpcZone| {
        let marker = comments.get(zone.id.as_str()).and_then(|comment| ZoneMarker::parse(comment));
        let is_this_account = zone.holder == format!("account {account}") || comments.contains_key(zone.id.as_str());
        let own = marker.as_ref().filter(|one| wanted.owner().is(&one.owner));
        PrivateZone {
            is_ours: own.is_some_and(|one| one.vpc_id == wanted.vpc_id),
            other_vpc: own.map(|one| one.vpc_id.clone()).filter(|vpc| *vpc != wanted.vpc_id),
            other_owner: marker.map(|one| one.owner).filter(|owner| !wanted.owner().is(owner)),
            has_our_markers: read.iter().any(|one| one.id == zone.id && has_markers(one)),
            holder: if is_this_account && !zone.of_service { "this account".to_owned() } else { zone.holder },
            id: zone.id,
            name: zone.name,
            is_of_service: zone.of_service,
        }
    };
    let mut zones: Vec<PrivateZone> = on_vpc.into_iter().map(whose).collect();
    zones.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    zones
}

/// What is at our hosts: whose the names are, by every zone that was read; and what stands in the zone that answers for
/// each, which is the most specific one on the VPC.
pub(super) fn records(wanted: &Wanted, on_vpc: &[PrivateZone], read: &[Zone]) -> Records {
    let mut records = Records { ours: ours(read, wanted.owner()), ..Records::default() };
    for host in wanted.routes.names() {
        let asked = host.wildcard_base().unwrap_or_else(|| host.clone());
        let zones = on_vpc.iter().filter(|zone| asked.is_within(&zone.name));
        let zone = zones.max_by_key(|zone| zone.name.as_str().len());
        let zone = zone.and_then(|zone| read.iter().find(|one| one.id == zone.id));
        let sets = || zone.iter().flat_map(|zone| &zone.records).filter(|set| set.name == host);
        if sets().any(|set| set.rtype.steers_traffic()) {
            records.there.insert(host.clone());
        }
        let aliases = sets().filter_map(alias).collect();
        records.aliases.insert(host, aliases);
    }
    records
}

fn alias(set: &RecordSet) -> Option<Name> {
    let is_address = matches!(set.rtype, RecordType::A | RecordType::Aaaa);
    match &*set.data {
        Data::Alias { target, .. } if is_address => Some(target.clone()),
        _ => None,
    }
}

/// Whether a zone of this account is one that this stack made for this VPC.
pub(super) fn is_ours(wanted: &Wanted, zone: &ListedZone) -> bool {
    let marker = ZoneMarker::parse(&zone.comment).filter(|_| zone.private);
    marker.is_some_and(|one| wanted.owner().is(&one.owner) && one.vpc_id == wanted.vpc_id)
}

/// Id and name of a Profile, and the ARN of each resource in it.
pub(super) type FoundProfile = (String, String, Vec<String>);

/// The Profiles with the names of what is in them, as far as this account can read them.
pub(super) fn profiles(
    found: Result<Vec<FoundProfile>, AwsError>,
    zones: Result<&Vec<ListedZone>, &Unread>,
    rules: Result<&Vec<ResolverRule>, &Unread>,
) -> Read<Vec<Profile>> {
    read(found)?.into_iter().map(|found| profile(found, zones, rules)).collect()
}

fn profile(
    (id, name, resources): FoundProfile,
    zones: Result<&Vec<ListedZone>, &Unread>,
    rules: Result<&Vec<ResolverRule>, &Unread>,
) -> Read<Profile> {
    let mut profile = Profile { id, name, zones: Vec::new(), resolver_rules: Vec::new(), unknown: Vec::new() };
    for arn in resources {
        let resource = arn.rsplit(':').next().unwrap_or_default();
        match resource.split_once('/') {
            Some(("hostedzone", id)) => match zones.map_err(Clone::clone)?.iter().find(|zone| zone.id == id) {
                Some(zone) => profile.zones.push(ProfileZone { id: id.to_owned(), name: zone.name.clone() }),
                None => profile.unknown.push(arn),
            },
            Some(("resolver-rule", id)) => match rules.map_err(Clone::clone)?.iter().find(|rule| rule.id == id) {
                Some(rule) => profile.resolver_rules.push(rule.clone()),
                None => profile.unknown.push(arn),
            },
            // What its rules do beside those on the VPC itself is not worked out here.
            Some(("firewall-rule-group", _)) => profile.unknown.push(arn),
            // Endpoints and query logging answer for no name of ours.
            _ => {}
        }
    }
    Ok(profile)
}

/// The rules that are associated with the VPC.
pub(super) fn associated(
    rules: Result<&Vec<ResolverRule>, &Unread>,
    ids: Result<Vec<String>, AwsError>,
) -> Read<Vec<ResolverRule>> {
    let ids = read(ids)?;
    Ok(rules.map_err(Clone::clone)?.iter().filter(|rule| ids.contains(&rule.id)).cloned().collect())
}
