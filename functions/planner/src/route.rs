//! Where each host should lead: to the TDP endpoint, to one of the VPC's own endpoints, or nowhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::endpoint::{Endpoint, Kind, State, Target, choose};
use crate::name::Name;
use crate::report::Problem;

/// Whose endpoint a host leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Tdp,
    /// The VPC's own interface endpoint of the host's service.
    Own,
}

/// What the configuration says about one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub to: To,
    /// The names that the service behind the host may have as an endpoint service. Empty for the platform's own hosts.
    pub services: Vec<String>,
    /// Written only if this host is: its zone would take the name from the VPC.
    pub beside: Option<Name>,
    /// Named by a person together with its service: a gateway endpoint does not count as serving it.
    pub is_explicit: bool,
}

/// Every host of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    pub hosts: BTreeMap<Name, Route>,
    /// Hosts with a star inside a label, which no record can have, with the names of their service.
    pub patterns: BTreeMap<String, Vec<String>>,
    /// Hosts to be left alone.
    pub held: BTreeSet<Name>,
}

impl Routes {
    /// Every service but TDP's whose endpoints matter.
    pub fn services(&self) -> BTreeSet<&str> {
        let of_hosts = self.hosts.values().flat_map(|route| &route.services);
        of_hosts.chain(self.patterns.values().flatten()).map(String::as_str).collect()
    }

    /// Every name for which something may be written or must not be.
    pub fn names(&self) -> BTreeSet<Name> {
        self.hosts.keys().chain(&self.held).cloned().collect()
    }

    /// The hosts that lead to the TDP endpoint.
    pub fn at_tdp(&self) -> BTreeSet<Name> {
        self.hosts.iter().filter(|(_, route)| route.to == To::Tdp).map(|(host, _)| host.clone()).collect()
    }

    /// Whether a host leads to one of the VPC's own endpoints.
    pub fn is_own(&self, host: &Name) -> bool {
        self.hosts.get(host).is_some_and(|route| route.to == To::Own)
    }

    /// What the configuration says, a line for each host: it changes when a person changes the configuration.
    pub fn lines(&self) -> Vec<String> {
        let line = |(host, route): (&Name, &Route)| {
            let to = if route.to == To::Own { route.services.join("+") } else { String::new() };
            format!("{host}={to}")
        };
        let held = self.held.iter().map(|host| format!("{host} held"));
        self.hosts.iter().map(line).chain(held).collect()
    }
}

/// What should be at a name. A name without a wish loses what is ours there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Lead(Target),
    /// Whatever is there stays.
    Leave,
}

/// Who serves a host of a service to clients of the VPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// Our record, at the TDP endpoint.
    Tdp,
    /// Our record, at one of the VPC's own endpoints.
    OwnEndpoint,
    /// Private DNS of the endpoint itself: nothing to write.
    PrivateDns,
    /// A gateway endpoint, by the VPC's route tables: nothing to write.
    Gateway,
    /// An endpoint that is on its way.
    Waiting,
    /// An endpoint that did not prove itself: nothing new leads to it.
    Unproved,
    /// Our record, at an endpoint that is lost.
    Lost,
    /// `HOLD_HOSTS`: left alone.
    Held,
    /// Nobody, and a zone of ours that stays for another host keeps it from public DNS.
    Hidden,
    /// Nobody: the name resolves as in public DNS.
    NotCovered,
}

impl Via {
    /// Whether somebody should look.
    pub(crate) fn is_amiss(self) -> bool {
        matches!(self, Via::NotCovered | Via::Lost | Via::Waiting | Via::Unproved | Via::Hidden)
    }

    /// As a person reads it.
    pub fn in_words(self) -> &'static str {
        match self {
            Via::Tdp => "our record, at the TDP endpoint",
            Via::OwnEndpoint => "our record, at the VPC's own endpoint",
            Via::PrivateDns => "private DNS of the endpoint; nothing to write",
            Via::Gateway => "gateway endpoint, by routing; nothing to write",
            Via::Waiting => "its endpoint is not ready",
            Via::Unproved => "its endpoint is NOT PROVED",
            Via::Lost => "our record, at an endpoint that is lost",
            Via::Held => "held: left alone",
            Via::Hidden => "NO ANSWER: a zone that stays keeps it from public DNS",
            Via::NotCovered => "NOT COVERED: public DNS",
        }
    }
}

/// How one host of a service is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// May hold a star inside a label, such as `ecs-a-*`, which is no DNS wildcard.
    pub host: String,
    pub via: Via,
    /// The service, by the first of its names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
}

/// What is known of a VPC when its hosts are given their targets.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    pub vpc_id: &'a str,
    /// The TDP endpoint and its target; `None` when the platform's hosts are to lose what is ours.
    pub tdp: Option<(&'a Endpoint, &'a Target)>,
    /// The VPC's endpoints to the services of [`Routes::services`].
    pub own: &'a [Endpoint],
    /// Our names, with the endpoint that the marker of each names.
    pub ours: &'a BTreeMap<Name, String>,
    /// Endpoints of which EC2 said that they do not exist.
    pub gone: &'a BTreeSet<String>,
    /// Whether our records go when the endpoint that they point at is lost.
    pub withdraws_on_loss: bool,
}

/// What should be at each name, and what people should know about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    pub hosts: BTreeMap<Name, Wish>,
    /// Of services other than TDP, of patterns, and of held hosts.
    pub coverage: Vec<Coverage>,
    pub problems: Vec<Problem>,
}

/// Gives each host its target.
pub fn wishes(routes: &Routes, seen: &Seen<'_>) -> Wishes {
    let mut wishes = withdrawn(routes, seen.ours);
    let mut given: BTreeMap<&Name, Given<'_>> = BTreeMap::new();
    let (first, beside): (Vec<_>, Vec<_>) = routes.hosts.iter().partition(|(_, route)| route.beside.is_none());
    for (host, route) in first.into_iter().chain(beside).filter(|(host, _)| !routes.held.contains(*host)) {
        let main = route.beside.as_ref();
        let is_led = |main: &Name| given.get(main).is_some_and(|(wish, ..)| matches!(wish, Some(Wish::Lead(_))));
        let is_left = |main: &Name| {
            routes.held.contains(main) || given.get(main).is_some_and(|(wish, ..)| *wish == Some(Wish::Leave))
        };
        if main.is_some_and(is_left) && seen.ours.contains_key(host) {
            // It is in the zone of a host that is left alone.
            given.insert(host, (Some(Wish::Leave), Via::Held, None));
        } else if main.is_none_or(is_led) {
            let at = if route.to == To::Tdp { at_tdp(host, route, seen) } else { at_own(host, route, seen) };
            given.insert(host, at);
        }
    }
    give_up_hiding(routes, seen, &mut given);
    keep_together(routes, seen, &mut given);
    let hidden = hidden(routes, seen, &given);
    let mut private: BTreeMap<String, BTreeSet<&Name>> = BTreeMap::new();
    for (host, (wish, via, endpoint)) in given {
        let Some(route) = routes.hosts.get(host) else { continue };
        let via = if hidden.contains(host) { Via::Hidden } else { via };
        if via == Via::PrivateDns && (route.services.is_empty() || route.to == To::Tdp) {
            private.entry(endpoint.map(|e| e.id.clone()).unwrap_or_default()).or_default().insert(host);
        }
        if !route.services.is_empty() && via != Via::Held && (route.beside.is_none() || wish.is_some()) {
            wishes.cover(host.as_str(), via, &route.services, endpoint);
        }
        wishes.hosts.extend(wish.map(|wish| (host.clone(), wish)));
    }
    for (host, services) in &routes.patterns {
        let covers = |e: &&Endpoint| services.contains(&e.service_name) && e.private_dns && e.state == State::Available;
        let endpoint = seen.own.iter().find(covers);
        wishes.cover(host, if endpoint.is_some() { Via::PrivateDns } else { Via::NotCovered }, services, endpoint);
    }
    wishes.coverage.sort_by(|a, b| a.host.cmp(&b.host));
    wishes.problems = problems(routes, seen, &wishes, &private);
    wishes
}

/// Names of ours that nobody is to serve any more stay for as long as others in their zone do: without a record there, the
/// zone would keep them from public DNS.
fn keep_together<'a>(routes: &'a Routes, seen: &Seen<'a>, given: &mut BTreeMap<&'a Name, Given<'a>>) {
    let left: Vec<&Name> =
        given.iter().filter(|(_, (wish, ..))| *wish == Some(Wish::Leave)).map(|(host, _)| *host).collect();
    let tops: Vec<&Name> = seen.ours.keys().filter(|top| left.iter().any(|host| host.is_within(top))).collect();
    for (host, (wish, via, _)) in given.iter_mut() {
        let stays = seen.ours.contains_key(*host) && tops.iter().any(|top| host.is_within(top));
        if wish.is_none() && *via == Via::NotCovered && stays {
            (*wish, *via) = (Some(Wish::Leave), Via::Waiting);
        }
    }
    for (host, route) in routes.hosts.iter().filter(|(host, _)| seen.ours.contains_key(*host)) {
        let main = route.beside.as_ref().and_then(|main| given.get(main));
        if matches!(main, Some((Some(Wish::Leave), ..))) && !given.contains_key(host) && !routes.held.contains(host) {
            given.insert(host, (Some(Wish::Leave), Via::Held, None));
        }
    }
}

/// Hosts that nobody serves and that are below one whose record stays for now: the zone of that one answers for them.
fn hidden(routes: &Routes, seen: &Seen<'_>, given: &BTreeMap<&Name, Given<'_>>) -> BTreeSet<Name> {
    let stays = |above: &Name| {
        let is_there = matches!(given.get(above), Some((Some(_), ..))) || routes.held.contains(above);
        is_there && seen.ours.contains_key(above)
    };
    let is_open = |host: &Name| matches!(given.get(host), Some((None, via, _)) if *via != Via::PrivateDns);
    let is_hidden =
        |host: &&Name| is_open(host) && std::iter::successors(host.parent(), Name::parent).any(|above| stays(&above));
    routes.hosts.keys().filter(is_hidden).cloned().collect()
}

/// A host of an own endpoint is not led there when its zone would take names of the configuration from the VPC that
/// nobody serves: those resolve in public DNS as long as there is no zone.
fn give_up_hiding<'a>(routes: &'a Routes, seen: &Seen<'a>, given: &mut BTreeMap<&'a Name, Given<'a>>) {
    let hides = |host: &Name, given: &BTreeMap<&Name, Given<'_>>| {
        let zone = host.wildcard_base().unwrap_or_else(|| host.clone());
        let is_lost = |other: &Name| match given.get(other) {
            Some((None, Via::Waiting, _)) => !seen.ours.contains_key(host),
            Some((None, via, _)) => *via != Via::PrivateDns,
            Some((Some(_), ..)) => false,
            None => !routes.held.contains(other),
        };
        routes.hosts.keys().any(|other| other.is_below(&zone) && is_lost(other))
    };
    loop {
        let leads =
            |(host, (wish, ..)): &(&&'a Name, &Given<'_>)| matches!(wish, Some(Wish::Lead(_))) && routes.is_own(host);
        let found = given.iter().filter(leads).map(|(host, _)| *host).find(|host| hides(host, given));
        let Some(host) = found else { return };
        given.insert(host, (None, Via::NotCovered, None));
    }
}

/// Nothing is wanted, and what is held stays, with what stands in its zone for its sake.
pub fn withdrawn(routes: &Routes, ours: &BTreeMap<Name, String>) -> Wishes {
    let mut wishes = Wishes::default();
    for host in &routes.held {
        wishes.hosts.insert(host.clone(), Wish::Leave);
        wishes.cover(host.as_str(), Via::Held, &[], None);
    }
    let of_held = |route: &Route| route.beside.as_ref().is_some_and(|main| routes.held.contains(main));
    let beside = routes.hosts.iter().filter(|(host, route)| of_held(route) && ours.contains_key(*host));
    wishes.hosts.extend(beside.map(|(host, _)| (host.clone(), Wish::Leave)));
    wishes
}

impl Wishes {
    fn cover(&mut self, host: &str, via: Via, services: &[String], endpoint: Option<&Endpoint>) {
        self.coverage.push(Coverage {
            host: host.to_owned(),
            via,
            service: services.first().cloned(),
            endpoint_id: endpoint.map(|e| e.id.clone()),
        });
    }

    /// The hosts that are to lead somewhere.
    pub fn leading(&self) -> BTreeSet<Name> {
        let leads = |(host, wish): (&Name, &Wish)| matches!(wish, Wish::Lead(_)).then(|| host.clone());
        self.hosts.iter().filter_map(leads).collect()
    }

    /// Gives up leading these hosts anywhere else than they lead now, because their endpoints are not proved.
    pub fn leave(&mut self, hosts: &BTreeSet<Name>, ours: &BTreeMap<Name, String>) {
        for row in self.coverage.iter_mut().filter(|row| hosts.iter().any(|host| host.as_str() == row.host)) {
            row.via = Via::Unproved;
        }
        for host in hosts {
            if ours.contains_key(host) {
                self.hosts.insert(host.clone(), Wish::Leave);
            } else {
                self.hosts.remove(host);
            }
        }
    }
}

type Given<'a> = (Option<Wish>, Via, Option<&'a Endpoint>);

/// A host at the TDP endpoint, unless private DNS of that endpoint, or of the service's own one, serves it.
fn at_tdp<'a>(host: &Name, route: &Route, seen: &Seen<'a>) -> Given<'a> {
    let Some((endpoint, target)) = seen.tdp else { return (None, Via::NotCovered, None) };
    let own = of_service(route, seen.own).filter(|e| !e.state.is_lost());
    let covers = std::iter::once(endpoint).chain(own).find(|e| e.private_dns_covers(host));
    match covers.filter(|_| !seen.ours.contains_key(host)) {
        Some(endpoint) => (None, Via::PrivateDns, Some(endpoint)),
        None => (Some(Wish::Lead(target.clone())), Via::Tdp, Some(endpoint)),
    }
}

/// A host at the VPC's own endpoint of its service.
fn at_own<'a>(host: &Name, route: &Route, seen: &Seen<'a>) -> Given<'a> {
    // A marker that names an endpoint to something else is from before the configuration changed.
    let is_elsewhere = |id: &&String| {
        let is_tdp = seen.tdp.is_some_and(|(endpoint, _)| endpoint.id == **id);
        is_tdp || seen.own.iter().any(|e| e.id == **id && !route.services.contains(&e.service_name))
    };
    let current = seen.ours.get(host).filter(|id| !is_elsewhere(id));
    let interfaces = || of_service(route, seen.own).filter(|e| e.kind == Kind::Interface);
    let covers = interfaces().find(|e| !e.state.is_lost() && e.private_dns_covers(host));
    // Without a record of ours, private DNS answers.
    let without: Given<'a> = (None, covers.map_or(Via::NotCovered, |_| Via::PrivateDns), covers);
    if covers.is_some() && !seen.ours.contains_key(host) {
        return without;
    }
    let gateway = of_service(route, seen.own).find(|e| e.kind == Kind::Gateway && e.state == State::Available);
    if let Some(gateway) = gateway.filter(|_| !route.is_explicit) {
        return (None, Via::Gateway, Some(gateway));
    }
    let chosen = choose(interfaces(), current.map(String::as_str), &BTreeSet::new());
    let target = chosen.filter(|e| e.state == State::Available).and_then(Endpoint::target);
    // While the platform's hosts lead nowhere, nothing is proved: what is there stays, and nothing new comes.
    if let (Some(target), true) = (target, seen.tdp.is_some()) {
        return (Some(Wish::Lead(target)), Via::OwnEndpoint, chosen);
    }
    let Some(current) = current else {
        if covers.is_some_and(|e| e.state == State::Available) {
            return without;
        }
        // What led elsewhere before goes on until the endpoint is there.
        let stays = seen.ours.contains_key(host).then_some(Wish::Leave);
        return match chosen.filter(|e| e.state == State::Available || e.state.is_pending()) {
            Some(endpoint) => (stays, Via::Waiting, Some(endpoint)),
            None => without,
        };
    };
    // Our record leads to an endpoint that is not available. Only what EC2 says of that endpoint takes it away.
    let known = interfaces().find(|e| e.id == *current);
    let is_lost = known.map_or(seen.gone.contains(current), |e| e.state.proves_loss());
    match known {
        _ if is_lost && seen.withdraws_on_loss => without,
        Some(endpoint) if endpoint.state == State::Available => (Some(Wish::Leave), Via::OwnEndpoint, known),
        Some(endpoint) if !endpoint.state.is_lost() => (Some(Wish::Leave), Via::Waiting, known),
        _ => (Some(Wish::Leave), Via::Lost, known),
    }
}

fn of_service<'a>(route: &Route, own: &'a [Endpoint]) -> impl Iterator<Item = &'a Endpoint> {
    own.iter().filter(|e| route.services.contains(&e.service_name))
}

fn problems(
    routes: &Routes,
    seen: &Seen<'_>,
    wishes: &Wishes,
    private: &BTreeMap<String, BTreeSet<&Name>>,
) -> Vec<Problem> {
    let mut problems: Vec<Problem> = private.iter().map(|(id, hosts)| private_dns(seen, id, hosts)).collect();
    let hosts = |via: Via| {
        let rows = wishes.coverage.iter().filter(move |row| row.via == via);
        rows.map(|row| row.host.as_str()).collect::<Vec<&str>>()
    };
    let is_through_tdp = |row: &&Coverage| row.via == Via::Tdp;
    if wishes.coverage.iter().any(|row| is_through_tdp(&row)) {
        problems.push(through_tdp(seen, &hosts(Via::Tdp)));
    }
    if !hosts(Via::NotCovered).is_empty() && seen.tdp.is_some() {
        problems.push(not_covered(routes, seen, wishes));
    }
    if !hosts(Via::Hidden).is_empty() {
        problems.push(kept_from_public_dns(seen, &hosts(Via::Hidden)));
    }
    for row in wishes.coverage.iter().filter(|row| row.via == Via::Lost) {
        let id = seen.ours.iter().find(|(name, _)| name.as_str() == row.host).map(|(_, id)| id.as_str());
        problems.push(lost(seen, row, id.unwrap_or_default()));
    }
    problems
}

fn private_dns(seen: &Seen<'_>, endpoint_id: &str, hosts: &BTreeSet<&Name>) -> Problem {
    let names: Vec<&str> = hosts.iter().map(|host| host.as_str()).collect();
    let (whose, fix) = if seen.tdp.is_some_and(|(endpoint, _)| endpoint.id == endpoint_id) {
        ("The endpoint's own private DNS".to_owned(), "Nothing to do.".to_owned())
    } else {
        let fix = format!("Nothing, if they should lead there; else turn private DNS of {endpoint_id} off.");
        (format!("Private DNS of the VPC's own endpoint {endpoint_id}"), fix)
    };
    Problem::note(
        "private-dns-covers",
        names.join(","),
        format!("{whose} already answers for {} in this VPC: nothing is written for it.", names.join(", ")),
        fix,
    )
}

fn through_tdp(seen: &Seen<'_>, hosts: &[&str]) -> Problem {
    Problem::note(
        "aws-through-tdp",
        hosts.join(","),
        format!("Every client in {} will reach {} through TDP.", seen.vpc_id, hosts.join(", ")),
        "Nothing, if TetraScience asks for it. Clients that use these services for other things use them through TDP as well; AWS_SERVICE_ROUTING=own leads to the VPC's own endpoints.",
    )
}

fn not_covered(routes: &Routes, seen: &Seen<'_>, wishes: &Wishes) -> Problem {
    let rows = || wishes.coverage.iter().filter(|row| row.via == Via::NotCovered);
    let hosts: Vec<&str> = rows().map(|row| row.host.as_str()).collect();
    let services: BTreeSet<&str> = rows().filter_map(|row| row.service.as_deref()).collect();
    let has_patterns = hosts.iter().any(|host| routes.patterns.contains_key(*host));
    let exact =
        " For a name with a star inside a label, private DNS has to be on, or EXTRA_HOSTS names the exact hosts.";
    Problem::note(
        "not-covered",
        hosts.join(","),
        format!(
            "Nothing in {} serves {} privately: there it resolves as in public DNS.",
            seen.vpc_id,
            hosts.join(", ")
        ),
        format!(
            "Create interface endpoints in the VPC to {}, with private DNS on where nothing else needs these names.{}",
            services.into_iter().collect::<Vec<&str>>().join(", "),
            if has_patterns { exact } else { "" }
        ),
    )
}

fn kept_from_public_dns(seen: &Seen<'_>, hosts: &[&str]) -> Problem {
    Problem::note(
        "host-hidden",
        hosts.join(","),
        format!(
            "{} has no answer in {}: a zone of ours that stays for another host keeps it from public DNS.",
            hosts.join(", "),
            seen.vpc_id
        ),
        "Create the endpoint of its service again. Or let the other host go: ON_LOSS=withdraw where its endpoint is lost, or take it out of HOLD_HOSTS.",
    )
}

fn lost(seen: &Seen<'_>, row: &Coverage, endpoint_id: &str) -> Problem {
    let service = row.service.as_deref().unwrap_or_default();
    Problem::note(
        "own-endpoint-lost",
        format!("{} {endpoint_id}", row.host),
        format!(
            "{} leads to {endpoint_id}, the endpoint of {} to {service}, which is lost. The record was kept.",
            row.host, seen.vpc_id
        ),
        "Create the endpoint again: the record then follows it. ON_LOSS=withdraw takes such records out.",
    )
}
