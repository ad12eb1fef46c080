//! No transaction is left open on a connection that is used again, whatever ended it: a lock that was
//! not to be had, a cancelled statement, a time limit, or a future that was dropped.

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::working::{Working, advance, subscription};
use crate::support::{HOLD_THE_LOG, connect, event, read_all, stream, within};
use esrs_core::subscription::{CheckpointStore, Subscription};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, NewEvent, Page, ReadModels, ReadQuery, SqlReadModels,
    StoreError,
};
use esrs_postgres::PostgresStore;
use futures_util::FutureExt;
use futures_util::future::join_all;
use postgres_server::Database;
use tokio_postgres::Client;

const BUSY: Duration = Duration::from_millis(300);
const LIMIT: Duration = Duration::from_secs(10);

fn opened(id: impl std::fmt::Display) -> AppendBatch {
    let event = NewEvent { name: "opened".into(), ..event("1") };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event])
}

async fn inline(url: &str) -> PostgresStore {
    let builder = PostgresStore::builder(url).busy_timeout(BUSY).inline::<Account>();
    builder.open().await.unwrap()
}

/// The sessions of the store that wait for the log, or for anything else in a transaction.
async fn waiting(raw: &Client) -> Vec<i32> {
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'";
    raw.query(waiting, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn until_one_waits(raw: &Client) -> i32 {
    loop {
        if let Some(pid) = waiting(raw).await.first() {
            return *pid;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The next appends are all stored, and no session is in a transaction afterwards.
async fn goes_on(store: &PostgresStore, raw: &Client, round: &str) {
    let before = read_all(store).await.len();
    for number in 0..20 {
        let appended =
            within(LIMIT, "an append", store.append(opened(format!("{round}-{number}"))));
        appended.await.unwrap();
    }
    assert_eq!(read_all(store).await.len(), before + 20, "{round}");
    let rows = store
        .query("SELECT count(*) FROM accounts WHERE id LIKE $1", [format!("{round}-%").into()]);
    assert_eq!(rows.await.unwrap()[0][0], 20.into(), "{round}");
    let settled = async {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
            AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
        while raw.query_one(open, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    within(LIMIT, "the end of all transactions", settled).await;
}

async fn setting() -> (Database, PostgresStore, Client, Client) {
    let database = postgres_server::database().unwrap();
    let store = inline(database.url()).await;
    let (raw, holder) = (connect(database.url()).await, connect(database.url()).await);
    (database, store, raw, holder)
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_appends_go_on_after_the_log_was_busy_or_a_statement_was_cancelled() {
    let (_database, store, raw, holder) = setting().await;
    for round in 0..3 {
        holder.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
        let busy = within(LIMIT, "a busy log", join_all((0..3).map(|id| store.append(opened(id)))));
        for answer in busy.await {
            assert!(matches!(answer, Err(StoreError::Busy { .. })), "{answer:?}");
        }
        holder.batch_execute("ROLLBACK").await.unwrap();
        goes_on(&store, &raw, &format!("busy-{round}")).await;

        holder.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
        let cancelling = async {
            let pid = until_one_waits(&raw).await;
            raw.query("SELECT pg_cancel_backend($1)", &[&pid]).await.unwrap();
        };
        let (answer, ()) = tokio::join!(store.append(opened("cancelled")), cancelling);
        assert!(matches!(answer, Err(StoreError::TimedOut { .. })), "{answer:?}");
        holder.batch_execute("ROLLBACK").await.unwrap();
        goes_on(&store, &raw, &format!("cancelled-{round}")).await;

        holder.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
        let ending = async {
            let pid = until_one_waits(&raw).await;
            raw.query("SELECT pg_terminate_backend($1)", &[&pid]).await.unwrap();
            holder.batch_execute("ROLLBACK").await.unwrap();
        };
        let ended = format!("ended-{round}");
        let (answer, ()) = tokio::join!(store.append(opened(&ended)), ending);
        answer.unwrap();
        goes_on(&store, &raw, &format!("terminated-{round}")).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_appends_go_on_after_their_futures_were_dropped() {
    let (_database, store, raw, holder) = setting().await;
    for round in 0..10 {
        if round % 2 == 0 {
            holder.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
        }
        for number in 0..4 {
            let append = store.append(opened(format!("dropped-{round}-{number}")));
            let pause = Duration::from_micros(500 * number);
            drop(tokio::time::timeout(pause, append).await);
        }
        if round % 2 == 0 {
            until_one_waits(&raw).await;
            holder.batch_execute("ROLLBACK").await.unwrap();
        }
        tokio::time::sleep(BUSY).await;
        goes_on(&store, &raw, &format!("round-{round}")).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn inline_appends_go_on_after_a_time_limit_of_the_role() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let name = database.name();
    let set = |value: &str| format!("ALTER DATABASE {name} SET statement_timeout = '{value}'");
    raw.batch_execute(&set("100ms")).await.unwrap();
    let store = inline(database.url()).await;
    let holder = connect(database.url()).await;
    holder.batch_execute("SET statement_timeout = 0").await.unwrap();
    holder.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
    let busy = within(LIMIT, "a busy log", store.append(opened("1"))).await;
    // The store waits for as long as its own builder says.
    assert!(matches!(busy, Err(StoreError::Busy { waited: BUSY, .. })), "{busy:?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    goes_on(&store, &raw, "limited").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn futures_that_are_dropped_anywhere_leave_no_transaction_behind() {
    let (_database, store, raw, _holder) = setting().await;
    goes_on(&store, &raw, "first").await;
    let without_table = |name| {
        let subscription = Subscription { table: None, ..(*subscription(name, &[])).clone() };
        Arc::new(subscription)
    };
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    for (round, name) in (0..).zip(names) {
        let pause = Duration::from_micros(300 * round);
        let subscription = without_table(name);
        let worker = Working::writing(&subscription, Vec::new()).and(|transaction| {
            Box::pin(async {
                transaction.execute("CREATE TABLE IF NOT EXISTS made (a int)", &[]).await?;
                transaction.execute("INSERT INTO made VALUES (1)", &[]).await.map(drop)
            })
        });
        drop(tokio::time::timeout(pause, store.subscribe(without_table("entered"))).await);
        drop(tokio::time::timeout(pause, advance(&store, worker)).await);
        drop(tokio::time::timeout(pause, store.query("SELECT 1 FROM pg_sleep(0.001)", [])).await);
        drop(tokio::time::timeout(pause, store.read(ReadQuery::all(), Page::new())).await);
        drop(tokio::time::timeout(pause, store.rebuild::<Account>()).await);
        drop(tokio::time::timeout(pause, store.import([(stream("i"), event("1"))])).await);
        // Polled once, and never again.
        drop(store.query("SELECT 2", []).now_or_never());
        drop(store.start_over(subscription.clone(), None).now_or_never());
    }
    // The dropped import may have put an event on the account `i` that its projection cannot take.
    raw.batch_execute(
        "ALTER TABLE esrs.events DISABLE TRIGGER ALL; DELETE FROM esrs.events e
        USING esrs.streams s WHERE s.id = e.stream AND s.name = 'account-i'",
    )
    .await
    .unwrap();
    within(LIMIT, "a rebuild", store.rebuild::<Account>()).await.unwrap();
    goes_on(&store, &raw, "last").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_a_query_sets_does_not_outlive_it() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).readers(1).open().await.unwrap();
    store.query("SELECT set_config('search_path', 'nowhere', false)", []).await.unwrap();
    let shown = store.query("SELECT current_setting('search_path')", []).await.unwrap();
    assert_ne!(shown[0][0], "nowhere".into());
    assert!(store.query("SELECT no_such_column", []).await.is_err());
    assert!(store.query("COMMIT", []).await.is_ok_and(|rows| rows.is_empty()));
    store.query("SELECT 1", []).await.unwrap();
}
