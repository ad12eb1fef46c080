//! Calls that wait until something in the store has changed.

use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use crate::log::StoreError;

/// The tasks to wake at the next change.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Vec<Waker>>);

impl Waiting {
    fn wakers(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has every waiting call look again.
    pub(super) fn changed(&self) {
        let wakers = std::mem::take(&mut *self.wakers());
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits until `look` has an answer.
    pub(super) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        poll_fn(|context| {
            // Before it looks, so that no change in between is missed.
            let mut wakers = self.wakers();
            if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                wakers.push(context.waker().clone());
            }
            drop(wakers);
            look().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Lets other tasks of the executor run: nothing else in a step has to wait, and a caller that takes one
/// after another would keep them all waiting.
pub(super) async fn yield_now() {
    let mut has_yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Has the waiting calls look again at a point in time, unless this is dropped before.
///
/// A thread keeps the time: the store knows no runtime.
pub(super) struct Alarm(Arc<(Mutex<bool>, Condvar)>);

impl Alarm {
    pub(super) fn at(
        deadline: Instant,
        ring: impl FnOnce() + Send + 'static,
    ) -> Result<Self, StoreError> {
        let is_off = Arc::new((Mutex::new(false), Condvar::new()));
        let of_thread = is_off.clone();
        let keep_time = move || {
            let (is_off, changed) = &*of_thread;
            let mut off = is_off.lock().unwrap_or_else(PoisonError::into_inner);
            while !*off {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    drop(off);
                    return ring();
                }
                let waited = changed.wait_timeout(off, left);
                off = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        };
        let started = thread::Builder::new().name("esrs-memory-wait".to_owned()).spawn(keep_time);
        let doing = "starting a thread";
        started.map_err(|error| StoreError::Database { doing, source: error.into() })?;
        Ok(Self(is_off))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let (is_off, changed) = &*self.0;
        *is_off.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_one();
    }
}
