//! One read model, in a transaction.

use std::sync::Arc;

use esrs_core::projection::AnyPass;
use esrs_core::subscription::{Checkpoint, Parked, Subscription};
use esrs_core::{Page, Position, ReadQuery, StoreError, StreamId};
use futures_util::future::join;

use super::super::subscribe::Stored;
use super::super::table::ModelTable;
use super::super::value::stored_rows;
use super::{InlineError, PREPARING, commit, run, run_on_rows};
use crate::connect::{Client, PIN_PATH};
use crate::encode::to_i64;
use crate::pool::Reader;
use crate::store::Shared;

/// A read model that is written in transactions of others.
pub(super) struct Model {
    pub(super) subscription: Arc<Subscription>,
    table: Arc<ModelTable>,
    pub(super) pass: Box<dyn AnyPass>,
    /// The streams that are parked, in this transaction.
    pub(super) parked: Parked,
    /// The position behind which events are left out, while part of a page is taken.
    pub(super) until: Option<Position>,
    /// True if a newer definition has built its rows: it is left to that, as if it were not here.
    is_superseded: bool,
}

/// The state of a read model that no other transaction can change before the transaction ends.
struct Locked {
    at: Checkpoint,
    /// The streams that must be tried again, from these versions on.
    to_resume: Vec<(StreamId, u64)>,
}

/// A connection that reads while the transaction is open on another.
pub(super) type Aside<'a> = Reader<'a, Box<Client>>;

impl Model {
    /// `None` if the subscription has no table.
    pub(super) fn new(
        subscription: Arc<Subscription>,
        pass: Box<dyn AnyPass>,
        shared: &Shared,
    ) -> Result<Option<Self>, StoreError> {
        let table = shared.subscriptions.table(&subscription)?;
        let (parked, until, is_superseded) = (Parked::none(), None, false);
        Ok(table.map(|table| Self { subscription, table, pass, parked, until, is_superseded }))
    }

    pub(super) fn name(&self) -> &'static str {
        self.subscription.name
    }

    /// Takes the events of an append, the first of which is at `first`. They are committed with the
    /// rows or not at all, so one that cannot be taken refuses the append; none before it does.
    pub(super) async fn append(
        &mut self,
        client: &Client,
        shared: &Shared,
        (first, page): (Position, &Page),
    ) -> Result<(), InlineError> {
        let Some(Locked { mut at, to_resume }) = self.lock(client, shared).await? else {
            return Ok(());
        };
        // Those before are committed: whoever appends holds the log.
        let is_behind = at.position.get() + 1 < first.get();
        if is_behind || !to_resume.is_empty() {
            let reader = shared.reader_aside().await?;
            self.resume(client, shared, &reader, (to_resume, at.position)).await?;
            while at.position.get() + 1 < first.get() {
                let (to, is_last) = self.take_next(client, shared, &reader, at).await?;
                if to.position == at.position || is_last {
                    break;
                }
                at = to;
            }
        }
        self.write(client, shared, page).await?;
        self.move_to(client, shared, page.scanned()).await
    }

    /// Takes all that is in the log, page by page, in transactions of its own.
    pub(super) async fn catch_up(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let mut reader = shared.reader_aside().await?;
        let mut left = shared.attempts().left;
        loop {
            let lent = shared.step().await?;
            let paging = async {
                lent.batch_execute("BEGIN").await?;
                let is_last = self.take_page(&lent, shared, &reader).await?;
                let committed = lent.batch_execute(&commit(&lent)).await;
                committed.map_err(|error| match crate::error::is_about_rows(&error) {
                    true => shared.location.refused_row(self.name(), &error).into(),
                    false => InlineError::from(error),
                })?;
                Ok(is_last)
            };
            let paged = shared
                .in_time(shared.longest_call(), async {
                    paging.await.map_err(|error| match error {
                        InlineError::Store(error) => error,
                        InlineError::Driver(error) => shared.location.explain(PREPARING, error),
                    })
                })
                .await;
            match paged {
                Ok(is_last) => {
                    lent.give_back();
                    shared.subscriptions.moved.send_replace(());
                    if is_last {
                        return Ok(());
                    }
                }
                // Whether it was committed or not, the next transaction sees.
                Err(StoreError::Unavailable { .. }) if left > 0 => {
                    left -= 1;
                    lent.discard();
                    reader = shared.reader_aside().await?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the next page of the log; says whether that was the last.
    async fn take_page(
        &mut self,
        client: &Client,
        shared: &Shared,
        reader: &Aside<'_>,
    ) -> Result<bool, InlineError> {
        let Some(Locked { at, to_resume }) = self.lock(client, shared).await? else {
            return Ok(true);
        };
        self.resume(client, shared, reader, (to_resume, at.position)).await?;
        let (to, is_last) = self.take_next(client, shared, reader, at).await?;
        if to.position != at.position {
            self.move_to(client, shared, to.position).await?;
        }
        Ok(is_last)
    }

    async fn take_next(
        &mut self,
        client: &Client,
        shared: &Shared,
        reader: &Aside<'_>,
        at: Checkpoint,
    ) -> Result<(Checkpoint, bool), InlineError> {
        let query = ReadQuery::all().only(self.pass.filter()).with_envelopes();
        let query = query.after(at.position).continuing(at.mark);
        let page = reader.read(&query, Page::new()).await?;
        self.take_stored(client, shared, &page).await?;
        let (position, mark) = (page.scanned(), page.mark().or(at.mark));
        Ok((Checkpoint { position, mark, ..at }, page.is_last()))
    }

    /// Reads its stored state, which no other transaction can change before the transaction ends; `None` if a
    /// newer definition has built its rows.
    async fn lock(
        &mut self,
        client: &Client,
        shared: &Shared,
    ) -> Result<Option<Locked>, InlineError> {
        let statements = &shared.subscriptions.statements;
        let Subscription { name, building, definition, .. } = &*self.subscription;
        let rows = run(client, &statements.stand_locked, &[name, building, &&**definition]).await?;
        let stored = rows.first().map(|row| Stored::of(row, 0)).transpose()?.flatten();
        let Some(stored) = stored else {
            return Err(self.table.unusable("somebody has removed it while it was inline").into());
        };
        match stored.check_definition(&self.subscription) {
            Err(error @ StoreError::ProjectionSuperseded { .. }) => {
                if !std::mem::replace(&mut self.is_superseded, true) {
                    tracing::warn!(%error, "the store goes on without this read model");
                }
                return Ok(None);
            }
            checked => checked?,
        }
        self.is_superseded = false;
        stored.check_history()?;
        // Behind the lock, so that nobody parks a stream in between.
        let rows = run(client, &statements.parked_from, &[name, building]).await?;
        let (mut parked, mut to_resume) = (Parked::none(), Vec::new());
        for row in &rows {
            let stream: StreamId = row.try_get::<_, &str>(0)?.parse().map_err(StoreError::from)?;
            let version = row.try_get::<_, i64>(1)? as u64;
            if row.try_get(2)? {
                to_resume.push((stream.clone(), version));
            }
            parked.park(stream, version);
        }
        self.parked = parked;
        self.take_until(None);
        Ok(Some(Locked { at: stored.at, to_resume }))
    }

    pub(super) fn take_until(&mut self, until: Option<Position>) {
        self.until = until;
        self.parked.take_until(until);
    }

    async fn move_to(
        &mut self,
        client: &Client,
        shared: &Shared,
        position: Position,
    ) -> Result<(), InlineError> {
        let Subscription { name, building, .. } = &*self.subscription;
        let (to, move_to) = (to_i64(position.get()), &shared.subscriptions.statements.move_to);
        run(client, move_to, &[&to, name, building]).await?;
        Ok(())
    }

    /// Writes what follows from a page, but for what is parked.
    pub(super) async fn write(
        &mut self,
        client: &Client,
        shared: &Shared,
        page: &Page,
    ) -> Result<(), InlineError> {
        let Self { table, pass, parked, .. } = self;
        let keys = pass.decode(page, parked).map_err(StoreError::from)?;
        if keys.is_empty() {
            return Ok(());
        }
        let encoded = table.encode_keys(&keys)?;
        // Triggers and policies of users find names by the path of the role.
        let on_path = client.batch_execute(client.role_path());
        let asked = run_on_rows(client, shared, table, &table.by_keys, &encoded);
        let (on_path, rows) = join(on_path, asked).await;
        on_path?;
        let rows = stored_rows(table, &rows?)?;
        let changes = pass.change(rows).map_err(StoreError::from)?;
        // First, so that a row may have what another that goes has had, where that is unique.
        if !changes.deletes.is_empty() {
            let encoded = table.encode_keys(&changes.deletes)?;
            run_on_rows(client, shared, table, &table.delete, &encoded).await?;
        }
        if changes.upserts.is_empty() {
            return Ok(client.batch_execute(PIN_PATH).await?);
        }
        let encoded = table.encode_rows(&changes.upserts)?;
        // Both are sent at once, in this order.
        client.prepare_cached(&table.upsert).await?;
        let written = run_on_rows(client, shared, table, &table.upsert, &encoded);
        let (written, pinned) = join(written, client.batch_execute(PIN_PATH)).await;
        written?;
        Ok(pinned?)
    }
}
