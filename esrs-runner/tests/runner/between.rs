//! A store between a runner and SQLite, whose calls hang or fail when a test says so.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use esrs::prelude::*;
use esrs::store::{AppendBatch, Appended, IdempotencyKey, LogId, Page, ReadQuery, Snapshot};
use esrs::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, CheckpointStore, Decision, Lease, LeaseClaim,
    LeaseStore, ParkedStream, ParkingEntry, ParkingStore, ReadModelWriter, Replaced, Subscriber,
    Subscription, SubscriptionStore, WaitTarget,
};
use esrs::{EventStore, StoreError};
use esrs::{Position, StreamId};
use futures_util::future::BoxFuture;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    Read,
    Wait,
    Subscribe,
    Advance,
    Checkpoints,
    Parked,
    Claim,
    Release,
    RecordFailure,
}

impl Call {
    pub(crate) const ALL: [Self; 9] = [
        Self::Read,
        Self::Wait,
        Self::Subscribe,
        Self::Advance,
        Self::Checkpoints,
        Self::Parked,
        Self::Claim,
        Self::Release,
        Self::RecordFailure,
    ];
}

type Fail = fn() -> StoreError;

#[derive(Clone)]
pub(crate) struct Between {
    pub(crate) store: SqliteStore,
    faults: Arc<Mutex<Faults>>,
}

#[derive(Default)]
struct Faults {
    hanging: HashSet<Call>,
    failing: HashMap<Call, Fail>,
    counts: HashMap<Call, u32>,
    failures: Vec<Option<String>>,
}

pub(crate) fn busy() -> StoreError {
    StoreError::Busy { location: "between".to_owned(), waited: Duration::ZERO }
}

impl Between {
    pub(crate) fn new(store: SqliteStore) -> Self {
        Self { store, faults: Arc::default() }
    }

    pub(crate) fn hang(&self, calls: &[Call]) {
        self.faults.lock().unwrap().hanging.extend(calls);
    }

    pub(crate) fn fail(&self, call: Call, error: Fail) {
        self.faults.lock().unwrap().failing.insert(call, error);
    }

    pub(crate) fn mend(&self) {
        let mut faults = self.faults.lock().unwrap();
        (faults.hanging, faults.failing) = (HashSet::new(), HashMap::new());
    }

    pub(crate) fn mend_only(&self, call: Call) {
        self.faults.lock().unwrap().failing.remove(&call);
    }

    /// Returns how often it was called.
    pub(crate) fn count(&self, call: Call) -> u32 {
        self.faults.lock().unwrap().counts.get(&call).copied().unwrap_or(0)
    }

    /// Returns what was recorded by `record_failure`.
    pub(crate) fn failures(&self) -> Vec<Option<String>> {
        self.faults.lock().unwrap().failures.clone()
    }

    /// Waits until the last that was recorded is so.
    pub(crate) async fn recorded(&self, is_so: impl Fn(Option<&str>) -> bool) {
        let recorded = async {
            while !self.failures().last().is_some_and(|last| is_so(last.as_deref())) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(crate::SOON, recorded).await;
        in_time.unwrap_or_else(|_| panic!("it did not come to that: {:?}", self.failures()));
    }

    /// Waits as long as the call hangs.
    async fn enter(&self, call: Call) -> Result<(), StoreError> {
        *self.faults.lock().unwrap().counts.entry(call).or_default() += 1;
        while self.faults.lock().unwrap().hanging.contains(&call) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let failing = self.faults.lock().unwrap().failing.get(&call).copied();
        failing.map_or(Ok(()), |error| Err(error()))
    }

    fn pass<'a, T: Send>(
        &'a self,
        call: Call,
        next: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            self.enter(call).await?;
            next.await
        })
    }
}

impl EventStore for Between {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.store.append(batch)
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        self.pass(Call::Read, self.store.read(query, page))
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        self.store.find_append(stream, key)
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, esrs::store::NewEvent)>,
    ) -> BoxFuture<'_, Result<esrs::store::Imported, StoreError>> {
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
        query: esrs_core::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        self.store.streams(query)
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.store.count_streams(category)
    }

    fn log_id(&self) -> LogId {
        self.store.log_id()
    }
}

impl SubscriptionStore for Between {}

impl CheckpointStore for Between {
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        self.pass(Call::Subscribe, self.store.subscribe(subscription))
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        self.store.start_over(subscription, fence)
    }

    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>> {
        self.pass(Call::Checkpoints, self.store.checkpoints())
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>> {
        self.store.wait_for(subscription, target, timeout)
    }

    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        self.pass(Call::Wait, self.store.wait_behind(position))
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pass(Call::RecordFailure, async move {
            self.store.record_failure(subscription, failure.clone()).await?;
            self.faults.lock().unwrap().failures.push(failure);
            Ok(())
        })
    }
}

impl ReadModelWriter for Between {
    fn advance(
        &self,
        advance: Advance,
        subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        Box::pin(async move {
            if let Err(error) = self.enter(Call::Advance).await {
                return (subscriber, Err(error));
            }
            self.store.advance(advance, subscriber).await
        })
    }

    fn replace(
        &self,
        building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        self.store.replace(building, fence)
    }
}

impl ParkingStore for Between {
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>> {
        self.pass(Call::Parked, self.store.parked(subscription))
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.store.decide(subscription, stream, decision)
    }

    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>> {
        self.store.parking_log(subscription)
    }
}

impl LeaseStore for Between {
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>> {
        self.pass(Call::Claim, self.store.claim_lease(claim))
    }

    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pass(Call::Release, self.store.release_lease(name, holder))
    }
}
