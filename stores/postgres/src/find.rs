//! Appends that were stored before.

use std::collections::HashMap;

use esrs_core::store::{StoredEvent, unknown_events};
use esrs_core::{
    AppendBatch, Appended, AppendedStream, EventKind, IdempotencyKey, Position, StoreError,
    StreamId,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::Location;
use crate::pool::Reader;
use crate::writer::PreparedAppend;

const DOING: &str = "looking for an append that was stored before";

fn explain(location: &Location) -> impl Fn(tokio_postgres::Error) -> StoreError + Copy + '_ {
    |error| location.explain(DOING, error)
}

/// The answer that is stored under a key, and the fingerprint of its command.
#[derive(Debug)]
pub(crate) struct StoredKey {
    pub(crate) appended: Appended,
    pub(crate) command: Option<String>,
}

impl StoredKey {
    /// The answer, unless the key stands for another command.
    pub(crate) fn answer(
        self,
        stream: &StreamId,
        key: &IdempotencyKey,
    ) -> Result<Appended, StoreError> {
        key.check(stream, self.command.as_deref())?;
        Ok(self.appended)
    }
}

/// Finds the answer to an append with this key on this stream.
pub(crate) async fn by_key(
    reader: &Reader<'_>,
    stream: &StreamId,
    key: &IdempotencyKey,
) -> Result<Option<StoredKey>, StoreError> {
    let found = reader.query(&reader.sql.by_key, &[&stream.as_str(), &key.as_str()]).await;
    let rows = found.map_err(explain(reader.location))?;
    if rows.is_empty() {
        return Ok(None);
    }
    stored_key(&rows, reader.location).map(Some)
}

/// Finds the answers to several appends, in their order.
pub(crate) async fn by_keys(
    reader: &Reader<'_>,
    keys: &[(&StreamId, &IdempotencyKey)],
) -> Result<Vec<Option<StoredKey>>, StoreError> {
    let (streams, keys): (Vec<_>, Vec<_>) =
        keys.iter().map(|(stream, key)| (stream.as_str(), key.as_str())).unzip();
    let rows = reader.query(&reader.sql.by_keys, &[&streams, &keys]).await;
    let rows = rows.map_err(explain(reader.location))?;
    let mut found: Vec<_> = keys.iter().map(|_| None).collect();
    for of_key in rows.chunk_by(|one, next| place_of(one).ok() == place_of(next).ok()) {
        let place = of_key.first().map_or(Ok(0), place_of).map_err(explain(reader.location))?;
        // The server counts from 1.
        let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(1));
        if let Some(found) = place.and_then(|place| found.get_mut(place)) {
            *found = Some(stored_key(of_key, reader.location)?);
        }
    }
    Ok(found)
}

fn place_of(row: &Row) -> Result<i64, tokio_postgres::Error> {
    row.try_get(5)
}

/// Reads what is stored under a key from the rows of its events, of which there is one at least.
fn stored_key(rows: &[Row], location: &Location) -> Result<StoredKey, StoreError> {
    let explain = explain(location);
    let of_key = |row: &Row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
    let (first, last, command): (i64, i64, Option<String>) = of_key(&rows[0]).map_err(explain)?;
    let positions = [first, last].map(|one| Position::new(one as u64));
    let events = rows.iter().map(|row| {
        let (name, version) = stream_of(row).map_err(explain)?;
        Ok::<_, StoreError>((name.parse()?, version as u64))
    });
    let appended = Appended::repeated(positions.into(), events)?;
    Ok(StoredKey { appended, command })
}

fn stream_of(row: &Row) -> Result<(&str, i64), tokio_postgres::Error> {
    Ok((row.try_get(3)?, row.try_get(4)?))
}

/// Reads the streams of what is stored under a key, as `append_commands` answers: a line each.
pub(crate) fn streams_of_lines(lines: &str) -> Option<Vec<AppendedStream>> {
    let stream = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let first_version = parts.next()?.parse().ok()?;
        let last_version = parts.next()?.parse().ok()?;
        let stream = parts.next()?.parse().ok()?;
        Some(AppendedStream { stream, first_version, last_version })
    };
    lines.split('\n').map(stream).collect()
}

/// Tells which events of an import must be stored.
pub(crate) async fn unknown(
    reader: &Reader<'_>,
    chunk: &[PreparedAppend],
) -> Result<Vec<bool>, StoreError> {
    let rows = reader.query(&reader.sql.by_event_ids, &[&ids_of(chunk)]).await;
    unknown_of(chunk, &rows.map_err(explain(reader.location))?, reader.location)
}

/// The ids of the events of an import.
pub(crate) fn ids_of(chunk: &[PreparedAppend]) -> Vec<Uuid> {
    chunk.iter().flat_map(|append| append.events()).map(|(_, event)| event.id).collect()
}

/// The same as [`unknown`], by the rows that were found.
pub(crate) fn unknown_of(
    chunk: &[PreparedAppend],
    rows: &[Row],
    location: &Location,
) -> Result<Vec<bool>, StoreError> {
    let stored = rows.iter().map(event_of).collect::<Result<HashMap<_, _>, _>>();
    let stored = stored.map_err(explain(location))?;
    let events = chunk.iter().flat_map(|append| append.events());
    unknown_events(events, |id| Ok(stored.get(&id).cloned()))
}

/// Returns the first answer of the batch, if its event ids are stored already.
pub(crate) async fn repetition(
    reader: &Reader<'_>,
    batch: &AppendBatch,
) -> Result<Option<Appended>, StoreError> {
    let ids: Vec<Uuid> = batch.events().map(|(_, event)| event.id).collect();
    let explain = explain(reader.location);
    let rows = reader.query(&reader.sql.by_event_ids, &[&ids]).await.map_err(explain)?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in rows {
        let (id, found) = event_of(&row).map_err(explain)?;
        stored.insert(id, found);
    }
    batch.repetition(|id| Ok(stored.remove(&id)))
}

fn event_of(row: &Row) -> Result<(Uuid, StoredEvent), tokio_postgres::Error> {
    let kind = EventKind {
        name: row.try_get::<_, &str>(4)?.into(),
        version: u32::try_from(row.try_get::<_, i64>(5)?).unwrap_or(u32::MAX),
    };
    let stored = StoredEvent {
        position: Position::new(row.try_get::<_, i64>(1)? as u64),
        stream: row.try_get(2)?,
        version: row.try_get::<_, i64>(3)? as u64,
        kind,
        payload: row.try_get(6)?,
        details: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, stored))
}
