//! The store's own tables, and how they come to be.

use esrs_core::StoreError;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::pool::Lent;

use crate::error::Location;
use crate::sql::{Sql, VERSION};

/// The oldest PostgreSQL that the store works with.
const OLDEST_SERVER: u32 = 14;

fn explain(location: &Location) -> impl Fn(Error) -> StoreError + '_ {
    |error| location.explain("preparing the store's tables", error)
}

/// Refuses a server that is too old.
pub(crate) async fn check_server(client: &Client, location: &Location) -> Result<(), StoreError> {
    let version: String = client
        .query_one_scalar("SELECT current_setting('server_version_num')", &[])
        .await
        .map_err(explain(location))?;
    let major = version.parse::<u32>().map_or(0, |number| number / 10_000);
    if major >= OLDEST_SERVER {
        return Ok(());
    }
    let source = format!("{location} is PostgreSQL {major}, and the store needs {OLDEST_SERVER}");
    Err(StoreError::Database { doing: "opening the store", source: source.into() })
}

/// The version of the tables; 0 when there are none.
async fn stored_version(client: &Client, sql: &Sql) -> Result<i32, Error> {
    match client.query_opt_scalar::<i32, _>(&sql.stored_version, &[]).await {
        Ok(version) => Ok(version.unwrap_or(0)),
        Err(error)
            if [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME]
                .iter()
                .any(|code| error.code() == Some(code)) =>
        {
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

/// Refuses tables of a newer esrs, before anything is touched.
fn check(stored: i32, location: &Location) -> Result<u32, StoreError> {
    match u32::try_from(stored) {
        Ok(version) if version <= VERSION => Ok(version),
        _ => Err(StoreError::NewerSchema {
            location: location.to_string(),
            found: u32::try_from(stored).unwrap_or(u32::MAX),
            known: VERSION,
        }),
    }
}

/// Brings the tables up to date, in one transaction. A user who may not make tables can open a store
/// whose tables are up to date.
pub(crate) async fn migrate(
    client: &Lent,
    sql: &Sql,
    location: &Location,
) -> Result<(), StoreError> {
    let explain = explain(location);
    let stored = stored_version(client, sql).await.map_err(&explain)?;
    if check(stored, location)? == VERSION {
        return Ok(());
    }
    // Dropped on the way of an error, the connection ends the transaction.
    let begin = format!("BEGIN; {}", sql.lock_migrations());
    client.batch_execute(&begin).await.map_err(&explain)?;
    // Another process may have been faster while this one waited.
    let create = format!(
        "CREATE SCHEMA IF NOT EXISTS {s};
         CREATE TABLE IF NOT EXISTS {s}.schema_version (version integer NOT NULL);
         INSERT INTO {s}.schema_version SELECT 0
             WHERE NOT EXISTS (SELECT FROM {s}.schema_version);",
        s = sql.schema
    );
    client.batch_execute(&create).await.map_err(&explain)?;
    let stored = stored_version(client, sql).await.map_err(&explain)?;
    let stored = check(stored, location)?;
    for step in sql.migrations(stored) {
        client.batch_execute(&step).await.map_err(&explain)?;
    }
    let update = format!("UPDATE {}.schema_version SET version = {VERSION}", sql.schema);
    client.batch_execute(&update).await.map_err(&explain)?;
    client.batch_execute("COMMIT").await.map_err(&explain)
}
