//! Writing a plan: zones concurrently, each in atomic batches, and reading it all again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use planner::batch::batches;
use planner::current::{Holder, Owner, Zone};
use planner::digest::records_digest;
use planner::marker::marked_name;
use planner::name::Name;
use planner::plan::{Change, Intent, Plan, ZonePlan, confirm, plan};
use planner::record::soa_of_aws;
use planner::route::Wish;
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::{Instant, sleep};

use super::proof::leading;
use super::read::{AT_ONCE, Vpc};
use super::staging::staging_is_busy;
use super::written::Written;
use super::{Clock, Reconcile};
use crate::error::{AwsError, Kind};

/// How often a plan is made again because the world changed under it, before another delivery has to help.
const ATTEMPTS: u32 = 5;

/// One try at writing a plan.
pub(crate) struct Pass<'a> {
    pub intent: &'a Intent<'a>,
    pub clock: &'a Clock,
    /// Counts the tries of this invocation, from 1.
    attempt: u32,
}

/// What became of one zone.
pub(crate) struct Step {
    plan: Option<ZonePlan>,
    /// The zone that was written, also if it is gone now.
    zone_id: Option<String>,
    pub zone: Option<Zone>,
    change_ids: Vec<String>,
    /// Those of them to wait for.
    pub unsynced: Vec<String>,
    error: Option<AwsError>,
}

impl Step {
    /// Notes a change of the zone or its associations.
    pub(crate) fn note(&mut self, change_id: Option<String>) {
        self.unsynced.extend(change_id.clone());
        self.change_ids.extend(change_id);
    }

    /// Notes a change of records. No server has it before those that were made to the zone earlier.
    fn note_records(&mut self, change_id: String) {
        self.unsynced = vec![change_id.clone()];
        self.change_ids.push(change_id);
    }
}

impl Reconcile {
    /// Writes `wanted`, waits until Route 53 has it everywhere, reads the zones again and plans again, until
    /// planning gives nothing. Returns what was written, also on failure, and the last plan: empty or refused.
    ///
    /// `may_lead` has the names that may be made to lead to the endpoint; `None`: every one.
    pub(crate) async fn apply(
        &self,
        vpc: &Vpc,
        intent: &Intent<'_>,
        mut wanted: Plan,
        mut zones: Vec<Zone>,
        clock: &Clock,
        may_lead: Option<&BTreeSet<Name>>,
    ) -> (Written, Result<Plan, AwsError>) {
        let mut written = Written::nothing(records_digest(&zones, intent.owner, &self.config.routes.held));
        let leads = |(host, wish): (&Name, &Wish)| matches!(wish, Wish::Lead(_)).then(|| host.clone());
        let hosts: BTreeSet<Name> = intent.wishes.iter().filter_map(leads).collect();
        let before = zones.clone();
        let confirmation = clock.change("confirm");
        for attempt in 1u32.. {
            // What is announced as done has to be everywhere, whoever did it.
            let is_done = wanted.is_empty() && !written.plan.is_empty();
            let ours = [intent.change, &confirmation];
            let unseen = if is_done { written.unseen(intent.owner, (&before, &zones), &ours) } else { Vec::new() };
            // Where others keep writing, they tell.
            written.is_unconfirmed = !unseen.is_empty() && attempt > ATTEMPTS;
            if !written.is_unconfirmed {
                wanted.confirm(confirm(&Intent { change: &confirmation, ..*intent }, &unseen));
            }
            if wanted.is_empty() || wanted.is_refused() {
                if let Err(error) = self.wait_in_sync(&mut written, clock).await {
                    return (written, Err(error));
                }
                written.records_after = records_digest(&zones, intent.owner, &self.config.routes.held);
                written.zones = zones;
                return (written, Ok(wanted));
            }
            if attempt > ATTEMPTS {
                break;
            }
            if Instant::now() >= clock.sync_until() {
                // Being stopped between making and filling a zone would hide its name.
                return (written, Err(no_time(&vpc.id)));
            }
            written.told = None;
            let pass = Pass { intent, clock, attempt };
            let result = match self.write(&pass, vpc, &wanted, zones, &mut written).await {
                Err(error) if error.kind == Kind::Stale && (attempt < ATTEMPTS || is_done) => {
                    written.is_raced = true;
                    written.told = None;
                    sleep(Duration::from_millis(300) * attempt).await;
                    self.look_again(vpc).await
                }
                result => result,
            };
            zones = match result {
                Ok(zones) => zones,
                Err(error) => return (written, Err(error)),
            };
            written.note_confirmed(&unseen);
            wanted = plan(intent, &zones);
            // Somebody changed more than this plan was about: the next run has that proved as well.
            if may_lead.is_some_and(|names| !leading(&wanted, &hosts).is_subset(names)) {
                written.leaves_unproved = true;
                break;
            }
        }
        let error = AwsError::answer(
            "route53:ChangeResourceRecordSets",
            intent.owner.vpc_id,
            Kind::Stale,
            "the zones keep changing",
        );
        (written, Err(error))
    }

    /// Reads the connection's zones from the start: there may be new ones.
    pub(crate) async fn look_again(&self, vpc: &Vpc) -> Result<Vec<Zone>, AwsError> {
        let listed = self.route53.zones().await?;
        self.zones(vpc, &listed, None).await
    }

    /// One pass: zones with wanted hosts first, and once those are everywhere, the zones that only lose records.
    /// Returns the zones that are there afterwards, read again. One zone's failure does not stop the others.
    async fn write(
        &self,
        pass: &Pass<'_>,
        vpc: &Vpc,
        wanted: &Plan,
        zones: Vec<Zone>,
        written: &mut Written,
    ) -> Result<Vec<Zone>, AwsError> {
        let mut after: Vec<Zone> = Vec::new();
        let was_there = |zone: &Zone| zones.iter().any(|before| before.id == zone.id);
        let planned: BTreeSet<&str> = wanted.zones.iter().filter_map(|zone| zone.id.as_deref()).collect();
        after.extend(zones.iter().filter(|zone| !planned.contains(zone.id.as_str())).cloned());
        for gains in [true, false] {
            let part: Vec<&ZonePlan> = wanted.zones.iter().filter(|zone| zone.wanted == gains).collect();
            let steps = self.write_zones(pass, &part, &zones).await;
            let mut failed: Option<AwsError> = None;
            for step in steps {
                written.plan.zones.extend(step.plan);
                after.extend(step.zone);
                written.unsynced.extend(step.unsynced);
                let has_changed = !step.change_ids.is_empty();
                written.change_ids.extend(step.change_ids);
                // A zone that was not as it was read is looked at again, whatever became of the others: it may be
                // one of ours without records.
                let is_stale = step.error.as_ref().is_some_and(|error| error.kind == Kind::Stale);
                written.note_answer(step.zone_id.as_deref(), step.error.is_none(), has_changed);
                failed = if is_stale { step.error } else { failed.or(step.error) };
            }
            if let Some(error) = failed {
                return Err(error);
            }
            self.wait_in_sync(written, pass.clock).await?;
            if gains && wanted.zones.iter().any(|zone| zone.delete) {
                // Clients in other VPCs are not to be without a zone either.
                let made: Vec<Zone> = after.iter().filter(|zone| !was_there(zone)).cloned().collect();
                written.associated.extend(self.associations_first(pass.intent.owner, &made, pass.clock).await?);
            }
        }
        // What others told until now: nothing but the message comes after this look, mostly.
        let (zones, told) = tokio::join!(self.fill(after), self.ssm.record(&vpc.id));
        written.told = Some(told);
        zones
    }

    /// Writes zones concurrently; returns what became of each, in the plan's order. Where there are more than are written at
    /// once, Route 53's limits make them take their time, in which it is asked for those that were written.
    async fn write_zones(&self, pass: &Pass<'_>, part: &[&ZonePlan], zones: &[Zone]) -> Vec<Step> {
        let (sender, ids) = unbounded_channel();
        let writes = iter(part.iter().copied().enumerate()).map(|(place, plan)| {
            let zone = zones.iter().find(|zone| Some(&zone.id) == plan.id.as_ref()).cloned();
            let sender = sender.clone();
            async move {
                let step = self.write_zone(pass, plan, zone).await;
                // Nobody listens where there are few.
                for id in &step.unsynced {
                    sender.send(id.clone()).ok();
                }
                (place, step)
            }
        });
        let writes = writes.buffer_unordered(AT_ONCE).collect::<Vec<_>>();
        let mut steps = if part.len() > AT_ONCE {
            tokio::select! {
                steps = writes => steps,
                never = self.ask_for(ids, pass.clock) => match never {},
            }
        } else {
            writes.await
        };
        steps.sort_by_key(|(place, _)| *place);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    async fn write_zone(&self, pass: &Pass<'_>, plan: &ZonePlan, zone: Option<Zone>) -> Step {
        // An earlier run made it and came no further, so it only hides names. It is undone as if this one had made it.
        let is_left_bare = plan.created && !plan.delete && zone.as_ref().is_some_and(Zone::is_bare);
        let mut step = Step {
            plan: None,
            zone_id: plan.id.clone(),
            zone,
            change_ids: Vec::new(),
            unsynced: Vec::new(),
            error: None,
        };
        let mut done = ZonePlan {
            changes: Vec::new(),
            delete: false,
            associate: false,
            unstage: false,
            claim: false,
            ..plan.clone()
        };
        let result = self.write_parts(pass, plan, &mut done, &mut step).await;
        if let Err(error) = &result
            && (error.kind != Kind::Stale || pass.attempt == ATTEMPTS)
        {
            self.take_back(pass, plan, &mut done, &mut step).await;
        }
        if is_left_bare && !done.changes.is_empty() {
            done.made.clone_from(&done.id);
        }
        let has_written = !done.is_empty() || done.made.is_some();
        step.plan = (has_written && done.id.is_some()).then(|| ZonePlan { id: plan.id.clone(), ..done });
        step.zone_id = step.zone_id.or_else(|| done.id.clone());
        step.error = result.err();
        step
    }

    /// Writes one zone, noting in `done` what was really written.
    async fn write_parts(
        &self,
        pass: &Pass<'_>,
        plan: &ZonePlan,
        done: &mut ZonePlan,
        step: &mut Step,
    ) -> Result<(), AwsError> {
        let intent = pass.intent;
        let vpc_id = intent.owner.vpc_id;
        let mut changes = plan.changes.clone();
        let _turn = if plan.id.is_none() || plan.delete { self.turn_on_staging(&plan.name).await } else { None };
        let mut attach = plan.associate;
        let mut detach_staging = plan.unstage;
        if plan.id.is_none() {
            let zone = self.create_zone(pass, done, step).await?;
            changes = first_changes(intent, plan, &zone);
            attach = !zone.on_vpc;
            detach_staging = zone.on_staging;
            step.zone = Some(zone);
        }
        let Some(zone_id) = done.id.clone() else { return Ok(()) };
        if plan.delete {
            self.hide(&zone_id, pass, step).await?;
        }
        for batch in batches(&changes) {
            step.note_records(self.route53.change(&zone_id, &batch, &comment(intent)).await?);
            let names: BTreeSet<(&Name, &str)> = batch.iter().map(|s| (&s.name, s.rtype.as_str())).collect();
            done.changes.extend(changes.iter().filter(|c| names.contains(&(&c.name, c.rtype.as_str()))).cloned());
        }
        if plan.claim {
            self.route53.set_comment(&zone_id, &self.zone_comment(vpc_id)).await?;
            done.claim = true;
            if let Some(zone) = &mut step.zone {
                zone.comment = self.zone_comment(vpc_id);
            }
        }
        if attach {
            // The VPC must not see the zone before the zone is right.
            self.settle(pass, step).await?;
            step.note(self.route53.associate(&zone_id, vpc_id).await?);
            done.associate = plan.associate;
            if let Some(zone) = &mut step.zone {
                zone.on_vpc = true;
            }
        }
        if detach_staging && let Some(staging) = self.config.staging_for(vpc_id) {
            self.unstage(&zone_id, staging, pass, step).await?;
            done.unstage = plan.unstage;
            if let Some(zone) = &mut step.zone {
                zone.on_staging = false;
            }
        }
        if plan.delete {
            step.note(self.route53.delete_zone(&zone_id).await?);
            done.delete = true;
            step.zone = None;
        }
        Ok(())
    }

    /// A zone without records answers "no such name": after a failure in the middle, a zone of ours that could
    /// not be filled goes again, and one that could not be deleted gets its records back. If that fails too, the
    /// next run completes what this one began.
    async fn take_back(&self, pass: &Pass<'_>, plan: &ZonePlan, done: &mut ZonePlan, step: &mut Step) {
        let Some(zone_id) = done.id.clone() else { return };
        if plan.created && done.changes.is_empty() && step.zone.as_ref().is_none_or(Zone::is_bare) {
            // Route 53 refuses when records did arrive.
            if self.route53.delete_zone(&zone_id).await.is_ok() {
                done.id = None;
                done.made = None;
                step.zone = None;
                step.change_ids.clear();
                step.unsynced.clear();
            }
        } else if plan.delete && !done.delete {
            let back: Vec<Change> = done.changes.iter().map(Change::reversed).collect();
            for batch in batches(&back) {
                match self.route53.change(&zone_id, &batch, &comment(pass.intent)).await {
                    Ok(change_id) => step.note_records(change_id),
                    Err(_) => return,
                }
                let names: BTreeSet<(&Name, &str)> = batch.iter().map(|s| (&s.name, s.rtype.as_str())).collect();
                done.changes.retain(|change| !names.contains(&(&change.name, change.rtype.as_str())));
            }
        }
    }

    /// Deletes zones of ours in which an earlier run did not come to write: they hide names. Returns the ids of
    /// the changes.
    pub(crate) async fn take_out_bare(&self, zones: &[Zone], owner: Owner<'_>) -> Result<Vec<String>, AwsError> {
        let bare = zones.iter().filter(|zone| zone.is_created_by(owner) && zone.is_bare());
        let mut change_ids = Vec::new();
        for zone in bare {
            // Route 53 refuses when records arrived meanwhile.
            change_ids.extend(self.route53.delete_zone(&zone.id).await?);
        }
        Ok(change_ids)
    }

    /// Makes a zone. What is in it then is known, so nobody reads it.
    async fn create_zone(&self, pass: &Pass<'_>, done: &mut ZonePlan, step: &mut Step) -> Result<Zone, AwsError> {
        let owner = pass.intent.owner;
        let name = &done.name;
        if Instant::now() >= pass.clock.sync_until() {
            return Err(no_time(name.as_str()));
        }
        let comment = self.zone_comment(owner.vpc_id);
        let reference = pass.clock.reference(owner.vpc_id, name.as_str(), pass.attempt);
        // With a staging VPC the zone is filled before the real VPC sees it.
        let staging = self.config.staging_for(owner.vpc_id);
        let first_vpc = staging.unwrap_or(owner.vpc_id);
        let created = self.route53.create_zone(name, first_vpc, &comment, &reference).await;
        let is_last = pass.attempt == ATTEMPTS;
        let (id, change_id) = created.map_err(|error| match staging {
            Some(staging) if is_last => staging_is_busy(error, staging),
            _ => error,
        })?;
        step.note(change_id);
        done.id = Some(id.clone());
        done.made = Some(id.clone());
        let (on_vpc, on_staging) = (staging.is_none(), staging.is_some());
        let records = vec![soa_of_aws(name)];
        Ok(Zone { id, name: name.clone(), comment, holder: Holder::Account, on_vpc, on_staging, records })
    }
}

fn no_time(subject: &str) -> AwsError {
    AwsError::answer("route53:ChangeResourceRecordSets", subject, Kind::TimedOut, "no time left to write")
}

/// What Route 53 keeps beside a change, for whoever reads CloudTrail.
pub(crate) fn comment(intent: &Intent<'_>) -> String {
    format!("tdp-privatelink {} {}", intent.owner.id, intent.change)
}

/// The changes for a zone that was just made: those planned, and its SOA.
fn first_changes(intent: &Intent<'_>, planned: &ZonePlan, zone: &Zone) -> Vec<Change> {
    let hosts: BTreeSet<Name> =
        planned.changes.iter().filter(|c| marked_name(&c.name).is_none()).map(|c| c.name.clone()).collect();
    let wishes = intent.wishes.iter().filter(|(host, _)| hosts.contains(*host));
    let wishes = wishes.map(|(host, wish)| (host.clone(), wish.clone())).collect();
    let intent = Intent { wishes: &wishes, ..*intent };
    plan(&intent, std::slice::from_ref(zone)).zones.into_iter().flat_map(|zone| zone.changes).collect()
}
