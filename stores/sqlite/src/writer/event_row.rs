//! A row of the table of events.

use esrs_core::store::to_microseconds;
use esrs_core::{LogMark, NewEvent, Position};
use rusqlite::Connection;
use uuid::Uuid;

/// An event as it is stored.
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

const INSERT: &str = "
    INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
        correlation_id, causation_id, actor, metadata, payload)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// Without the anchor there is no stream, which the table refuses. A `SELECT … WHERE` would be written to a
/// temporary table first.
const INSERT_BEHIND: &str = "
    INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
        correlation_id, causation_id, actor, metadata, payload)
    VALUES (?1, (SELECT ?2 FROM esrs_events WHERE position = ?12 AND event_id = ?13), ?3, ?4, ?5, ?6,
        ?7, ?8, ?9, ?10, ?11)";

impl EventRow<'_> {
    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.run(connection, INSERT, None)
    }

    /// Inserts it if the log holds `anchor`; otherwise a constraint is violated.
    pub(super) fn insert_behind(
        &self,
        connection: &Connection,
        anchor: LogMark,
    ) -> rusqlite::Result<()> {
        self.run(connection, INSERT_BEHIND, Some(anchor))
    }

    fn run(
        &self,
        connection: &Connection,
        sql: &str,
        anchor: Option<LogMark>,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(sql)?;
        let metadata = &self.event.metadata;
        statement.raw_bind_parameter(1, to_sql(self.position))?;
        statement.raw_bind_parameter(2, self.stream)?;
        statement.raw_bind_parameter(3, self.version as i64)?;
        statement.raw_bind_parameter(4, self.kind)?;
        statement.raw_bind_parameter(5, self.event.id.as_bytes())?;
        statement.raw_bind_parameter(6, to_microseconds(self.event.recorded_at))?;
        statement.raw_bind_parameter(7, metadata.correlation_id().map(Uuid::into_bytes))?;
        statement.raw_bind_parameter(8, metadata.causation_id().map(Uuid::into_bytes))?;
        statement.raw_bind_parameter(9, metadata.actor())?;
        statement.raw_bind_parameter(10, self.details)?;
        statement.raw_bind_parameter(11, &self.event.payload)?;
        if let Some(anchor) = anchor {
            statement.raw_bind_parameter(12, to_sql(anchor.position))?;
            statement.raw_bind_parameter(13, anchor.event_id.as_bytes())?;
        }
        statement.raw_execute().map(drop)
    }
}

/// SQLite counts up to `i64::MAX`; a file of so many events there is none.
pub(super) fn to_sql(position: Position) -> i64 {
    position.get() as i64
}
