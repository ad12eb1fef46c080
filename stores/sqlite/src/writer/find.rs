//! Appends that were stored before.

use esrs_core::{
    AppendBatch, Appended, AppendedStream, IdempotencyKey, Position, StoreError, StreamId,
};
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::event_ids::EventIds;
use super::event_row::to_sql;
use crate::error::Fault;

/// What an append with this key on this stream was answered with.
pub(crate) fn by_key(
    connection: &Connection,
    stream: &StreamId,
    key: &IdempotencyKey,
) -> Result<Option<Appended>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT first_position, last_position FROM esrs_idempotency_keys
         WHERE stream = (SELECT id FROM esrs_streams WHERE name = ?1) AND key = ?2",
    )?;
    let found = statement
        .query_row((stream.as_str(), key.as_str()), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })
        .optional()?;
    found.map(|(first, last)| between(connection, first, last)).transpose()
}

/// The append whose events stand from `first` to `last`.
fn between(connection: &Connection, first: i64, last: i64) -> Result<Appended, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT name, min(esrs_events.version), max(esrs_events.version)
         FROM esrs_events JOIN esrs_streams ON esrs_streams.id = esrs_events.stream
         WHERE position BETWEEN ?1 AND ?2 GROUP BY stream ORDER BY min(position)",
    )?;
    let mut rows = statement.query([first, last])?;
    let mut streams = Vec::new();
    while let Some(row) = rows.next()? {
        streams.push(AppendedStream {
            stream: row.get::<_, String>(0)?.parse()?,
            first_version: row.get::<_, i64>(1)? as u64,
            last_version: row.get::<_, i64>(2)? as u64,
        });
    }
    Ok(repeated(streams, first, last))
}

fn repeated(streams: Vec<AppendedStream>, first: i64, last: i64) -> Appended {
    Appended {
        streams,
        first_position: Position::new(first as u64),
        last_position: Position::new(last as u64),
        repeated: true,
    }
}

struct Stored {
    position: i64,
    stream: String,
    version: u64,
}

/// What the batch was answered with, if its event ids are stored already.
pub(super) fn repetition(
    connection: &Connection,
    ids: &EventIds,
    batch: &AppendBatch,
) -> Result<Option<Appended>, Fault> {
    let mut taken = None;
    let mut stored = Vec::new();
    for (stream, event) in batch.events() {
        let found = by_event_id(connection, ids, event.id)?;
        if found.is_some() {
            taken = taken.or(Some(event.id));
        }
        stored.push(found.filter(|found| found.stream == stream.as_str()));
    }
    let Some(event_id) = taken else { return Ok(None) };
    let mut stored = stored.into_iter();
    let (mut first, mut last) = (None, None);
    let mut streams = Vec::with_capacity(batch.streams.len());
    for part in &batch.streams {
        let (mut first_version, mut last_version) = (None, 0);
        for found in stored.by_ref().take(part.events.len()) {
            // One behind the other, as they were appended.
            match found {
                Some(found) if last.is_none_or(|last: i64| found.position == last + 1) => {
                    first = first.or(Some(found.position));
                    last = Some(found.position);
                    first_version = first_version.or(Some(found.version));
                    last_version = found.version;
                }
                _ => return Err(Fault::Store(StoreError::EventIdTaken { event_id })),
            }
        }
        if let Some(first_version) = first_version {
            let stream = part.stream.clone();
            streams.push(AppendedStream { stream, first_version, last_version });
        }
    }
    Ok(first.zip(last).map(|(first, last)| repeated(streams, first, last)))
}

fn by_event_id(connection: &Connection, ids: &EventIds, id: Uuid) -> Result<Option<Stored>, Fault> {
    let Some(position) = ids.position(connection, id)?.map(to_sql) else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT name, esrs_events.version
         FROM esrs_events JOIN esrs_streams ON esrs_streams.id = esrs_events.stream
         WHERE position = ?1",
    )?;
    let stored = statement.query_row([position], |row| {
        Ok(Stored { position, stream: row.get(0)?, version: row.get::<_, i64>(1)? as u64 })
    })?;
    Ok(Some(stored))
}
