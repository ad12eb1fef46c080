//! States that a read may begin with.

use esrs_core::store::{from_microseconds, to_microseconds};
use esrs_core::{Position, Snapshot, SnapshotQuery, StreamId};
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::error::Fault;

/// Stores a snapshot, unless the stream is not that far, or a further one is stored already.
pub(crate) fn save(connection: &Connection, snapshot: &Snapshot) -> Result<(), Fault> {
    // `Snapshot::replaces`, as SQL: one statement, so that two processes cannot come between.
    let mut statement = connection.prepare_cached(
        "INSERT INTO esrs_snapshots (stream, fold, version, position, recorded_at, state, event_id)
         SELECT stream, ?2, version, position, ?4, ?5, ?6 FROM esrs_events
         WHERE stream = (SELECT id FROM esrs_streams WHERE name = ?1) AND version = ?3
             AND event_id = ?6
         ON CONFLICT (stream) DO UPDATE SET fold = excluded.fold, version = excluded.version,
             position = excluded.position, recorded_at = excluded.recorded_at,
             state = excluded.state, event_id = excluded.event_id
         WHERE excluded.fold <> esrs_snapshots.fold OR excluded.version > esrs_snapshots.version
             OR NOT EXISTS (SELECT 1 FROM esrs_events AS event
                 WHERE event.stream = esrs_snapshots.stream
                     AND event.version = esrs_snapshots.version
                     AND event.event_id = esrs_snapshots.event_id)",
    )?;
    statement.execute(params![
        snapshot.stream.as_str(),
        to_sql(snapshot.fold.to_u64()),
        snapshot.version as i64,
        to_microseconds(snapshot.recorded_at),
        snapshot.state,
        snapshot.event_id.as_bytes(),
    ])?;
    Ok(())
}

/// The snapshot of the stream in this row, if the query allows it.
pub(crate) fn find(
    connection: &Connection,
    (row, stream): (i64, &StreamId),
    query: &SnapshotQuery,
) -> Result<Option<Snapshot>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT esrs_snapshots.version, esrs_snapshots.position, esrs_snapshots.recorded_at, state,
             event_id
         FROM esrs_snapshots JOIN esrs_events USING (stream, version, event_id)
         WHERE esrs_snapshots.stream = ?1 AND fold = ?2",
    )?;
    let found = statement.query_row([row, to_sql(query.fold.to_u64())], |row| {
        // One with a time that is none is as good as no snapshot: the events are folded.
        let Ok(recorded_at) = from_microseconds(row.get(2)?) else { return Ok(None) };
        Ok(Some(Snapshot {
            stream: stream.clone(),
            version: row.get::<_, i64>(0)? as u64,
            position: Position::new(row.get::<_, i64>(1)? as u64),
            event_id: uuid_of(row.get_ref(4)?)?,
            recorded_at,
            fold: query.fold,
            state: row.get(3)?,
        }))
    });
    Ok(found.optional()?.flatten().filter(|snapshot| query.allows(snapshot)))
}

fn uuid_of(value: ValueRef<'_>) -> rusqlite::Result<Uuid> {
    let bytes = value.as_blob()?;
    Uuid::from_slice(bytes).map_err(|error| FromSqlError::Other(error.into()).into())
}

/// The same 64 bits: SQLite has no number without a sign.
fn to_sql(fold: u64) -> i64 {
    fold.cast_signed()
}
