//! Subscriptions: their checkpoints, and the rows that are stored together with them.
//!
//! A page of events on its way into rows: `advance`, `transaction`, `step`, then `table`.

mod advance;
mod beside;
mod columns;
mod inline;
mod lease;
mod numeric;
mod parked;
mod query;
mod replace;
mod shelf;
mod statements;
mod step;
mod subscribe;
mod table;
mod transaction;
mod value;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, CheckpointStore, Decision, Lease, LeaseClaim,
    LeaseStore, ParkedStream, ParkingEntry, ParkingStore, ReadModelWriter, Replaced, Subscriber,
    Subscription, SubscriptionStore, WaitTarget,
};
use esrs_core::{Position, StoreError, StreamId};
use futures_core::future::BoxFuture;

use crate::PostgresStore;
use crate::error::is_fenced;
use crate::pool::ask;
use crate::store::AbortOnDrop;
use subscribe::Subscribing;

pub(crate) use inline::{Inline, InlineError, Registered, commit};
pub(crate) use shelf::Subscriptions;

/// Does something in a transaction; on another connection, if that one was lost before the end.
///
/// The result of a transaction whose end was not answered is not known: it is not begun again.
macro_rules! transact {
    ($shared:expr, $doing:expr, $fenced:expr, |$client:ident| $work:expr) => {{
        let work = async {
            let mut attempts = $shared.attempts();
            loop {
                // Dropped on the way, it ends its transaction before it is lent again.
                let lent = $shared.step().await?;
                let explain = |error| $shared.location.explain($doing, error);
                let done = async {
                    let $client: &tokio_postgres::Client = &lent;
                    let begin = $shared.subscriptions.statements.begin($fenced);
                    $client.batch_execute(&begin).await.map_err(explain)?;
                    $work.await
                };
                let failed = match done.await {
                    Ok(done) => {
                        let end = $shared.subscriptions.statements.end($fenced, None);
                        lent.batch_execute(&end).await.map_err(|error| match $fenced {
                            Some((lease, fence)) if is_fenced(&error) => {
                                StoreError::Fenced { lease: lease.to_owned(), fence }
                            }
                            _ => explain(error),
                        })?;
                        lent.give_back();
                        break Ok(done);
                    }
                    Err(error) => Err(error),
                };
                // A connection that cannot do that is gone with its transaction.
                let _ = lent.batch_execute("ROLLBACK").await;
                if !attempts.again_after(&failed, lent) {
                    break failed;
                }
            }
        };
        $shared.in_time($shared.longest_call(), work).await
    }};
}

impl SubscriptionStore for PostgresStore {}

impl CheckpointStore for PostgresStore {
    fn subscribe(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            shared.subscriptions.owners.check(&subscription)?;
            let subscribing = Subscribing::new(shared, &subscription)?;
            let stand = ask!(shared, |reader| subscribing.look(&reader))?;
            if let Some(known) = subscribing.known(stand)? {
                return Ok(known);
            }
            transact!(shared, "subscribing", None::<(&str, u64)>, |client| subscribing
                .enter(client))
        })
    }

    fn start_over(
        &self,
        subscription: Arc<Subscription>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, Result<Checkpoint, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            shared.subscriptions.owners.check(&subscription)?;
            let subscribing = Subscribing::new(shared, &subscription)?;
            let lease = subscription.lease();
            let fenced = fence.map(|fence| (&*lease, fence));
            let started = transact!(shared, "starting a subscription over", fenced, |client| {
                subscribing.start_over(client, fence)
            });
            shared.subscriptions.moved.send_replace(());
            started
        })
    }

    fn checkpoints(&self) -> BoxFuture<'_, Result<Vec<CheckpointOf>, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            ask!(shared, |reader| subscribe::checkpoints(shared, &reader))
        })
    }

    fn wait_for(
        &self,
        subscription: Arc<Subscription>,
        target: WaitTarget,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            let waiting = wait::wait_for(shared.clone(), subscription, target, timeout);
            AbortOnDrop(shared.connector.runtime().spawn(waiting)).join().await
        })
    }

    fn wait_behind(&self, position: Position) -> BoxFuture<'_, Result<Position, StoreError>> {
        Box::pin(Self::wait_behind(self, position))
    }

    fn record_failure(
        &self,
        subscription: Arc<Subscription>,
        failure: Option<String>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            let failure = failure.as_deref();
            ask!(shared, |reader| {
                subscribe::record_failure(shared, &reader, &subscription, failure)
            })
        })
    }
}

impl ReadModelWriter for PostgresStore {
    fn advance(
        &self,
        advance: Advance,
        mut subscriber: Box<dyn Subscriber>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Advanced, StoreError>)> {
        Box::pin(async move {
            let advanced = advance::advance(self.shared(), &advance, &mut *subscriber).await;
            (subscriber, advanced)
        })
    }

    fn replace(
        &self,
        mut building: Box<dyn Subscriber>,
        fence: Option<u64>,
    ) -> BoxFuture<'_, (Box<dyn Subscriber>, Result<Replaced, StoreError>)> {
        Box::pin(async move {
            let replaced = replace::replace(self.shared(), &mut *building, fence).await;
            (building, replaced)
        })
    }
}

impl ParkingStore for PostgresStore {
    fn parked(
        &self,
        subscription: Arc<Subscription>,
    ) -> BoxFuture<'_, Result<Vec<ParkedStream>, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            ask!(shared, |reader| parked::parked(shared, &reader, &subscription))
        })
    }

    fn decide(
        &self,
        subscription: String,
        stream: StreamId,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            decision.check(&stream)?;
            let shared = self.shared();
            let decided = async {
                let mut attempts = shared.attempts();
                loop {
                    let reader = shared.reader().await?;
                    let decided =
                        parked::decide(shared, &reader, &subscription, &stream, &decision).await;
                    // A skip that may be stored would leave out another event if it was repeated.
                    if !attempts.again(&decided, reader) || decision.skip {
                        break decided;
                    }
                }
            };
            shared.in_time(shared.longest_call(), decided).await
        })
    }

    fn parking_log(
        &self,
        subscription: String,
    ) -> BoxFuture<'_, Result<Vec<ParkingEntry>, StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            ask!(shared, |reader| parked::log(shared, &reader, &subscription))
        })
    }
}

impl LeaseStore for PostgresStore {
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>> {
        Box::pin(async move {
            claim.check()?;
            let shared = self.shared();
            let limit = lease::longest_claim(shared, &claim);
            ask!(shared, control, limit, |reader| lease::claim(shared, &reader, &claim))
        })
    }

    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let shared = self.shared();
            let limit = shared.longest_call();
            ask!(shared, control, limit, |reader| {
                lease::release(shared, &reader, &name, &holder)
            })
        })
    }
}
