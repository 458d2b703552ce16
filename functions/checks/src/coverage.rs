//! Which host is served by whom, in this VPC.

use planner::name::Name;
use planner::route::{self, Coverage, Route, To, Wish, Wishes};
use serde::Serialize;

use crate::facts::{Facts, PrivateZone, Unread};
use crate::finding::Finding;
use crate::served::{left_alone, short, tdp, wishes};
use crate::wanted::Wanted;
use crate::zones::{Zones, is_of_ours, ours};

/// Who serves a host, to clients of the VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Our record, at the TDP endpoint.
    OurZone,
    /// Our record, at the VPC's own endpoint of the host's service.
    OwnEndpoint,
    /// Our record, at an endpoint of the VPC's own that is lost.
    Lost,
    /// An endpoint of the VPC's own that is on its way; `reconcile` leads the host there once it is ready.
    Waiting,
    /// Something of others keeps the name from the endpoint: a blocker says what.
    Contested,
    /// Private DNS of the TDP endpoint.
    TdpPrivateDns,
    /// Private DNS of an AWS service's interface endpoint.
    AwsEndpoint,
    /// A private zone of others on the VPC, such as one for a central endpoint. What is in it is not looked into.
    OtherZone,
    /// A gateway endpoint, by the route tables of the VPC. Clients outside the VPC cannot use it.
    GatewayEndpoint,
    /// Nobody: a zone of ours for another host takes the name from the VPC, or keeps it from there.
    Hidden,
    /// `HoldHosts`: left alone, whatever is there.
    Held,
    /// The public internet.
    Internet,
}

/// One host of the components, or of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// May hold a star inside a label, such as `ecs-a-*`, which is no DNS wildcard.
    pub host: String,
    pub via: Via,
    /// The endpoint, or the zone, that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub served_by: Option<String>,
    /// The AWS service whose endpoint would serve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_service: Option<String>,
    /// The names that this service may have as an endpoint service.
    #[serde(skip)]
    pub services: Vec<String>,
    /// Where `reconcile` leads it, unless it is served already; `None`: it leaves it alone.
    #[serde(skip)]
    pub to: Option<To>,
}

impl Row {
    /// Whether a record of ours serves it, or private DNS of the TDP endpoint.
    fn is_ours(&self) -> bool {
        matches!(self.via, Via::OurZone | Via::OwnEndpoint | Via::TdpPrivateDns)
    }

    /// Whether its name is a pattern that no record can have.
    pub(crate) fn is_pattern(&self) -> bool {
        self.host.contains('*') && Name::host(&self.host).is_err()
    }
}

/// The coverage table, in the order of the catalog, other hosts last. `findings` say which hosts something of others
/// keeps from the endpoint.
///
/// # Errors
/// The endpoints of the VPC could not be read.
pub fn coverage<'a>(facts: &'a Facts, wanted: &Wanted, findings: &[Finding]) -> Result<Vec<Row>, &'a Unread> {
    facts.tdp_endpoint.as_ref()?;
    facts.endpoints.as_ref()?;
    let (wishes, others, zones) = (wishes(facts, wanted), left_alone(facts, wanted), ours(facts, wanted));
    let table = Table { facts, wanted, wishes, others, zones };
    let catalog = wanted.catalog.hosts.iter();
    let mut rows: Vec<Row> = catalog.map(|host| table.row(&host.host, &host.service_names)).collect();
    for host in wanted.routes.names().iter().filter(|host| table.matters(host)) {
        if !rows.iter().any(|row| row.host == host.as_str()) {
            rows.push(table.row(host.as_str(), &[]));
        }
    }
    for row in rows.iter_mut().filter(|row| row.is_ours()) {
        if findings.iter().any(|finding| finding.hosts.contains(&row.host)) {
            row.via = Via::Contested;
            row.served_by = None;
        }
    }
    Ok(rows)
}

struct Table<'a> {
    facts: &'a Facts,
    wanted: &'a Wanted,
    wishes: Wishes,
    /// Of the AWS hosts that no record of ours is for.
    others: Vec<Coverage>,
    /// Those with our records.
    zones: Zones,
}

impl Table<'_> {
    /// Whether a host is one by itself: one that is only written beside another is none before it is written.
    fn matters(&self, host: &Name) -> bool {
        let route = self.wanted.routes.hosts.get(host);
        route.is_none_or(|route| route.beside.is_none()) || self.wishes.hosts.contains_key(host)
    }

    fn row(&self, host: &str, services: &[String]) -> Row {
        let routes = &self.wanted.routes;
        let name = Name::from_wire(host);
        let route = routes.hosts.get(&name);
        let services = route.map(|route| &route.services[..]).filter(|known| !known.is_empty()).unwrap_or(services);
        let is_own_pattern = routes.patterns.contains_key(host);
        let (via, served_by) = self.via(&name, services);
        Row {
            host: host.to_owned(),
            via,
            served_by: served_by.filter(|id| !id.is_empty()),
            aws_service: services.first().map(|service| short(service).to_owned()),
            services: services.to_vec(),
            to: route.map(|route| route.to).or(is_own_pattern.then_some(To::Own)),
        }
    }

    fn via(&self, host: &Name, services: &[String]) -> (Via, Option<String>) {
        if self.wanted.routes.held.contains(host) {
            return (Via::Held, None);
        }
        let (via, endpoint_id) = self.by_endpoint(host);
        if services.is_empty() || is_of_ours(self.wanted, &self.wishes, host) {
            let marked = || self.facts.records.as_ref().ok()?.ours.get(host).cloned();
            return (via, endpoint_id.or_else(marked));
        }
        let ours = self.zones.iter().filter(|(zone, _)| host.is_within(zone)).max_by_key(|(zone, _)| length(zone));
        let is_other = |zone: &&PrivateZone| !zone.is_of_service && !zone.is_ours && host.is_within(&zone.name);
        let theirs = self.facts.private_zones.iter().flatten().filter(is_other).max_by_key(|zone| length(&zone.name));
        // One that holds records of ours as well may hold others.
        let theirs = theirs.filter(|theirs| ours.is_none_or(|(zone, _)| length(&theirs.name) >= length(zone)));
        match (theirs, ours) {
            (Some(theirs), _) => (Via::OtherZone, Some(theirs.id.clone())),
            // EC2 takes no private DNS beside a zone of the same name: the one behind it is more specific.
            (None, Some(_)) if via != Via::AwsEndpoint => self.in_our_zone(host),
            _ => (via, endpoint_id),
        }
    }

    /// A host that lies in a zone of ours and has no record there: a wildcard beside it answers, or nothing does.
    fn in_our_zone(&self, host: &Name) -> (Via, Option<String>) {
        let wildcard = host.parent().map(|parent| parent.child("*"));
        let wish = wildcard.as_ref().and_then(|name| self.wishes.hosts.get(name));
        let (Some(wildcard), Some(Wish::Lead(target))) = (&wildcard, wish) else { return (Via::Hidden, None) };
        let via = if self.wanted.routes.is_own(wildcard) { Via::OwnEndpoint } else { Via::OurZone };
        (via, Some(target.endpoint_id.clone()))
    }

    /// By what `reconcile` decides, and for a host that it leaves alone by the VPC's endpoints.
    fn by_endpoint(&self, host: &Name) -> (Via, Option<String>) {
        let of = |rows: &[Coverage]| rows.iter().find(|row| row.host == host.as_str()).cloned();
        let tdp = tdp(self.facts).map(|endpoint| endpoint.id.clone());
        if let Some(Coverage { via, endpoint_id, .. }) = of(&self.wishes.coverage) {
            let via = match via {
                route::Via::Tdp => Via::OurZone,
                route::Via::OwnEndpoint => Via::OwnEndpoint,
                route::Via::PrivateDns if endpoint_id == tdp => Via::TdpPrivateDns,
                route::Via::PrivateDns => Via::AwsEndpoint,
                route::Via::Gateway => Via::GatewayEndpoint,
                route::Via::Waiting => Via::Waiting,
                route::Via::Lost => Via::Lost,
                route::Via::Held => Via::Held,
                route::Via::Hidden => Via::Hidden,
                route::Via::Unproved | route::Via::NotCovered => Via::Internet,
            };
            return (via, endpoint_id);
        }
        if let Some(Coverage { via, endpoint_id, .. }) = of(&self.others) {
            return match via {
                route::Via::PrivateDns => (Via::AwsEndpoint, endpoint_id),
                route::Via::Gateway => (Via::GatewayEndpoint, endpoint_id),
                _ => (Via::Internet, None),
            };
        }
        let route = self.wanted.routes.hosts.get(host);
        match (self.wishes.hosts.get(host), route) {
            (Some(Wish::Lead(target)), _) => (Via::OurZone, Some(target.endpoint_id.clone())),
            // Written beside another host, and left alone with it.
            (Some(Wish::Leave), Some(Route { beside: Some(main), .. })) => self.by_endpoint(main),
            (None, Some(_)) => (Via::TdpPrivateDns, tdp),
            _ => (Via::Internet, None),
        }
    }
}

fn length(zone: &Name) -> usize {
    zone.as_str().len()
}
