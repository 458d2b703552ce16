//! Reading the world: endpoints from EC2, zones and records from Route 53.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, TryStreamExt, iter};
use planner::current::{Holder, Zone};
use planner::desired;
use planner::endpoint::{Endpoint, State};
use planner::marker::ZoneMarker;
use planner::name::Name;
use planner::news::{ConnectionRecord, Status};
use planner::report::Mode;
use planner::trigger::Trigger;
use tokio::time::{Duration, Instant, sleep};

use super::{Clock, Reconcile};
use crate::aws::route53::{ListedZone, VpcZone};
use crate::error::{AwsError, Kind, STAGING};

/// How often to look while an endpoint is pending after a hint.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Zones of a VPC read or written at once, and VPCs at once: together inside Route 53's burst of 50 requests.
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/throttling-api-requests.html>
pub(crate) const AT_ONCE: usize = 8;
pub(crate) const VPCS_AT_ONCE: usize = 4;

/// What a full look at the account shows, before a VPC's own zones are read.
#[derive(Debug)]
pub(crate) struct World {
    pub listed: Vec<ListedZone>,
    pub records: BTreeMap<String, ConnectionRecord>,
    /// The zones that a VPC sees, read at the same time as the list, and that VPC's id.
    seen: Option<(String, OnVpc)>,
}

/// The zones that a VPC sees, or why nobody can say.
pub(crate) type OnVpc = Result<Vec<VpcZone>, AwsError>;

impl World {
    /// The zones that a VPC sees, where somebody asked already.
    pub(crate) fn seen_by(&self, vpc_id: &str) -> Option<&OnVpc> {
        self.seen.as_ref().filter(|(id, _)| id == vpc_id).map(|(_, seen)| seen)
    }
}

/// One VPC that has, or had, a connection.
#[derive(Debug)]
pub(crate) struct Vpc {
    pub id: String,
    /// Its endpoints to the platform.
    pub endpoints: Vec<Endpoint>,
    /// Its endpoints to other services that hosts of the configuration belong to.
    pub own: Vec<Endpoint>,
    pub record: Option<ConnectionRecord>,
}

impl Vpc {
    /// All its endpoints, in the order in which they are listed.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Endpoint> {
        let mut all: Vec<&Endpoint> = self.endpoints.iter().chain(&self.own).collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.into_iter()
    }

    /// Whether an endpoint is in it, or was when it was last told of.
    pub(crate) fn knows(&self, endpoint_id: &str) -> bool {
        let recorded = self.record.as_ref().and_then(|record| record.endpoint_id.as_deref());
        recorded == Some(endpoint_id) || self.all().any(|e| e.id == endpoint_id)
    }
}

impl Reconcile {
    /// Reads the endpoints. After a hint, looks again while an endpoint that it may mean is pending.
    pub(crate) async fn endpoints(&self, trigger: &Trigger, clock: &Clock) -> Result<Vec<Endpoint>, AwsError> {
        let others = self.config.routes.services();
        loop {
            let vpc_id = self.config.vpc_id.as_deref();
            let endpoints = self.ec2.endpoints(&self.config.service_name, &others, vpc_id).await?;
            let Trigger::Hint { endpoint_ids } = trigger else { return Ok(endpoints) };
            let is_meant = |endpoint: &Endpoint| endpoint_ids.is_empty() || endpoint_ids.contains(&endpoint.id);
            let is_pending = endpoints.iter().any(|e| e.state == State::Pending && is_meant(e));
            if !is_pending || Instant::now() + LOOK_EVERY > clock.watch_until() {
                return Ok(endpoints);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Whether an endpoint is one to the platform.
    pub(crate) fn is_tdp(&self, endpoint: &Endpoint) -> bool {
        endpoint.service_name == self.config.service_name
    }

    /// Reads what all connections share: the account's zones, and what was announced last. Where one VPC alone has endpoints
    /// to the platform, as mostly, what that one sees is read beside it.
    pub(crate) async fn world(&self, endpoints: &[Endpoint]) -> Result<World, AwsError> {
        let vpcs: BTreeSet<&str> = endpoints.iter().filter(|e| self.is_tdp(e)).map(|e| e.vpc_id.as_str()).collect();
        let only = vpcs.first().filter(|_| vpcs.len() == 1);
        let seen = async {
            let id = only?;
            Some(((*id).to_owned(), self.route53.zones_on_vpc(id).await))
        };
        let (listed, records, seen) = tokio::join!(self.route53.zones(), self.ssm.records(), seen);
        let (listed, mut records) = (listed?, records?);
        let memory = self.memory.lock().await;
        for vpc_id in memory.unsaved.keys() {
            let stored = records.remove(vpc_id);
            records.extend(memory.latest(vpc_id, stored).map(|record| (vpc_id.clone(), record)));
        }
        Ok(World { listed, records, seen })
    }

    /// The VPCs to look at: with an endpoint, with zones of ours, or with something announced that has not ended.
    pub(crate) fn vpcs(&self, endpoints: &[Endpoint], world: &World, trigger: &Trigger) -> Vec<Vpc> {
        let has_ended = |record: &ConnectionRecord| record.announced.status == Status::Withdrawn;
        let seen = endpoints.iter().filter(|e| self.is_tdp(e)).map(|e| e.vpc_id.clone());
        let ours = world.listed.iter().filter_map(|zone| self.our_vpc(zone));
        let announced = world.records.iter().filter(|(_, record)| !has_ended(record)).map(|(vpc, _)| vpc.clone());
        let ids: BTreeSet<String> = seen.chain(ours).chain(announced).collect();
        let vpc = |id: String| {
            let here = endpoints.iter().filter(|e| e.vpc_id == id).cloned();
            let (endpoints, own) = here.partition(|e| self.is_tdp(e));
            Vpc { endpoints, own, record: world.records.get(&id).cloned(), id }
        };
        let is_asked = |vpc: &Vpc| {
            let recorded = vpc.record.as_ref().and_then(|record| record.endpoint_id.as_deref());
            trigger.only().is_none_or(|id| recorded == Some(id) || vpc.endpoints.iter().any(|e| e.id == id))
        };
        let is_configured = |vpc: &Vpc| self.config.vpc_id.as_ref().is_none_or(|id| *id == vpc.id);
        ids.into_iter().map(vpc).filter(|vpc| is_configured(vpc) && is_asked(vpc)).collect()
    }

    /// The order in which VPCs are looked at, so that each gets its turn when time is short: those that an event means;
    /// then the one that this process has not looked at for longest; then those that are not where
    /// the configuration wants them, live or withdrawn. Two processes at once
    /// begin at different places.
    pub(crate) async fn in_turn(&self, mut vpcs: Vec<Vpc>, trigger: &Trigger, clock: &Clock) -> Vec<Vpc> {
        let memory = self.memory.lock().await;
        let start = clock.part_of(vpcs.len());
        vpcs.rotate_left(start);
        let is_meant = |vpc: &Vpc| match trigger {
            Trigger::Hint { endpoint_ids } => endpoint_ids.iter().any(|id| vpc.knows(id)),
            _ => false,
        };
        let goal = if self.config.mode == Mode::Withdraw { Status::Withdrawn } else { Status::Live };
        let is_done = |vpc: &Vpc| vpc.record.as_ref().is_some_and(|record| record.announced.status == goal);
        vpcs.sort_by_key(|vpc| (!is_meant(vpc), memory.looked_at(&vpc.id), is_done(vpc)));
        vpcs
    }

    /// VPCs with zones of ours that the configuration leaves out.
    pub(crate) fn elsewhere(&self, world: &World) -> BTreeSet<String> {
        let ours = world.listed.iter().filter_map(|zone| self.our_vpc(zone));
        ours.filter(|vpc| self.config.vpc_id.as_ref().is_some_and(|only| only != vpc)).collect()
    }

    fn our_vpc(&self, zone: &ListedZone) -> Option<String> {
        let is_ours = |marker: &ZoneMarker| zone.private && self.owner("").is(&marker.owner);
        ZoneMarker::parse(&zone.comment).filter(is_ours).map(|marker| marker.vpc_id)
    }

    /// The zones that matter for a VPC, with their records: those it sees whose name a wanted host needs or
    /// is below, those that we made for it, and those that the connection record remembers.
    ///
    /// `seen` are the zones that the VPC sees, if they were read with the list.
    pub(crate) async fn zones(
        &self,
        vpc: &Vpc,
        listed: &[ListedZone],
        seen: Option<&OnVpc>,
    ) -> Result<Vec<Zone>, AwsError> {
        let hosts = self.config.routes.names();
        let wanted: BTreeSet<Name> = desired::zones(&hosts, &BTreeSet::new()).into_keys().collect();
        let is_needed = |name: &Name| {
            let is_between = |host: &Name| host.is_within(name) && wanted.iter().any(|zone| name.is_below(zone));
            wanted.contains(name) || hosts.iter().any(is_between)
        };
        let remembered: BTreeSet<&str> =
            vpc.record.iter().flat_map(|record| &record.zones).filter_map(|(_, id)| id.as_deref()).collect();
        let staging = async {
            match self.config.staging_for(&vpc.id) {
                Some(id) => self.route53.zones_on_vpc(id).await.map_err(|error| match error.kind {
                    Kind::Refused | Kind::NotFound => {
                        AwsError::answer(error.action, id, error.kind, &format!("{STAGING}: {}", error.code))
                    }
                    _ => error,
                }),
                None => Ok(Vec::new()),
            }
        };
        let (mut on_vpc, staged) = tokio::try_join!(self.zones_on(vpc, listed, seen), staging)?;
        let in_the_way: Vec<VpcZone> = staged.iter().filter(|zone| wanted.contains(&zone.name)).cloned().collect();
        let staged: BTreeSet<String> = staged.into_iter().map(|zone| zone.id).collect();
        let is_new = |seen: &VpcZone, listed: &[ListedZone]| {
            !seen.of_service && is_needed(&seen.name) && !listed.iter().any(|zone| zone.id == seen.id)
        };
        // A zone that was made since the list was read looks like another account's; so does one that went meanwhile.
        let again = if on_vpc.iter().chain(&in_the_way).any(|seen| is_new(seen, listed)) {
            Some(self.route53.zones().await?)
        } else {
            None
        };
        if let Some(again) = again.as_deref().filter(|again| on_vpc.iter().any(|seen| is_new(seen, again))) {
            let there = self.route53.zones_on_vpc(&vpc.id).await?;
            on_vpc.retain(|seen| !is_new(seen, again) || there.iter().any(|zone| zone.id == seen.id));
        }
        let listed = again.as_deref().unwrap_or(listed);
        let by_id: BTreeMap<&str, &ListedZone> = listed.iter().map(|zone| (zone.id.as_str(), zone)).collect();

        let mut zones: BTreeMap<String, Zone> = BTreeMap::new();
        for seen in on_vpc {
            let own = by_id.get(seen.id.as_str());
            let is_ours = own.is_some_and(|zone| self.our_vpc(zone).as_deref() == Some(vpc.id.as_str()));
            if is_needed(&seen.name) || is_ours || remembered.contains(seen.id.as_str()) {
                let holder = if own.is_some() { Holder::Account } else { Holder::Other(seen.holder) };
                let comment = own.map(|zone| zone.comment.clone()).unwrap_or_default();
                let on_staging = staged.contains(&seen.id);
                let (id, name) = (seen.id.clone(), seen.name);
                zones
                    .insert(seen.id, Zone { id, name, comment, holder, on_vpc: true, on_staging, records: Vec::new() });
            }
        }
        for zone in listed.iter().filter(|zone| self.our_vpc(zone).as_deref() == Some(vpc.id.as_str())) {
            zones.entry(zone.id.clone()).or_insert_with(|| Zone {
                id: zone.id.clone(),
                name: zone.name.clone(),
                comment: zone.comment.clone(),
                holder: Holder::Account,
                on_vpc: false,
                on_staging: staged.contains(&zone.id),
                records: Vec::new(),
            });
        }
        for seen in in_the_way.into_iter().filter(|zone| !zone.of_service) {
            let own = by_id.get(seen.id.as_str());
            zones.entry(seen.id.clone()).or_insert_with(|| Zone {
                id: seen.id.clone(),
                name: seen.name,
                comment: own.map(|zone| zone.comment.clone()).unwrap_or_default(),
                holder: if own.is_some() { Holder::Account } else { Holder::Other(seen.holder) },
                on_vpc: false,
                on_staging: true,
                records: Vec::new(),
            });
        }
        self.fill(zones.into_values().collect()).await
    }

    /// The zones that a VPC sees. Route 53 refuses to say so of one that was deleted, which has no endpoint any more either.
    async fn zones_on(&self, vpc: &Vpc, listed: &[ListedZone], seen: Option<&OnVpc>) -> OnVpc {
        // A zone of ours that is not among those that were read with the list may have been made in between.
        let is_ours = |zone: &&ListedZone| self.our_vpc(zone).as_deref() == Some(vpc.id.as_str());
        let has = |zones: &[VpcZone], id: &str| zones.iter().any(|zone| zone.id == id);
        let is_whole = |zones: &[VpcZone]| listed.iter().filter(is_ours).all(|zone| has(zones, &zone.id));
        let seen = match seen {
            Some(seen) if seen.as_ref().map_or(true, |zones| is_whole(zones)) => seen.clone(),
            _ => self.route53.zones_on_vpc(&vpc.id).await,
        };
        match seen {
            Err(error) if matches!(error.kind, Kind::Refused | Kind::NotFound) && vpc.all().next().is_none() => {
                Ok(Vec::new())
            }
            zones => zones,
        }
    }

    /// Reads the records of zones again, those of this account.
    pub(crate) async fn fill(&self, zones: Vec<Zone>) -> Result<Vec<Zone>, AwsError> {
        iter(zones)
            .map(|zone| async move {
                let records = match zone.holder {
                    Holder::Account => self.route53.records(&zone.id).await?,
                    Holder::Other(_) => Vec::new(),
                };
                Ok(Zone { records, ..zone })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }
}
