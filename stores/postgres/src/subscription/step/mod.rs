//! A step in a transaction, in which nothing is sent alone that may go with something else.
//!
//! It begins together with the first question that is asked in it, and what was written last goes
//! together with its end: a page of events is two round trips.

mod moving;

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::{Advance, Advanced, Subscription};
use esrs_core::{BoxError, StoreError};
use futures_util::future::{join, join_all};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

use super::lease;
use super::statements::Statements;
use super::table::ModelTable;
use crate::connect::{Client, PIN_PATH};
use crate::error::{is_about_rows, is_fenced, is_lost, is_outdated, said};
use crate::limit::Elapsed;
use crate::pool::Lent;
use crate::store::Shared;

/// The state of a step, as its transaction knows it.
const STATE: &str = "SELECT pg_catalog.current_setting('esrs.step'::pg_catalog.text, true)";

const ADVANCING: &str = "advancing a subscription";

/// So many statements are held back at most.
const HELD: usize = 16;

pub(super) type Parameters = Vec<Box<dyn ToSql + Sync + Send>>;

/// A statement that changes rows, and goes with whatever is sent next.
struct Held {
    sql: String,
    parameters: Parameters,
}

/// The `search_path` that a statement finds names by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// The path of the store's own statements.
    Pinned,
    /// The path of the role: for statements that users have written, and triggers on their tables.
    Role,
}

/// The stage of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent yet.
    Fresh,
    /// It has begun, the checkpoint is moved if it must be, and nothing of that is committed.
    Open,
    /// A statement of a user has failed: nothing can be done but to return to a savepoint.
    Broken,
    /// Its end was sent.
    Ending,
    /// Nothing more can be done in it.
    Failed,
}

/// A step, while it is taken.
pub(super) struct Step<'a> {
    shared: &'a Shared,
    subscription: &'a Subscription,
    /// The purpose, as its errors name it.
    doing: &'static str,
    /// The move of the checkpoint that begins it, if there is one.
    moving: Option<&'a Advance>,
    table: Option<Arc<ModelTable>>,
    client: Option<Lent>,
    /// The longest time for the answer to what is sent together.
    limit: Duration,
    stage: Stage,
    held: Vec<Held>,
    /// The lease that allows the step, and its fence.
    fenced: Option<(String, u64)>,
    /// The error of a user's statement, after which PostgreSQL takes nothing but a return to a savepoint.
    failure: Option<StoreError>,
    /// The answer to the step, whatever its subscriber returns.
    verdict: Option<Result<Advanced, StoreError>>,
    /// True if the connection may be in a transaction.
    is_in_transaction: bool,
    /// The path that is set when all that is held back is sent.
    path: Path,
    /// True if the path of the role was set at any time.
    was_on_role_path: bool,
}

impl<'a> Step<'a> {
    /// One that moves a checkpoint.
    pub(super) async fn new(shared: &'a Shared, advance: &'a Advance) -> Result<Self, StoreError> {
        Self::of(shared, &advance.subscription, ADVANCING, Some(advance), advance.fence).await
    }

    /// One that has begun, and moves nothing by itself.
    pub(super) async fn begun(
        shared: &'a Shared,
        subscription: &'a Subscription,
        doing: &'static str,
        fence: Option<u64>,
    ) -> Result<Self, StoreError> {
        let mut step = Self::of(shared, subscription, doing, None, fence).await?;
        step.open(Path::Pinned).await?;
        Ok(step)
    }

    async fn of(
        shared: &'a Shared,
        subscription: &'a Subscription,
        doing: &'static str,
        moving: Option<&'a Advance>,
        fence: Option<u64>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            shared,
            subscription,
            doing,
            moving,
            table: shared.subscriptions.table(subscription)?,
            client: Some(shared.step().await?),
            fenced: fence.map(|fence| (subscription.lease(), fence)),
            failure: None,
            limit: shared.longest_call(),
            stage: Stage::Fresh,
            held: Vec::new(),
            verdict: None,
            is_in_transaction: false,
            path: Path::Pinned,
            was_on_role_path: false,
        })
    }

    pub(super) fn statements(&self) -> &'a Statements {
        &self.shared.subscriptions.statements
    }

    pub(super) fn client(&self) -> Result<&Client, StoreError> {
        self.client.as_deref().ok_or(StoreError::Closed)
    }

    /// The answer of a statement, or of several that were sent together; none that comes too late.
    fn answer<T>(&mut self, sent: Result<Result<T, Error>, Elapsed>) -> Result<T, StoreError> {
        match sent {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failed(error)),
            Err(elapsed) => Err(self.given_up(elapsed)),
        }
    }

    /// The connection is used no more.
    fn given_up(&mut self, elapsed: Elapsed) -> StoreError {
        self.stage = Stage::Failed;
        if let Some(client) = self.client.take() {
            client.discard();
        }
        self.is_in_transaction = false;
        self.shared.elapsed(elapsed, self.limit)
    }

    /// Gives the connection back, unless it may be in a transaction.
    fn give_back(&mut self) {
        if let Some(client) = self.client.take()
            && !self.is_in_transaction
        {
            client.give_back();
        }
    }

    pub(super) fn explain(&self, error: Error) -> StoreError {
        if is_outdated(&error)
            && let Some(client) = &self.client
        {
            client.forget_statements();
        }
        self.shared.location.explain(self.doing, error)
    }

    /// An error of a statement, after which PostgreSQL takes no other in the transaction.
    fn failed(&mut self, error: Error) -> StoreError {
        let is_ended = self.stage == Stage::Ending;
        self.stage = Stage::Failed;
        if let Some((lease, fence)) = self.fenced.clone().filter(|_| is_fenced(&error)) {
            return StoreError::Fenced { lease, fence };
        }
        // What a handler's statement violates is the handler's error, unless it shows at the end.
        if is_about_rows(&error) && (self.table.is_some() || is_ended) {
            let table = self.subscription.name.to_owned();
            return StoreError::RowRefused { table, reason: said(&error) };
        }
        self.explain(error)
    }

    fn fenced(&self) -> Option<(&str, u64)> {
        self.fenced.as_ref().map(|(lease, fence)| (&**lease, *fence))
    }

    async fn roll_back(&mut self) {
        let Some(client) = self.client.as_ref().filter(|_| self.is_in_transaction) else { return };
        let ended = self.shared.timer.within(self.limit, client.batch_execute("ROLLBACK")).await;
        match ended {
            Ok(Ok(())) => self.is_in_transaction = false,
            Ok(Err(_)) => {}
            Err(elapsed) => drop(self.given_up(elapsed)),
        }
    }

    /// Opens it so that what was begun can go on.
    ///
    /// A statement that changes something waits for that: sent with a beginning that fails, it would be
    /// a transaction of its own.
    async fn open(&mut self, path: Path) -> Result<(), StoreError> {
        match self.stage {
            Stage::Fresh => self.open_with(None, path).await.map(drop),
            _ => {
                self.check()?;
                self.take_path(path)
            }
        }
    }

    /// Has what is sent next find names by this path.
    fn take_path(&mut self, path: Path) -> Result<(), StoreError> {
        if self.path != path {
            let sql = match path {
                Path::Pinned => PIN_PATH,
                Path::Role => self.client()?.role_path(),
            };
            let sql = sql.to_owned();
            self.held.push(Held { sql, parameters: Vec::new() });
            self.on_path(path);
        }
        Ok(())
    }

    fn on_path(&mut self, path: Path) {
        self.path = path;
        self.was_on_role_path |= path == Path::Role;
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.stage {
            Stage::Failed | Stage::Broken => {
                let source = BoxError::from(
                    "a statement before has failed; its transaction takes nothing but `ROLLBACK TO` a \
                     savepoint",
                );
                Err(StoreError::Database { doing: self.doing, source })
            }
            _ => Ok(()),
        }
    }

    /// Sends what is held back, and `last` behind it, without waiting in between.
    async fn send<T>(
        client: &Client,
        held: &[Held],
        last: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut prepared = Vec::with_capacity(held.len());
        for Held { sql, parameters } in held {
            let parameters: Vec<&(dyn ToSql + Sync)> =
                parameters.iter().map(|one| &**one as &(dyn ToSql + Sync)).collect();
            prepared.push((client.prepare_cached(sql).await?, parameters));
        }
        let changes = prepared
            .iter()
            .map(|(statement, parameters)| async { client.execute(statement, parameters).await });
        // Both are polled in their order, and send what they have when they are polled first.
        let (changed, last) = join(join_all(changes), last).await;
        changed.into_iter().collect::<Result<Vec<_>, _>>()?;
        last
    }

    /// Sends what is held back.
    async fn flush(&mut self) -> Result<(), StoreError> {
        let held = std::mem::take(&mut self.held);
        let sending = Self::send(self.client()?, &held, async { Ok(()) });
        let sent = self.shared.timer.within(self.limit, sending).await;
        self.answer(sent)
    }

    /// Holds a statement of the store back until the next is sent.
    pub(super) async fn hold(
        &mut self,
        sql: &str,
        parameters: Parameters,
    ) -> Result<(), StoreError> {
        self.hold_on(Path::Pinned, sql, parameters).await
    }

    /// Holds back a statement on the rows of a read model, whose triggers users have written.
    pub(super) async fn hold_on_rows(
        &mut self,
        sql: &str,
        parameters: Parameters,
    ) -> Result<(), StoreError> {
        self.hold_on(Path::Role, sql, parameters).await
    }

    async fn hold_on(
        &mut self,
        path: Path,
        sql: &str,
        parameters: Parameters,
    ) -> Result<(), StoreError> {
        self.open(path).await?;
        self.held.push(Held { sql: sql.to_owned(), parameters });
        match self.held.len() < HELD {
            true => Ok(()),
            false => self.flush().await,
        }
    }

    /// Asks for rows of a read model, by a statement that changes nothing.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.check()?;
        match self.stage {
            Stage::Fresh => self.open_with(Some((sql, parameters)), Path::Role).await,
            _ => {
                self.take_path(Path::Role)?;
                self.run(sql, parameters).await
            }
        }
    }

    /// Asks for rows, in a transaction that is open.
    async fn run(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let sending = async {
            let statement = client.prepare_cached(sql).await?;
            Self::send(client, &held, client.query(&statement, parameters)).await
        };
        let sent = self.shared.timer.within(self.limit, sending).await;
        self.answer(sent)
    }

    /// Changes rows; says how many.
    pub(super) async fn change(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        self.open(Path::Pinned).await?;
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let sending = async {
            let statement = client.prepare_cached(sql).await?;
            Self::send(client, &held, client.execute(&statement, parameters)).await
        };
        let sent = self.shared.timer.within(self.limit, sending).await;
        self.answer(sent)
    }

    /// Runs a statement that a user has written, by `execute` or `query`.
    ///
    /// Whether the transaction is still that of the step afterwards is asked in the same round trip: the
    /// statement may be a `ROLLBACK`, in whatever spelling. A `COMMIT` is refused by a trigger.
    pub(super) async fn run_text<T, F: Future<Output = Result<T, Error>>>(
        &mut self,
        sql: &str,
        execute: impl FnOnce(Statement) -> F,
        client: &Arc<Client>,
    ) -> Result<T, StoreError> {
        let sending = async {
            let statement = match client.prepare_text(sql).await {
                Ok(statement) => statement,
                // Nothing was run.
                Err(error) => return Ok((Err(error), true)),
            };
            let state = client.prepare_cached(STATE).await;
            let asked = async {
                let rows = client.query(&state?, &[]).await?;
                rows.first().map(|row| row.try_get::<_, Option<String>>(0)).transpose()
            };
            client.has_begun_twice();
            let (answer, state) = join(execute(statement), asked).await;
            let is_open = matches!(&state, Ok(Some(Some(state))) if state == "open");
            if is_open && answer.is_err() {
                // It was not even sent, as its parameters do not fit; an error is one all the same.
                drop(client.batch_execute("SELECT 1 OPERATOR(pg_catalog./) 0").await);
            }
            // A transaction that has failed is answered with that.
            let is_failed = matches!(&state, Err(error)
                if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION));
            let is_own = !client.has_begun_twice() && (is_open || is_failed);
            Ok((answer, is_own))
        };
        let (answer, is_own) = match self.shared.timer.within(self.limit, sending).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => return Err(self.failed(error)),
            Err(elapsed) => return Err(self.given_up(elapsed)),
        };
        if !is_own && !answer.as_ref().is_err_and(is_lost) {
            self.stage = Stage::Failed;
            let said = answer.err().map(|error| format!(": {}", said(&error))).unwrap_or_default();
            let source = BoxError::from(format!(
                "the statement would end the transaction of the step, which ends by itself{said}"
            ));
            self.failure =
                Some(StoreError::Database { doing: self.doing, source: source.to_string().into() });
            return Err(StoreError::Database { doing: self.doing, source });
        }
        match answer {
            Ok(answer) => {
                // If one before has failed, it went back to a savepoint.
                (self.failure, self.stage) = (None, Stage::Open);
                Ok(answer)
            }
            Err(error) if is_lost(&error) => Err(self.failed(error)),
            Err(error) => {
                let again = self.shared.location.explain_to_each(self.doing, &error);
                self.failure.get_or_insert(again);
                self.stage = Stage::Broken;
                Err(self.explain(error))
            }
        }
    }

    /// Opens the transaction for a statement that a user has written, and sends what is held back.
    pub(super) async fn open_for_text(&mut self) -> Result<Arc<Client>, StoreError> {
        match self.stage {
            Stage::Fresh => self.open_with(None, Path::Role).await.map(drop)?,
            Stage::Failed => self.check()?,
            _ => self.take_path(Path::Role)?,
        }
        if !self.held.is_empty() {
            self.check()?;
            self.flush().await?;
        }
        self.client.as_ref().map(Lent::share).ok_or(StoreError::Closed)
    }

    pub(super) fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    pub(super) fn model(&self) -> Result<Arc<ModelTable>, StoreError> {
        self.table.clone().ok_or_else(|| StoreError::ProjectionTable {
            table: self.subscription.name,
            reason: "the subscription has none; its rows are reached by SQL".to_owned(),
        })
    }

    /// Stores the step, if its subscriber could do what follows from it; what must be said of it.
    pub(super) async fn end(mut self, ran: Result<(), StoreError>) -> Result<Advanced, StoreError> {
        if let Some(verdict) = self.verdict.take() {
            self.give_back();
            return verdict;
        }
        match (ran.and_then(|()| self.check()), self.moving) {
            (Ok(()), Some(advance)) if self.stage == Stage::Fresh => {
                let moved = self.move_alone(advance).await;
                // A failed statement of its own is no transaction either.
                if moved.is_ok() {
                    self.give_back();
                }
                if matches!(moved, Ok(Advanced::Done)) {
                    self.shared.subscriptions.moved.send_replace(());
                }
                moved
            }
            (ran, _) => self.finish(ran).await.map(|()| Advanced::Done),
        }
    }

    /// Commits what was done, or rolls it back.
    pub(super) async fn finish<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let done = match done {
            Ok(done) => self.commit().await.map(|()| done),
            Err(error) => Err(error),
        };
        match done.is_ok() {
            true => self.shared.subscriptions.moved.send_replace(()),
            false => self.roll_back().await,
        }
        self.give_back();
        match done {
            // Its session may have been ended by who took the lease over.
            Err(error @ StoreError::Unavailable { .. }) => {
                Err(self.taken_over().await.unwrap_or(error))
            }
            done => done,
        }
    }

    /// The error if the lease of the step was taken over, as far as that can be found out.
    async fn taken_over(&self) -> Option<StoreError> {
        let (lease, fence) = self.fenced.clone()?;
        let looking = async {
            let client = self.shared.step().await?;
            let looked = lease::check(self.shared, &client, lease, Some(fence)).await;
            client.give_back();
            looked
        };
        match self.shared.in_time(self.limit, looking).await {
            Err(error @ StoreError::Fenced { .. }) => Some(error),
            _ => None,
        }
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        self.check()?;
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let role_path = self.was_on_role_path.then(|| client.role_path());
        let end = self.statements().end(self.fenced(), role_path);
        let sending = Self::send(client, &held, client.batch_execute(&end));
        let sent = self.shared.timer.within(self.limit, sending).await;
        self.stage = Stage::Ending;
        self.answer(sent)?;
        self.is_in_transaction = false;
        Ok(())
    }
}
