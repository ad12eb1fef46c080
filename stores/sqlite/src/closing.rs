//! Waiting for the end of a store's threads.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use crate::clock::{Clock, earlier};
use crate::reader::Running;

/// The callers that wait until the file is closed.
#[derive(Default)]
pub(crate) struct Closing(Mutex<State>);

#[derive(Default)]
struct State {
    has_ended: bool,
    waiters: Vec<Waiter>,
}

struct Waiter {
    /// When reads are stopped.
    reads_end: Instant,
    /// When it is waited for no longer.
    ends: Instant,
    reply: oneshot::Sender<()>,
}

impl Closing {
    /// An answer once the file is closed; cancelled after twice `timeout`.
    pub(crate) fn wait(&self, timeout: Duration, clock: &Clock) -> oneshot::Receiver<()> {
        let (reply, closed) = oneshot::channel();
        let reads_end = Instant::now() + timeout;
        let mut state = self.lock();
        if state.has_ended {
            // A caller that does not wait any more does not have to be told.
            let _ = reply.send(());
            return closed;
        }
        state.waiters.push(Waiter { reads_end, ends: reads_end + timeout, reply });
        drop(state);
        clock.arm(reads_end);
        closed
    }

    /// The file is closed.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.has_ended = true;
        for waiter in state.waiters.drain(..) {
            // A caller that does not wait any more does not have to be told.
            let _ = waiter.reply.send(());
        }
    }

    /// Stops reads, and cancels the callers that have waited long enough; when the next thing is due.
    pub(crate) fn expire(&self, now: Instant, running: &[Arc<Running>]) -> Option<Instant> {
        let mut state = self.lock();
        if state.waiters.iter().any(|waiter| waiter.reads_end <= now) {
            running.iter().for_each(|running| running.close());
        }
        state.waiters.retain(|waiter| waiter.ends > now);
        let due = |waiter: &Waiter| match waiter.reads_end <= now {
            true => waiter.ends,
            false => waiter.reads_end,
        };
        state.waiters.iter().map(due).fold(None, |next, at| earlier(next, Some(at)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
