//! A log may be divided into partitions without the store's help.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use esrs_core::conformance;
use esrs_postgres::PostgresStore;
use tokio_postgres::NoTls;

/// What the crate's documentation tells a user to run.
const PARTITION: &str = include_str!("../doc/partition.sql");

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_partitioned_log_keeps_every_promise_and_what_was_there_before() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    conformance::all(&store).await;
    let (client, connection) = tokio_postgres::connect(database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let count = "SELECT count(*) FROM esrs.log";
    let before: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    store.close().await;

    client.batch_execute(PARTITION).await.unwrap();
    let after: i64 = client.query_one(count, &[]).await.unwrap().get(0);
    assert_eq!(before, after);
    let store = PostgresStore::open(database.url()).await.unwrap();
    conformance::all(&store).await;
    let parts = "SELECT count(DISTINCT tableoid) FROM esrs.events";
    let parts: i64 = client.query_one(parts, &[]).await.unwrap().get(0);
    assert!(parts > 1, "all events stand in one partition");
    for statement in ["DELETE FROM esrs.events", "UPDATE esrs.events SET payload = '1'"] {
        client.batch_execute(statement).await.expect_err(statement);
    }
}
