//! A subscriber that does as it is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use uuid::Uuid;

use crate::event::Position;
use crate::log::{EventFilter, Page, ProjectionError, StoreError};
use crate::read_model::projection::{
    ColumnSpec, ColumnType, Parked, RowChanges, RowKey, Table, Value,
};
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, RowTransaction, Subscriber, Subscription, Transaction,
};
use crate::store::SubscriptionStore;

pub(super) const fn column(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { name, column_type, nullable: false, key: false }
}

pub(super) const fn key(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { key: true, ..column(name, column_type) }
}

/// A number by a text.
const COLUMNS: &[ColumnSpec] = &[key("name", ColumnType::Text), column("sum", ColumnType::Integer)];

/// A subscription that nobody has used before, with a table of sums by name.
pub(super) fn new_subscription() -> Arc<Subscription> {
    Arc::new(with_columns(COLUMNS))
}

/// A subscription that nobody has used before, with a table of these columns.
pub(super) fn with_columns(columns: &'static [ColumnSpec]) -> Subscription {
    let name = format!("conformance_{}", Uuid::now_v7().simple());
    // Names are 'static, because those of a program are; those of a test are few.
    let name: &'static str = Box::leak(name.into_boxed_str());
    let table = Table { name, version: 1, columns };
    Subscription {
        name,
        definition: "first".into(),
        table: Some(table),
        building: false,
        owner: None,
    }
}

pub(super) fn sum(name: &str, sum: i64) -> Vec<Value> {
    vec![name.into(), sum.into()]
}

/// Rows to write, and nothing to delete.
pub(super) fn rows(upserts: Vec<Vec<Value>>) -> RowChanges {
    RowChanges { upserts, deletes: Vec::new() }
}

/// The statements that it runs; it is told the name of a table that nobody else has.
pub(super) type Sql =
    for<'a> fn(&'a mut dyn Transaction, &'a str) -> BoxFuture<'a, Result<(), StoreError>>;

/// Reads the rows of some keys, and makes changes.
pub(super) struct Scripted {
    pub(super) subscription: Arc<Subscription>,
    pub(super) keys: Vec<RowKey>,
    pub(super) changes: RowChanges,
    pub(super) sql: Option<Sql>,
    pub(super) fails: bool,
    /// The values that it was given, shared with the case.
    pub(super) found: Arc<Mutex<Vec<Vec<Value>>>>,
    /// Where the events stand that it was given, shared with the case.
    pub(super) taken: Arc<Mutex<Vec<Position>>>,
}

impl Scripted {
    pub(super) fn new(subscription: &Arc<Subscription>) -> Self {
        Self {
            subscription: subscription.clone(),
            keys: Vec::new(),
            changes: RowChanges::default(),
            sql: None,
            fails: false,
            found: Arc::default(),
            taken: Arc::default(),
        }
    }

    pub(super) fn writing(subscription: &Arc<Subscription>, changes: RowChanges) -> Self {
        Self { changes, ..Self::new(subscription) }
    }

    pub(super) fn running(subscription: &Arc<Subscription>, sql: Sql) -> Self {
        Self { sql: Some(sql), ..Self::new(subscription) }
    }
}

impl Subscriber for Scripted {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        EventFilter::everything()
    }

    fn take(&mut self, page: &Page, except: &Parked) -> Result<(), ProjectionError> {
        let wanted = page.records().filter(|one| !except.leaves_out(one));
        lock(&self.taken).extend(wanted.map(|one| one.position()));
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        _: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            if !self.keys.is_empty() {
                let found = transaction.rows(&self.keys).await?;
                *lock(&self.found) = found;
            }
            if !self.changes.is_empty() {
                transaction.write(&self.changes).await?;
            }
            if let Some(sql) = self.sql {
                let table = format!("{}_sql", self.subscription.name);
                let done = sql(transaction.as_transaction(), &table).await;
                // As an event handler is asked.
                if let Some(failure) = transaction.take_failure() {
                    return done.and(Err(failure));
                }
                done?;
            }
            match self.fails {
                true => Err(StoreError::InvalidBatch { reason: "told to fail".to_owned() }),
                false => Ok(()),
            }
        })
    }
}

/// Returns what a subscriber was told, whichever case has failed meanwhile.
pub(super) fn lock<T>(told: &Mutex<T>) -> MutexGuard<'_, T> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The next position, with nothing else about it.
pub(super) fn step(subscription: &Arc<Subscription>, from: Checkpoint, to: u64) -> Advance {
    Advance {
        subscription: subscription.clone(),
        from,
        to: Position::new(to),
        mark: None,
        fence: None,
        park: Vec::new(),
        resume: Vec::new(),
    }
}

/// Advances, as the store has to do it.
pub(super) async fn advance(store: &dyn SubscriptionStore, advance: Advance, scripted: Scripted) {
    let (_, advanced) = store.advance(advance.clone(), Box::new(scripted)).await;
    match advanced {
        Ok(Advanced::Done) => {}
        Ok(other) => panic!("a step that is in order was not stored: {other:?}\n{advance:?}"),
        Err(error) => panic!("a step that is in order was refused: {error}\n{advance:?}"),
    }
}

/// Where a subscription stands, which the store has to say.
pub(super) async fn subscribe(
    store: &dyn SubscriptionStore,
    subscription: &Arc<Subscription>,
) -> Checkpoint {
    match store.subscribe(subscription.clone()).await {
        Ok(checkpoint) => checkpoint,
        Err(error) => panic!("a subscription was refused: {error}"),
    }
}

/// The rows of these keys, read by a step that moves nothing.
pub(super) async fn stored(
    store: &dyn SubscriptionStore,
    subscription: &Arc<Subscription>,
    keys: Vec<RowKey>,
) -> Vec<Vec<Value>> {
    let from = subscribe(store, subscription).await;
    let scripted = Scripted { keys, ..Scripted::new(subscription) };
    let found = scripted.found.clone();
    advance(store, step(subscription, from, from.position.get()), scripted).await;
    let mut found = lock(&found).clone();
    found.sort_by_key(|row| format!("{row:?}"));
    found
}

pub(super) fn names(names: &[&str]) -> Vec<RowKey> {
    names.iter().map(|name| vec![(*name).into()]).collect()
}
