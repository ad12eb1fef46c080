//! A log of orders in PostgreSQL, written by hand: what one needs without a framework.

use std::sync::Arc;

use esrs::prelude::*;
use esrs_benches::order::by_hand::{self, Kind};
use esrs_benches::order::{Order, OrderEvent};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::Tried;

/// A connection to the log.
pub(crate) struct Bare {
    client: Arc<Client>,
    insert: Statement,
    insert_many: Statement,
    select: Statement,
}

impl Bare {
    pub(crate) async fn open(url: &str) -> Tried<Self> {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client
            .batch_execute(
                "CREATE TABLE IF NOT EXISTS bare_events (
                    position bigserial PRIMARY KEY,
                    event_id uuid NOT NULL UNIQUE,
                    stream text NOT NULL,
                    version bigint NOT NULL,
                    name text NOT NULL,
                    shape integer NOT NULL,
                    recorded_at timestamptz NOT NULL DEFAULT now(),
                    payload json NOT NULL,
                    UNIQUE (stream, version)
                )",
            )
            .await?;
        let insert = "INSERT INTO bare_events (event_id, stream, version, name, shape, payload)";
        let one = format!("{insert} VALUES ($1, $2, $3, $4, $5, $6::text::json)");
        let many = format!(
            "{insert} SELECT id, stream, version, name, shape, payload::json FROM
                unnest($1::uuid[], $2::text[], $3::int8[], $4::text[], $5::int4[], $6::text[])
                AS e (id, stream, version, name, shape, payload)"
        );
        let select = "SELECT name, shape, payload::text FROM bare_events
            WHERE stream = $1 ORDER BY version";
        let (insert, insert_many) = (client.prepare(&one).await?, client.prepare(&many).await?);
        let select = client.prepare(select).await?;
        Ok(Self { client: Arc::new(client), insert, insert_many, select })
    }

    /// Appends one event, as a transaction of its own.
    pub(crate) async fn insert(&self, event: &Row) -> Tried<()> {
        let Row { id, stream, version, name, shape, payload } = event;
        let insert = &self.insert;
        self.client.execute(insert, &[id, stream, version, name, shape, payload]).await?;
        Ok(())
    }

    /// Appends these events by one statement.
    pub(crate) async fn insert_many<'a>(&self, events: impl Iterator<Item = &'a Row>) -> Tried<()> {
        let mut columns = (vec![], vec![], vec![], vec![], vec![], vec![]);
        for Row { id, stream, version, name, shape, payload } in events {
            columns.0.push(*id);
            columns.1.push(&**stream);
            columns.2.push(*version);
            columns.3.push(*name);
            columns.4.push(*shape);
            columns.5.push(&**payload);
        }
        let (a, b, c, d, e, f) = &columns;
        self.client.execute(&self.insert_many, &[a, b, c, d, e, f]).await?;
        Ok(())
    }

    /// The order that the events of a stream make.
    pub(crate) async fn load(&self, id: u64) -> Tried<Order> {
        let mut order = Order::default();
        for row in self.client.query(&self.select, &[&stream(id)]).await? {
            let shape: i32 = row.try_get(1)?;
            let kind = Kind::of(row.try_get(0)?, shape as u32).ok_or("an unknown event")?;
            by_hand::fold(&mut order, kind, row.try_get(2)?)?;
        }
        Ok(order)
    }
}

/// A row of the log.
pub(crate) struct Row {
    id: Uuid,
    stream: String,
    version: i64,
    name: &'static str,
    shape: i32,
    payload: String,
}

impl Row {
    pub(crate) fn of(id: u64, version: u64, event: &OrderEvent) -> Tried<Self> {
        let (place, payload) = Order::encode(event);
        let event_type = &Order::EVENTS[place];
        Ok(Self {
            id: Uuid::now_v7(),
            stream: stream(id),
            version: version as i64,
            name: event_type.name,
            shape: event_type.version as i32,
            payload: payload?,
        })
    }
}

fn stream(id: u64) -> String {
    format!("order-{id}")
}

/// A writer whose rows are written together with whatever came meanwhile.
#[derive(Clone)]
pub(crate) struct GroupCommit(mpsc::UnboundedSender<(Row, oneshot::Sender<()>)>);

impl GroupCommit {
    pub(crate) fn start(bare: Bare) -> Self {
        let (sender, mut receiver) = mpsc::unbounded_channel::<(Row, oneshot::Sender<()>)>();
        tokio::spawn(async move {
            let mut group = Vec::new();
            while receiver.recv_many(&mut group, 512).await > 0 {
                if let Err(error) = bare.insert_many(group.iter().map(|(row, _)| row)).await {
                    eprintln!("by hand: {error}");
                    return;
                }
                for (_, done) in group.drain(..) {
                    let _ = done.send(());
                }
            }
        });
        Self(sender)
    }

    pub(crate) async fn append(&self, row: Row) -> Tried<()> {
        let (done, is_done) = oneshot::channel();
        self.0.send((row, done)).map_err(|_| "the writer is gone")?;
        Ok(is_done.await?)
    }
}
