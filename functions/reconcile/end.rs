//! How a run ends with one VPC: what leads to the endpoint is proved, and what is news is told.

use planner::association::State;
use planner::current::Zone;
use planner::digest::records_digest;
use planner::endpoint::choose;
use planner::news::{Situation, Status, status};
use planner::plan::Plan;
use planner::proof::Verdict;
use planner::report::{Connection, Mode, Outcome, Problem};
use planner::trigger::Trigger;

use super::announce::News;
use super::connection::Task;
use super::memory::rests;
use super::proof::{Now, add};
use super::read::Vpc;
use super::written::Written;
use super::{Reconcile, problems};
use crate::error::{AwsError, Kind};

/// How one connection ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// `None` when the VPC turned out to have no connection.
    pub connection: Option<Connection>,
    pub error: Option<AwsError>,
    /// False when another run was at work: the next sweep should look again.
    pub is_complete: bool,
}

impl Done {
    pub(crate) fn none() -> Done {
        Done { connection: None, error: None, is_complete: true }
    }

    /// The same, with a call that failed. What AWS refuses to have written now, it refuses a minute later: the next drift
    /// pass tries again, a sweep does not. Trying makes zones and takes them back.
    pub(crate) fn with(self, error: Option<AwsError>) -> Done {
        let is_over =
            error.as_ref().is_none_or(|error| matches!(error.kind, Kind::Denied | Kind::Refused | Kind::Stale));
        Done { is_complete: self.is_complete && is_over, error: self.error.or(error), ..self }
    }

    pub(crate) fn rests(&self) -> bool {
        self.is_complete && self.connection.as_ref().is_none_or(|c| rests(c.outcome))
    }
}

impl Reconcile {
    /// Has what was written proved, or notes why it was not written; and ends the connection.
    pub(crate) async fn conclude(
        &self,
        task: &Task<'_>,
        mut connection: Connection,
        mut written: Written,
        error: Option<AwsError>,
    ) -> Done {
        let Task { vpc, trigger, .. } = *task;
        if let Some(error) = error {
            connection.problems.insert(0, problems::of_call(&error));
            if written.leaves_unproved {
                // No matter for people: the next run proves and writes.
                return Done { connection: Some(connection), error: Some(error), is_complete: false };
            }
            let done = self.finish(vpc, trigger, connection, written, &task.wanted).await;
            return Done { error: None, ..done }.with(Some(error));
        }
        let has_written = !written.plan.is_empty();
        if let Some(subject) = task.subject().filter(|_| connection.outcome != Outcome::Refused) {
            let now = Now { trigger, status: Status::Live, wanted: &task.wanted, has_written };
            if self.must_prove(&subject, &now) {
                // What the endpoint looked like before counts only where nobody can say what it looks like now.
                let (before, other): (Vec<Problem>, Vec<Problem>) =
                    connection.problems.into_iter().partition(|problem| problem.is_of_proof);
                connection.problems = other;
                self.prove_after(&subject, &task.wishes.leading(), has_written, &mut connection).await;
                written.told = None;
                if connection.proof.after == Verdict::Unproven {
                    add(&mut connection.problems, before);
                }
            }
        }
        self.finish(vpc, trigger, connection, written, &task.wanted).await
    }

    /// Ends a connection that is held or refused. What leads to the endpoint already is proved all the same.
    pub(crate) async fn leave(&self, task: &Task<'_>, mut connection: Connection, zones: &[Zone]) -> Done {
        let Task { vpc, trigger, .. } = *task;
        // Nothing moved.
        connection.moved_from = None;
        let status = if connection.outcome == Outcome::Held { Status::Held } else { Status::Refused };
        if let Some(subject) = task.subject() {
            let now = Now { trigger, status, wanted: &task.wanted, has_written: false };
            let led = self.led(&subject, zones);
            if !led.is_empty() && self.must_prove(&subject, &now) {
                let reasons = std::mem::take(&mut connection.problems);
                self.prove_after(&subject, &led, false, &mut connection).await;
                let seen = std::mem::take(&mut connection.problems);
                // What subjects name comes first: an outage, and otherwise why it is held or refused.
                let has_failed = connection.proof.after == Verdict::Failed;
                let (first, then) = if has_failed { (seen, reasons) } else { (reasons, seen) };
                add(&mut connection.problems, first.into_iter().chain(then));
            }
        }
        self.finish(vpc, trigger, connection, self.nothing(vpc, zones), &task.wanted).await
    }

    /// Ends a connection that may not be written: the plan, and proof where a person asked for it.
    pub(crate) async fn only_look(
        &self,
        task: &Task<'_>,
        connection: Connection,
        zones: &[Zone],
        wanted: &Plan,
    ) -> Done {
        let Task { vpc, trigger, .. } = *task;
        let mut connection = connection.with_plan(wanted);
        let associated = self.associations(self.owner(&vpc.id), zones, false, task.clock).await;
        let error = associated.note(&mut connection);
        connection.associations.extend(self.associations_to_come(wanted));
        let is_planned = connection.associations.iter().any(|one| one.state == State::Planned);
        connection.outcome = if wanted.is_empty() && !is_planned { Outcome::InSync } else { Outcome::Planned };
        if matches!(trigger, Trigger::Verify { .. })
            && let Some(subject) = task.subject()
        {
            if !self.has_verifier(&vpc.id) {
                connection.problems.push(problems::unproven(&vpc.id));
            } else {
                self.prove_before(&subject, wanted, &mut connection).await;
                let led = self.led(&subject, zones);
                if !led.is_empty() {
                    self.prove_after(&subject, &led, false, &mut connection).await;
                }
            }
        }
        self.finish(vpc, trigger, connection, self.nothing(vpc, zones), &task.wanted).await.with(error)
    }

    /// Announces what is news about a connection, and ends with it.
    pub(crate) async fn finish(
        &self,
        vpc: &Vpc,
        trigger: &Trigger,
        mut connection: Connection,
        written: Written,
        wanted: &str,
    ) -> Done {
        // Somebody else wrote what we wanted to write, and will tell.
        let is_refused = connection.problems.iter().any(|problem| problem.code == "aws-refused");
        let has_lost_race = written.is_overtaken() && (written.is_unconfirmed || !is_refused);
        let may_tell = self.config.mode != Mode::Plan && !matches!(trigger, Trigger::Plan { .. });
        // Nothing leads anywhere, and nothing ever did.
        let routes = &self.config.routes;
        let is_idle = vpc.record.is_none() && routes.hosts.keys().all(|host| routes.held.contains(host));
        let is_news = may_tell && !has_lost_race && !is_idle && is_for_people(&connection);
        let status = status(connection.outcome, self.config.mode == Mode::Withdraw);
        let is_complete = !has_lost_race && is_proved_or_cannot_be(&connection);
        let Some(status) = status.filter(|_| is_news) else {
            return Done { connection: Some(connection), error: None, is_complete };
        };
        let news = News {
            situation: Situation { status, records: written.records_after, config: wanted.to_owned() },
            plan: written.plan,
            // A look that may not write finds what others wrote, and may not know whether it is INSYNC.
            only_proof: !trigger.may_write(),
            told: written.told,
        };
        let error = self.announce(vpc, &connection, news).await.err();
        connection.problems.extend(error.as_ref().map(problems::of_call));
        Done { is_complete: is_complete && error.is_none(), connection: Some(connection), error }
    }

    /// Ends a connection whose state could not be read.
    pub(crate) async fn failed(&self, vpc: &Vpc, trigger: &Trigger, error: AwsError) -> Done {
        let recorded = vpc.record.as_ref().and_then(|record| record.endpoint_id.as_deref());
        let known = choose(&vpc.endpoints, recorded, &self.config.pinned);
        let state = known.map_or("unknown", |e| e.state.as_str());
        let mut connection = Connection::new(&vpc.id, known.map(|e| e.id.as_str()), state, Outcome::Failed);
        connection.problems.push(problems::of_call(&error));
        if error.kind == Kind::Stale {
            // A zone went while it was read: no matter for people.
            return Done { connection: Some(connection), error: Some(error), is_complete: false };
        }
        let told = vpc.record.as_ref().map(|record| record.announced.records.clone()).unwrap_or_default();
        let wanted = vpc.record.as_ref().map(|record| record.announced.config.clone()).unwrap_or_default();
        let done = self.finish(vpc, trigger, connection, Written::nothing(told), &wanted).await;
        Done { error: Some(error), is_complete: false, ..done }
    }

    pub(crate) fn nothing(&self, vpc: &Vpc, zones: &[Zone]) -> Written {
        Written::nothing(records_digest(zones, self.owner(&vpc.id), &self.config.routes.held))
    }
}

/// A call that will work the next time is not worth a message: the invocation is delivered again.
fn is_for_people(connection: &Connection) -> bool {
    let lasts = |problem: &Problem| {
        matches!(problem.code, "access-denied" | "aws-refused" | "stale-plan") && !problem.is_of_proof
    };
    connection.outcome != Outcome::Failed || connection.problems.iter().any(lasts)
}

/// Whether the proof of this run, if there was one, leaves nothing for the next sweep.
fn is_proved_or_cannot_be(connection: &Connection) -> bool {
    !connection.proof.is_fresh || connection.proof.after == Verdict::Passed
}
