//! Errors between esrs and a database.

use std::time::Duration;

use super::projection_error::{ProjectionError, RowError};
use super::{AppendCondition, InvalidPage};
use crate::event::{InvalidStreamId, Position, StreamId};
use crate::log::KeyReused;
use crate::value::{Withheld, escaped};

/// Any error of a driver.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A stream is not as the append's condition says.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The idempotency key of the append was used for another command.
    #[error(transparent)]
    KeyReused(Box<KeyReused>),
    /// The batch is larger than stores take.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The batch makes no sense in itself.
    #[error("the batch was not appended: {reason}", reason = escaped(.reason))]
    InvalidBatch {
        /// The fault.
        reason: String,
    },
    /// Some of the batch's event ids are stored already, but the batch is not a repetition.
    #[error(
        "the event id {event_id} is stored already, in an append that was not the same as this one; \
         give every event an id of its own"
    )]
    EventIdTaken {
        /// The id.
        event_id: uuid::Uuid,
    },
    /// An event is stored under the same id with other content.
    #[error(
        "the event {event_id} is stored already as {place}, with another {what}: the source has changed \
         an entry or uses a key twice; import a correction as an event of its own",
        place = escaped(.place),
    )]
    EventDiffers {
        /// The id.
        event_id: uuid::Uuid,
        /// The place of the stored event: `version 3 of account-1`, or `an earlier event of the import`.
        place: String,
        /// The difference: `payload`, `name`, `stream`, `time at which it occurred`.
        what: &'static str,
    },
    /// A text is stored as a stream's name, and is no valid one.
    #[error("a stream's name cannot be read: {0}")]
    InvalidStreamId(#[from] InvalidStreamId),
    /// The log does not hold an event that was read from it or stored in it before: commits were lost by
    /// a fail-over, or a backup was restored.
    ///
    /// Whatever was computed from the lost events must be computed again. The store itself has dropped
    /// what it remembered; the next call works on the log as it is.
    #[error(
        "the log does not hold the event {event_id} at {place} any more, and ends at position {head}: \
         commits were lost or a backup was restored; read again from the start",
        place = escaped(.place),
    )]
    HistoryChanged {
        /// The id of the event that is gone.
        event_id: uuid::Uuid,
        /// Where it was: `position 7`, or `version 3 of account-1`.
        place: String,
        /// The position of the last event of the log.
        head: Position,
    },
    /// The file of the database was replaced or removed while it was open.
    #[error(
        "{location} was replaced or removed while it was open: {reason}; open the store again",
        location = escaped(.location),
        reason = escaped(.reason),
    )]
    Replaced {
        /// The file.
        location: String,
        /// The reason that was found.
        reason: String,
    },
    /// A call took longer than the store allows; see the `timeout` of the store's builder.
    #[error(
        "{location} did not answer within {waited:?} while {doing}; try again",
        location = escaped(.location),
    )]
    TimedOut {
        /// The database.
        location: String,
        /// The work of the store at that time.
        doing: &'static str,
        /// The time that it waited.
        waited: Duration,
    },
    /// Another session held the database for too long, or the table of a read model that should be
    /// replaced, or all connections of the store were in use.
    #[error(
        "{location} was busy for {waited:?}; nothing was stored, try again",
        location = escaped(.location),
    )]
    Busy {
        /// The database, or which table of it.
        location: String,
        /// The time that the store waited for it.
        waited: Duration,
    },
    /// There is no room left.
    #[error(
        "there is no room left for {location}; nothing was stored, make room and try again",
        location = escaped(.location),
    )]
    Full {
        /// The database.
        location: String,
    },
    /// The database cannot be written to.
    #[error(
        "{location} cannot be written to: {reason}",
        location = escaped(.location),
        reason = escaped(.reason),
    )]
    ReadOnly {
        /// The database.
        location: String,
        /// The message of the system.
        reason: String,
    },
    /// The database cannot be reached, or does not take connections.
    #[error(
        "{location} cannot be reached: {reason}; nothing was stored, try again",
        location = escaped(.location),
        reason = escaped(.reason),
    )]
    Unavailable {
        /// The database.
        location: String,
        /// The message of the system or the server.
        reason: String,
    },
    /// The database does not let this user do it.
    #[error(
        "{location} does not let this user do it: {reason}",
        location = escaped(.location),
        reason = escaped(.reason),
    )]
    Denied {
        /// The database.
        location: String,
        /// The message of the server.
        reason: String,
    },
    /// The file or database is not one of esrs.
    #[error(
        "{location} is not a database of this store: {reason}",
        location = escaped(.location),
        reason = escaped(.reason),
    )]
    NotADatabase {
        /// The file.
        location: String,
        /// The message of the driver.
        reason: String,
    },
    /// The database was made by a newer esrs.
    #[error(
        "{location} has version {found} of this store's tables, and this program knows them up to \
         version {known}; use a newer esrs",
        location = escaped(.location),
    )]
    NewerSchema {
        /// The database.
        location: String,
        /// The version of its tables.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// A table, index, view or trigger of the store differs from what esrs has made, is missing, or was
    /// added by another program.
    #[error(
        "{location} cannot be trusted: {object}: {reason}",
        location = escaped(.location),
        object = escaped(.object),
        reason = escaped(.reason),
    )]
    UnexpectedSchema {
        /// The database.
        location: String,
        /// The object: ``the trigger `copy` on `esrs_events` ``.
        object: String,
        /// The difference, and the next step.
        reason: String,
    },
    /// A stored event is not what any append has written.
    #[error(
        "the stored event at {position} of {stream} is damaged: {source}",
        stream = escaped(.stream),
        source = escaped(.source),
    )]
    Damaged {
        /// The stream it belongs to, as far as it is known.
        stream: String,
        /// Where it stands.
        position: Position,
        /// The fault.
        source: BoxError,
    },
    /// A page was built wrongly, or what was read is no UTF-8.
    #[error(transparent)]
    InvalidPage(#[from] InvalidPage),
    /// A projection refused an event, so nothing was stored: no row, and no event of an append whose
    /// transaction the projection belongs to.
    #[error("nothing was stored, because a projection failed: {0}")]
    Projection(#[source] Box<ProjectionError>),
    /// The table of a projection was built from a different definition.
    #[error(
        "the table `{table}` was built from a different definition of its projection ({stored}) than that \
         of this program ({declared}); rebuild it by `store.rebuild`, or, if it is inline, by \
         `rebuild_changed` on the store's builder",
        stored = escaped(.stored),
        declared = escaped(.declared),
    )]
    ProjectionChanged {
        /// The table.
        table: &'static str,
        /// The definition by which it was made.
        stored: String,
        /// The definition that this program has.
        declared: String,
    },
    /// The rows were built by a newer definition of the projection, which has replaced the one of this
    /// program.
    ///
    /// `rebuild_changed` does not go back to a definition that was replaced; an explicit
    /// `store.rebuild` does.
    #[error(
        "the table `{table}` was rebuilt by a newer definition of its projection ({stored}), which \
         replaced that of this program ({declared}); deploy the newer program everywhere, or go back on \
         purpose by `store.rebuild`",
        stored = escaped(.stored),
        declared = escaped(.declared),
    )]
    ProjectionSuperseded {
        /// The table.
        table: &'static str,
        /// The definition that its rows were built by.
        stored: String,
        /// The definition of this program.
        declared: String,
    },
    /// The database refused a row: a constraint or a trigger on the table, or a value that is too large; or
    /// the stored row, which another program has written, cannot be read.
    #[error(
        "the table `{table}` refused a row, and nothing was stored: {reason}",
        table = escaped(.table),
        reason = escaped(.reason),
    )]
    RowRefused {
        /// The table.
        table: String,
        /// The message of the database, without the values in it; see [`details`](StoreError::details).
        reason: Withheld,
    },
    /// A read model does not contain the events that were waited for, because it has parked a stream of
    /// them.
    #[error(
        "`{subscription}` has parked {stream} at version {version} (event `{event}`): {reason}; retry or \
         skip the event",
        subscription = escaped(.subscription),
        stream = escaped(.stream),
        event = escaped(.event),
        reason = escaped(.reason),
    )]
    Parked {
        /// The subscription.
        subscription: String,
        /// The stream; the first one, if several are parked.
        stream: StreamId,
        /// The version of the event at which it was parked.
        version: u64,
        /// The stored name of that event.
        event: String,
        /// Why it was parked.
        reason: String,
    },
    /// A read model does not get any further, because what runs it has failed.
    #[error(
        "`{subscription}` has failed at position {reached}: {reason}",
        subscription = escaped(.subscription),
        reason = escaped(.reason),
    )]
    SubscriptionFailed {
        /// The subscription.
        subscription: String,
        /// The position that it has reached.
        reached: Position,
        /// Why it failed.
        reason: String,
    },
    /// Two subscriptions have one name, or one is registered twice.
    #[error(
        "the subscription `{name}` is taken: {reason}",
        name = escaped(.name),
        reason = escaped(.reason),
    )]
    SubscriptionTaken {
        /// The name.
        name: String,
        /// The types that have it, and the next step.
        reason: String,
    },
    /// The table of a projection cannot be made, or is not there.
    #[error("the table `{table}` cannot be used: {reason}", reason = escaped(.reason))]
    ProjectionTable {
        /// The table.
        table: &'static str,
        /// The fault.
        reason: String,
    },
    /// A subscription did not reach a position in time.
    #[error(
        "timed out after {waited:?} waiting for `{subscription}` to reach position {position} (now at \
         {reached}); is a runner active?"
    )]
    Lagging {
        /// The subscription.
        subscription: &'static str,
        /// The position that was waited for.
        position: Position,
        /// Where it stood.
        reached: Position,
        /// The time that was waited.
        waited: Duration,
    },
    /// Another process has taken over what was done under a lease.
    #[error(
        "nothing was stored, because the lease of `{lease}` with fence {fence} was taken over by another",
        lease = escaped(.lease),
    )]
    Fenced {
        /// The lease.
        lease: String,
        /// The fence that was shown for it.
        fence: u64,
    },
    /// The store has no read models.
    #[error("this store has no read models, so it does not hold `{subscription}`")]
    NoSubscriptions {
        /// The subscription.
        subscription: &'static str,
    },
    /// The log of a store that does not tell of appends was followed.
    #[error(
        "the store does not tell when an event is appended, so that its log cannot be followed; follow a \
         `SqliteStore`, a `PostgresStore` or a `MemoryStore`"
    )]
    CannotFollow,
    /// An event handler ran a statement in SQL on a store that does not speak it.
    #[error(
        "the store does not speak SQL; run an event handler with statements on a `SqliteStore` or a \
         `PostgresStore`"
    )]
    NoSql,
    /// The connection was lost while an append was on its way: it may be stored, or not.
    ///
    /// To find out, repeat it with the same event ids or the same idempotency key.
    #[error(
        "the append may be stored or not, because {reason}; repeat it with the same event ids",
        reason = escaped(.reason),
    )]
    Unknown {
        /// The cause.
        reason: String,
    },
    /// The store was closed, or its thread is gone.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the driver said.
    #[error("the database failed while {doing}: {source}", source = escaped(.source))]
    Database {
        /// The work that the store was about to do.
        doing: &'static str,
        /// The error of the driver.
        source: BoxError,
    },
}

impl StoreError {
    /// Returns the message of the database, with the values that `Display`, `Debug` and the sources leave out,
    /// such as the key of a row that is there already; `None` if this error withholds nothing.
    ///
    /// It may contain personal data: keep it out of logs and answers that others read.
    pub fn details(&self) -> Option<&str> {
        match self {
            Self::RowRefused { reason, .. } => Some(reason.details()),
            Self::Database { source, .. } | Self::Damaged { source, .. } => {
                source.downcast_ref::<Withheld>().map(Withheld::details)
            }
            Self::Projection(error) => match &*error.reason {
                RowError::Refused { reason } => Some(reason.details()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns true if the same call may succeed later without any change: the database was busy, full or out
    /// of reach; or one that an event handler used was ([`ProjectionError::is_transient`]).
    ///
    /// ```
    /// use esrs_core::StoreError;
    ///
    /// let busy = StoreError::Busy { location: "bank.db".into(), waited: Default::default() };
    /// assert!(busy.is_transient());
    /// assert!(!StoreError::Closed.is_transient());
    /// ```
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Full { .. }
            | Self::Unavailable { .. }
            | Self::TimedOut { .. } => true,
            Self::Projection(error) => error.is_transient(),
            _ => false,
        }
    }
}

impl From<KeyReused> for StoreError {
    fn from(error: KeyReused) -> Self {
        Self::KeyReused(Box::new(error))
    }
}

impl From<ProjectionError> for StoreError {
    fn from(error: ProjectionError) -> Self {
        // It is larger than all the rest together, and every append returns this type.
        Self::Projection(Box::new(error))
    }
}

/// A stream is not as an append's condition says: another writer appended first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {stream} {}", expected_and_found(.expected, *.actual), stream = escaped(.stream))]
pub struct Conflict {
    /// The stream.
    pub stream: StreamId,
    /// The condition of the append.
    pub expected: AppendCondition,
    /// The number of events of the stream.
    pub actual: u64,
}

fn expected_and_found(expected: &AppendCondition, actual: u64) -> String {
    match expected {
        AppendCondition::Any => format!("at any version, found version {actual}"),
        AppendCondition::NoStream => format!("not to exist, found version {actual}"),
        // The event matters only where the version does not tell.
        AppendCondition::LastEvent { version, id } if *version == actual => format!(
            "to end with the event {id} at version {version}, found another event there: commits were \
             lost or a backup was restored"
        ),
        AppendCondition::Version(version) | AppendCondition::LastEvent { version, .. } => {
            format!("at version {version}, found version {actual}")
        }
    }
}

/// A part of a batch is larger than stores take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {actual}, and may be {max} at most{}; nothing was stored", on(.stream))]
pub struct LimitExceeded {
    /// The part that is too large.
    pub what: &'static str,
    /// The stream it was meant for, when it is about one.
    pub stream: Option<StreamId>,
    /// The actual size.
    pub actual: usize,
    /// The largest size allowed.
    pub max: usize,
}

fn on(stream: &Option<StreamId>) -> String {
    stream.as_ref().map(|stream| format!(" (on {})", escaped(stream))).unwrap_or_default()
}
