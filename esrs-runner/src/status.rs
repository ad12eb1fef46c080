//! The status of a subscription.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use esrs_core::Position;
use esrs_core::subscription::CheckpointOf;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::measure;

/// The status of a subscription, as its runner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// Its state.
    pub state: State,
    /// It has taken all events up to here, but for those of parked streams.
    pub position: Position,
    /// Where the log ends; `None` if the store did not say so in time.
    pub head: Option<Position>,
    /// The number of parked streams.
    pub parked: usize,
}

impl Status {
    /// Returns the number of positions up to the end of the log; `None` if the end is not known.
    pub fn lag(&self) -> Option<u64> {
        Some(self.head?.get().saturating_sub(self.position.get()))
    }
}

/// The state of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It has not begun.
    Starting,
    /// Another process has its lease.
    Standby {
        /// The holder of the lease.
        held_by: String,
    },
    /// It takes events.
    Following,
    /// It is rebuilt next to the rows that are asked.
    Rebuilding,
    /// It met an event that a newer program has stored and this one cannot read. It gave its lease back
    /// for the newer program to go on, and takes nothing until that has passed the event.
    Outdated {
        /// The stored name of the event.
        event: String,
        /// The schema version that the event is stored with.
        schema_version: u32,
        /// The newest schema version of that event that this program knows.
        known: u32,
    },
    /// A newer program has rebuilt its rows by another definition, and updates them. It takes nothing, and
    /// looks again once a minute.
    Superseded {
        /// The definition that the rows were built by.
        stored: String,
    },
    /// It could not go on, and will try again.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was stopped.
    Stopped,
}

/// A subscription that has failed for good, or has not gone on for longer than the
/// [patience](crate::Runner::failure_patience) of its runner.
///
/// Returned by [`Running::failed`](crate::Running::failed).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("the subscription `{subscription}` has failed for {failing_for:?}: {reason}")]
pub struct SubscriptionFailure {
    /// The name of the subscription.
    pub subscription: &'static str,
    /// The error, or the message of the panic.
    pub reason: String,
    /// The time for which it has not gone on.
    pub failing_for: Duration,
    /// True if it has ended. Otherwise the runner goes on trying.
    pub has_ended: bool,
}

/// The time for which a subscription must be well, so that the next error is a new failure. Between two
/// attempts it looks well for a while.
const CALM: Duration = Duration::from_secs(30);

/// Since when a subscription fails.
#[derive(Debug, Clone, Copy, Default)]
struct Failing {
    since: Option<Instant>,
    /// When it was tried again last.
    tried_again: Option<Instant>,
    has_ended: bool,
}

impl Failing {
    fn change(&mut self, before: &State, now: &State) {
        match (before, now) {
            (State::Failed { .. }, State::Failed { .. }) => {}
            (_, State::Failed { .. }) => {
                let is_new = self.tried_again.is_none_or(|again| again.elapsed() >= CALM);
                let since = self.since.filter(|_| !is_new).unwrap_or_else(Instant::now);
                self.since = Some(since);
            }
            (State::Failed { .. }, _) => self.tried_again = Some(Instant::now()),
            _ => {}
        }
    }
}

/// A function that is called with each new state.
pub(crate) type OnState = Arc<dyn Fn(&Status) + Send + Sync>;

/// Where a subscription says what it is doing.
#[derive(Clone)]
pub(crate) struct Report {
    status: watch::Sender<Status>,
    failing: Arc<Mutex<Failing>>,
    on_state: Option<OnState>,
    /// True if the store has a checkpoint of it.
    has_checkpoint: bool,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        let (state, position, head) = (State::Starting, Position::START, None);
        let status = watch::Sender::new(Status { name, state, position, head, parked: 0 });
        Self { status, failing: Arc::default(), on_state: None, has_checkpoint: true }
    }

    /// The same, for rows in memory.
    pub(crate) fn without_checkpoint(self) -> Self {
        Self { has_checkpoint: false, ..self }
    }

    pub(crate) fn told(self, on_state: Option<OnState>) -> Self {
        Self { on_state, ..self }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// The status with what the store says: another process may have moved the subscription.
    pub(crate) fn asked(&self, head: Option<Position>, stored: &[CheckpointOf]) -> Status {
        let mut status = Status { head, ..self.status() };
        let is_building = status.state == State::Rebuilding;
        let mut stored = stored.iter().filter(|_| self.has_checkpoint);
        let is_it = |of: &&CheckpointOf| of.name == status.name && of.building == is_building;
        if let Some(stored) = stored.find(is_it) {
            status.position = stored.checkpoint.position;
            status.parked = usize::try_from(stored.parked).unwrap_or(usize::MAX);
        }
        status
    }

    pub(crate) fn state(&self, state: State) {
        self.change(|status| {
            self.failing().change(&status.state, &state);
            status.state = state;
        });
    }

    /// Reports that it has failed, and is not tried again.
    pub(crate) fn ended(&self, reason: String) {
        self.failing().has_ended = true;
        self.state(State::Failed { reason });
    }

    /// The failure if there is one by now; else the time at which there is one, if it goes on failing.
    pub(crate) fn failure(
        &self,
        patience: Duration,
    ) -> Result<SubscriptionFailure, Option<Instant>> {
        let Status { name, state, .. } = self.status();
        let Failing { since, has_ended, .. } = *self.failing();
        let (State::Failed { reason }, Some(since)) = (state, since) else { return Err(None) };
        let failing_for = since.elapsed();
        if !has_ended && failing_for < patience {
            return Err(since.checked_add(patience));
        }
        Ok(SubscriptionFailure { subscription: name, reason, failing_for, has_ended })
    }

    fn failing(&self) -> MutexGuard<'_, Failing> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stands(&self, position: Position, head: Position, parked: usize) {
        self.change(|status| {
            if position > status.position {
                // It has gone on.
                *self.failing() = Failing::default();
            }
            status.position = position;
            status.head = Some(head.max(position));
            status.parked = parked;
        });
        measure::stands(&self.status());
    }

    /// Says where the log ends, of a subscription that does not move.
    pub(crate) fn head(&self, head: Position) {
        self.change(|status| status.head = Some(head));
        measure::stands(&self.status());
    }

    fn change(&self, change: impl FnOnce(&mut Status)) {
        let mut is_told = false;
        self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            is_told = status.state != before.state || status.parked != before.parked;
            *status != before
        });
        if !is_told {
            return;
        }
        let status = self.status();
        measure::state(&status);
        if let Some(on_state) = &self.on_state {
            let told = std::panic::AssertUnwindSafe(|| on_state(&status));
            // The subscription goes on, whatever the program does with what it is told.
            if std::panic::catch_unwind(told).is_err() {
                tracing::error!(subscription = status.name, "the function of `on_state` panicked");
            }
        }
    }
}
