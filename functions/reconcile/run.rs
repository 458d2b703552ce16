//! The algorithm: one path for every trigger.

use std::collections::BTreeSet;

use futures::future::ready;
use futures::stream::{StreamExt, iter};
use planner::log::chain;
use planner::report::{Connection, Mode, Problem, Report};
use planner::trigger::Trigger;
use tokio::time::Instant;

use super::end::Done;
use super::read::{VPCS_AT_ONCE, Vpc};
use super::{Clock, Reconcile, Redeliver, problems};
use crate::error::AwsError;

impl Reconcile {
    /// Looks at the world and makes it as it should be.
    ///
    /// Flow: read the endpoints (a settled sweep or event ends here, after one AWS call); read zones and what was
    /// announced; then for each VPC that does not rest, independently of the others: read its records, plan, write,
    /// wait until Route 53 has it everywhere, read again and plan again, announce. When time gets short, no further VPC
    /// is begun: the next sweep goes on with those.
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
        self.memory.lock().await.note_endpoints(&endpoints, |endpoint| self.is_tdp(endpoint));
        match trigger {
            // An event is about an endpoint: where none is different, there is nothing to see.
            Trigger::Sweep | Trigger::Hint { .. } => {
                let mut memory = self.memory.lock().await;
                let settled = memory.settled(&endpoints, |e| self.is_tdp(e));
                let is_event = matches!(trigger, Trigger::Hint { .. });
                if let Some(report) = settled.or_else(|| memory.just_looked(&endpoints).filter(|_| is_event)) {
                    memory.trace.is_whole = true;
                    return Ok(report);
                }
            }
            Trigger::Drift => self.memory.lock().await.unsettle(),
            _ => {}
        }
        let world = match self.world(&endpoints).await {
            Ok(world) => world,
            Err(error) => return stop(error),
        };
        let vpcs = self.vpcs(&endpoints, &world, trigger);
        let (mut connections, open) = self.memory.lock().await.part(vpcs, trigger);
        let open = self.in_turn(open, trigger, clock).await;
        let world = &world;
        let done: Vec<(&Vpc, Done)> = iter(&open)
            .take_while(|_| ready(Instant::now() < clock.start_until()))
            .map(|vpc| async move { (vpc, self.connection(vpc, world, trigger, clock).await) })
            .buffer_unordered(VPCS_AT_ONCE)
            .collect()
            .await;
        let reached: BTreeSet<&str> = done.iter().map(|(vpc, _)| vpc.id.as_str()).collect();
        let missed: Vec<&str> = open.iter().map(|vpc| vpc.id.as_str()).filter(|id| !reached.contains(id)).collect();

        connections.extend(done.iter().filter_map(|(_, done)| done.connection.clone()));
        connections.sort_by(|a, b| a.vpc_id.cmp(&b.vpc_id));
        let mut notes = problems::missed(&missed).into_iter().collect::<Vec<Problem>>();
        if connections.is_empty() && missed.is_empty() {
            notes.push(problems::nothing_found(&self.config, trigger));
        }
        notes.extend(problems::elsewhere(&self.elsewhere(world)));
        notes.extend(problems::pins_missing(&self.config, &endpoints, trigger));
        let mut memory = self.memory.lock().await;
        // A look at one endpoint says nothing about the others, and one that may not write announces nothing.
        let is_whole = trigger.only().is_none() && trigger.may_write();
        for (vpc, done) in &done {
            memory.note(vpc, done, is_whole);
        }
        let is_at_rest = missed.is_empty() && done.iter().all(|(_, done)| done.rests());
        let errors: Vec<AwsError> = done.into_iter().filter_map(|(_, done)| done.error).collect();
        let result = self.report(trigger, connections, &errors, &notes);
        if is_whole {
            let report = result.as_ref().unwrap_or_else(|again| &again.report);
            memory.whole = is_at_rest.then(|| (report.mode, report.problems.clone()));
            if missed.is_empty() && result.is_ok() {
                memory.trace.is_whole = true;
                memory.note_look(endpoints, report);
            }
        } else if !is_at_rest {
            memory.whole = None;
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
