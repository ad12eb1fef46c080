//! More appends than the queue has room for: they wait with their callers, and each is answered in time.

use std::time::Duration;

use crate::support::{connect, event, stream};
use esrs_core::{AppendBatch, AppendCondition, EventStore, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

/// 200 MB in all, where 32 MiB are queued at once.
const APPENDS: usize = 20_000;

fn batch() -> AppendBatch {
    let payload = format!("\"{}\"", "x".repeat(10_000));
    AppendBatch::new(stream(1), AppendCondition::Any, vec![event(payload)])
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn twenty_thousand_appends_on_a_busy_log_are_refused_and_the_next_is_stored() {
    let database = postgres_server::database().unwrap();
    let builder = PostgresStore::builder(database.url());
    let store = builder.busy_timeout(Duration::from_millis(300)).open().await.unwrap();
    store.append(batch()).await.unwrap();
    let holder = connect(database.url()).await;
    holder.batch_execute("BEGIN; LOCK TABLE esrs.events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let answers = join_all((0..APPENDS).map(|_| {
        let store = &store;
        async move { store.append(batch()).await }
    }));
    let answers = answers.await;
    for answer in &answers {
        assert!(
            matches!(answer, Err(StoreError::Busy { .. } | StoreError::Unknown { .. })),
            "{answer:?}"
        );
    }
    assert!(
        answers.iter().filter(|answer| matches!(answer, Err(StoreError::Busy { .. }))).count()
            > APPENDS / 2
    );
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert!(!store.append(batch()).await.unwrap().repeated);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_store_takes_no_longer_payload_than_it_was_told() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).max_payload(10_001).open().await.unwrap();
    for _ in 0..2 {
        let refused = store.append(batch()).await.unwrap_err();
        let StoreError::Limit(limit) = &refused else { panic!("{refused}") };
        assert_eq!((limit.actual, limit.max), (10_002, 10_001));
        let events = vec![(stream(1), batch().streams.remove(0).events.remove(0))];
        let imported = store.import_chunk(events).await;
        assert!(matches!(imported, Err(StoreError::Limit(_))), "{imported:?}");
    }
    let fits = AppendBatch::new(stream(1), AppendCondition::Any, vec![event("1")]);
    store.append(fits).await.unwrap();
}
