//! The status of a subscription.

use std::sync::Arc;

use esrs_core::Position;
use esrs_core::subscription::CheckpointOf;
use tokio::sync::watch;

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
    /// A newer program has rebuilt its rows by another definition, and keeps them. It takes nothing, and
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

/// A function that is called with each new state.
pub(crate) type OnState = Arc<dyn Fn(&Status) + Send + Sync>;

/// Where a subscription says what it is doing.
#[derive(Clone)]
pub(crate) struct Report {
    status: watch::Sender<Status>,
    on_state: Option<OnState>,
    /// True if the store has a checkpoint of it.
    has_checkpoint: bool,
}

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        let (state, position, head) = (State::Starting, Position::START, None);
        let status = watch::Sender::new(Status { name, state, position, head, parked: 0 });
        Self { status, on_state: None, has_checkpoint: true }
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
        self.change(|status| status.state = state);
    }

    pub(crate) fn stands(&self, position: Position, head: Position, parked: usize) {
        self.change(|status| {
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
