//! The transaction of a step, as its subscriber has it in hand.

use std::borrow::Cow;
use std::task::{Context, Poll, Waker};

use esrs_core::projection::{RowChanges, RowKey, Value};
use esrs_core::subscription::{RowTransaction, Subscriber, Transaction, check_statement};
use esrs_core::{Position, StoreError};
use futures_core::future::BoxFuture;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::{Batch, CachedStatement, Connection, Statement};

use crate::error::{Database, Fault};
use crate::projection::ModelTable;
use crate::value::{Bound, untyped};

const DOING: &str = "running a statement of a subscription";

const AWAITED: &str = "its handler awaited something other than the statements of its transaction, \
    which run on a thread that waits for nothing else";

/// The transaction of a step; its futures are ready when they are polled first.
pub(super) struct Step<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) database: &'a Database,
    pub(super) table: Option<&'a ModelTable>,
}

impl Step<'_> {
    /// Has the subscriber do what follows from its page. Its futures are ready when they are polled
    /// first.
    pub(super) fn run(
        mut self,
        subscriber: &mut dyn Subscriber,
        from: Position,
    ) -> Result<(), Fault> {
        let mut running = subscriber.run(from, &mut self);
        match running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => done?,
            Poll::Pending => return Err(Fault::said(DOING, AWAITED)),
        }
        drop(running);
        self.check()
    }

    /// Refuses to go on outside of the transaction: a statement may have rolled it back.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.connection.is_autocommit() {
            true => Err(Fault::said(DOING, "a statement has ended the transaction")),
            false => Ok(()),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Self) -> Result<T, Fault>) -> Result<T, StoreError> {
        let done = self.check().and_then(|()| work(self)).and_then(|done| {
            self.check()?;
            Ok(done)
        });
        done.map_err(|fault| self.database.explain(DOING, fault))
    }

    fn table(&self) -> Result<&ModelTable, Fault> {
        self.table.ok_or_else(|| Fault::said(DOING, "this subscription has no table of rows"))
    }

    /// Runs `work` on the one statement of `sql`, with its parameters bound.
    fn statement<T>(
        &self,
        sql: &str,
        parameters: &[Value],
        work: impl FnOnce(&mut Statement<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        check_statement(sql)?;
        let mut statement = prepare(self.connection, sql)?;
        bind(&mut statement, parameters)?;
        work(&mut statement)
    }

    fn execute_now(&self, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
        self.statement(sql, parameters, |statement| {
            let before = self.connection.total_changes();
            let changed = statement.raw_execute()?;
            // What is no insert, update or delete leaves the count of the one before.
            let has_changed = self.connection.total_changes() != before;
            Ok(if has_changed { changed as u64 } else { 0 })
        })
    }

    fn query_now(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>, Fault> {
        self.statement(sql, parameters, |statement| {
            let mut found = statement.raw_query();
            let mut rows = Vec::new();
            while let Some(row) = found.next()? {
                let columns = row.as_ref().column_count();
                let values = (0..columns).map(|place| Ok(untyped(row.get_ref(place)?)?));
                rows.push(values.collect::<Result<_, Fault>>()?);
            }
            Ok(rows)
        })
    }
}

/// A statement that is kept, or one that is not.
enum Prepared<'a> {
    Kept(CachedStatement<'a>),
    Once(Statement<'a>),
}

impl<'a> std::ops::Deref for Prepared<'a> {
    type Target = Statement<'a>;

    fn deref(&self) -> &Statement<'a> {
        match self {
            Self::Kept(statement) => statement,
            Self::Once(statement) => statement,
        }
    }
}

impl<'a> std::ops::DerefMut for Prepared<'a> {
    fn deref_mut(&mut self) -> &mut Statement<'a> {
        match self {
            Self::Kept(statement) => statement,
            Self::Once(statement) => statement,
        }
    }
}

fn prepare<'a>(connection: &'a Connection, sql: &str) -> Result<Prepared<'a>, Fault> {
    if !sql.trim_end().trim_end_matches(';').contains(';') {
        return Ok(Prepared::Kept(connection.prepare_cached(sql)?));
    }
    // SQLite would leave out, without a word, what stands behind the first.
    let mut statements = Batch::new(connection, sql);
    let first = statements.next()?;
    match (first, statements.next()) {
        (Some(first), Ok(None)) => Ok(Prepared::Once(first)),
        (None, _) => Err(Fault::said(DOING, "there is no statement in it")),
        _ => Err(Fault::said(DOING, "it is more than one statement; run one after the other")),
    }
}

/// Binds the n-th value to `$n`: SQLite itself would number them by where they come first.
fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> Result<(), Fault> {
    let mut highest = 0;
    for place in 1..=statement.parameter_count() {
        let name = match statement.parameter_name(place) {
            Some(name) => Cow::Owned(name.to_owned()),
            None => Cow::Borrowed("?"),
        };
        let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let Some(number) = number.filter(|&number| number > 0) else {
            let reason = format!("parameters are `$1`, `$2` …, and this has `{name}`");
            return Err(Fault::said(DOING, reason));
        };
        highest = highest.max(number);
        if let Some(value) = parameters.get(number - 1) {
            statement.raw_bind_parameter(place, Bound(value))?;
        }
    }
    if highest == parameters.len() {
        return Ok(());
    }
    let given = parameters.len();
    let reason = format!("its highest parameter is ${highest}, and it was given {given} values");
    Err(Fault::said(DOING, reason))
}

impl Transaction for Step<'_> {
    fn take_failure(&mut self) -> Option<StoreError> {
        None
    }

    fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move { self.with(|step| step.execute_now(sql, parameters)) })
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move { self.with(|step| step.query_now(sql, parameters)) })
    }
}

impl RowTransaction for Step<'_> {
    fn rows<'a>(
        &'a mut self,
        keys: &'a [RowKey],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move { self.with(|step| step.table()?.rows(step.connection, keys)) })
    }

    fn write<'a>(&'a mut self, changes: &'a RowChanges) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.with(|step| step.table()?.write(step.connection, changes)) })
    }

    fn as_transaction(&mut self) -> &mut dyn Transaction {
        self
    }
}
