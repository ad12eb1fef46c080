//! The work of a reader thread, and its deadline.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::StoreError;

use crate::call::AnyCall;
use crate::clock::Clock;

/// The call that one reader thread is at work on.
pub(crate) struct Running {
    call: Mutex<Option<Run>>,
    timeout: Duration,
    location: String,
    clock: Arc<Clock>,
}

struct Run {
    until: Instant,
    doing: &'static str,
    call: Arc<dyn AnyCall>,
}

impl Running {
    pub(super) fn new(timeout: Duration, location: String, clock: Arc<Clock>) -> Self {
        Self { call: Mutex::new(None), timeout, location, clock }
    }

    pub(super) fn begin(&self, doing: &'static str, call: Arc<dyn AnyCall>) {
        let until = Instant::now() + self.timeout;
        *self.lock() = Some(Run { until, doing, call });
        self.clock.arm(until);
    }

    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    /// Returns true if the work goes on: a caller waits for it.
    pub(super) fn is_wanted(&self) -> bool {
        self.lock().as_ref().is_none_or(|run| run.call.is_wanted())
    }

    /// Answers the call if its time is over; when it will be.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let late = {
            let running = self.lock();
            let run = running.as_ref().filter(|run| run.call.is_wanted())?;
            if run.until > now {
                return Some(run.until);
            }
            (run.doing, run.call.clone())
        };
        let (location, waited) = (self.location.clone(), self.timeout);
        late.1.refuse(StoreError::TimedOut { location, doing: late.0, waited });
        None
    }

    /// Answers the call because the store is closed.
    pub(crate) fn close(&self) {
        let call = self.lock().as_ref().map(|run| run.call.clone());
        if let Some(call) = call {
            call.refuse(StoreError::Closed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
