//! Times the planner alone, for `make bench`: no AWS, no clock but the one that measures.
//!
//! `plan <shape> <rounds> <records>…` plans so many record sets, half of them addresses and half of them their
//! markers, as `one-zone` or as `zones` (one for each host), and prints a line of JSON for each number and state.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use planner::current::{Holder, Owner, Zone};
use planner::endpoint::Target;
use planner::marker::{Marker, ZoneMarker, marker_name};
use planner::name::Name;
use planner::plan::{Intent, plan};
use planner::record::{Data, RecordSet, RecordType};
use planner::route::Wish;
use serde_json::json;

const OWNER: Owner<'static> = Owner { id: "tdp-bench", vpc_id: "vpc-0a1b2c3d", former: &[] };
const BASE: &str = "files.example.com";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "plan <one-zone|zones> <rounds> <records>…";
    let is_wide = args.next().ok_or(usage)? == "one-zone";
    let rounds: usize = args.next().ok_or(usage)?.parse()?;
    for records in args {
        let records: usize = records.parse()?;
        let hosts: Vec<Name> = (0..records / 2).map(|number| host(number, is_wide)).collect();
        let (here, elsewhere) = (target("vpce-0a1b2c3d"), target("vpce-0f0e0d0c"));
        for (state, zones, changes) in [
            ("new", Vec::new(), records),
            ("settled", zones(&hosts, &here, is_wide), 0),
            ("moved", zones(&hosts, &elsewhere, is_wide), records),
        ] {
            let wishes = hosts.iter().map(|host| (host.clone(), Wish::Lead(here.clone()))).collect();
            let milliseconds = measure(&wishes, &zones, rounds, changes)?;
            println!("{}", json!({"records": records, "state": state, "milliseconds": milliseconds}));
        }
    }
    Ok(())
}

/// What each round took. A plan of another size than it must have is an error.
fn measure(
    wishes: &BTreeMap<Name, Wish>,
    zones: &[Zone],
    rounds: usize,
    changes: usize,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let intent = Intent { owner: OWNER, wishes, adopt: false, change: "c0ffee00" };
    let mut milliseconds = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        let plan = black_box(plan(&intent, black_box(zones)));
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        let found = plan.changes().count();
        if plan.is_refused() || found != changes {
            return Err(format!("{found} changes instead of {changes}: {:?}", plan.problems).into());
        }
    }
    Ok(milliseconds)
}

/// The first host of a wide zone is its apex, since zones are named as a host.
fn host(number: usize, is_wide: bool) -> Name {
    match number {
        0 if is_wide => Name::from_wire(BASE),
        _ if is_wide => Name::from_wire(&format!("host-{number}.{BASE}")),
        _ => Name::from_wire(&format!("host-{number}.example.com")),
    }
}

fn target(endpoint_id: &str) -> Target {
    let name = format!("{endpoint_id}-1a2b3c4d.vpce-svc-0a1b2c3d.us-east-1.vpce.amazonaws.com");
    let alias =
        Data::Alias { target: Name::from_wire(&name), zone_id: "Z7HUB22UULQXV".to_owned(), evaluate_health: false };
    Target { endpoint_id: endpoint_id.to_owned(), alias: Arc::new(alias), types: vec![RecordType::A] }
}

/// The zones as this product leaves them, with every host at the endpoint.
fn zones(hosts: &[Name], target: &Target, is_wide: bool) -> Vec<Zone> {
    if is_wide {
        return vec![zone(&Name::from_wire(BASE), hosts, target)];
    }
    hosts.iter().map(|host| zone(host, std::slice::from_ref(host), target)).collect()
}

fn zone(name: &Name, hosts: &[Name], target: &Target) -> Zone {
    let soa = "ns-1536.awsdns-00.co.uk. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 60";
    let mut records = vec![
        set(name, RecordType::Ns, values(172_800, "ns-1536.awsdns-00.co.uk.")),
        set(name, RecordType::Soa, values(900, soa)),
    ];
    for host in hosts {
        let marker = Marker {
            owner: OWNER.id.into(),
            endpoint_id: target.endpoint_id.as_str().into(),
            types: target.types.as_slice().into(),
            change: "0ddba115".into(),
            confirmed: None,
        };
        // Each of its own, as they are when they were read.
        records.push(set(&Name::from_wire(host.as_str()), RecordType::A, self::target(&target.endpoint_id).alias));
        records.push(set(&marker_name(host), RecordType::Txt, Arc::new(marker.data())));
    }
    Zone {
        id: format!("Z{name}"),
        name: name.clone(),
        comment: ZoneMarker { owner: OWNER.id.to_owned(), vpc_id: OWNER.vpc_id.to_owned() }.comment(),
        holder: Holder::Account,
        on_vpc: true,
        on_staging: false,
        records,
    }
}

fn set(name: &Name, rtype: RecordType, data: Arc<Data>) -> RecordSet {
    RecordSet { name: name.clone(), rtype, data, simple: true }
}

fn values(ttl: i64, value: &str) -> Arc<Data> {
    Arc::new(Data::Values { ttl, values: vec![value.to_owned()] })
}
