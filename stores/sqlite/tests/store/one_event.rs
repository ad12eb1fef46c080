//! An append of one event behind a version of a stream takes a way of its own: one statement. What it
//! takes for granted it must not take on trust.

use crate::support::{File, event, is_closed, read_all, stream};
use esrs_core::{
    AppendBatch, AppendCondition, Appended, EventStore, NewEvent, Stats, StoreError, conformance,
};
use esrs_sqlite::SqliteStore;

/// More than an id stays in memory before it goes into the table.
const MANY: u64 = 600;

/// A store of each kind, on one file.
async fn both(file: &File) -> [SqliteStore; 2] {
    let on_caller = SqliteStore::builder(&file.path).commit_on_caller().open().await;
    [file.open().await, on_caller.expect("the file can be opened")]
}

async fn append_behind(
    store: &SqliteStore,
    id: &str,
    version: u64,
    event: NewEvent,
) -> Result<Appended, StoreError> {
    let condition = match version {
        0 => AppendCondition::NoStream,
        version => AppendCondition::Version(version),
    };
    store.append(AppendBatch::new(stream(id), condition, vec![event])).await
}

#[tokio::test]
async fn stores_that_take_turns_leave_no_gap_and_know_each_others_events() {
    let file = File::new();
    let stores = both(&file).await;
    let mut appended = Vec::new();
    for version in 0..MANY {
        let new = event("opened", version.to_string());
        // Now and then one store appends several times, so that each learns of more than one.
        let store = &stores[usize::from(version % 7 < 4)];
        let stored = append_behind(store, "1", version, new.clone()).await.unwrap();
        assert_eq!((stored.last_position.get(), stored.repeated), (version + 1, false));
        appended.push(new);
    }
    for (version, old) in (0..).zip(&appended) {
        for store in &stores {
            let again = append_behind(store, "1", version, old.clone()).await.unwrap();
            assert_eq!((again.last_position.get(), again.repeated), (version + 1, true));
            let elsewhere = append_behind(store, "1", MANY, old.clone()).await.unwrap();
            assert_eq!((elsewhere.last_position.get(), elsewhere.repeated), (version + 1, true));
        }
    }
    let found = read_all(&stores[0]).await;
    let expected = (0..MANY).map(|at| (at + 1, "account-1".to_owned(), at + 1, at.to_string()));
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn an_id_that_is_stored_is_refused_on_another_stream_however_old_it_is() {
    let file = File::new();
    for store in both(&file).await {
        let (one, other) = (uuid::Uuid::now_v7().to_string(), uuid::Uuid::now_v7().to_string());
        append_behind(&store, &other, 0, event("opened", "1")).await.unwrap();
        let old = event("opened", "1");
        append_behind(&store, &one, 0, old.clone()).await.unwrap();
        for version in 1..MANY {
            let taken = append_behind(&store, &other, 1, old.clone()).await;
            assert!(
                matches!(taken, Err(StoreError::EventIdTaken { event_id }) if event_id == old.id)
            );
            append_behind(&store, &one, version, event("opened", "1")).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_version_that_the_stream_does_not_have_is_a_conflict() {
    let file = File::new();
    for store in both(&file).await {
        let id = uuid::Uuid::now_v7().to_string();
        append_behind(&store, &id, 0, event("opened", "1")).await.unwrap();
        append_behind(&store, &id, 1, event("opened", "1")).await.unwrap();
        for version in [1, 3, 7, u64::MAX] {
            let answer = append_behind(&store, &id, version, event("opened", "1")).await;
            let Err(StoreError::Conflict(conflict)) = answer else { panic!("{answer:?}") };
            assert_eq!(conflict.actual, 2);
        }
        append_behind(&store, &id, 2, event("opened", "1")).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_commits_on_the_callers_thread_keeps_every_promise() {
    let file = File::new();
    let [_, store] = both(&file).await;
    conformance::all(&store).await;
}

#[tokio::test]
async fn a_commit_on_the_callers_thread_is_done_when_the_append_was_polled_once() {
    let file = File::new();
    let [by_writer, on_caller] = both(&file).await;
    drop(by_writer);
    let appended = append_behind(&on_caller, "1", 0, event("opened", "1"));
    futures_util::FutureExt::now_or_never(appended).expect("no other thread is asked").unwrap();
    let Stats { appends, commits, .. } = on_caller.stats();
    assert_eq!((appends, commits), (1, 1));
    on_caller.close().await;
    let late = append_behind(&on_caller, "1", 1, event("opened", "1")).await;
    assert!(is_closed(&late), "{late:?}");
}
