//! One VPC: what its endpoint's state allows, and doing it.

use std::collections::{BTreeMap, BTreeSet};

use planner::current::{Owner, Zone, split};
use planner::digest::{config_digest, records_digest};
use planner::endpoint::{Endpoint, State, Target};
use planner::marker::ZoneMarker;
use planner::name::Name;
use planner::plan::{Intent, Plan, ZonePlan, confirm, plan};
use planner::proof::Address;
use planner::report::{Connection, Mode, Outcome, Problem, ZoneReport};
use planner::route::{Seen, Wishes, wishes as wishes_of, withdrawn};
use planner::trigger::Trigger;
use planner::undo::{self, Place};
use tokio::sync::OnceCell;

use super::end::Done;
use super::look::Look;
use super::proof::{Subject, leading};
use super::read::{Vpc, World};
use super::written::Written;
use super::{Clock, Reconcile, problems};
use crate::error::AwsError;
use crate::settings::OnLoss;

/// What is to be written, for whom, and in which time.
pub(crate) struct Task<'a> {
    pub vpc: &'a Vpc,
    pub trigger: &'a Trigger,
    pub clock: &'a Clock,
    /// The TDP endpoint, when names are to lead somewhere.
    pub endpoint: Option<&'a Endpoint>,
    /// The VPC's own endpoints to other services.
    pub own: &'a [Endpoint],
    /// What should be at each name.
    pub wishes: Wishes,
    /// What should be there if the endpoint does not prove itself and the one that names lead to is lost: nobody is kept
    /// at that one. `None`: what is there stays.
    pub unless_proved: Option<Wishes>,
    /// Digest of what is wanted, from [`Reconcile::wanted`].
    pub wanted: String,
    /// The endpoints' addresses, read when proof first needs them.
    pub addresses: OnceCell<BTreeMap<String, Vec<Address>>>,
}

impl Task<'_> {
    /// What is to be proved; `None` when our records are taken out.
    pub(crate) fn subject(&self) -> Option<Subject<'_>> {
        let (vpc, clock, own) = (self.vpc, self.clock, self.own);
        Some(Subject { vpc, endpoint: self.endpoint?, own, wishes: &self.wishes, clock, addresses: &self.addresses })
    }
}

/// What the state of the endpoint allows.
enum Decision<'a> {
    /// Make the names lead here, and those of other services where they should; `None`: take out those of the platform.
    Write(Option<(&'a Endpoint, &'a Target)>),
    /// Take everything of ours out.
    Withdraw,
    /// Write nothing.
    Leave(Outcome, Vec<Problem>),
}

impl Reconcile {
    /// Brings one VPC up to date and announces what is news.
    pub(crate) async fn connection(&self, vpc: &Vpc, world: &World, trigger: &Trigger, clock: &Clock) -> Done {
        let look = match self.look(vpc, world).await {
            Ok(look) => look,
            Err(error) => return self.failed(vpc, trigger, error).await,
        };
        let Look { zones, ours, live, is_live_lost, endpoint: Some(endpoint), is_elsewhere, own, gone } = look else {
            return Done::none();
        };
        let owner = self.owner(&vpc.id);
        let id = Some(endpoint.id.as_str()).filter(|id| !id.is_empty());
        let mut connection = Connection::new(&vpc.id, id, endpoint.state.as_str(), Outcome::InSync);
        connection.primary_dns_name = endpoint.regional().map(|entry| entry.name.to_string());
        connection.moved_from = self.moved_from(vpc, live.as_deref(), &endpoint);
        connection.problems.extend(problems::several(&vpc.endpoints, &endpoint));

        let has_zones = zones.iter().any(|zone| zone.is_created_by(owner));
        let is_gone = matches!(endpoint.state, State::Deleting | State::Deleted);
        if is_gone && live.is_none() && !has_zones && vpc.record.is_none() {
            // EC2 lists deleted endpoints for a while; this one was never ours.
            return Done::none();
        }
        let target = endpoint.target();
        match self.decide(&endpoint, target.as_ref(), live.is_some(), has_zones && !is_elsewhere) {
            Decision::Leave(outcome, problems) => {
                connection.outcome = outcome;
                connection.moved_from = None;
                connection.problems.extend(problems);
                connection.zones = holding(&zones, owner);
                if outcome == Outcome::InSync {
                    // Its records rest, but nothing is known to work: no news until the endpoint is available.
                    return Done { connection: Some(connection), error: None, is_complete: true };
                }
                if self.was_withdrawn(vpc, outcome, live.is_some()) {
                    connection.outcome = Outcome::Withdrawn;
                }
                let wanted = self.wanted(&endpoint);
                self.finish(vpc, trigger, connection, self.nothing(vpc, &zones), &wanted).await
            }
            decision => {
                let tdp = if let Decision::Write(tdp) = decision { tdp } else { None };
                connection.moved_from = connection.moved_from.filter(|_| tdp.is_some());
                let seen = Seen {
                    vpc_id: &vpc.id,
                    tdp,
                    own: &own,
                    ours: &ours,
                    gone: &gone,
                    withdraws_on_loss: self.config.on_loss == OnLoss::Withdraw,
                };
                let routes = &self.config.routes;
                let is_end = matches!(decision, Decision::Withdraw);
                let wishes = if is_end { withdrawn(routes, &ours) } else { wishes_of(routes, &seen) };
                let withdraws = is_live_lost && self.config.on_loss == OnLoss::Withdraw;
                let unless_proved = withdraws.then(|| wishes_of(routes, &Seen { tdp: None, ..seen.clone() }));
                let endpoint = tdp.map(|(endpoint, _)| endpoint);
                let wanted = self.wanted(endpoint.unwrap_or(&Endpoint::missing("", &vpc.id)));
                let addresses = OnceCell::new();
                let task = Task { vpc, trigger, clock, endpoint, own: &own, wishes, unless_proved, wanted, addresses };
                self.bring_up_to_date(task, connection, zones, &ours).await
            }
        }
    }

    pub(crate) fn owner<'a>(&'a self, vpc_id: &'a str) -> Owner<'a> {
        Owner { id: &self.config.owner_id, vpc_id, former: &self.config.former_owners }
    }

    fn decide<'a>(
        &self,
        endpoint: &'a Endpoint,
        target: Option<&'a Target>,
        is_live: bool,
        has_zones: bool,
    ) -> Decision<'a> {
        // A zone of ours without records only hides names: an earlier run ended between making and filling it.
        let is_leftover = has_zones && !is_live;
        let loses = is_leftover || (is_live && self.config.on_loss == OnLoss::Withdraw);
        if self.config.mode == Mode::Withdraw {
            return Decision::Withdraw;
        }
        if endpoint.state.proves_loss() && loses && (endpoint.service_name.is_empty() || self.is_tdp(endpoint)) {
            return Decision::Write(None);
        }
        if !endpoint.service_name.is_empty() && !self.is_tdp(endpoint) {
            return Decision::Leave(Outcome::InSync, vec![problems::other_service(endpoint)]);
        }
        match &endpoint.state {
            State::Available => match target {
                Some(target) => Decision::Write(Some((endpoint, target))),
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

    async fn bring_up_to_date(
        &self,
        mut task: Task<'_>,
        mut connection: Connection,
        zones: Vec<Zone>,
        ours: &BTreeMap<Name, String>,
    ) -> Done {
        let (vpc, clock) = (task.vpc, task.clock);
        let owner = self.owner(&vpc.id);
        let change = clock.change("plan");
        connection.problems.extend(task.wishes.problems.iter().cloned());
        if let Some(subject) = task.subject() {
            connection.proof = self.known_proof(&subject);
        }
        let wanted = match self.proved_plan(&mut task, &mut connection, &zones, ours, &change).await {
            Ok(wanted) => wanted,
            Err(done) => return *done,
        };
        let needs_proof = task.endpoint.is_some() && self.needs_proof(&vpc.id);
        let may_lead = needs_proof.then(|| leading(&wanted, &task.wishes.leading()));
        let intent = self.intent(&task.wishes, owner, &change);
        let (mut written, result) = self.apply(vpc, &intent, wanted.clone(), zones, clock, may_lead.as_ref()).await;
        // What another run wrote, only that one has seen INSYNC.
        if result.as_ref().is_ok_and(Plan::is_empty) && !written.is_overtaken() {
            self.memory.lock().await.in_sync.insert(vpc.id.clone(), written.records_after.clone());
        }
        let mut connection = self.with_result(&task, connection, wanted, &written, &result);
        let place = Place {
            vpc_id: &vpc.id,
            region: &self.config.region,
            own_account: self.config.account_id.as_deref(),
            change: &change,
            staging_vpc_id: self.config.staging_for(&vpc.id),
        };
        connection.undo = undo::commands(&written.plan, &place);
        for associated in std::mem::take(&mut written.associated) {
            associated.note_done(&mut connection);
        }
        if connection.outcome == Outcome::Refused || result.is_err() {
            return self.conclude(&task, connection, written, result.err()).await;
        }
        let associated = self.associations(owner, &written.zones, true, clock).await;
        if associated.has_asked() {
            written.told = None;
        }
        let later = associated.note(&mut connection);
        let done = self.conclude(&task, connection, written, None).await;
        done.with(later)
    }

    /// The plan to write, with the endpoint proved for it; or how the connection ends without a write. Where a proof fails,
    /// plans again without the hosts that can be left out.
    async fn proved_plan(
        &self,
        task: &mut Task<'_>,
        connection: &mut Connection,
        zones: &[Zone],
        ours: &BTreeMap<Name, String>,
        change: &str,
    ) -> Result<Plan, Box<Done>> {
        let (vpc, trigger, clock) = (task.vpc, task.trigger, task.clock);
        let owner = self.owner(&vpc.id);
        loop {
            connection.coverage.clone_from(&task.wishes.coverage);
            let mut wanted = plan(&self.intent(&task.wishes, owner, change), zones);
            if wanted.is_refused() {
                let connection = Connection { outcome: Outcome::Refused, ..connection.clone().with_plan(&wanted) };
                return Err(Box::new(self.leave(task, connection, zones).await));
            }
            if !self.may_write(trigger) {
                return Err(Box::new(self.only_look(task, connection.clone(), zones, &wanted).await));
            }
            let Some(subject) = task.subject() else { return Ok(wanted) };
            if self.is_unconfirmed(vpc, zones).await {
                wanted.confirm(confirm(&self.intent(&task.wishes, owner, &clock.change("confirm")), zones));
            }
            let mut held = connection.clone().with_plan(&wanted);
            let unproved = self.prove_before(&subject, &wanted, &mut held).await;
            connection.proof = held.proof.clone();
            if unproved.is_empty() {
                connection.problems = held.problems;
                connection.problems.retain(|problem| !wanted.problems.contains(problem));
                return Ok(wanted);
            }
            // The VPC's own endpoints do not hold up the platform's names.
            let Some(hosts) = self.left_out(&wanted, &task.wishes, &unproved) else {
                if let Some(wishes) = task.unless_proved.take() {
                    let of_before = |p: &Problem| task.wishes.problems.contains(p) || wanted.problems.contains(p);
                    connection.problems = held.problems.into_iter().filter(|p| !of_before(p)).collect();
                    connection.problems.extend(wishes.problems.iter().cloned());
                    connection.moved_from = None;
                    (task.wishes, task.endpoint) = (wishes, None);
                    continue;
                }
                return Err(Box::new(self.hold(task, held, zones).await));
            };
            connection.problems = held.problems;
            connection.problems.retain(|problem| !wanted.problems.contains(problem));
            connection.problems.push(problems::own_unproved(&hosts));
            task.wishes.leave(&hosts, ours);
        }
    }

    /// Ends a connection whose endpoint is not proved. Zones of ours that only hide names are taken out.
    async fn hold(&self, task: &Task<'_>, held: Connection, zones: &[Zone]) -> Done {
        let mut held = Connection { outcome: Outcome::Held, zone_changes: Vec::new(), changes: Vec::new(), ..held };
        match self.take_out_bare(zones, self.owner(&task.vpc.id)).await {
            Ok(change_ids) => held.change_ids = change_ids,
            Err(error) => held.problems.push(problems::of_call(&error)),
        }
        self.leave(task, held, zones).await
    }

    fn intent<'a>(&'a self, wishes: &'a Wishes, owner: Owner<'a>, change: &'a str) -> Intent<'a> {
        Intent { owner, wishes: &wishes.hosts, adopt: self.config.adopt, change }
    }

    /// The hosts to go on without when `unproved` were not proved: those of the VPC's own endpoints, with all that share a
    /// zone with them. `None` when a host of the platform is among them.
    fn left_out(&self, wanted: &Plan, wishes: &Wishes, unproved: &BTreeSet<Name>) -> Option<BTreeSet<Name>> {
        let has_unproved = |zone: &&ZonePlan| zone.wanted && unproved.iter().any(|host| host.is_within(&zone.name));
        let zones: Vec<&Name> = wanted.zones.iter().filter(has_unproved).map(|zone| &zone.name).collect();
        let mut hosts = wishes.leading();
        hosts.retain(|host| zones.iter().any(|zone| host.is_within(zone)));
        let is_covered = unproved.is_subset(&hosts) && hosts.iter().all(|host| self.config.routes.is_own(host));
        is_covered.then_some(hosts)
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
        connection.zone_changes = written.plan.zone_changes();
        connection.changes = written.plan.changes().cloned().collect();
        connection.change_ids.clone_from(&written.change_ids);
        connection.outcome = match result {
            Err(_) => Outcome::Failed,
            Ok(now) if now.is_refused() => Outcome::Refused,
            Ok(_) if task.endpoint.is_some() && written.plan.is_empty() => Outcome::InSync,
            Ok(_) if task.endpoint.is_some() => Outcome::Changed,
            Ok(_) if !written.plan.is_empty() => Outcome::Withdrawn,
            Ok(_) if self.config.mode == Mode::Withdraw => Outcome::InSync,
            Ok(_) => Outcome::Lost,
        };
        connection
    }

    /// Whether records that were written are not known to be INSYNC: they were never announced, and this process
    /// did not see it either. Whoever wrote them may have died before they were.
    async fn is_unconfirmed(&self, vpc: &Vpc, zones: &[Zone]) -> bool {
        let now = records_digest(zones, self.owner(&vpc.id), &self.config.routes.held);
        let announced = vpc.record.as_ref().map(|record| &record.announced);
        // A host that is held from now on was told of with the others.
        let all = records_digest(zones, self.owner(&vpc.id), &BTreeSet::new());
        let is_told = announced.is_some_and(|announced| announced.records == now || announced.records == all);
        let is_known = self.memory.lock().await.in_sync.get(&vpc.id) == Some(&now);
        !is_told && !is_known
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
        let lines = self.config.routes.lines();
        let regional = endpoint.regional().map(|entry| entry.name.as_str());
        config_digest(lines.iter().map(String::as_str).chain(regional).chain([endpoint.ip_type.as_str()]))
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
    zones.iter().filter(|zone| !split(zone, owner).ours.is_empty()).map(report).collect()
}

/// What a connection is while nothing can be written.
fn rest(is_live: bool) -> Outcome {
    if is_live { Outcome::InSync } else { Outcome::Waiting }
}
