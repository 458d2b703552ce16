//! More VPCs for the zones that we made: having them associated, and letting them go.

mod told;
mod zone;

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{StreamExt, iter};
use planner::association::{Association, VpcRef};
use planner::current::{Owner, Zone};
use planner::plan::{Change, Plan};
use planner::report::{Connection, Mode, Outcome, Problem};
use planner::undo::FIRST_OF_VPCS;
use tokio::sync::OnceCell;

use super::read::AT_ONCE;
use super::{Clock, Reconcile};
use crate::aws::route53::VpcZone;
use crate::error::AwsError;
use told::{Trouble, Why, problems};

/// How it stands with the other VPCs of a connection's zones, and what was done about it.
#[derive(Debug, Default)]
pub(crate) struct Associated {
    /// By zone and VPC. Those that somebody else made are in it when the configuration names the VPC.
    pub associations: Vec<Association>,
    /// Whether the VPCs of a zone could not be read.
    pub is_unread: bool,
    /// What is not as it should be, with what to do. None of it refuses anything.
    pub problems: Vec<Problem>,
    /// Route 53 change ids, all INSYNC unless `error` says otherwise.
    pub change_ids: Vec<String>,
    /// What was written into zones.
    pub changes: Vec<Change>,
    /// The commands that undo it, in the order in which to run them: first the VPCs, then the notes.
    pub undo: Vec<String>,
    pub undo_notes: Vec<String>,
    /// Whether anything is different from before.
    pub changed: bool,
    /// A failure that another delivery may mend; the others are problems only.
    pub error: Option<AwsError>,
}

impl Associated {
    /// Notes them on the report; returns the failure that another delivery may mend.
    pub(crate) fn note(self, connection: &mut Connection) -> Option<AwsError> {
        connection.associations = self.associations;
        connection.are_associations_unread = self.is_unread;
        connection.problems.extend(self.problems);
        connection.changes.extend(self.changes);
        connection.change_ids.extend(self.change_ids);
        undo_first(connection, [self.undo, self.undo_notes].concat());
        if self.changed && connection.outcome == Outcome::InSync {
            connection.outcome = Outcome::Changed;
        }
        self.error
    }

    /// Whether anybody was asked about other VPCs, which takes its time.
    pub(crate) fn has_asked(&self) -> bool {
        self.changed || self.is_unread || self.error.is_some() || !self.associations.is_empty()
    }

    /// Notes what was done with zones that were made in the same run, before the whole was looked at. An association goes
    /// with its zone when that is undone.
    pub(crate) fn note_done(self, connection: &mut Connection) {
        connection.changes.extend(self.changes);
        connection.change_ids.extend(self.change_ids);
        undo_first(connection, self.undo_notes);
    }
}

/// Puts commands before those that undo what was done earlier.
fn undo_first(connection: &mut Connection, commands: Vec<String>) {
    if !commands.is_empty() {
        let earlier = connection.undo.drain(..).skip(1);
        connection.undo = std::iter::once(FIRST_OF_VPCS.to_owned()).chain(commands).chain(earlier).collect();
    }
}

/// What the zones of one connection have in common.
struct Task<'a> {
    owner: Owner<'a>,
    wanted: &'a BTreeSet<VpcRef>,
    own_account: Option<&'a str>,
    /// The VPCs that are never touched here.
    keeps: BTreeSet<String>,
    may_write: bool,
    clock: &'a Clock,
    /// What Route 53 keeps beside a change, for whoever reads CloudTrail.
    comment: String,
    /// Which zones a wanted VPC of this account sees, read when a zone of ours first lacks it.
    views: BTreeMap<&'a str, OnceCell<Result<Vec<VpcZone>, AwsError>>>,
}

/// What became of one zone.
#[derive(Default)]
struct InZone {
    /// The zone's name and id.
    zone: String,
    associations: Vec<Association>,
    troubles: Vec<Trouble>,
    change_ids: Vec<String>,
    changes: Vec<Change>,
    /// The commands that undo what was done with the VPCs, in the order in which it was done.
    undo: Vec<String>,
    /// The same for the zone's note.
    undo_notes: Vec<String>,
    /// What was taken away, also before the zone had to be looked at again.
    removed: Vec<Association>,
    changed: bool,
    error: Option<AwsError>,
}

impl Reconcile {
    /// Brings the associations of the zones that we made with the VPCs of `EXTRA_VPC_IDS` up to date, and waits until
    /// Route 53 has them everywhere; with `may_write` false only looks.
    ///
    /// `zones` are the connection's, with their records as they are now. Makes no call when no VPC is configured and
    /// no zone has a note of one. What fails for one VPC or zone does not stop the others.
    pub(crate) async fn associations(
        &self,
        owner: Owner<'_>,
        zones: &[Zone],
        may_write: bool,
        clock: &Clock,
    ) -> Associated {
        let none = BTreeSet::new();
        let wanted = if self.config.mode == Mode::Withdraw { &none } else { &self.config.extra_vpcs };
        let own_account = self.config.account_id.as_deref();
        let own = wanted.iter().filter(|vpc| !vpc.is_of_another(own_account));
        let task = Task {
            owner,
            wanted,
            own_account,
            keeps: [Some(owner.vpc_id), self.config.staging_vpc_id.as_deref()]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect(),
            may_write,
            clock,
            comment: format!("tdp-privatelink {} {}", owner.id, clock.change("vpcs")),
            views: own.map(|vpc| (vpc.id.as_str(), OnceCell::new())).collect(),
        };
        let ours = zones.iter().filter(|zone| zone.is_created_by(owner));
        let zones: Vec<InZone> =
            iter(ours).map(|zone| self.in_zone(&task, zone)).buffered(AT_ONCE).collect::<Vec<_>>().await;
        self.together(zones, clock).await
    }

    /// The same for zones that were just made and take the place of others, before those go.
    pub(crate) async fn associations_first(
        &self,
        owner: Owner<'_>,
        made: &[Zone],
        clock: &Clock,
    ) -> Result<Option<Associated>, AwsError> {
        if made.is_empty() || self.config.extra_vpcs.is_empty() || self.config.mode == Mode::Withdraw {
            return Ok(None);
        }
        let zones = self.fill(made.to_vec()).await?;
        Ok(Some(self.associations(owner, &zones, true, clock).await))
    }

    /// What zones that are to be made will have.
    pub(crate) fn associations_to_come(&self, wanted: &Plan) -> Vec<Association> {
        let own_account = self.config.account_id.as_deref();
        let made = wanted.zones.iter().filter(|zone| zone.id.is_none() && self.config.mode != Mode::Withdraw);
        let come = made.flat_map(|zone| {
            self.config.extra_vpcs.iter().map(|vpc| Association::to_come(vpc, &zone.name, own_account))
        });
        come.collect()
    }

    /// One result of all zones, when Route 53 has what was written.
    async fn together(&self, zones: Vec<InZone>, clock: &Clock) -> Associated {
        let mut all = Associated::default();
        let mut troubles = Vec::new();
        let mut unsynced = Vec::new();
        for zone in zones {
            unsynced.extend(zone.change_ids.iter().map(|id| (zone.zone.clone(), id.clone())));
            all.associations.extend(zone.associations);
            all.change_ids.extend(zone.change_ids);
            all.changes.extend(zone.changes);
            all.undo.extend(zone.undo.into_iter().rev());
            all.undo_notes.extend(zone.undo_notes.into_iter().rev());
            all.changed |= zone.changed;
            all.error = all.error.or(zone.error);
            troubles.extend(zone.troubles);
        }
        let waits = iter(unsynced).map(|(zone, id)| async move {
            let failed = self.wait_for(&id, clock).await.err()?;
            Some(Trouble { vpc: None, zone, why: Why::Wait(failed) })
        });
        troubles.extend(waits.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await.into_iter().flatten());
        all.problems = problems(&troubles, &all.associations);
        all.is_unread = troubles.iter().any(|trouble| matches!(trouble.why, Why::Read(_)));
        all.error = all.error.or_else(|| troubles.into_iter().find_map(Trouble::worth_another_try));
        all
    }
}
