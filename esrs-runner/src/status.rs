//! What a subscription is doing.

use esrs_core::Position;
use tokio::sync::watch;

/// What a subscription is doing, as its runner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: State,
    /// It has taken all events up to here, but for those of parked streams.
    pub position: Position,
    /// Where the log ended, when it was last looked.
    pub head: Position,
    /// How many streams are parked.
    pub parked: usize,
}

impl Status {
    /// How many positions it stands behind the end of the log.
    pub fn lag(&self) -> u64 {
        self.head.get().saturating_sub(self.position.get())
    }
}

/// What a subscription is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It has not begun.
    Starting,
    /// Another process has its lease.
    Standby {
        /// Which.
        held_by: String,
    },
    /// It takes events.
    Following,
    /// It is built anew beside the rows that are asked.
    Rebuilding,
    /// It could not go on, and will try again.
    Failed {
        /// Why.
        reason: String,
    },
    /// It was stopped.
    Stopped,
}

/// Where a subscription says what it is doing.
#[derive(Debug, Clone)]
pub(crate) struct Report(watch::Sender<Status>);

impl Report {
    pub(crate) fn new(name: &'static str) -> Self {
        let (position, head) = (Position::START, Position::START);
        Self(watch::Sender::new(Status { name, state: State::Starting, position, head, parked: 0 }))
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Status> {
        self.0.subscribe()
    }

    pub(crate) fn status(&self) -> Status {
        self.0.borrow().clone()
    }

    pub(crate) fn state(&self, state: State) {
        self.0.send_if_modified(|status| {
            let is_new = status.state != state;
            status.state = state;
            is_new
        });
    }

    pub(crate) fn stands(&self, position: Position, head: Position, parked: usize) {
        self.0.send_modify(|status| {
            status.position = position;
            status.head = head.max(position);
            status.parked = parked;
        });
        crate::measure::stands(&self.status());
    }
}
