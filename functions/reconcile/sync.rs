//! Waiting until every Route 53 server has what was written.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use futures::stream::{StreamExt, iter};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};

use super::read::AT_ONCE;
use super::written::Written;
use super::{Clock, Reconcile};
use crate::error::{AwsError, Kind};

impl Reconcile {
    /// Waits until every Route 53 server has everything that was written.
    pub(crate) async fn wait_in_sync(&self, written: &mut Written, clock: &Clock) -> Result<(), AwsError> {
        let known = self.memory.lock().await.trace.in_sync.clone();
        let open = written.unsynced.iter().filter(|id| !known.contains_key(*id));
        let waits = iter(open).map(|id| self.wait_for(id, clock)).buffer_unordered(AT_ONCE);
        waits.collect::<Vec<_>>().await.into_iter().collect::<Result<(), AwsError>>()?;
        written.unsynced.clear();
        Ok(())
    }

    pub(crate) async fn wait_for(&self, change_id: &str, clock: &Clock) -> Result<(), AwsError> {
        let mut pause = Duration::from_millis(250);
        while !self.route53.is_in_sync(change_id).await? {
            if Instant::now() + pause > clock.sync_until() {
                return Err(AwsError::answer("route53:GetChange", change_id, Kind::TimedOut, "still PENDING"));
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        self.memory.lock().await.trace.in_sync.insert(change_id.to_owned(), SystemTime::now());
        Ok(())
    }

    /// Waits for changes one after the other, as they come, until nobody wants it any more. One at a time: where INSYNC takes
    /// long, asking for many would take from the limits what writing needs. What fails is asked again by
    /// [`Reconcile::wait_in_sync`].
    pub(crate) async fn ask_for(&self, mut ids: UnboundedReceiver<String>, clock: &Clock) -> Infallible {
        while let Some(id) = ids.recv().await {
            self.wait_for(&id, clock).await.ok();
        }
        std::future::pending().await
    }
}
