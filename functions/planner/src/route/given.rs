//! What each host is given, one by one and then together: hosts that share a zone share what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Route, Routes, Seen, Via, Wish};
use crate::endpoint::{Endpoint, Kind, State, choose};
use crate::name::Name;

/// What should be at a host, who serves it, and by which endpoint.
pub(super) type Given<'a> = (Option<Wish>, Via, Option<&'a Endpoint>);

/// Whether private DNS of an endpoint takes a host, also one that has a record of ours: below a name that has one as well,
/// it is AWS's own zone that answers, because it is the more specific one. At the top of a zone of ours none comes about.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>
fn is_taken(host: &Name, by: &Endpoint, seen: &Seen<'_>) -> bool {
    let mut above = std::iter::successors(host.parent(), Name::parent);
    !seen.ours.contains_key(host) || (by.state == State::Available && above.any(|above| seen.ours.contains_key(&above)))
}

/// A host at the TDP endpoint, unless private DNS of that endpoint, or of the service's own one, serves it.
pub(super) fn at_tdp<'a>(host: &Name, route: &Route, seen: &Seen<'a>) -> Given<'a> {
    let Some((endpoint, target)) = seen.tdp else { return (None, Via::NotCovered, None) };
    let own = of_service(route, seen.own).filter(|e| !e.state.is_lost());
    let covers = std::iter::once(endpoint).chain(own).find(|e| e.private_dns_covers(host));
    match covers.filter(|by| is_taken(host, by, seen)) {
        Some(endpoint) => (None, Via::PrivateDns, Some(endpoint)),
        None => (Some(Wish::Lead(target.clone())), Via::Tdp, Some(endpoint)),
    }
}

/// A host at the VPC's own endpoint of its service.
pub(super) fn at_own<'a>(host: &Name, route: &Route, seen: &Seen<'a>) -> Given<'a> {
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
    if covers.is_some_and(|by| is_taken(host, by, seen)) {
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

/// Names of ours that nobody is to serve any more stay for as long as others in their zone do: without a record there, the
/// zone would keep them from public DNS.
pub(super) fn keep_together<'a>(routes: &'a Routes, seen: &Seen<'a>, given: &mut BTreeMap<&'a Name, Given<'a>>) {
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
pub(super) fn hidden(routes: &Routes, seen: &Seen<'_>, given: &BTreeMap<&Name, Given<'_>>) -> BTreeSet<Name> {
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
pub(super) fn give_up_hiding<'a>(routes: &'a Routes, seen: &Seen<'a>, given: &mut BTreeMap<&'a Name, Given<'a>>) {
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
