//! Asking read models, and filling them.

use std::pin::pin;

use esrs_core::projection::Value;
use esrs_core::subscription::{self, Projected, Subscription};
use esrs_core::{BoxError, Position, Projection, StoreError};
use futures_util::future::{join, join4};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::shelf::KnownTables;
use super::subscribe::Stored;
use super::table::ModelTable;
use super::value::{Bound, row_of, values_of};
use crate::PostgresStore;
use crate::error::is_outdated;
use crate::pool::{Reader, ask};
use crate::store::Shared;

const DOING: &str = "asking for rows";

impl PostgresStore {
    /// The row of this key, if there is one.
    ///
    /// It is as new as its table: up to the last append where the projection is
    /// [`inline`](crate::PostgresStoreBuilder::inline), up to where whoever runs it has come, or the last
    /// [`catch_up`](Self::catch_up), otherwise.
    ///
    /// # Errors
    /// - [`StoreError::ProjectionChanged`] or [`StoreError::ProjectionSuperseded`] if the table was made by
    ///   another definition of `P`;
    /// - [`StoreError::ProjectionTable`] if it was not made at all;
    /// - [`StoreError::HistoryChanged`] if its rows follow from events that the log does not hold any more;
    /// - and the errors of the database.
    pub async fn get<P: Projection>(&self, key: &P::Key) -> Result<Option<P>, StoreError> {
        let key = P::key_values(key).map_err(|error| misfit(error.into()))?;
        let rows = self.rows::<P>(|model| model.by_key.clone(), key).await?;
        Ok(rows.into_iter().next())
    }

    /// The rows that fulfil a condition: what stands behind `WHERE`, with `$1`, `$2` … for
    /// `parameters`. It may go on with `ORDER BY` and `LIMIT`; an empty one is fulfilled by all, as
    /// is `true ORDER BY cents`. Rows are as new as those of [`get`](Self::get).
    ///
    /// ```no_run
    /// # use esrs_core::{Projection, StoreError};
    /// # async fn example<AccountSummary: Projection>(store: esrs_postgres::PostgresStore) -> Result<(), StoreError> {
    /// let rich: Vec<AccountSummary> =
    ///     store.find("cents > $1 ORDER BY cents DESC LIMIT 10", [100_000.into()]).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// The condition is SQL of yours: never build it from what somebody has typed in.
    ///
    /// # Errors
    /// As of [`get`](Self::get), and when the condition is no SQL.
    pub async fn find<P: Projection>(
        &self,
        condition: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<P>, StoreError> {
        let sql = |model: &ModelTable| match condition.trim() {
            "" => model.select.clone(),
            condition => format!("{} WHERE {condition}", model.select),
        };
        self.rows(sql, parameters.into_iter().collect()).await
    }

    /// The rows that any `SELECT` finds, over read models and tables of your own.
    ///
    /// A value is of the kind that its column has: `smallint`, `integer` and `bigint` are integers,
    /// `real` and `double precision` are reals; a `numeric`, such as a sum of `bigint`, is an integer
    /// where it is whole and fits, and its text otherwise. A `date` and a value of an enum are their
    /// texts. What has another type is cast in the statement, as by `::text`.
    ///
    /// ```no_run
    /// # async fn example(store: esrs_postgres::PostgresStore) -> Result<(), esrs_core::StoreError> {
    /// let sums = store.query("SELECT owner, sum(cents) FROM account_summary GROUP BY owner", []).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// - an error of the database if it is no SQL, or would write: it runs in a transaction that only
    ///   reads;
    /// - the errors of [`find`](Self::find) if it reads a table of a projection that this store knows, by
    ///   any call before, and that `find` refuses.
    pub async fn query(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let parameters: Vec<Value> = parameters.into_iter().collect();
        let shared = self.shared();
        let rows = ask!(shared, |reader| read_only(shared, &reader, sql, &parameters))?;
        decoded(shared, &rows)
    }

    /// Brings the table of `P` to the end of the log, makes it if it is not there, and says where that
    /// was.
    ///
    /// It parks nothing. For a program that goes on following there is the runner.
    ///
    /// # Errors
    /// Those of [`esrs_core::subscription::catch_up`].
    pub async fn catch_up<P: Projection>(&self) -> Result<Position, StoreError> {
        subscription::catch_up(self, Box::new(Projected::<P>::new()), |_| {}).await
    }

    /// Makes the rows of `P` anew from the whole log, beside those that are asked meanwhile, and says
    /// up to where they go.
    ///
    /// Indexes, triggers, policies and rights that you have put on the table are kept (membership in a
    /// publication is not); one that the new columns do not allow is an error.
    ///
    /// # Errors
    /// Those of [`esrs_core::subscription::rebuild`].
    pub async fn rebuild<P: Projection>(&self) -> Result<Position, StoreError> {
        subscription::rebuild(self, || Box::new(Projected::<P>::building()), |_| {}).await
    }

    async fn rows<P: Projection>(
        &self,
        sql: impl FnOnce(&ModelTable) -> String,
        parameters: Vec<Value>,
    ) -> Result<Vec<P>, StoreError> {
        let shared = self.shared();
        let subscription = Projected::<P>::subscription_of();
        let Some(model) = shared.subscriptions.table(&subscription)? else {
            return Ok(Vec::new());
        };
        let sql = sql(&model);
        let asking = Asking { shared, subscription: &subscription, sql: &sql };
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

/// A question about the rows of a projection.
struct Asking<'a> {
    shared: &'a Shared,
    subscription: &'a Subscription,
    sql: &'a str,
}

impl Asking<'_> {
    async fn ask(&self, reader: &Reader<'_>, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let Subscription { name, building, definition, .. } = self.subscription;
        let whose: [&(dyn ToSql + Sync); 3] = [name, building, &&**definition];
        let looking = reader.query(&self.shared.subscriptions.statements.stored, &whose);
        let bound: Vec<_> = parameters.iter().map(Bound).collect();
        let bound: Vec<&(dyn ToSql + Sync)> =
            bound.iter().map(|one| one as &(dyn ToSql + Sync)).collect();
        let asking = twice_if_outdated(reader, || reader.query_text(self.sql, &bound));
        let (stored, rows) = join(looking, asking).await;
        let explain = |error| reader.location.explain(DOING, error);
        let stored = stored.map_err(explain)?;
        let not_made = || not_made(self.subscription);
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

/// The error when there are no rows yet.
fn not_made(subscription: &Subscription) -> StoreError {
    let reason = "it was not made yet; call `catch_up`, or run it".to_owned();
    StoreError::ProjectionTable { table: subscription.name, reason }
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
        let statement = reader.client.prepare_text(sql).await?;
        let looking = match known.names.is_empty() {
            true => None,
            false => Some(reader.client.prepare_cached(unusable).await?),
        };
        let declared: Vec<_> = known.subscriptions.iter().map(|one| &*one.definition).collect();
        let asking = pin!(reader.client.query(&statement, &bound));
        let looking = pin!(async {
            let Some(statement) = &looking else { return Ok(Vec::new()) };
            let KnownTables { names, tables, defined_names, definitions, .. } = &known;
            let of: [&(dyn ToSql + Sync); 5] =
                [names, tables, &declared, defined_names, definitions];
            reader.client.query(statement, &of).await
        });
        // All are sent at once, so nobody who goes away leaves a transaction behind.
        let (begun, rows, unusable, ended) = join4(
            reader.client.batch_execute("BEGIN READ ONLY"),
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
        let stored = Stored::of(row, 2).map_err(explain)?.ok_or_else(|| not_made(subscription))?;
        stored.check_definition(subscription)?;
        stored.check_history()?;
    }
    Ok(rows)
}
