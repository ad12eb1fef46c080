//! Others in the same database: who holds the log for too long, and who does not touch it.

use std::time::{Duration, Instant};

use crate::support::{HOLD_THE_LOG, append, connect, event, one, read_all, stream, within};
use esrs_core::{AppendBatch, AppendCondition, EventStore, Page, Position, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

/// So quickly everything is done that waits for nobody.
const AT_ONCE: Duration = Duration::from_secs(2);

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn appends_wait_for_who_holds_the_log_and_then_all_are_told_that_it_is_busy() {
    let database = postgres_server::database().unwrap();
    let wait = Duration::from_secs(1);
    let store = PostgresStore::builder(database.url()).busy_timeout(wait).open().await.unwrap();
    let first = append(&store, "1").await;
    let raw = connect(database.url()).await;
    for _ in 0..2 {
        raw.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
        let begun = Instant::now();
        // Of one stream, which are stored one after the other, and of many; the first by itself.
        let behind = AppendBatch::new(stream("1"), AppendCondition::Version(1), vec![event("1")]);
        let batches = [behind].into_iter().chain((0..16).map(|_| one("1")));
        let batches = batches.chain((0..16).map(|id| one(format!("other-{id}"))));
        let appends = join_all(batches.map(|batch| store.append(batch)));
        let reads = async {
            for _ in 0..5 {
                let page = store.read(ReadQuery::all(), Page::new()).await.unwrap();
                assert_eq!(page.len(), 1);
                assert_eq!(store.wait_behind(Position::START).await.unwrap(), first.last_position);
            }
            begun.elapsed()
        };
        let (answers, reads) = tokio::join!(appends, reads);
        assert!(reads < wait, "who reads was stalled for {reads:?}");
        for answer in answers {
            let Err(StoreError::Busy { waited, .. }) = answer else { panic!("{answer:?}") };
            assert_eq!(waited, wait);
        }
        let took = begun.elapsed();
        assert!(took >= wait && took < 2 * wait, "it took {took:?}");
        raw.batch_execute("ROLLBACK").await.unwrap();
    }
    assert_eq!(read_all(&store).await.len(), 1, "something was stored that was refused");

    // It waits for as long as ever, once it has not been busy.
    append(&store, "1").await;
    raw.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
    let (answer, ()) = tokio::join!(store.append(one("1")), async {
        tokio::time::sleep(wait / 2).await;
        raw.batch_execute("ROLLBACK").await.unwrap();
    });
    assert_eq!(answer.unwrap().streams[0].last_version, 3);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn the_shortest_and_the_longest_wait_are_waits() {
    let database = postgres_server::database().unwrap();
    let open = |wait| PostgresStore::builder(database.url()).busy_timeout(wait).open();
    let impatient = open(Duration::ZERO).await.unwrap();
    let patient = open(Duration::MAX).await.unwrap();
    append(&impatient, "1").await;
    append(&patient, "1").await;
    let raw = connect(database.url()).await;
    raw.batch_execute(&format!("BEGIN; {HOLD_THE_LOG}")).await.unwrap();
    let busy = within(AT_ONCE, "no wait", impatient.append(one("1"))).await;
    assert!(matches!(busy, Err(StoreError::Busy { .. })), "{busy:?}");
    let (answer, ()) = tokio::join!(patient.append(one("1")), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        raw.batch_execute("ROLLBACK").await.unwrap();
    });
    assert_eq!(answer.unwrap().streams[0].last_version, 3);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_transaction_of_somebody_else_that_stays_open_keeps_nobody_waiting() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let follower = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "1").await;
    let [writing, watching] = [connect(database.url()).await, connect(database.url()).await];
    // One that has a number and rows of its own, and one that sees the log as it was.
    writing.batch_execute("CREATE TABLE mine (a int)").await.unwrap();
    writing.batch_execute("BEGIN; INSERT INTO mine VALUES (1)").await.unwrap();
    let count = "SELECT count(*) FROM esrs.events";
    watching.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    watching.batch_execute(count).await.unwrap();
    let work = async {
        for number in 2..=20 {
            let appended = append(&store, "1").await;
            let head = follower.wait_behind(Position::new(appended.first_position.get() - 1)).await;
            assert_eq!(head.unwrap(), appended.last_position);
            assert_eq!(read_all(&follower).await.len(), number);
        }
    };
    within(AT_ONCE, "appending and following", work).await;
    let seen: i64 = watching.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(seen, 1, "it was open all the while");
    writing.batch_execute("COMMIT").await.unwrap();
}
