//! Read models that are written in the transaction of the append.

use std::sync::Arc;

use esrs_core::projection::{AnyPass, Pass};
use esrs_core::subscription::{Checkpoint, Parked, Projected, Subscriber, Subscription, rebuild};
use esrs_core::{Page, Position, Projection, ReadQuery, StoreError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::subscribe::{checkpoint, mark_parameters, other_definition};
use super::table::ModelTable;
use super::value::values_of;
use crate::PostgresStore;
use crate::connect::Client;
use crate::encode::to_i64;
use crate::error::is_outdated;
use crate::store::Shared;

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

    /// Makes the table, if it is not there, and brings it to the end of the log; anew, where another
    /// definition has made it and that is allowed.
    pub(crate) async fn prepare(
        &self,
        store: &PostgresStore,
        rebuild_changed: bool,
    ) -> Result<(), StoreError> {
        let caught_up =
            esrs_core::subscription::catch_up(store, (self.subscriber)(false), |_| {}).await;
        match caught_up {
            Err(StoreError::ProjectionChanged { table, .. }) if rebuild_changed => {
                tracing::info!(table, "rebuilding a changed projection");
                rebuild(store, || (self.subscriber)(true), |_| {}).await.map(drop)
            }
            Err(error @ StoreError::ProjectionSuperseded { .. }) => {
                tracing::warn!(%error, "appends do not write these rows any more");
                Ok(())
            }
            other => other.map(drop),
        }
    }
}

/// The read models that are written in the transaction of every append of this store.
#[derive(Default)]
pub(crate) struct Inline(Vec<Model>);

struct Model {
    subscription: Arc<Subscription>,
    table: Arc<ModelTable>,
    pass: Box<dyn AnyPass>,
}

/// Why read models could not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InlineError {
    #[error(transparent)]
    Driver(#[from] Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Inline {
    pub(crate) fn new(registered: &[Registered], shared: &Shared) -> Result<Self, StoreError> {
        let mut models = Vec::with_capacity(registered.len());
        for Registered { subscriber, pass } in registered {
            let subscription = subscriber(false).subscription().clone();
            if let Some(table) = shared.subscriptions.table(&subscription)? {
                models.push(Model { subscription, table, pass: pass() });
            }
        }
        Ok(Self(models))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes what was appended in this transaction, the first event of which stands at `first`; and
    /// before it, what processes without these read models have appended.
    pub(crate) async fn take(
        &mut self,
        client: &Client,
        shared: &Shared,
        (first, page): (Position, &Page),
    ) -> Result<(), InlineError> {
        for model in &mut self.0 {
            let Some((at, parked)) = model.lock(client, shared).await? else { continue };
            model.follow(client, shared, (at.position, first), &parked).await?;
            model.write(client, page, &parked).await?;
            let (to, name) = (to_i64(page.scanned().get()), model.subscription.name);
            let (position, id) = mark_parameters(page.mark());
            let sql = &shared.subscriptions.statements.move_to;
            run(client, sql, &[&to, &name, &false, &position, &id]).await?;
        }
        Ok(())
    }

    /// Who waits for these read models may look.
    pub(crate) fn committed(&self, shared: &Shared) {
        if !self.is_empty() {
            shared.subscriptions.moved.send_replace(());
        }
    }
}

impl Model {
    /// Where it stands, which nobody else can change before the transaction ends, and what a runner has
    /// parked of it; `None` if a newer definition has replaced it.
    async fn lock(
        &mut self,
        client: &Client,
        shared: &Shared,
    ) -> Result<Option<(Checkpoint, Parked)>, InlineError> {
        let Subscription { name, definition, .. } = &*self.subscription;
        let statement = &shared.subscriptions.statements.stand_locked;
        let rows = run(client, statement, &[name, &false, &&**definition]).await?;
        // Behind the lock, so that nobody parks a stream in between.
        let parked = run(client, &shared.subscriptions.statements.parked_from, &[name]).await?;
        let Some(row) = rows.first() else {
            return Err(self.table.unusable("somebody has removed it while it was inline").into());
        };
        let stored: &str = row.try_get(0)?;
        if *stored == **definition {
            return Ok(Some((checkpoint(row.try_get(1)?, row.try_get(2)?), parked_of(&parked)?)));
        }
        match other_definition(&self.subscription, stored, row.try_get(3)?) {
            // Another program writes these rows now.
            StoreError::ProjectionSuperseded { .. } => Ok(None),
            error => Err(error.into()),
        }
    }

    /// Takes the events between `at` and `first`. They are committed: whoever appends holds the log.
    async fn follow(
        &mut self,
        client: &Client,
        shared: &Shared,
        (mut at, first): (Position, Position),
        parked: &Parked,
    ) -> Result<(), InlineError> {
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let mut page = Page::new();
        if at.get() + 1 >= first.get() {
            return Ok(());
        }
        let reader = shared.reader_aside().await?;
        while at.get() + 1 < first.get() {
            page = reader.read(&query.clone().after(at), page).await?;
            self.write(client, &page, parked).await?;
            if page.scanned() == at || page.is_last() {
                break;
            }
            at = page.scanned();
        }
        Ok(())
    }

    async fn write(
        &mut self,
        client: &Client,
        page: &Page,
        parked: &Parked,
    ) -> Result<(), InlineError> {
        let Self { table, pass, .. } = self;
        let keys = pass.decode(page, parked).map_err(StoreError::from)?;
        if keys.is_empty() {
            return Ok(());
        }
        let encoded = table.encode_keys(&keys)?;
        let rows = run(client, &table.by_keys, &parameters(&encoded)).await?;
        let rows = rows.iter().map(values_of).collect::<Result<_, _>>()?;
        let changes = pass.change(rows).map_err(StoreError::from)?;
        // First, so that a row may have what another that goes has had, where that is unique.
        if !changes.deletes.is_empty() {
            let encoded = table.encode_keys(&changes.deletes)?;
            run(client, &table.delete, &parameters(&encoded)).await?;
        }
        if !changes.upserts.is_empty() {
            let encoded = table.encode_rows(&changes.upserts)?;
            run(client, &table.upsert, &parameters(&encoded)).await?;
        }
        Ok(())
    }
}

/// What is not to be taken.
fn parked_of(rows: &[Row]) -> Result<Parked, InlineError> {
    let mut parked = Parked::none();
    for row in rows {
        let stream = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::from)?;
        parked.park(stream, row.try_get::<_, i64>(1)? as u64);
    }
    Ok(parked)
}

/// Runs a statement that is prepared once for the connection, or again if its table was made anew.
async fn run(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, parameters).await;
    if rows.as_ref().is_err_and(is_outdated) {
        client.forget_statements();
    }
    rows
}

fn parameters<T: ToSql + Sync>(columns: &[T]) -> Vec<&(dyn ToSql + Sync)> {
    columns.iter().map(|one| one as &(dyn ToSql + Sync)).collect()
}
