//! The staging VPC: zones come to the real VPC filled, and leave it before they are emptied.

use planner::name::Name;
use tokio::sync::OwnedMutexGuard;

use super::apply::{Pass, Step};
use super::{Clock, Reconcile};
use crate::error::{AwsError, Kind};

impl Reconcile {
    /// Takes a zone that is about to be emptied from the VPC first, with a staging VPC: its names are those of public DNS
    /// at once, and never missing. Where a zone of that name is on the staging VPC already, it goes without.
    pub(crate) async fn hide(&self, zone_id: &str, pass: &Pass<'_>, step: &mut Step) -> Result<(), AwsError> {
        let Some(staging) = &self.config.staging_vpc_id else { return Ok(()) };
        let Some((on_vpc, on_staging)) = step.zone.as_ref().map(|zone| (zone.on_vpc, zone.on_staging)) else {
            return Ok(());
        };
        if on_vpc && !on_staging {
            // A zone has to have one VPC.
            match self.route53.associate(zone_id, staging).await {
                Ok(change_id) => step.note(change_id),
                Err(error) if error.kind == Kind::Stale => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        if on_vpc {
            let vpc_id = pass.intent.owner.vpc_id;
            step.note(self.route53.dissociate(zone_id, vpc_id, &self.config.region).await?);
        }
        if let Some(zone) = &mut step.zone {
            (zone.on_vpc, zone.on_staging) = (false, true);
        }
        self.wait_for_all(step, pass.clock).await
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
