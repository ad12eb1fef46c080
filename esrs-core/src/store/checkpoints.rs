//! Checkpoints of subscriptions.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::forward::forward;
use crate::event::Position;
use crate::log::StoreError;
use crate::read_model::subscription::{Checkpoint, CheckpointOf, Subscription, WaitTarget};

/// The checkpoints of subscriptions, and waiting for them to advance.
///
/// A part of [`SubscriptionStore`](super::SubscriptionStore). Checkpoints are moved by a
/// [`ReadModelWriter`](super::ReadModelWriter) alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no checkpoints",
    label = "no checkpoints are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait CheckpointStore: Send + Sync + 'static {
    /// Returns the checkpoint of a subscription. Registers the subscription at the beginning of the log if it is
    /// new, and creates its table if there is none.
    ///
    /// # Errors
    /// - [`StoreError::ProjectionChanged`] if another definition built its rows;
    /// - [`StoreError::ProjectionSuperseded`] if a later definition has replaced this one; not for rows that are
    ///   [being built](Subscription::building) next to those in use;
    /// - [`StoreError::HistoryChanged`] if the log does not hold the event at the checkpoint;
    /// - [`StoreError::ProjectionTable`] if its table cannot be created, or is not a table of this subscription;
    /// - and the errors of the database.
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;

    /// Deletes the rows and the parked streams of a subscription, moves its checkpoint to the beginning of the
    /// log, and returns it.
    ///
    /// # Errors
    /// - [`StoreError::Fenced`] if another process has taken over the lease of `fence`;
    /// - those of [`subscribe`](Self::subscribe), except [`StoreError::ProjectionChanged`]: rows of another
    ///   definition are deleted.
    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;

    /// Lists the checkpoints of all subscriptions to this log.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>>;

    /// Waits until a subscription has applied all events that `target` names, for at most `timeout`, and returns
    /// its position.
    ///
    /// # Errors
    /// - [`StoreError::Lagging`] if it did not get there in time;
    /// - [`StoreError::Parked`] if it got there, but has parked one of those events;
    /// - [`StoreError::SubscriptionFailed`] if it is not there, and its runner has failed;
    /// - [`StoreError::ProjectionChanged`] or [`StoreError::ProjectionSuperseded`] if another definition built its
    ///   rows;
    /// - and the errors of the database.
    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>>;

    /// Waits without a limit until the log holds an event after `position`, and returns the position of the last
    /// one.
    ///
    /// An append of this process wakes it at once; appends of other processes are noticed by the store in its own
    /// interval.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>>;

    /// Records why the runner of a subscription has failed, or that it works again (`None`), for
    /// [`wait_for`](Self::wait_for) and [`checkpoints`](Self::checkpoints) in every process. Has no effect on a
    /// subscription that is not registered.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;
}

forward!(CheckpointStore + ?Sized {
    fn subscribe(&self, subscription: Arc<Subscription>) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;
    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;
    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>>;
    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration
    ) -> BoxFuture<'_, Result<Position, StoreError>>;
    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>>;
    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>
    ) -> BoxFuture<'_, Result<(), StoreError>>;
});
