//! Telling people: once for each piece of news, and at least once.

use planner::message;
use planner::news::{ConnectionRecord, Event, Situation, news, record};
use planner::plan::Plan;
use planner::report::{Connection, Report};
use serde_json::json;

use super::Reconcile;
use super::read::Vpc;
use crate::error::AwsError;

/// What may be news about a connection.
pub(crate) struct News {
    pub situation: Situation,
    /// What was written.
    pub plan: Plan,
    /// Whether only news about the proof may be told.
    pub only_proof: bool,
    /// The connection record, where it was read a moment ago.
    pub told: Option<Result<Option<ConnectionRecord>, AwsError>>,
}

impl News {
    fn event(&self, told: Option<&ConnectionRecord>, connection: &Connection) -> Option<Event> {
        let event = news(told.map(|record| &record.announced), &self.situation, connection);
        event.filter(|event| event.is_of_proof() || !self.only_proof)
    }
}

/// The most pieces of news that one run tells about a connection.
const MOST_MESSAGES: usize = 4;

/// The largest message that SNS takes, in bytes, less some room for the attributes.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
const MOST_BYTES: usize = 250 * 1024;

impl Reconcile {
    /// Publishes each piece of news, and after each writes the connection record: a message that SNS did not
    /// accept is sent again by the next run.
    pub(crate) async fn announce(&self, vpc: &Vpc, connection: &Connection, mut now: News) -> Result<(), AwsError> {
        let Some(event) = now.event(vpc.record.as_ref(), connection) else { return self.save(&vpc.id).await };
        // Another run may have told in the meantime. If nobody can say, it is better told twice.
        let told = match now.told.take() {
            Some(told) => told,
            None => self.ssm.record(&vpc.id).await,
        };
        let (mut stored, unread) = match told {
            Ok(stored) => (stored, None),
            Err(error) => (vpc.record.clone(), Some(error)),
        };
        let mut latest = self.memory.lock().await.latest(&vpc.id, stored.clone());
        let mut next = now.event(latest.as_ref(), connection).filter(|latest| *latest == event);
        // Each is remembered before the next is looked for, so this ends by itself. Should it not, people are spared.
        for _ in 0..MOST_MESSAGES {
            let Some(event) = next else { break };
            self.publish(event, connection, &now.plan).await?;
            self.memory.lock().await.note_told(event, vpc.record.as_ref(), connection);
            let record = record(event, latest.as_ref(), &now.situation, connection);
            let saved = self.ssm.write(&vpc.id, &record).await;
            let mut memory = self.memory.lock().await;
            match &saved {
                Ok(()) => memory.unsaved.remove(&vpc.id),
                Err(_) => memory.unsaved.insert(vpc.id.clone(), (stored, record.clone())),
            };
            drop(memory);
            saved?;
            (stored, latest) = (Some(record.clone()), Some(record));
            next = now.event(latest.as_ref(), connection);
        }
        unread.map_or(Ok(()), Err)
    }

    async fn publish(&self, event: Event, connection: &Connection, plan: &Plan) -> Result<(), AwsError> {
        let report = Report { mode: self.config.mode, connections: vec![connection.clone()], problems: Vec::new() };
        let text = message::text(event, connection, plan, &self.config.owner_id);
        let attributes = [
            ("event", event.as_str()),
            ("severity", event.severity(connection)),
            ("vpcId", &connection.vpc_id),
            ("endpointId", connection.endpoint_id.as_deref().unwrap_or("none")),
        ];
        self.sns.publish(&message::subject(event, connection), envelope(&text, report), &attributes).await
    }

    /// Writes the connection record that SSM did not take before, unless another run has written since.
    async fn save(&self, vpc_id: &str) -> Result<(), AwsError> {
        let unsaved = self.memory.lock().await.unsaved.get(vpc_id).cloned();
        let Some((before, record)) = unsaved else { return Ok(()) };
        if self.ssm.record(vpc_id).await? == before {
            self.ssm.write(vpc_id, &record).await?;
        }
        self.memory.lock().await.unsaved.remove(vpc_id);
        Ok(())
    }
}

/// One message for all protocols: text for people, the report for machines.
fn envelope(text: &str, report: Report) -> String {
    wrap(text, &report.shortened(MOST_BYTES, |report| wrap(text, report).len()))
}

fn wrap(text: &str, report: &Report) -> String {
    // Strings, lists and options only: this cannot fail.
    let machine = serde_json::to_string(report).unwrap_or_default();
    json!({
        "default": text, "email": text,
        "sqs": machine, "lambda": machine, "http": machine, "https": machine,
    })
    .to_string()
}
