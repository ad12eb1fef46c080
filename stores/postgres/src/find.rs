//! Appends that were stored before.

use std::collections::HashMap;

use esrs_core::store::StoredEvent;
use esrs_core::{
    AppendBatch, Appended, AppendedStream, IdempotencyKey, Position, StoreError, StreamId,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::Location;
use crate::pool::Reader;

const DOING: &str = "looking for an append that was stored before";

fn explain(location: &Location) -> impl Fn(tokio_postgres::Error) -> StoreError + Copy + '_ {
    |error| location.explain(DOING, error)
}

/// What an append with this key on this stream was answered with.
pub(crate) async fn by_key(
    reader: &Reader<'_>,
    stream: &StreamId,
    key: &IdempotencyKey,
) -> Result<Option<Appended>, StoreError> {
    let explain = explain(reader.location);
    let found = reader.query(&reader.sql.by_key, &[&stream.as_str(), &key.as_str()]).await;
    let found = found.map_err(explain)?;
    let Some(row) = found.first() else { return Ok(None) };
    let range: Result<(i64, i64), _> = (|| Ok((row.try_get(0)?, row.try_get(1)?)))();
    let (first, last) = range.map_err(explain)?;
    let rows = reader.query(&reader.sql.between, &[&first, &last]).await.map_err(explain)?;
    let mut streams = Vec::with_capacity(rows.len());
    for row in rows {
        let (name, range) = stream_of(&row).map_err(explain)?;
        let (first_version, last_version) = range;
        streams.push(AppendedStream { stream: name.parse()?, first_version, last_version });
    }
    let [first_position, last_position] = [first, last].map(|one| Position::new(one as u64));
    Ok(Some(Appended { streams, first_position, last_position, repeated: true }))
}

fn stream_of(row: &Row) -> Result<(&str, (u64, u64)), tokio_postgres::Error> {
    let (first, last): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    Ok((row.try_get(0)?, (first as u64, last as u64)))
}

/// What the batch was answered with, if its event ids are stored already.
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
    let position = Position::new(row.try_get::<_, i64>(1)? as u64);
    let version = row.try_get::<_, i64>(3)? as u64;
    Ok((row.try_get(0)?, StoredEvent { position, stream: row.try_get(2)?, version }))
}
