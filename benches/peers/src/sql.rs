//! Plain SQL, for what has no library's way.

use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection, Executor};

use crate::peer::{CONNECTIONS, Tried};

/// The pool that those on sqlx get, with sqlx's own settings.
pub(crate) async fn pool(url: &str) -> Tried<PgPool> {
    Ok(PgPoolOptions::new().max_connections(CONNECTIONS).connect(url).await?)
}

/// Runs statements without parameters.
pub(crate) async fn execute(pool: &PgPool, statements: &str) -> Tried<()> {
    pool.execute(sqlx::raw_sql(statements)).await?;
    Ok(())
}

/// Does what autovacuum would have done in a database that has run for a while: the planner knows it.
pub(crate) async fn vacuum(url: &str) -> Tried<()> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute("VACUUM ANALYZE").await?;
    connection.execute("CHECKPOINT").await?;
    connection.close().await?;
    Ok(())
}

/// Returns whether a unique index refused a row.
pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if error.is_unique_violation())
}
