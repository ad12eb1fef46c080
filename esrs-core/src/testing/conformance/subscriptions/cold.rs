//! A store that is opened again for every question about its subscriptions.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::event::{Position, StreamId};
use crate::log::{
    AppendBatch, Appended, IdempotencyKey, LogId, NewEvent, Page, ReadQuery, Snapshot, StoreError,
    StreamsQuery,
};
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, Decision, Lease, LeaseClaim, ParkedStream,
    ParkingEntry, Replaced, Subscriber, Subscription, WaitTarget,
};
use crate::store::{
    CheckpointStore, EventStore, Imported, LeaseStore, ParkingStore, ReadModelWriter,
    SubscriptionStore,
};
use crate::testing::conformance::cold::cold_event_store;

type Open = dyn Fn() -> BoxFuture<'static, Arc<dyn SubscriptionStore>> + Send + Sync;

/// A store whose steps and appends are taken by one handle, and whose questions are answered by a handle
/// that has just been opened: one that remembers nothing of them, as a process that has just started.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use esrs_core::{conformance::subscriptions, subscription::SubscriptionStore};
/// # async fn example(store: impl SubscriptionStore, open: fn() -> Arc<dyn SubscriptionStore>) {
/// let cold = subscriptions::Cold::new(store, move || Box::pin(async move { open() }));
/// subscriptions::all(&cold).await;
/// # }
/// ```
pub struct Cold {
    store: Arc<dyn SubscriptionStore>,
    open: Box<Open>,
}

impl Cold {
    /// Steps and appends by `store`, and questions to what `open` opens: another handle of the same log.
    pub fn new(
        store: impl SubscriptionStore,
        open: impl Fn() -> BoxFuture<'static, Arc<dyn SubscriptionStore>> + Send + Sync + 'static,
    ) -> Self {
        Self { store: Arc::new(store), open: Box::new(open) }
    }
}

impl std::fmt::Debug for Cold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cold").finish_non_exhaustive()
    }
}

cold_event_store!(
    Cold,
    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        Some(self)
    }
);

impl SubscriptionStore for Cold {}

impl CheckpointStore for Cold {
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        Box::pin(async move { (self.open)().await.subscribe(subscription).await })
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        self.store.start_over(subscription, fence)
    }

    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>> {
        Box::pin(async move { (self.open)().await.checkpoints().await })
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move { (self.open)().await.wait_for(subscription, target, timeout).await })
    }

    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move { (self.open)().await.wait_behind(position).await })
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.record_failure(subscription, failure)
    }
}

impl ReadModelWriter for Cold {
    fn advance(
        &self,
        advance: Advance,
        subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        self.store.advance(advance, subscriber)
    }

    fn replace(
        &self,
        building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        self.store.replace(building, fence)
    }
}

impl ParkingStore for Cold {
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>> {
        Box::pin(async move { (self.open)().await.parked(subscription).await })
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move { (self.open)().await.decide(subscription, stream, decision).await })
    }

    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>> {
        Box::pin(async move { (self.open)().await.parking_log(subscription).await })
    }
}

impl LeaseStore for Cold {
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>> {
        Box::pin(async move { (self.open)().await.claim_lease(claim).await })
    }

    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.release_lease(name, holder)
    }
}
