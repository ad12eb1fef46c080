//! Read models that are written in the transaction of the append.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::projection::{AnyPass, Pass};
use esrs_core::subscription::{
    CheckpointStore, Projected, ReadModelWriter, Replaced, Subscriber, Subscription,
};
use esrs_core::{Page, Position, Projection, StoreError};
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;

use super::table::ModelTable;
use crate::PostgresStore;
use crate::connect::Client;
use crate::error::is_outdated;
use crate::store::Shared;
use model::Model;

mod model;
mod stored;

const PREPARING: &str = "bringing an inline read model up to date";

/// The time to wait after rows could not be put in place.
const BACK_OFF: Duration = Duration::from_millis(50);

/// A read model that is registered at the builder.
pub(crate) struct Registered {
    subscriber: fn(bool) -> Box<dyn Subscriber>,
    pass: fn() -> Box<dyn AnyPass>,
}

impl Registered {
    pub(crate) fn new<P: Projection>() -> Self {
        let subscriber = |building| -> Box<dyn Subscriber> {
            match building {
                true => Box::new(Projected::<P>::building()),
                false => Box::new(Projected::<P>::new()),
            }
        };
        Self { subscriber, pass: || Box::new(Pass::<P>::new()) }
    }

    /// Refuses read models of which two have one table: both would take every event.
    pub(crate) fn check_distinct(registered: &[Self]) -> Result<(), StoreError> {
        let subscriptions: Vec<_> = registered.iter().map(|one| one.subscription(false)).collect();
        Subscription::check_distinct(subscriptions.iter().map(|one| &**one))
    }

    fn subscription(&self, building: bool) -> Arc<Subscription> {
        (self.subscriber)(building).subscription().clone()
    }

    /// Makes the table, if it is not there, and brings it to the end of the log; again, where another
    /// definition has made it, or from a log that lost commits, and that is allowed.
    ///
    /// What is in the log already does not keep the store closed: the stream of an event that cannot be
    /// taken is parked.
    pub(crate) async fn prepare(
        &self,
        store: &PostgresStore,
        rebuild_changed: bool,
    ) -> Result<(), StoreError> {
        let subscription = self.subscription(false);
        let table = subscription.name;
        match store.subscribe(subscription.clone()).await {
            Err(StoreError::ProjectionChanged { .. } | StoreError::HistoryChanged { .. })
                if rebuild_changed =>
            {
                tracing::info!(table, "rebuilding a changed projection");
                self.rebuild(store).await?;
            }
            Err(error @ StoreError::ProjectionSuperseded { .. }) => {
                tracing::warn!(%error, "the store is opened without this read model");
                return Ok(());
            }
            entered => entered.map(drop)?,
        }
        self.catch_up(store, subscription).await
    }

    async fn catch_up(
        &self,
        store: &PostgresStore,
        subscription: Arc<Subscription>,
    ) -> Result<(), StoreError> {
        match Model::new(subscription, (self.pass)(), store.shared())? {
            Some(mut model) => model.catch_up(store.shared()).await,
            None => Ok(()),
        }
    }

    /// Builds the rows next to those that are asked, and puts them in their place.
    async fn rebuild(&self, store: &PostgresStore) -> Result<(), StoreError> {
        let building = self.subscription(true);
        match store.subscribe(building.clone()).await {
            // What was begun is of another definition, or of events that are lost.
            Err(StoreError::ProjectionChanged { .. } | StoreError::HistoryChanged { .. }) => {
                store.start_over(building.clone(), None).await.map(drop)?;
            }
            entered => entered.map(drop)?,
        }
        loop {
            self.catch_up(store, building.clone()).await?;
            match store.replace((self.subscriber)(true), None).await.1 {
                Ok(Replaced::Done(_)) => return Ok(()),
                // Those who append were faster, or have appended what is parked in the next round.
                Ok(Replaced::Behind(_))
                | Err(StoreError::Projection(_) | StoreError::RowRefused { .. }) => {
                    let slept = store.shared().timer.sleep(BACK_OFF).await;
                    slept.map_err(|_| StoreError::Closed)?;
                    if store.subscribe(self.subscription(false)).await.is_ok() {
                        // Another process has put the same rows in place.
                        return Ok(());
                    }
                    store.subscribe(building.clone()).await.map(drop)?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The read models that are written in the transaction of every append of this store.
#[derive(Default)]
pub(crate) struct Inline(Vec<Model>);

/// Why read models could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InlineError {
    #[error(transparent)]
    Driver(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inline {
    pub(crate) fn new(shared: &Shared) -> Result<Self, StoreError> {
        for registered in &shared.inline {
            shared.subscriptions.owners.add(&registered.subscription(false))?;
        }
        Self::again(shared)
    }

    /// The same models once more, for a transaction of another connection than the writer's.
    pub(crate) fn again(shared: &Shared) -> Result<Self, StoreError> {
        let models = shared.inline.iter().map(|registered| {
            Model::new(registered.subscription(false), (registered.pass)(), shared)
        });
        models.filter_map(Result::transpose).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes what was appended in this transaction, the first event of which is at `first`; and
    /// before it, what processes without these read models have appended.
    pub(crate) async fn take(
        &mut self,
        client: &Client,
        shared: &Shared,
        (first, page): (Position, &Page),
    ) -> Result<(), InlineError> {
        for model in &mut self.0 {
            model.append(client, shared, (first, page)).await?;
        }
        Ok(())
    }

    /// The error when the transaction could not be committed.
    pub(crate) fn not_committed(&self, shared: &Shared, error: Error) -> InlineError {
        match self.0.first() {
            Some(model) if crate::error::is_about_rows(&error) => {
                shared.location.refused_row(model.name(), &error).into()
            }
            _ => error.into(),
        }
    }

    /// Wakes the tasks that wait for these read models.
    pub(crate) fn committed(&self, shared: &Shared) {
        if !self.is_empty() {
            shared.subscriptions.moved.send_replace(());
        }
    }
}

/// Ends a transaction in which rows were written: triggers of users that wait for the end find names by the
/// path of the role.
pub(crate) fn commit(client: &Client) -> String {
    format!("{}; COMMIT", client.role_path())
}

/// Runs a statement that is prepared once for the connection, or again if its table was rebuilt.
async fn run(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<tokio_postgres::Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, parameters).await;
    if rows.as_ref().is_err_and(is_outdated) {
        client.forget_statements();
    }
    rows
}

/// Runs a statement on the rows of a table, which may be refused.
async fn run_on_rows<T: ToSql + Sync>(
    client: &Client,
    shared: &Shared,
    table: &ModelTable,
    sql: &str,
    columns: &[T],
) -> Result<Vec<tokio_postgres::Row>, InlineError> {
    let columns: Vec<&(dyn ToSql + Sync)> =
        columns.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
    run(client, sql, &columns).await.map_err(|error| match crate::error::is_about_rows(&error) {
        true => shared.location.refused_row(table.table.name, &error).into(),
        false => error.into(),
    })
}
