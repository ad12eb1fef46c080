//! The connections that read.

use std::ops::Deref;

use deadpool::managed::PoolError;
use deadpool_postgres::ClientWrapper;
use esrs_core::{Position, StoreError};
use tokio_postgres::types::{BorrowToSql, ToSql};
use tokio_postgres::{Error, Row, RowStream};

use crate::connect::{ConnectError, Pool, Pooled};
use crate::error::Location;
use crate::names::Names;
use crate::sql::Sql;

/// Asks by a connection of the pool; by another, if that one was lost.
///
/// A macro, because a future that borrows from an async closure is not known to be `Send`.
macro_rules! ask {
    ($shared:expr, |$reader:ident| $ask:expr) => {{
        let mut attempts = $shared.attempts();
        loop {
            let $reader = $shared.reader().await?;
            let answer = $ask.await;
            if !attempts.again(&answer, $reader) {
                break answer;
            }
        }
    }};
}

pub(crate) use ask;

/// A connection, mostly one of the pool, and what is needed to use it.
pub(crate) struct Reader<'a, C = Pooled> {
    pub(crate) client: C,
    pub(crate) sql: &'a Sql,
    pub(crate) names: &'a Names,
    pub(crate) location: &'a Location,
}

/// Connections of the pool that may have been lost, mostly while nobody used them: all of them at once,
/// when the server was away.
pub(crate) struct Attempts {
    pub(crate) left: usize,
}

impl Attempts {
    /// Whether to ask again, because the connection of this answer was lost; it is used no more.
    pub(crate) fn again<T>(&mut self, answer: &Result<T, StoreError>, reader: Reader<'_>) -> bool {
        if !matches!(answer, Err(StoreError::Unavailable { .. })) {
            return false;
        }
        drop(Pooled::take(reader.client));
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

/// A connection of the pool, once one is free.
pub(crate) async fn get(pool: &Pool, location: &Location) -> Result<Pooled, StoreError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => not_connected(error, location),
        PoolError::Closed => StoreError::Closed,
        other => {
            let (location, reason) = (location.to_string(), other.to_string());
            StoreError::Unavailable { location, reason }
        }
    })
}

/// What to tell of a connection that could not be made.
pub(crate) fn not_connected(error: ConnectError, location: &Location) -> StoreError {
    match error {
        ConnectError::Refused(error) if error.as_db_error().is_some() => {
            location.explain("connecting", error)
        }
        ConnectError::Refused(error) => location.unavailable(&error),
        ConnectError::NoAnswer { .. } => {
            StoreError::Unavailable { location: location.to_string(), reason: error.to_string() }
        }
        ConnectError::NoRuntime => StoreError::Closed,
    }
}

impl<C: Deref<Target = ClientWrapper>> Reader<'_, C> {
    /// The position of the last event.
    pub(crate) async fn head(&self) -> Result<Position, StoreError> {
        let head = self.query(&self.sql.head, &[]).await;
        let head = head.and_then(|rows| rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0)));
        let head = head.map_err(|error| self.location.explain("looking for new events", error))?;
        Ok(Position::new(head as u64))
    }

    /// Runs a statement that is prepared once for each connection.
    pub(crate) async fn query(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.client.prepare_cached(sql).await?;
        self.client.query(&statement, parameters).await
    }

    /// The same, row by row.
    pub(crate) async fn stream<P: BorrowToSql>(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = P, IntoIter: ExactSizeIterator>,
    ) -> Result<RowStream, Error> {
        let statement = self.client.prepare_cached(sql).await?;
        self.client.query_raw(&statement, parameters).await
    }
}
