//! Where subscriptions stand, and how they begin.

use std::sync::Arc;

use esrs_core::read_model::quoted;
use esrs_core::subscription::{Checkpoint, CheckpointOf, ParkedStream, Subscription};
use esrs_core::{LogMark, Position, StoreError};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row};
use uuid::Uuid;

use super::beside::{self, Beside};
use super::lease;
use super::table::ModelTable;
use crate::encode::to_i64;
use crate::pool::Reader;
use crate::store::Shared;

const DOING: &str = "subscribing";

/// Where a subscription stands, by the columns of its row.
pub(super) fn checkpoint(position: i64, generation: i64) -> Checkpoint {
    let (position, generation) = (Position::new(position as u64), generation as u64);
    Checkpoint { position, generation, mark: None }
}

/// The event in these columns that a subscription has taken last.
pub(super) fn mark_of(row: &Row, column: usize) -> Result<Option<LogMark>, Error> {
    let position = row.try_get::<_, Option<i64>>(column)?;
    let event_id = row.try_get::<_, Option<Uuid>>(column + 1)?;
    let mark = position.zip(event_id);
    Ok(mark.map(|(at, event_id)| LogMark { position: Position::new(at as u64), event_id }))
}

/// A mark as the statements take it.
pub(super) fn mark_parameters(mark: Option<LogMark>) -> (Option<i64>, Option<Uuid>) {
    (mark.map(|mark| to_i64(mark.position.get())), mark.map(|mark| mark.event_id))
}

/// The error for rows that another definition has built.
pub(super) fn other_definition(
    subscription: &Subscription,
    stored: &str,
    is_superseded: bool,
) -> StoreError {
    if !is_superseded || subscription.building {
        return subscription.changed(stored);
    }
    let (table, stored) = (subscription.name, stored.to_owned());
    let declared = subscription.definition.to_string();
    StoreError::ProjectionSuperseded { table, stored, declared }
}

/// The error for a log that does not hold this event any more.
pub(super) fn history_changed(mark: LogMark, head: Position) -> StoreError {
    let LogMark { position, event_id } = mark;
    StoreError::HistoryChanged { event_id, place: format!("position {position}"), head }
}

/// The stored state of a subscription.
pub(super) struct Stored {
    /// The definition that has made its rows.
    pub(super) definition: String,
    /// Up to where they go.
    pub(super) at: Checkpoint,
    is_superseded: bool,
    /// The event of its checkpoint and the end of the log, if that does not hold the event any more.
    lost: Option<(LogMark, Position)>,
}

impl Stored {
    /// The number of its columns.
    pub(super) const COLUMNS: usize = 7;

    /// Reads these columns of a row, the first of which is `first`; `None` if nothing is stored.
    pub(super) fn of(row: &Row, first: usize) -> Result<Option<Self>, Error> {
        let Some(definition) = row.try_get::<_, Option<String>>(first)? else { return Ok(None) };
        let mark = mark_of(row, first + 3)?;
        let at = checkpoint(row.try_get(first + 1)?, row.try_get(first + 2)?);
        let head = row.try_get::<_, Option<i64>>(first + 6)?;
        let lost = mark.zip(head.map(|head| Position::new(head as u64)));
        let (at, is_superseded) = (Checkpoint { mark, ..at }, row.try_get(first + 5)?);
        Ok(Some(Self { definition, at, is_superseded, lost }))
    }

    /// Refuses rows that were made by another definition than the declared one.
    pub(super) fn check_definition(&self, subscription: &Subscription) -> Result<(), StoreError> {
        match *self.definition == *subscription.definition {
            true => Ok(()),
            false => Err(other_definition(subscription, &self.definition, self.is_superseded)),
        }
    }

    /// Refuses rows that follow from events which the log does not hold any more.
    pub(super) fn check_history(&self) -> Result<(), StoreError> {
        self.lost.map_or(Ok(()), |(mark, head)| Err(history_changed(mark, head)))
    }

    /// Up to where its rows go, as far as the log still holds what they follow from.
    pub(super) fn holds(&self) -> Position {
        self.lost.map_or(self.at.position, |_| Position::START)
    }
}

/// The known state of a subscription.
pub(super) struct Stand {
    /// The definition that has made its rows, and their checkpoint.
    pub(super) entered: Option<(String, Checkpoint)>,
    /// True if its table is there, if it has one.
    is_there: bool,
    /// True if the log holds the event that it has taken last.
    is_of_log: bool,
    head: Position,
    /// True if another definition has replaced the one of this program.
    is_superseded: bool,
}

impl Stand {
    fn of(row: &Row) -> Result<Self, Error> {
        let entered = match row.try_get::<_, Option<String>>(0)? {
            Some(definition) => {
                let at = checkpoint(row.try_get(1)?, row.try_get(2)?);
                Some((definition, Checkpoint { mark: mark_of(row, 4)?, ..at }))
            }
            None => None,
        };
        Ok(Self {
            entered,
            is_there: row.try_get(3)?,
            is_of_log: row.try_get(6)?,
            head: Position::new(row.try_get::<_, i64>(7)? as u64),
            is_superseded: row.try_get(8)?,
        })
    }
}

/// A subscription whose statements are at hand.
pub(super) struct Subscribing<'a> {
    shared: &'a Shared,
    subscription: &'a Subscription,
    model: Option<Arc<ModelTable>>,
}

impl<'a> Subscribing<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        subscription: &'a Subscription,
    ) -> Result<Self, StoreError> {
        let model = shared.subscriptions.table(subscription)?;
        Ok(Self { shared, subscription, model })
    }

    fn explain(&self, error: Error) -> StoreError {
        self.shared.location.explain(DOING, error)
    }

    /// Reads its state, without a lock.
    pub(super) async fn look(&self, reader: &Reader<'_>) -> Result<Stand, StoreError> {
        let Subscription { name, building, .. } = self.subscription;
        let table = self.model.as_ref().map(|model| &model.name);
        let sql = &self.shared.subscriptions.statements.stand;
        let definition = &*self.subscription.definition;
        let rows = reader.query(sql, &[name, building, &table, &definition]).await;
        let stand = rows.and_then(|rows| rows.first().map(Stand::of).transpose());
        stand.map_err(|error| self.explain(error))?.ok_or_else(|| {
            let source = "expected one row, found none".into();
            StoreError::Database { doing: DOING, source }
        })
    }

    /// Its checkpoint, unless it has to be entered.
    pub(super) fn known(&self, stand: Stand) -> Result<Option<Checkpoint>, StoreError> {
        match stand {
            Stand {
                entered: Some((stored, at)),
                is_there: true,
                is_of_log,
                head,
                is_superseded,
            } => {
                if *stored != *self.subscription.definition {
                    return Err(other_definition(self.subscription, &stored, is_superseded));
                }
                match at.mark {
                    Some(mark) if !is_of_log => Err(history_changed(mark, head)),
                    _ => Ok(Some(at)),
                }
            }
            Stand { entered: None, is_there: true, .. } => match &self.model {
                Some(model) => Err(model.foreign()),
                None => Ok(None),
            },
            // Who drops the table by hand wants it anew; not of a definition that was replaced.
            Stand { entered: Some((stored, _)), is_there: false, is_superseded: true, .. }
                if *stored != *self.subscription.definition =>
            {
                Err(other_definition(self.subscription, &stored, true))
            }
            Stand { is_there: false, .. } => Ok(None),
        }
    }

    /// Reads its state, and locks it until the transaction ends.
    async fn lock(&self, client: &Client) -> Result<Stand, Error> {
        let Subscription { name, building, .. } = self.subscription;
        let statements = &self.shared.subscriptions.statements;
        client.batch_execute(&statements.lock_tables).await?;
        client.query_opt(&statements.lock, &[name, building]).await?;
        let table = self.model.as_ref().map(|model| &model.name);
        let definition = &*self.subscription.definition;
        let parameters: [&(dyn ToSql + Sync); 4] = [name, building, &table, &definition];
        Stand::of(&client.query_one(&statements.stand, &parameters).await?)
    }

    /// Enters it, and makes its table; in a transaction.
    pub(super) async fn enter(&self, client: &Client) -> Result<Checkpoint, StoreError> {
        let stand = self.lock(client).await.map_err(|error| self.explain(error))?;
        let stored = stand.entered.as_ref().map(|(stored, _)| stored.clone());
        if let Some(known) = self.known(stand)? {
            return Ok(known);
        }
        if let Some(stored) = stored.filter(|_| !self.subscription.building) {
            let superseding = supersede(self.shared, client, self.subscription, &stored).await;
            superseding.map_err(|error| self.explain(error))?;
        }
        if let Some(model) = &self.model {
            self.create(client, model).await?;
        }
        self.begin(client).await.map_err(|error| self.explain(error))
    }

    /// Throws away what it has made so far; in a transaction.
    pub(super) async fn start_over(
        &self,
        client: &Client,
        fence: Option<u64>,
    ) -> Result<Checkpoint, StoreError> {
        lease::check(self.shared, client, self.subscription.lease(), fence).await?;
        let stand = self.lock(client).await.map_err(|error| self.explain(error))?;
        if let Some((stored, _)) = stand.entered.as_ref().filter(|_| !self.subscription.building) {
            let superseding = supersede(self.shared, client, self.subscription, stored).await;
            superseding.map_err(|error| self.explain(error))?;
        }
        if let Some(model) = &self.model {
            self.empty(client, model, &stand).await?;
        }
        self.begin(client).await.map_err(|error| self.explain(error))
    }

    async fn empty(
        &self,
        client: &Client,
        model: &ModelTable,
        stand: &Stand,
    ) -> Result<(), StoreError> {
        match &stand.entered {
            _ if !stand.is_there => self.create(client, model).await,
            None => Err(model.foreign()),
            // What depends on the table stays where it is.
            Some((stored, _))
                if **stored == *self.subscription.definition && !self.subscription.building =>
            {
                let emptied = client.batch_execute(&format!("TRUNCATE {}", model.name)).await;
                emptied.map_err(|error| self.explain(error))
            }
            Some(_) => {
                let location = &self.shared.location;
                if self.subscription.building {
                    // It is judged by what is on the other table now.
                    beside::drop_table(client, model, location).await?;
                    return self.create(client, model).await;
                }
                let beside = Beside::of(client, model, location).await?;
                beside::drop_table(client, model, location).await?;
                self.create(client, model).await?;
                beside::strip(client, model, location).await?;
                beside.put_on(client, model, location).await
            }
        }
    }

    async fn create(&self, client: &Client, model: &ModelTable) -> Result<(), StoreError> {
        let create = async {
            // Who may make tables in a schema may not always make schemas.
            let schema = quoted(&model.schema);
            let is_there = "SELECT to_regnamespace($1) IS NOT NULL";
            if !client.query_one_scalar::<bool, _>(is_there, &[&schema]).await? {
                client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {schema}")).await?;
            }
            client.batch_execute(&model.create).await
        };
        create.await.map_err(|error| self.explain(error))?;
        if !self.subscription.building {
            return Ok(());
        }
        // Not one that is known from then on: what is asked is of another definition yet.
        let live = ModelTable::new(model.table, false, &model.schema)?;
        let location = &self.shared.location;
        let judges = Beside::judges_of(client, &live, model, location).await?;
        // What it says is of the table that users know.
        judges.put_on(client, &live, location).await?;
        beside::protect(client, &live, model, location).await
    }

    /// Enters it at the beginning of the log, with nothing parked.
    async fn begin(&self, client: &Client) -> Result<Checkpoint, Error> {
        let Subscription { name, building, definition, .. } = self.subscription;
        let statements = &self.shared.subscriptions.statements;
        client.execute(&statements.unpark_all, &[name, building]).await?;
        let row = client.query_one(&statements.enter, &[name, building, &&**definition]).await?;
        Ok(checkpoint(0, row.try_get(0)?))
    }
}

/// Records that this definition takes the place of the stored one.
pub(super) async fn supersede(
    shared: &Shared,
    client: &Client,
    subscription: &Subscription,
    stored: &str,
) -> Result<(), Error> {
    let Subscription { name, definition, .. } = subscription;
    let statements = &shared.subscriptions.statements;
    client.execute(&statements.reinstate, &[name, &&**definition]).await?;
    if *stored != **definition {
        client.execute(&statements.supersede, &[name, &stored]).await?;
    }
    Ok(())
}

/// Records that what runs a subscription has failed, or goes on.
pub(super) async fn record_failure(
    shared: &Shared,
    reader: &Reader<'_>,
    subscription: &Subscription,
    failure: Option<&str>,
) -> Result<(), StoreError> {
    let Subscription { name, building, .. } = subscription;
    // An error may quote whatever could not be taken.
    let failure = failure.map(ParkedStream::reason_of);
    let sql = &shared.subscriptions.statements.record_failure;
    let recorded = reader.query(sql, &[name, building, &failure]).await;
    recorded.map(drop).map_err(|error| reader.location.explain("recording a failure", error))
}

/// Returns true if there is anything of this name.
pub(super) async fn is_there(client: &Client, model: &ModelTable) -> Result<bool, Error> {
    client.query_one_scalar("SELECT to_regclass($1) IS NOT NULL", &[&model.name]).await
}

/// Where every subscription stands.
pub(super) async fn checkpoints(
    shared: &Shared,
    reader: &Reader<'_>,
) -> Result<Vec<CheckpointOf>, StoreError> {
    let read = async {
        let rows = reader.query(&shared.subscriptions.statements.checkpoints, &[]).await?;
        let one = |row: &Row| {
            let at = checkpoint(row.try_get(2)?, row.try_get(3)?);
            let mut one = CheckpointOf::new(row.try_get::<_, String>(0)?, row.try_get(1)?, at);
            one.parked = row.try_get::<_, i64>(4)? as u64;
            one.held_by = row.try_get(5)?;
            one.checkpoint.mark = mark_of(row, 6)?;
            one.failure = row.try_get(8)?;
            Ok(one)
        };
        rows.iter().map(one).collect::<Result<_, Error>>()
    };
    let explain = |error| reader.location.explain("listing checkpoints", error);
    read.await.map_err(explain)
}
