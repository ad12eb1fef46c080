//! Reads of read models.

use std::pin::pin;

use esrs_core::projection::Value;
use esrs_core::read_model::where_matches;
use esrs_core::subscription::{Projected, Subscription};
use esrs_core::{BoxError, Projection, ReadModels, SqlReadModels, StoreError};
use futures_util::future::{join, join3, join4};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::shelf::KnownTables;
use super::subscribe::Stored;
use super::table::ModelTable;
use super::value::{Bound, row_of, values_of};
use crate::PostgresStore;
use crate::connect::PIN_PATH;
use crate::error::is_outdated;
use crate::pool::{Reader, ask};
use crate::store::Shared;

const DOING: &str = "asking for rows";

impl ReadModels for PostgresStore {
    fn get<P: Projection>(
        &self,
        key: &P::Key,
    ) -> impl Future<Output = Result<Option<P>, StoreError>> + Send {
        let key = P::key_values(key).map_err(|error| misfit(error.into()));
        async move {
            let rows = self.rows(|model| model.by_key.clone(), key?, Author::Store).await?;
            Ok(rows.into_iter().next())
        }
    }

    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        self.rows(|model| model.select.clone(), Vec::new(), Author::Store)
    }
}

impl SqlReadModels for PostgresStore {
    fn find<P: Projection>(
        &self,
        condition: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        let parameters = parameters.into_iter().collect();
        let sql = move |model: &ModelTable| where_matches(&model.select, condition);
        self.rows(sql, parameters, Author::User)
    }

    fn query(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<Vec<Value>>, StoreError>> + Send {
        let parameters: Vec<Value> = parameters.into_iter().collect();
        async move {
            let shared = self.shared();
            let rows = ask!(shared, |reader| read_only(shared, &reader, sql, &parameters))?;
            decoded(shared, &rows)
        }
    }
}

impl PostgresStore {
    async fn rows<P: Projection>(
        &self,
        sql: impl FnOnce(&ModelTable) -> String + Send,
        parameters: Vec<Value>,
        author: Author,
    ) -> Result<Vec<P>, StoreError> {
        let shared = self.shared();
        let subscription = Projected::<P>::subscription_of();
        let Some(model) = shared.subscriptions.table(&subscription)? else {
            return Ok(Vec::new());
        };
        let sql = sql(&model);
        let asking = Asking { shared, subscription: &subscription, sql: &sql, author };
        let rows = ask!(shared, |reader| asking.ask(&reader, &parameters))?;
        let rows = rows.iter().map(|row| row_of(&model, row).and_then(P::from_values));
        rows.collect::<Result<_, _>>().map_err(|error| misfit(error.into()))
    }
}

fn misfit(source: BoxError) -> StoreError {
    StoreError::Database { doing: DOING, source }
}

fn decoded(shared: &Shared, rows: &[Row]) -> Result<Vec<Vec<Value>>, StoreError> {
    let explain = |error| shared.location.explain(DOING, error);
    rows.iter().map(|row| values_of(row).map_err(explain)).collect()
}

/// The author of a statement, whose names are found by the path of the role if it is a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    Store,
    User,
}

/// A question about the rows of a projection.
struct Asking<'a> {
    shared: &'a Shared,
    subscription: &'a Subscription,
    sql: &'a str,
    author: Author,
}

impl Asking<'_> {
    async fn ask(&self, reader: &Reader<'_>, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let Subscription { name, building, definition, .. } = self.subscription;
        let whose: [&(dyn ToSql + Sync); 3] = [name, building, &&**definition];
        let explain = |error| reader.location.explain(DOING, error);
        let stored = &self.shared.subscriptions.statements.stored;
        let stored = reader.client.prepare_cached(stored).await.map_err(explain)?;
        let looking = reader.client.query(&stored, &whose);
        let bound: Vec<_> = parameters.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> =
            bound.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
        let asking = twice_if_outdated(reader, async || match self.author {
            Author::Store => reader.query(self.sql, &bound).await,
            Author::User => by_role_path(reader, self.sql, &bound).await,
        });
        let (stored, rows) = join(looking, asking).await;
        let stored = stored.map_err(explain)?;
        let not_made = || self.subscription.not_made();
        let stored = stored.first().map(|row| Stored::of(row, 0)).transpose().map_err(explain)?;
        let stored = stored.flatten().ok_or_else(not_made)?;
        stored.check_definition(self.subscription)?;
        stored.check_history()?;
        rows.map_err(|error| match error.code() {
            Some(code) if *code == SqlState::UNDEFINED_TABLE => not_made(),
            _ => explain(error),
        })
    }
}

/// Runs a statement of a user, whose names are found by the path of the role, in a transaction that only
/// reads.
async fn by_role_path(
    reader: &Reader<'_>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Error> {
    let statement = reader.client.prepare_text_alone(sql).await?;
    let begin = format!("BEGIN READ ONLY; {}", reader.client.role_path());
    // All are sent at once, so a call that is dropped leaves no transaction behind.
    let (begun, rows, ended) = join3(
        reader.client.batch_execute(&begin),
        reader.client.query(&statement, parameters),
        reader.client.batch_execute("ROLLBACK"),
    )
    .await;
    begun?;
    let rows = rows?;
    ended.map(|()| rows)
}

/// Asks again when the statement was prepared for columns of other types.
async fn twice_if_outdated<T, F: Future<Output = Result<T, Error>>>(
    reader: &Reader<'_>,
    ask: impl Fn() -> F,
) -> Result<T, Error> {
    match ask().await {
        Err(error) if is_outdated(&error) => {
            reader.client.forget_statements();
            ask().await
        }
        answer => answer,
    }
}

/// Asks in a transaction that only reads; not in tables of known projections that `find` would refuse.
async fn read_only(
    shared: &Shared,
    reader: &Reader<'_>,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let bound: Vec<_> = parameters.iter().map(Bound).collect();
    let bound: Vec<&(dyn ToSql + Sync)> =
        bound.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
    let known = shared.subscriptions.known_tables();
    let unusable = &shared.subscriptions.statements.unusable;
    let asked = twice_if_outdated(reader, async || {
        let statement = reader.client.prepare_text_alone(sql).await?;
        let looking = match known.names.is_empty() {
            true => None,
            false => Some(reader.client.prepare_cached(unusable).await?),
        };
        let declared: Vec<_> = known.subscriptions.iter().map(|one| &*one.definition).collect();
        let asking = pin!(reader.client.query(&statement, &bound));
        let looking = pin!(async {
            let Some(statement) = &looking else { return Ok(Vec::new()) };
            let pinned = reader.client.batch_execute(PIN_PATH);
            let KnownTables { names, tables, defined_names, definitions, .. } = &known;
            let of: [&(dyn ToSql + Sync); 5] =
                [names, tables, &declared, defined_names, definitions];
            let (pinned, rows) = join(pinned, reader.client.query(statement, &of)).await;
            pinned.and(rows)
        });
        let begin = format!("BEGIN READ ONLY; {}", reader.client.role_path());
        // All are sent at once, so a call that is dropped leaves no transaction behind.
        let (begun, rows, unusable, ended) = join4(
            reader.client.batch_execute(&begin),
            asking,
            looking,
            // So nothing that the statement has set outlives it.
            reader.client.batch_execute("ROLLBACK"),
        )
        .await;
        begun?;
        let rows = rows?;
        let unusable = unusable?;
        ended?;
        Ok((rows, unusable))
    })
    .await;
    let explain = |error| reader.location.explain(DOING, error);
    let (rows, unusable) = asked.map_err(explain)?;
    for row in &unusable {
        let name: &str = row.try_get(0).map_err(explain)?;
        let known = known.subscriptions.iter().find(|known| known.name == name);
        let Some(subscription) = known else { continue };
        let stored = Stored::of(row, 2).map_err(explain)?.ok_or_else(|| subscription.not_made())?;
        stored.check_definition(subscription)?;
        stored.check_history()?;
    }
    Ok(rows)
}
