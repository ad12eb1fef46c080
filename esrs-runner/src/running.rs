//! What was started, as its users hold it.

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::status::{Report, Status};

/// What a [`Runner`](crate::Runner) has started. It runs until this is stopped or dropped.
///
/// Dropped, it ends where it is: nothing is lost, and leases end by themselves.
#[must_use = "what was started ends when this is dropped"]
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    reports: Vec<Report>,
}

impl Running {
    pub(crate) fn new(stop: watch::Sender<bool>, tasks: JoinSet<()>, reports: Vec<Report>) -> Self {
        Self { stop, tasks, reports }
    }

    /// What each subscription is doing.
    pub fn status(&self) -> Vec<Status> {
        self.reports.iter().map(Report::status).collect()
    }

    /// Stops: the batches that were begun are finished, and the leases given back, so that another
    /// process goes on within a second.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a subscription ended by a panic");
            }
        }
    }
}
