//! The handle of running subscriptions.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::SubscriptionStore;
use futures_util::future::select_all;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::head::{head, in_time};
use crate::status::{Report, State, Status, SubscriptionFailure};

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
    pub(crate) failure_patience: Duration,
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

    /// Resolves when a subscription has failed for good, or keeps failing: it has not gone on for longer
    /// than [`failure_patience`](crate::Runner::failure_patience). Until then it is pending, so that a
    /// program awaits it next to its own work, and cannot miss that its read models are not followed.
    ///
    /// A failure that is over before does not count: the database was out of reach for a while. The runner
    /// goes on trying after it has resolved too, unless the subscription [has
    /// ended](SubscriptionFailure::has_ended); called again it resolves at once while the subscription fails.
    /// A parked stream is no failure; see [`Parking`](crate::Parking).
    ///
    /// ```no_run
    /// # use esrs_core::{Projection, subscription::SubscriptionStore};
    /// # async fn serve() {}
    /// # async fn example<AccountSummary: Projection>(
    /// #     store: impl SubscriptionStore,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use esrs_runner::Runner;
    ///
    /// let running = Runner::new(store).project::<AccountSummary>().start();
    /// tokio::select! {
    ///     () = serve() => running.stop().await,
    ///     failure = running.failed() => return Err(failure.into()),
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use = "a failure is missed unless this is awaited"]
    pub async fn failed(&self) -> SubscriptionFailure {
        let mut changes: Vec<_> = self.reports.iter().map(Report::subscribe).collect();
        loop {
            // Before it looks, so that no change in between is missed.
            changes.iter_mut().for_each(|change| change.mark_unchanged());
            let mut next = None;
            for report in &self.reports {
                match report.failure(self.failure_patience) {
                    Ok(failure) => return failure,
                    Err(at) => next = earlier(next, at),
                }
            }
            let changed = changes.iter_mut().map(|change| Box::pin(change.changed()));
            let changed = changed.collect::<Vec<_>>();
            let changed = async {
                match changed.is_empty() {
                    true => std::future::pending().await,
                    false => drop(select_all(changed).await),
                }
            };
            let late = async {
                match next {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = late => {}
            }
        }
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

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
