//! One zone: its VPCs as they are, and step by step as they should be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use planner::association::{Association, Seen, State, Step, VpcRef, note, note_name, noted, plan, planned};
use planner::batch::batches;
use planner::current::{Zone, led};
use planner::plan::{Action, Change};
use planner::record::{Data, RecordType};
use planner::undo::{of_association, of_records};
use tokio::time::{Instant, sleep};

use super::told::{NOT_OURS, Trouble, Why, shown};
use super::{InZone, Task};
use crate::error::{AwsError, Kind};
use crate::reconcile::Reconcile;

/// How often a zone is looked at again because somebody else wrote its note at the same time.
const ATTEMPTS: u32 = 3;

/// Our note in a zone.
#[derive(Default)]
struct Note {
    data: Option<Arc<Data>>,
    vpcs: BTreeSet<VpcRef>,
    /// Something else stands in its place.
    is_taken: bool,
}

impl Note {
    fn read(task: &Task<'_>, zone: &Zone) -> Note {
        let name = note_name(&zone.name);
        let is_in_place = |rtype: &RecordType| matches!(rtype, RecordType::Txt | RecordType::Cname);
        let mut note = Note::default();
        for set in zone.records.iter().filter(|set| set.name == name && is_in_place(&set.rtype)) {
            match noted(set, &zone.name, task.owner) {
                Some(vpcs) => note = Note { data: Some(set.data.clone()), vpcs, is_taken: note.is_taken },
                None => note.is_taken = true,
            }
        }
        note
    }

    /// Whether it says what we would write, and in our name.
    fn says(&self, owner_id: &str, vpcs: &BTreeSet<VpcRef>) -> bool {
        match &self.data {
            Some(data) => !vpcs.is_empty() && data.same_as(&note(owner_id, vpcs)),
            None => vpcs.is_empty(),
        }
    }
}

/// Why a VPC cannot be associated, found before anything is noted.
struct Obstacle {
    why: Trouble,
    /// Whether it is known to stay until a person does something.
    is_sure: bool,
}

impl Reconcile {
    /// Brings one zone up to date. When another run wrote its note first, looks again.
    pub(super) async fn in_zone(&self, task: &Task<'_>, zone: &Zone) -> InZone {
        let mut done = InZone { zone: shown(zone), ..InZone::default() };
        let mut zone = zone.clone();
        for attempt in 1..=ATTEMPTS {
            match self.try_zone(task, &mut zone, attempt, &mut done).await {
                Err(error) if error.kind == Kind::Stale && attempt < ATTEMPTS => continue,
                // The zone went, or its note keeps changing: another run is at work. No matter for people.
                Err(error) if error.kind == Kind::Stale => done.error = Some(error),
                Err(error) => done.troubles.push(Trouble::of_zone(&zone, Why::Read(error))),
                Ok(()) => {}
            }
            break;
        }
        for removed in std::mem::take(&mut done.removed) {
            if !done.associations.iter().any(|association| association.vpc == removed.vpc) {
                done.associations.push(removed);
            }
        }
        done
    }

    async fn try_zone(
        &self,
        task: &Task<'_>,
        zone: &mut Zone,
        attempt: u32,
        done: &mut InZone,
    ) -> Result<(), AwsError> {
        if attempt > 1 {
            sleep(Duration::from_millis(300) * attempt).await;
            zone.records = self.route53.records(&zone.id).await?;
        }
        let zone = &*zone;
        let note = Note::read(task, zone);
        done.associations.clear();
        done.troubles.clear();
        if task.wanted.is_empty() && note.data.is_none() {
            return Ok(());
        }
        let vpcs = self.route53.zone_vpcs(&zone.id).await?;
        let mut wanted = wanted_in(task, zone, &note, &vpcs);
        let has_others = wanted.iter().chain(&note.vpcs).any(|vpc| vpc.is_of_another(task.own_account));
        let authorized = if has_others { self.route53.authorizations(&zone.id).await? } else { BTreeSet::new() };

        // What cannot be made is not noted: it is as if it were not wanted. What may be possible the next time stays noted.
        let mut failed = Vec::new();
        let mut rests = BTreeSet::new();
        let is_missing = |vpc: &&VpcRef| !vpcs.contains_key(&vpc.id) && !task.keeps.contains(&vpc.id);
        for vpc in wanted.clone().iter().filter(is_missing) {
            if note.is_taken {
                wanted.remove(vpc);
                failed.push(vpc.clone());
                continue;
            }
            if let Some(obstacle) = self.obstacle(task, zone, vpc).await {
                wanted.remove(vpc);
                failed.push(vpc.clone());
                done.troubles.push(obstacle.why);
                if !obstacle.is_sure {
                    rests.insert(vpc.id.clone());
                }
            }
        }
        if note.is_taken && !failed.is_empty() {
            let name = note_name(&zone.name);
            let error = AwsError::answer("route53:ChangeResourceRecordSets", name.as_str(), Kind::Refused, NOT_OURS);
            done.troubles.push(Trouble::of_zone(zone, Why::Note(error)));
        }
        let settled = note.vpcs.iter().filter(|vpc| !rests.contains(&vpc.id)).cloned().collect();
        let seen = Seen {
            zone: &zone.name,
            zone_id: &zone.id,
            own_account: task.own_account,
            vpcs: &vpcs,
            authorized: &authorized,
            noted: &settled,
            keeps: &task.keeps,
        };
        let (mut steps, mut goal) = plan(&wanted, &seen);
        goal.retain(|association| !failed.iter().any(|vpc| association.is_about(vpc)));
        done.associations = planned(&steps, goal.clone());
        done.associations.extend(failed.iter().map(|vpc| Association::failed(vpc, &zone.name, &zone.id)));
        done.associations.sort_by(|a, b| a.vpc.cmp(&b.vpc));
        if !task.may_write {
            return Ok(());
        }
        // A former owner's note, or one with a TTL of somebody else's.
        let is_noted = steps.iter().any(|step| matches!(step, Step::Note(_)));
        if !is_noted && !note.says(task.owner.id, &note.vpcs) {
            steps.push(Step::Note(note.vpcs.clone()));
        }
        let before = note.data.clone();
        let mut work =
            Work { reconcile: self, task, zone, vpcs: &vpcs, note, goal, failed: rests, undone: Vec::new(), done };
        let result = work.run(steps).await;
        work.done.changed |= work.note.data != before;
        result
    }

    /// What stands in the way of associating a VPC of this account. Asked before its note is written: a note of an
    /// association that we cannot make would one day make somebody else's look like ours.
    async fn obstacle(&self, task: &Task<'_>, zone: &Zone, vpc: &VpcRef) -> Option<Obstacle> {
        let view = task.views.get(vpc.id.as_str())?;
        let read = || self.route53.zones_on(&vpc.id, vpc.region(&self.config.region));
        match view.get_or_init(read).await {
            Ok(zones) => {
                let other = zones.iter().find(|other| other.name == zone.name && other.id != zone.id)?;
                let why = Why::Conflict(Some(format!("{} of {}", other.id, other.holder)));
                let why = Trouble { vpc: Some(vpc.clone()), ..Trouble::of_zone(zone, why) };
                Some(Obstacle { why, is_sure: true })
            }
            Err(error) => {
                let is_sure = is_final(error);
                let error = AwsError::answer(error.action, &error.subject, error.kind, &error.code);
                Some(Obstacle { why: Trouble::of_vpc(vpc, zone, error), is_sure })
            }
        }
    }
}

/// The VPCs that a zone should have: those that are configured. A zone that does not answer with our records, or that
/// its own VPC does not see, gets no new ones, and keeps those that it has.
fn wanted_in(task: &Task<'_>, zone: &Zone, note: &Note, vpcs: &BTreeMap<String, String>) -> BTreeSet<VpcRef> {
    let serves = !led(std::slice::from_ref(zone), task.owner).is_empty();
    let has = |vpc: &VpcRef| vpcs.contains_key(&vpc.id) && note.vpcs.iter().any(|noted| noted.id == vpc.id);
    task.wanted.iter().filter(|vpc| serves || has(vpc)).cloned().collect()
}

/// Whether AWS said no, so that nothing can have happened.
fn is_final(error: &AwsError) -> bool {
    matches!(error.kind, Kind::Denied | Kind::Stale | Kind::NotFound | Kind::Refused)
}

/// One zone while its steps are done.
struct Work<'a> {
    reconcile: &'a Reconcile,
    task: &'a Task<'a>,
    zone: &'a Zone,
    vpcs: &'a BTreeMap<String, String>,
    /// The note as it is now.
    note: Note,
    /// How it stands when all steps are done.
    goal: Vec<Association>,
    /// The ids of VPCs whose notes stay as they are.
    failed: BTreeSet<String>,
    /// VPCs that are noted, and that AWS refused to associate or authorize.
    undone: Vec<VpcRef>,
    done: &'a mut InZone,
}

impl Work<'_> {
    /// # Errors
    /// Of kind `Stale` when somebody else wrote the note: nothing was added then.
    async fn run(&mut self, steps: Vec<Step>) -> Result<(), AwsError> {
        for step in steps {
            if Instant::now() >= self.task.clock.sync_until() {
                // What was begun is noted: the next run goes on.
                let action = "route53:AssociateVPCWithHostedZone";
                let error = AwsError::answer(action, &self.zone.id, Kind::TimedOut, "no time left to write");
                self.done.error.get_or_insert(error);
                return Ok(());
            }
            if let Step::Note(vpcs) = step {
                match self.write_note(vpcs).await {
                    Ok(()) => self.settle(|association| association.state == State::Removed),
                    Err(error) if error.kind == Kind::Stale => return Err(error),
                    Err(error) => {
                        self.stop(error);
                        return Ok(());
                    }
                }
            } else if let Some(vpc) = step.vpc().filter(|vpc| !self.failed.contains(&vpc.id)).cloned() {
                match self.act(&step).await {
                    Ok(change_id) => {
                        self.done.changed = true;
                        self.done.change_ids.extend(change_id);
                        let (region, account) = (&self.reconcile.config.region, self.task.own_account);
                        self.done.undo.extend(of_association(&self.zone.id, &step, region, account));
                        if step.adds() {
                            self.settle(|association| association.is_about(&vpc));
                        } else {
                            let goal = self.goal.iter().filter(|goal| goal.is_about(&vpc));
                            self.done.removed.extend(goal.filter(|goal| goal.state == State::Removed).cloned());
                        }
                    }
                    Err(error) => {
                        if step.adds() && is_final(&error) {
                            self.undone.push(vpc.clone());
                        }
                        self.fail(&vpc, error);
                    }
                }
            }
        }
        self.take_back().await;
        Ok(())
    }

    async fn act(&self, step: &Step) -> Result<Option<String>, AwsError> {
        let Reconcile { route53, config, .. } = self.reconcile;
        let zone_id = &self.zone.id;
        match step {
            Step::Dissociate(vpc) => {
                let region = self.vpcs.get(&vpc.id).map_or(vpc.region(&config.region), String::as_str);
                route53.dissociate(zone_id, &vpc.id, region).await
            }
            Step::Deauthorize(vpc) => route53.deauthorize(zone_id, vpc).await.map(|()| None),
            Step::Associate(vpc) => route53.associate_with(zone_id, vpc).await,
            Step::Authorize(vpc) => route53.authorize(zone_id, vpc).await.map(|()| None),
            Step::Note(_) => Ok(None),
        }
    }

    /// Makes the note name these VPCs, and those that failed as it named them before.
    async fn write_note(&mut self, vpcs: BTreeSet<VpcRef>) -> Result<(), AwsError> {
        let failed = |vpc: &&VpcRef| self.failed.contains(&vpc.id);
        let named = vpcs.iter().filter(|vpc| !failed(vpc));
        let vpcs: BTreeSet<VpcRef> = named.chain(self.note.vpcs.iter().filter(failed)).cloned().collect();
        let owner_id = self.task.owner.id;
        if self.note.says(owner_id, &vpcs) {
            return Ok(());
        }
        let name = note_name(&self.zone.name);
        if self.note.is_taken {
            return Err(AwsError::answer("route53:ChangeResourceRecordSets", name.as_str(), Kind::Refused, NOT_OURS));
        }
        let before = self.note.data.clone();
        let after = (!vpcs.is_empty()).then(|| Arc::new(note(owner_id, &vpcs)));
        let action = match (&before, &after) {
            (None, _) => Action::Create,
            (Some(_), None) => Action::Delete,
            (Some(_), Some(_)) => Action::Update,
        };
        let zone = self.zone.name.clone();
        let change = Change { action, zone, name, rtype: RecordType::Txt, before, after: after.clone() };
        for batch in batches(std::slice::from_ref(&change)) {
            let change_id = self.reconcile.route53.change(&self.zone.id, &batch, &self.task.comment).await?;
            self.done.change_ids.push(change_id);
        }
        let number = self.task.clock.change("vpcs");
        self.done.undo_notes.extend(of_records(&self.zone.id, std::slice::from_ref(&change), &number));
        self.done.changes.push(change);
        self.note.data = after;
        self.note.vpcs = vpcs;
        Ok(())
    }

    /// VPCs that AWS refused do not stay noted: one that somebody else associates later would look like ours. Unless the
    /// refusal came because an earlier request, whose answer was lost, had done it.
    async fn take_back(&mut self) {
        if self.undone.is_empty() {
            return;
        }
        // What cannot be read or written now is tried again by the next run, with everything else.
        let Ok(vpcs) = self.reconcile.route53.zone_vpcs(&self.zone.id).await else { return };
        let (there, gone): (Vec<VpcRef>, Vec<VpcRef>) =
            std::mem::take(&mut self.undone).into_iter().partition(|vpc| vpcs.contains_key(&vpc.id));
        if !there.is_empty() {
            match self.reconcile.touch(self.zone, &self.task.comment).await {
                Ok(change_id) => self.done.change_ids.extend(change_id),
                Err(error) => drop(self.done.error.get_or_insert(error)),
            }
        }
        for vpc in there {
            self.done.changed = true;
            let (region, account) = (&self.reconcile.config.region, self.task.own_account);
            let step = Step::Associate(vpc.clone());
            self.done.undo.extend(of_association(&self.zone.id, &step, region, account));
            self.failed.remove(&vpc.id);
            self.done.troubles.retain(|trouble| trouble.vpc.as_ref() != Some(&vpc));
            self.settle(|association| association.is_about(&vpc));
        }
        for vpc in &gone {
            self.failed.remove(&vpc.id);
        }
        let left = self.note.vpcs.iter().filter(|vpc| !gone.contains(vpc)).cloned().collect();
        if let Err(error) = self.write_note(left).await {
            self.done.error.get_or_insert(error);
        }
    }

    /// What a step reached stands in the report as the goal has it.
    fn settle(&mut self, is_reached: impl Fn(&Association) -> bool) {
        for goal in self.goal.iter().filter(|goal| is_reached(goal)) {
            let is_same = |association: &&mut Association| association.vpc == goal.vpc;
            let open = self.done.associations.iter_mut().find(is_same);
            if let Some(association) = open.filter(|association| !self.failed.contains(association.vpc_id())) {
                association.clone_from(goal);
            }
        }
    }

    fn fail(&mut self, vpc: &VpcRef, error: AwsError) {
        self.failed.insert(vpc.id.clone());
        self.done.troubles.push(Trouble::of_vpc(vpc, self.zone, error));
        for association in self.done.associations.iter_mut().filter(|association| association.is_about(vpc)) {
            *association = Association { state: State::Failed, becomes: None, command: None, ..association.clone() };
        }
    }

    /// Without its note, nothing more can be done about a zone.
    fn stop(&mut self, error: AwsError) {
        self.done.troubles.push(Trouble::of_zone(self.zone, Why::Note(error)));
        for association in self.done.associations.iter_mut().filter(|one| one.state == State::Planned) {
            *association = Association { state: State::Failed, becomes: None, ..association.clone() };
        }
    }
}
