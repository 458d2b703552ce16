//! The hosts of the configuration, and where each should lead.

use std::collections::{BTreeMap, BTreeSet};

use planner::catalog::{self, Applied, CatalogError, Deployment};
use planner::name::Name;
use planner::route::{Route, Routes, To};
use planner::variables::{Reader, one_of};

const COMPONENTS: [&str; 5] = ["hub", "data-hub", "agent", "agent-s3-direct", "connector"];

/// `AWS_SERVICE_ROUTING`: where the hosts of AWS services lead; `None`: nowhere, they are left alone.
fn aws_routing(reader: &mut Reader<'_>) -> Option<To> {
    match reader.choice("AWS_SERVICE_ROUTING", &["none", "own", "tdp"], "none") {
        "own" => Some(To::Own),
        "tdp" => Some(To::Tdp),
        _ => None,
    }
}

/// Reads which hosts there are and where they should lead. What is wrong is noted in the reader; `None` when there is no
/// list of hosts then.
pub(crate) fn routes(
    reader: &mut Reader<'_>,
    platform_host: Option<&Name>,
    region: &str,
    service_name: &str,
) -> Option<(Applied, Routes)> {
    let components = components(reader);
    let bucket_prefix = bucket_prefix(reader, &components);
    let extra = extra_hosts(reader, service_name);
    let held = held_hosts(reader);
    let routing = aws_routing(reader);
    let platform_host = platform_host?.clone();
    let deployment = Deployment { platform_host, region: region.to_owned(), components, bucket_prefix };
    let found = catalog::apply(&deployment)
        .and_then(|catalog| Ok((catalog_routes(&catalog, routing)?, catalog)))
        .map_err(|error| {
            let allowed = format!("a host that the catalog's names can be built from: {}", planner::log::chain(&error));
            reader.say("TDP_PLATFORM_HOST", Some(deployment.platform_host.as_str()), allowed);
        });
    let (mut routes, catalog) = found.ok()?;
    for (host, service) in extra {
        let zone = host.wildcard_base().unwrap_or_else(|| host.clone());
        if let Some(why) = catalog.never(&zone) {
            let allowed = format!("narrower: it would need a private zone {zone}, and {why}");
            reader.say("EXTRA_HOSTS", Some(host.as_str()), allowed);
        }
        let known = routes.hosts.get(&host).map(|route| route.services.clone()).unwrap_or_default();
        let is_explicit = service.is_some();
        let to = if is_explicit { To::Own } else { To::Tdp };
        let services = service.map_or(known, |service| vec![service]);
        routes.hosts.insert(host, Route { to, services, beside: None, is_explicit });
    }
    add_beside(&catalog, &mut routes);
    follow_explicit(&mut routes);
    let zone = &deployment.platform_host;
    if let Some(why) = catalog.never(zone) {
        let allowed = format!("the host of one deployment: it would need a private zone {zone}, and {why}");
        reader.say("TDP_PLATFORM_HOST", Some(zone.as_str()), allowed);
    }
    routes.held = held;
    Some((catalog, routes))
}

fn catalog_routes(catalog: &Applied, routing: Option<To>) -> Result<Routes, CatalogError> {
    let tdp = Route { to: To::Tdp, services: Vec::new(), beside: None, is_explicit: false };
    let hosts = catalog.tdp_hosts()?.into_iter().map(|host| (host, tdp.clone())).collect();
    let mut routes = Routes { hosts, ..Routes::default() };
    let Some(to) = routing else { return Ok(routes) };
    for row in catalog.hosts.iter().filter(|row| !row.service_names.is_empty()) {
        match Name::host(&row.host) {
            Ok(host) => {
                let services = row.service_names.clone();
                routes.hosts.insert(host, Route { to, services, beside: None, is_explicit: false });
            }
            // No record can have it: only private DNS of the service's own endpoint serves it.
            Err(_) => {
                routes.patterns.insert(row.host.clone(), row.service_names.clone());
            }
        }
    }
    Ok(routes)
}

fn components(reader: &mut Reader<'_>) -> BTreeSet<String> {
    let mut components = BTreeSet::new();
    for component in reader.list("TDP_COMPONENTS") {
        if COMPONENTS.contains(&component) {
            components.insert(component.to_owned());
        } else {
            reader.say("TDP_COMPONENTS", Some(component), format!("a list of {}", one_of(&COMPONENTS)));
        }
    }
    if components.is_empty() {
        components.extend(["hub".to_owned(), "agent".to_owned()]);
    }
    components
}

fn bucket_prefix(reader: &mut Reader<'_>, components: &BTreeSet<String>) -> Option<String> {
    let allowed = "{infra}-{env}: 3 to 50 lower-case letters, digits and hyphens, from TetraScience";
    let is_valid = |text: &str| {
        (3..=50).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let prefix = reader.optional("TDP_BUCKET_PREFIX", allowed, is_valid);
    let is_direct = components.contains("agent-s3-direct");
    if is_direct && prefix.is_none() {
        reader.say("TDP_BUCKET_PREFIX", None, format!("{allowed}, because TDP_COMPONENTS has agent-s3-direct"));
    }
    if !is_direct && prefix.is_some() {
        reader.say("TDP_BUCKET_PREFIX", prefix.as_deref(), "empty, unless TDP_COMPONENTS has agent-s3-direct");
    }
    prefix
}

/// Names that the zone of an AWS host would take from the VPC go where that host goes.
fn add_beside(catalog: &Applied, routes: &mut Routes) {
    for row in &catalog.beside {
        let Some(main) = routes.hosts.get(&row.beside) else { continue };
        let (services, beside) = (row.service_names.clone(), Some(row.beside.clone()));
        let route = Route { services, beside, ..main.clone() };
        routes.hosts.entry(row.host.clone()).or_insert(route);
    }
}

/// A host below one that a person led to its service's own endpoint goes there as well, also past a gateway endpoint: the
/// zone of the one above would hide it.
fn follow_explicit(routes: &mut Routes) {
    let explicit: Vec<(Name, Vec<String>)> = routes
        .hosts
        .iter()
        .filter(|(_, route)| route.is_explicit)
        .map(|(host, route)| (host.clone(), route.services.clone()))
        .collect();
    for (host, route) in routes.hosts.iter_mut().filter(|(_, route)| route.to == To::Own) {
        route.is_explicit |= explicit.iter().any(|(above, of)| host.is_below(above) && *of == route.services);
    }
}

/// `EXTRA_HOSTS`: hosts to the TDP endpoint, and `host=<service name>` to the VPC's own endpoint of that service.
fn extra_hosts(reader: &mut Reader<'_>, tdp: &str) -> BTreeMap<Name, Option<String>> {
    let mut hosts = BTreeMap::new();
    for entry in reader.list("EXTRA_HOSTS") {
        let (host, service) = match entry.split_once('=') {
            Some((host, service)) => (host.trim(), Some(service.trim())),
            None => (entry, None),
        };
        if let Some(service) = service.filter(|service| !is_service(service) || *service == tdp) {
            let why = if service == tdp { "the host alone, since that is the TDP service" } else { A_SERVICE };
            reader.say("EXTRA_HOSTS", Some(entry), why);
            continue;
        }
        match Name::host(host) {
            Ok(host) => {
                let service = service.map(str::to_owned);
                let known = hosts.insert(host, service.clone());
                if known.is_some_and(|known| known != service) {
                    reader.say("EXTRA_HOSTS", Some(entry), "one place for each host");
                }
            }
            Err(error) => reader.say(
                "EXTRA_HOSTS",
                Some(entry),
                format!("a list of host names or *.host, or host=<service name>: {error}"),
            ),
        }
    }
    hosts
}

const A_SERVICE: &str =
    "host=<service name>, such as ecs-a-1.us-east-1.amazonaws.com=com.amazonaws.us-east-1.ecs-agent";

/// The name of an endpoint service, of AWS or of anybody. <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>
fn is_service(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
    };
    text.len() <= 255 && text.split('.').count() >= 4 && text.split('.').all(is_part)
}

/// `HOLD_HOSTS`: hosts to leave alone from now on.
fn held_hosts(reader: &mut Reader<'_>) -> BTreeSet<Name> {
    let mut hosts = BTreeSet::new();
    for entry in reader.list("HOLD_HOSTS") {
        match Name::host(entry) {
            Ok(host) => {
                hosts.insert(host);
            }
            Err(error) => reader.say("HOLD_HOSTS", Some(entry), format!("a list of host names or *.host: {error}")),
        }
    }
    hosts
}
