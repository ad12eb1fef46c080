//! Read models that are written in the transaction of the append.

use std::sync::Arc;

use esrs_core::projection::{AnyPass, Pass};
use esrs_core::subscription::{
    FirstRefused, Parked, ParkedStream, Projected, Refusal, ResumedStream, Subscription,
};
use esrs_core::{LogMark, Page, Position, Projection, ReadQuery, StoreError, Withheld};
use rusqlite::Connection;

use super::ModelTable;
use crate::error::Fault;
use crate::reader::PageReader;
use crate::subscription::parked;
use crate::writer::Writer;

/// A read model that is registered at the builder.
pub(crate) struct Registered {
    pass: Box<dyn AnyPass>,
    subscription: Subscription,
}

impl Registered {
    pub(crate) fn new<P: Projection>() -> Self {
        let subscription = Projected::<P>::subscription_of();
        Self { pass: Box::new(Pass::<P>::new()), subscription }
    }

    /// Refuses read models of which two have one table: both would take every event.
    pub(crate) fn check_distinct(registered: &[Self]) -> Result<(), StoreError> {
        Subscription::check_distinct(registered.iter().map(|one| &one.subscription))
    }
}

/// A read model that is written in the transaction of the append.
pub(crate) struct Inline {
    table: ModelTable,
    pass: Box<dyn AnyPass>,
    /// The streams that a runner of the same table has put aside: they are for it to take up again.
    parked: Parked,
    /// The position behind which events are left out, while part of a page is taken.
    until: Option<Position>,
    /// True if a newer definition has built its rows: it is left to that, as if it were not here.
    is_superseded: bool,
}

impl Inline {
    pub(crate) fn new(Registered { pass, subscription }: Registered) -> Result<Self, Fault> {
        let table = pass.table();
        let table = ModelTable::new(Arc::new(subscription), table)?;
        Ok(Self { table, pass, parked: Parked::none(), until: None, is_superseded: false })
    }

    pub(crate) fn subscription(&self) -> &Arc<Subscription> {
        &self.table.subscription
    }

    /// Takes the events that were appended in this transaction.
    pub(crate) fn apply(&mut self, connection: &Connection, page: &Page) -> Result<(), Fault> {
        if self.is_superseded {
            return Ok(());
        }
        self.table.apply(connection, &mut *self.pass, page, &self.parked)
    }

    pub(crate) fn move_to(
        &self,
        connection: &Connection,
        at: Position,
        mark: Option<LogMark>,
    ) -> Result<(), Fault> {
        if self.is_superseded {
            return Ok(());
        }
        self.table.move_to(connection, at, mark)
    }

    /// Takes what a process without this read model has appended up to `head`.
    pub(crate) fn follow(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
        head: Position,
    ) -> Result<(), Fault> {
        let Some(mut at) = self.begin(connection, pages)? else { return Ok(()) };
        while at < head {
            at = self.take_page(connection, pages, at)?.0;
        }
        Ok(())
    }

    /// Its position, before it takes anything in a transaction; `None` if a newer definition has taken
    /// its place. Streams that an operator wants to be tried again are.
    fn begin(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
    ) -> Result<Option<Position>, Fault> {
        let Some(stands) = self.unless_superseded(|it| it.table.stands(connection))? else {
            return Ok(None);
        };
        if !stands.has_parked && self.parked.is_empty() {
            return Ok(Some(stands.at.position));
        }
        let parked = parked::all(connection, &self.table.subscription)?;
        self.parked = parked.iter().map(|one| (one.stream.clone(), one.version)).collect();
        for stream in parked.into_iter().filter(|one| one.is_to_resume) {
            self.resume(connection, pages, &stream, stands.at.position)?;
        }
        Ok(Some(stands.at.position))
    }

    /// The answer to a look at the table; `None` if its rows are those of a newer definition.
    fn unless_superseded<T>(
        &mut self,
        look: impl FnOnce(&Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let was_superseded = self.is_superseded;
        match look(self) {
            Err(Fault::Store(error @ StoreError::ProjectionSuperseded { .. })) => {
                self.is_superseded = true;
                if !was_superseded {
                    tracing::warn!(%error, "the store goes on without this read model");
                }
                Ok(None)
            }
            looked => {
                self.is_superseded = false;
                looked.map(Some)
            }
        }
    }

    /// Takes the events of a parked stream up to where the others are taken.
    fn resume(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
        stream: &ParkedStream,
        to: Position,
    ) -> Result<(), Fault> {
        self.parked.resume(&stream.stream);
        let mut query = ReadQuery::stream(stream.stream.clone())
            .after_version(stream.version.saturating_sub(1))
            .with_envelopes();
        let mut page = Page::new();
        loop {
            page = pages.read(connection, &query, page)?;
            self.take_until(Some(to));
            let taken = self.take(connection, &page);
            self.take_until(None);
            taken?;
            let last = page.records().last().map(|last| (last.version(), last.position()));
            // It may be parked again, at a later event or at the same.
            let is_parked = self.parked.contains(&stream.stream, u64::MAX);
            match last {
                Some((version, at)) if at < to && !page.is_last() && !is_parked => {
                    query = query.after_version(version);
                }
                _ if is_parked => return Ok(()),
                _ => break,
            }
        }
        let stream = stream.stream.clone();
        let resumed = ResumedStream { stream, next_version: None };
        parked::resume(connection, &self.table.subscription, &resumed)
    }

    /// Takes the next page behind `at`. Answers with its position then, and whether that is the end of
    /// the log.
    fn take_page(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
        at: Position,
    ) -> Result<(Position, bool), Fault> {
        let query = ReadQuery::all().after(at).only(self.pass.filter()).with_envelopes();
        let page = pages.read(connection, &query, Page::new())?;
        self.take(connection, &page)?;
        if page.scanned() != at {
            self.table.move_to(connection, page.scanned(), page.mark())?;
        }
        Ok((page.scanned(), page.is_last()))
    }

    /// Builds the rows again from the whole log; in a transaction.
    fn rebuild(&mut self, connection: &Connection, pages: &mut PageReader) -> Result<(), Fault> {
        let beside = self.table.take_away(connection)?;
        let mut at = self.table.create(connection)?.position;
        // A row that is refused is so at its event.
        self.table.put_beside(connection, beside.iter().filter(|one| one.is_unique))?;
        self.parked = Parked::none();
        let mut is_last = false;
        while !is_last {
            (at, is_last) = self.take_page(connection, pages, at)?;
        }
        // Rows are faster to insert while there is no index to keep up.
        self.table.put_beside(connection, beside.iter().filter(|one| !one.is_unique))
    }

    /// Takes a page that is stored already. An event that cannot be taken refuses nothing: its stream is
    /// parked, as a runner would.
    fn take(&mut self, connection: &Connection, page: &Page) -> Result<(), Fault> {
        loop {
            match self.attempt(connection, page, false)? {
                None => return Ok(()),
                Some(Refusal::Event(parked)) => self.park(connection, parked)?,
                Some(Refusal::Row(reason)) => {
                    let parked = self.first_refused(connection, page, reason)?;
                    self.park(connection, parked)?;
                }
            }
        }
    }

    /// Takes a page, or nothing of it; nothing in any case if it is only tried.
    fn attempt(
        &mut self,
        connection: &Connection,
        page: &Page,
        is_trial: bool,
    ) -> Result<Option<Refusal>, Fault> {
        connection.prepare_cached("SAVEPOINT esrs_rows")?.execute([])?;
        let refusal = match self.table.apply(connection, &mut *self.pass, page, &self.parked) {
            Ok(()) => None,
            Err(fault) if connection.is_autocommit() => return Err(fault),
            Err(Fault::Store(error)) => Some(Refusal::of(error)?),
            Err(fault) => return Err(fault),
        };
        if is_trial || refusal.is_some() {
            connection.prepare_cached("ROLLBACK TO esrs_rows")?.execute([])?;
        }
        connection.prepare_cached("RELEASE esrs_rows")?.execute([])?;
        Ok(refusal)
    }

    /// The first event of a page whose row is refused: fewer and fewer events are taken.
    fn first_refused(
        &mut self,
        connection: &Connection,
        page: &Page,
        reason: Withheld,
    ) -> Result<ParkedStream, Fault> {
        let table = self.table.subscription.name;
        let before = self.until;
        let mut search = FirstRefused::new(table, page, &self.parked, reason);
        while let Some(until) = search.until() {
            self.take_until(Some(until));
            let refusal = self.attempt(connection, page, true);
            self.take_until(before);
            if let Some(parked) = search.tried(refusal?) {
                return Ok(parked);
            }
        }
        Ok(search.parked()?)
    }

    fn take_until(&mut self, until: Option<Position>) {
        self.until = until;
        self.parked.take_until(until);
    }

    fn park(&mut self, connection: &Connection, parked: ParkedStream) -> Result<(), Fault> {
        tracing::warn!(
            table = self.table.subscription.name, stream = %esrs_core::escaped(&parked.stream), version = parked.version,
            reason = parked.reason, "a stream is parked: retry or skip the event",
        );
        parked::park(connection, &self.table.subscription, &parked)?;
        self.parked.park(parked.stream, parked.version);
        Ok(())
    }
}

impl Writer {
    /// Makes the tables that are not there, and brings each to the end of the log: in pages, so
    /// that other processes need not wait for all of it. With `rebuild_changed` one that
    /// another definition has made is rebuilt.
    pub(crate) fn prepare_inline(&mut self, rebuild_changed: bool) -> Result<(), Fault> {
        for number in 0..self.inline.len() {
            self.transact(|writer| {
                let Writer { inline, connection, pages, .. } = writer;
                let inline = &mut inline[number];
                match inline.unless_superseded(|it| it.table.ensure(connection)) {
                    Err(Fault::Store(
                        StoreError::ProjectionChanged { .. } | StoreError::HistoryChanged { .. },
                    )) if rebuild_changed => {
                        let table = inline.table.subscription.name;
                        tracing::info!(table, "rebuilding a changed projection");
                        inline.rebuild(connection, pages)
                    }
                    ensured => ensured.map(drop),
                }
            })?;
            let mut is_last = false;
            while !is_last {
                is_last = self.transact(|writer| {
                    let Writer { inline, connection, pages, .. } = writer;
                    let inline = &mut inline[number];
                    let Some(at) = inline.begin(connection, pages)? else { return Ok(true) };
                    Ok(inline.take_page(connection, pages, at)?.1)
                })?;
            }
        }
        Ok(())
    }

    /// Brings the read models to the end of the log, before something is appended to it.
    pub(crate) fn follow_inline(&mut self, head: Position) -> Result<(), Fault> {
        let Self { inline, connection, pages, .. } = self;
        inline.iter_mut().try_for_each(|inline| inline.follow(connection, pages, head))
    }
}
