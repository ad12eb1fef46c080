//! Idempotency keys that many callers look for at once.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use crate::support::{connect, one, stream, within};
use esrs_core::{Appended, EventStore, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

/// More than one statement looks for.
const CALLERS: u64 = 600;
const SOON: Duration = Duration::from_secs(20);

async fn store_with_keys(url: &str, limit: Duration) -> PostgresStore {
    let store = PostgresStore::builder(url).readers(2).busy_timeout(limit).timeout(limit);
    let store = store.open().await.unwrap();
    let keyed = |number| one(number).with_idempotency_key(format!("key {number}"));
    for appended in join_all((0..CALLERS).map(|number| store.append(keyed(number)))).await {
        appended.unwrap();
    }
    store
}

async fn look(store: &PostgresStore, number: u64) -> Result<Option<Appended>, StoreError> {
    store.find_append(stream(number), format!("key {number}").into()).await
}

async fn all_are_found(store: &PostgresStore) {
    let looking = join_all((0..CALLERS).map(|number| look(store, number)));
    let found = within(SOON, "keys are found", looking).await;
    for (number, found) in (0..CALLERS).zip(found) {
        assert_eq!(found.unwrap().unwrap().streams[0].stream, stream(number));
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn callers_are_answered_when_those_before_them_are_gone() {
    let database = postgres_server::database().unwrap();
    let store = store_with_keys(database.url(), SOON).await;
    for gone in [1, 2, CALLERS / 2, CALLERS] {
        {
            let mut before: Vec<_> =
                (0..gone).map(|number| Box::pin(look(&store, number))).collect();
            let mut context = Context::from_waker(Waker::noop());
            for looking in &mut before {
                // The first one is under way, and the others wait for it.
                assert!(looking.as_mut().poll(&mut context).is_pending());
            }
            let mut behind = pin!(look(&store, 7));
            assert!(behind.as_mut().poll(&mut context).is_pending());
            drop(before);
            let found = within(SOON, "a key is found behind others", behind).await;
            assert_eq!(found.unwrap().unwrap().streams[0].stream, stream(7));
        }
        all_are_found(&store).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn all_callers_are_told_of_an_error_in_time_and_the_next_are_answered() {
    let database = postgres_server::database().unwrap();
    let limit = Duration::from_secs(1);
    let store = store_with_keys(database.url(), limit).await;
    let raw = connect(database.url()).await;
    for _ in 0..2 {
        raw.batch_execute("BEGIN; LOCK TABLE esrs.idempotency_keys").await.unwrap();
        let begun = Instant::now();
        let looking = join_all((0..CALLERS).map(|number| look(&store, number)));
        for found in within(SOON, "errors are told", looking).await {
            assert!(found.is_err(), "{found:?}");
        }
        let took = begun.elapsed();
        assert!(took < 2 * limit + Duration::from_secs(1), "it took {took:?}");
        raw.batch_execute("ROLLBACK").await.unwrap();
        all_are_found(&store).await;
    }
    raw.batch_execute("ALTER TABLE esrs.idempotency_keys RENAME TO hidden").await.unwrap();
    for found in join_all((0..CALLERS).map(|number| look(&store, number))).await {
        assert!(matches!(found, Err(StoreError::Database { .. })), "{found:?}");
    }
    raw.batch_execute("ALTER TABLE esrs.hidden RENAME TO idempotency_keys").await.unwrap();
    all_are_found(&store).await;
}
