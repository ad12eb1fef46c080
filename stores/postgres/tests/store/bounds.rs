//! Every call returns within its bound: with all connections in use, and over a network that carries
//! nothing any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::account::Account;
use crate::support::proxy::Proxy;
use crate::support::working::{Working, advance, step, subscription};
use crate::support::{HOLD_THE_LOG, append, connect, event, one, read_all, stream, within};
use esrs_core::conformance;
use esrs_core::subscription::{
    CheckpointStore, Lease, LeaseClaim, LeaseStore, ReadModelWriter, WaitTarget,
};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, NewEvent, Page, Position, ReadModels, ReadQuery,
    SqlReadModels, StoreError,
};
use esrs_postgres::{PostgresStore, PostgresStoreBuilder};
use futures_util::future::join_all;
use postgres_server::Database;

const BUSY: Duration = Duration::from_millis(300);
const TIMEOUT: Duration = Duration::from_millis(700);
/// The sum of both, and what a loaded machine may take in addition.
const BOUND: Duration = Duration::from_secs(4);

fn database() -> Database {
    postgres_server::database().unwrap()
}

fn builder(url: &str) -> PostgresStoreBuilder {
    PostgresStore::builder(url).busy_timeout(BUSY).timeout(TIMEOUT)
}

/// The first event of an account, which its projection takes.
fn opened(id: impl std::fmt::Display) -> AppendBatch {
    let event = NewEvent { name: "opened".into(), ..event("1") };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event])
}

async fn open_account(store: &PostgresStore, id: &str) {
    store.append(opened(id)).await.unwrap();
}

fn is_late(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::TimedOut { .. } | StoreError::Unavailable { .. } | StoreError::Busy { .. }
    )
}

/// Runs a call on a store whose network freezes before it; how it ends, and that the store goes on with
/// other connections when the network is back.
async fn frozen<T: std::fmt::Debug, F: Future<Output = T>>(
    what: &str,
    configure: fn(PostgresStoreBuilder) -> PostgresStoreBuilder,
    call: impl FnOnce(PostgresStore) -> F,
) -> T {
    let database = database();
    let proxy = Proxy::before(database.url()).await;
    let store = configure(builder(&proxy.url(database.url()))).open().await.unwrap();
    // Connections of every kind are open and idle.
    open_account(&store, "1").await;
    read_all(&store).await;
    store.catch_up::<Account>().await.unwrap();
    let claim = LeaseClaim { name: "lease".into(), holder: "me".into(), duration: BOUND };
    store.claim_lease(claim).await.unwrap();
    proxy.freeze();
    let begun = Instant::now();
    let answer = within(BOUND, what, call(store.clone())).await;
    assert!(begun.elapsed() < BOUND, "{what}");
    proxy.thaw();
    // The connections that carried nothing are replaced.
    let goes_on = async {
        while store.append(opened("next")).await.is_err() {}
        while store.read(ReadQuery::all(), Page::new()).await.is_err() {}
        while store.checkpoints().await.is_err() {}
    };
    within(2 * BOUND, "going on", goes_on).await;
    answer
}

fn plain(builder: PostgresStoreBuilder) -> PostgresStoreBuilder {
    builder
}

fn inline(builder: PostgresStoreBuilder) -> PostgresStoreBuilder {
    builder.inline::<Account>()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn appends_over_a_frozen_network_are_unknown_in_time() {
    for configure in [plain, inline] {
        // By itself, as one of many, and behind one that is stuck.
        let answers = frozen("appends", configure, |store| async move {
            let behind =
                AppendBatch::new(stream("1"), AppendCondition::Version(1), vec![event("1")]);
            let others = (0..8).map(|number| opened(format!("other-{number}")));
            let appends = [behind].into_iter().chain(others);
            join_all(appends.map(|batch| store.append(batch))).await
        })
        .await;
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(
                matches!(error, StoreError::Unknown { .. }) || is_late(&error),
                "it was not answered, and is said to be {error:?}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn one_append_over_a_frozen_network_is_unknown_and_the_next_works() {
    for configure in [plain, inline] {
        let answer = frozen("an append", configure, |store| async move {
            let behind =
                AppendBatch::new(stream("1"), AppendCondition::Version(1), vec![event("1")]);
            store.append(behind).await
        });
        let error = answer.await.unwrap_err();
        assert!(matches!(error, StoreError::Unknown { .. }), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn reads_over_a_frozen_network_end_in_time() {
    let error = frozen("a read", plain, |store| async move {
        store.read(ReadQuery::all(), Page::new()).await.unwrap_err()
    });
    assert!(is_late(&error.await));
    let error = frozen("find", plain, |store| async move {
        store.find::<Account>("true", []).await.unwrap_err()
    });
    assert!(is_late(&error.await));
    let error =
        frozen(
            "query",
            plain,
            |store| async move { store.query("SELECT 1", []).await.unwrap_err() },
        );
    assert!(is_late(&error.await));
    let error =
        frozen("checkpoints", plain, |store| async move { store.checkpoints().await.unwrap_err() });
    assert!(is_late(&error.await));
    // More of them than connections.
    let errors = frozen("reads", plain, |store| async move {
        join_all((0..16).map(|_| store.read(ReadQuery::all(), Page::new()))).await
    });
    assert!(errors.await.iter().all(|read| is_late(read.as_ref().unwrap_err())));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn subscriptions_over_a_frozen_network_end_in_time() {
    let error = frozen("advance", plain, |store| async move {
        let subscription = subscription("working", &[]);
        let subscription = Arc::new(esrs_core::subscription::Subscription {
            table: None,
            ..(*subscription).clone()
        });
        let from = esrs_core::subscription::Checkpoint::NOWHERE;
        let worker = Working::writing(&subscription, Vec::new()).and(|transaction| {
            Box::pin(async { transaction.execute("SELECT 1", &[]).await.map(drop) })
        });
        store.advance(step(&subscription, from), worker).await.1.unwrap_err()
    });
    assert!(is_late(&error.await));
    let error = frozen("claim_lease", plain, |store| async move {
        let claim = LeaseClaim {
            name: "lease".into(),
            holder: "me".into(),
            duration: Duration::from_secs(60),
        };
        store.claim_lease(claim).await.unwrap_err()
    });
    assert!(is_late(&error.await));
    let error = frozen("subscribe", plain, |store| async move {
        let other = Arc::new(esrs_core::subscription::Subscription {
            table: None,
            ..(*subscription("other", &[])).clone()
        });
        store.subscribe(other).await.unwrap_err()
    });
    assert!(is_late(&error.await));
    let error =
        frozen(
            "catch_up",
            plain,
            |store| async move { store.catch_up::<Account>().await.unwrap_err() },
        );
    assert!(is_late(&error.await));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn close_import_and_open_over_a_frozen_network_end_in_time() {
    let database = database();
    let proxy = Proxy::before(database.url()).await;
    let store = builder(&proxy.url(database.url())).open().await.unwrap();
    append(&store, "1").await;
    proxy.freeze();
    let error = within(BOUND, "an import", store.import([(stream("2"), event("1"))])).await;
    assert!(error.is_err());
    let appending = store.append(one("1"));
    let closing = async {
        tokio::task::yield_now().await;
        store.close().await;
    };
    let (answer, ()) = within(BOUND, "closing", async { tokio::join!(appending, closing) }).await;
    assert!(matches!(answer, Err(StoreError::Unknown { .. })), "{answer:?}");
    let opening = builder(&proxy.url(database.url())).open();
    assert!(is_late(&within(BOUND, "opening", opening).await.unwrap_err()));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_wait_ends_with_its_own_time_whatever_the_store_does() {
    let wait = Duration::from_millis(400);
    let subscription = || esrs_core::subscription::Projected::<Account>::subscription_of().into();
    let far = || WaitTarget::from(Position::new(1_000));
    // The network is frozen before the first look, and after it.
    let error = frozen("a wait", plain, |store| async move {
        let begun = Instant::now();
        let error = store.wait_for(subscription(), far(), wait).await.unwrap_err();
        assert!(begun.elapsed() < wait + Duration::from_millis(600), "{:?}", begun.elapsed());
        error
    });
    assert!(is_late(&error.await));

    let database = database();
    let proxy = Proxy::before(database.url()).await;
    let store = PostgresStore::builder(&proxy.url(database.url())).readers(1).open().await.unwrap();
    open_account(&store, "1").await;
    store.catch_up::<Account>().await.unwrap();
    let begun = Instant::now();
    let waiting = store.wait_for(subscription(), far(), 3 * wait);
    let freezing = async {
        tokio::time::sleep(wait).await;
        proxy.freeze();
    };
    let (waited, ()) = tokio::join!(waiting, freezing);
    assert!(begun.elapsed() < 3 * wait + Duration::from_millis(600), "{:?}", begun.elapsed());
    assert!(matches!(waited, Err(StoreError::Lagging { .. })), "{waited:?}");
    proxy.thaw();

    // All connections that read are in use.
    let store = PostgresStore::builder(database.url()).readers(1).open().await.unwrap();
    let sleeping = store.query("SELECT 1 FROM pg_sleep(3)", []);
    let waiting = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let begun = Instant::now();
        let waited = store.wait_for(subscription(), far(), wait).await;
        (waited, begun.elapsed())
    };
    let (_, (waited, took)) = tokio::join!(sleeping, waiting);
    assert!(is_late(&waited.unwrap_err()));
    assert!(took < wait + Duration::from_millis(600), "{took:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_call_that_finds_every_connection_in_use_is_told_so_in_time() {
    let database = database();
    let store = builder(database.url()).readers(1).timeout(BOUND).open().await.unwrap();
    let sleeping = store.query("SELECT 1 FROM pg_sleep(2)", []);
    let reading = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        let busy = store.read(ReadQuery::all(), Page::new()).await.unwrap_err();
        assert!(begun.elapsed() < Duration::from_millis(1_500));
        // Neither steps nor leases nor appends wait for those who read.
        append(&store, "1").await;
        let claim = LeaseClaim { name: "l".into(), holder: "me".into(), duration: BOUND };
        assert!(matches!(store.claim_lease(claim).await, Ok(Lease::Held { .. })));
        busy
    };
    let (slept, busy) = tokio::join!(sleeping, reading);
    slept.unwrap();
    assert!(matches!(busy, StoreError::Busy { waited: BUSY, .. }), "{busy:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_statement_of_a_user_that_takes_too_long_is_stopped_on_the_server() {
    let database = database();
    let store = builder(database.url()).readers(1).open().await.unwrap();
    let error = within(BOUND, "a query", store.query("SELECT 1 FROM pg_sleep(60)", [])).await;
    assert!(is_late(&error.unwrap_err()));
    let raw = connect(database.url()).await;
    let sleeping = async {
        loop {
            let row = raw
                .query_one(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                     AND query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()",
                    &[],
                )
                .await
                .unwrap();
            if row.get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within(BOUND, "the server stops it", sleeping).await;
    within(BOUND, "the next read", read_all(&store)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn handlers_that_read_and_append_do_not_wait_for_each_other() {
    let database = database();
    for readers in [1, PostgresStoreBuilder::DEFAULT_READERS] {
        let store = PostgresStore::builder(database.url()).readers(readers).open().await.unwrap();
        let steps = (0..4).map(|number| {
            let name = ["first", "second", "third", "fourth"][number];
            let subscription = Arc::new(esrs_core::subscription::Subscription {
                table: None,
                ..(*subscription(name, &[])).clone()
            });
            let (inner, store) = (store.clone(), store.clone());
            async move {
                for _ in 0..5 {
                    let inner = inner.clone();
                    let worker =
                        Working::writing(&subscription, Vec::new()).and(move |transaction| {
                            let inner = inner.clone();
                            Box::pin(async move {
                                transaction.execute("SELECT 1", &[]).await?;
                                inner.read(ReadQuery::stream(stream(name)), Page::new()).await?;
                                inner.append(one(name)).await?;
                                inner.query("SELECT 1", []).await?;
                                transaction.execute("SELECT 2", &[]).await.map(drop)
                            })
                        });
                    advance(&store, worker).await.unwrap();
                }
            }
        });
        within(Duration::from_secs(20), "handlers that use the store", join_all(steps)).await;
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn bounds_hold_under_another_executor() {
    let database = database();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (proxy, store) = runtime.block_on(async {
        let proxy = Proxy::before(database.url()).await;
        let store = builder(&proxy.url(database.url())).open().await.unwrap();
        append(&store, "1").await;
        read_all(&store).await;
        (proxy, store)
    });
    proxy.freeze();
    let begun = Instant::now();
    let read = futures_executor::block_on(store.read(ReadQuery::all(), Page::new()));
    assert!(is_late(&read.unwrap_err()));
    let appended = futures_executor::block_on(store.append(one("1")));
    assert!(matches!(appended, Err(StoreError::Unknown { .. })), "{appended:?}");
    assert!(begun.elapsed() < 2 * BOUND);
    proxy.thaw();
    futures_executor::block_on(async { while store.append(one("1")).await.is_err() {} });
    // With limits that a machine with other work keeps, too.
    let other = runtime.block_on(PostgresStore::open(database.url())).unwrap();
    futures_executor::block_on(conformance::subscriptions::all(&other));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn extreme_settings_are_bounded() {
    let database = database();
    let store = PostgresStore::builder(database.url())
        .busy_timeout(Duration::MAX)
        .timeout(Duration::MAX)
        .readers(usize::MAX)
        .poll_interval(Duration::MAX)
        .inline::<Account>()
        .open()
        .await
        .unwrap();
    open_account(&store, "1").await;
    assert_eq!(read_all(&store).await.len(), 1);
    let reads = join_all((0..8).map(|_| store.read(ReadQuery::all(), Page::new())));
    assert!(reads.await.iter().all(Result::is_ok));
    store.close().await;
    let store = PostgresStore::builder(database.url())
        .busy_timeout(Duration::ZERO)
        .readers(0)
        .poll_interval(Duration::ZERO)
        .open()
        .await
        .unwrap();
    append(&store, "1").await;
    let waiting = store.wait_behind(Position::new(2));
    let appending = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        append(&store, "1").await
    };
    let (head, appended) =
        within(BOUND, "a wait", async { tokio::join!(waiting, appending) }).await;
    assert_eq!(head.unwrap(), appended.last_position);
    let raw = connect(database.url()).await;
    raw.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
    let impatient = PostgresStore::builder(database.url())
        .busy_timeout(Duration::ZERO)
        .timeout(Duration::ZERO)
        .open();
    // So short a time is enough for nothing, which is said.
    if let Err(error) = within(BOUND, "opening", impatient).await {
        assert!(is_late(&error), "{error:?}");
    }
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn a_store_is_not_opened_outside_of_a_runtime() {
    let database = database();
    let opened = futures_executor::block_on(PostgresStore::open(database.url()));
    let Err(StoreError::Database { doing: "opening the store", source }) = opened else {
        panic!("{opened:?}")
    };
    assert!(source.to_string().contains("no Tokio runtime"), "{source}");
}
