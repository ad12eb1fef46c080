//! A check that the log is still the one that was read before.
//!
//! Ids of events are unique and events are committed in the order of their positions: if the log still
//! holds an event that was there before, it holds everything before that event unchanged. One remembered
//! event vouches for all that a connection remembers; a restored backup does not hold it.

use esrs_core::{LogMark, Position, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::error::Fault;
use crate::schema;

/// The result of a look at the log.
pub(crate) struct Look {
    /// The last event.
    pub(crate) head: Option<LogMark>,
    /// True if the log holds what was asked for.
    pub(crate) holds: bool,
}

impl Look {
    /// The position of the last event.
    pub(crate) fn position(&self) -> Position {
        self.head.map_or(Position::START, |head| head.position)
    }
}

/// Looks for the last event, and whether the log holds `anchor`, if there is one.
pub(crate) fn look(connection: &Connection, anchor: Option<LogMark>) -> Result<Look, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT position, event_id,
             ?1 = 0 OR EXISTS (SELECT 1 FROM esrs_events WHERE position = ?1 AND event_id = ?2)
         FROM esrs_events ORDER BY position DESC LIMIT 1",
    )?;
    let (position, event_id) =
        anchor.map_or((0, Uuid::nil()), |mark| (to_sql(mark.position), mark.event_id));
    let found = statement.query_row((position, event_id.as_bytes()), |row| {
        Ok(Look { head: Some(mark_of(row)?), holds: row.get(2)? })
    });
    Ok(found.optional()?.unwrap_or(Look { head: None, holds: anchor.is_none() }))
}

/// Checks a log that does not hold what was remembered: the file may have been restored from a backup with
/// other tables than those that this program works with.
pub(crate) fn check_tables(connection: &Connection) -> Result<(), Fault> {
    tracing::warn!("the log lost events; what was remembered of it is dropped");
    if schema::is_current(connection)? {
        return Ok(());
    }
    let location = connection.path().unwrap_or_default().to_owned();
    let reason = "it was restored from a backup of another esrs".to_owned();
    Err(Fault::Store(StoreError::Replaced { location, reason }))
}

/// The last event at or before a position.
pub(crate) fn mark_at(
    connection: &Connection,
    position: Position,
) -> Result<Option<LogMark>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT position, event_id FROM esrs_events WHERE position <= ?1
         ORDER BY position DESC LIMIT 1",
    )?;
    Ok(statement.query_row([to_sql(position)], mark_of).optional()?)
}

/// Refuses to go on from an event that the log does not hold.
pub(crate) fn check(connection: &Connection, mark: LogMark) -> Result<(), Fault> {
    let look = look(connection, Some(mark))?;
    match look.holds {
        true => Ok(()),
        false => Err(changed(mark, look.position())),
    }
}

/// The error when the log does not hold an event at its position.
pub(crate) fn changed(mark: LogMark, head: Position) -> Fault {
    let LogMark { position, event_id } = mark;
    Fault::Store(StoreError::HistoryChanged {
        event_id,
        place: format!("position {position}"),
        head,
    })
}

/// An id that is damaged is not one that anything remembers; a read of its event says so.
fn mark_of(row: &Row<'_>) -> rusqlite::Result<LogMark> {
    let position: i64 = row.get(0)?;
    let id = row.get_ref(1)?.as_bytes_or_null()?.unwrap_or_default();
    let event_id = Uuid::from_slice(id).unwrap_or_default();
    Ok(LogMark { position: Position::new(position.cast_unsigned()), event_id })
}

/// A position that is too large for SQLite is larger than any that it holds.
fn to_sql(position: Position) -> i64 {
    i64::try_from(position.get()).unwrap_or(i64::MAX)
}
