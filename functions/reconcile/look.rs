//! What is known of one VPC before anything is decided: its zones, our names, and the endpoints that matter.

use std::collections::{BTreeMap, BTreeSet};

use planner::current::{Owner, Zone, ours, pointed_at, split};
use planner::endpoint::{Endpoint, State, choose};
use planner::name::Name;
use planner::trigger::is_endpoint_id;

use super::Reconcile;
use super::read::{Vpc, World};
use crate::error::{AwsError, Kind};

/// What is known of one VPC when its turn comes.
pub(crate) struct Look {
    pub zones: Vec<Zone>,
    /// Our names, with the endpoint that the marker of each names.
    pub ours: BTreeMap<Name, String>,
    /// The TDP endpoint that records point at.
    pub live: Option<String>,
    /// Whether EC2 said of that one that it is lost.
    pub is_live_lost: bool,
    pub endpoint: Option<Endpoint>,
    /// Whether our records lead to a living endpoint of another service, which the configuration named before.
    pub is_elsewhere: bool,
    /// The VPC's own endpoints, also those that only markers know of.
    pub own: Vec<Endpoint>,
    /// Endpoints of which EC2 said that they do not exist.
    pub gone: BTreeSet<String>,
}

impl Reconcile {
    /// Reads what a decision needs.
    pub(crate) async fn look(&self, vpc: &Vpc, world: &World) -> Result<Look, AwsError> {
        let zones = match self.zones(vpc, &world.listed, world.seen_by(&vpc.id)).await {
            // A zone went while it was read: another run is at work.
            Err(error) if error.kind == Kind::Stale => self.look_again(vpc).await?,
            zones => zones?,
        };
        let owner = self.owner(&vpc.id);
        let ours = ours(&zones, owner);
        let (own, gone) = self.own_endpoints(vpc, &ours).await?;
        let has_zones = zones.iter().any(|zone| zone.is_created_by(owner));
        let live = self.followed(vpc, &seen_by_vpc(&ours, &zones, owner), &own);
        let (endpoint, is_live_lost) = self.endpoint(vpc, live.clone(), has_zones).await?;
        let is_other = |e: &Endpoint| !self.is_tdp(e) && !e.state.is_lost();
        let followed = live.as_deref().filter(|id| !vpc.endpoints.iter().any(|e| e.id == *id));
        let (endpoint, is_elsewhere, live) = match endpoint {
            // Of another service: it is not followed, and its records stay until there is a better one.
            Some(other) if followed == Some(other.id.as_str()) && is_other(&other) => {
                (choose(&vpc.endpoints, None, &self.config.pinned).cloned().or(Some(other)), true, None)
            }
            endpoint => (endpoint, false, live),
        };
        Ok(Look { zones, ours, live, is_live_lost, endpoint, is_elsewhere, own, gone })
    }

    /// The TDP endpoint that our records follow: one that is listed as such, or else by the platform's names, and without
    /// any by all that are not at one of the VPC's own endpoints.
    fn followed(&self, vpc: &Vpc, ours: &BTreeMap<Name, String>, own: &[Endpoint]) -> Option<String> {
        let routes = &self.config.routes;
        // What is held stays where it is, wherever the others lead.
        let free: BTreeMap<Name, String> = ours
            .iter()
            .filter(|(name, _)| !routes.held.contains(*name))
            .map(|(name, id)| (name.clone(), id.clone()))
            .collect();
        let ours = if free.is_empty() { ours } else { &free };
        let is_listed = |_: &Name, id: &str| vpc.endpoints.iter().any(|e| e.id == id);
        let is_no_other = |name: &Name, id: &str| !routes.is_own(name) && !own.iter().any(|e| e.id == id);
        let is_platforms = |name: &Name, id: &str| {
            routes.hosts.get(name).is_some_and(|route| route.services.is_empty()) && is_no_other(name, id)
        };
        pointed_at(ours, is_listed).or_else(|| pointed_at(ours, is_platforms)).or_else(|| pointed_at(ours, is_no_other))
    }

    /// The VPC's own endpoints, with those that markers name and EC2 did not list; and which of these do not exist. Only
    /// EC2's answer about one by its id proves that.
    async fn own_endpoints(
        &self,
        vpc: &Vpc,
        ours: &BTreeMap<Name, String>,
    ) -> Result<(Vec<Endpoint>, BTreeSet<String>), AwsError> {
        let mut own = vpc.own.clone();
        let mut gone = BTreeSet::new();
        let named = ours.iter().filter(|(name, id)| self.config.routes.is_own(name) && is_endpoint_id(id));
        let named = named.map(|(_, id)| id);
        let known: BTreeSet<&str> = vpc.all().map(|e| e.id.as_str()).collect();
        for id in named.filter(|id| !known.contains(id.as_str())).collect::<BTreeSet<&String>>() {
            match self.ec2.endpoint(id).await? {
                Some(endpoint) => own.push(endpoint),
                None => {
                    gone.insert(id.clone());
                }
            }
        }
        Ok((own, gone))
    }

    /// The endpoint before this one: the one that records point at, or that was announced.
    pub(crate) fn moved_from(&self, vpc: &Vpc, live: Option<&str>, endpoint: &Endpoint) -> Option<String> {
        let is_other = |id: &&str| *id != endpoint.id && !id.is_empty();
        let announced = vpc.record.as_ref().filter(|record| record.announced.was_live);
        let announced = announced.and_then(|record| record.endpoint_id.as_deref());
        let is_listed = |id: &&str| vpc.endpoints.iter().any(|e| e.id == **id);
        live.filter(is_other).filter(is_listed).or(announced.filter(is_other)).map(str::to_owned)
    }

    /// The endpoint to follow. When the one that our records point at, or that was announced, is not in EC2's
    /// list, EC2 is asked for it by id: only its "not found" proves that it is gone. And whether it is proved that the one
    /// that records point at is lost.
    async fn endpoint(
        &self,
        vpc: &Vpc,
        live: Option<String>,
        has_zones: bool,
    ) -> Result<(Option<Endpoint>, bool), AwsError> {
        let pinned = &self.config.pinned;
        let chosen = choose(&vpc.endpoints, live.as_deref(), pinned).cloned();
        let recorded = vpc.record.as_ref().and_then(|record| record.endpoint_id.clone());
        let listed = vpc.endpoints.iter().find(|e| Some(&e.id) == live.as_ref());
        let is_listed_lost = listed.is_some_and(|e| e.state.proves_loss());
        let has_live = live.is_some();
        // One that is pinned is not left, also when it is not listed any more.
        let is_pinned = live.as_ref().is_some_and(|id| pinned.contains(id));
        let known = live.or_else(|| recorded.filter(|_| chosen.is_none()));
        let Some(id) = known.filter(|id| !vpc.endpoints.iter().any(|e| e.id == *id)) else {
            // Zones of ours and no trace of an endpoint: an earlier run made them and ended before it filled them.
            let endpoint = chosen.or_else(|| has_zones.then(|| Endpoint::missing("", &vpc.id)));
            return Ok((endpoint, is_listed_lost));
        };
        let better = chosen.filter(|e| !is_pinned && e.state == State::Available);
        match self.ec2.endpoint(&id).await? {
            // A list may leave one out.
            Some(found) if !found.state.is_lost() => Ok((Some(found), false)),
            found => {
                let is_lost = has_live && found.as_ref().is_none_or(|found| found.state.proves_loss());
                Ok((better.or(found).or_else(|| Some(Endpoint::missing(&id, &vpc.id))), is_lost))
            }
        }
    }
}

/// Our names without those that are only in zones on the staging VPC: no client is led by them.
fn seen_by_vpc(ours: &BTreeMap<Name, String>, zones: &[Zone], owner: Owner<'_>) -> BTreeMap<Name, String> {
    let held_by = |is_meant: fn(&&Zone) -> bool| -> BTreeSet<Name> {
        zones.iter().filter(is_meant).flat_map(|zone| split(zone, owner).ours.into_keys()).collect()
    };
    let staged = &held_by(|zone| zone.on_staging && !zone.on_vpc) - &held_by(|zone| zone.on_vpc);
    // A marker that names no endpoint, by whosever hand, says nothing about where names lead.
    ours.iter()
        .filter(|(name, id)| !staged.contains(*name) && is_endpoint_id(id))
        .map(|(name, id)| (name.clone(), id.clone()))
        .collect()
}
