//! The algorithm: one path for every trigger.

use futures::stream::{StreamExt, iter};
use planner::log::chain;
use planner::report::{Connection, Mode, Problem, Report};
use planner::trigger::Trigger;

use super::end::Done;
use super::read::VPCS_AT_ONCE;
use super::{Clock, Reconcile, Redeliver, problems};
use crate::error::AwsError;

impl Reconcile {
    /// Looks at the world and makes it as it should be.
    ///
    /// Flow: read the endpoints (a settled sweep ends here, after one AWS call); read zones and what was
    /// announced; then for each VPC, independently of the others: read its records, plan, write, wait until
    /// Route 53 has it everywhere, read again and plan again, announce.
    ///
    /// Guarantees: nothing is written after a failed read, before the endpoint is available, or where a record
    /// of somebody else stands in the way. Duplicate, late and concurrent runs end in the same state.
    ///
    /// # Errors
    /// [`Redeliver`] when another delivery of the same event helps.
    pub(crate) async fn run(&self, trigger: &Trigger, clock: &Clock) -> Result<Report, Box<Redeliver>> {
        let stop = |error| self.report(trigger, Vec::new(), &[error], &[]);
        let endpoints = match self.endpoints(trigger, clock).await {
            Ok(endpoints) => endpoints,
            Err(error) => return stop(error),
        };
        if *trigger == Trigger::Sweep
            && let Some(report) = self.memory.lock().await.settled(&endpoints)
        {
            return Ok(report);
        }
        let world = match self.world().await {
            Ok(world) => world,
            Err(error) => return stop(error),
        };

        let vpcs = self.vpcs(&endpoints, &world, trigger);
        let mut done: Vec<Done> = iter(&vpcs)
            .map(|vpc| self.connection(vpc, &world, trigger, clock))
            .buffer_unordered(VPCS_AT_ONCE)
            .collect()
            .await;
        done.retain(|done| done.connection.is_some());
        done.sort_by(|a, b| a.vpc_id().cmp(&b.vpc_id()));

        let is_at_rest = done.iter().all(Done::rests);
        let connections: Vec<Connection> = done.iter().filter_map(|done| done.connection.clone()).collect();
        let errors: Vec<AwsError> = done.into_iter().filter_map(|done| done.error).collect();
        let mut notes =
            if connections.is_empty() { vec![problems::nothing_found(&self.config, trigger)] } else { Vec::new() };
        notes.extend(problems::elsewhere(&self.elsewhere(&world)));
        let result = self.report(trigger, connections, &errors, &notes);
        let mut memory = self.memory.lock().await;
        // A look at one endpoint says nothing about the others, and one that may not write announces nothing.
        if !is_at_rest {
            memory.unsettle();
        } else if trigger.only().is_none() && trigger.may_write() {
            let report = result.as_ref().unwrap_or_else(|again| &again.report);
            memory.settle(endpoints, report);
        }
        result
    }

    fn report(
        &self,
        trigger: &Trigger,
        connections: Vec<Connection>,
        errors: &[AwsError],
        notes: &[Problem],
    ) -> Result<Report, Box<Redeliver>> {
        let mode = if trigger.may_write() { self.config.mode } else { Mode::Plan };
        let told = |error: &AwsError| connections.iter().any(|c| c.problems.contains(&problems::of_call(error)));
        let mut problems: Vec<Problem> = errors.iter().filter(|error| !told(error)).map(problems::of_call).collect();
        problems.extend_from_slice(notes);
        let report = Report { mode, connections, problems };
        let again: Vec<String> = errors.iter().filter(|e| e.deserves_retry()).map(|e| chain(e)).collect();
        if again.is_empty() {
            return Ok(report);
        }
        Err(Box::new(Redeliver { report, message: again.join("; ") }))
    }
}
