//! How subscriptions are run.

use std::sync::Arc;
use std::time::Duration;

/// How often an event that cannot be taken is tried again before its stream is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How often it is tried again.
    pub count: u32,
    /// How long the first pause is; each is twice the one before.
    pub first_pause: Duration,
    /// How long a pause is at most.
    pub longest_pause: Duration,
}

impl Default for Retries {
    /// Three, after 100, 200 and 400 milliseconds.
    fn default() -> Self {
        Self {
            count: 3,
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
        }
    }
}

impl Retries {
    /// So many, with pauses from `first_pause` on.
    pub fn new(count: u32, first_pause: Duration) -> Self {
        Self { count, first_pause, ..Self::default() }
    }

    /// The pause before try number `again`, from 1.
    pub(crate) fn pause(&self, again: u32) -> Duration {
        let factor = 2_u32.saturating_pow(again.saturating_sub(1));
        self.first_pause.saturating_mul(factor).min(self.longest_pause)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Who asks for leases.
    pub(crate) holder: Arc<str>,
    pub(crate) lease: Duration,
    pub(crate) batch: usize,
    pub(crate) retries: Retries,
    pub(crate) rebuild_changed: bool,
    /// How often decisions about parked streams are looked for.
    pub(crate) look: Duration,
}

impl Options {
    pub(crate) const DEFAULT_LEASE: Duration = Duration::from_secs(15);
    pub(crate) const DEFAULT_BATCH: usize = 2_000;

    pub(crate) fn new() -> Self {
        Self {
            holder: uuid::Uuid::now_v7().to_string().into(),
            lease: Self::DEFAULT_LEASE,
            batch: Self::DEFAULT_BATCH,
            retries: Retries::default(),
            rebuild_changed: false,
            look: Duration::from_millis(500),
        }
    }
}
