//! Helpers of the tests: a file of their own, events by hand, other processes, and how much is done to them.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part of it")]

pub mod account;
pub mod check;
pub mod child;
pub mod marker;
pub mod round;

use std::path::PathBuf;
use std::time::Duration;

use esrs_core::{
    AppendBatch, AppendCondition, Appended, EventStore, Metadata, NewEvent, Page, ReadQuery,
    StoreError, StreamId,
};
use esrs_sqlite::SqliteStore;
use tempfile::TempDir;

/// A file in a directory of its own, which is removed at the end of the test.
pub struct File {
    pub directory: TempDir,
    pub path: PathBuf,
}

impl File {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let path = directory.path().join("log.db");
        Self { directory, path }
    }

    pub async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path).await.expect("the file can be opened")
    }

    /// A connection of another process.
    pub fn raw(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(&self.path).expect("the file can be opened");
        connection.busy_timeout(Duration::from_secs(5)).expect("a timeout can be set");
        connection
    }
}

pub fn stream(id: impl std::fmt::Display) -> StreamId {
    StreamId::new("account", id).expect("a valid name")
}

pub fn event(name: &str, payload: impl Into<String>) -> NewEvent {
    NewEvent {
        id: uuid::Uuid::now_v7(),
        name: name.into(),
        version: 1,
        payload: payload.into(),
        recorded_at: "2026-01-31T12:00:00.123456Z".parse().expect("a time"),
        metadata: Metadata::new().with_actor("alice"),
    }
}

pub fn batch(stream: StreamId, events: Vec<NewEvent>) -> AppendBatch {
    AppendBatch::new(stream, AppendCondition::Any, events)
}

pub async fn append(store: &SqliteStore, id: &str, name: &str, payload: &str) -> Appended {
    let appended = store.append(batch(stream(id), vec![event(name, payload)])).await;
    appended.expect("the append is in order")
}

pub async fn read_all(store: &SqliteStore) -> Vec<(u64, String, u64, String)> {
    let (mut page, mut query, mut found) = (Page::new(), ReadQuery::all(), Vec::new());
    loop {
        page = store.read(query.clone(), page).await.expect("the log can be read");
        for record in page.records() {
            let stream = record.stream().to_string();
            let payload = record.payload().to_owned();
            found.push((record.position().get(), stream, record.version(), payload));
        }
        if page.is_last() {
            return found;
        }
        query = query.after(page.scanned());
    }
}

pub fn is_closed<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Closed))
}

/// Waits until it is so, for a few seconds at most.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come to be: {what}");
}
