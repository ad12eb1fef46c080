//! Options of a runner.

use std::sync::Arc;
use std::time::Duration;

/// The retries of a failing event before its stream is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// The number of retries.
    pub count: u32,
    /// The pause before the first retry; each further one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
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
        let pause = self.first_pause.saturating_mul(factor).min(self.longest_pause);
        // Any number of tries must not spin.
        pause.max(Duration::from_millis(1))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// The holder of leases.
    pub(crate) holder: Arc<str>,
    pub(crate) lease: Duration,
    pub(crate) batch: usize,
    pub(crate) retries: Retries,
    pub(crate) rebuild_changed: bool,
    /// The interval at which decisions about parked streams are read.
    pub(crate) look: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) failure_patience: Duration,
    /// True if a lease is claimed again after the store was out of reach.
    pub(crate) is_patient: bool,
}

impl Options {
    const DEFAULT_LEASE: Duration = Duration::from_secs(15);
    const DEFAULT_BATCH: usize = 2_000;
    const DEFAULT_STOP_TIMEOUT: Duration = Duration::from_secs(10);
    const DEFAULT_FAILURE_PATIENCE: Duration = Duration::from_secs(60);
    /// A lease is renewed in time to be renewed again.
    const SHORTEST_LEASE: Duration = Duration::from_millis(30);
    /// The clock of every database can add it to the time.
    const LONGEST_LEASE: Duration = Duration::from_secs(24 * 60 * 60);
    const LARGEST_BATCH: usize = 1_000_000;
    const SHORTEST_LOOK: Duration = Duration::from_millis(10);

    pub(crate) fn new() -> Self {
        Self {
            holder: uuid::Uuid::now_v7().to_string().into(),
            lease: Self::DEFAULT_LEASE,
            batch: Self::DEFAULT_BATCH,
            retries: Retries::default(),
            rebuild_changed: false,
            look: Duration::from_millis(500),
            stop_timeout: Self::DEFAULT_STOP_TIMEOUT,
            failure_patience: Self::DEFAULT_FAILURE_PATIENCE,
            is_patient: true,
        }
    }

    pub(crate) fn set_lease(&mut self, duration: Duration) {
        self.lease = duration.clamp(Self::SHORTEST_LEASE, Self::LONGEST_LEASE);
    }

    pub(crate) fn set_batch(&mut self, events: usize) {
        self.batch = events.clamp(1, Self::LARGEST_BATCH);
    }

    pub(crate) fn set_look(&mut self, interval: Duration) {
        self.look = interval.max(Self::SHORTEST_LOOK);
    }
}
