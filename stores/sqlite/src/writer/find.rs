//! Appends that were stored before.

use esrs_core::store::StoredEvent;
use esrs_core::{AppendBatch, Appended, EventKind, IdempotencyKey, Position, StoreError, StreamId};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::event_ids::EventIds;
use super::event_row::to_sql;
use crate::error::Fault;

/// Finds the answer to an append with this key on this stream.
pub(crate) fn by_key(
    connection: &Connection,
    stream: &StreamId,
    key: &IdempotencyKey,
) -> Result<Option<Appended>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT first_position, last_position, command FROM esrs_idempotency_keys
         WHERE stream = (SELECT id FROM esrs_streams WHERE name = ?1) AND key = ?2",
    )?;
    let found = statement
        .query_row((stream.as_str(), key.as_str()), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<String>>(2)?))
        })
        .optional()?;
    let Some((first, last, command)) = found else { return Ok(None) };
    key.check(stream, command.as_deref()).map_err(StoreError::from)?;
    between(connection, first, last).map(Some)
}

/// The append whose events stand from `first` to `last`.
fn between(connection: &Connection, first: i64, last: i64) -> Result<Appended, Fault> {
    // The events of a stream stand together: no sorting, and no table for it.
    let mut statement = connection.prepare_cached(
        "SELECT name, event.version FROM esrs_events AS event
         JOIN esrs_streams AS stream ON stream.id = event.stream
         WHERE position BETWEEN ?1 AND ?2 ORDER BY position",
    )?;
    let events = statement.query_and_then([first, last], stream_of)?;
    let positions = [first, last].map(|one| Position::new(one as u64));
    Appended::repeated(positions.into(), events)
}

fn stream_of(row: &Row<'_>) -> Result<(StreamId, u64), Fault> {
    Ok((row.get::<_, String>(0)?.parse()?, row.get::<_, i64>(1)? as u64))
}

/// Returns the first answer of the batch, if its event ids are stored already.
pub(super) fn repetition(
    connection: &Connection,
    ids: &EventIds,
    batch: &AppendBatch,
) -> Result<Option<Appended>, Fault> {
    batch.repetition(|id| by_event_id(connection, ids, id))
}

pub(super) fn by_event_id(
    connection: &Connection,
    ids: &EventIds,
    id: Uuid,
) -> Result<Option<StoredEvent>, Fault> {
    let Some(position) = ids.position(connection, id)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT stream.name, event.version, kind.name, kind.version, payload, metadata
         FROM esrs_events AS event JOIN esrs_streams AS stream ON stream.id = event.stream
             JOIN esrs_kinds AS kind ON kind.id = event.kind
         WHERE position = ?1",
    )?;
    let stored = statement.query_row([to_sql(position)], |row| {
        Ok(StoredEvent {
            position,
            stream: row.get(0)?,
            version: row.get::<_, i64>(1)? as u64,
            kind: EventKind { name: row.get::<_, String>(2)?.into(), version: row.get(3)? },
            payload: row.get(4)?,
            details: row.get(5)?,
        })
    })?;
    Ok(Some(stored))
}
