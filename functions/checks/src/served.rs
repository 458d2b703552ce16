//! Who serves each host: as `reconcile` decides it, so that both agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use planner::endpoint::{Endpoint, Target};
use planner::name::Name;
use planner::record::Data;
use planner::route::{self, Coverage, Route, Routes, Seen, To, Wishes};

use crate::facts::{Facts, Unread};
use crate::wanted::Wanted;

/// What is wanted at each name once the endpoint is available. What could not be read counts as not there.
pub(crate) fn wishes(facts: &Facts, wanted: &Wanted) -> Wishes {
    let nothing = BTreeMap::new();
    decided(facts, wanted, &wanted.routes, facts.records.as_ref().map_or(&nothing, |records| &records.ours))
}

/// Who serves the AWS hosts of the components that no record of ours is for.
pub(crate) fn left_alone(facts: &Facts, wanted: &Wanted) -> Vec<Coverage> {
    let mut routes = Routes::default();
    for row in wanted.catalog.hosts.iter().filter(|row| !row.service_names.is_empty()) {
        let services = row.service_names.clone();
        match Name::host(&row.host) {
            Ok(host) if !wanted.routes.hosts.contains_key(&host) => {
                routes.hosts.insert(host, Route { to: To::Own, services, beside: None, is_explicit: false });
            }
            Err(_) if !wanted.routes.patterns.contains_key(&row.host) => {
                routes.patterns.insert(row.host.clone(), services);
            }
            _ => {}
        }
    }
    decided(facts, wanted, &routes, &BTreeMap::new()).coverage
}

fn decided(facts: &Facts, wanted: &Wanted, routes: &Routes, ours: &BTreeMap<Name, String>) -> Wishes {
    // Before the endpoint is there, what it will serve counts: private DNS stays off until it is accepted.
    let nobody = Endpoint::missing("", &wanted.vpc_id);
    let endpoint = tdp(facts).unwrap_or(&nobody);
    let target = endpoint.target().unwrap_or_else(|| Target {
        endpoint_id: endpoint.id.clone(),
        alias: Arc::new(Data::Alias { target: Name::from_wire(""), zone_id: String::new(), evaluate_health: false }),
        types: endpoint.record_types(),
    });
    let seen = Seen {
        vpc_id: &wanted.vpc_id,
        tdp: Some((endpoint, &target)),
        own: facts.endpoints.as_deref().unwrap_or_default(),
        ours,
        // Only EC2's answer about an endpoint by its id proves that it is gone, and `reconcile` is who asks.
        gone: &BTreeSet::new(),
        withdraws_on_loss: wanted.withdraws_on_loss,
    };
    route::wishes(routes, &seen)
}

/// The endpoint to the TDP service, where there is one.
pub(crate) fn tdp(facts: &Facts) -> Option<&Endpoint> {
    facts.tdp_endpoint.as_ref().ok()?.as_ref().map(|found| &found.endpoint)
}

/// Whether a record leads a host to where it should lead.
pub(crate) fn is_led<'a>(facts: &'a Facts, host: &Name, to: &Target) -> Result<bool, &'a Unread> {
    let records = facts.records.as_ref()?;
    let Data::Alias { target, .. } = &*to.alias else { return Ok(false) };
    Ok(records.aliases.get(host).is_some_and(|found| found.contains(target)))
}

/// The Region and the short name of an AWS service, of its name as an endpoint service: `us-east-1` and `sqs`.
pub(crate) fn of_aws(service_name: &str) -> Option<(&str, &str)> {
    let name = service_name.strip_prefix("cn.").unwrap_or(service_name);
    name.strip_prefix("com.amazonaws.")?.split_once('.').filter(|(region, _)| *region != "vpce")
}

/// The short name of a service, or the whole one of somebody else's.
pub(crate) fn short(service_name: &str) -> &str {
    of_aws(service_name).map_or(service_name, |(_, short)| short)
}
