//! States that a read may begin with.

use std::ops::Deref;

use esrs_core::{Position, Snapshot, SnapshotQuery, StoreError, StreamId};
use tokio_postgres::{Error, Row};

use crate::connect::Client;
use crate::encode::{Json, Moment, StoredTime, to_i64};
use crate::pool::Reader;

/// Stores a snapshot, unless the stream is not that far, or a further one is stored already.
pub(crate) async fn save(reader: &Reader<'_>, snapshot: &Snapshot) -> Result<(), StoreError> {
    let saved = reader
        .query(
            &reader.sql.save_snapshot,
            &[
                &snapshot.stream.as_str(),
                &snapshot.fold.to_u64().cast_signed(),
                &to_i64(snapshot.version),
                &Moment(snapshot.recorded_at),
                &snapshot.state,
                &snapshot.event_id,
            ],
        )
        .await;
    let explain = |error| reader.location.explain("saving a snapshot", error);
    saved.map(drop).map_err(explain)
}

/// The snapshot of a stream, if the query allows it.
pub(crate) async fn find(
    reader: &Reader<'_, impl Deref<Target = Client>>,
    stream: &StreamId,
    query: &SnapshotQuery,
) -> Result<Option<Snapshot>, Error> {
    let fold = query.fold.to_u64().cast_signed();
    let rows = reader.query(&reader.sql.find_snapshot, &[&stream.as_str(), &fold]).await?;
    let found = rows.first().map(|row| snapshot_of(row, stream, query)).transpose()?;
    Ok(found.filter(|snapshot| query.allows(snapshot)))
}

fn snapshot_of(row: &Row, stream: &StreamId, query: &SnapshotQuery) -> Result<Snapshot, Error> {
    let Json(state) = row.try_get(3)?;
    Ok(Snapshot {
        stream: stream.clone(),
        version: row.try_get::<_, i64>(0)? as u64,
        position: Position::new(row.try_get::<_, i64>(1)? as u64),
        event_id: row.try_get(4)?,
        recorded_at: row.try_get::<_, StoredTime>(2)?.0,
        fold: query.fold,
        // What is no UTF-8 is no state of any aggregate: it is folded anew.
        state: String::from_utf8_lossy(state).into_owned(),
    })
}
