//! A store that is opened again for every question about its subscriptions.

use std::sync::Arc;
use std::time::Duration;

use futures_core::future::BoxFuture;

use crate::event::{Position, StreamId};
use crate::log::IdempotencyKey;
use crate::log::{AppendBatch, Appended, LogId, Page, ReadQuery, Snapshot, StoreError};
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, Decision, Lease, LeaseClaim, ParkedStream,
    ParkingEntry, Replaced, Subscriber, Subscription, WaitTarget,
};
use crate::store::{EventStore, SubscriptionStore};

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

impl EventStore for Cold {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.store.append(batch)
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(async move { (self.open)().await.read(query, page).await })
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        Box::pin(async move { (self.open)().await.find_append(stream, key).await })
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, crate::log::NewEvent)>,
    ) -> BoxFuture<'_, Result<crate::store::Imported, StoreError>> {
        self.store.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.save_snapshot(snapshot)
    }

    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        Some(self)
    }

    fn streams(
        &self,
        query: crate::log::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move { (self.open)().await.streams(query).await })
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { (self.open)().await.count_streams(category).await })
    }

    fn log_id(&self) -> LogId {
        self.store.log_id()
    }
}

impl SubscriptionStore for Cold {
    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move { (self.open)().await.wait_behind(position).await })
    }

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

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.record_failure(subscription, failure)
    }

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
