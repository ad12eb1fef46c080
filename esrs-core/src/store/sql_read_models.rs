//! Queries of stores that speak SQL.

use super::ReadModels;
use super::forward::forward;
use crate::log::StoreError;
use crate::read_model::projection::{Projection, Value};

/// Queries on the tables of read models, for stores that speak SQL.
///
/// A `MemoryStore` does not implement it, so code that needs SQL does not compile on one.
/// `use esrs::prelude::*` brings it into scope.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not speak SQL",
    label = "`find` and `query` need a store that speaks SQL",
    note = "give a `SqliteStore` or a `PostgresStore`; rows of a `MemoryStore` are read by `get` and `all`"
)]
pub trait SqlReadModels: ReadModels {
    /// Reads the rows that match a condition: the text behind `WHERE`, with `$1`, `$2` … for
    /// `parameters`.
    ///
    /// It may continue with `ORDER BY` and `LIMIT`. All rows match an empty one, and `true ORDER BY cents`.
    /// Rows are as recent as those of [`get`](ReadModels::get).
    ///
    /// ```
    /// use esrs_core::{Projection, SqlReadModels, StoreError};
    ///
    /// async fn richest<AccountSummary: Projection>(
    ///     store: &impl SqlReadModels,
    /// ) -> Result<Vec<AccountSummary>, StoreError> {
    ///     store.find("cents > $1 ORDER BY cents DESC LIMIT 10", [100_000.into()]).await
    /// }
    /// ```
    ///
    /// The condition is your own SQL and only reads: never build it from a user's input. On PostgreSQL it
    /// finds the names of functions and tables by the `search_path` of the role.
    ///
    /// # Errors
    /// As of [`get`](ReadModels::get), and those of [`query`](Self::query) for a condition that is invalid
    /// or would write.
    fn find<P: Projection>(
        &self,
        condition: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;

    /// Reads the rows of any one `SELECT`, over read models and tables of your own.
    ///
    /// A value is what the database returns. SQLite has integers, reals, texts, bytes and NULL. On
    /// PostgreSQL `smallint`, `integer` and `bigint` are integers, `real` and `double precision` are reals;
    /// a `numeric`, such as a sum of `bigint`, is an integer if it is whole and fits, and its text otherwise;
    /// a `date` and a value of an enum are their texts; cast any other type in the statement, as by
    /// `::text`.
    ///
    /// ```
    /// use esrs_core::{SqlReadModels, StoreError};
    ///
    /// async fn print_totals(store: &impl SqlReadModels) -> Result<(), StoreError> {
    ///     let totals = "SELECT owner, sum(cents) FROM account_summary GROUP BY owner";
    ///     for row in store.query(totals, []).await? {
    ///         println!("{row:?}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// - [`StoreError::ReadOnly`] on SQLite, and the error of the server on PostgreSQL, for a statement that
    ///   does more than read the database of this store;
    /// - [`StoreError::Database`] for a text that is not one statement;
    /// - those of [`get`](ReadModels::get) if it reads the table of a projection that this store knows
    ///   (inline, by a runner, or by an earlier call) and `get` would refuse;
    /// - and the errors of the database.
    fn query(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>,
    ) -> impl Future<Output = Result<Vec<Vec<Value>>, StoreError>> + Send;
}

forward!(SqlReadModels {
    fn find<P: Projection>(
        &self,
        condition: &str,
        parameters: impl IntoIterator<Item = Value>
    ) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;
    fn query(
        &self,
        sql: &str,
        parameters: impl IntoIterator<Item = Value>
    ) -> impl Future<Output = Result<Vec<Vec<Value>>, StoreError>> + Send;
});
