//! Subscriptions of this store: what the conformance suite cannot say of every store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::account::{Account, AccountAnew};
use crate::support::child::{self, say};
use crate::support::{File, append, batch, event, stream};
use esrs_core::projection::{ProjectionError, Value};
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointStore, Decision, Lease, LeaseClaim, LeaseStore,
    Parked, ParkedStream, ParkingStore, Projected, ReadModelWriter, ResumedStream, RowTransaction,
    Subscriber, Subscription,
};
use esrs_core::{EventFilter, EventStore, Page, Position, ReadModels, SqlReadModels, StoreError};
use esrs_sqlite::SqliteStore;
use futures_core::future::BoxFuture;
use futures_util::future::{join, join_all};
use jiff::Timestamp;

const LONG: Duration = Duration::from_secs(20);

/// The test that plays the roles of other processes.
const CHILD: &str = "subscriptions::child";

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test]
async fn child() {
    let Some((role, file)) = child::role() else { return };
    assert_eq!(role, "append");
    let store = SqliteStore::open(&file).await.unwrap();
    say("appended", append(&store, "other", "opened", "1").await.last_position);
}

type Run = for<'a> fn(&'a mut dyn RowTransaction) -> BoxFuture<'a, Result<(), StoreError>>;

/// A handler that does one thing.
struct Doing {
    subscription: Arc<Subscription>,
    run: Run,
}

fn handler(run: Run) -> (Arc<Subscription>, Box<dyn Subscriber>) {
    let subscription = Arc::new(Subscription {
        name: "handler",
        definition: "first".into(),
        table: None,
        building: false,
        owner: None,
    });
    (subscription.clone(), Box::new(Doing { subscription, run }))
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
        (self.run)(transaction)
    }
}

fn step(subscription: &Arc<Subscription>, from: Checkpoint, to: u64) -> Advance {
    Advance {
        subscription: subscription.clone(),
        from,
        to: Position::new(to),
        mark: None,
        fence: None,
        park: Vec::new(),
        resume: Vec::new(),
    }
}

/// Runs one step of a handler of its own, from the beginning to 1.
async fn run(store: &SqliteStore, run: Run) -> Result<(), String> {
    let (subscription, subscriber) = handler(run);
    let from = store.start_over(subscription.clone(), None).await.unwrap();
    let advance = step(&subscription, from, 1);
    let (_, advanced) = store.advance(advance, subscriber).await;
    let at = store.subscribe(subscription).await.unwrap().position.get();
    assert_eq!(at, u64::from(advanced.is_ok()), "the checkpoint goes with the rest");
    advanced.map(|advanced| assert_eq!(advanced, Advanced::Done)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn parameters_are_bound_by_their_number() {
    let file = File::new();
    let store = file.open().await;
    let done = run(&store, |transaction| {
        Box::pin(async move {
            let sql = transaction.as_transaction();
            let created = sql.execute("CREATE TABLE sums (name TEXT, sum INTEGER)", &[]).await?;
            assert_eq!(created, 0);
            let insert = "INSERT INTO sums (sum, name) VALUES ($2, $1 || $1)";
            assert_eq!(sql.execute(insert, &["a".into(), 7.into()]).await?, 1);
            assert_eq!(sql.execute("CREATE INDEX by_sum ON sums (sum)", &[]).await?, 0);
            let rows = sql.query("SELECT ';', name, sum FROM sums;", &[]).await?;
            assert_eq!(rows, [[";".into(), "aa".into(), Value::from(7)]]);
            Ok(())
        })
    });
    assert_eq!(done.await, Ok(()));
}

#[tokio::test]
async fn a_statement_that_is_not_in_order_is_refused_by_name() {
    let file = File::new();
    let store = file.open().await;
    file.raw().execute_batch("CREATE TABLE sums (name TEXT, sum INTEGER)").unwrap();
    let runs: [(Run, &str); 7] = [
        (|it| Box::pin(sql(it, "DELETE FROM sums WHERE sum = $2", 1)), "is $2, and it was given 1"),
        (|it| Box::pin(sql(it, "DELETE FROM sums WHERE sum = $1", 2)), "is $1, and it was given 2"),
        (|it| Box::pin(sql(it, "DELETE FROM sums WHERE sum = ?", 1)), "this has `?`"),
        (|it| Box::pin(sql(it, "DELETE FROM sums WHERE sum = :sum", 1)), "this has `:sum`"),
        (
            |it| Box::pin(sql(it, "DELETE FROM sums; DELETE FROM sums", 0)),
            "more than one statement",
        ),
        (
            |it| Box::pin(sql(it, "INSERT OR ROLLBACK INTO t VALUES (1)", 0)),
            "ended the transaction",
        ),
        (
            |it| {
                let rows = [vec![Value::from(1)]];
                Box::pin(async move { it.rows(&rows).await.map(drop) })
            },
            "has no table",
        ),
    ];
    file.raw().execute_batch("CREATE TABLE t (a PRIMARY KEY); INSERT INTO t VALUES (1)").unwrap();
    for (one, expected) in runs {
        let error = run(&store, one).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

/// Runs a statement, and does as if it had not failed when there is no value for it.
async fn sql(it: &mut dyn RowTransaction, sql: &str, values: usize) -> Result<(), StoreError> {
    let (values, it) = (vec![Value::from(1); values], it.as_transaction());
    let done = it.execute(sql, &values).await.map(drop);
    match sql.starts_with("INSERT OR ROLLBACK") {
        true => it.execute("INSERT INTO sums VALUES ('a', 1)", &[]).await.map(drop),
        false => done,
    }
}

#[tokio::test]
async fn a_handler_that_awaits_something_else_is_told_so() {
    let file = File::new();
    let store = file.open().await;
    let error = run(&store, |transaction| {
        Box::pin(async move {
            let create = "CREATE TABLE half (a)";
            transaction.as_transaction().execute(create, &[]).await?;
            let (_sender, receiver) = futures_channel::oneshot::channel::<()>();
            receiver.await.map_err(|_| StoreError::Closed)
        })
    });
    let error = error.await.unwrap_err();
    assert!(error.contains("awaited something other than the statements"), "{error}");
    let tables = store.query("SELECT 1 FROM sqlite_schema WHERE name = 'half'", []).await.unwrap();
    assert!(tables.is_empty(), "what it did before is rolled back");
}

#[tokio::test]
async fn a_subscriber_comes_back_whatever_becomes_of_it() {
    let file = File::new();
    let store = file.open().await;
    let error = run(&store, |_| panic!("as it was told to")).await.unwrap_err();
    assert!(error.contains("the subscriber panicked"), "{error}");
    append(&store, "a", "opened", "1").await;
    let (subscription, subscriber) = handler(|_| Box::pin(async { Ok(()) }));
    let from = store.subscribe(subscription.clone()).await.unwrap();
    store.close().await;
    let (subscriber, advanced) = store.advance(step(&subscription, from, 1), subscriber).await;
    assert!(matches!(advanced, Err(StoreError::Closed)), "{advanced:?}");
    assert_eq!(subscriber.subscription().name, "handler");
}

#[tokio::test]
async fn a_step_of_another_definition_is_refused_wherever_it_begins() {
    let file = File::new();
    let store = file.open().await;
    let (subscription, subscriber) = handler(|_| Box::pin(async { Ok(()) }));
    let changed = Subscription { definition: "second".into(), ..(*subscription).clone() };
    let at = store.start_over(Arc::new(changed), None).await.unwrap();
    let (_, advanced) = store.advance(step(&subscription, at, 1), subscriber).await;
    assert!(matches!(advanced, Err(StoreError::ProjectionChanged { .. })), "{advanced:?}");
}

#[tokio::test]
async fn what_stands_on_the_table_stands_on_what_takes_its_place() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    file.raw()
        .execute_batch(
            "CREATE INDEX by_cents ON accounts (cents);
             CREATE TABLE changes (id TEXT);
             CREATE TRIGGER noted AFTER UPDATE ON accounts BEGIN
                 INSERT INTO changes VALUES (new.id); END;
             CREATE TRIGGER elsewhere AFTER INSERT ON changes BEGIN
                 UPDATE accounts SET actor = 'seen' WHERE id = new.id AND actor <> 'seen'; END;
             CREATE VIEW rich AS SELECT id FROM accounts WHERE cents > 1",
        )
        .unwrap();
    append(&store, "b", "opened", "2").await;
    assert_eq!(store.rebuild::<Account>().await.unwrap().get(), 2);
    let beside = "SELECT name FROM sqlite_schema WHERE tbl_name = 'accounts' AND sql IS NOT NULL
                  ORDER BY name";
    let beside = store.query(beside, []).await.unwrap();
    assert_eq!(beside, [["accounts"], ["by_cents"], ["noted"]].map(|row| row.map(Value::from)));
    assert_eq!(store.query("SELECT id FROM rich", []).await.unwrap(), [["b".into()]]);
    assert!(store.query("SELECT id FROM changes", []).await.unwrap().is_empty());
    append(&store, "b", "deposited", "2").await;
    store.catch_up::<Account>().await.unwrap();
    assert_eq!(store.query("SELECT DISTINCT id FROM changes", []).await.unwrap(), [["b".into()]]);
    let left = store.query("SELECT 1 FROM sqlite_schema WHERE name GLOB 'esrs_building_*'", []);
    assert!(left.await.unwrap().is_empty());
}

#[tokio::test]
async fn an_index_that_does_not_fit_keeps_the_old_rows() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    file.raw().execute_batch("CREATE INDEX by_cents ON accounts (cents)").unwrap();
    let error = store.rebuild::<AccountAnew>().await.unwrap_err();
    let StoreError::ProjectionTable { table: "accounts", reason } = &error else {
        panic!("{error}")
    };
    assert!(reason.contains("by_cents") && reason.contains("no such column"), "{error}");
    assert_eq!(store.find::<Account>("", []).await.unwrap().len(), 1);
    file.raw().execute_batch("DROP INDEX by_cents").unwrap();
    store.rebuild::<AccountAnew>().await.unwrap();
    assert_eq!(store.find::<AccountAnew>("", []).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_rebuild_that_was_interrupted_is_gone_on_with_and_one_of_another_definition_is_not() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    let building = Box::new(Projected::<Account>::building());
    let subscription = building.subscription().clone();
    esrs_core::subscription::catch_up(&store, building, |_| {}).await.unwrap();
    let begun = store.subscribe(subscription.clone()).await.unwrap();
    assert_eq!(begun.position.get(), 1);
    // The rows of an earlier try stay: nobody makes them again.
    let name =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'esrs_building_*'";
    let name = store.query(name, []).await.unwrap()[0][0].clone();
    let Value::Text(name) = name else { panic!("{name:?}") };
    assert_eq!(name, "esrs_building_769ca48154530abd");
    file.raw().execute_batch(&format!("UPDATE {name} SET cents = 100")).unwrap();
    append(&store, "a", "deposited", "1").await;
    store.rebuild::<Account>().await.unwrap();
    assert_eq!(store.find::<Account>("", []).await.unwrap()[0].cents, 101);

    let building = Box::new(Projected::<AccountAnew>::building());
    esrs_core::subscription::catch_up(&store, building, |_| {}).await.unwrap();
    store.rebuild::<Account>().await.unwrap();
    assert_eq!(store.find::<Account>("", []).await.unwrap()[0].cents, 2);
    let generations = "SELECT building, generation FROM esrs_subscriptions";
    let generation = store.query(generations, []).await.unwrap();
    assert!(matches!(&*generation[0], [Value::Integer(0), Value::Integer(5..)]), "{generation:?}");
}

#[tokio::test]
async fn what_another_has_put_in_place_is_built_anew() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.rebuild::<Account>().await.unwrap();
    let both = join(store.rebuild::<Account>(), store.rebuild::<Account>()).await;
    assert_eq!((both.0.unwrap().get(), both.1.unwrap().get()), (1, 1));
}

/// Deposits 1 until it is told to stop; how often.
async fn deposit(store: &SqliteStore, id: &str, pause: Duration, stop: &AtomicBool) -> i64 {
    let mut deposited = 0;
    while !stop.load(Ordering::Relaxed) {
        append(store, id, "deposited", "1").await;
        deposited += 1;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    deposited
}

/// Rebuilds while another goes on appending, whose rows have to be right at any time.
async fn rebuild_under_load(inline: &SqliteStore, pause: Duration, rebuilding: &SqliteStore) {
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        append(inline, id, "opened", "0").await;
    }
    let events = (0..2_000).map(|_| event("deposited", "1")).collect();
    inline.append(batch(stream("a"), events)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let appending = ids.map(|id| {
        let (store, stop) = (inline.clone(), stop.clone());
        tokio::spawn(async move { deposit(&store, id, pause, &stop).await })
    });
    let rebuilding = tokio::time::timeout(LONG, async {
        for _ in 0..5 {
            rebuilding.rebuild::<Account>().await.unwrap();
        }
    });
    let begun = Instant::now();
    rebuilding.await.expect("appends do not keep it from its end");
    println!("five rebuilds took {:?}", begun.elapsed());
    stop.store(true, Ordering::Relaxed);
    let appended = join_all(appending).await.into_iter().map(Result::unwrap);
    let appended: Vec<_> = appended.collect();
    let rows = inline.find::<Account>("true ORDER BY id", []).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| row.cents).collect();
    let expected = [appended[0] + 2_000, appended[1], appended[2], appended[3]];
    assert_eq!(rows, expected);
    append(inline, "a", "deposited", "1").await;
    let row = inline.get::<Account>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.cents, expected[0] + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_ends_beside_an_inline_projection_of_its_store() {
    let file = File::new();
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    rebuild_under_load(&store, Duration::ZERO, &store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_ends_beside_an_inline_projection_of_another_store() {
    let file = File::new();
    let inline = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    let other = file.open().await;
    // SQLite lets those who wait for a file starve that another never leaves.
    rebuild_under_load(&inline, Duration::from_millis(2), &other).await;
}

#[tokio::test]
async fn an_inline_projection_leaves_out_what_is_parked() {
    let file = File::new();
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    append(&store, "a", "opened", "1").await;
    append(&store, "b", "opened", "1").await;
    let subscription = Arc::new(Projected::<Account>::subscription_of());
    let parked = ParkedStream {
        stream: stream("a"),
        version: 2,
        position: Position::new(3),
        event: "deposited".to_owned(),
        reason: "a test".to_owned(),
        parked_at: Timestamp::now(),
        is_to_resume: false,
    };
    let advance = |from: Checkpoint| step(&subscription, from, from.position.get());
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let parking = Advance { park: vec![parked], ..advance(from) };
    store.advance(parking, Box::new(Projected::<Account>::new())).await.1.unwrap();
    let cents = async || {
        let rows = store.find::<Account>("true ORDER BY id", []).await.unwrap();
        rows.iter().map(|row| row.cents).collect::<Vec<_>>()
    };
    append(&store, "a", "deposited", "1").await;
    append(&store, "b", "deposited", "1").await;
    assert_eq!(cents().await, [1, 2]);
    let asked =
        store.decide("Accounts".to_owned(), stream("a"), Decision::retry(2, "alice", "why"));
    assert!(asked.await.unwrap(), "a name is the same in other letters");
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let resumed = ResumedStream { stream: stream("a"), next_version: None };
    let resuming = Advance { resume: vec![resumed], ..advance(from) };
    store.advance(resuming, Box::new(Projected::<Account>::new())).await.1.unwrap();
    append(&store, "a", "deposited", "5").await;
    assert_eq!(cents().await, [6, 2]);
}

#[tokio::test]
async fn who_waits_learns_of_an_append_of_another_process() {
    let file = File::new();
    let store = file.open().await;
    let here = append(&store, "one", "opened", "1").await.last_position;
    let mut child = child::start(CHILD, "append", &file.path);
    let waited = tokio::time::timeout(LONG, store.wait_behind(here)).await;
    assert_eq!(waited.expect("it is told").unwrap().get(), 2);
    assert_eq!(child::words(&mut child, "appended").collect::<Vec<_>>(), ["2"]);
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_rows_learns_of_whoever_writes_them() {
    let file = File::new();
    let (one, other) = (file.open().await, file.open().await);
    let inline = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    let rows = Arc::new(Projected::<Account>::subscription_of());
    // By its own step, that of another store, and an inline append of another and of its own.
    for (number, waiting, writing) in
        [(1, &one, &one), (2, &one, &other), (3, &one, &inline), (4, &inline, &inline)]
    {
        let position = Position::new(number);
        let (rows, waiting) = (rows.clone(), waiting.clone());
        let waited =
            tokio::spawn(async move { waiting.wait_for(rows, position.into(), LONG).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        append(writing, &number.to_string(), "opened", "1").await;
        if number < 3 {
            writing.catch_up::<Account>().await.unwrap();
        }
        assert_eq!(waited.await.unwrap().unwrap(), position);
    }
}

#[tokio::test]
async fn who_waits_for_rows_that_do_not_come_is_told_when_and_where_they_are() {
    let file = File::new();
    let store = SqliteStore::builder(&file.path).readers(1).open().await.unwrap();
    let rows = Arc::new(Projected::<Account>::subscription_of());
    let wait = |store: &SqliteStore, timeout| {
        let (store, rows) = (store.clone(), rows.clone());
        async move { store.wait_for(rows, Position::new(2).into(), timeout).await }
    };
    let lagging = |waited: Result<Position, StoreError>, at: u64| {
        let Err(StoreError::Lagging { reached, .. }) = waited else { panic!("{waited:?}") };
        assert_eq!(reached.get(), at);
    };
    lagging(wait(&store, Duration::ZERO).await, 0);
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    let begun = Instant::now();
    let moment = Duration::from_millis(120);
    lagging(wait(&store, moment).await, 1);
    let took = begun.elapsed();
    assert!(took >= moment && took < Duration::from_secs(5), "{took:?}");

    // Also while every reader is at work.
    let long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000)
                SELECT count(*) FROM n";
    let waiting = wait(&store, Duration::from_millis(300));
    let (waited, _) = join(waiting, async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        store.query(long, []).await.unwrap()
    })
    .await;
    lagging(waited, 1);

    file.raw().execute_batch("UPDATE esrs_subscriptions SET definition = 'another'").unwrap();
    let changed = wait(&store, LONG).await;
    assert!(matches!(changed, Err(StoreError::ProjectionChanged { .. })), "{changed:?}");
}

#[tokio::test]
async fn who_waits_is_told_when_the_store_is_closed() {
    let file = File::new();
    let store = file.open().await;
    let (waited, ()) = join(store.wait_behind(Position::new(7)), async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        store.close().await;
    })
    .await;
    assert!(matches!(waited, Err(StoreError::Closed)), "{waited:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn nobody_looks_when_nobody_waits() {
    let file = File::new();
    let store = file.open().await;
    let is_watched = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(Result::unwrap);
        let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")));
        names.flatten().any(|name| name.trim() == "esrs-sqlite-wai")
    };
    let waited =
        tokio::time::timeout(Duration::from_millis(20), store.wait_behind(Position::START));
    assert!(waited.await.is_err());
    crate::support::eventually("nobody looks", || !is_watched());
    append(&store, "a", "opened", "1").await;
    assert_eq!(store.wait_behind(Position::START).await.unwrap().get(), 1);
}

async fn claim(store: &SqliteStore, holder: &str, duration: Duration) -> Lease {
    let claim = LeaseClaim { name: "accounts".to_owned(), holder: holder.into(), duration };
    store.claim_lease(claim).await.unwrap()
}

/// Returns what `checkpoints` lists as the holder of the lease.
async fn listed(store: &SqliteStore) -> Option<String> {
    store.checkpoints().await.unwrap().remove(0).held_by
}

#[tokio::test]
async fn a_clock_that_was_set_back_delays_a_takeover_by_one_lease_at_most() {
    let file = File::new();
    let (store, other) = (file.open().await, file.open().await);
    store.catch_up::<Account>().await.unwrap();
    let length = Duration::from_millis(200);
    let hour = 3_600_000_000_i64;
    // By how far the clock goes back, and how the lease was stored: by an older esrs without length.
    for (number, (back, older)) in
        [(hour, false), (hour, true), (i64::MAX / 2, false), (i64::MAX / 2, true)]
            .iter()
            .enumerate()
    {
        let (dead, next) = (format!("dead {number}"), format!("next {number}"));
        let Lease::Held { fence } = claim(&store, &dead, length).await else { panic!("{dead}") };
        assert_eq!(listed(&store).await, Some(dead.clone()));
        let raw = file.raw();
        raw.execute("UPDATE esrs_leases SET until = until + ?1", [back]).unwrap();
        if *older {
            raw.execute("UPDATE esrs_leases SET duration = NULL", []).unwrap();
        } else {
            assert_eq!(listed(&store).await, None, "nobody renews it");
        }
        let begun = Instant::now();
        let taken = claim(&other, &next, length).await;
        let Lease::Taken { by, for_another } = taken else { panic!("{taken:?}") };
        assert_eq!(by, dead);
        assert!(for_another <= length, "{for_another:?}");
        let newer = loop {
            match claim(&other, &next, length).await {
                Lease::Held { fence } => break fence,
                Lease::Taken { for_another, .. } => tokio::time::sleep(for_another).await,
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "nobody takes over");
        };
        assert_eq!(newer, fence + 1);
        store.release_lease("accounts".to_owned(), next.into()).await.unwrap();
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_takes_no_lease_from_a_holder_that_renews_it() {
    let file = File::new();
    let (store, other) = (file.open().await, file.open().await);
    store.catch_up::<Account>().await.unwrap();
    let held = claim(&store, "one", LONG).await;
    file.raw().execute("UPDATE esrs_leases SET until = until + 3600000000", []).unwrap();
    assert!(matches!(claim(&other, "two", LONG).await, Lease::Taken { .. }));
    assert_eq!(claim(&store, "one", LONG).await, held, "the fence of a renewal");
    assert!(matches!(claim(&other, "two", LONG).await, Lease::Taken { .. }));
    assert_eq!(listed(&store).await.as_deref(), Some("one"));
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_causes_a_takeover_with_a_new_fence() {
    let file = File::new();
    let (store, other) = (file.open().await, file.open().await);
    let (subscription, subscriber) = handler(|_| Box::pin(async { Ok(()) }));
    let from = store.subscribe(subscription.clone()).await.unwrap();
    let claim = |holder: &str| {
        let (name, holder) = (subscription.lease(), holder.into());
        LeaseClaim { name, holder, duration: LONG }
    };
    let held = store.claim_lease(claim("one")).await.unwrap();
    let Lease::Held { fence } = held else { panic!("{held:?}") };
    file.raw().execute("UPDATE esrs_leases SET until = until - 3600000000", []).unwrap();
    let taken = other.claim_lease(claim("two")).await.unwrap();
    assert_eq!(taken, Lease::Held { fence: fence + 1 });
    let late = Advance { fence: Some(fence), ..step(&subscription, from, 1) };
    let (_, refused) = store.advance(late, subscriber).await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
}
