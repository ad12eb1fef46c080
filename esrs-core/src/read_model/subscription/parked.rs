//! Streams that a subscription has put aside, because it cannot take one of their events.

use jiff::Timestamp;

use crate::event::{Position, StreamId};
use crate::log::{AppendBatch, LimitExceeded, StoreError};

/// A stream that is put aside from one of its events on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedStream {
    /// The stream.
    pub stream: StreamId,
    /// The number of the event within the stream: those from here on are not taken.
    pub version: u64,
    /// The place of that event among all events.
    pub position: Position,
    /// The stored name of that event.
    pub event: String,
    /// Why it could not be taken.
    pub reason: String,
    /// When it was put aside, or tried last.
    pub parked_at: Timestamp,
    /// True if an operator has requested another try.
    pub is_to_resume: bool,
}

impl ParkedStream {
    /// Returns the text to store as the [`reason`](Self::reason), or as the failure of a subscription: one
    /// line, cut to its beginning if it is long.
    pub fn reason_of(said: impl std::fmt::Display) -> String {
        crate::value::reason(said)
    }

    /// The error when this subscription was asked for events that it has parked with the stream.
    pub fn error(self, subscription: &str) -> StoreError {
        let Self { stream, version, event, reason, .. } = self;
        let subscription = subscription.to_owned();
        StoreError::Parked { subscription, stream, version, event, reason }
    }
}

/// A parked stream of which events were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumedStream {
    /// The stream.
    pub stream: StreamId,
    /// The number of the next event that is still to be taken; none when all are.
    pub next_version: Option<u64>,
}

/// A decision about a parked stream, and its actor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// True if the event at which the stream was parked is left out; it is tried again otherwise.
    pub skip: bool,
    /// The version of that event: nothing is decided about a stream that is parked elsewhere by now.
    pub version: u64,
    /// The actor of the decision.
    pub actor: String,
    /// Why.
    pub reason: String,
}

impl Decision {
    /// The longest actor, in bytes: that of an event.
    pub const MAX_ACTOR_LENGTH: usize = AppendBatch::MAX_ACTOR_LENGTH;
    /// The longest reason, in bytes.
    pub const MAX_REASON_LENGTH: usize = 4_096;

    /// To try the event at this version of the stream again.
    pub fn retry(version: u64, actor: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { skip: false, version, actor: actor.into(), reason: reason.into() }
    }

    /// To leave the event at this version of the stream out, and go on with the next.
    pub fn skip(version: u64, actor: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { skip: true, version, actor: actor.into(), reason: reason.into() }
    }

    /// Checks the length of both texts; each store calls it before it touches the database.
    ///
    /// ```
    /// use esrs_core::subscription::Decision;
    /// use esrs_core::{StoreError, StreamId};
    ///
    /// let stream = StreamId::new("account", 18)?;
    /// assert!(Decision::retry(7, "alice", "the upcaster is fixed").check(&stream).is_ok());
    /// let long = Decision::skip(7, "alice", "x".repeat(Decision::MAX_REASON_LENGTH + 1));
    /// let Err(StoreError::Limit(limit)) = long.check(&stream) else { panic!("it is too long") };
    /// assert_eq!(limit.what, "the length of a reason");
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] for a text that is too long.
    pub fn check(&self, stream: &StreamId) -> Result<(), StoreError> {
        let lengths = [
            ("the length of an actor", self.actor.len(), Self::MAX_ACTOR_LENGTH),
            ("the length of a reason", self.reason.len(), Self::MAX_REASON_LENGTH),
        ];
        match lengths.into_iter().find(|(_, actual, max)| actual > max) {
            None => Ok(()),
            Some((what, actual, max)) => {
                let stream = Some(stream.clone());
                Err(StoreError::Limit(LimitExceeded { what, stream, actual, max }))
            }
        }
    }
}

/// An action on a parked stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParkingAction {
    /// It was put aside.
    Parked,
    /// An operator requested another try.
    Retried,
    /// An operator had an event skipped.
    Skipped,
    /// All its events are taken.
    Resumed,
}

impl ParkingAction {
    /// Its name, as stores keep it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Retried => "retried",
            Self::Skipped => "skipped",
            Self::Resumed => "resumed",
        }
    }

    /// The action of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Parked, Self::Retried, Self::Skipped, Self::Resumed]
            .into_iter()
            .find(|action| action.name() == name)
    }
}

/// Something that happened to a parked stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkingEntry {
    /// The stream.
    pub stream: StreamId,
    /// The event that it is about, by its number within the stream.
    pub version: u64,
    /// The action.
    pub action: ParkingAction,
    /// The actor of the action; `None` where the subscription did it by itself.
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}
