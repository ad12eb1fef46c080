//! Helpers of the tests: events by hand, a raw connection, and a way to the server that loses answers.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part of it")]

#[path = "../../../sqlite/tests/support/account.rs"]
pub mod account;
#[path = "../../../sqlite/tests/support/marker.rs"]
pub mod marker;
pub mod proxy;
#[path = "../../../sqlite/tests/support/round.rs"]
pub mod round;
pub mod turns;
pub mod working;

use std::time::Duration;

use esrs_core::{
    AppendBatch, AppendCondition, Appended, EventStore, Metadata, NewEvent, Page, ReadQuery,
    StreamId,
};
use esrs_postgres::PostgresStore;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

pub fn stream(id: impl std::fmt::Display) -> StreamId {
    StreamId::new("account", id).expect("a valid name")
}

pub fn event(payload: impl Into<String>) -> NewEvent {
    NewEvent {
        id: Uuid::now_v7(),
        name: "deposited".into(),
        version: 1,
        payload: payload.into(),
        recorded_at: "2026-01-31T12:00:00.123456Z".parse().expect("a time"),
        metadata: Metadata::new().with_actor("alice"),
    }
}

/// The cases of the conformance suite that import, which only the owner of a log may.
pub const IMPORTS: [&str; 6] = [
    "an_import_is_stored_once_in_its_order",
    "an_event_that_is_imported_twice_at_once_is_stored_once",
    "an_import_that_differs_is_refused",
    "an_import_with_a_bad_event_stores_nothing",
    "known_ids_with_other_content_are_refused",
    "the_time_at_which_an_event_occurred_comes_back",
];

/// One event of a stream, at whichever version that is.
pub fn one(id: impl std::fmt::Display) -> AppendBatch {
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event("1")])
}

pub async fn append(store: &PostgresStore, id: impl std::fmt::Display) -> Appended {
    store.append(one(id)).await.expect("the append is in order")
}

/// An event as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub position: u64,
    pub stream: String,
    pub version: u64,
    pub id: Uuid,
}

/// Returns the events of a page.
pub fn events_of(page: &Page) -> impl Iterator<Item = Read> {
    page.records().map(|record| Read {
        position: record.position().get(),
        stream: record.stream().to_string(),
        version: record.version(),
        id: record.envelope().expect("it was asked for").event_id,
    })
}

pub async fn read_all(store: &PostgresStore) -> Vec<Read> {
    let (mut page, mut query, mut found) =
        (Page::new(), ReadQuery::all().with_envelopes(), Vec::new());
    loop {
        page = store.read(query.clone(), page).await.expect("the log can be read");
        found.extend(events_of(&page));
        if page.is_last() {
            return found;
        }
        query = query.after(page.scanned());
    }
}

/// A connection of another process.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("it is there");
    tokio::spawn(connection);
    client
}

/// The statement by which a transaction holds the log in the schema `esrs`, until it ends: nobody else
/// appends meanwhile. Its numbers are the same in every version of esrs that ever was.
pub const HOLD_THE_LOG: &str = "SELECT pg_advisory_xact_lock(1702064755, -1509142538)";

/// Has the server refuse every event as one that is read-only does.
pub const REFUSE_WRITES: &str = "
    CREATE FUNCTION esrs.refuse_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE read_only_sql_transaction USING MESSAGE = 'cannot execute INSERT: read-only'; END $$;
    CREATE TRIGGER read_only BEFORE INSERT ON esrs.events
        FOR EACH STATEMENT EXECUTE FUNCTION esrs.refuse_events();";

/// The end of that.
pub const ALLOW_WRITES: &str = "DROP FUNCTION esrs.refuse_events() CASCADE";

/// Ends all connections to the database of this one, but not itself.
pub async fn terminate_all(raw: &Client) {
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    raw.batch_execute(terminate).await.expect("it may end them");
}

/// Fails the test, in place of making it wait for ever.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => panic!("it took longer than {limit:?}: {what}"),
    }
}
