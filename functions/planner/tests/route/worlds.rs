//! Where each host should lead: what holds for every world.

use std::collections::BTreeSet;
use std::fmt;

use planner::current::{Zone, ours};
use planner::endpoint::{Endpoint, Kind, State};
use planner::name::Name;
use planner::plan::{Intent, Plan, plan};
use planner::route::{Routes, To, Via, Wish};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{OF_AWS, PLATFORM, PRIVATE, SQS, TDP, World, gateway, own, routes, with_private_dns};
use crate::scene::{OWNER, apply, endpoint, name};

const STATES: [&str; 9] =
    ["available", "available", "pending", "pendingAcceptance", "rejected", "failed", "deleting", "deleted", "partial"];

/// Two endpoints a service and a gateway: the state of each that is listed, and whether its private DNS is on.
type Listed = Vec<Option<(usize, bool)>>;

fn listed() -> impl Strategy<Value = Listed> {
    vec(prop::option::of((0..STATES.len(), prop::bool::weighted(0.2))), 2 * PRIVATE.len() + 1)
}

/// The endpoints that EC2 lists. Private DNS is on only where AWS would let it: one endpoint a service, and no zone of that
/// name in the VPC. <https://docs.aws.amazon.com/vpc/latest/privatelink/manage-dns-names.html>
fn endpoints(listed: &Listed, zones: &[Zone]) -> Vec<Endpoint> {
    let mut taken: BTreeSet<&str> = zones.iter().map(|zone| zone.name.as_str()).collect();
    let mut found = Vec::new();
    for (n, one) in listed.iter().enumerate() {
        let Some((state, is_private)) = one else { continue };
        let state = State::parse(STATES[*state]);
        let Some((short, _, hidden)) = PRIVATE.get(n / 2) else {
            found.push(gateway(state));
            continue;
        };
        let endpoint = own(&format!("vpce-0000000{n}"), short, state);
        found.push(if *is_private && taken.insert(hidden) { with_private_dns(endpoint) } else { endpoint });
    }
    found
}

/// What an earlier configuration wrote, and what is the case now.
struct Case {
    routes: Routes,
    zones: Vec<Zone>,
    own: Vec<Endpoint>,
    gone: BTreeSet<String>,
    withdraws: bool,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.routes.is_own(&name(SQS)) { "own" } else { "tdp" };
        writeln!(f, "{to}, withdraws: {}, gone: {:?}, our records:", self.withdraws, self.gone)?;
        for (host, id) in ours(&self.zones, OWNER) {
            writeln!(f, "  {host} at {id}")?;
        }
        writeln!(f, "EC2 lists:")?;
        for Endpoint { id, service_name, state, private_dns, .. } in &self.own {
            writeln!(f, "  {id} {service_name} {state}, private DNS: {private_dns}")?;
        }
        Ok(())
    }
}

impl Case {
    fn world(&self, zones: &[Zone]) -> World {
        let (own, gone, withdraws) = (self.own.clone(), self.gone.clone(), self.withdraws);
        World { own, gone, withdraws, ours: ours(zones, OWNER), tdp: Some(endpoint(TDP)) }
    }

    fn plan(&self, zones: &[Zone]) -> Plan {
        let wishes = self.world(zones).wishes(&self.routes);
        plan(&Intent { owner: OWNER, wishes: &wishes.hosts, adopt: false, change: "c0ffee00" }, zones)
    }

    /// The zones after as many plans as a new zone needs: its SOA is known only once it is there.
    fn settled(&self) -> Vec<Zone> {
        let once = apply(&self.plan(&self.zones), &self.zones);
        apply(&self.plan(&once), &once)
    }

    /// Whether EC2 proves that an endpoint is lost, and our records are to go then.
    fn may_go(&self, id: &str) -> bool {
        let is_gone = match self.own.iter().find(|e| e.id == id) {
            Some(e) => ["rejected", "expired", "failed", "deleted"].contains(&e.state.as_str()),
            None => self.gone.contains(id),
        };
        self.withdraws && is_gone
    }
}

fn to() -> impl Strategy<Value = To> {
    prop::sample::select(vec![To::Own, To::Own, To::Own, To::Tdp])
}

fn case() -> impl Strategy<Value = Case> {
    (listed(), to(), listed(), to(), vec(any::<bool>(), 8), any::<bool>()).prop_map(
        |(before, was, now, is, gone, withdraws)| {
            let own = endpoints(&before, &[]);
            let (gone_before, zones) = (BTreeSet::new(), Vec::new());
            let zones = Case { routes: routes(was), zones, own, gone: gone_before, withdraws: false }.settled();
            let own = endpoints(&now, &zones);
            let is_gone = |id: &String| id.bytes().last().is_some_and(|n| gone[usize::from(n % 8)]);
            let unlisted = ours(&zones, OWNER).into_values().filter(|id| id != TDP && own.iter().all(|e| e.id != *id));
            let gone = unlisted.filter(is_gone).collect();
            Case { routes: routes(is), zones, own, gone, withdraws }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_host_either_leads_or_is_served_or_left_and_is_said_once(case in case()) {
        let wishes = case.world(&case.zones).wishes(&case.routes);
        for (host, _, beside) in OF_AWS {
            let rows: Vec<Via> = wishes.coverage.iter().filter(|row| row.host == host).map(|row| row.via).collect();
            prop_assert!(rows.len() == 1 || (beside.is_some() && rows.is_empty()), "{host}: {rows:?}");
            let leads = wishes.leading().contains(&name(host));
            let is_said_to = rows.iter().any(|via| matches!(via, Via::Tdp | Via::OwnEndpoint));
            prop_assert_eq!(leads, is_said_to, "{}: {:?}", host, rows);
        }
    }

    #[test]
    fn a_host_leads_only_to_an_available_endpoint_of_its_service_or_to_tdp(case in case()) {
        let wishes = case.world(&case.zones).wishes(&case.routes);
        for (host, wish) in &wishes.hosts {
            let Wish::Lead(target) = wish else { continue };
            let to = case.own.iter().find(|e| e.id == target.endpoint_id);
            let route = &case.routes.hosts[host];
            match (route.to, to) {
                (To::Tdp, None) => prop_assert_eq!(&target.endpoint_id, TDP),
                (To::Own, Some(to)) => {
                    prop_assert!(to.state == State::Available && route.services.contains(&to.service_name));
                    prop_assert_eq!(Some(target.clone()), to.target());
                }
                (_, to) => prop_assert!(false, "{} leads to {:?}", host, to),
            }
        }
    }

    #[test]
    fn a_plan_that_was_applied_leaves_nothing_to_plan(case in case()) {
        prop_assert!(!case.plan(&case.zones).is_refused(), "{:?}", case.plan(&case.zones).problems);
        let again = case.plan(&case.settled());
        prop_assert!(again.is_empty() && !again.is_refused(), "planning again gives {again}");
    }

    #[test]
    fn no_record_goes_without_proof_that_its_endpoint_is_lost(case in case()) {
        let (before, after) = (ours(&case.zones, OWNER), ours(&case.settled(), OWNER));
        let wishes = case.world(&case.zones).wishes(&case.routes);
        let is_unserved = |other: &Name| wishes.coverage.iter().any(|row| row.host == other.as_str() && row.via == Via::NotCovered);
        let has_gateway = case.own.iter().any(|e| e.kind == Kind::Gateway && e.state == State::Available);
        for (host, short, beside) in OF_AWS {
            let Some(id) = before.get(&name(host)).filter(|id| *id != TDP && beside.is_none()) else { continue };
            // A zone goes whole when nobody serves a host below it any more: without the zone that resolves in public DNS.
            let hides = OF_AWS.iter().any(|(other, _, _)| name(other).is_below(&name(host)) && is_unserved(&name(other)));
            // In a wider zone of ours, that of private DNS is what answers.
            let covers = |e: &Endpoint| e.state == State::Available && e.private_dns_covers(&name(host));
            let is_served = case.own.iter().any(covers);
            let to_gateway = short == "s3" && has_gateway && case.routes.is_own(&name(host));
            let may_go = case.may_go(id) || hides || is_served || to_gateway;
            prop_assert!(after.contains_key(&name(host)) || may_go, "{host} at {id} went");
        }
        prop_assert_eq!(after.get(&name(PLATFORM)).map(String::as_str), Some(TDP));
    }

    #[test]
    fn what_is_beside_a_host_goes_only_with_it(case in case()) {
        let (before, after) = (ours(&case.zones, OWNER), ours(&case.settled(), OWNER));
        for (host, _, beside) in OF_AWS {
            let Some(main) = beside.filter(|_| before.contains_key(&name(host))) else { continue };
            let id = &before[&name(host)];
            let is_served = case.own.iter().any(|e| !e.state.is_lost() && e.private_dns_covers(&name(host)));
            let may_go = !after.contains_key(&name(main)) || case.may_go(id) || is_served;
            prop_assert!(after.contains_key(&name(host)) || may_go, "{host} at {id} went, and {main} did not");
        }
    }

    #[test]
    fn no_zone_of_ours_takes_a_host_from_the_vpc_that_it_does_not_serve(case in case()) {
        let zones = case.settled();
        let served = ours(&zones, OWNER);
        let wishes = case.world(&zones).wishes(&case.routes);
        for row in wishes.coverage.iter().filter(|row| matches!(row.via, Via::NotCovered | Via::Waiting | Via::Gateway)) {
            let host = name(&row.host);
            let wildcard = host.parent().map(|parent| parent.child("*"));
            let is_served = served.contains_key(&host) || wildcard.is_some_and(|name| served.contains_key(&name));
            let hides = zones.iter().find(|zone| zone.on_vpc && host.is_within(&zone.name));
            prop_assert!(is_served || hides.is_none(), "{host} is hidden by {}", hides.unwrap().name);
        }
    }
}
