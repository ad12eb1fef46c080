//! The writer: group commit, and what closing the store does.

use crate::support::{File, append, batch, event, eventually, is_closed, read_all, stream};
use esrs_core::{AppendBatch, AppendCondition, EventStore, Page, ReadQuery, StoreError};
use futures_util::future::join_all;

#[tokio::test]
async fn what_is_queued_is_committed_at_once_and_a_conflict_fails_alone() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "0", "opened", "1").await;
    let before = store.stats();
    let mut raw = file.raw();
    let lock = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let appends = (0..50).map(|id| {
        let events = vec![event("deposited", "5")];
        // Only the stream 0 exists already.
        store.append(AppendBatch::new(stream(id), AppendCondition::NoStream, events))
    });
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        drop(lock);
    };
    let (answers, ()) = futures_util::join!(join_all(appends), release);

    let (stored, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((stored.len(), refused.len()), (49, 1));
    let Err(StoreError::Conflict(conflict)) = &refused[0] else { panic!("{refused:?}") };
    assert_eq!((conflict.stream.id(), conflict.actual), ("0", 1));
    let after = store.stats();
    assert_eq!(after.appends - before.appends, 49);
    let commits = after.commits - before.commits;
    assert!(commits <= 2, "the one that waited for the lock, and all the others: {commits}");
    let positions: Vec<_> = read_all(&store).await.iter().map(|event| event.0).collect();
    assert_eq!(positions, (1..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_answered_is_there_when_the_file_is_opened_again() {
    let file = File::new();
    let store = file.open().await;
    for number in 0..20 {
        append(&store, &format!("{}", number % 3), "deposited", &number.to_string()).await;
    }
    let before = read_all(&store).await;
    store.close().await;
    let store = file.open().await;
    assert_eq!(read_all(&store).await, before);
    let next = append(&store, "0", "deposited", "7").await;
    assert_eq!((next.first_position.get(), next.streams[0].first_version), (21, 8));
}

#[tokio::test]
async fn closing_waits_for_what_was_queued_and_refuses_what_comes_later() {
    let file = File::new();
    let (store, clone) = (file.open().await, file.open().await);
    let clone_of_store = store.clone();
    // So few that all are asked for before the store is closed.
    let appends = join_all((0..25).map(|id| {
        let events = vec![event("opened", "1")];
        store.append(batch(stream(id), events))
    }));
    let (answers, ()) = futures_util::join!(appends, store.close());
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(read_all(&clone).await.len(), 25);

    let late = clone_of_store.append(batch(stream(1), vec![event("opened", "1")])).await;
    assert!(is_closed(&late), "{late:?}");
    let late = clone_of_store.read(ReadQuery::all(), Page::new()).await;
    assert!(is_closed(&late), "{late:?}");
    store.close().await;
}

#[tokio::test]
async fn closing_the_last_store_empties_the_write_ahead_log() {
    let file = File::new();
    let log = file.path.with_file_name("log.db-wal");
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    assert!(log.exists());
    store.close().await;
    assert!(!log.exists());
}

#[tokio::test]
async fn dropping_the_last_clone_closes_too() {
    let file = File::new();
    let log = file.path.with_file_name("log.db-wal");
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let clone = store.clone();
    drop(store);
    append(&clone, "1", "deposited", "1").await;
    drop(clone);
    eventually("the write-ahead log is gone", || !log.exists());
    assert_eq!(read_all(&file.open().await).await.len(), 2);
}

#[tokio::test]
async fn an_append_whose_future_is_dropped_is_whole_or_not_there() {
    let file = File::new();
    let store = file.open().await;
    let events = vec![event("opened", "1"), event("deposited", "2")];
    let append = store.append(batch(stream(1), events));
    drop(tokio::time::timeout(std::time::Duration::ZERO, append).await);
    store.close().await;
    let found = read_all(&file.open().await).await.len();
    assert!(found == 2 || found == 0, "{found}");
}

#[tokio::test]
async fn readers_see_the_log_while_somebody_else_writes() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "1", "opened", "1").await;
    let mut raw = file.raw();
    let lock = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    assert_eq!(read_all(&store).await.len(), 1);
    drop(lock);
}

#[tokio::test]
async fn a_filter_that_finds_nothing_gives_an_answer_after_a_bounded_search() {
    let file = File::new();
    let store = file.open().await;
    let number = 9_000_usize;
    for _ in 0..12 {
        let events = (0..number).map(|_| event("deposited", "1")).collect();
        store.append(batch(stream(1), events)).await.unwrap();
    }
    let filter = esrs_core::EventFilter::everything().and("account", ["closed"]);
    let query = ReadQuery::all().only(filter);
    let page = store.read(query.clone(), Page::new()).await.unwrap();
    assert_eq!((page.len(), page.is_last(), page.scanned().get()), (0, false, 100_000));
    let page = store.read(query.after(page.scanned()), page).await.unwrap();
    assert_eq!((page.len(), page.is_last(), page.scanned().get()), (0, true, 12 * number as u64));
}
