//! Parked streams, and decisions about them.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::forward::forward;
use crate::event::StreamId;
use crate::log::StoreError;
use crate::read_model::subscription::{Decision, ParkedStream, ParkingEntry, Subscription};

/// The streams that a subscription has parked, and the decisions of operators about them.
///
/// A part of [`SubscriptionStore`](super::SubscriptionStore). Streams are parked and resumed by a
/// [`ReadModelWriter`](super::ReadModelWriter) alone, in the transaction that moves the checkpoint.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no parked streams",
    label = "no parked streams are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait ParkingStore: Send + Sync + 'static {
    /// Lists the streams that a subscription has parked, in the order of their positions.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>>;

    /// Stores a decision about a parked stream, for the process that runs the subscription to carry out. The
    /// [log](Self::parking_log) records the operator and the reason.
    ///
    /// Returns `false` if the stream is not parked at the version of the decision, such as when another operator
    /// decided first.
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] if the operator's name or the reason is too long, and the errors of the
    /// database.
    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Lists each time that the subscription parked, retried, skipped or resumed a stream, oldest first.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>>;
}

forward!(ParkingStore + ?Sized {
    fn parked(
        &self,
        subscription: Arc<Subscription>
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>>;
    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision
    ) -> BoxFuture<'_, Result<bool, StoreError>>;
    fn parking_log(
        &self,
        subscription: String
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>>;
});
