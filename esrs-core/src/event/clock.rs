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
    /// A clock that shows this time. Its clones stand and move with it.
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

/// The same time without what is finer than a microsecond, which no store has.
pub(crate) fn to_microsecond(time: Timestamp) -> Timestamp {
    from_microseconds(to_microseconds(time)).unwrap_or(time)
}

/// Microseconds per second.
const MICROS: i64 = 1_000_000;

/// The microseconds from 1970 to a time, as every store writes them. What is finer is cut off towards the
/// past, so that no time is stored as a later one.
pub fn to_microseconds(time: Timestamp) -> i64 {
    // In range: jiff's calendar is about 2.5e17 microseconds long on each side.
    time.as_nanosecond().div_euclid(1_000) as i64
}

/// The time so many microseconds after 1970, as every store reads them.
///
/// It takes each number that [`to_microseconds`] returns; `Timestamp::from_microsecond` refuses those of
/// the last second that there is.
///
/// # Errors
/// When jiff has no such time: it lies before the year -9999 or after the year 9999.
pub fn from_microseconds(micros: i64) -> Result<Timestamp, jiff::Error> {
    let nanos = micros.rem_euclid(MICROS) * 1_000;
    Timestamp::new(micros.div_euclid(MICROS), nanos as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_that_is_written_can_be_read() {
        let nano = SignedDuration::from_nanos(1);
        for time in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
            for near in [time.checked_sub(nano), Ok(time), time.checked_add(nano)] {
                let Ok(near) = near else { continue };
                let back = from_microseconds(to_microseconds(near)).unwrap();
                assert!(back <= near && near.duration_since(back) < SignedDuration::from_micros(1));
                assert_eq!(to_microsecond(near), back);
            }
        }
        for beyond in [i64::MIN, to_microseconds(Timestamp::MIN) - 1, i64::MAX] {
            assert!(from_microseconds(beyond).is_err(), "{beyond}");
        }
        assert!(from_microseconds(to_microseconds(Timestamp::MAX) + 1).is_err());
    }
}
