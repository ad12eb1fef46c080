//! A row of the table of events.

use esrs_core::{NewEvent, Position};
use rusqlite::{Connection, params};

/// An event as it is to be stored.
#[derive(Clone, Copy)]
pub(super) struct EventRow<'a> {
    pub(super) position: Position,
    pub(super) stream: i64,
    pub(super) version: u64,
    pub(super) kind: i64,
    pub(super) event: &'a NewEvent,
    /// Its metadata as JSON.
    pub(super) details: Option<&'a str>,
}

impl EventRow<'_> {
    /// Inserts it by a statement that has a parameter for each column, in the order of the table.
    pub(super) fn insert(&self, connection: &Connection, statement: &str) -> rusqlite::Result<()> {
        let metadata = &self.event.metadata;
        let (correlation_id, causation_id) = (metadata.correlation_id(), metadata.causation_id());
        let inserted = connection.prepare_cached(statement)?.execute(params![
            to_sql(self.position),
            self.stream,
            self.version as i64,
            self.kind,
            self.event.id.as_bytes(),
            self.event.recorded_at.as_microsecond(),
            correlation_id.as_ref().map(|id| id.as_bytes()),
            causation_id.as_ref().map(|id| id.as_bytes()),
            metadata.actor(),
            self.details,
            self.event.payload,
        ]);
        inserted.map(drop)
    }
}

/// SQLite counts up to `i64::MAX`; a file of so many events there is none.
pub(super) fn to_sql(position: Position) -> i64 {
    position.get() as i64
}
