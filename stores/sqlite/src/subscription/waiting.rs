//! Waiting until the log, or a subscription, has come further.
//!
//! An append or a step of this store tells who waits by itself. Those of other processes are looked for
//! now and then, by a thread that is there while somebody waits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use esrs_core::subscription::Subscription;
use esrs_core::{Position, StoreError};
use futures_channel::oneshot;
use rusqlite::Connection;

use super::checkpoint;
use crate::error::Fault;
use crate::reader::{ReadJob, Reader, head};

/// How long what other processes do may go unnoticed.
const LOOK: Duration = Duration::from_millis(50);

const DOING: &str = "looking how far the log has come";

type Answer = Result<Position, StoreError>;

/// What somebody waits for.
#[derive(Clone)]
pub(crate) enum Awaited {
    /// An event behind this position.
    Event { behind: Position },
    /// That a subscription has taken all events up to this position.
    Subscription { subscription: Arc<Subscription>, position: Position, by: Deadline },
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
    /// How far it has come.
    pub(super) fn look(&self, connection: &Connection) -> Result<Position, Fault> {
        match self {
            Self::Event { .. } => head(connection),
            Self::Subscription { subscription, .. } => {
                let stands = checkpoint::of_definition(connection, subscription)?;
                Ok(stands.map_or(Position::START, |stands| stands.position))
            }
        }
    }

    pub(super) fn is_reached(&self, at: Position) -> bool {
        match self {
            Self::Event { behind } => at > *behind,
            Self::Subscription { position, .. } => at >= *position,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Event { .. } => None,
            Self::Subscription { by, .. } => by.at,
        }
    }

    /// What to answer when it is too late for it.
    pub(super) fn too_late(&self, reached: Position) -> Option<StoreError> {
        match self {
            Self::Subscription { subscription, position, by }
                if by.at.is_some_and(|at| at <= Instant::now()) =>
            {
                let (subscription, waited) = (subscription.name, by.timeout);
                Some(StoreError::Lagging { subscription, position: *position, reached, waited })
            }
            _ => None,
        }
    }
}

struct Waiter {
    number: u64,
    awaited: Awaited,
    /// How far it had come when it was last looked.
    seen: Position,
    reply: oneshot::Sender<Answer>,
}

/// Who waits.
#[derive(Default)]
pub(crate) struct Waiting {
    /// How many do: nobody, as a rule, and then an append looks no further.
    count: AtomicUsize,
    waiters: Mutex<Waiters>,
    entered: Condvar,
}

#[derive(Default)]
struct Waiters {
    all: Vec<Waiter>,
    /// The number of the next.
    next: u64,
    /// Whether somebody came whom nobody has looked for yet.
    is_new: bool,
    /// Whether the thread is there.
    is_watched: bool,
}

impl Waiting {
    /// An append of this store is committed.
    pub(crate) fn appended(&self, head: Position) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.tell(head, |awaited| matches!(awaited, Awaited::Event { .. }));
        }
    }

    /// A subscription was moved by this store.
    pub(crate) fn moved(&self, moved: &Subscription, to: Position) {
        if self.count.load(Ordering::SeqCst) != 0 && !moved.building {
            self.tell(to, |awaited| match awaited {
                Awaited::Event { .. } => false,
                Awaited::Subscription { subscription, .. } => is_same(subscription, moved),
            });
        }
    }

    fn tell(&self, at: Position, is_about: impl Fn(&Awaited) -> bool) {
        self.answer(|waiter| {
            let awaited = &waiter.awaited;
            (is_about(awaited) && awaited.is_reached(at)).then_some(Ok(at))
        });
    }

    /// Answers those for whom there is an answer.
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
            // Who does not wait any more does not have to be told.
            let _ = reply.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what is not there yet: when it was looked for, it had come as far as `seen`.
    pub(crate) fn enter(
        self: &Arc<Self>,
        awaited: Awaited,
        seen: Position,
        readers: &Sender<ReadJob>,
    ) -> Result<oneshot::Receiver<Answer>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let mut waiters = self.lock();
        let number = waiters.next;
        waiters.next += 1;
        waiters.all.push(Waiter { number, awaited, seen, reply });
        waiters.is_new = true;
        self.count.store(waiters.all.len(), Ordering::SeqCst);
        if waiters.is_watched {
            self.entered.notify_one();
            return Ok(answer);
        }
        let (waiting, readers) = (self.clone(), readers.clone());
        std::thread::Builder::new()
            .name("esrs-sqlite-wait".to_owned())
            .spawn(move || waiting.watch(&readers))
            .map_err(|error| StoreError::Database {
                doing: "starting a thread",
                source: error.into(),
            })?;
        waiters.is_watched = true;
        Ok(answer)
    }

    /// Looks for what other processes do, until nobody has waited for a moment.
    fn watch(&self, readers: &Sender<ReadJob>) {
        let mut is_idle = false;
        loop {
            let mut waiters = self.lock();
            waiters.all.retain(|waiter| !waiter.reply.is_canceled());
            self.count.store(waiters.all.len(), Ordering::SeqCst);
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
                self.look(asked, readers);
            }
            let waiters = self.lock();
            let deadlines = waiters.all.iter().filter_map(|one| one.awaited.deadline());
            let left = deadlines.min().map(|at| at.saturating_duration_since(Instant::now()));
            let sleep = left.map_or(LOOK, |left| left.min(LOOK));
            let woken = self.entered.wait_timeout_while(waiters, sleep, |them| !them.is_new);
            drop(woken);
        }
    }

    /// Has a reader look how far all have come, and answers who has waited long enough.
    fn look(&self, asked: Vec<(u64, Awaited)>, readers: &Sender<ReadJob>) {
        let (reply, answer) = channel();
        let job = Box::new(move |reader: &mut Reader| {
            let look = |(number, awaited): (u64, Awaited)| {
                let seen = awaited.look(&reader.connection);
                (number, seen.map_err(|fault| reader.database.explain(DOING, fault)))
            };
            // Who asks is there until it is answered.
            let _ = reply.send(asked.into_iter().map(look).collect::<Vec<_>>());
        });
        let is_open = readers.send(ReadJob::Run(job)).is_ok();
        loop {
            // Readers may be at work for long.
            match answer.recv_timeout(LOOK) {
                Ok(seen) => break self.saw(seen),
                Err(RecvTimeoutError::Timeout) => self.saw(Vec::new()),
                Err(RecvTimeoutError::Disconnected) => {
                    tracing::debug!(is_open, "the store is closed while somebody waits");
                    break self.answer(|_| Some(Err(StoreError::Closed)));
                }
            }
        }
    }

    fn saw(&self, mut seen: Vec<(u64, Answer)>) {
        self.answer(|waiter| {
            if let Some(place) = seen.iter().position(|(number, _)| *number == waiter.number) {
                match seen.swap_remove(place).1 {
                    Ok(at) if waiter.awaited.is_reached(at) => return Some(Ok(at)),
                    Ok(at) => waiter.seen = at,
                    Err(error) => return Some(Err(error)),
                }
            }
            waiter.awaited.too_late(waiter.seen).map(Err)
        });
    }
}

/// Names of tables are the same to SQLite in other cases.
fn is_same(one: &Subscription, other: &Subscription) -> bool {
    one.name.eq_ignore_ascii_case(other.name) && one.definition == other.definition
}
