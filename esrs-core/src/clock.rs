//! Where the time comes from.

use std::sync::Arc;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Where a [`Repository`](crate::Repository) takes the time from, for
/// [`Context::now`](crate::Context::now) and `recorded_at`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    label = "not a clock",
    note = "give `SystemClock`, or `FixedClock::at(time)` for a time that stands still"
)]
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The time of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A time that moves only when it is told to; for tests, and for output that can be compared.
///
/// ```
/// use esrs_core::{Clock, FixedClock};
/// use jiff::SignedDuration;
///
/// let clock = FixedClock::at("2026-01-31T12:00:00Z".parse().unwrap());
/// clock.advance(SignedDuration::from_hours(1));
/// assert_eq!(clock.now().to_string(), "2026-01-31T13:00:00Z");
/// ```
#[derive(Debug, Clone)]
pub struct FixedClock(Arc<Mutex<Timestamp>>);

impl FixedClock {
    /// A clock that stands at this time. Its clones stand and move with it.
    pub fn at(time: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(time)))
    }

    /// Moves it on, and as far as the calendar goes at most.
    pub fn advance(&self, by: SignedDuration) {
        let mut time = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *time = time.saturating_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The same time without what is finer than a microsecond, which no store keeps.
pub(crate) fn to_microsecond(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
