//! Jobs for the threads of a store, and how long they may wait there.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::StoreError;

use crate::clock::Clock;

/// What waits in a queue.
pub(crate) trait Queued: Send {
    /// Answers the caller with an error; nothing of the job is done.
    fn refuse(self, error: StoreError);

    /// Whether the caller still waits for it.
    fn is_wanted(&self) -> bool;
}

/// Jobs in the order in which they came. One that waits for too long is refused, and never done.
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    filled: Condvar,
    /// How many jobs there are, for a look without the lock.
    count: AtomicUsize,
    longest_wait: Duration,
    /// What a refused job has waited for.
    what: String,
    clock: Arc<Clock>,
}

struct State<J> {
    jobs: VecDeque<(Instant, J)>,
    is_closed: bool,
}

impl<J: Queued> Queue<J> {
    pub(crate) fn new(what: String, longest_wait: Duration, clock: Arc<Clock>) -> Self {
        let state = State { jobs: VecDeque::new(), is_closed: false };
        Self {
            state: Mutex::new(state),
            filled: Condvar::new(),
            count: AtomicUsize::new(0),
            longest_wait,
            what,
            clock,
        }
    }

    /// Adds a job; it is refused if the queue is closed.
    pub(crate) fn push(&self, job: J) {
        let until = Instant::now() + self.longest_wait;
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            return job.refuse(StoreError::Closed);
        }
        state.jobs.push_back((until, job));
        self.count.store(state.jobs.len(), Ordering::Release);
        drop(state);
        self.filled.notify_one();
        self.clock.arm(until);
    }

    /// The next job that somebody waits for, if there is one.
    pub(crate) fn try_pop(&self) -> Option<J> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        self.next(&mut self.lock())
    }

    /// Waits for the next job; `None` once the queue is closed and empty.
    pub(crate) fn pop(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if let Some(job) = self.next(&mut state) {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn next(&self, state: &mut State<J>) -> Option<J> {
        let next = std::iter::from_fn(|| state.jobs.pop_front())
            .map(|(_, job)| job)
            .find(Queued::is_wanted);
        self.count.store(state.jobs.len(), Ordering::Release);
        next
    }

    /// Whether it takes no more jobs.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Takes no more jobs. Those that are there are done, as far as their time is not over before.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.filled.notify_all();
    }

    /// Refuses the jobs whose time is over; when that of the next is.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let mut late = Vec::new();
        // They all may wait for as long, so the first has waited longest.
        while state.jobs.front().is_some_and(|(until, _)| *until <= now) {
            late.extend(state.jobs.pop_front());
        }
        self.count.store(state.jobs.len(), Ordering::Release);
        let next = state.jobs.front().map(|(until, _)| *until);
        drop(state);
        for (_, job) in late {
            let (location, waited) = (self.what.clone(), self.longest_wait);
            job.refuse(StoreError::Busy { location, waited });
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
