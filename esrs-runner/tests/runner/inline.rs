//! Rows in the transaction of the append.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Rebuild, Retries, Runner};
use esrs::{ExecuteError, StoreError};
use postgres_server::Database;

use crate::bank::{Account, AccountOpened, Balance, MoneyDeposited, NEVER, Say, next};
use crate::{SOON, caught_up, deposit, history};

fn database() -> Database {
    postgres_server::database().unwrap()
}

async fn inline(database: &Database) -> PostgresStore {
    PostgresStore::builder(database.url()).inline::<Balance>().open().await.unwrap()
}

async fn cents(store: &PostgresStore) -> Vec<i64> {
    let rows = store.find::<Balance>("true ORDER BY account", []).await.unwrap();
    rows.into_iter().map(|row| row.cents).collect()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rows_are_there_when_the_append_is_answered() {
    let database = database();
    let store = inline(&database).await;
    let accounts = Repository::<Account>::new(store.clone());
    accounts.execute(&1, Say(AccountOpened { owner: "Alice".to_owned() })).await.unwrap();
    for number in 1..=10 {
        deposit(&accounts, 1, 1).await;
        assert_eq!(cents(&store).await, [number]);
    }
    // It stands where the log ends, so nobody waits for it.
    let moment = Duration::ZERO;
    let waited = accounts.execute(&1, Say(MoneyDeposited { cents: 1 }));
    waited.wait_for::<Balance>(moment).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_a_read_model_refuses_is_not_stored_and_what_came_with_it_is() {
    let database = database();
    let store = inline(&database).await;
    history(&store, 8, 0).await;
    let accounts = Repository::<Account>::new(store.clone());
    let tasks = (0..64_u32).map(|number| {
        let accounts = accounts.clone();
        tokio::spawn(async move {
            let cents = if number % 8 == 3 { NEVER } else { 1 };
            accounts.execute(&(number % 8 + 1), Say(MoneyDeposited { cents })).await
        })
    });
    let mut refused = 0;
    for task in tasks.collect::<Vec<_>>() {
        match task.await.unwrap() {
            Ok(_) => {}
            Err(ExecuteError::Store(StoreError::Projection(error))) => {
                assert!(error.to_string().contains("never"), "{error}");
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(refused, 8);
    assert_eq!(cents(&store).await, [8, 8, 8, 0, 8, 8, 8, 8]);
    let stored = store.query("SELECT count(*) FROM esrs.events", []).await.unwrap();
    assert_eq!(stored, [vec![(8_i64 + 56).into()]]);
    // What was rolled back is not remembered either: streams are new, and versions go on.
    deposit(&accounts, 4, 5).await;
    accounts.execute(&9, Say(AccountOpened { owner: "Zoe".to_owned() })).await.unwrap();
    assert_eq!(cents(&store).await, [8, 8, 8, 5, 8, 8, 8, 8, 0]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_a_process_without_the_read_model_has_appended_is_taken_with_the_next_append() {
    let database = database();
    let (store, other) =
        (inline(&database).await, PostgresStore::open(database.url()).await.unwrap());
    history(&other, 2, 30).await;
    assert!(cents(&store).await.is_empty());
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, 7).await;
    assert_eq!(cents(&store).await, [307, 300]);
    // A new one takes it when it is opened.
    deposit(&Repository::<Account>::new(other), 2, 5).await;
    assert_eq!(cents(&inline(&database).await).await, [307, 305]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_a_runner_has_parked_is_left_out_until_it_is_resumed() {
    let database = database();
    let store = PostgresStore::open(database.url()).await.unwrap();
    history(&store, 2, 1).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, NEVER).await;
    let retries = Retries::new(0, Duration::ZERO);
    let running = Runner::new(store.clone()).retries(retries).project::<Balance>().start();
    assert_eq!(caught_up(&store, &running).await.parked, 1);
    running.stop().await;
    // Now the same is written inline.
    let store = inline(&database).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, 5).await;
    deposit(&accounts, 2, 5).await;
    assert_eq!(cents(&store).await, [10, 15]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_changed_read_model_is_refused_unless_it_may_be_built_anew() {
    let database = database();
    let store = inline(&database).await;
    history(&store, 2, 3).await;
    let changed = || PostgresStore::builder(database.url()).inline::<next::Balance>();
    let error = changed().open().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{error}");
    let newer = changed().rebuild_changed().open().await.unwrap();
    let rows = newer.find::<next::Balance>("true ORDER BY account", []).await.unwrap();
    assert_eq!(rows, [1, 2].map(|account| next::Balance { account, deposits: 3 }));
    // The older program still appends, without these rows, and says so where it is asked for them.
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, 1).await;
    let refused = store.find::<Balance>("true", []).await;
    assert!(matches!(refused, Err(StoreError::ProjectionSuperseded { .. })), "{refused:?}");
    deposit(&Repository::<Account>::new(newer.clone()), 1, 1).await;
    let rows = newer.find::<next::Balance>("true ORDER BY account", []).await.unwrap();
    assert_eq!(rows[0].deposits, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_rebuild_ends_while_another_process_appends_without_a_pause() {
    let database = database();
    let (store, other) =
        (inline(&database).await, PostgresStore::open(database.url()).await.unwrap());
    history(&store, 4, 50).await;
    let stop = Arc::new(AtomicBool::new(false));
    let appending = (1..=4).map(|account| {
        let (accounts, stop) = (Repository::<Account>::new(store.clone()), stop.clone());
        tokio::spawn(async move {
            let mut cents = 500;
            while !stop.load(Ordering::Relaxed) {
                deposit(&accounts, account, 1).await;
                cents += 1;
            }
            cents
        })
    });
    let appending: Vec<_> = appending.collect();
    let rebuilding = async {
        for _ in 0..3 {
            Rebuild::new(other.clone()).run::<Balance>().await.unwrap();
            other.rebuild::<Balance>().await.unwrap();
            store.rebuild::<Balance>().await.unwrap();
        }
    };
    tokio::time::timeout(SOON, rebuilding).await.expect("appends do not keep it from its end");
    stop.store(true, Ordering::Relaxed);
    let mut deposited = Vec::new();
    for account in appending {
        deposited.push(account.await.unwrap());
    }
    assert_eq!(cents(&store).await, deposited);
    deposit(&Repository::<Account>::new(store.clone()), 1, 1).await;
    assert_eq!(cents(&store).await[0], deposited[0] + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_rebuild_is_put_in_place_when_nobody_reads_the_rows_for_long_any_more() {
    let database = database();
    let store = inline(&database).await;
    history(&store, 2, 3).await;
    let hasty = PostgresStore::builder(database.url()).busy_timeout(Duration::from_millis(1));
    let hasty = hasty.open().await.unwrap();
    let reading = tokio::spawn({
        let store = store.clone();
        async move { store.query("SELECT account FROM balances, pg_sleep(2)", []).await }
    });
    let is_read = "SELECT 1 FROM pg_locks WHERE relation = 'balances'::regclass";
    while store.query(is_read, []).await.unwrap().is_empty() {
        assert!(!reading.is_finished(), "it takes two seconds");
    }
    let error = hasty.rebuild::<Balance>().await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    Rebuild::new(hasty).run::<Balance>().await.unwrap();
    assert_eq!(reading.await.unwrap().unwrap().len(), 2);
    assert_eq!(cents(&store).await, [30, 30]);
}
