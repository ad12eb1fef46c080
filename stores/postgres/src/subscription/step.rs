//! A step in a transaction, in which nothing is sent alone that may go with something else.
//!
//! It begins together with the first question that is asked in it, and what was written last goes
//! together with its end: a page of events is two round trips.

use std::sync::Arc;

use esrs_core::subscription::{Advance, Advanced};
use esrs_core::{BoxError, StoreError};
use futures_util::future::{join, join_all};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::statements::Statements;
use super::subscribe::checkpoint;
use super::table::ModelTable;
use crate::connect::Pooled;
use crate::encode::to_i64;
use crate::error::{is_lost, is_outdated};
use crate::pool;
use crate::store::Shared;

pub(super) const DOING: &str = "advancing a subscription";

/// So many statements are held back at most.
const HELD: usize = 16;

pub(super) type Parameters = Vec<Box<dyn ToSql + Sync + Send>>;

/// A statement that changes rows, and goes with whatever is sent next.
struct Held {
    sql: String,
    parameters: Parameters,
}

/// How far the transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing was sent yet.
    Fresh,
    /// The checkpoint is moved, and nothing of that is committed.
    Open,
    /// Nothing more can be done in it.
    Failed,
}

/// What the statements that move a checkpoint are given.
struct Move<'a> {
    advance: &'a Advance,
    to: i64,
    from: i64,
    generation: i64,
    definition: &'a str,
    lease: String,
    fence: i64,
}

impl<'a> Move<'a> {
    fn of(advance: &'a Advance) -> Self {
        Self {
            advance,
            to: to_i64(advance.to.get()),
            from: to_i64(advance.from.position.get()),
            generation: to_i64(advance.from.generation),
            definition: &advance.subscription.definition,
            lease: advance.subscription.lease(),
            fence: advance.fence.map_or(0, to_i64),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let Self { to, from, generation, definition, .. } = self;
        let subscription = &self.advance.subscription;
        let mut parameters: Vec<&(dyn ToSql + Sync)> =
            vec![to, &subscription.name, &subscription.building, from, generation, definition];
        if self.advance.fence.is_some() {
            parameters.extend([&self.lease as &(dyn ToSql + Sync), &self.fence]);
        }
        parameters
    }
}

/// A step, while it is taken.
pub(super) struct Step<'a> {
    shared: &'a Shared,
    advance: &'a Advance,
    table: Option<Arc<ModelTable>>,
    client: Option<Pooled>,
    stage: Stage,
    held: Vec<Held>,
    /// What is to be said of the step, whatever its subscriber makes of it.
    verdict: Option<Result<Advanced, StoreError>>,
    /// Whether the connection may be in a transaction.
    is_in_transaction: bool,
}

impl Drop for Step<'_> {
    /// Who was dropped on the way leaves a transaction behind, which ends with its connection.
    fn drop(&mut self) {
        if self.is_in_transaction
            && let Some(client) = self.client.take()
        {
            drop(Pooled::take(client));
        }
    }
}

impl<'a> Step<'a> {
    pub(super) async fn new(shared: &'a Shared, advance: &'a Advance) -> Result<Self, StoreError> {
        Ok(Self {
            shared,
            advance,
            table: shared.subscriptions.table(&advance.subscription)?,
            client: Some(pool::get(&shared.pool, &shared.location).await?),
            stage: Stage::Fresh,
            held: Vec::new(),
            verdict: None,
            is_in_transaction: false,
        })
    }

    pub(super) fn statements(&self) -> &'a Statements {
        &self.shared.subscriptions.statements
    }

    fn client(&self) -> Result<&Pooled, StoreError> {
        self.client.as_ref().ok_or(StoreError::Closed)
    }

    pub(super) fn explain(&self, error: Error) -> StoreError {
        if is_outdated(&error)
            && let Some(client) = &self.client
        {
            client.statement_cache.clear();
        }
        self.shared.location.explain(DOING, error)
    }

    /// An error of a statement, after which PostgreSQL takes no other in the transaction.
    fn failed(&mut self, error: Error) -> StoreError {
        self.stage = Stage::Failed;
        self.explain(error)
    }

    /// Begins, and moves the checkpoint, together with a question; `true` when it was moved.
    async fn begin(
        &self,
        client: &Pooled,
        question: Option<(&str, &[&(dyn ToSql + Sync)])>,
    ) -> Result<(bool, Result<Vec<Row>, Error>), Error> {
        let Statements { begin, advance, advance_fenced, .. } = self.statements();
        let sql = if self.advance.fence.is_some() { advance_fenced } else { advance };
        let moving = client.prepare_cached(sql).await?;
        let question = match question {
            Some((sql, parameters)) => match client.prepare_cached(sql).await {
                Ok(statement) => Ok(Some((statement, parameters))),
                // Whether it may move at all counts more.
                Err(error) => Err(error),
            },
            None => Ok(None),
        };
        let change = Move::of(self.advance);
        let parameters = change.parameters();
        let moved = client.execute(&moving, &parameters);
        let asked = async {
            match question {
                Ok(Some((statement, parameters))) => client.query(&statement, parameters).await,
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        };
        let ((begun, moved), asked) = join(join(client.batch_execute(begin), moved), asked).await;
        begun?;
        Ok((moved? > 0, asked))
    }

    /// Begins with a question, on another connection if this one was lost while nobody used it.
    async fn open_with(
        &mut self,
        question: Option<(&str, &[&(dyn ToSql + Sync)])>,
    ) -> Result<Vec<Row>, StoreError> {
        let mut left = self.shared.attempts().left;
        let (is_moved, answer) = loop {
            self.is_in_transaction = true;
            match self.begin(self.client()?, question).await {
                Err(error) if is_lost(&error) && left > 0 => {
                    left -= 1;
                    self.client.take().map(Pooled::take);
                    self.is_in_transaction = false;
                    let Shared { pool, location, .. } = self.shared;
                    self.client = Some(pool::get(pool, location).await?);
                }
                Err(error) => return Err(self.failed(error)),
                Ok(begun) => break begun,
            }
        };
        if !is_moved {
            let verdict = self.look().await;
            return Err(self.refuse(verdict));
        }
        self.stage = Stage::Open;
        answer.map_err(|error| self.failed(error))
    }

    /// Nothing is stored, and that is why.
    fn refuse(&mut self, verdict: Result<Advanced, StoreError>) -> StoreError {
        self.stage = Stage::Failed;
        self.verdict = Some(verdict);
        let source = BoxError::from("the subscription was moved by somebody else");
        StoreError::Database { doing: DOING, source }
    }

    /// Why the checkpoint could not be moved.
    async fn look(&mut self) -> Result<Advanced, StoreError> {
        self.roll_back().await;
        let Advance { subscription, from, fence, .. } = self.advance;
        let look = async {
            let client = self.client()?;
            let rows = async {
                let statement = client.prepare_cached(&self.statements().look).await?;
                let lease = subscription.lease();
                let parameters: [&(dyn ToSql + Sync); 3] =
                    [&subscription.name, &subscription.building, &lease];
                let row = client.query_one(&statement, &parameters).await?;
                let stored = row.try_get::<_, Option<String>>(0)?.map(|definition| {
                    let (position, generation) = (row.try_get(1)?, row.try_get(2)?);
                    Ok::<_, Error>((definition, checkpoint(position, generation)))
                });
                Ok((stored.transpose()?, row.try_get::<_, Option<i64>>(3)?))
            };
            rows.await.map_err(|error| self.explain(error))
        };
        let (stored, held) = look.await?;
        if let Some(fence) = fence
            && held != Some(to_i64(*fence))
        {
            return Err(StoreError::Fenced { lease: subscription.lease(), fence: *fence });
        }
        match stored {
            Some((stored, at)) if at == *from && *stored != *subscription.definition => {
                Err(subscription.changed(stored))
            }
            Some((_, at)) => Ok(Advanced::Elsewhere(at)),
            None => Err(StoreError::ProjectionTable {
                table: subscription.name,
                reason: match subscription.building {
                    true => "what was built was put in place by somebody else meanwhile",
                    false => "nobody has subscribed by this name; call `subscribe`",
                }
                .to_owned(),
            }),
        }
    }

    async fn roll_back(&mut self) {
        if self.is_in_transaction
            && let Some(client) = &self.client
            && client.batch_execute("ROLLBACK").await.is_ok()
        {
            self.is_in_transaction = false;
        }
    }

    /// What was begun can be gone on with.
    ///
    /// A statement that changes something waits for that: sent with a beginning that fails, it would be
    /// a transaction of its own.
    async fn open(&mut self) -> Result<(), StoreError> {
        match self.stage {
            Stage::Fresh => self.open_with(None).await.map(drop),
            _ => self.check(),
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.stage {
            Stage::Failed => {
                let source = BoxError::from("a statement before has failed in its transaction");
                Err(StoreError::Database { doing: DOING, source })
            }
            _ => Ok(()),
        }
    }

    /// Sends what is held back, and `last` behind it, without waiting in between.
    async fn send<T>(
        client: &Pooled,
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
        let sent = Self::send(self.client()?, &held, async { Ok(()) }).await;
        sent.map_err(|error| self.failed(error))
    }

    /// Holds a statement back until the next is sent.
    pub(super) async fn hold(
        &mut self,
        sql: &str,
        parameters: Parameters,
    ) -> Result<(), StoreError> {
        self.open().await?;
        self.held.push(Held { sql: sql.to_owned(), parameters });
        match self.held.len() < HELD {
            true => Ok(()),
            false => self.flush().await,
        }
    }

    /// Asks for rows, by a statement that changes nothing.
    pub(super) async fn ask(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.check()?;
        match self.stage {
            Stage::Fresh => self.open_with(Some((sql, parameters))).await,
            _ => self.run(sql, parameters).await,
        }
    }

    /// Asks for rows, whatever the statement does beside that.
    pub(super) async fn run(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, StoreError> {
        self.open().await?;
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let sent = async {
            let statement = client.prepare_cached(sql).await?;
            Self::send(client, &held, client.query(&statement, parameters)).await
        };
        sent.await.map_err(|error| self.failed(error))
    }

    /// Changes rows; says how many.
    pub(super) async fn change(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, StoreError> {
        self.open().await?;
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let sent = async {
            let statement = client.prepare_cached(sql).await?;
            Self::send(client, &held, client.execute(&statement, parameters)).await
        };
        sent.await.map_err(|error| self.failed(error))
    }

    pub(super) fn model(&self) -> Result<Arc<ModelTable>, StoreError> {
        self.table.clone().ok_or_else(|| StoreError::ProjectionTable {
            table: self.advance.subscription.name,
            reason: "the subscription has none; its rows are reached by SQL".to_owned(),
        })
    }

    /// Stores the step, if its subscriber could do what follows from it; what is to be said of it.
    pub(super) async fn end(mut self, ran: Result<(), StoreError>) -> Result<Advanced, StoreError> {
        if let Some(verdict) = self.verdict.take() {
            return verdict;
        }
        let ended = match ran.and_then(|()| self.check()) {
            Ok(()) if self.stage == Stage::Fresh => self.move_alone().await,
            Ok(()) => self.commit().await,
            Err(error) => Err(error),
        };
        match &ended {
            Ok(Advanced::Done) => {
                self.shared.subscriptions.moved.send_replace(());
            }
            _ => self.roll_back().await,
        }
        ended
    }

    async fn commit(&mut self) -> Result<Advanced, StoreError> {
        let held = std::mem::take(&mut self.held);
        let client = self.client()?;
        let sent = Self::send(client, &held, client.batch_execute("COMMIT")).await;
        match sent {
            Ok(()) => {
                self.is_in_transaction = false;
                Ok(Advanced::Done)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Nothing came of the step but that it was taken.
    async fn move_alone(&mut self) -> Result<Advanced, StoreError> {
        let Statements { advance_alone, advance_alone_fenced, .. } = self.statements();
        let is_fenced = self.advance.fence.is_some();
        let sql = if is_fenced { advance_alone_fenced } else { advance_alone };
        let change = Move::of(self.advance);
        let parameters = change.parameters();
        let mut left = self.shared.attempts().left;
        let moved = loop {
            let client = self.client()?;
            let moved = async {
                let statement = client.prepare_cached(sql).await?;
                client.execute(&statement, &parameters).await
            };
            match moved.await {
                Err(error) if is_lost(&error) && left > 0 => {
                    left -= 1;
                    self.client.take().map(Pooled::take);
                    let Shared { pool, location, .. } = self.shared;
                    self.client = Some(pool::get(pool, location).await?);
                }
                Err(error) => return Err(self.failed(error)),
                Ok(moved) => break moved,
            }
        };
        match moved {
            0 => self.look().await,
            _ => Ok(Advanced::Done),
        }
    }
}
