//! The transaction of a step, as its subscriber has it in hand.

use std::task::{Context, Poll, Waker};

use esrs_core::projection::{RowChanges, RowKey, Value};
use esrs_core::subscription::{RowTransaction, Subscriber, Transaction};
use esrs_core::{Position, StoreError, Withheld};
use futures_core::future::BoxFuture;
use rusqlite::{Connection, ErrorCode, Statement};

use crate::error::{Database, Fault};
use crate::guard::{Author, Guard};
use crate::parameters::{Style, bind};
use crate::projection::ModelTable;
use crate::schema;
use crate::statement::{self, Place};
use crate::value::untyped;
use crate::within_step;

const DOING: &str = "running a statement of a subscription";

/// The transaction of a step; its futures are ready when they are polled first.
pub(super) struct Step<'a> {
    pub(super) connection: &'a mut Connection,
    pub(super) guard: &'a Guard,
    pub(super) database: &'a Database,
    pub(super) table: Option<&'a ModelTable>,
    /// The error of a statement of the handler that was not taken back.
    failure: Option<StoreError>,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        connection: &'a mut Connection,
        guard: &'a Guard,
        database: &'a Database,
        table: Option<&'a ModelTable>,
    ) -> Self {
        Self { connection, guard, database, table, failure: None }
    }

    /// Has the subscriber do what follows from its page. Its futures are ready when they are polled
    /// first.
    pub(super) fn run(
        mut self,
        subscriber: &mut dyn Subscriber,
        from: Position,
    ) -> Result<(), Fault> {
        // The end of it ends every savepoint that a handler leaves open, so that the next step within
        // this transaction cannot go back to one.
        self.connection.prepare_cached("SAVEPOINT esrs_step")?.execute([])?;
        within_step::run(self.database, || {
            let mut running = subscriber.run(from, &mut self);
            match running.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(done) => Ok(done?),
                Poll::Pending => Err(Fault::said(DOING, within_step::AWAITED)),
            }
        })?;
        self.check()?;
        if let Some(failure) = self.failure.take() {
            return Err(failure.into());
        }
        self.connection.prepare_cached("RELEASE esrs_step")?.execute([])?;
        Ok(())
    }

    /// Refuses to go on outside of the transaction: a statement may have rolled it back.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.connection.is_autocommit() {
            true => Err(Fault::said(
                DOING,
                "a statement has ended the transaction, such as `INSERT OR ROLLBACK` or \
                 `RAISE(ROLLBACK, …)`; nothing of the step is stored",
            )),
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

    /// Runs a statement of the handler. After an error it takes no other than the way back to a
    /// savepoint, as PostgreSQL does.
    fn attempt<T>(
        &mut self,
        work: impl FnOnce(&Self, Author) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let author = match &self.failure {
            None => Author::Handler,
            Some(_) => Author::FailedHandler,
        };
        let done = self.with(|step| work(step, author));
        match &done {
            Ok(_) => self.failure = None,
            // The first error is the reason for the others.
            Err(error) if self.failure.is_none() => self.failure = Some(again(error)),
            Err(_) => {}
        }
        done
    }

    fn table(&self) -> Result<&ModelTable, Fault> {
        self.table.ok_or_else(|| Fault::said(DOING, "this subscription has no table of rows"))
    }

    /// Runs `work` on the one statement of `sql`, with its parameters bound.
    fn statement<T>(
        &self,
        author: Author,
        sql: &str,
        parameters: &[Value],
        work: impl FnOnce(&mut Statement<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (connection, guard, timeout) = (&*self.connection, self.guard, self.database.timeout);
        let place = Place { connection, guard, timeout };
        let done = statement::run(&place, author, DOING, sql, |statement| {
            bind(DOING, sql, statement, parameters, Style::Dollar)?;
            work(statement)
        });
        let done = done.and_then(|done| self.check_names().map(|()| done));
        done.map_err(|fault| match fault {
            Fault::Sql(error)
                if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) =>
            {
                let (location, doing) = (self.database.location(), DOING);
                StoreError::TimedOut { location, doing, waited: timeout }.into()
            }
            fault => fault,
        })
    }

    /// Refuses a table that was given a name of the store: SQLite tells the guard the old name only.
    fn check_names(&self) -> Result<(), Fault> {
        if !self.guard.take_altered() {
            return Ok(());
        }
        match schema::verify_all(self.connection, self.database) {
            Err(Fault::Store(error)) => {
                Err(Fault::Refused { doing: DOING, refusal: error.to_string() })
            }
            checked => checked,
        }
    }

    fn execute_now(&self, author: Author, sql: &str, parameters: &[Value]) -> Result<u64, Fault> {
        self.statement(author, sql, parameters, |statement| {
            let before = self.connection.total_changes();
            let changed = statement.raw_execute()?;
            // What is no insert, update or delete leaves the count of the one before.
            let has_changed = self.connection.total_changes() != before;
            Ok(if has_changed { changed as u64 } else { 0 })
        })
    }

    fn query_now(
        &self,
        author: Author,
        sql: &str,
        parameters: &[Value],
    ) -> Result<Vec<Vec<Value>>, Fault> {
        self.statement(author, sql, parameters, |statement| {
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

/// The same error once more, for the step that ends with it.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Busy { location, waited } => {
            StoreError::Busy { location: location.clone(), waited: *waited }
        }
        StoreError::Full { location } => StoreError::Full { location: location.clone() },
        StoreError::TimedOut { location, doing, waited } => {
            StoreError::TimedOut { location: location.clone(), doing, waited: *waited }
        }
        StoreError::Database { doing, source } => {
            let source = match source.downcast_ref::<Withheld>() {
                Some(withheld) => withheld.clone().into(),
                None => source.to_string().into(),
            };
            StoreError::Database { doing, source }
        }
        other => StoreError::Database { doing: DOING, source: other.to_string().into() },
    }
}

impl Transaction for Step<'_> {
    fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    fn execute<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(
            async move { self.attempt(|step, author| step.execute_now(author, sql, parameters)) },
        )
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(
            async move { self.attempt(|step, author| step.query_now(author, sql, parameters)) },
        )
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
