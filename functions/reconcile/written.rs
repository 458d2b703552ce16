//! What one run has written for one connection.

use std::collections::BTreeSet;

use planner::current::{Owner, Zone};
use planner::marker::marked_name;
use planner::name::Name;
use planner::news::ConnectionRecord;
use planner::plan::{Plan, written_unseen};

use super::associations::Associated;
use crate::error::AwsError;

/// What was written for one connection, and what was there before and after.
#[derive(Debug)]
pub(crate) struct Written {
    /// The zone plans that were written, in order.
    pub plan: Plan,
    pub change_ids: Vec<String>,
    /// Those of them that are not known to be INSYNC yet.
    pub unsynced: Vec<String>,
    /// Whether a write was refused because somebody else had written.
    pub is_raced: bool,
    /// Whether others wrote until the end, so that nobody knows here what is everywhere.
    pub is_unconfirmed: bool,
    /// Whether names are left to write that this run has not proved.
    pub leaves_unproved: bool,
    /// The zones of which every request to write was answered.
    answered: BTreeSet<String>,
    /// Those of which one was not, and since which nothing was written that comes after it.
    unanswered: BTreeSet<String>,
    /// Those that this run confirmed at its end.
    confirmed: BTreeSet<String>,
    /// What became of other VPCs before zones went.
    pub associated: Vec<Associated>,
    /// Digest of our records afterwards.
    pub records_after: String,
    /// The zones as they are afterwards; empty after a failure.
    pub zones: Vec<Zone>,
    /// The connection record as it was when the zones were read afterwards; `None` once more was done since.
    pub told: Option<Result<Option<ConnectionRecord>, AwsError>>,
}

impl Written {
    pub(crate) fn nothing(records: String) -> Written {
        Written {
            plan: Plan::default(),
            change_ids: Vec::new(),
            unsynced: Vec::new(),
            is_raced: false,
            is_unconfirmed: false,
            leaves_unproved: false,
            answered: BTreeSet::new(),
            unanswered: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            associated: Vec::new(),
            records_after: records,
            zones: Vec::new(),
            told: None,
        }
    }
}

impl Written {
    /// Whether others wrote all that this run wanted to write, or went on writing: they tell.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.is_unconfirmed || (self.is_raced && self.plan.is_empty())
    }

    /// Notes a step of a zone: whether each of its requests was answered, and whether it changed something that Route 53
    /// tells of. Changes of a zone are applied in order, so a later one that is waited for makes up for one without an answer.
    pub(crate) fn note_answer(&mut self, zone_id: Option<&str>, is_whole: bool, has_changed: bool) {
        let Some(id) = zone_id else { return };
        if !is_whole {
            self.answered.remove(id);
            self.unanswered.insert(id.to_owned());
        } else if has_changed || !self.unanswered.contains(id) {
            self.unanswered.remove(id);
            self.answered.insert(id.to_owned());
        }
    }

    /// Of zones that were written to be confirmed, those of which that was answered are.
    pub(crate) fn note_confirmed(&mut self, zones: &[Zone]) {
        let answered = zones.iter().filter(|zone| self.answered.contains(&zone.id));
        let ids: Vec<String> = answered.map(|zone| zone.id.clone()).collect();
        self.confirmed.extend(ids);
    }

    /// The zones, as they are now, in which something was written that this run cannot know to be everywhere: see
    /// [`written_unseen`].
    pub(crate) fn unseen(&self, owner: Owner<'_>, (before, after): (&[Zone], &[Zone]), ours: &[&str]) -> Vec<Zone> {
        let gone = self.plan.changes().filter(|change| change.after.is_none());
        let removed: BTreeSet<Name> = gone.filter_map(|change| marked_name(&change.name)).collect();
        let ids = written_unseen(owner, (before, after), &self.answered, ours, &removed);
        let is_open = |zone: &&Zone| ids.contains(&zone.id) && !self.confirmed.contains(&zone.id);
        after.iter().filter(is_open).cloned().collect()
    }
}
