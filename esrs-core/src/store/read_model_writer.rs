//! Writing read models together with their checkpoints.

use futures_core::future::BoxFuture;

use super::forward::forward;
use crate::log::StoreError;
use crate::read_model::subscription::{Advance, Advanced, Replaced, Subscriber};

/// A subscriber that was lent to the store, and the result of its step.
type Returned<'a, T> = BoxFuture<'a, (Box<dyn Subscriber>, Result<T, StoreError>)>;

/// Writes the rows that follow from events, in the transaction that moves the checkpoint.
///
/// A part of [`SubscriptionStore`](super::SubscriptionStore).
#[diagnostic::on_unimplemented(
    message = "`{Self}` writes no read models",
    label = "no rows are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait ReadModelWriter: Send + Sync + 'static {
    /// Runs `subscriber` and moves its checkpoint in one transaction: both are stored, or nothing. Returns the
    /// subscriber in every case.
    ///
    /// # Errors
    /// - the error of the subscriber: nothing is stored;
    /// - [`StoreError::Fenced`] if another process has taken over the lease;
    /// - [`StoreError::HistoryChanged`] if the log does not hold the event of `mark`;
    /// - [`StoreError::RowRefused`] if the database refuses a row: apply fewer events at once to find the event
    ///   that it follows from;
    /// - and the errors of the database. After a lost connection the step may be stored or not; read the
    ///   checkpoint by [`subscribe`](super::CheckpointStore::subscribe), and continue from there.
    fn advance(&self, advance: Advance, subscriber: Box<dyn Subscriber>) -> Returned<'_, Advanced>;

    /// Replaces the rows, the checkpoint and the parked streams of a subscription by those that were
    /// [built](crate::read_model::subscription::Subscription::building) next to them, in one transaction. Returns the subscriber in every case.
    ///
    /// Readers never see rows go back: if the rows in use are ahead, the subscriber applies the missing events in
    /// the same transaction, while other writers of these rows wait. It does so for at most [`MOST_TAKEN`] events;
    /// if more are missing, [advance](Self::advance) the building subscription first.
    ///
    /// Indexes, triggers and privileges on the table are preserved.
    ///
    /// [`MOST_TAKEN`]: Replaced::MOST_TAKEN
    ///
    /// # Errors
    /// - the error of the subscriber: nothing is changed;
    /// - [`StoreError::ProjectionTable`] if the subscription is not one that is built next to another, or if
    ///   something depends on the table in use, so that it cannot be dropped;
    /// - [`StoreError::Fenced`] if another process has taken over the lease of `fence`;
    /// - [`StoreError::Busy`] if the rows in use are read for too long, such as by a transaction that stays open;
    /// - and the errors of the database.
    fn replace(&self, building: Box<dyn Subscriber>, fence: Option<u64>) -> Returned<'_, Replaced>;
}

forward!(ReadModelWriter + ?Sized {
    fn advance(&self, advance: Advance, subscriber: Box<dyn Subscriber>) -> Returned<'_, Advanced>;
    fn replace(&self, building: Box<dyn Subscriber>, fence: Option<u64>) -> Returned<'_, Replaced>;
});
