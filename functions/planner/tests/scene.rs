//! A small Route 53 to plan against: zones, and what applying a plan does to them.

use std::collections::BTreeSet;

use planner::batch::{Verb, batches};
use planner::current::{Holder, Owner, Zone, ours};
use planner::endpoint::{DnsEntry, Endpoint, Kind, State};
use planner::marker::ZoneMarker;
use planner::name::Name;
use planner::plan::{Intent, Plan, ZonePlan, plan};
use planner::record::{Data, RecordSet, RecordType};
use planner::route::{Route, Routes, Seen, To, wishes};

pub(crate) const OWNER: Owner<'static> = Owner { id: "tdp-test", vpc_id: "vpc-0a1b2c3d", former: &[] };

pub(crate) fn name(text: &str) -> Name {
    Name::from_wire(text)
}

pub(crate) fn names(texts: &[&str]) -> BTreeSet<Name> {
    texts.iter().map(|text| name(text)).collect()
}

pub(crate) fn endpoint(id: &str) -> Endpoint {
    let regional = format!("{id}-1a2b3c4d.vpce-svc-0a.us-east-1.vpce.amazonaws.com");
    Endpoint {
        id: id.to_owned(),
        vpc_id: OWNER.vpc_id.to_owned(),
        service_name: "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d".to_owned(),
        kind: Kind::Interface,
        state: State::Available,
        created: 1_700_000_000,
        dns_entries: vec![DnsEntry { name: name(&regional), zone_id: "Z7HUB22UULQXV".to_owned() }],
        ip_type: "ipv4".to_owned(),
        private_dns: false,
        interface_ids: vec!["eni-0a1b2c3d".to_owned()],
        last_error: None,
    }
}

pub(crate) fn values(set_name: &str, rtype: &str, ttl: i64, values: &[&str]) -> RecordSet {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    RecordSet {
        name: name(set_name),
        rtype: RecordType::parse(rtype),
        data: Data::Values { ttl, values }.into(),
        simple: true,
    }
}

pub(crate) fn alias(set_name: &str, rtype: &str, target: &str) -> RecordSet {
    let data = Data::Alias { target: name(target), zone_id: "Z7HUB22UULQXV".to_owned(), evaluate_health: false };
    RecordSet { name: name(set_name), rtype: RecordType::parse(rtype), data: data.into(), simple: true }
}

/// A zone as AWS makes it: with NS and SOA.
pub(crate) fn zone(id: &str, zone_name: &str, comment: &str) -> Zone {
    let soa = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400";
    Zone {
        id: id.to_owned(),
        name: name(zone_name),
        comment: comment.to_owned(),
        holder: Holder::Account,
        on_vpc: true,
        on_staging: false,
        records: vec![
            values(zone_name, "NS", 172_800, &["ns-1536.awsdns-00.co.uk."]),
            values(zone_name, "SOA", 900, &[soa]),
        ],
    }
}

pub(crate) fn our_comment() -> String {
    ZoneMarker { owner: OWNER.id.to_owned(), vpc_id: OWNER.vpc_id.to_owned() }.comment()
}

/// Plans `hosts` at `endpoint`; `None` withdraws.
pub(crate) fn planned(hosts: &BTreeSet<Name>, endpoint: Option<&Endpoint>, adopt: bool, zones: &[Zone]) -> Plan {
    let target = endpoint.and_then(Endpoint::target);
    let route = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    let routes =
        Routes { hosts: hosts.iter().map(|host| (host.clone(), route.clone())).collect(), ..Routes::default() };
    let seen = Seen {
        vpc_id: OWNER.vpc_id,
        tdp: endpoint.zip(target.as_ref()),
        own: &[],
        ours: &ours(zones, OWNER),
        gone: &BTreeSet::new(),
        withdraws_on_loss: false,
    };
    let wishes = wishes(&routes, &seen);
    let mut plan = plan(&Intent { owner: OWNER, wishes: &wishes.hosts, adopt, change: "c0ffee00" }, zones);
    plan.problems.extend(wishes.problems);
    plan
}

/// Does what Route 53 would do with the plan's batches. Panics where Route 53 would refuse.
pub(crate) fn apply(plan: &Plan, zones: &[Zone]) -> Vec<Zone> {
    let mut zones = zones.to_vec();
    for part in &plan.zones {
        let id = part.id.clone().unwrap_or_else(|| format!("ZNEW{}", part.name));
        if part.id.is_none() {
            zones.push(zone(&id, part.name.as_str(), &our_comment()));
        }
        let zone = zones.iter_mut().find(|zone| zone.id == id).expect("the plan names a zone that is there");
        zone.on_vpc |= part.associate;
        write(zone, part);
        if part.delete {
            let left = zone.records.iter().filter(|set| !matches!(set.rtype, RecordType::Ns | RecordType::Soa)).count();
            assert_eq!(left, 0, "HostedZoneNotEmpty: {}", zone.name);
            zones.retain(|zone| zone.id != id);
        }
    }
    zones
}

fn write(zone: &mut Zone, part: &ZonePlan) {
    for batch in batches(&part.changes) {
        for step in batch {
            let at = zone.records.iter().position(|set| set.name == step.name && set.rtype == step.rtype && set.simple);
            let set =
                RecordSet { name: step.name.clone(), rtype: step.rtype.clone(), data: step.data.clone(), simple: true };
            match (step.verb, at) {
                (Verb::Create, None) | (Verb::Upsert, None) => zone.records.push(set),
                (Verb::Create, Some(_)) => panic!("it already exists: {} {}", step.name, step.rtype),
                (Verb::Upsert, Some(at)) => zone.records[at] = set,
                (Verb::Delete, Some(at)) => {
                    assert_eq!(zone.records[at].data, step.data, "the values provided do not match: {}", step.name);
                    zone.records.remove(at);
                }
                (Verb::Delete, None) => panic!("it was not found: {} {}", step.name, step.rtype),
            }
        }
    }
}

/// The set at a name and type, if any.
pub(crate) fn at<'a>(zones: &'a [Zone], set_name: &str, rtype: &str) -> Option<&'a RecordSet> {
    let rtype = RecordType::parse(rtype);
    zones.iter().flat_map(|zone| &zone.records).find(|set| set.name == name(set_name) && set.rtype == rtype)
}
