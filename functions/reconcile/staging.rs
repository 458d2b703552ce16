//! The staging VPC: zones come to the real VPC filled, and leave it before they are emptied.

use planner::association::noted;
use planner::batch::{self, Verb};
use planner::current::Zone;
use planner::name::Name;
use planner::record::RecordType;
use tokio::sync::OwnedMutexGuard;

use super::apply::{Pass, Step, comment};
use super::{Clock, Reconcile};
use crate::error::{AwsError, Kind, STAGING};

impl Reconcile {
    /// Takes a zone that is about to be emptied from its VPCs first, with a staging VPC: its names are those of public DNS
    /// at once, and never missing. Where a zone of that name is on the staging VPC already, it goes without.
    pub(crate) async fn hide(&self, zone_id: &str, pass: &Pass<'_>, step: &mut Step) -> Result<(), AwsError> {
        let owner = pass.intent.owner;
        let Some(staging) = self.config.staging_for(owner.vpc_id) else { return Ok(()) };
        let Some(zone) = step.zone.clone() else { return Ok(()) };
        if zone.on_vpc && !zone.on_staging {
            // A zone has to have one VPC.
            match self.route53.associate(zone_id, staging).await {
                Ok(change_id) => step.note(change_id),
                // Another zone of that name is there; or this one, by a request whose answer was lost.
                Err(error) if error.kind == Kind::Stale => {
                    if !self.route53.zone_vpcs(zone_id).await?.contains_key(staging) {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        let region = &self.config.region;
        let noted = zone.records.iter().filter_map(|set| noted(set, &zone.name, owner)).flatten();
        for vpc in noted {
            step.note(self.route53.dissociate(zone_id, &vpc.id, vpc.region(region)).await?);
        }
        if zone.on_vpc {
            step.note(self.route53.dissociate(zone_id, owner.vpc_id, region).await?);
        }
        if let Some(zone) = &mut step.zone {
            (zone.on_vpc, zone.on_staging) = (false, true);
        }
        self.settle(pass, step).await
    }

    /// Takes a zone off the staging VPC. That it is off already may be the work of a request whose answer was lost, and
    /// nobody can ask about that one: then the SOA is written as it is, which no server has before the rest.
    pub(crate) async fn unstage(
        &self,
        zone_id: &str,
        staging: &str,
        pass: &Pass<'_>,
        step: &mut Step,
    ) -> Result<(), AwsError> {
        let mut change_id = self.route53.dissociate(zone_id, staging, &self.config.region).await?;
        if let (None, Some(zone)) = (&change_id, &step.zone) {
            let records = self.route53.records(zone_id).await?;
            change_id = self.touch(&Zone { records, ..zone.clone() }, &comment(pass.intent)).await?;
        }
        step.note(change_id);
        Ok(())
    }

    /// Waits until all that was ever done to a zone is everywhere. An earlier run may have ended before it saw that: then
    /// the zone's SOA is written as it is, which no server has before the rest. Where the role does not allow that, at names
    /// that are not configured any more, it goes without.
    pub(crate) async fn settle(&self, pass: &Pass<'_>, step: &mut Step) -> Result<(), AwsError> {
        if let Some(zone) = step.zone.as_ref().filter(|_| step.unsynced.is_empty()) {
            let change_id = self.touch(zone, &comment(pass.intent)).await?;
            step.note(change_id);
        }
        self.wait_for_all(step, pass.clock).await
    }

    /// Writes a zone's SOA as it is: no server has that before what was done to the zone earlier. Returns the change's id;
    /// `None` where there is none, or the role does not allow it.
    pub(crate) async fn touch(&self, zone: &Zone, comment: &str) -> Result<Option<String>, AwsError> {
        let Some(set) = zone.records.iter().find(|set| set.rtype == RecordType::Soa) else { return Ok(None) };
        let (name, rtype, data) = (set.name.clone(), set.rtype.clone(), set.data.clone());
        let batch = [batch::Step { verb: Verb::Upsert, name, rtype, data }];
        match self.route53.change(&zone.id, &batch, comment).await {
            Ok(change_id) => Ok(Some(change_id)),
            Err(error) if error.kind == Kind::Denied => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits for what was done to a zone so far.
    pub(crate) async fn wait_for_all(&self, step: &mut Step, clock: &Clock) -> Result<(), AwsError> {
        for change_id in &step.unsynced {
            self.wait_for(change_id, clock).await?;
        }
        step.unsynced.clear();
        Ok(())
    }

    /// Zones of one name take turns on the staging VPC, which can have one of them.
    pub(crate) async fn turn_on_staging(&self, name: &Name) -> Option<OwnedMutexGuard<()>> {
        self.config.staging_vpc_id.as_ref()?;
        let lock = self.staging.lock().await.entry(name.clone()).or_default().clone();
        Some(lock.lock_owned().await)
    }
}

/// Another VPC's zone of the same name does not leave the staging VPC: only that VPC's own run takes it away.
pub(super) fn staging_is_busy(error: AwsError, staging: &str) -> AwsError {
    if error.code != "ConflictingDomainExists" {
        return error;
    }
    let why = format!("{STAGING}: {staging} has a zone of that name");
    AwsError::answer(error.action, &error.subject, Kind::Refused, &why)
}
