//! A connection that appends.

use tokio_postgres::{Client, Config, NoTls, Statement};

use crate::Tried;
use crate::group::{Answer, Group};
use crate::layout::{APPEND, APPEND_ONE, Layout, Order};

/// The messages of an append on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The function, as a statement that commits itself.
    OneStatement,
    /// `BEGIN`, the function, `COMMIT`, each when the one before is answered.
    RoundTrips,
    /// A function of one event that takes no arrays, as a statement that commits itself.
    WithoutArrays,
}

/// Connects, and leaves the connection's work to a task.
pub(crate) async fn connect(config: &Config) -> Tried<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    // It ends with its client; what breaks it is told to whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// A connection to the tables of a layout.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) layout: Layout,
    /// The process that serves it.
    pub(crate) pid: i32,
    append: Statement,
    flush: Statement,
    way: Way,
}

impl Session {
    pub(crate) async fn open(config: &Config, layout: Layout, way: Way) -> Tried<Self> {
        let client = connect(config).await?;
        client.batch_execute(&format!("SET search_path = {}", layout.schema)).await?;
        let append = match way {
            Way::WithoutArrays => APPEND_ONE,
            Way::OneStatement | Way::RoundTrips => APPEND,
        };
        let append = client.prepare(append).await?;
        // A commit that waits for the disk waits for all that was committed before.
        let flush = client.prepare("SELECT pg_logical_emit_message(true, 'esrs', '')").await?;
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).await?.get(0);
        Ok(Self { client, layout, pid, append, flush, way })
    }

    pub(crate) async fn append(&self, group: &Group) -> Tried<Vec<Answer>> {
        if self.way == Way::WithoutArrays {
            let row = self.client.query_one(&self.append, &group.scalars()).await?;
            return Ok(vec![answer((row.get(0), row.get(1)))]);
        }
        let parameters = group.parameters();
        let append = self.client.query_one(&self.append, &parameters);
        let row = if self.layout.order == Order::LockWithoutFlush {
            let flush = self.client.query_one(&self.flush, &[]);
            let (row, flushed) = tokio::join!(append, flush);
            flushed?;
            row?
        } else if self.way == Way::RoundTrips {
            self.client.batch_execute("BEGIN").await?;
            let row = append.await?;
            self.client.batch_execute("COMMIT").await?;
            row
        } else {
            append.await?
        };
        let (positions, versions): (Vec<i64>, Vec<i64>) = (row.get(0), row.get(1));
        Ok(positions.into_iter().zip(versions).map(answer).collect())
    }
}

fn answer((position, version): (i64, i64)) -> Answer {
    match position {
        0 => Answer::Refused { version },
        position => Answer::Stored { position, version },
    }
}
