//! The time that an invocation has.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use planner::deadline;
use planner::digest::digest;
use tokio::time::Instant;

/// How long to look again after a hint, while the endpoint is pending.
const WATCH: Duration = Duration::from_secs(50);
/// Kept for the last read, the announcement and the answer.
const MARGIN: Duration = Duration::from_secs(8);

/// One invocation: when it must end, and what names its changes.
#[derive(Clone, Debug)]
pub struct Clock {
    pub(crate) request_id: String,
    pub(crate) began: SystemTime,
    started: Instant,
    ends: Instant,
}

impl Clock {
    /// `deadline` is Lambda's own, in time since 1970.
    pub fn new(request_id: &str, deadline: Duration) -> Clock {
        let began = SystemTime::now();
        let now = began.duration_since(UNIX_EPOCH).unwrap_or_default();
        let started = Instant::now();
        Clock { request_id: request_id.to_owned(), began, started, ends: started + deadline::left(deadline, now) }
    }

    /// Until when to look again while an endpoint is pending: 50 s, and never more than half the invocation.
    pub(crate) fn watch_until(&self) -> Instant {
        self.started + WATCH.min(self.ends.duration_since(self.started) / 2)
    }

    /// Until when to wait for Route 53.
    pub(crate) fn sync_until(&self) -> Instant {
        self.ends.checked_sub(MARGIN).unwrap_or(self.started).max(self.started)
    }

    /// Until when to begin with a further VPC: what is begun later could not be finished.
    pub(crate) fn start_until(&self) -> Instant {
        self.started + self.ends.duration_since(self.started) * 5 / 8
    }

    /// A place among `n`, that differs from invocation to invocation.
    pub(crate) fn part_of(&self, n: usize) -> usize {
        let number = u64::from_str_radix(&digest([self.request_id.as_str()].into_iter()), 16).unwrap_or_default();
        let n = u64::try_from(n).unwrap_or_default();
        number.checked_rem(n).and_then(|part| usize::try_from(part).ok()).unwrap_or_default()
    }

    /// Names a change of this invocation in markers.
    pub(crate) fn change(&self, what: &str) -> String {
        digest([self.request_id.as_str(), what].into_iter()).chars().take(8).collect()
    }

    /// The caller reference for making a zone: the same when the SDK repeats a request whose answer was lost,
    /// another one for the next try, since Route 53 may remember the reference of a zone that is gone.
    pub(crate) fn reference(&self, vpc_id: &str, zone: &str, attempt: u32) -> String {
        let attempt = attempt.to_string();
        format!("tdp-privatelink-{}", digest([self.request_id.as_str(), vpc_id, zone, &attempt].into_iter()))
    }
}
