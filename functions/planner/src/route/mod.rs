//! Where each host should lead: to the TDP endpoint, to one of the VPC's own endpoints, or nowhere.

mod given;
mod problems;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::given::{Given, at_own, at_tdp, give_up_hiding, hidden, keep_together};
use self::problems::problems;
use crate::endpoint::{Endpoint, State, Target};
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
    /// What the endpoint serves addresses as: `ipv4`, `dualstack` and others; empty without one.
    #[serde(skip)]
    pub ip_type: String,
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
            ip_type: endpoint.map(|e| e.ip_type.clone()).unwrap_or_default(),
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
