//! Where subscriptions stand, and how they begin.

use std::sync::Arc;

use esrs_core::subscription::{Checkpoint, CheckpointOf, Subscription};
use esrs_core::{Position, StoreError};
use tokio_postgres::{Client, Error, Row};

use super::beside::Beside;
use super::lease;
use super::table::{ModelTable, quoted};
use crate::pool::Reader;
use crate::store::Shared;

const DOING: &str = "subscribing";

/// Where a subscription stands, by the columns of its row.
pub(super) fn checkpoint(position: i64, generation: i64) -> Checkpoint {
    let (position, generation) = (Position::new(position as u64), generation as u64);
    Checkpoint { position, generation, mark: None }
}

/// What is known of a subscription.
pub(super) struct Stand {
    /// Which definition has made its rows, and up to where they go.
    pub(super) entered: Option<(String, Checkpoint)>,
    /// Whether its table is there, if it has one.
    is_there: bool,
}

impl Stand {
    fn of(row: &Row) -> Result<Self, Error> {
        let entered = match row.try_get::<_, Option<String>>(0)? {
            Some(definition) => Some((definition, checkpoint(row.try_get(1)?, row.try_get(2)?))),
            None => None,
        };
        Ok(Self { entered, is_there: row.try_get(3)? })
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

    /// What is known of it, without a lock.
    pub(super) async fn look(&self, reader: &Reader<'_>) -> Result<Stand, StoreError> {
        let Subscription { name, building, .. } = self.subscription;
        let table = self.model.as_ref().map(|model| &model.name);
        let sql = &self.shared.subscriptions.statements.stand;
        let rows = reader.query(sql, &[name, building, &table]).await;
        let stand = rows.and_then(|rows| rows.first().map(Stand::of).transpose());
        let nothing = Stand { entered: None, is_there: false };
        Ok(stand.map_err(|error| self.explain(error))?.unwrap_or(nothing))
    }

    /// Its checkpoint, unless it has to be entered.
    pub(super) fn known(&self, stand: Stand) -> Result<Option<Checkpoint>, StoreError> {
        match stand {
            Stand { entered: Some((stored, at)), is_there: true } => {
                match *stored == *self.subscription.definition {
                    true => Ok(Some(at)),
                    false => Err(self.subscription.changed(stored)),
                }
            }
            Stand { entered: None, is_there: true } => match &self.model {
                Some(model) => Err(model.foreign()),
                None => Ok(None),
            },
            // Who drops the table by hand wants it anew.
            Stand { is_there: false, .. } => Ok(None),
        }
    }

    /// What is known of it, until the transaction ends.
    async fn lock(&self, client: &Client) -> Result<Stand, Error> {
        let Subscription { name, building, .. } = self.subscription;
        let statements = &self.shared.subscriptions.statements;
        client.batch_execute(&statements.lock_tables).await?;
        let row = client.query_opt(&statements.stand_locked, &[name, building]).await?;
        let entered = match row {
            Some(row) => Some((row.try_get(0)?, checkpoint(row.try_get(1)?, row.try_get(2)?))),
            None => None,
        };
        let is_there = match &self.model {
            Some(model) => is_there(client, model).await?,
            None => true,
        };
        Ok(Stand { entered, is_there })
    }

    /// Enters it, and makes its table; in a transaction.
    pub(super) async fn enter(&self, client: &Client) -> Result<Checkpoint, StoreError> {
        let stand = self.lock(client).await.map_err(|error| self.explain(error))?;
        if let Some(known) = self.known(stand)? {
            return Ok(known);
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
        lease::hold(self.shared, client, self.subscription.lease(), fence).await?;
        let stand = self.lock(client).await.map_err(|error| self.explain(error))?;
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
            Some((stored, _)) if **stored == *self.subscription.definition => {
                let emptied = client.batch_execute(&format!("TRUNCATE {}", model.name)).await;
                emptied.map_err(|error| self.explain(error))
            }
            Some(_) => {
                let location = &self.shared.location;
                let beside = Beside::of(client, model, location).await?;
                super::beside::drop_table(client, model, location).await?;
                self.create(client, model).await?;
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
        create.await.map_err(|error| self.explain(error))
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

/// Whether there is anything of this name.
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
            Ok(one)
        };
        rows.iter().map(one).collect::<Result<_, Error>>()
    };
    let explain = |error| reader.location.explain("listing checkpoints", error);
    read.await.map_err(explain)
}
