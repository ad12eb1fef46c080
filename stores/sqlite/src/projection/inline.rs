//! Read models that are written in the transaction of the append.

use std::sync::Arc;

use esrs_core::projection::{AnyPass, Pass};
use esrs_core::subscription::{Parked, Subscription};
use esrs_core::{LogMark, Page, Position, Projection, ReadQuery, StoreError};
use rusqlite::Connection;

use super::ModelTable;
use super::rebuild::rebuild;
use crate::error::Fault;
use crate::reader::PageReader;
use crate::subscription::parked;
use crate::writer::Writer;

/// A read model that is registered at the builder.
pub(crate) struct Registered(Box<dyn AnyPass>);

impl Registered {
    pub(crate) fn new<P: Projection>() -> Self {
        Self(Box::new(Pass::<P>::new()))
    }
}

/// A read model that is written in the transaction of the append.
pub(crate) struct Inline {
    table: ModelTable,
    pass: Box<dyn AnyPass>,
    /// The streams that a runner of the same table has put aside: they are for it to take up again.
    parked: Parked,
}

impl Inline {
    pub(crate) fn new(Registered(pass): Registered) -> Result<Self, Fault> {
        let table = pass.table();
        let subscription = Subscription {
            name: table.name,
            definition: pass.definition().into(),
            table: Some(table),
            building: false,
        };
        let table = ModelTable::new(Arc::new(subscription), table)?;
        Ok(Self { table, pass, parked: Parked::none() })
    }

    pub(crate) fn subscription(&self) -> &Subscription {
        &self.table.subscription
    }

    /// Takes the events that were appended in this transaction.
    pub(crate) fn apply(&mut self, connection: &Connection, page: &Page) -> Result<(), Fault> {
        self.table.apply(connection, &mut *self.pass, page, &self.parked)
    }

    pub(crate) fn move_to(
        &self,
        connection: &Connection,
        at: Position,
        mark: Option<LogMark>,
    ) -> Result<(), Fault> {
        self.table.move_to(connection, at, mark)
    }

    /// Takes what a process without this read model has appended up to `head`.
    pub(crate) fn follow(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
        head: Position,
    ) -> Result<(), Fault> {
        let mut at = self.begin(connection)?;
        while at < head {
            at = self.take_page(connection, pages, at)?.0;
        }
        Ok(())
    }

    /// Where it stands, and with which streams put aside; before it takes anything in a transaction.
    fn begin(&mut self, connection: &Connection) -> Result<Position, Fault> {
        let stands = self.table.stands(connection)?;
        if stands.has_parked || !self.parked.is_empty() {
            let parked = parked::all(connection, &self.table.subscription)?;
            self.parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
        }
        Ok(stands.at.position)
    }

    /// Takes the next page behind `at`. Answers with where it stands then, and whether that is the
    /// end of the log.
    fn take_page(
        &mut self,
        connection: &Connection,
        pages: &mut PageReader,
        at: Position,
    ) -> Result<(Position, bool), Fault> {
        let query = ReadQuery::all().after(at).only(self.pass.filter()).with_envelopes();
        let page = pages.read(connection, &query, Page::new())?;
        self.table.apply(connection, &mut *self.pass, &page, &self.parked)?;
        if page.scanned() != at {
            self.table.move_to(connection, page.scanned(), page.mark())?;
        }
        Ok((page.scanned(), page.is_last()))
    }
}

impl Writer {
    /// Makes the tables that are not there, and brings each to the end of the log: in pages, so
    /// that other processes are not kept waiting for all of it. With `rebuild_changed` one that
    /// another definition has made is made anew.
    pub(crate) fn prepare_inline(&mut self, rebuild_changed: bool) -> Result<(), Fault> {
        for number in 0..self.inline.len() {
            self.transact(|writer| {
                let Writer { inline, connection, pages, .. } = writer;
                let Inline { table, pass, .. } = &mut inline[number];
                match table.ensure(connection) {
                    Err(Fault::Store(StoreError::ProjectionChanged { .. })) if rebuild_changed => {
                        let table_name = table.subscription.name;
                        tracing::info!(table = table_name, "rebuilding a changed projection");
                        rebuild(connection, pages, table, &mut **pass)
                    }
                    ensured => ensured.map(drop),
                }
            })?;
            let mut is_last = false;
            while !is_last {
                is_last = self.transact(|writer| {
                    let Writer { inline, connection, pages, .. } = writer;
                    let inline = &mut inline[number];
                    let at = inline.begin(connection)?;
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
