//! Connections that are lent, and come back without a transaction.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use esrs_core::{Position, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::types::{BorrowToSql, ToSql};
use tokio_postgres::{Error, Row, RowStream};

use crate::connect::{Client, ConnectError, Connector};
use crate::error::Location;
use crate::limit::{Elapsed, Timer};
use crate::names::Names;
use crate::sql::Sql;

/// The time in which a connection must end what its borrower left behind, before it is closed.
const SETTLING: Duration = Duration::from_secs(1);

/// Asks by a connection that reads; by another, if that one was lost. The answer comes within the time
/// of one call.
///
/// A macro, because a future that borrows from an async closure is not known to be `Send`.
macro_rules! ask {
    ($shared:expr, |$reader:ident| $ask:expr) => {
        $crate::pool::ask!($shared, reader, $shared.longest_call(), |$reader| $ask)
    };
    ($shared:expr, $lend:ident, $limit:expr, |$reader:ident| $ask:expr) => {{
        let asked = async {
            let mut attempts = $shared.attempts();
            loop {
                let $reader = $shared.$lend().await?;
                let answer = $ask.await;
                if !attempts.again(&answer, $reader) {
                    break answer;
                }
            }
        };
        $shared.in_time($limit, asked).await
    }};
}

pub(crate) use ask;

/// Connections for one purpose, a fixed number at most.
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    connector: Connector,
    /// The purpose of the connections, as errors name it.
    purpose: &'static str,
    size: usize,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Arc<Client>>>,
}

impl Inner {
    fn idle(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        // Nothing in it is ever half done.
        self.idle.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn put_back(&self, client: Arc<Client>) {
        // The lock comes first: whoever closes the pool looks behind it.
        let mut idle = self.idle();
        if !self.permits.is_closed() && !client.is_closed() {
            idle.push(client);
        }
    }
}

impl Pool {
    pub(crate) fn new(connector: Connector, purpose: &'static str, size: usize) -> Self {
        let (permits, idle) = (Arc::new(Semaphore::new(size)), Mutex::default());
        Self(Arc::new(Inner { connector, purpose, size, permits, idle }))
    }

    pub(crate) fn size(&self) -> usize {
        self.0.size
    }

    /// A connection, once one is free; an error if none is within this time.
    pub(crate) async fn get(
        &self,
        wait: Duration,
        timer: &Timer,
        location: &Location,
    ) -> Result<Lent, StoreError> {
        let Inner { connector, purpose, size, permits, .. } = &*self.0;
        let permit = match timer.within(wait, permits.clone().acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(Elapsed::Runtime) => return Err(StoreError::Closed),
            Err(Elapsed::Time) => {
                let location = format!("every connection ({size}) for {purpose} to {location}");
                return Err(StoreError::Busy { location, waited: wait });
            }
        };
        let idle = {
            let mut idle = self.0.idle();
            std::iter::from_fn(|| idle.pop()).find(|client| !client.is_closed())
        };
        let client = match idle {
            Some(client) => client,
            None => {
                let connected = connector.connect().await;
                Arc::new(connected.map_err(|error| not_connected(error, location))?)
            }
        };
        let (permit, pool) = (Some(permit), self.0.clone());
        Ok(Lent { client, permit, pool, state: LentState::InUse })
    }

    /// Lends none any more; those that are lent are closed when they come back.
    pub(crate) fn close(&self) {
        self.0.permits.close();
        let idle = std::mem::take(&mut *self.0.idle());
        drop(idle);
    }
}

/// A connection that is lent.
///
/// A borrower that has had the answers to all that it sent, and is in no transaction, gives it back by
/// [`give_back`](Self::give_back). Dropped by a cancelled future or on the way of an error, it ends its
/// transaction before it is lent again, or is closed if it cannot do that soon.
pub(crate) struct Lent {
    client: Arc<Client>,
    permit: Option<OwnedSemaphorePermit>,
    pool: Arc<Inner>,
    state: LentState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LentState {
    InUse,
    Settled,
    Discarded,
}

impl Lent {
    pub(crate) fn give_back(mut self) {
        self.state = LentState::Settled;
    }

    /// The same connection, for as long as it is lent.
    pub(crate) fn share(&self) -> Arc<Client> {
        self.client.clone()
    }

    /// Closes the connection.
    pub(crate) fn discard(mut self) {
        self.state = LentState::Discarded;
    }
}

impl Deref for Lent {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (client, pool) = (self.client.clone(), self.pool.clone());
        match self.state {
            LentState::Discarded => {}
            LentState::Settled => pool.put_back(client),
            LentState::InUse => {
                let permit = self.permit.take();
                self.pool.connector.runtime().spawn(async move {
                    let ended = client.batch_execute("ROLLBACK");
                    if let Ok(Ok(())) = tokio::time::timeout(SETTLING, ended).await {
                        pool.put_back(client);
                    }
                    drop(permit);
                });
            }
        }
    }
}

/// A connection, mostly one that is lent, and what is needed to use it.
pub(crate) struct Reader<'a, C = Lent> {
    pub(crate) client: C,
    pub(crate) sql: &'a Sql,
    pub(crate) names: &'a Names,
    pub(crate) location: &'a Location,
}

/// Connections that may have been lost, mostly while nobody used them: all of them at once, when the
/// server was away.
pub(crate) struct Attempts {
    pub(crate) left: usize,
}

impl Attempts {
    /// Returns true if the caller asks again, because the connection of this answer was lost.
    pub(crate) fn again<T>(&mut self, answer: &Result<T, StoreError>, reader: Reader<'_>) -> bool {
        self.again_after(answer, reader.client)
    }

    /// The same for a connection that is in no transaction.
    pub(crate) fn again_after<T>(&mut self, answer: &Result<T, StoreError>, client: Lent) -> bool {
        if !matches!(answer, Err(StoreError::Unavailable { .. })) {
            client.give_back();
            return false;
        }
        client.discard();
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

/// The error for a connection that could not be made.
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
        ConnectError::OutOfOrder(error) => error.explain(),
    }
}

impl<C: Deref<Target = Client>> Reader<'_, C> {
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
