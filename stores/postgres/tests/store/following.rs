//! Tasks that wait for events are woken by them.

use std::time::Duration;

use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Metadata, NewEvent, Position, StoreError, StreamId,
};
use esrs_postgres::PostgresStore;
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// Longer than any wake-up takes, and shorter than the interval of those that are not to poll.
const PATIENCE: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_secs(3_600);

fn batch() -> AppendBatch {
    let event = NewEvent {
        id: Uuid::now_v7(),
        name: "deposited".into(),
        version: 1,
        payload: "1".to_owned(),
        recorded_at: Timestamp::now(),
        metadata: Metadata::new(),
    };
    let stream = StreamId::new("account", 1).unwrap();
    AppendBatch::new(stream, AppendCondition::Any, vec![event])
}

async fn open(url: &str, poll_interval: Duration) -> PostgresStore {
    PostgresStore::builder(url).poll_interval(poll_interval).open().await.unwrap()
}

/// Waits until the store listens: a session of its own, whose last statement says so.
async fn until_it_listens(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let listening = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN %' AND state = 'idle'";
    while client.query_one(listening, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    client
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn who_waits_is_woken_by_an_append_of_another_store() {
    let database = postgres_server::database().unwrap();
    let follower = open(database.url(), NEVER).await;
    let writer = open(database.url(), NEVER).await;
    let mut after = Position::START;
    for _ in 0..20 {
        let waiting = tokio::spawn({
            let follower = follower.clone();
            async move { follower.wait_behind(after).await }
        });
        until_it_listens(database.url()).await;
        let appended = writer.append(batch()).await.unwrap();
        let woken = timeout(PATIENCE, waiting).await.expect("it was never woken");
        after = woken.unwrap().unwrap();
        assert_eq!(after, appended.last_position);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_stands_there_already_is_not_waited_for() {
    let database = postgres_server::database().unwrap();
    let store = open(database.url(), NEVER).await;
    let appended = store.append(batch()).await.unwrap();
    let found = timeout(PATIENCE, store.wait_behind(Position::START)).await.unwrap().unwrap();
    assert_eq!(found, appended.last_position);
    let more = timeout(Duration::from_millis(200), store.wait_behind(found)).await;
    assert!(more.is_err(), "there is nothing behind the end to be found");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn who_is_never_woken_looks_by_itself() {
    let database = postgres_server::database().unwrap();
    let follower = open(database.url(), Duration::from_millis(50)).await;
    let waiting = tokio::spawn({
        let follower = follower.clone();
        async move { follower.wait_behind(Position::START).await }
    });
    let client = until_it_listens(database.url()).await;
    // An append that tells nobody: as by a process that ends before it could.
    let kind = "SELECT esrs.kind_of('account', 'deposited', 1)";
    client.query_one(kind, &[]).await.unwrap();
    let append = "SELECT esrs.append(ARRAY[1], ARRAY['account-1'], ARRAY['account'],
        ARRAY[-1]::int8[], ARRAY[NULL]::text[], ARRAY[1], ARRAY[NULL]::int8[], ARRAY[1], ARRAY[1],
        ARRAY[1], ARRAY[gen_random_uuid()], ARRAY[now()], ARRAY[NULL]::uuid[],
        ARRAY[NULL]::uuid[], ARRAY[NULL]::text[], ARRAY['1'])";
    client.query_one(append, &[]).await.unwrap();
    let found = timeout(PATIENCE, waiting).await.expect("it never looked").unwrap().unwrap();
    assert_eq!(found, Position::new(1));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_listener_whose_connection_is_lost_listens_again() {
    let database = postgres_server::database().unwrap();
    let (follower, writer) = (open(database.url(), NEVER).await, open(database.url(), NEVER).await);
    let waiting = tokio::spawn({
        let follower = follower.clone();
        async move { follower.wait_behind(Position::START).await }
    });
    let client = until_it_listens(database.url()).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN %'";
    client.execute(end, &[]).await.unwrap();
    until_it_listens(database.url()).await;
    writer.append(batch()).await.unwrap();
    timeout(PATIENCE, waiting).await.expect("it was never woken").unwrap().unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_is_asked_of_a_store_that_is_closed_is_told_so() {
    let database = postgres_server::database().unwrap();
    let store = open(database.url(), NEVER).await;
    let other = store.clone();
    store.close().await;
    let refused = other.append(batch()).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    let refused = other.wait_behind(Position::START).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_store_works_under_any_executor_while_its_runtime_lives() {
    let database = postgres_server::database().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let store = runtime.block_on(open(database.url(), NEVER));
    futures_executor::block_on(async {
        let appended = store.append(batch()).await.unwrap();
        let found = store.wait_behind(Position::START).await.unwrap();
        assert_eq!(found, appended.last_position);
    });
    drop(runtime);
    let refused = futures_executor::block_on(store.append(batch()));
    assert!(matches!(refused, Err(StoreError::Closed | StoreError::Unknown { .. })), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn an_append_that_nobody_polls_any_more_keeps_nobody_waiting() {
    let database = postgres_server::database().unwrap();
    let store = open(database.url(), NEVER).await;
    let behind = |version| {
        let mut batch = batch();
        batch.streams[0].condition = AppendCondition::Version(version);
        batch
    };
    store.append(batch()).await.unwrap();
    store.append(behind(1)).await.unwrap();
    // It is begun, and left.
    let mut left = store.append(behind(2));
    assert!(futures_util::poll!(&mut left).is_pending());
    let mut other = batch();
    other.streams[0].stream = StreamId::new("account", 2).unwrap();
    timeout(PATIENCE, store.append(other)).await.expect("it waits for the first").unwrap();
    left.await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn append_of_a_task_that_has_used_up_its_budget_goes_on() {
    let database = postgres_server::database().unwrap();
    let store = open(database.url(), NEVER).await;
    store.append(batch()).await.unwrap();
    for version in 1..5 {
        let mut behind = batch();
        behind.streams[0].condition = AppendCondition::Version(version);
        // All of it within one poll, until tokio lets the task do no more.
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        (0..10_000).for_each(|number| sender.send(number).unwrap());
        let busy = async {
            while futures_util::poll!(std::pin::pin!(receiver.recv())).is_ready() {}
            store.append(behind).await
        };
        timeout(PATIENCE, busy).await.expect("it spins").unwrap();
        assert!(!receiver.is_empty(), "its budget was not used up");
    }
}
