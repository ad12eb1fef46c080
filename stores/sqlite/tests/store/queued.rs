//! More appends than the queue has room for: they wait with their callers, and each is answered in time.

use std::time::Duration;

use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::{EventStore, StoreError};
use esrs_sqlite::SqliteStore;
use futures_util::future::join_all;

/// 200 MB in all, where 32 MiB are queued at once.
const APPENDS: usize = 20_000;

fn payload() -> String {
    format!("\"{}\"", "x".repeat(10_000))
}

#[tokio::test]
async fn twenty_thousand_appends_on_a_busy_file_are_refused_and_the_next_is_stored() {
    let file = File::new();
    let builder = SqliteStore::builder(&file.path).busy_timeout(Duration::from_millis(300));
    let store = builder.open().await.unwrap();
    append(&store, "1", "opened", "1").await;
    let holder = file.raw();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends = (0..APPENDS).map(|_| {
        let store = &store;
        async move { store.append(batch(stream("1"), vec![event("noted", payload())])).await }
    });
    let answers = join_all(appends).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(StoreError::Busy { .. }))));
    holder.execute_batch("ROLLBACK").unwrap();
    append(&store, "1", "deposited", "2").await;
    assert_eq!(read_all(&store).await.len(), 2);
}

#[tokio::test]
async fn what_waits_for_room_is_stored_once_there_is_some() {
    let file = File::new();
    let store = file.open().await;
    let appends = (0..APPENDS / 4).map(|number| {
        let store = &store;
        async move { store.append(batch(stream(number), vec![event("noted", payload())])).await }
    });
    let answers = join_all(appends).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(store.stats().appends, APPENDS as u64 / 4);
}

#[tokio::test]
async fn a_store_that_is_closed_answers_those_who_wait_for_room() {
    let file = File::new();
    let store = file.open().await;
    let holder = file.raw();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends = join_all((0..APPENDS / 4).map(|number| {
        let store = &store;
        async move { store.append(batch(stream(number), vec![event("noted", payload())])).await }
    }));
    let (answers, ()) = futures_util::future::join(appends, store.close()).await;
    let closed = answers.iter().filter(|answer| crate::support::is_closed(answer)).count();
    assert!(closed > 0 && answers.iter().all(Result::is_err), "{closed}");
    holder.execute_batch("ROLLBACK").unwrap();
    append(&file.open().await, "1", "opened", "1").await;
}

#[tokio::test]
async fn a_store_takes_no_longer_payload_than_it_was_told_and_reads_what_is_there() {
    let file = File::new();
    let long = || batch(stream("1"), vec![event("noted", payload())]);
    let store = file.open().await;
    store.append(long()).await.unwrap();
    store.close().await;
    let store = SqliteStore::builder(&file.path).max_payload(10_001).open().await.unwrap();
    for _ in 0..2 {
        let refused = store.append(long()).await.unwrap_err();
        let StoreError::Limit(limit) = &refused else { panic!("{refused}") };
        assert_eq!((limit.actual, limit.max), (10_002, 10_001));
        let imported = store.import_chunk(vec![(stream("1"), event("noted", payload()))]).await;
        assert!(matches!(imported, Err(StoreError::Limit(_))), "{imported:?}");
    }
    let fits = event("noted", format!("\"{}\"", "x".repeat(9_999)));
    store.append(batch(stream("1"), vec![fits])).await.unwrap();
    assert_eq!(read_all(&store).await.len(), 2);
    // The bound of all stores stays.
    let store = SqliteStore::builder(&file.path).max_payload(usize::MAX).open().await.unwrap();
    let large = event("noted", format!("\"{}\"", "x".repeat(16 * 1024 * 1024)));
    let refused = store.append(batch(stream("1"), vec![large])).await;
    assert!(matches!(refused, Err(StoreError::Limit(_))), "{refused:?}");
}
