//! What may go wrong between esrs and a database.

use std::time::Duration;

use super::{AppendCondition, InvalidPage};
use crate::projection::ProjectionError;
use crate::{InvalidStreamId, Position, StreamId};

/// Any error of a driver.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A stream is not as the append's condition says.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The batch is larger than stores take.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The batch makes no sense in itself.
    #[error("the batch was not appended: {reason}")]
    InvalidBatch {
        /// What is wrong with it.
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
    /// What is stored as a stream's name is none.
    #[error("a stream's name cannot be read: {0}")]
    InvalidStreamId(#[from] InvalidStreamId),
    /// Somebody else held the database for too long, or the table of a read model that was to be replaced.
    #[error("{location} was busy for {waited:?}; nothing was stored, try again")]
    Busy {
        /// The database, or which table of it.
        location: String,
        /// How long the store waited for it.
        waited: Duration,
    },
    /// There is no room left.
    #[error("there is no room left for {location}; nothing was stored, make room and try again")]
    Full {
        /// The database.
        location: String,
    },
    /// The database cannot be written to.
    #[error("{location} cannot be written to: {reason}")]
    ReadOnly {
        /// The database.
        location: String,
        /// What the system said.
        reason: String,
    },
    /// The database cannot be reached, or does not take connections.
    #[error("{location} cannot be reached: {reason}; nothing was stored, try again")]
    Unavailable {
        /// The database.
        location: String,
        /// What the system or the server said.
        reason: String,
    },
    /// The database does not let this user do it.
    #[error("{location} does not let this user do it: {reason}")]
    Denied {
        /// The database.
        location: String,
        /// What the server said.
        reason: String,
    },
    /// What is there is something else.
    #[error("{location} is not a database of this store: {reason}")]
    NotADatabase {
        /// The file.
        location: String,
        /// What the driver said.
        reason: String,
    },
    /// The database was made by a newer esrs.
    #[error(
        "{location} has version {found} of this store's tables, and this program knows them up to \
         version {known}; use a newer esrs"
    )]
    NewerSchema {
        /// The database.
        location: String,
        /// The version of its tables.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// What was read is not what any append has written.
    #[error("the stored event at {position} of {stream} is damaged: {source}")]
    Damaged {
        /// The stream it belongs to, as far as it is known.
        stream: String,
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        source: BoxError,
    },
    /// A page was built wrongly, or what was read is no UTF-8.
    #[error(transparent)]
    InvalidPage(#[from] InvalidPage),
    /// A projection refused an event, so nothing was stored: no row, and no event of an append whose
    /// transaction the projection belongs to.
    #[error("nothing was stored, because a projection failed: {0}")]
    Projection(#[source] Box<ProjectionError>),
    /// The table of a projection was made by another definition of it.
    #[error(
        "the table `{table}` was made by another definition of its projection ({stored}) than that of \
         this program ({declared}); make it anew from the events: by `store.rebuild`, or where it is \
         inline by `rebuild_changed` on the store's builder"
    )]
    ProjectionChanged {
        /// The table.
        table: &'static str,
        /// How it was defined when it was made.
        stored: String,
        /// How it is defined now.
        declared: String,
    },
    /// The table of a projection cannot be made, or is not there.
    #[error("the table `{table}` cannot be used: {reason}")]
    ProjectionTable {
        /// The table.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A subscription has not come as far as it was waited for.
    #[error(
        "`{subscription}` was waited for to reach {position}, and stood at {reached} after {waited:?}; \
         look whether anybody runs it, and whether it is behind"
    )]
    Lagging {
        /// The subscription.
        subscription: &'static str,
        /// How far it was to come.
        position: Position,
        /// Where it stood.
        reached: Position,
        /// How long it was waited for.
        waited: Duration,
    },
    /// Somebody else has taken over what was done under a lease.
    #[error(
        "nothing was stored, because the lease of `{lease}` with fence {fence} was taken over by another"
    )]
    Fenced {
        /// The lease.
        lease: String,
        /// What was shown for it.
        fence: u64,
    },
    /// The store keeps no read models.
    #[error("`{subscription}` is not kept here: this store keeps no read models")]
    NoSubscriptions {
        /// The subscription.
        subscription: &'static str,
    },
    /// The connection was lost while an append was on its way: it may be stored, or not.
    ///
    /// To find out, repeat it with the same event ids or the same idempotency key.
    #[error("the append may be stored or not, because {reason}; repeat it with the same event ids")]
    Unknown {
        /// What happened.
        reason: String,
    },
    /// The store was closed, or its thread is gone.
    #[error("the store is closed")]
    Closed,
    /// Anything else that the driver said.
    #[error("the database failed while {doing}: {source}")]
    Database {
        /// What the store was about to do.
        doing: &'static str,
        /// What the driver said.
        source: BoxError,
    },
}

impl From<ProjectionError> for StoreError {
    fn from(error: ProjectionError) -> Self {
        // It is larger than all the rest together, and every append returns this type.
        Self::Projection(Box::new(error))
    }
}

/// A stream is not as an append's condition says: somebody else was there first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stream} {}, and is at version {actual}", expectation(.expected))]
pub struct Conflict {
    /// The stream.
    pub stream: StreamId,
    /// What the append asked for.
    pub expected: AppendCondition,
    /// How many events the stream has.
    pub actual: u64,
}

fn expectation(expected: &AppendCondition) -> String {
    match expected {
        AppendCondition::Any => "was to be at any version".to_owned(),
        AppendCondition::NoStream => "was not to exist".to_owned(),
        AppendCondition::Version(version) => format!("was to be at version {version}"),
    }
}

/// A part of a batch is larger than stores take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is {actual}, and may be {max} at most{}; nothing was stored", on(.stream))]
pub struct LimitExceeded {
    /// Which part.
    pub what: &'static str,
    /// The stream it was meant for, when it is about one.
    pub stream: Option<StreamId>,
    /// How large it is.
    pub actual: usize,
    /// How large it may be.
    pub max: usize,
}

fn on(stream: &Option<StreamId>) -> String {
    stream.as_ref().map(|stream| format!(" (on {stream})")).unwrap_or_default()
}
