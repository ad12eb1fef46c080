//! Subscribers: the work on events, within a transaction of the store.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{Parked, Subscription};
use crate::event::Position;
use crate::log::{EventFilter, Page, ProjectionError, StoreError};
use crate::read_model::projection::{RowChanges, RowKey, Value};

/// A subscriber, which is given the log page by page, and runs in the transaction that moves its checkpoint.
pub trait Subscriber: Send {
    /// Its name and definition.
    fn subscription(&self) -> &Arc<Subscription>;

    /// The events that it wants.
    fn filter(&self) -> EventFilter;

    /// Takes a page, in place of the one it had, but for the events of parked streams.
    ///
    /// The page has to hold envelopes, unless it holds nothing that the subscriber listens to.
    ///
    /// # Errors
    /// [`ProjectionError`], about the first event that cannot be decoded.
    fn take(&mut self, page: &Page, except: &Parked) -> Result<(), ProjectionError>;

    /// Does what follows from the page it was given, which stands behind `from`.
    ///
    /// # Errors
    /// [`StoreError::Projection`] about the first event that cannot be taken, and the errors of the
    /// database. The page must be [taken](Self::take) again then.
    fn run<'a>(
        &'a mut self,
        from: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// A transaction of the store, for SQL of your own.
///
/// Parameters are `$1`, `$2` … in every store. A `MemoryStore` does not speak SQL: its statements return
/// [`StoreError::NoSql`].
///
/// It ends with the step: a statement that would end it fails, however it is written, and the step with it.
///
/// Nothing else may be awaited between its statements than its statements: some stores run them on a
/// thread that has no runtime, and others wait for them.
pub trait Transaction: Send {
    /// Runs a statement; answers with how many rows it changed.
    ///
    /// # Errors
    /// What the database says.
    fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Takes the error of a statement that has failed in this transaction and was not taken back by
    /// `ROLLBACK TO` a savepoint, if there is one.
    ///
    /// Until then the transaction takes no other statement, in every store; and the event fails, also if
    /// its handler ignored the error.
    fn take_failure(&mut self) -> Option<StoreError>;

    /// The rows of a query.
    ///
    /// # Errors
    /// What the database says.
    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>>;
}

/// A transaction that also knows the table of the subscription.
pub trait RowTransaction: Transaction {
    /// The rows of these keys, as far as they are there.
    ///
    /// # Errors
    /// Returns [`StoreError::RowRefused`] if another program has written such a row and it cannot be read,
    /// and the errors of the database.
    fn rows<'a>(
        &'a mut self,
        keys: &'a [RowKey],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>>;

    /// Deletes and writes rows, in this order.
    ///
    /// # Errors
    /// What the database says.
    fn write<'a>(&'a mut self, changes: &'a RowChanges) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Itself, for SQL.
    fn as_transaction(&mut self) -> &mut dyn Transaction;
}
