//! An event as it stands in the log.

use std::ops::Deref;

use jiff::Timestamp;
use uuid::Uuid;

use super::metadata::Metadata;
use super::occurred::OccurredAt;
use super::stream::{Position, StreamId};

/// An event, and where, when and by whom it was recorded.
///
/// It derefs to the event, so that a handler reads `event.cents`. Its own functions are associated ones, as
/// those of [`Arc`](std::sync::Arc), so that none hides a field or method of the event:
/// `Recorded::recorded_at(event)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded<E> {
    event: E,
    envelope: Envelope,
}

/// The data that is stored next to every payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its number within the stream; the first event of a stream is version 1.
    pub version: u64,
    /// Its place among all events of the store.
    pub position: Position,
    /// Its own id: a UUID of version 7, or one that an [`ImportSource`](crate::ImportSource) derived.
    pub event_id: Uuid,
    /// The time at which the store recorded it, to the microsecond.
    pub recorded_at: Timestamp,
    /// The actor, the cause and the circumstances.
    pub metadata: Metadata,
}

impl Envelope {
    /// The time at which it occurred: the time in its [metadata](Metadata::occurred_at), and otherwise
    /// the one at which it was recorded.
    pub fn occurred_at(&self) -> Timestamp {
        self.metadata.occurred_at().map_or(self.recorded_at, OccurredAt::timestamp)
    }
}

impl<E> Recorded<E> {
    /// An event next to its envelope.
    pub fn new(event: E, envelope: Envelope) -> Self {
        Self { event, envelope }
    }

    /// The event.
    pub fn event(this: &Self) -> &E {
        &this.event
    }

    /// The event, by value.
    pub fn into_event(this: Self) -> E {
        this.event
    }

    /// Returns all that is stored next to it.
    pub fn envelope(this: &Self) -> &Envelope {
        &this.envelope
    }

    /// The stream it belongs to.
    pub fn stream(this: &Self) -> &StreamId {
        &this.envelope.stream
    }

    /// Its number within the stream, from 1.
    pub fn version(this: &Self) -> u64 {
        this.envelope.version
    }

    /// Its place among all events of the store.
    pub fn position(this: &Self) -> Position {
        this.envelope.position
    }

    /// Its own id.
    pub fn event_id(this: &Self) -> Uuid {
        this.envelope.event_id
    }

    /// The time at which it occurred: the time in its [metadata](Metadata::occurred_at), and otherwise
    /// the one at which it was recorded.
    pub fn occurred_at(this: &Self) -> Timestamp {
        this.envelope.occurred_at()
    }

    /// The time at which the store recorded it, to the microsecond.
    pub fn recorded_at(this: &Self) -> Timestamp {
        this.envelope.recorded_at
    }

    /// Returns the actor, the cause and the circumstances.
    pub fn metadata(this: &Self) -> &Metadata {
        &this.envelope.metadata
    }
}

impl<E> Deref for Recorded<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}
