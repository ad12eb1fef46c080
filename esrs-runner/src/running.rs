//! The handle of running subscriptions.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::SubscriptionStore;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::head::{head, in_time};
use crate::status::{Report, State, Status};

/// The subscriptions that a [`Runner`](crate::Runner) has started. They run until this is stopped or dropped.
///
/// Dropped, it ends where it is: nothing is lost, and leases end by themselves.
#[must_use = "what was started ends when this is dropped"]
pub struct Running {
    pub(crate) store: Arc<dyn SubscriptionStore>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) tasks: JoinSet<()>,
    pub(crate) reports: Vec<Report>,
    pub(crate) stop_timeout: Duration,
}

impl Running {
    /// Returns the state of each subscription, and how far it is behind the end of the log.
    ///
    /// The store is asked for the end of the log and for the checkpoints, and waited for no longer than
    /// a second. Without its answer [`Status::head`] is `None`, and the position is the last that this
    /// process knows.
    pub async fn status(&self) -> Vec<Status> {
        let (head, stored) =
            tokio::join!(in_time(head(&*self.store)), in_time(self.store.checkpoints()));
        let stored = stored.unwrap_or_default();
        self.reports.iter().map(|report| report.asked(head, &stored)).collect()
    }

    /// Stops: batches that were begun are finished, and leases are given back, so that another process
    /// goes on within a second.
    ///
    /// Returns after [`stop_timeout`](crate::Runner::stop_timeout) at the latest. What did not end by
    /// then is aborted; nothing of its batch is lost, and its lease ends by itself.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a subscription ended by a panic");
                }
            }
        };
        if tokio::time::timeout(self.stop_timeout, ended).await.is_err() {
            for report in &self.reports {
                let Status { name, state, .. } = report.status();
                if state != State::Stopped {
                    let waited = self.stop_timeout;
                    tracing::warn!(subscription = name, ?waited, "a subscription was aborted");
                    report.state(State::Stopped);
                }
            }
            self.tasks.abort_all();
        }
    }
}
