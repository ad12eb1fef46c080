//! Moving a checkpoint, in the transaction of its step or as one of its own.

use esrs_core::subscription::{Advance, Advanced, Checkpoint};
use esrs_core::{BoxError, LogMark, Position, StoreError};
use futures_util::future::join4;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};
use uuid::Uuid;

use super::{Path, Stage, Step};
use crate::connect::Client;
use crate::encode::to_i64;
use crate::error::is_lost;
use crate::subscription::statements::Statements;
use crate::subscription::subscribe::{checkpoint, mark_parameters};

/// The parameters of the statements that move a checkpoint.
struct Move<'a> {
    advance: &'a Advance,
    to: i64,
    from: i64,
    generation: i64,
    definition: &'a str,
    mark: (Option<i64>, Option<Uuid>),
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
            mark: mark_parameters(advance.mark),
            lease: advance.subscription.lease(),
            fence: advance.fence.map_or(0, to_i64),
        }
    }

    fn parameters(&self) -> Vec<&(dyn ToSql + Sync)> {
        let Self { to, from, generation, definition, mark: (mark_position, mark_id), .. } = self;
        let subscription = &self.advance.subscription;
        let mut parameters: Vec<&(dyn ToSql + Sync)> =
            vec![to, &subscription.name, &subscription.building, from, generation, definition];
        parameters.extend([mark_position as &(dyn ToSql + Sync), mark_id]);
        if self.advance.fence.is_some() {
            parameters.extend([&self.lease as &(dyn ToSql + Sync), &self.fence]);
        }
        parameters
    }
}

impl Step<'_> {
    /// Begins, and moves the checkpoint, together with a question that finds names by this path; `true` when
    /// it was moved.
    async fn begin(
        &self,
        client: &Client,
        question: Option<(&str, &[&(dyn ToSql + Sync)])>,
        path: Path,
    ) -> Result<(bool, Result<Vec<Row>, Error>), Error> {
        let Statements { advance: unfenced, advance_fenced, .. } = self.statements();
        let begin = self.statements().begin(self.fenced());
        let moving = match self.moving {
            Some(advance) => {
                let sql = if advance.fence.is_some() { advance_fenced } else { unfenced };
                Some((client.prepare_cached(sql).await?, Move::of(advance)))
            }
            None => None,
        };
        let question = match question {
            Some((sql, parameters)) => match client.prepare_cached(sql).await {
                Ok(statement) => Ok(Some((statement, parameters))),
                // Whether it may move at all counts more.
                Err(error) => Err(error),
            },
            None => Ok(None),
        };
        let moved = async {
            match &moving {
                Some((statement, change)) => client.execute(statement, &change.parameters()).await,
                None => Ok(1),
            }
        };
        let on_path = async {
            match path {
                Path::Pinned => Ok(()),
                Path::Role => client.batch_execute(client.role_path()).await,
            }
        };
        let asked = async {
            match question {
                Ok(Some((statement, parameters))) => client.query(&statement, parameters).await,
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        };
        let begun = client.batch_execute(&begin);
        let (begun, moved, on_path, asked) = join4(begun, moved, on_path, asked).await;
        begun?;
        let is_moved = moved? > 0;
        on_path?;
        Ok((is_moved, asked))
    }

    /// Begins with a question, on another connection if this one was lost while nobody used it.
    pub(super) async fn open_with(
        &mut self,
        question: Option<(&str, &[&(dyn ToSql + Sync)])>,
        path: Path,
    ) -> Result<Vec<Row>, StoreError> {
        let mut left = self.shared.attempts().left;
        let (is_moved, answer) = loop {
            self.is_in_transaction = true;
            let beginning = self.begin(self.client()?, question, path);
            match self.shared.timer.within(self.limit, beginning).await {
                Ok(Err(error)) if is_lost(&error) && left > 0 => {
                    left -= 1;
                    self.connect_again().await?;
                }
                begun => break self.answer(begun)?,
            }
        };
        if let (false, Some(advance)) = (is_moved, self.moving) {
            let verdict = self.look(advance).await;
            return Err(self.refuse(verdict));
        }
        self.stage = Stage::Open;
        self.on_path(path);
        answer.map_err(|error| self.failed(error))
    }

    /// Goes on with another connection, as this one was lost.
    async fn connect_again(&mut self) -> Result<(), StoreError> {
        if let Some(client) = self.client.take() {
            client.discard();
        }
        self.is_in_transaction = false;
        self.client = Some(self.shared.step().await?);
        Ok(())
    }

    /// Nothing is stored, and that is why.
    fn refuse(&mut self, verdict: Result<Advanced, StoreError>) -> StoreError {
        self.stage = Stage::Failed;
        self.verdict = Some(verdict);
        let source = BoxError::from("the subscription was moved by somebody else");
        StoreError::Database { doing: self.doing, source }
    }

    /// Why the checkpoint could not be moved.
    async fn look(&mut self, advance: &Advance) -> Result<Advanced, StoreError> {
        self.roll_back().await;
        let Advance { subscription, from, fence, mark, .. } = advance;
        let look = async {
            let client = self.client()?;
            let rows = async {
                let statement = client.prepare_cached(&self.statements().look).await?;
                let lease = subscription.lease();
                let (mark_position, mark_id) = mark_parameters(*mark);
                let parameters: [&(dyn ToSql + Sync); 5] =
                    [&subscription.name, &subscription.building, &lease, &mark_position, &mark_id];
                let row = client.query_one(&statement, &parameters).await?;
                let stored = row.try_get::<_, Option<String>>(0)?.map(|definition| {
                    let (position, generation) = (row.try_get(1)?, row.try_get(2)?);
                    Ok::<_, Error>((definition, checkpoint(position, generation)))
                });
                let of_log = (row.try_get::<_, bool>(4)?, row.try_get::<_, i64>(5)?);
                Ok((stored.transpose()?, row.try_get::<_, Option<i64>>(3)?, of_log))
            };
            Ok::<_, StoreError>(self.shared.timer.within(self.limit, rows).await)
        };
        let looked = look.await?;
        let (stored, held, (is_of_log, head)) = self.answer(looked)?;
        if let Some(fence) = fence
            && held != Some(to_i64(*fence))
        {
            return Err(StoreError::Fenced { lease: subscription.lease(), fence: *fence });
        }
        let is_from =
            |at: Checkpoint| (at.position, at.generation) == (from.position, from.generation);
        match stored {
            Some((stored, at)) if is_from(at) && *stored != *subscription.definition => {
                Err(subscription.changed(stored))
            }
            Some((_, at))
                if !is_of_log
                    && is_from(at)
                    && let Some(mark) = mark =>
            {
                let LogMark { position, event_id } = *mark;
                let (place, head) = (format!("position {position}"), Position::new(head as u64));
                Err(StoreError::HistoryChanged { event_id, place, head })
            }
            Some((_, at)) => Ok(Advanced::Elsewhere(at)),
            None => Ok(Advanced::Elsewhere(Checkpoint::NOWHERE)),
        }
    }

    /// Nothing came of the step but that it was taken.
    pub(super) async fn move_alone(&mut self, advance: &Advance) -> Result<Advanced, StoreError> {
        let Statements { advance_alone, advance_alone_fenced, .. } = self.statements();
        let is_fenced = advance.fence.is_some();
        let sql = if is_fenced { advance_alone_fenced } else { advance_alone };
        let change = Move::of(advance);
        let parameters = change.parameters();
        let mut left = self.shared.attempts().left;
        let moved = loop {
            let client = self.client()?;
            let moving = async {
                let statement = client.prepare_cached(sql).await?;
                client.execute(&statement, &parameters).await
            };
            match self.shared.timer.within(self.limit, moving).await {
                Ok(Err(error)) if is_lost(&error) && left > 0 => {
                    left -= 1;
                    self.connect_again().await?;
                }
                moved => break self.answer(moved)?,
            }
        };
        match moved {
            0 => self.look(advance).await,
            _ => Ok(Advanced::Done),
        }
    }
}
