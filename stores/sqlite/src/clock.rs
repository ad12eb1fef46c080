//! Keeps the time limits of calls, whatever the other threads of the store do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Wakes one thread at the next time limit. To arm it for a later time than it is armed for costs a look
/// at one number, so a call that is answered in time wakes nothing.
#[derive(Debug)]
pub(crate) struct Clock {
    begun: Instant,
    /// When the thread wakes, in microseconds since `begun`; `NEVER` if it sleeps until it is armed.
    wakes_at: AtomicU64,
    is_over: Mutex<bool>,
    armed: Condvar,
}

const NEVER: u64 = u64::MAX;

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            wakes_at: AtomicU64::new(NEVER),
            is_over: Mutex::new(false),
            armed: Condvar::new(),
        }
    }

    /// Has the thread wake at `at`, or before.
    pub(crate) fn arm(&self, at: Instant) {
        let at = self.micros(at);
        if at < self.wakes_at.load(Ordering::SeqCst) {
            // The lock is held, so that the thread does not fall asleep in between.
            let _held = self.lock();
            self.wakes_at.fetch_min(at, Ordering::SeqCst);
            self.armed.notify_one();
        }
    }

    /// Calls `expire` at each time limit until the clock is ended; it answers with the next one.
    pub(crate) fn run(&self, mut expire: impl FnMut(Instant) -> Option<Instant>) {
        loop {
            // What is armed from here on is not overlooked, though `expire` may not see it.
            self.wakes_at.store(NEVER, Ordering::SeqCst);
            let next = expire(Instant::now()).map_or(NEVER, |at| self.micros(at));
            let mut is_over = self.lock();
            self.wakes_at.fetch_min(next, Ordering::SeqCst);
            loop {
                if *is_over {
                    return;
                }
                let wakes_at = self.wakes_at.load(Ordering::SeqCst);
                let now = self.micros(Instant::now());
                if wakes_at <= now {
                    break;
                }
                is_over = match wakes_at {
                    NEVER => self.armed.wait(is_over).unwrap_or_else(PoisonError::into_inner),
                    at => {
                        // One more, so that it does not wake a fraction too early.
                        let sleep = Duration::from_micros(at - now + 1);
                        let woken = self.armed.wait_timeout(is_over, sleep);
                        woken.unwrap_or_else(PoisonError::into_inner).0
                    }
                };
            }
        }
    }

    /// Ends the thread.
    pub(crate) fn end(&self) {
        *self.lock() = true;
        self.armed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn micros(&self, at: Instant) -> u64 {
        let micros = at.saturating_duration_since(self.begun).as_micros();
        u64::try_from(micros).unwrap_or(NEVER - 1).min(NEVER - 1)
    }
}

/// The earlier of two time limits.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
