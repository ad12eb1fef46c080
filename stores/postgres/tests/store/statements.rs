//! Statements of users in the transaction of a step: none ends it, in whatever spelling, and one that has
//! failed is the last but for the way back to a savepoint.

use std::sync::{Arc, Mutex};

use crate::support::connect;
use crate::support::working::{Working, advance, step, subscription};
use esrs_core::StoreError;
use esrs_core::projection::{ColumnSpec, ColumnType, Value};
use esrs_core::subscription::{
    Advanced, CheckpointStore, ReadModelWriter, Replaced, Subscription, Transaction,
};
use esrs_postgres::PostgresStore;
use postgres_server::Database;
use tokio_postgres::Client;

const SUMS: &[ColumnSpec] = &[
    ColumnSpec { name: "name", column_type: ColumnType::Text, nullable: false, key: true },
    ColumnSpec { name: "sum", column_type: ColumnType::Integer, nullable: false, key: false },
];

fn sum(name: &str, sum: i64) -> Vec<Value> {
    vec![name.into(), sum.into()]
}

async fn opened() -> (Database, PostgresStore, Client, Arc<Subscription>) {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).readers(1).open().await.unwrap();
    let raw = connect(database.url()).await;
    raw.batch_execute(
        "CREATE TABLE notes (note text);
         CREATE TABLE parts (of_note text);
         CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
    )
    .await
    .unwrap();
    (database, store, raw, subscription("sums", SUMS))
}

/// Two notes with a statement in between, whose error is ignored if `ignores` says so.
async fn noting(it: &mut dyn Transaction, sql: &str, ignores: bool) -> Result<(), StoreError> {
    it.execute("INSERT INTO notes VALUES ('before')", &[]).await?;
    match it.query(sql, &[]).await {
        Err(error) if !ignores => return Err(error),
        _ => {}
    }
    let after = it.execute("INSERT INTO notes VALUES ('after')", &[]).await;
    if ignores { Ok(()) } else { after.map(drop) }
}

async fn count(raw: &Client, table: &str) -> i64 {
    raw.query_one_scalar(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn no_statement_ends_the_transaction_of_a_step() {
    let (_database, store, raw, sums) = opened().await;
    let endings = [
        ";COMMIT",
        ";;;  ; COMMIT",
        "/* one /* within */ another */ COMMIT",
        "-- a line\n/**/ commit AND CHAIN",
        "END TRANSACTION",
        "ROLLBACK",
        ";ROLLBACK AND CHAIN",
        "ABORT",
        "ABORT AND CHAIN",
        "PREPARE TRANSACTION 'step'",
        "BEGIN",
        ";START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "CALL commits()",
        "DO $$ BEGIN COMMIT; END $$",
        "RESET ALL",
        "RESET esrs.step",
        "SET LOCAL esrs.step = ''",
        "SET CONSTRAINTS ALL IMMEDIATE",
    ];
    for sql in endings {
        for ignores in [false, true] {
            let from = store.subscribe(sums.clone()).await.unwrap();
            let worker = Working::writing(&sums, vec![sum("a", 1)])
                .and(move |it| Box::pin(noting(it, sql, ignores)));
            let ended = store.advance(step(&sums, from), worker).await.1;
            assert!(ended.is_err(), "{sql} was taken: {ended:?}");
            assert_eq!(store.subscribe(sums.clone()).await.unwrap(), from, "{sql}");
            assert_eq!((count(&raw, "notes").await, count(&raw, "sums").await), (0, 0), "{sql}");
            // The one connection for steps is as good as before.
            let next = Working::writing(&sums, Vec::new());
            assert_eq!(advance(&store, next).await.unwrap(), Advanced::Done, "{sql}");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn no_statement_ends_the_transaction_of_a_replacement() {
    let (_database, store, raw, sums) = opened().await;
    let building = Arc::new(sums.building());
    store.subscribe(building.clone()).await.unwrap();
    for id in ["a", "b"] {
        crate::support::append(&store, id).await;
    }
    let from = store.subscribe(sums.clone()).await.unwrap();
    let mut all = step(&sums, from);
    all.to = esrs_core::Position::new(2);
    store.advance(all, Working::writing(&sums, vec![sum("old", 1)])).await.1.unwrap();
    for sql in [";COMMIT", "ROLLBACK", "COMMIT AND CHAIN", ";ROLLBACK AND CHAIN"] {
        let worker = Working::writing(&building, vec![sum("new", 1)])
            .and(move |it| Box::pin(noting(it, sql, true)));
        let replaced = store.replace(worker, None).await.1;
        assert!(replaced.is_err(), "{sql} was taken: {replaced:?}");
        assert_eq!(count(&raw, "notes").await, 0, "{sql}");
        let names =
            raw.query_one_scalar::<String, _>("SELECT string_agg(name, ' ') FROM sums", &[]);
        assert_eq!(names.await.unwrap(), "old", "{sql}");
    }
    let worker = Working::writing(&building, vec![sum("new", 1)]);
    let replaced = store.replace(worker, None).await.1.unwrap();
    assert!(matches!(replaced, Replaced::Done(_)), "{replaced:?}");
    let names = raw.query_one_scalar::<String, _>("SELECT string_agg(name, ' ') FROM sums", &[]);
    assert_eq!(names.await.unwrap(), "new");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn after_a_failed_statement_only_the_way_back_is_taken() {
    let (_database, store, raw, sums) = opened().await;
    // Refused by the server, when it is prepared, and for parameters that do not fit.
    let failing: [(&str, Vec<Value>); 4] = [
        ("INSERT INTO notes SELECT (1 / (SELECT count(*) FROM parts))::text", Vec::new()),
        ("INSERT INTO no_such_table VALUES (1)", Vec::new()),
        ("INSERT INTO notes VALUES ($1)", vec![1.into()]),
        ("INSERT INTO notes VALUES ($1)", Vec::new()),
    ];
    for (sql, parameters) in failing {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let told = answers.clone();
        let given = parameters.clone();
        let worker = Working::writing(&sums, vec![sum("a", 1)]).and(move |it| {
            let (told, parameters) = (told.clone(), given.clone());
            Box::pin(async move {
                it.execute("INSERT INTO notes VALUES ('before')", &[]).await?;
                it.execute("SAVEPOINT here", &[]).await?;
                let mut answers = vec![it.execute(sql, &parameters).await.is_ok()];
                answers.push(it.query("SELECT 1", &[]).await.is_ok());
                answers.push(it.execute("INSERT INTO notes VALUES ('lost')", &[]).await.is_ok());
                answers.push(it.execute("ROLLBACK TO nowhere", &[]).await.is_ok());
                answers.push(it.execute("ROLLBACK TO here", &[]).await.is_ok());
                answers.push(it.take_failure().is_none());
                answers.push(it.execute("INSERT INTO notes VALUES ('after')", &[]).await.is_ok());
                *told.lock().unwrap() = answers;
                Ok(())
            })
        });
        assert_eq!(advance(&store, worker).await.unwrap(), Advanced::Done, "{sql}");
        let expected = [false, false, false, false, true, true, true];
        assert_eq!(*answers.lock().unwrap(), expected, "{sql}");
        let notes = "SELECT string_agg(note, ' ' ORDER BY note DESC) FROM notes";
        assert_eq!(raw.query_one_scalar::<String, _>(notes, &[]).await.unwrap(), "before after");
        raw.batch_execute("TRUNCATE notes").await.unwrap();

        // Kept to itself, the error is that of the step.
        let from = store.subscribe(sums.clone()).await.unwrap();
        let worker = Working::writing(&sums, vec![sum("b", 1)]).and(move |it| {
            let parameters = parameters.clone();
            Box::pin(async move {
                drop(it.execute(sql, &parameters).await);
                drop(it.execute("INSERT INTO notes VALUES ('lost')", &[]).await);
                Ok(())
            })
        });
        let failed = store.advance(step(&sums, from), worker).await.1;
        assert!(failed.is_err(), "{sql}: {failed:?}");
        assert_eq!(store.subscribe(sums.clone()).await.unwrap(), from, "{sql}");
        assert_eq!((count(&raw, "notes").await, count(&raw, "sums").await), (0, 1), "{sql}");
    }
}
