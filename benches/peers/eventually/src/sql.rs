//! Plain SQL, for what has no library's way.

use tokio_postgres::{Client, NoTls};

use crate::peer::Tried;

pub(crate) async fn connect(url: &str) -> Tried<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("a connection broke: {error}");
        }
    });
    Ok(client)
}

/// Does what autovacuum would have done in a database that has run for a while: the planner knows it.
pub(crate) async fn vacuum(url: &str) -> Tried<()> {
    let client = connect(url).await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    client.batch_execute("CHECKPOINT").await?;
    Ok(())
}
