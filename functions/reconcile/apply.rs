//! Writing a plan: zones concurrently, each in atomic batches, and reading it all again.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::stream::{StreamExt, iter};
use planner::batch::batches;
use planner::current::{Holder, Zone};
use planner::marker::marked_name;
use planner::name::Name;
use planner::news::{digest, records_digest};
use planner::plan::{Intent, Plan, ZonePlan, plan};
use tokio::time::{Instant, sleep};

use super::read::{AT_ONCE, Vpc};
use super::{Clock, Reconcile};
use crate::error::{AwsError, Kind};

/// How often a plan is made again because the world changed under it, before another delivery has to help.
const ATTEMPTS: u32 = 5;

/// What was written for one connection, and what was there before and after.
#[derive(Debug)]
pub(crate) struct Written {
    /// The zone plans that were written, in order.
    pub plan: Plan,
    pub change_ids: Vec<String>,
    /// Whether a write was refused because somebody else had written.
    pub is_raced: bool,
    /// Digest of our records before.
    pub records_before: String,
    /// The same after.
    pub records_after: String,
}

impl Written {
    pub(crate) fn nothing(records: String) -> Written {
        Written {
            plan: Plan::default(),
            change_ids: Vec::new(),
            is_raced: false,
            records_before: records.clone(),
            records_after: records,
        }
    }
}

/// What became of one zone.
struct Step {
    plan: Option<ZonePlan>,
    zone: Option<Zone>,
    change_ids: Vec<String>,
    error: Option<AwsError>,
}

impl Reconcile {
    /// Writes `wanted`, waits until Route 53 has it everywhere, reads the zones again and plans again, until
    /// planning gives nothing. Returns what was written, also on failure, and the last plan: empty or refused.
    pub(crate) async fn apply(
        &self,
        intent: &Intent<'_>,
        mut wanted: Plan,
        mut zones: Vec<Zone>,
        clock: &Clock,
    ) -> (Written, Result<Plan, AwsError>) {
        let mut written = Written::nothing(records_digest(&zones, intent.owner));
        for attempt in 1..=ATTEMPTS {
            if wanted.is_empty() || wanted.is_refused() {
                written.records_after = records_digest(&zones, intent.owner);
                return (written, Ok(wanted));
            }
            let result = match self.write(intent, &wanted, zones, clock, &mut written).await {
                Ok(zones) => self.fill(zones).await,
                Err(error) if error.kind == Kind::Stale && attempt < ATTEMPTS => {
                    written.is_raced = true;
                    sleep(Duration::from_millis(300) * attempt).await;
                    self.look_again(intent).await
                }
                Err(error) => Err(error),
            };
            zones = match result {
                Ok(zones) => zones,
                Err(error) => return (written, Err(error)),
            };
            wanted = plan(intent, &zones);
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
    async fn look_again(&self, intent: &Intent<'_>) -> Result<Vec<Zone>, AwsError> {
        let vpc = Vpc { id: intent.owner.vpc_id.to_owned(), endpoints: Vec::new(), record: None };
        let listed = self.route53.zones().await?;
        self.zones(&vpc, &listed).await
    }

    /// One pass: zones with wanted hosts first, and once those are everywhere, the zones that only lose records.
    /// Returns the zones that are there afterwards. One zone's failure does not stop the others.
    async fn write(
        &self,
        intent: &Intent<'_>,
        wanted: &Plan,
        zones: Vec<Zone>,
        clock: &Clock,
        written: &mut Written,
    ) -> Result<Vec<Zone>, AwsError> {
        let mut after: Vec<Zone> = Vec::new();
        let planned: BTreeSet<&str> = wanted.zones.iter().filter_map(|zone| zone.id.as_deref()).collect();
        after.extend(zones.iter().filter(|zone| !planned.contains(zone.id.as_str())).cloned());
        for gains in [true, false] {
            let part: Vec<&ZonePlan> = wanted.zones.iter().filter(|zone| zone.wanted == gains).collect();
            let steps: Vec<Step> = iter(part)
                .map(|plan| {
                    let zone = zones.iter().find(|zone| Some(&zone.id) == plan.id.as_ref()).cloned();
                    self.write_zone(intent, plan, zone, clock)
                })
                .buffered(AT_ONCE)
                .collect()
                .await;
            let mut failed = None;
            let mut sent = Vec::new();
            for step in steps {
                written.plan.zones.extend(step.plan);
                after.extend(step.zone);
                sent.extend(step.change_ids);
                failed = failed.or(step.error);
            }
            written.change_ids.extend(sent.iter().cloned());
            if let Some(error) = failed {
                return Err(error);
            }
            self.wait_in_sync(&sent, clock).await?;
        }
        Ok(after)
    }

    async fn write_zone(&self, intent: &Intent<'_>, plan: &ZonePlan, zone: Option<Zone>, clock: &Clock) -> Step {
        let mut step = Step { plan: None, zone, change_ids: Vec::new(), error: None };
        let mut done = ZonePlan { changes: Vec::new(), delete: false, associate: false, ..plan.clone() };
        let result = self.write_parts(intent, plan, &mut done, &mut step, clock).await;
        let has_written = !done.is_empty() || plan.id.is_none();
        step.plan = (has_written && done.id.is_some()).then(|| ZonePlan { id: plan.id.clone(), ..done });
        step.error = result.err();
        step
    }

    /// Writes one zone, noting in `done` what was really written.
    async fn write_parts(
        &self,
        intent: &Intent<'_>,
        plan: &ZonePlan,
        done: &mut ZonePlan,
        step: &mut Step,
        clock: &Clock,
    ) -> Result<(), AwsError> {
        let mut changes = plan.changes.clone();
        if plan.id.is_none() {
            let zone = self.create_zone(intent, &plan.name, step, clock).await?;
            done.id = Some(zone.id.clone());
            changes = first_changes(intent, plan, &zone);
            step.zone = Some(zone);
        }
        let Some(zone_id) = done.id.clone() else { return Ok(()) };
        if plan.associate {
            step.change_ids.extend(self.route53.associate(&zone_id, intent.owner.vpc_id).await?);
            done.associate = true;
            if let Some(zone) = &mut step.zone {
                zone.on_vpc = true;
            }
        }
        for batch in batches(&changes) {
            let comment = format!("tdp-privatelink {} {}", intent.owner.id, intent.change);
            step.change_ids.push(self.route53.change(&zone_id, &batch, &comment).await?);
            let names: BTreeSet<(&Name, &str)> = batch.iter().map(|s| (&s.name, s.rtype.as_str())).collect();
            done.changes.extend(changes.iter().filter(|c| names.contains(&(&c.name, c.rtype.as_str()))).cloned());
        }
        if plan.delete {
            step.change_ids.extend(self.route53.delete_zone(&zone_id).await?);
            done.delete = true;
            step.zone = None;
        }
        Ok(())
    }

    /// Makes a zone and reads it: its SOA is AWS's, and part of the first batch.
    async fn create_zone(
        &self,
        intent: &Intent<'_>,
        name: &Name,
        step: &mut Step,
        clock: &Clock,
    ) -> Result<Zone, AwsError> {
        let owner = intent.owner;
        let comment = self.zone_comment(owner.vpc_id);
        let generation = clock.generation().to_string();
        let reference = digest([owner.id, owner.vpc_id, name.as_str(), &generation].into_iter());
        let (id, change_id) =
            self.route53.create_zone(name, owner.vpc_id, &comment, &format!("tdp-privatelink-{reference}")).await?;
        step.change_ids.extend(change_id);
        let records = self.route53.records(&id).await?;
        Ok(Zone { id, name: name.clone(), comment, holder: Holder::Account, on_vpc: true, records })
    }

    /// Waits until every Route 53 server has every change.
    async fn wait_in_sync(&self, change_ids: &[String], clock: &Clock) -> Result<(), AwsError> {
        let waits = iter(change_ids).map(|id| self.wait_for(id, clock)).buffer_unordered(AT_ONCE);
        waits.collect::<Vec<_>>().await.into_iter().collect()
    }

    async fn wait_for(&self, change_id: &str, clock: &Clock) -> Result<(), AwsError> {
        let mut pause = Duration::from_millis(250);
        while !self.route53.is_in_sync(change_id).await? {
            if Instant::now() + pause > clock.sync_until() {
                return Err(AwsError::answer("route53:GetChange", change_id, Kind::TimedOut, "still PENDING"));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        Ok(())
    }
}

/// The changes for a zone that was just made: those planned, and its SOA, which nobody could know before.
fn first_changes(intent: &Intent<'_>, planned: &ZonePlan, zone: &Zone) -> Vec<planner::plan::Change> {
    let hosts: BTreeSet<Name> =
        planned.changes.iter().filter(|c| marked_name(&c.name).is_none()).map(|c| c.name.clone()).collect();
    let intent = Intent { hosts: &hosts, ..*intent };
    plan(&intent, std::slice::from_ref(zone)).zones.into_iter().flat_map(|zone| zone.changes).collect()
}
