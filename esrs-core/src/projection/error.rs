//! Why a projection could not go on.

use super::ColumnError;
use crate::{BoxError, PayloadError, Position, StreamId};

/// Why a projection could not take an event, and where that event stands.
#[derive(Debug, thiserror::Error)]
#[error(
    "{projection} could not take the event `{event}` (version {event_version}) at {position}, version {version} of {stream}: {reason}"
)]
pub struct ProjectionError {
    /// The table of the projection.
    pub projection: &'static str,
    /// The stored name of the event.
    pub event: String,
    /// The version of the event's shape.
    pub event_version: u32,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its number within the stream.
    pub version: u64,
    /// Its place among all events.
    pub position: Position,
    /// Why it could not be taken.
    #[source]
    pub reason: Box<RowError>,
}

/// Why a projection could not take an event, apart from where that event stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The payload could not be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The row is not there.
    #[error(
        "there is no row {key}; list the event in `creates(…)`, or as `(missing = skip)`, if that may be"
    )]
    Missing {
        /// Its key.
        key: String,
    },
    /// The row is there already.
    #[error("the row {key} is there already; list the event in `events(…)` too, if that may be")]
    Exists {
        /// Its key.
        key: String,
    },
    /// The projection changed the key of the row.
    #[error(
        "expected a row with the key {key}, found {found}; `create` and `project` must not change the key \
         fields"
    )]
    KeyChanged {
        /// The key that the event is about.
        key: String,
        /// The key of the row.
        found: String,
    },
    /// The stream's id is not the text of a key.
    #[error("the stream's id {id:?} is no key: {reason}")]
    Key {
        /// The stream's id.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value does not fit its column.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// The event was read without its envelope; a defect of the store.
    #[error("the event was read without its envelope")]
    NoEnvelope,
    /// The database refused the row: a constraint or a trigger on the table, or a value that is too large.
    #[error("the table refused the row: {reason}")]
    Refused {
        /// What the database said.
        reason: String,
    },
    /// An event handler answered with an error.
    #[error("the handler failed: {0}")]
    Handler(#[source] BoxError),
    /// The projection's own code panicked.
    #[error("the projection panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
}
