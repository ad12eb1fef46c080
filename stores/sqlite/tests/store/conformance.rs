//! The SQLite store keeps every promise of the suite, and is what the model says.

use std::sync::Arc;

use esrs_core::conformance::{self, model, read_models, subscriptions};
use esrs_core::subscription::SubscriptionStore;
use esrs_core::{EventStore, SqlReadModels, StoreError};
use esrs_sqlite::{SqliteStore, Synchronous};
use proptest::prelude::*;
use tempfile::TempDir;

async fn open(directory: &TempDir) -> SqliteStore {
    SqliteStore::open(directory.path().join("log.db")).await.expect("a new file can be opened")
}

#[tokio::test]
async fn each_promise_is_kept_on_a_file_of_its_own() {
    for case in conformance::CASES {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory).await;
        case.run(&store).await;
        store.close().await;
    }
    for case in subscriptions::CASES {
        let directory = tempfile::tempdir().unwrap();
        let store = open(&directory).await;
        case.run(&store).await;
        store.close().await;
    }
}

#[tokio::test]
async fn every_promise_is_kept_on_one_file_that_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let store = open(&directory).await;
        conformance::all(&store).await;
        subscriptions::all(&store).await;
        read_models::all_with_sql(&store).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept_while_another_store_writes_to_the_same_file() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (open(&directory).await, open(&directory).await);
    let beside = tokio::spawn(async move {
        conformance::all(&other).await;
        subscriptions::all(&other).await;
    });
    conformance::all(&one).await;
    subscriptions::all(&one).await;
    beside.await.unwrap();
}

#[tokio::test]
async fn every_promise_is_kept_in_memory() {
    let store = SqliteStore::open(":memory:").await.unwrap();
    for _ in 0..2 {
        conformance::all(&store).await;
        subscriptions::all(&store).await;
        read_models::all_with_sql(&store).await;
    }
    store.close().await;
}

#[tokio::test]
async fn databases_in_memory_are_shared_by_clones_alone() {
    let (one, other) = (
        SqliteStore::open(":memory:").await.unwrap(),
        SqliteStore::open(":memory:").await.unwrap(),
    );
    read_models::all_with_sql(&one.clone()).await;
    let count = async |store: &SqliteStore| {
        store.query("SELECT count(*) FROM esrs_events", []).await.unwrap().remove(0).remove(0)
    };
    assert_ne!(count(&one).await, 0.into());
    assert_eq!(count(&other).await, 0.into());
    one.close().await;
    assert!(matches!(one.query("SELECT 1", []).await, Err(StoreError::Closed)));
    read_models::all_with_sql(&other).await;
    // Nothing of it is a file.
    assert!(!std::path::Path::new(":memory:").exists());
    other.close().await;
}

#[tokio::test]
async fn every_promise_is_kept_by_a_store_that_has_just_been_opened() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.db");
    let store = open(&directory).await;
    let cold = conformance::Cold::new(store, move || {
        let builder = SqliteStore::builder(&path).readers(1);
        Box::pin(async move {
            let store: Arc<dyn EventStore> = Arc::new(builder.open().await.unwrap());
            store
        })
    });
    conformance::all(&cold).await;
}

#[tokio::test]
async fn every_promise_is_kept_by_a_store_that_was_chosen_at_run_time() {
    let directory = tempfile::tempdir().unwrap();
    let chosen: Arc<dyn SubscriptionStore> = Arc::new(open(&directory).await);
    conformance::all(&chosen).await;
    subscriptions::all(&chosen).await;
    let chosen: &'static dyn EventStore = Box::leak(Box::new(chosen));
    let boxed: Box<dyn EventStore> = Box::new(chosen);
    conformance::all(&boxed).await;
    assert!(boxed.as_subscription_store().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_script_is_answered_as_the_model_does(
        seeds in prop::collection::vec(any::<u64>(), 1..80),
    ) {
        let script: Vec<_> = seeds.into_iter().map(model::Operation::from_seed).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let builder = SqliteStore::builder(directory.path().join("log.db"));
            // Only the answers count here, and a commit that is not synced is faster.
            let store = builder.synchronous(Synchronous::Normal).open().await.unwrap();
            model::run(&store, &script).await;
            store.close().await;
        });
    }
}
