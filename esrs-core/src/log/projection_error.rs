//! Why a projection could not go on.

use std::error::Error;
use std::fmt;

use super::error::{BoxError, StoreError};
use super::page::Record;
use crate::event::{PayloadError, Position, StreamId};
use crate::value::{Withheld, escaped};

/// Why a projection could not take an event, and where that event stands.
#[derive(Debug, thiserror::Error)]
#[error(
    "{projection} could not take the event `{event}` (version {event_version}) at {position}, version \
     {version} of {stream}: {}",
    .reason.in_stream(.stream),
    event = escaped(.event),
    stream = escaped(.stream),
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

impl ProjectionError {
    /// The error about an event whose row the table refused.
    pub fn refused(projection: &'static str, record: &Record<'_>, reason: Withheld) -> Self {
        Self {
            projection,
            event: record.kind().name.to_string(),
            event_version: record.kind().version,
            stream: record.stream().clone(),
            version: record.version(),
            position: record.position(),
            reason: Box::new(RowError::Refused { reason }),
        }
    }

    /// Returns the error of a store that an event handler failed with: the handler's error itself, or the
    /// first among its sources, as in a [`LoadError`](crate::LoadError) or an
    /// [`ExecuteError`](crate::ExecuteError).
    ///
    /// An error type of your own shows it by `#[source]`; thiserror's `#[error(transparent)]` hides it.
    pub fn store_error(&self) -> Option<&StoreError> {
        let RowError::Handler(error) = &*self.reason else { return None };
        let mut next: Option<&(dyn Error + 'static)> = Some(&**error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref() {
                return Some(error);
            }
            next = error.source();
        }
        None
    }

    /// Returns true if the same event may be applied later without any change: a store that its handler used
    /// was busy, full or out of reach.
    ///
    /// The Runner tries such an event again and parks nothing for it.
    pub fn is_transient(&self) -> bool {
        self.store_error().is_some_and(StoreError::is_transient)
    }
}

/// Why a projection could not take an event, apart from where that event stands.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The payload could not be read.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The row is not there.
    #[error(
        "there is no row with the key of the event; list the event in `creates(…)`, or as `(missing = skip)`, if that may be"
    )]
    Missing {
        /// Its key. It may be confidential, so neither the message nor `Debug` contains it.
        key: String,
    },
    /// The row is there already.
    #[error(
        "a row with the key of the event exists; list the event in `events(…)` too, if that may be"
    )]
    Exists {
        /// Its key. It may be confidential, so neither the message nor `Debug` contains it.
        key: String,
    },
    /// The projection changed the key of the row.
    #[error(
        "the row has another key than the event is about; `create` and `project` must not change the key \
         fields"
    )]
    KeyChanged {
        /// The key that the event is about.
        key: String,
        /// The key of the row.
        found: String,
    },
    /// The stream's id is not the text of a key.
    #[error("the stream's id {id:?} is not a key: {reason}", reason = escaped(.reason))]
    Key {
        /// The stream's id.
        id: String,
        /// The fault.
        reason: String,
    },
    /// A value does not fit its column.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// The event was read without its envelope; a defect of the store.
    #[error("the event was read without its envelope")]
    NoEnvelope,
    /// The database refused the row: a constraint or a trigger on the table, or a value that is too large.
    #[error("the table refused the row: {reason}", reason = escaped(.reason))]
    Refused {
        /// The message of the database, without the values in it.
        reason: Withheld,
    },
    /// An event handler answered with an error.
    #[error("the handler failed: {}", escaped(.0))]
    Handler(#[source] BoxError),
    /// The projection's own code panicked.
    #[error("the projection panicked: {message}", message = escaped(.message))]
    Panicked {
        /// The message of the panic.
        message: String,
    },
}

impl RowError {
    /// Describes the error for an event of this stream: a key that is the stream's id is no secret, as the
    /// stream is named.
    pub fn in_stream<'a>(&'a self, stream: &'a StreamId) -> impl fmt::Display + 'a {
        InStream { error: self, stream }
    }
}

struct InStream<'a> {
    error: &'a RowError,
    stream: &'a StreamId,
}

impl fmt::Display for InStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.stream.id();
        match self.error {
            RowError::Missing { key } if key == id => write!(
                f,
                "there is no row {}; list the event in `creates(…)`, or as `(missing = skip)`, if that \
                 may be",
                escaped(key)
            ),
            RowError::Exists { key } if key == id => write!(
                f,
                "the row {} exists; list the event in `events(…)` too, if that may be",
                escaped(key)
            ),
            error => error.fmt(f),
        }
    }
}

/// Without the keys of rows.
impl fmt::Debug for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = |name, inner: &dyn fmt::Debug| f.debug_tuple(name).field(inner).finish();
        match self {
            Self::Payload(error) => tuple("Payload", error),
            Self::Column(error) => tuple("Column", error),
            Self::Handler(error) => tuple("Handler", error),
            Self::Missing { .. } => f.debug_struct("Missing").finish_non_exhaustive(),
            Self::Exists { .. } => f.debug_struct("Exists").finish_non_exhaustive(),
            Self::KeyChanged { .. } => f.debug_struct("KeyChanged").finish_non_exhaustive(),
            Self::Key { id, reason } => {
                f.debug_struct("Key").field("id", id).field("reason", reason).finish()
            }
            Self::NoEnvelope => f.write_str("NoEnvelope"),
            Self::Refused { reason } => f.debug_struct("Refused").field("reason", reason).finish(),
            Self::Panicked { message } => {
                f.debug_struct("Panicked").field("message", message).finish()
            }
        }
    }
}

/// A value does not fit its column, or a column does not hold what a field needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", named(.column), reason = escaped(.reason))]
pub struct ColumnError {
    /// The column, when it is known.
    pub column: Option<&'static str>,
    /// The fault.
    pub reason: String,
}

impl ColumnError {
    /// Creates the error of a column whose name is not known here.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { column: None, reason: reason.into() }
    }

    /// The same error, about this column.
    #[must_use]
    pub fn in_column(self, column: &'static str) -> Self {
        Self { column: Some(column), ..self }
    }
}

fn named(column: &Option<&'static str>) -> String {
    column.map(|column| format!("column `{column}`: ")).unwrap_or_default()
}
