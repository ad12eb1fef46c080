//! The streams of an aggregate: a range of the index on their names.

use esrs_core::{StreamId, StreamsQuery};
use rusqlite::Connection;

use crate::error::Fault;

pub(crate) fn streams(
    connection: &Connection,
    query: &StreamsQuery,
) -> Result<Vec<StreamId>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM esrs_streams WHERE name > ?1 AND name < ?2 ORDER BY name LIMIT ?3",
    )?;
    let (after, end) = query.bounds();
    let limit = i64::try_from(query.limit.max(1)).unwrap_or(i64::MAX);
    let mut rows = statement.query((after, end, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(row.get::<_, String>(0)?.parse()?);
    }
    Ok(found)
}

pub(crate) fn count_streams(connection: &Connection, category: &str) -> Result<u64, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT count(*) FROM esrs_streams WHERE name > ?1 AND name < ?2")?;
    let count: i64 = statement.query_row(StreamsQuery::bounds_of(category), |row| row.get(0))?;
    Ok(count as u64)
}
