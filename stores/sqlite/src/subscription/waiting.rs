//! Waiting until the log, or a subscription, has come further.
//!
//! An append or a step of this store tells the callers that wait. Those of other processes are looked
//! for now and then, by a thread that is there while a caller waits. A time limit is measured by the clock of
//! the store, whatever the threads that look are at work on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::subscription::{Subscription, WaitTarget};
use esrs_core::{Position, StoreError};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::{checkpoint, parked};
use crate::call::AnyCall;
use crate::clock::{Clock, earlier};
use crate::error::{Database, Fault};
use crate::queue::Queue;
use crate::reader::{ReadJob, Reader, head};

/// The time for which writes of other processes may go unnoticed; and the time that the first look may take,
/// however short the time limit is.
const LOOK: Duration = Duration::from_millis(50);

const DOING: &str = "looking how far the log has come";

type Answer = Result<Position, StoreError>;

/// The event or state that a caller waits for.
#[derive(Clone)]
pub(crate) enum Awaited {
    /// An event behind this position.
    Event { behind: Position },
    /// A subscription that has taken the events of a target.
    Subscription { subscription: Arc<Subscription>, target: WaitTarget, by: Deadline },
}

#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    /// Never, if it is further than a clock goes.
    at: Option<Instant>,
    timeout: Duration,
}

impl Deadline {
    pub(super) fn after(timeout: Duration) -> Self {
        Self { at: Instant::now().checked_add(timeout), timeout }
    }
}

impl Awaited {
    /// Returns how far it has come. An error if it never reaches what is waited for.
    fn look(&self, connection: &Connection) -> Result<Position, Fault> {
        match self {
            Self::Event { .. } => head(connection),
            Self::Subscription { subscription, target, .. } => {
                let stands = checkpoint::of_definition(connection, subscription)?;
                let at = stands.map_or(Position::START, |stands| stands.position);
                if at >= target.position {
                    parked::check(connection, subscription, target)?;
                } else {
                    checkpoint::check_failure(connection, subscription, at)?;
                }
                Ok(at)
            }
        }
    }

    fn is_reached(&self, at: Position) -> bool {
        match self {
            Self::Event { behind } => at > *behind,
            Self::Subscription { target, .. } => at >= target.position,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Event { .. } => None,
            Self::Subscription { by, .. } => by.at,
        }
    }

    /// Returns the error of a wait that timed out.
    fn lagging(&self, reached: Position) -> StoreError {
        match self {
            Self::Subscription { subscription, target, by } => StoreError::Lagging {
                subscription: subscription.name,
                position: target.position,
                reached,
                waited: by.timeout,
            },
            Self::Event { .. } => StoreError::Closed,
        }
    }
}

struct Waiter {
    number: u64,
    awaited: Awaited,
    /// Until when the first look may take, though the time is over.
    first_look_by: Option<Instant>,
    /// The position that the last look found.
    seen: Position,
    reply: oneshot::Sender<Answer>,
}

impl Waiter {
    fn deadline(&self) -> Option<Instant> {
        let by = self.awaited.deadline()?;
        Some(self.first_look_by.map_or(by, |first| first.max(by)))
    }

    /// The answer, if it is too late for another.
    fn too_late(&self, now: Instant) -> Option<Answer> {
        self.deadline().is_some_and(|by| by <= now).then(|| Err(self.awaited.lagging(self.seen)))
    }
}

/// The callers that wait.
pub(crate) struct Waiting {
    /// The number of waiting calls: 0, as a rule, and then an append looks no further.
    count: AtomicUsize,
    waiters: Mutex<Waiters>,
    entered: Condvar,
    clock: Arc<Clock>,
    readers: Arc<Queue<ReadJob>>,
}

#[derive(Default)]
struct Waiters {
    all: Vec<Waiter>,
    /// The number of the next.
    next: u64,
    /// True if a caller came for which the thread has not looked yet.
    is_new: bool,
    /// True if the thread is there.
    is_watched: bool,
}

/// A caller that waits, until this is dropped.
pub(super) struct Entered<'a> {
    waiting: &'a Arc<Waiting>,
    number: u64,
    pub(super) answer: oneshot::Receiver<Answer>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let mut waiters = self.waiting.lock();
        waiters.all.retain(|waiter| waiter.number != self.number);
        self.waiting.count.store(waiters.all.len(), Ordering::SeqCst);
    }
}

/// A look for some waiters, of which there is nothing else to answer.
struct Look {
    waiting: Arc<Waiting>,
    numbers: Vec<u64>,
}

impl AnyCall for Look {
    fn refuse(&self, error: StoreError) {
        self.waiting.not_seen(error);
    }

    fn is_wanted(&self) -> bool {
        let waiters = self.waiting.lock();
        waiters.all.iter().any(|waiter| self.numbers.contains(&waiter.number))
    }
}

impl Waiting {
    pub(crate) fn new(clock: Arc<Clock>, readers: Arc<Queue<ReadJob>>) -> Self {
        Self {
            count: AtomicUsize::new(0),
            waiters: Mutex::default(),
            entered: Condvar::new(),
            clock,
            readers,
        }
    }

    /// An append of this store is committed.
    pub(crate) fn appended(&self, head: Position) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.answer(|waiter| {
                let awaited = &waiter.awaited;
                let is_event = matches!(awaited, Awaited::Event { .. });
                (is_event && awaited.is_reached(head)).then_some(Ok(head))
            });
        }
    }

    /// A subscription was moved by this store, or has failed; outside of a transaction.
    pub(crate) fn changed(
        &self,
        connection: &Connection,
        database: &Database,
        changed: &Subscription,
    ) {
        if self.count.load(Ordering::SeqCst) == 0 || changed.building {
            return;
        }
        self.answer(|waiter| match &waiter.awaited {
            Awaited::Subscription { subscription, .. } if is_same(subscription, changed) => {
                match waiter.awaited.look(connection) {
                    Ok(at) if waiter.awaited.is_reached(at) => Some(Ok(at)),
                    Ok(at) => {
                        waiter.seen = at;
                        None
                    }
                    Err(fault) => Some(Err(database.explain(DOING, fault))),
                }
            }
            _ => None,
        });
    }

    /// Answers the waiters for whom there is an answer.
    fn answer(&self, mut answer: impl FnMut(&mut Waiter) -> Option<Answer>) {
        let mut answers = Vec::new();
        let mut waiters = self.lock();
        let (mut all, mut left) = (std::mem::take(&mut waiters.all), Vec::new());
        for mut waiter in all.drain(..) {
            match answer(&mut waiter) {
                Some(answer) => answers.push((waiter.reply, answer)),
                None => left.push(waiter),
            }
        }
        waiters.all = left;
        self.count.store(waiters.all.len(), Ordering::SeqCst);
        drop(waiters);
        for (reply, answer) in answers {
            // A caller that does not wait any more does not have to be told.
            let _ = reply.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the waiters whose time is over; when that of the next is.
    pub(crate) fn expire(&self, now: Instant) -> Option<Instant> {
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut next = None;
        self.answer(|waiter| {
            let answer = waiter.too_late(now);
            if answer.is_none() {
                next = earlier(next, waiter.deadline());
            }
            answer
        });
        next
    }

    /// Waits for something, and has a reader look for it.
    pub(super) fn enter(self: &Arc<Self>, awaited: Awaited) -> Entered<'_> {
        let (reply, answer) = oneshot::channel();
        let mut waiters = self.lock();
        let number = waiters.next;
        waiters.next += 1;
        let first_look_by = Instant::now().checked_add(LOOK);
        let seen = Position::START;
        let waiter = Waiter { number, awaited: awaited.clone(), first_look_by, seen, reply };
        let deadline = waiter.deadline();
        waiters.all.push(waiter);
        self.count.store(waiters.all.len(), Ordering::SeqCst);
        drop(waiters);
        if let Some(deadline) = deadline {
            self.clock.arm(deadline);
        }
        self.readers.push(self.look(vec![(number, awaited)], || {}));
        Entered { waiting: self, number, answer }
    }

    /// The job of a reader that looks for some waiters, and says `done` when it is done or refused.
    fn look(
        self: &Arc<Self>,
        asked: Vec<(u64, Awaited)>,
        done: impl FnOnce() + Send + 'static,
    ) -> ReadJob {
        let waiting = self.clone();
        let numbers = asked.iter().map(|(number, _)| *number).collect();
        let run = Box::new(move |reader: &mut Reader| {
            let look = |(number, awaited): (u64, Awaited)| {
                let seen = awaited.look(&reader.connection);
                (number, seen.map_err(|fault| reader.database.explain(DOING, fault)))
            };
            let seen = asked.into_iter().map(look).collect::<Vec<_>>();
            waiting.saw(seen);
            done();
        });
        ReadJob { doing: DOING, run, call: Arc::new(Look { waiting: self.clone(), numbers }) }
    }

    /// Takes what a look has found.
    fn saw(self: &Arc<Self>, mut seen: Vec<(u64, Answer)>) {
        let now = Instant::now();
        let mut is_left = false;
        self.answer(|waiter| {
            let place = seen.iter().position(|(number, _)| *number == waiter.number)?;
            waiter.first_look_by = None;
            match seen.swap_remove(place).1 {
                Ok(at) if waiter.awaited.is_reached(at) => return Some(Ok(at)),
                Ok(at) => waiter.seen = at,
                // It is looked again: another process holds the file, or a reader was stopped.
                Err(error) if error.is_transient() => {}
                Err(error) => return Some(Err(error)),
            }
            let answer = waiter.too_late(now);
            is_left |= answer.is_none();
            answer
        });
        if is_left {
            self.watch_from_now_on();
        }
    }

    /// A look was refused: no reader was free, or the store is closed.
    fn not_seen(self: &Arc<Self>, error: StoreError) {
        match error {
            StoreError::Closed => self.answer(|_| Some(Err(StoreError::Closed))),
            StoreError::Replaced { location, reason } => self.answer(|_| {
                let (location, reason) = (location.clone(), reason.clone());
                Some(Err(StoreError::Replaced { location, reason }))
            }),
            _ => self.watch_from_now_on(),
        }
    }

    /// Starts the thread that looks for what other processes do, unless it is there.
    fn watch_from_now_on(self: &Arc<Self>) {
        let mut waiters = self.lock();
        waiters.is_new = true;
        if waiters.is_watched {
            self.entered.notify_one();
            return;
        }
        let waiting = self.clone();
        let started = std::thread::Builder::new()
            .name("esrs-sqlite-wait".to_owned())
            .spawn(move || waiting.watch());
        match started {
            Ok(_) => waiters.is_watched = true,
            Err(error) => {
                drop(waiters);
                let error = error.to_string();
                self.answer(|_| {
                    let (doing, source) = ("starting a thread", error.clone().into());
                    Some(Err(StoreError::Database { doing, source }))
                });
            }
        }
    }

    /// Looks for what other processes do, until nobody has waited for a short while.
    fn watch(self: &Arc<Self>) {
        let mut is_idle = false;
        loop {
            let mut waiters = self.lock();
            waiters.is_new = false;
            if waiters.all.is_empty() && is_idle {
                waiters.is_watched = false;
                return;
            }
            is_idle = waiters.all.is_empty();
            let asked: Vec<_> =
                waiters.all.iter().map(|one| (one.number, one.awaited.clone())).collect();
            drop(waiters);
            if !asked.is_empty() {
                let (done, is_done) = channel::<()>();
                self.readers.push(self.look(asked, move || drop(done)));
                // It is never sent anything: the other end goes when the look is done or refused.
                let _ = is_done.recv();
            }
            if self.readers.is_closed() {
                self.answer(|_| Some(Err(StoreError::Closed)));
            }
            let waiters = self.lock();
            let woken = self.entered.wait_timeout_while(waiters, LOOK, |them| !them.is_new);
            drop(woken);
        }
    }
}

/// Names of tables are the same to SQLite in other cases.
fn is_same(one: &Subscription, other: &Subscription) -> bool {
    one.name.eq_ignore_ascii_case(other.name)
}
