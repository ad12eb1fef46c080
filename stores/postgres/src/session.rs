//! A check that a connection is a session of the server, and does not only look like one.

use esrs_core::StoreError;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::connect::Connector;
use crate::error::Location;
use crate::pool::not_connected;

const DOING: &str = "opening the store";

/// Refuses what forgets prepared statements, such as an old PgBouncer that pools transactions, and what
/// forgets settings, as every PgBouncer does that pools transactions. The first would be noticed under load
/// only, and then a statement of another program may be run in place of one's own. The second would run the
/// store's statements by a `search_path` in which others may have made functions, and other programs by the
/// store's.
pub(crate) async fn check(
    client: &Client,
    connector: &Connector,
    location: &Location,
) -> Result<(), StoreError> {
    let explain = |error| location.explain(DOING, error);
    let token = Uuid::now_v7().to_string();
    client.batch_execute(&format!("SET esrs.session = '{token}'")).await.map_err(explain)?;
    let both = format!("SELECT '{token}', current_setting('esrs.session', true)");
    let prepared = client.prepare(&both).await.map_err(explain)?;
    let other = connector.connect().await.map_err(|error| not_connected(error, location))?;
    // The connection that was given back is given to whoever comes next, who keeps it now.
    if let Err(error) = other.batch_execute("BEGIN").await {
        reset(client, &other).await;
        return Err(match error.as_db_error() {
            Some(database) => location.not_a_session(database.message()),
            None => explain(error),
        });
    }
    let said = connector.in_time(async { Ok(client.query_one(&prepared, &[]).await) });
    let said = said.await.map_err(|error| not_connected(error, location))?;
    let said = said.and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let (statement, setting): (String, Option<String>) = match said {
        Ok(said) => said,
        Err(error) => {
            reset(client, &other).await;
            return Err(explain(error));
        }
    };
    if statement == token && setting.as_ref() == Some(&token) {
        return Ok(());
    }
    reset(client, &other).await;
    let reason = match statement == token {
        true => "a setting of the session was lost",
        false => "another statement was run than was prepared",
    };
    Err(location.not_a_session(reason))
}

/// Takes back the path that other programs would find on these connections.
async fn reset(client: &Client, other: &Client) {
    // As far as they can be reached: what fails here has no path to take back.
    let _ = client.batch_execute("RESET search_path").await;
    let _ = other.batch_execute("RESET search_path; COMMIT").await;
}
