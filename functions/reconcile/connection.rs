//! One VPC: what its endpoint's state allows, and doing it.

use planner::current::{Owner, Zone, pointed_at, split};
use planner::endpoint::{Endpoint, State, choose};
use planner::marker::ZoneMarker;
use planner::name::Name;
use planner::news::{Status, config_digest, records_digest};
use planner::plan::{Intent, Plan, confirm, plan};
use planner::proof::Address;
use planner::record::Data;
use planner::report::{Connection, Mode, Outcome, Problem, ZoneReport};
use planner::trigger::Trigger;
use tokio::sync::OnceCell;

use super::apply::Written;
use super::config::OnLoss;
use super::end::Done;
use super::proof::{Subject, leading};
use super::read::{Vpc, World};
use super::{Clock, Reconcile, problems};
use crate::error::{AwsError, Kind};

/// What is to be written, for whom, and in which time.
pub(crate) struct Task<'a> {
    pub vpc: &'a Vpc,
    pub trigger: &'a Trigger,
    pub clock: &'a Clock,
    /// The endpoint and its alias; `None` to take our records out.
    pub target: Option<(&'a Endpoint, &'a Data)>,
    /// Digest of what is wanted, from [`Reconcile::wanted`].
    pub wanted: String,
    /// The endpoint's addresses, read when proof first needs them.
    pub addresses: OnceCell<Vec<Address>>,
}

impl Task<'_> {
    /// What is to be proved; `None` when our records are taken out.
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        let (endpoint, _) = self.target?;
        Some(Subject { vpc: self.vpc, endpoint, clock: self.clock, addresses: &self.addresses })
    }
}

/// What the state of the endpoint allows.
enum Decision<'a> {
    /// Make the records point here; `None`: take ours out.
    Write(Option<(&'a Endpoint, &'a Data)>),
    /// Write nothing.
    Leave(Outcome, Vec<Problem>),
}

impl Reconcile {
    /// Brings one VPC up to date and announces what is news.
    pub(crate) async fn connection(&self, vpc: &Vpc, world: &World, trigger: &Trigger, clock: &Clock) -> Done {
        let look = async {
            let zones = match self.zones(vpc, &world.listed).await {
                // A zone went while it was read: another run is at work.
                Err(error) if error.kind == Kind::Stale => self.look_again(vpc).await?,
                zones => zones?,
            };
            let endpoint = self.endpoint(vpc, &zones).await?;
            Ok::<_, AwsError>((zones, endpoint))
        };
        let (zones, endpoint) = match look.await {
            Ok((zones, Some(endpoint))) => (zones, endpoint),
            Ok((_, None)) => return Done::none(),
            Err(error) => return self.failed(vpc, trigger, error).await,
        };
        let id = Some(endpoint.id.as_str()).filter(|id| !id.is_empty());
        let mut connection = Connection::new(&vpc.id, id, endpoint.state.as_str(), Outcome::InSync);
        connection.primary_dns_name = endpoint.regional().map(|entry| entry.name.to_string());
        connection.problems.extend(problems::several(&vpc.endpoints, &endpoint));

        let owner = self.owner(&vpc.id);
        let has_zones = zones.iter().any(|zone| zone.is_created_by(owner));
        let is_live = pointed_at(&zones, owner).is_some();
        let is_gone = matches!(endpoint.state, State::Deleting | State::Deleted);
        if is_gone && !is_live && !has_zones && vpc.record.is_none() {
            // EC2 lists deleted endpoints for a while; this one was never ours.
            return Done::none();
        }
        let alias = endpoint.alias();
        match self.decide(&endpoint, alias.as_ref(), is_live, has_zones) {
            Decision::Leave(outcome, problems) => {
                connection.outcome = outcome;
                connection.problems.extend(problems);
                connection.zones = holding(&zones, owner);
                if outcome == Outcome::InSync {
                    // Its records rest, but nothing is known to work: no news until the endpoint is available.
                    return Done { connection: Some(connection), error: None, is_complete: true };
                }
                if self.was_withdrawn(vpc, outcome, is_live) {
                    connection.outcome = Outcome::Withdrawn;
                }
                let wanted = self.wanted(&endpoint);
                self.finish(vpc, trigger, connection, self.nothing(vpc, &zones), &wanted).await
            }
            Decision::Write(target) => {
                let wanted = self.wanted(&endpoint);
                let task = Task { vpc, trigger, clock, target, wanted, addresses: OnceCell::new() };
                self.bring_up_to_date(&task, connection, zones).await
            }
        }
    }

    pub(crate) fn owner<'a>(&'a self, vpc_id: &'a str) -> Owner<'a> {
        Owner { id: &self.config.owner_id, vpc_id }
    }

    /// The endpoint to follow. When the one that our records point at, or that was announced, is not in EC2's
    /// list, EC2 is asked for it by id: only its "not found" proves that it is gone.
    async fn endpoint(&self, vpc: &Vpc, zones: &[Zone]) -> Result<Option<Endpoint>, AwsError> {
        let owner = self.owner(&vpc.id);
        let live = pointed_at(zones, owner);
        let chosen = choose(&vpc.endpoints, live.as_deref()).cloned();
        let recorded = vpc.record.as_ref().and_then(|record| record.endpoint_id.clone());
        let known = live.or_else(|| recorded.filter(|_| chosen.is_none()));
        let Some(id) = known.filter(|id| !vpc.endpoints.iter().any(|e| e.id == *id)) else {
            // Zones of ours and no trace of an endpoint: an earlier run made them and ended before it filled them.
            let has_zones = zones.iter().any(|zone| zone.is_created_by(owner));
            return Ok(chosen.or_else(|| has_zones.then(|| Endpoint::missing("", &vpc.id))));
        };
        if chosen.as_ref().is_some_and(|e| e.state == State::Available) {
            return Ok(chosen);
        }
        let found = self.ec2.endpoint(&id).await?;
        Ok(Some(found.unwrap_or_else(|| Endpoint::missing(&id, &vpc.id))))
    }

    fn decide<'a>(
        &self,
        endpoint: &'a Endpoint,
        alias: Option<&'a Data>,
        is_live: bool,
        has_zones: bool,
    ) -> Decision<'a> {
        // A zone of ours without records only hides names: an earlier run ended between making and filling it.
        let is_leftover = has_zones && !is_live;
        let loses = is_leftover || (is_live && self.config.on_loss == OnLoss::Withdraw);
        if self.config.mode == Mode::Withdraw || (endpoint.state.proves_loss() && loses) {
            return Decision::Write(None);
        }
        match &endpoint.state {
            State::Available => match alias {
                Some(alias) => Decision::Write(Some((endpoint, alias))),
                None => Decision::Leave(rest(is_live), vec![problems::no_dns_name(endpoint)]),
            },
            State::PendingAcceptance | State::Pending if is_live => {
                Decision::Leave(Outcome::InSync, vec![problems::modification(endpoint)])
            }
            State::PendingAcceptance | State::Pending => Decision::Leave(Outcome::Waiting, Vec::new()),
            State::Unknown(_) => Decision::Leave(Outcome::Refused, vec![problems::unknown_state(endpoint)]),
            _ => Decision::Leave(Outcome::Lost, vec![problems::lost(endpoint, is_live)]),
        }
    }

    async fn bring_up_to_date(&self, task: &Task<'_>, mut connection: Connection, zones: Vec<Zone>) -> Done {
        let Task { vpc, trigger, clock, target, .. } = *task;
        let owner = self.owner(&vpc.id);
        let change = clock.change("plan");
        let intent = Intent { owner, hosts: &self.config.hosts, target, adopt: self.config.adopt, change: &change };
        let subject = task.subject();
        if let Some(subject) = &subject {
            connection.proof = self.known_proof(subject);
        }
        let mut wanted = plan(&intent, &zones);
        if wanted.is_refused() {
            let connection = Connection { outcome: Outcome::Refused, ..connection.with_plan(&wanted) };
            return self.leave(task, connection, &zones).await;
        }
        if !self.may_write(trigger) {
            return self.only_look(task, connection, &zones, &wanted).await;
        }
        if target.is_some() && self.is_unconfirmed(vpc, &zones, wanted.is_empty()).await {
            wanted.confirm(confirm(&zones, owner, &clock.change("confirm")));
        }
        if let Some(subject) = &subject {
            let mut held = connection.clone().with_plan(&wanted);
            if !self.prove_before(subject, &wanted, &mut held).await {
                let mut held = Connection { outcome: Outcome::Held, changes: Vec::new(), ..held };
                match self.take_out_bare(&zones, owner).await {
                    Ok(change_ids) => held.change_ids = change_ids,
                    Err(error) => held.problems.push(problems::of_call(&error)),
                }
                return self.leave(task, held, &zones).await;
            }
            connection.proof = held.proof;
            connection.problems = held.problems;
            connection.problems.retain(|problem| !wanted.problems.contains(problem));
        }
        let may_lead = subject.filter(|_| self.needs_proof(&vpc.id)).map(|_| leading(&wanted, &self.config.hosts));
        let (written, result) = self.apply(vpc, &intent, wanted.clone(), zones, clock, may_lead.as_ref()).await;
        if result.is_ok() {
            self.memory.lock().await.in_sync.insert(vpc.id.clone(), written.records_after.clone());
        }
        let connection = self.with_result(task, connection, wanted, &written, &result);
        self.conclude(task, connection, written, result.err()).await
    }

    /// The connection as it is after writing.
    fn with_result(
        &self,
        task: &Task<'_>,
        connection: Connection,
        wanted: Plan,
        written: &Written,
        result: &Result<Plan, AwsError>,
    ) -> Connection {
        let mut connection = connection.with_plan(result.as_ref().unwrap_or(&wanted));
        // What is left behind is told by the plan that left it.
        let notes: Vec<Problem> = wanted.problems.into_iter().filter(|p| !connection.problems.contains(p)).collect();
        connection.problems.extend(notes);
        connection.changes = written.plan.changes().cloned().collect();
        connection.change_ids.clone_from(&written.change_ids);
        connection.outcome = match result {
            Err(_) => Outcome::Failed,
            Ok(now) if now.is_refused() => Outcome::Refused,
            Ok(_) if task.target.is_some() && written.plan.is_empty() => Outcome::InSync,
            Ok(_) if task.target.is_some() => Outcome::Changed,
            Ok(_) if !written.plan.is_empty() => Outcome::Withdrawn,
            Ok(_) if self.config.mode == Mode::Withdraw => Outcome::InSync,
            Ok(_) => Outcome::Lost,
        };
        connection
    }

    /// Whether records that were written are not known to be INSYNC: they were never announced, and this process
    /// did not see it either. Beside a plan that writes, this matters only until the connection is live.
    async fn is_unconfirmed(&self, vpc: &Vpc, zones: &[Zone], is_settled: bool) -> bool {
        let now = records_digest(zones, self.owner(&vpc.id));
        let announced = vpc.record.as_ref().map(|record| &record.announced);
        let is_told = announced.is_some_and(|announced| announced.records == now);
        let is_known = self.memory.lock().await.in_sync.get(&vpc.id) == Some(&now);
        let is_live = announced.is_some_and(|announced| announced.status == Status::Live);
        !is_told && !is_known && (is_settled || !is_live)
    }

    /// Whether our records were taken out because of a loss, and nobody was told yet.
    fn was_withdrawn(&self, vpc: &Vpc, outcome: Outcome, is_live: bool) -> bool {
        let was_live = vpc.record.as_ref().is_some_and(|record| record.announced.was_live);
        outcome == Outcome::Lost && !is_live && was_live && self.config.on_loss == OnLoss::Withdraw
    }

    pub(crate) fn may_write(&self, trigger: &Trigger) -> bool {
        trigger.may_write() && self.config.mode != Mode::Plan
    }

    /// Digest of what is wanted at an endpoint: a change that follows from a change of it is no drift.
    fn wanted(&self, endpoint: &Endpoint) -> String {
        let hosts = self.config.hosts.iter().map(Name::as_str);
        let regional = endpoint.regional().map(|entry| entry.name.as_str());
        config_digest(hosts.chain(regional).chain([endpoint.ip_type.as_str()]))
    }

    /// The comment of a zone that we make.
    pub(crate) fn zone_comment(&self, vpc_id: &str) -> String {
        ZoneMarker { owner: self.config.owner_id.clone(), vpc_id: vpc_id.to_owned() }.comment()
    }
}

/// The zones that hold records of ours.
fn holding(zones: &[Zone], owner: Owner<'_>) -> Vec<ZoneReport> {
    let report = |zone: &Zone| ZoneReport {
        name: zone.name.clone(),
        id: Some(zone.id.clone()),
        created: zone.is_created_by(owner),
        hides: Vec::new(),
    };
    zones.iter().filter(|zone| !split(zone, owner).markers.is_empty()).map(report).collect()
}

/// What a connection is while nothing can be written.
fn rest(is_live: bool) -> Outcome {
    if is_live { Outcome::InSync } else { Outcome::Waiting }
}
