//! A subscriber that does as it is told.

use std::sync::Arc;

use esrs_core::projection::{ColumnSpec, ProjectionError, RowChanges, Table, Value};
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, Parked, RowTransaction, Subscriber, Subscription,
    SubscriptionStore, Transaction,
};
use esrs_core::{EventFilter, Page, Position, StoreError};
use futures_core::future::BoxFuture;

type Work =
    Box<dyn for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Result<(), StoreError>> + Send>;

/// Writes rows, and then does something else.
pub struct Working {
    pub subscription: Arc<Subscription>,
    pub changes: RowChanges,
    pub work: Work,
}

impl Working {
    pub fn writing(subscription: &Arc<Subscription>, upserts: Vec<Vec<Value>>) -> Box<Self> {
        let changes = RowChanges { upserts, deletes: Vec::new() };
        let work: Work = Box::new(|_| Box::pin(async { Ok(()) }));
        Box::new(Self { subscription: subscription.clone(), changes, work })
    }

    pub fn and(
        mut self: Box<Self>,
        work: impl for<'a> FnMut(&'a mut dyn Transaction) -> BoxFuture<'a, Result<(), StoreError>>
        + Send
        + 'static,
    ) -> Box<Self> {
        self.work = Box::new(work);
        self
    }
}

impl Subscriber for Working {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        EventFilter::everything()
    }

    fn take(&mut self, _: &Page, _: &Parked) -> Result<(), ProjectionError> {
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        _: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if !self.changes.is_empty() {
                transaction.write(&self.changes).await?;
            }
            (self.work)(transaction.as_transaction()).await
        })
    }
}

/// A subscription with a table of its name.
pub fn subscription(name: &'static str, columns: &'static [ColumnSpec]) -> Arc<Subscription> {
    let table = Some(Table { name, version: 1, columns });
    Arc::new(Subscription { name, definition: "first".into(), table, building: false, owner: None })
}

/// A step to the next position.
pub fn step(subscription: &Arc<Subscription>, from: Checkpoint) -> Advance {
    Advance {
        subscription: subscription.clone(),
        from,
        to: Position::new(from.position.get() + 1),
        mark: None,
        fence: None,
        park: Vec::new(),
        resume: Vec::new(),
    }
}

/// Takes a step from where the subscription stands.
pub async fn advance(
    store: &dyn SubscriptionStore,
    worker: Box<Working>,
) -> Result<Advanced, StoreError> {
    let subscription = worker.subscription.clone();
    let from = store.subscribe(subscription.clone()).await?;
    store.advance(step(&subscription, from), worker).await.1
}
