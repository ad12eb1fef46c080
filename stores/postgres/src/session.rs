//! Whether a connection is a session of the server, or only looks like one.

use esrs_core::StoreError;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::connect::Connector;
use crate::error::Location;
use crate::pool::not_connected;

const DOING: &str = "opening the store";

/// Refuses what forgets prepared statements, such as an old PgBouncer that pools transactions. It would
/// be noticed under load only, and then a statement of somebody else may be run in place of one's own.
pub(crate) async fn check(
    client: &Client,
    connector: &Connector,
    location: &Location,
) -> Result<(), StoreError> {
    let explain = |error| location.explain(DOING, error);
    let token = Uuid::now_v7().to_string();
    let prepared = client.prepare(&format!("SELECT '{token}'")).await.map_err(explain)?;
    let other = connector.connect().await.map_err(|error| not_connected(error, location))?;
    // The connection that was given back is given to whoever comes next, who keeps it now.
    let begun = other.batch_execute("BEGIN").await;
    begun.map_err(|error| match error.as_db_error() {
        Some(database) => location.not_a_session(database.message()),
        None => explain(error),
    })?;
    let said =
        connector.in_time(async { Ok(client.query_one_scalar::<String, _>(&prepared, &[]).await) });
    let said = said.await.map_err(|error| not_connected(error, location))?.map_err(explain)?;
    match said == token {
        true => Ok(()),
        false => Err(location.not_a_session("another statement was run than was prepared")),
    }
}
