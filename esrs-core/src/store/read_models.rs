//! Read models as their users see them.

use super::forward::forward;
use super::subscription_store::SubscriptionStore;
use crate::event::Position;
use crate::log::StoreError;
use crate::read_model::projection::Projection;
use crate::read_model::subscription::Projected;

/// The read models of a store: rows by key, all rows, and the ways to bring them up to date.
///
/// Every store of esrs that stores read models implements it, so code that takes `&impl ReadModels` runs
/// on each of them. `use esrs::prelude::*` brings it into scope. Queries in SQL are
/// [`SqlReadModels`](crate::SqlReadModels).
///
/// ```
/// use esrs_core::{Projection, ReadModels, StoreError};
///
/// /// Reads a row that contains every event of the log.
/// async fn fresh<P: Projection>(
///     store: &impl ReadModels,
///     key: &P::Key,
/// ) -> Result<Option<P>, StoreError> {
///     store.catch_up::<P>().await?;
///     store.get(key).await
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no read models",
    label = "no rows are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open"
)]
pub trait ReadModels: SubscriptionStore + Sized {
    /// Reads the row of this key, if there is one.
    ///
    /// Rows are as recent as their table: they contain the last append if the projection is inline, and
    /// the events up to the checkpoint of its runner, or of the last [`catch_up`](Self::catch_up),
    /// otherwise.
    ///
    /// # Errors
    /// - [`StoreError::ProjectionChanged`] or [`StoreError::ProjectionSuperseded`] if another definition of
    ///   `P` built the table;
    /// - [`StoreError::ProjectionTable`] if the table was not made yet, or cannot be made by this store;
    /// - [`StoreError::HistoryChanged`] if its rows follow from events that the log no longer holds;
    /// - [`StoreError::Database`] if the key or a stored row does not fit `P`;
    /// - and the errors of the database.
    fn get<P: Projection>(
        &self,
        key: &P::Key,
    ) -> impl Future<Output = Result<Option<P>, StoreError>> + Send;

    /// Reads all rows, in no particular order. They are as recent as those of [`get`](Self::get).
    ///
    /// # Errors
    /// As of [`get`](Self::get).
    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;

    /// Brings the rows of `P` to the end of the log, and returns its position. Makes the table if there is
    /// none.
    ///
    /// Rows are written page by page, each page in one transaction with the checkpoint: if the process ends
    /// in between, or another one catches up the same table at the same time, no event is applied twice.
    /// Nothing is parked. A program that follows the log all the time uses the runner instead.
    ///
    /// # Errors
    /// - [`StoreError::Projection`] if `P` cannot apply an event: the rows then contain the events before
    ///   the page of that event;
    /// - [`StoreError::RowRefused`] if the table refuses a row;
    /// - [`StoreError::Parked`] if a runner has parked a stream, after all other events were applied;
    /// - [`StoreError::ProjectionChanged`] if another definition of `P` built the table: call
    ///   [`rebuild`](Self::rebuild);
    /// - [`StoreError::ProjectionSuperseded`] if a newer program has replaced the definition of this one;
    /// - [`StoreError::ProjectionTable`] if the table cannot be made, or one of its name exists that no
    ///   projection has made;
    /// - [`StoreError::HistoryChanged`] if the log no longer holds the last event that was applied;
    /// - and the errors of the database.
    fn catch_up<P: Projection>(&self) -> impl Future<Output = Result<Position, StoreError>> + Send {
        super::catch_up(self, Box::new(Projected::<P>::new()), |_| {})
    }

    /// Builds the rows of `P` again from the whole log, and returns the position of its end.
    ///
    /// The new rows are built next to the old ones, page by page, and replace them at once: readers see the
    /// old rows until then, appends continue meanwhile, and the old rows stay if it fails. A rebuild of the
    /// same definition that was interrupted is continued. Whatever users have put on the table (indexes,
    /// triggers; policies and rights on PostgreSQL, but not the membership in a publication) stays.
    ///
    /// # Errors
    /// - [`StoreError::Projection`] if `P` cannot apply an event, and [`StoreError::RowRefused`] if the
    ///   table refuses its row: nothing is parked;
    /// - [`StoreError::ProjectionTable`] if a table of its name exists that no projection has made, or if
    ///   something on the table cannot stay, such as an index on a column that is gone;
    /// - [`StoreError::Busy`] if the old rows are read for too long, as by a transaction that stays open;
    /// - and the errors of the database.
    fn rebuild<P: Projection>(&self) -> impl Future<Output = Result<Position, StoreError>> + Send {
        super::rebuild(self, || Box::new(Projected::<P>::building()), |_| {})
    }
}

forward!(ReadModels {
    fn get<P: Projection>(&self, key: &P::Key) -> impl Future<Output = Result<Option<P>, StoreError>> + Send;
    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;
    fn catch_up<P: Projection>(&self) -> impl Future<Output = Result<Position, StoreError>> + Send;
    fn rebuild<P: Projection>(&self) -> impl Future<Output = Result<Position, StoreError>> + Send;
});
