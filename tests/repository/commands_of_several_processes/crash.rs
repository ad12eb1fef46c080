//! A process that ends exactly between the commit of a command and its answer.

use std::os::unix::process::ExitStatusExt;

use esrs::prelude::*;
use esrs::store::{AppendBatch, Appended, IdempotencyKey, LogId, Page, ReadQuery, Snapshot};
use esrs::{EventStore, StoreError, StreamId};
use futures_core::future::BoxFuture;

use super::account::{Account, Move};
use super::answers::Effect;
use super::child::{self, say};
use super::log;

const SIGABRT: i32 = 6;

/// A store whose process ends as soon as an append is stored.
struct CrashesBeforeTheAnswer(SqliteStore);

impl EventStore for CrashesBeforeTheAnswer {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move {
            let answer = self.0.append(batch).await;
            if answer.is_ok() {
                std::process::abort();
            }
            answer
        })
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        self.0.read(query, page)
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        self.0.find_append(stream, key)
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, esrs::store::NewEvent)>,
    ) -> BoxFuture<'_, Result<esrs::store::Imported, StoreError>> {
        self.0.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.save_snapshot(snapshot)
    }

    fn streams(
        &self,
        query: esrs::store::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        self.0.streams(query)
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.0.count_streams(category)
    }

    fn log_id(&self) -> LogId {
        self.0.log_id()
    }
}

fn alice() -> String {
    "alice".to_owned()
}

const DEPOSIT: Move = Move { command: 1, is_deposit: true };
const WITHDRAWAL: Move = Move { command: 2, is_deposit: false };

pub(crate) async fn withdraw_and_crash(file: &str) {
    let store = SqliteStore::open(file).await.unwrap();
    let accounts = Repository::<Account>::new(CrashesBeforeTheAnswer(store));
    say("sent", "");
    let answer = accounts.execute(&alice(), WITHDRAWAL).idempotency_key("withdrawal").await;
    say("answered", format!("{answer:?}"));
}

#[tokio::test]
async fn a_command_whose_process_crashed_between_commit_and_answer_is_answered_when_it_is_repeated()
{
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let accounts = Repository::<Account>::new(store.clone());
    accounts.execute(&alice(), DEPOSIT).await.unwrap();

    let mut child = child::start(super::CHILD, "crash", &file);
    let said = child::said(&mut child);
    assert_eq!(child.wait().unwrap().signal(), Some(SIGABRT));
    let said: Vec<_> = said.into_iter().map(|said| said.0).collect();
    assert_eq!(said, ["sent"], "it was to crash before it has an answer");

    // The account is empty by now: handled anew, it would be rejected.
    for _ in 0..2 {
        let again = accounts.execute(&alice(), WITHDRAWAL).idempotency_key("withdrawal").await;
        let again = again.unwrap();
        assert!(again.was_repeated());
        assert_eq!(Effect::from(&again), Effect { version: 3, event_count: 2, position: 3 });
    }
    assert!(accounts.execute(&alice(), WITHDRAWAL).await.unwrap_err().rejection().is_some());
    let found = log::read(&store).await;
    let names: Vec<_> = found.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names, ["deposited", "withdrawn", "noted"]);
    println!("crashed 1, repeated 2, effects 1");
}
