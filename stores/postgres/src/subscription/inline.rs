//! Read models that are written in the transaction of the append.

use std::sync::Arc;

use esrs_core::projection::{AnyPass, Pass, ProjectionError, RowError};
use esrs_core::subscription::{
    Checkpoint, Parked, ParkedStream, Projected, Subscriber, Subscription, SubscriptionStore,
    rebuild,
};
use esrs_core::{Page, PayloadError, Position, Projection, ReadQuery, StoreError, StreamId};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::subscribe::{checkpoint, mark_parameters, other_definition};
use super::table::ModelTable;
use super::value::values_of;
use crate::PostgresStore;
use crate::connect::Client;
use crate::encode::{Moment, to_i64};
use crate::error::{is_about_rows, is_outdated, said};
use crate::pool::Reader;
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
        match self.catch_up(store).await {
            Err(StoreError::ProjectionChanged { table, .. }) if rebuild_changed => {
                tracing::info!(table, "rebuilding a changed projection");
                rebuild(store, || (self.subscriber)(true), |_| {}).await.map(drop)
            }
            Err(error @ StoreError::ProjectionSuperseded { .. }) => {
                tracing::warn!(%error, "appends do not write these rows any more");
                Ok(())
            }
            other => other,
        }
    }

    /// Brings the rows to the end of the log, page by page, each in a transaction of its own. An event that
    /// cannot be taken parks its stream.
    async fn catch_up(&self, store: &PostgresStore) -> Result<(), StoreError> {
        let shared = store.shared();
        let subscription = (self.subscriber)(false).subscription().clone();
        store.subscribe(subscription.clone()).await?;
        let Some(table) = shared.subscriptions.table(&subscription)? else { return Ok(()) };
        let mut model = Model::new(subscription, table, (self.pass)());
        loop {
            // Dropped on the way of an error, it ends its transaction before it is lent again.
            let lent = shared.step().await?;
            let page = async {
                lent.batch_execute("BEGIN").await?;
                let is_last = model.take_next(&lent, shared).await?;
                lent.batch_execute("COMMIT").await?;
                Ok(is_last)
            };
            let explain = |error| match error {
                InlineError::Store(error) => error,
                InlineError::Driver(error) => shared.location.explain(CATCHING_UP, error),
            };
            let taken = async { page.await.map_err(explain) };
            let is_last = shared.in_time(shared.longest_call(), taken).await?;
            lent.give_back();
            shared.subscriptions.moved.send_replace(());
            if is_last {
                return Ok(());
            }
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
    /// The streams that are parked, as the transaction has found and left them.
    parked: Parked,
    /// The position behind which events are left out, while part of a page is taken.
    until: Option<Position>,
}

/// Why a page of events that are stored already cannot be taken.
enum Refusal {
    Event(ParkedStream),
    /// The table refuses a row, of whichever event.
    Row(String),
}

const CATCHING_UP: &str = "catching up with an inline projection";

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
                models.push(Model::new(subscription, table, pass()));
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
            let Some((at, resumed)) = model.lock(client, shared).await? else { continue };
            model.follow(client, shared, (at.position, first), resumed).await?;
            model.write(client, page).await?;
            model.move_to(client, shared, page).await?;
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
    fn new(
        subscription: Arc<Subscription>,
        table: Arc<ModelTable>,
        pass: Box<dyn AnyPass>,
    ) -> Self {
        Self { subscription, table, pass, parked: Parked::none(), until: None }
    }

    /// Its checkpoint, which nothing else can change before the transaction ends, and the parked streams
    /// that an operator wants to be tried again, with their versions; `None` if a newer definition has
    /// replaced it.
    async fn lock(
        &mut self,
        client: &Client,
        shared: &Shared,
    ) -> Result<Option<(Checkpoint, Vec<(StreamId, u64)>)>, InlineError> {
        let Subscription { name, definition, .. } = &*self.subscription;
        let statement = &shared.subscriptions.statements.stand_locked;
        let rows = run(client, statement, &[name, &false, &&**definition]).await?;
        // Behind the lock, so that no stream is parked in between.
        let parked = run(client, &shared.subscriptions.statements.parked_from, &[name]).await?;
        let Some(row) = rows.first() else {
            return Err(self.table.unusable("somebody has removed it while it was inline").into());
        };
        let stored: &str = row.try_get(0)?;
        if *stored != **definition {
            return match other_definition(&self.subscription, stored, row.try_get(3)?) {
                // Another program writes these rows now.
                StoreError::ProjectionSuperseded { .. } => Ok(None),
                error => Err(error.into()),
            };
        }
        let (mut resumed, mut streams) = (Vec::new(), Parked::none());
        for row in &parked {
            let stream: StreamId = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::from)?;
            let version = row.try_get::<_, i64>(1)? as u64;
            if row.try_get(2)? {
                resumed.push((stream.clone(), version));
            }
            streams.park(stream, version);
        }
        (self.parked, self.until) = (streams, None);
        Ok(Some((checkpoint(row.try_get(1)?, row.try_get(2)?), resumed)))
    }

    async fn move_to(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
    ) -> Result<(), InlineError> {
        let (to, name) = (to_i64(page.scanned().get()), self.subscription.name);
        let (position, id) = mark_parameters(page.mark());
        let sql = &shared.subscriptions.statements.move_to;
        run(client, sql, &[&to, &name, &false, &position, &id]).await?;
        Ok(())
    }

    /// Takes the next page in a transaction; whether that was the last.
    async fn take_next(&mut self, client: &Client, shared: &Shared) -> Result<bool, InlineError> {
        let Some((at, resumed)) = self.lock(client, shared).await? else { return Ok(true) };
        let reader = shared.reader_aside().await?;
        for (stream, version) in resumed {
            self.resume(client, shared, &reader, (&stream, version), at.position).await?;
        }
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let page = reader.read(&query.after(at.position), Page::new()).await?;
        self.take(client, shared, &page).await?;
        if page.scanned() != at.position {
            self.move_to(client, shared, &page).await?;
        }
        Ok(page.is_last() || page.scanned() == at.position)
    }

    /// Takes the events between `at` and `first`, and those of streams that are to be tried again. They are
    /// committed: whoever appends holds the log.
    async fn follow(
        &mut self,
        client: &Client,
        shared: &Shared,
        (mut at, first): (Position, Position),
        resumed: Vec<(StreamId, u64)>,
    ) -> Result<(), InlineError> {
        if at.get() + 1 >= first.get() && resumed.is_empty() {
            return Ok(());
        }
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let mut page = Page::new();
        let reader = shared.reader_aside().await?;
        for (stream, version) in resumed {
            self.resume(client, shared, &reader, (&stream, version), at).await?;
        }
        while at.get() + 1 < first.get() {
            page = reader.read(&query.clone().after(at), page).await?;
            self.take(client, shared, &page).await?;
            if page.scanned() == at || page.is_last() {
                break;
            }
            at = page.scanned();
        }
        Ok(())
    }

    /// Takes the events of a parked stream up to where the others are taken.
    async fn resume(
        &mut self,
        client: &Client,
        shared: &Shared,
        reader: &Reader<'_, Box<Client>>,
        (stream, mut version): (&StreamId, u64),
        to: Position,
    ) -> Result<(), InlineError> {
        self.parked.resume(stream);
        let mut page = Page::new();
        loop {
            let query = ReadQuery::stream(stream.clone()).with_envelopes();
            let query = query.after_version(version.saturating_sub(1));
            page = reader.read(&query, page).await?;
            self.take_until(Some(to));
            let taken = self.take(client, shared, &page).await;
            self.take_until(None);
            taken?;
            // It may be parked again, at a later event or at the same.
            if self.parked.contains(stream, u64::MAX) {
                return Ok(());
            }
            let last = page.records().last().map(|last| (last.version(), last.position()));
            match last {
                Some((last, at)) if at < to && !page.is_last() => version = last + 1,
                _ => break,
            }
        }
        let (name, sql) = (self.subscription.name, &shared.subscriptions.statements.resume);
        run(client, sql, &[&name, &false, &stream.as_str()]).await?;
        Ok(())
    }

    /// Takes a page that is stored already. An event that cannot be taken refuses nothing: its stream is
    /// parked, as a runner would.
    async fn take(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
    ) -> Result<(), InlineError> {
        loop {
            let parked = match self.attempt(client, page, false).await? {
                None => return Ok(()),
                Some(Refusal::Event(parked)) => parked,
                Some(Refusal::Row(reason)) => self.first_refused(client, page, reason).await?,
            };
            tracing::warn!(
                table = self.subscription.name, stream = %parked.stream, version = parked.version,
                reason = parked.reason, "a stream is parked: retry or skip the event",
            );
            let ParkedStream { stream, version, position, event, reason, parked_at, .. } = parked;
            let reason = reason.replace('\0', "\u{fffd}");
            let parameters: [&(dyn ToSql + Sync); 9] = [
                &self.subscription.name,
                &false,
                &stream.as_str(),
                &to_i64(version),
                &to_i64(position.get()),
                &event,
                &reason,
                &Moment(parked_at),
                &false,
            ];
            run(client, &shared.subscriptions.statements.park, &parameters).await?;
            self.parked.park(stream, version);
        }
    }

    /// Takes a page, or nothing of it; nothing in any case if it is only tried.
    async fn attempt(
        &mut self,
        client: &Client,
        page: &Page,
        is_trial: bool,
    ) -> Result<Option<Refusal>, InlineError> {
        client.batch_execute("SAVEPOINT esrs_rows").await?;
        let refusal = match self.write(client, page).await {
            Ok(()) => None,
            Err(InlineError::Store(StoreError::RowRefused { reason, .. })) => {
                Some(Refusal::Row(reason))
            }
            Err(InlineError::Store(StoreError::Projection(error))) if is_of_the_event(&error) => {
                Some(Refusal::Event(parked_by(*error)))
            }
            Err(error) => return Err(error),
        };
        let ended = match is_trial || refusal.is_some() {
            true => "ROLLBACK TO esrs_rows; RELEASE esrs_rows",
            false => "RELEASE esrs_rows",
        };
        client.batch_execute(ended).await?;
        Ok(refusal)
    }

    /// The first event of a page whose row is refused: fewer and fewer events are taken.
    async fn first_refused(
        &mut self,
        client: &Client,
        page: &Page,
        mut reason: String,
    ) -> Result<ParkedStream, InlineError> {
        let until = self.until;
        let taken: Vec<_> =
            page.records().filter(|record| !self.parked.leaves_out(record)).collect();
        // So many are taken, and so many are refused.
        let (mut good, mut bad) = (0, taken.len());
        while bad - good > 1 {
            let middle = good + (bad - good) / 2;
            self.take_until(taken.get(middle - 1).map(|record| record.position()));
            let refusal = self.attempt(client, page, true).await;
            self.take_until(until);
            match refusal? {
                None => good = middle,
                Some(Refusal::Event(parked)) => return Ok(parked),
                Some(Refusal::Row(said)) => (bad, reason) = (middle, said),
            }
        }
        let Some(record) = bad.checked_sub(1).and_then(|last| taken.get(last)) else {
            let table = self.subscription.name.to_owned();
            return Err(StoreError::RowRefused { table, reason }.into());
        };
        Ok(ParkedStream {
            stream: record.stream().clone(),
            version: record.version(),
            position: record.position(),
            event: record.kind().name.to_string(),
            reason: RowError::Refused { reason }.to_string(),
            parked_at: Timestamp::now(),
            is_to_resume: false,
        })
    }

    fn take_until(&mut self, until: Option<Position>) {
        self.until = until;
        self.parked.take_until(until);
    }

    async fn write(&mut self, client: &Client, page: &Page) -> Result<(), InlineError> {
        let Self { table, pass, parked, .. } = self;
        let keys = pass.decode(page, parked).map_err(StoreError::from)?;
        if keys.is_empty() {
            return Ok(());
        }
        let encoded = table.encode_keys(&keys)?;
        let rows = run(client, &table.by_keys, &parameters(&encoded)).await?;
        let rows = rows.iter().map(values_of).collect::<Result<_, _>>()?;
        let changes = pass.change(rows).map_err(StoreError::from)?;
        let refused = |error: Error| match is_about_rows(&error) {
            true => {
                let (table, reason) = (table.table.name.to_owned(), said(&error));
                InlineError::Store(StoreError::RowRefused { table, reason })
            }
            false => InlineError::Driver(error),
        };
        // First, so that a row may have what another that goes has had, where that is unique.
        if !changes.deletes.is_empty() {
            let encoded = table.encode_keys(&changes.deletes)?;
            run(client, &table.delete, &parameters(&encoded)).await.map_err(refused)?;
        }
        if !changes.upserts.is_empty() {
            let encoded = table.encode_rows(&changes.upserts)?;
            run(client, &table.upsert, &parameters(&encoded)).await.map_err(refused)?;
        }
        Ok(())
    }
}

/// Whether the event will never be taken by this program, and no other can take it better: one of a
/// newer version is for a newer program.
fn is_of_the_event(error: &ProjectionError) -> bool {
    !matches!(
        &*error.reason,
        RowError::Payload(PayloadError::NewerVersion { .. }) | RowError::NoEnvelope
    )
}

fn parked_by(error: ProjectionError) -> ParkedStream {
    let ProjectionError { stream, version, position, event, reason, .. } = error;
    let (parked_at, is_to_resume, reason) = (Timestamp::now(), false, reason.to_string());
    ParkedStream { stream, version, position, event, reason, parked_at, is_to_resume }
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
