//! The state of an instance as it was at a version: a cache, which nothing depends on.

use jiff::Timestamp;
use uuid::Uuid;

use super::append::AppendBatch;
use super::as_of::AsOf;
use super::error::{LimitExceeded, StoreError};
use crate::event::{Position, StreamId};
use crate::schema::Fingerprint;

/// The state of an instance after some of its events, written by a
/// [`Repository`](crate::Repository) so that a load need not fold all of them again.
///
/// A store has the furthest of each stream. It is a cache all the same: what is not there is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream.
    pub stream: StreamId,
    /// The number of events that the state is folded from.
    pub version: u64,
    /// The position of the last of them.
    pub position: Position,
    /// The id of the last of them: a snapshot is stored only where the stream holds that event.
    pub event_id: Uuid,
    /// The latest time at which any of them was recorded.
    pub recorded_at: Timestamp,
    /// The code that made it: the shape of the state, and the fold. A state of another fold is never used.
    pub fold: Fingerprint,
    /// The state, as JSON.
    pub state: String,
}

/// The snapshot that a read of a stream may begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotQuery {
    /// The fingerprint that it must have.
    pub fold: Fingerprint,
    /// The moment that it may not lie behind.
    pub as_of: AsOf,
}

impl SnapshotQuery {
    /// Returns true if a read may begin with this snapshot.
    pub fn allows(&self, snapshot: &Snapshot) -> bool {
        let Snapshot { version, position, recorded_at, .. } = *snapshot;
        snapshot.fold == self.fold && self.as_of.includes(version, position, recorded_at)
    }
}

impl Snapshot {
    /// The longest state, in bytes of JSON.
    pub const MAX_LENGTH: usize = AppendBatch::MAX_LENGTH;

    /// Checks the length of the state; each store calls it before it touches the database.
    ///
    /// ```
    /// use esrs_core::{Position, Schema, Snapshot, StoreError, StreamId};
    ///
    /// let mut snapshot = Snapshot {
    ///     stream: StreamId::new("account", 18)?,
    ///     version: 1_000,
    ///     position: Position::new(4_711),
    ///     event_id: uuid::Uuid::now_v7(),
    ///     recorded_at: jiff::Timestamp::now(),
    ///     fold: <u32 as Schema>::FINGERPRINT,
    ///     state: "500".to_owned(),
    /// };
    /// assert!(snapshot.check().is_ok());
    /// snapshot.state = " ".repeat(Snapshot::MAX_LENGTH + 1);
    /// assert!(matches!(snapshot.check(), Err(StoreError::Limit(_))));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] if it is too long.
    pub fn check(&self) -> Result<(), StoreError> {
        let (actual, max) = (self.state.len(), Self::MAX_LENGTH);
        if actual <= max {
            return Ok(());
        }
        let (what, stream) = ("the length of a snapshot", Some(self.stream.clone()));
        Err(StoreError::Limit(LimitExceeded { what, stream, actual, max }))
    }

    /// Returns true if it takes the place of `stored`: the further one of two of the same fold does, and one
    /// of another fold always, because the fold of the program that writes is the one in use.
    pub fn replaces(&self, stored: &Self) -> bool {
        self.fold != stored.fold || self.version > stored.version
    }
}
