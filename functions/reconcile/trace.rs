//! What an invocation did, for those who look later: its log lines.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planner::change_record::{ChangeRecord, SHAPE, parts};
use planner::endpoint::{Endpoint, State};
use planner::metrics::{Seen, metrics};
use planner::news::{ConnectionRecord, Event, Status};
use planner::report::{Connection, Outcome, Report};
use serde_json::json;
use tokio::time::Instant;

use super::memory::Memory;
use super::{Clock, Reconcile};
use crate::aws::rfc3339;

/// The most bytes of a log line. Beyond 256 KB, CloudWatch Logs refuses it or cuts it.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>
const MOST_OF_A_LINE: usize = 240 * 1024;
/// The same for text that becomes a JSON string: quotes and line ends take two bytes there.
const MOST_OF_A_TEXT: usize = 100 * 1024;

/// What one invocation did, beside its report.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// What woke us.
    trigger: &'static str,
    /// Whether the whole account was looked at, and nothing is left over.
    pub is_whole: bool,
    /// When Route 53 said INSYNC, by change id.
    pub in_sync: BTreeMap<String, SystemTime>,
    /// When the pending endpoints were made, in seconds since 1970, by id.
    pending: BTreeMap<String, i64>,
    /// What people were told, by VPC.
    told: BTreeMap<String, Vec<Event>>,
    live_after: Option<Duration>,
}

impl Trace {
    pub(crate) fn new(trigger: &'static str) -> Trace {
        Trace { trigger, ..Trace::default() }
    }

    /// For how long the oldest endpoint of those that wait has been waiting.
    fn waiting(&self, report: &Report, now: SystemTime) -> Option<Duration> {
        let waiting = report.connections.iter().filter(|one| one.outcome == Outcome::Waiting);
        let made = waiting.filter_map(|one| self.pending.get(one.endpoint_id.as_deref()?)).min()?;
        let made = UNIX_EPOCH + Duration::from_secs(u64::try_from(*made).ok()?);
        Some(now.duration_since(made).unwrap_or_default())
    }
}

impl Memory {
    pub(crate) fn note_endpoints(&mut self, endpoints: &[Endpoint], is_tdp: impl Fn(&Endpoint) -> bool) {
        let now = Instant::now();
        let is_available = |id: &String| endpoints.iter().any(|e| e.id == *id && e.state == State::Available);
        self.available.retain(|id, _| is_available(id));
        for endpoint in endpoints.iter().filter(|endpoint| is_tdp(endpoint)) {
            if endpoint.state == State::Available {
                self.available.entry(endpoint.id.clone()).or_insert(now);
            } else if endpoint.state.is_pending() {
                self.trace.pending.insert(endpoint.id.clone(), endpoint.created);
            }
        }
    }

    /// What was told about a connection; `before` is the record of what had been told.
    pub(crate) fn note_told(&mut self, event: Event, before: Option<&ConnectionRecord>, connection: &Connection) {
        self.trace.told.entry(connection.vpc_id.clone()).or_default().push(event);
        let was_live = before.is_some_and(|record| record.announced.status == Status::Live);
        let is_live = matches!(event, Event::ConnectionLive | Event::ConnectionRecovered) && !was_live;
        let since = connection.endpoint_id.as_deref().and_then(|id| self.available.get(id));
        if let Some(since) = since.filter(|_| is_live) {
            self.trace.live_after = self.trace.live_after.max(Some(since.elapsed()));
        }
    }
}

impl Reconcile {
    /// The log lines about the invocation that just ended: the report, on a line for each connection where it is long; a
    /// change record for each connection that it wrote to; and its metrics where they are wanted.
    pub async fn log_lines(&self, report: &Report, clock: &Clock) -> Vec<String> {
        let trace = std::mem::take(&mut self.memory.lock().await.trace);
        let now = SystemTime::now();
        let written = report.connections.iter().filter(|connection| connection.was_written());
        let records = written.map(|connection| self.change_record(&trace, report, connection, clock, now));
        let mut lines = report_lines(report);
        lines.extend(records.flat_map(|record| record_lines(&record)));
        let (calls, throttled) = self.calls.take();
        if self.config.has_metrics {
            let told: Vec<Event> = trace.told.values().flatten().copied().collect();
            let seen = Seen {
                is_whole: trace.is_whole,
                told: &told,
                waiting_seconds: trace.waiting(report, now).map(|waiting| waiting.as_secs()),
                live_after_ms: trace.live_after.map(millis),
                calls,
                throttled,
            };
            let at = millis(now.duration_since(UNIX_EPOCH).unwrap_or_default());
            lines.push(metrics(&self.config.owner_id, at, report, &seen).to_string());
        }
        lines
    }

    fn change_record(
        &self,
        trace: &Trace,
        report: &Report,
        connection: &Connection,
        clock: &Clock,
        now: SystemTime,
    ) -> ChangeRecord {
        let is_ours = |(id, _): &(&String, &SystemTime)| connection.change_ids.contains(id);
        let told = trace.told.get(&connection.vpc_id);
        ChangeRecord {
            shape: SHAPE,
            id: clock.change("plan"),
            owner_id: self.config.owner_id.clone(),
            request_id: clock.request_id.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            // The Makefile says it; whoever builds otherwise has none.
            commit: option_env!("TDP_COMMIT").unwrap_or("unknown").to_owned(),
            trigger: trace.trigger.to_owned(),
            configuration: self.config.digest.clone(),
            mode: report.mode,
            started: rfc3339(clock.began),
            ended: rfc3339(now),
            in_sync: trace.in_sync.iter().filter(is_ours).map(|(id, at)| (id.clone(), rfc3339(*at))).collect(),
            announced: told.into_iter().flatten().map(|event| event.as_str()).collect(),
            connection: connection.clone(),
        }
    }
}

/// The same JSON as the answer: Lambda's log shows it as it is.
fn report_lines(report: &Report) -> Vec<String> {
    // Strings, lists and options only: this cannot fail.
    let line = |report: &Report| serde_json::to_string(report).unwrap_or_default();
    let whole = line(report);
    if whole.len() <= MOST_OF_A_LINE {
        return vec![whole];
    }
    let parts = report.by_connection().into_iter();
    parts.map(|part| line(&part.shortened(MOST_OF_A_LINE, |part| line(part).len()))).collect()
}

/// The record as JSON on one line, and as Markdown on as many as it takes: that has all, also where the JSON is shortened.
fn record_lines(record: &ChangeRecord) -> Vec<String> {
    let line = |record: &ChangeRecord| json!({"changeRecord": record}).to_string();
    let mut lines = vec![line(&record.shortened(MOST_OF_A_LINE, |record| line(record).len()))];
    let text = record.markdown();
    let texts = parts(&text, MOST_OF_A_TEXT);
    for (part, text) in texts.iter().enumerate() {
        let (id, vpc_id) = (&record.id, &record.connection.vpc_id);
        let of = texts.len();
        let part = part + 1;
        lines.push(
            json!({"changeDocument": {"id": id, "vpcId": vpc_id, "part": part, "of": of, "text": text}}).to_string(),
        );
    }
    lines
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
