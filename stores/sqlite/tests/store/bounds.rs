//! The time limits of calls: with a busy file, with all readers at work, and with a handler that takes
//! its time. What was refused is not stored, and the next call works.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::projection::ProjectionError;
use esrs_core::subscription::{
    Advance, Advanced, CheckpointStore, Decision, Lease, LeaseClaim, LeaseStore, Parked,
    ParkedStream, ParkingStore, Projected, ReadModelWriter, RowTransaction, Subscriber,
    Subscription,
};
use esrs_core::{
    EventFilter, EventStore, IdempotencyKey, Page, Position, ReadModels, ReadQuery, Schema,
    Snapshot, SqlReadModels, StoreError,
};
use esrs_sqlite::{SqliteStore, SqliteStoreBuilder};
use futures_core::future::BoxFuture;

const WAIT: Duration = Duration::from_millis(300);
/// The machine may be busy itself.
const SLACK: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(30);

const FOREVER: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT count(*) FROM n";

fn builder(file: &File) -> SqliteStoreBuilder {
    SqliteStore::builder(&file.path).busy_timeout(WAIT).readers(2)
}

fn rows() -> Arc<Subscription> {
    Arc::new(Projected::<Account>::subscription_of())
}

/// The answer, which has to come within a time.
async fn within<T>(limit: Duration, what: &str, call: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = tokio::time::timeout(LONG, call).await.unwrap_or_else(|_| panic!("{what} hangs"));
    let took = begun.elapsed();
    assert!(took < limit + SLACK, "{what} took {took:?}");
    answer
}

type Call = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// Every call that reads.
fn reads(store: &SqliteStore) -> Vec<(&'static str, Call)> {
    macro_rules! call {
        ($name:literal, |$store:ident| $call:expr) => {{
            let $store = store.clone();
            ($name, Box::pin(async move { $call.await.map(drop) }) as Call)
        }};
    }
    vec![
        call!("read a stream", |it| it.read(ReadQuery::stream(stream("a")), Page::new())),
        call!("read the log", |it| it.read(ReadQuery::all(), Page::new())),
        call!("find_append", |it| it.find_append(stream("a"), IdempotencyKey::new("key"))),
        call!("find", |it| it.find::<Account>("", [])),
        call!("get", |it| it.get::<Account>(&"a".to_owned())),
        call!("query", |it| it.query("SELECT 1", [])),
        call!("checkpoints", |it| it.checkpoints()),
        call!("parked", |it| it.parked(rows())),
        call!("parking_log", |it| it.parking_log("accounts".to_owned())),
    ]
}

/// Every call that writes.
fn writes(store: &SqliteStore) -> Vec<(&'static str, Call)> {
    macro_rules! call {
        ($name:literal, |$store:ident| $call:expr) => {{
            let $store = store.clone();
            ($name, Box::pin(async move { $call.await.map(drop) }) as Call)
        }};
    }
    vec![
        call!("append", |it| it.append(batch(stream("refused"), vec![event("opened", "1")]))),
        call!("save_snapshot", |it| it.save_snapshot(Snapshot {
            stream: stream("a"),
            version: 1,
            position: Position::new(1),
            event_id: uuid::Uuid::now_v7(),
            recorded_at: jiff::Timestamp::now(),
            fold: <u8 as Schema>::FINGERPRINT,
            state: "{}".to_owned(),
        })),
        call!("claim_lease", |it| it.claim_lease(claim("one"))),
        call!("release_lease", |it| it.release_lease("lease".to_owned(), "one".into())),
        call!("subscribe", |it| it.subscribe(rows())),
        call!("start_over", |it| it.start_over(rows(), None)),
        call!("decide", |it| it.decide(
            "accounts".to_owned(),
            stream("a"),
            Decision::skip(1, "alice", "why")
        )),
        call!("record_failure", |it| it.record_failure(rows(), Some("why".to_owned()))),
        call!("catch_up", |it| it.catch_up::<Account>()),
        // What it parks is what a later `catch_up` would be told of.
        call!("advance", |it| async move {
            let at = it.checkpoints().await?.remove(0).checkpoint;
            let advance = Advance {
                subscription: rows(),
                from: at,
                to: at.position,
                mark: None,
                fence: None,
                park: vec![ParkedStream {
                    stream: stream("refused"),
                    version: 1,
                    position: at.position,
                    event: "opened".to_owned(),
                    reason: "why".to_owned(),
                    parked_at: jiff::Timestamp::now(),
                    is_to_resume: false,
                }],
                resume: Vec::new(),
            };
            it.advance(advance, Box::new(Projected::<Account>::new())).await.1
        }),
        call!("rebuild", |it| it.rebuild::<Account>()),
    ]
}

fn claim(holder: &str) -> LeaseClaim {
    LeaseClaim { name: "lease".to_owned(), holder: holder.into(), duration: LONG }
}

fn is_busy(what: &str, answer: &Result<(), StoreError>) {
    assert!(matches!(answer, Err(StoreError::Busy { .. })), "{what}: {answer:?}");
    assert!(answer.as_ref().is_err_and(StoreError::is_transient));
}

/// Two accounts, of which the table holds one.
async fn setting(builder: SqliteStoreBuilder) -> SqliteStore {
    let store = builder.open().await.unwrap();
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    append(&store, "b", "opened", "1").await;
    store
}

async fn check_nothing_stored(store: &SqliteStore) {
    assert_eq!(read_all(store).await.len(), 2);
    let rows = "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM esrs_parked),
                    (SELECT count(*) FROM esrs_leases), (SELECT count(*) FROM esrs_snapshots),
                    (SELECT position FROM esrs_subscriptions), (SELECT failure FROM esrs_subscriptions)";
    let found = store.query(rows, []).await.unwrap();
    let expected = [1, 0, 0, 0, 1].map(esrs_core::projection::Value::from);
    assert_eq!(found[0][..5], expected);
    assert_eq!(found[0][5], esrs_core::projection::Value::Null);
}

/// Every call works.
async fn check_all_works(store: &SqliteStore) {
    for (what, call) in reads(store).into_iter().chain(writes(store)) {
        let answer = within(Duration::ZERO, what, call).await;
        assert!(answer.is_ok(), "{what}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_waits_longer_than_it_may_for_a_busy_file() {
    let file = File::new();
    let store = setting(builder(&file)).await;
    let mut raw = file.raw();
    let held = raw.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    for (what, call) in writes(&store) {
        is_busy(what, &within(WAIT * 2, what, call).await);
    }
    // All at once wait no longer than one.
    let calls = writes(&store).into_iter().chain(writes(&store));
    let calls = calls.map(|(what, call)| async move { (what, within(WAIT * 2, what, call).await) });
    for (what, answer) in futures_util::future::join_all(calls).await {
        is_busy(what, &answer);
    }
    for (what, call) in reads(&store) {
        assert!(within(Duration::ZERO, what, call).await.is_ok(), "{what}");
    }
    let wait = store.wait_for(rows(), Position::new(2).into(), WAIT);
    let waited = within(WAIT, "wait_for", wait).await;
    assert!(matches!(waited, Err(StoreError::Lagging { reached, .. }) if reached.get() == 1));
    drop(held);
    check_nothing_stored(&store).await;
    check_all_works(&store).await;
}

/// Keeps all readers at work, until it is dropped.
async fn keep_readers_at_work(store: &SqliteStore) -> Vec<tokio::task::JoinHandle<()>> {
    let at_work = (0..2).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { drop(store.query(FOREVER, []).await) })
    });
    let at_work = at_work.collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    at_work
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_waits_longer_than_it_may_for_readers() {
    let file = File::new();
    let store = setting(builder(&file)).await;
    let at_work = keep_readers_at_work(&store).await;
    for (what, call) in reads(&store) {
        let answer = within(WAIT, what, call).await;
        is_busy(what, &answer);
        assert!(answer.unwrap_err().to_string().contains("2 reader threads"));
    }
    for limit in [Duration::ZERO, Duration::from_millis(100), WAIT * 3] {
        let begun = Instant::now();
        let wait = store.wait_for(rows(), Position::new(2).into(), limit);
        let waited = within(limit, "wait_for", wait).await;
        assert!(matches!(waited, Err(StoreError::Lagging { .. })), "{waited:?}");
        assert!(begun.elapsed() >= limit);
    }
    // Who waits for what this store does learns of it all the same.
    let waiting = store.clone();
    let waiting = tokio::spawn(async move {
        let event = waiting.wait_behind(Position::new(2)).await;
        (event, waiting.wait_for(rows(), Position::new(3).into(), LONG).await)
    });
    tokio::time::sleep(WAIT * 2).await;
    append(&store, "c", "opened", "1").await;
    let other = file.open().await;
    tokio::time::sleep(WAIT).await;
    other.close().await;
    // A caller that does not wait any more keeps no reader at work.
    at_work.iter().for_each(tokio::task::JoinHandle::abort);
    let read = store.read(ReadQuery::all(), Page::new());
    assert!(within(Duration::ZERO, "a read", read).await.is_ok());
    store.catch_up::<Account>().await.unwrap();
    let (event, taken) = within(Duration::ZERO, "waiting", waiting).await.unwrap();
    assert_eq!((event.unwrap().get(), taken.unwrap().get()), (3, 3));
    check_all_works(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_runs_too_long_is_stopped() {
    let file = File::new();
    let store = setting(builder(&file).timeout(WAIT)).await;
    for _ in 0..3 {
        let queries = (0..4).map(|_| store.query(FOREVER, []));
        let answers = within(WAIT * 2, "queries", futures_util::future::join_all(queries)).await;
        for answer in answers {
            let answer = answer.map(drop);
            let is_late =
                matches!(answer, Err(StoreError::TimedOut { .. } | StoreError::Busy { .. }));
            assert!(is_late, "{answer:?}");
        }
        let condition = format!("cents < ({FOREVER})");
        let found = store.find::<Account>(&condition, []);
        let found = within(WAIT * 2, "find", found).await;
        assert!(matches!(found, Err(StoreError::TimedOut { .. })), "{found:?}");
        check_nothing_stored(&store).await;
    }
    check_all_works(&store).await;
}

type Run = for<'a> fn(
    &'a SqliteStore,
    &'a mut dyn RowTransaction,
) -> BoxFuture<'a, Result<(), StoreError>>;

/// A handler with the store in hand.
struct Doing {
    subscription: Arc<Subscription>,
    store: SqliteStore,
    run: Run,
}

fn handler() -> Arc<Subscription> {
    let (name, definition) = ("handler", "first".into());
    Arc::new(Subscription { name, definition, table: None, building: false, owner: None })
}

impl Subscriber for Doing {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        EventFilter::everything()
    }

    fn take(&mut self, _: &Page, _: &Parked) -> Result<(), ProjectionError> {
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        _: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        (self.run)(&self.store, transaction)
    }
}

/// Runs one step of a handler.
async fn step(store: &SqliteStore, run: Run) -> Result<Advanced, StoreError> {
    let subscription = handler();
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let advance = Advance {
        subscription: subscription.clone(),
        from,
        to: Position::new(from.position.get() + 1),
        mark: None,
        fence: None,
        park: Vec::new(),
        resume: Vec::new(),
    };
    let doing = Box::new(Doing { subscription, store: store.clone(), run });
    let (returned, advanced) = store.advance(advance, doing).await;
    assert_eq!(returned.subscription().name, "handler");
    advanced
}

const NAP: Duration = Duration::from_millis(1_500);

fn nap<'a>(
    _: &'a SqliteStore,
    _: &'a mut dyn RowTransaction,
) -> BoxFuture<'a, Result<(), StoreError>> {
    Box::pin(async {
        std::thread::sleep(NAP);
        Ok(())
    })
}

async fn nap_in_a_handler(store: &SqliteStore) -> tokio::task::JoinHandle<Advanced> {
    let of_task = store.clone();
    let napping = tokio::spawn(async move { step(&of_task, nap).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(100)).await;
    napping
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_waits_longer_than_it_may_for_a_handler() {
    let file = File::new();
    let store = setting(builder(&file)).await;
    let napping = nap_in_a_handler(&store).await;
    let begun = Instant::now();
    let calls = writes(&store).into_iter();
    let calls = calls.map(|(what, call)| async move { (what, within(WAIT, what, call).await) });
    for (what, answer) in futures_util::future::join_all(calls).await {
        is_busy(what, &answer);
    }
    for (what, call) in reads(&store) {
        assert!(within(Duration::ZERO, what, call).await.is_ok(), "{what}");
    }
    assert!(begun.elapsed() < NAP - Duration::from_millis(100), "the handler is not waited for");
    assert_eq!(napping.await.unwrap(), Advanced::Done);
    let of_handler = "DELETE FROM esrs_subscriptions WHERE name = 'handler'";
    file.raw().execute(of_handler, []).unwrap();
    check_nothing_stored(&store).await;
    check_all_works(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_begun_when_its_future_was_dropped_is_never_done() {
    let file = File::new();
    let store = setting(builder(&file).busy_timeout(LONG)).await;
    let napping = nap_in_a_handler(&store).await;
    for (what, call) in writes(&store) {
        let dropped = tokio::time::timeout(Duration::from_millis(20), call).await;
        assert!(dropped.is_err(), "{what}");
    }
    napping.await.unwrap();
    append(&store, "after", "opened", "1").await;
    assert_eq!(read_all(&store).await.len(), 3);
    let lease = store.claim_lease(claim("two")).await.unwrap();
    assert!(matches!(lease, Lease::Held { fence: 1 }), "{lease:?}");
    let parked = store.parked(rows()).await.unwrap();
    assert!(parked.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_closed_in_time() {
    let file = File::new();
    let store = setting(builder(&file)).await;
    let at_work = keep_readers_at_work(&store).await;
    within(WAIT * 2, "close", store.close()).await;
    for task in at_work {
        within(Duration::ZERO, "a query", task).await.unwrap();
    }
    within(Duration::ZERO, "close again", store.close()).await;

    let store = builder(&file).open().await.unwrap();
    let napping = nap_in_a_handler(&store).await;
    let begun = Instant::now();
    let both = futures_util::future::join(store.close(), store.close());
    within(WAIT * 2, "close", both).await;
    assert!(begun.elapsed() < NAP - Duration::from_millis(200), "the handler is not waited for");
    for (what, call) in writes(&store).into_iter().chain(reads(&store)) {
        let answer = within(Duration::ZERO, what, call).await;
        assert!(matches!(answer, Err(StoreError::Closed)), "{what}: {answer:?}");
    }
    assert_eq!(napping.await.unwrap(), Advanced::Done);
    let store = builder(&file).open().await.unwrap();
    assert_eq!(store.subscribe(handler()).await.unwrap().position.get(), 1, "its step is stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_of_a_handler_that_runs_too_long_is_stopped() {
    let file = File::new();
    let store = setting(builder(&file).timeout(WAIT)).await;
    let statements: [Run; 3] = [
        |_, it| Box::pin(async { it.as_transaction().query(FOREVER, &[]).await.map(drop) }),
        |_, it| {
            Box::pin(async {
                let insert = format!("CREATE TABLE t AS {FOREVER}");
                it.as_transaction().execute(&insert, &[]).await.map(drop)
            })
        },
        // Its error is ignored.
        |_, it| {
            Box::pin(async {
                let _ = it.as_transaction().query(FOREVER, &[]).await;
                Ok(())
            })
        },
    ];
    for run in statements {
        let answer = within(WAIT * 2, "the step", step(&store, run)).await;
        assert!(matches!(answer, Err(StoreError::TimedOut { .. })), "{answer:?}");
        append(&store, "more", "deposited", "1").await;
    }
    let answer = step(&store, |_, _| Box::pin(async { Ok(()) })).await;
    assert_eq!(answer.unwrap(), Advanced::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_that_uses_its_store_stops_nobody_and_stores_nothing() {
    for on_caller in [false, true] {
        let file = File::new();
        let builder = builder(&file).readers(1);
        let builder = if on_caller { builder.commit_on_caller() } else { builder };
        let store = setting(builder).await;
        let awaiting: [Run; 5] = [
            |it, _| Box::pin(async { it.read(ReadQuery::all(), Page::new()).await.map(drop) }),
            |it, _| Box::pin(async { it.query("SELECT 1", []).await.map(drop) }),
            |it, _| {
                Box::pin(async {
                    let new = vec![event("opened", "1")];
                    it.append(batch(stream("half"), new)).await.map(drop)
                })
            },
            |it, _| Box::pin(async { it.catch_up::<Account>().await.map(drop) }),
            |_, _| {
                Box::pin(async {
                    std::future::pending::<()>().await;
                    Ok(())
                })
            },
        ];
        for run in awaiting {
            let answer = within(WAIT, "the step", step(&store, run)).await;
            let error = answer.unwrap_err().to_string();
            assert!(
                error.contains("awaited something other") && error.contains("outside"),
                "{error}"
            );
            assert_eq!(read_all(&store).await.len(), 2, "an append that it dropped is not stored");
        }
        // The same where it blocks its thread, and where it does so on another one.
        let blocking: [(Run, bool); 2] = [
            (|it, _| Box::pin(async { append_and_wait(it.clone()) }), true),
            (
                |it, _| {
                    let it = it.clone();
                    Box::pin(async { std::thread::spawn(|| append_and_wait(it)).join().unwrap() })
                },
                false,
            ),
        ];
        for (run, is_own_thread) in blocking {
            let error = within(WAIT, "the step", step(&store, run)).await.unwrap_err();
            let is_busy = matches!(error, StoreError::Busy { .. });
            let is_told = error.to_string().contains("awaited something other");
            assert_eq!((is_told, is_busy), (is_own_thread, !is_own_thread), "{error}");
            assert_eq!(read_all(&store).await.len(), 2);
        }
        append(&store, "more", "opened", "1").await;
    }
}

fn append_and_wait(store: SqliteStore) -> Result<(), StoreError> {
    let new = vec![event("opened", "1")];
    let append = store.append(batch(stream("half"), new));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(append).map(drop)
}

#[tokio::test]
async fn a_reached_target_is_answered_whatever_the_limit() {
    let file = File::new();
    let store = setting(builder(&file)).await;
    for limit in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let waited = store.wait_for(rows(), Position::new(1).into(), limit);
        assert_eq!(within(Duration::ZERO, "wait_for", waited).await.unwrap().get(), 1);
    }
}
