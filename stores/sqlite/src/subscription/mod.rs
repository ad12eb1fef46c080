//! Subscriptions to the log of the store.

mod advance;
pub(crate) mod checkpoint;
mod kept;
mod lease;
mod lent;
pub(crate) mod parked;
mod replace;
mod transaction;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use esrs_core::store::from_microseconds;
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, CheckpointStore, Decision, Lease, LeaseClaim,
    LeaseStore, ParkedStream, ParkingEntry, ParkingStore, ReadModelWriter, Replaced, Subscriber,
    Subscription, SubscriptionStore, WaitTarget,
};
use esrs_core::{Position, StoreError, StreamId};
use futures_core::future::BoxFuture;
use jiff::Timestamp;

use advance::ADVANCING;
use kept::Kept;
use lent::{Lending, Lent};
use replace::REPLACING;
use waiting::Deadline;

pub(crate) use waiting::{Awaited, Waiting};

use crate::SqliteStore;
use crate::error::Fault;
use crate::writer::Writer;

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A time that is stored in microseconds.
fn time(microseconds: i64) -> Result<Timestamp, Fault> {
    from_microseconds(microseconds)
        .map_err(|error| Fault::said("reading a time", error.to_string()))
}

impl SqliteStore {
    async fn wait(&self, awaited: Awaited) -> Result<Position, StoreError> {
        self.refuse_within_step("waiting for a position")?;
        let mut entered = self.waiting().enter(awaited);
        // It is cancelled when the store is gone.
        (&mut entered.answer).await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has the thread that writes do something with a subscriber.
    async fn lend<T: Send + 'static>(
        &self,
        doing: &'static str,
        subscriber: Box<dyn Subscriber>,
        work: impl FnOnce(&mut Writer, &mut dyn Subscriber) -> Result<T, Fault> + Send + 'static,
    ) -> (Box<dyn Subscriber>, Result<T, StoreError>) {
        if let Err(error) = self.refuse_within_step(doing) {
            return (subscriber, Err(error));
        }
        let (lent, answer) = Lent::new(subscriber);
        self.queue(Box::new(Lending { doing, lent, work }));
        answer.await.expect("what is lent is given back when it is dropped")
    }
}

impl SubscriptionStore for SqliteStore {}

impl CheckpointStore for SqliteStore {
    fn subscribe(&self, subscription: Arc<Subscription>) -> Answer<'_, Checkpoint> {
        Box::pin(self.on_writer("entering a subscription", |writer| {
            let kept = Kept::new(subscription)?;
            writer.database.owners.check(&kept.subscription)?;
            writer.database.known.add(&kept.subscription);
            writer.transact(|writer| kept.enter(&writer.connection))
        }))
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> Answer<'_, Checkpoint> {
        Box::pin(self.on_writer("starting a subscription over", move |writer| {
            let kept = Kept::new(subscription)?;
            writer.database.owners.check(&kept.subscription)?;
            writer.transact(|writer| {
                lease::check(&writer.connection, &kept.subscription, fence)?;
                kept.start_over(&writer.connection)
            })
        }))
    }

    fn checkpoints(&self) -> Answer<'_, Vec<CheckpointOf>> {
        let doing = "listing subscriptions";
        Box::pin(self.on_reader(doing, |reader| kept::all(&reader.connection)))
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> Answer<'_, Position> {
        let by = Deadline::after(timeout);
        Box::pin(self.wait(Awaited::Subscription { subscription, target, by }))
    }

    fn wait_behind(&self, position: Position) -> Answer<'_, Position> {
        Box::pin(self.wait(Awaited::Event { behind: position }))
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> Answer<'_, ()> {
        Box::pin(self.on_writer("recording a failure", move |writer| {
            writer.transact(|writer| {
                let failure = failure.as_deref();
                checkpoint::record_failure(&writer.connection, &subscription, failure)
            })?;
            writer.waiting.changed(&writer.connection, &writer.database, &subscription);
            Ok(())
        }))
    }
}

impl ReadModelWriter for SqliteStore {
    fn advance(
        &self,
        advance: Advance,
        subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        Box::pin(self.lend(ADVANCING, subscriber, move |writer, subscriber| {
            writer.advance(&advance, subscriber)
        }))
    }

    fn replace(
        &self,
        building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        Box::pin(
            self.lend(REPLACING, building, move |writer, building| writer.replace(building, fence)),
        )
    }
}

impl ParkingStore for SqliteStore {
    fn parked(&self, subscription: Arc<Subscription>) -> Answer<'_, Vec<ParkedStream>> {
        Box::pin(self.on_reader("listing parked streams", move |reader| {
            parked::all(&reader.connection, &subscription)
        }))
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> Answer<'_, bool> {
        Box::pin(async move {
            decision.check(&stream)?;
            let decided = self.on_writer("deciding about a parked stream", move |writer| {
                writer.transact(|writer| {
                    parked::decide(&writer.connection, &subscription, &stream, &decision)
                })
            });
            decided.await
        })
    }

    fn parking_log(&self, subscription: String) -> Answer<'_, Vec<ParkingEntry>> {
        Box::pin(self.on_reader("listing what was parked", move |reader| {
            parked::entries(&reader.connection, &subscription)
        }))
    }
}

impl LeaseStore for SqliteStore {
    fn claim_lease(&self, claim: LeaseClaim) -> Answer<'_, Lease> {
        Box::pin(async move {
            claim.check()?;
            let claiming = move |writer: &mut Writer| {
                writer.transact(|writer| lease::claim(&writer.connection, &claim))
            };
            self.on_writer("claiming a lease", claiming).await
        })
    }

    fn release_lease(&self, name: String, holder: Arc<str>) -> Answer<'_, ()> {
        Box::pin(self.on_writer("giving a lease back", move |writer| {
            writer.transact(|writer| lease::release(&writer.connection, &name, &holder))
        }))
    }
}
