//! Subscriptions in a store.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use super::event_store::EventStore;
use crate::event::{Position, StreamId};
use crate::log::StoreError;
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, Decision, Lease, LeaseClaim, ParkedStream,
    ParkingEntry, Replaced, Subscriber, Subscription, WaitTarget,
};

/// A store whose log can be followed from checkpoints that it keeps, in one transaction with what
/// follows from the events: its read models.
///
/// What each store promises is written down as the functions of
/// `esrs_core::conformance::subscriptions` (feature `conformance`), which each of them runs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no read models",
    label = "no rows and no checkpoints are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait SubscriptionStore: EventStore {
    /// Waits until an event stands behind `position`, for as long as that takes, and answers with the
    /// position of the last.
    ///
    /// It is woken by an append of this process, and learns of those of other processes in time.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>>;

    /// Where a subscription stands. One that is new is entered at the beginning of the log, and its
    /// table made; so is a table that was dropped.
    ///
    /// # Errors
    /// - [`StoreError::ProjectionChanged`] if its rows were built by another definition;
    /// - [`StoreError::ProjectionSuperseded`] if they were built by another definition which has replaced
    ///   this one before; not for what is [built](Subscription::building) next to them;
    /// - [`StoreError::HistoryChanged`] if the log does not hold the event that it had come to;
    /// - [`StoreError::ProjectionTable`] if its table cannot be made, or is something else;
    /// - and the errors of the database.
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;

    /// The same, with whatever it made of events so far thrown away, its parked streams too: the
    /// table is empty, and the checkpoint is at the beginning.
    ///
    /// # Errors
    /// As of [`subscribe`](Self::subscribe), but that a changed definition is what it is there for, and
    /// [`StoreError::Fenced`] when the lease of `fence` was taken over.
    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>>;

    /// Runs `subscriber` in a transaction, and moves its checkpoint in the same: both, or none of it.
    /// The subscriber comes back, whatever came of it.
    ///
    /// # Errors
    /// - what the subscriber answered with: nothing is stored then;
    /// - [`StoreError::Fenced`] if the lease was taken over;
    /// - [`StoreError::HistoryChanged`] if the log does not hold the event of `mark`;
    /// - [`StoreError::RowRefused`] if the database refuses a row: take fewer events at once to find the
    ///   one that it follows from;
    /// - and the errors of the database. After a connection was lost the step may be stored or not; ask
    ///   [`subscribe`](Self::subscribe) for the checkpoint, and continue from there.
    #[allow(clippy::type_complexity, reason = "a pair is what it is")]
    fn advance(
        &self,
        advance: Advance,
        subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)>;

    /// Puts what was [built](Subscription::building) in place of what the subscription has by now: its
    /// rows, its checkpoint and its parked streams, at once. The subscriber comes back, whatever came of
    /// it.
    ///
    /// Nobody sees rows go back: where the other stands further, the subscriber takes those events in the
    /// same transaction, while a process that moves the other waits. It does so for [`MOST_TAKEN`] events at
    /// most; what stands further behind has to [advance](Self::advance) first.
    ///
    /// Indexes, triggers and rights on the table stay.
    ///
    /// [`MOST_TAKEN`]: Replaced::MOST_TAKEN
    ///
    /// # Errors
    /// - what the subscriber answered with: nothing is changed then;
    /// - [`StoreError::ProjectionTable`] when it is not built next to another;
    /// - [`StoreError::Fenced`] when the lease of `fence` was taken over;
    /// - [`StoreError::ProjectionTable`] when the table cannot be taken away, because something
    ///   depends on it;
    /// - [`StoreError::Busy`] when another transaction reads the rows for too long, as in a transaction that stays
    ///   open; nothing is changed then;
    /// - [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database does not answer, and
    ///   [`StoreError::Database`] for its other errors.
    #[allow(clippy::type_complexity, reason = "a pair is what it is")]
    fn replace(
        &self,
        building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)>;

    /// Returns the checkpoint of every subscription of this log.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, and [`StoreError::Database`] for its other errors.
    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>>;

    /// Waits until a subscription has taken all events that `target` names, for at most `timeout`, and
    /// answers with its position.
    ///
    /// # Errors
    /// - [`StoreError::Lagging`] if it did not get there in time;
    /// - [`StoreError::Parked`] if it got there, but has parked one of those events;
    /// - [`StoreError::SubscriptionFailed`] if it is not there, and what runs it has failed;
    /// - [`StoreError::ProjectionChanged`] or [`StoreError::ProjectionSuperseded`] if its rows were built by
    ///   another definition;
    /// - and the errors of the database.
    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>>;

    /// Records that what runs a subscription has failed, and why, or that it goes on (`None`): for
    /// [`wait_for`](Self::wait_for) and [`checkpoints`](Self::checkpoints), in every process. Of no effect
    /// on a subscription that was not entered.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Takes the lease of this name, or renews it for who holds it. By the clock of the database.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, [`StoreError::Full`] or [`StoreError::ReadOnly`] if it cannot be written, and
    /// [`StoreError::Database`] for its other errors.
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>>;

    /// Gives a lease back before it ends; of no effect if `holder` does not hold it any more.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, [`StoreError::Full`] or [`StoreError::ReadOnly`] if it cannot be written, and
    /// [`StoreError::Database`] for its other errors.
    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The streams that a subscription has parked, in the order of their positions.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, and [`StoreError::Database`] for its other errors.
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>>;

    /// Stores a decision about a parked stream, which the process that runs the subscription carries out. Who
    /// said so, and why, is recorded ([`parking_log`](Self::parking_log)).
    ///
    /// `false` if the subscription has not parked this stream at the version of the decision, as when
    /// another operator decided first.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, [`StoreError::Full`] or [`StoreError::ReadOnly`] if it cannot be written, and
    /// [`StoreError::Database`] for its other errors.
    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Returns what was parked, retried, skipped and resumed of a subscription, the oldest first.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, and [`StoreError::Database`] for its other errors.
    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>>;
}

// A default would answer instead of the store.
#[deny(clippy::missing_trait_methods)]
impl<S: SubscriptionStore + ?Sized> SubscriptionStore for Arc<S> {
    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        (**self).wait_behind(position)
    }

    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        (**self).subscribe(subscription)
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        (**self).start_over(subscription, fence)
    }

    fn advance(
        &self,
        advance: Advance,
        subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        (**self).advance(advance, subscriber)
    }

    fn replace(
        &self,
        building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        (**self).replace(building, fence)
    }

    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>> {
        (**self).checkpoints()
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>> {
        (**self).wait_for(subscription, target, timeout)
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        (**self).record_failure(subscription, failure)
    }

    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>> {
        (**self).claim_lease(claim)
    }

    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        (**self).release_lease(name, holder)
    }

    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>> {
        (**self).parked(subscription)
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        (**self).decide(subscription, stream, decision)
    }

    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>> {
        (**self).parking_log(subscription)
    }
}
