//! Counters of what a store has written.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of what a store has written since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// The number of appends that it has stored.
    pub appends: u64,
    /// The number of transactions that it has committed; appends that come at the same time share one.
    pub commits: u64,
}

/// Counts what a store writes; for the author of a store.
#[derive(Debug, Default)]
pub struct Counters {
    appends: AtomicU64,
    commits: AtomicU64,
}

impl Counters {
    /// Takes note of appends that are stored.
    pub fn stored(&self, appends: usize) {
        self.appends.fetch_add(appends as u64, Ordering::Relaxed);
    }

    /// Takes note of a transaction that is committed.
    pub fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counters.
    pub fn stats(&self) -> Stats {
        let (appends, commits) = (&self.appends, &self.commits);
        Stats { appends: appends.load(Ordering::Relaxed), commits: commits.load(Ordering::Relaxed) }
    }
}
