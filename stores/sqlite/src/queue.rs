//! Jobs for the threads of a store, and how long they may wait there.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::StoreError;

use crate::clock::Clock;

/// An entry of a queue.
pub(crate) trait Queued: Send {
    /// Answers the caller with an error; nothing of the job is done.
    fn refuse(self, error: StoreError);

    /// Returns true if the caller still waits for it.
    fn is_wanted(&self) -> bool;
}

/// Jobs in the order in which they came. One that waits for too long is refused, and never done.
pub(crate) struct Queue<J> {
    state: Mutex<State<J>>,
    filled: Condvar,
    /// The number of jobs, for a look without the lock.
    count: AtomicUsize,
    longest_wait: Duration,
    /// The resource that a refused job has waited for.
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
        self.push_until(Instant::now() + self.longest_wait, job);
    }

    /// The same for a job whose time has begun before.
    pub(crate) fn push_until(&self, until: Instant, job: J) {
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

    /// The next job that a caller waits for, if there is one.
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

    /// Returns true if it takes no more jobs.
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
        // An append that has waited for room may be due before what was queued before it.
        let next_of = |jobs: &VecDeque<(Instant, J)>| jobs.iter().map(|(until, _)| *until).min();
        let mut late = VecDeque::new();
        if next_of(&state.jobs).is_some_and(|until| until <= now) {
            let jobs = std::mem::take(&mut state.jobs);
            (late, state.jobs) = jobs.into_iter().partition(|(until, _)| *until <= now);
        }
        self.count.store(state.jobs.len(), Ordering::Release);
        let next = next_of(&state.jobs);
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
