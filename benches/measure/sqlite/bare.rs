//! A log of orders, written by hand: what one needs without a framework, and nothing else.

use std::error::Error;
use std::path::Path;

use esrs::prelude::*;
use esrs_benches::order::by_hand::{self, Kind};
use esrs_benches::order::{AddItem, Order, OrderEvent};
use rusqlite::{Connection, Statement, TransactionBehavior};

const SELECT: &str = "SELECT name, shape, payload FROM events WHERE stream = ?1 ORDER BY version";
const INSERT: &str =
    "INSERT INTO events (stream, version, name, shape, payload) VALUES (?1, ?2, ?3, ?4, ?5)";

type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

pub(crate) struct Bare {
    connection: Connection,
}

impl Bare {
    pub(crate) fn open(path: &Path) -> Tried<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE events (
                position INTEGER PRIMARY KEY,
                stream TEXT NOT NULL,
                version INTEGER NOT NULL,
                name TEXT NOT NULL,
                shape INTEGER NOT NULL,
                payload TEXT NOT NULL,
                UNIQUE (stream, version)
            ) STRICT",
        )?;
        Ok(Self { connection })
    }

    /// Appends to a stream that has no event yet.
    pub(crate) fn append(&mut self, id: u64, events: &[OrderEvent]) -> Tried<()> {
        let transaction = self.connection.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        for (event, version) in events.iter().zip(1..) {
            insert_event(&mut insert, id, version, event)?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    /// Appends the same event to each of these streams.
    pub(crate) fn append_to_each(
        &mut self,
        ids: impl Iterator<Item = u64>,
        version: u64,
        event: &OrderEvent,
    ) -> Tried<()> {
        let transaction = self.connection.transaction()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        for id in ids {
            insert_event(&mut insert, id, version, event)?;
        }
        drop(insert);
        Ok(transaction.commit()?)
    }

    /// Appends one event, as a transaction of its own.
    pub(crate) fn insert(&mut self, id: u64, version: u64, event: &OrderEvent) -> Tried<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        insert_event(&mut insert, id, version, event)
    }

    /// The order, and how many events it has.
    pub(crate) fn load(&self, id: u64) -> Tried<(Order, u64)> {
        load(&self.connection, id)
    }

    /// Loads, decides and stores, in one transaction.
    pub(crate) fn execute(&mut self, id: u64, command: &AddItem) -> Tried<()> {
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let (order, version) = load(&transaction, id)?;
        let event = order.add_item(command).map_err(|full| format!("{full:?}"))?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        insert_event(&mut insert, id, version + 1, &event.into())?;
        drop(insert);
        Ok(transaction.commit()?)
    }
}

fn load(connection: &Connection, id: u64) -> Tried<(Order, u64)> {
    let mut select = connection.prepare_cached(SELECT)?;
    let mut rows = select.query([stream(id)])?;
    let (mut order, mut version) = (Order::default(), 0);
    while let Some(row) = rows.next()? {
        let kind = Kind::of(row.get_ref(0)?.as_str()?, row.get(1)?).ok_or("an unknown event")?;
        by_hand::fold(&mut order, kind, row.get_ref(2)?.as_str()?)?;
        version += 1;
    }
    Ok((order, version))
}

fn insert_event(
    insert: &mut Statement<'_>,
    id: u64,
    version: u64,
    event: &OrderEvent,
) -> Tried<()> {
    let (place, payload) = Order::encode(event);
    let event_type = &Order::EVENTS[place];
    insert.execute((stream(id), version as i64, event_type.name, event_type.version, payload?))?;
    Ok(())
}

fn stream(id: u64) -> String {
    format!("order-{id}")
}
