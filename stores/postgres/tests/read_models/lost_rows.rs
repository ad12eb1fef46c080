//! Read models of a log that lost commits, and queries of tables that `find` refuses.

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::{Account, AccountAnew, AccountVersion2};
use crate::support::working::{Working, step};
use crate::support::{connect, event, read_all, stream};
use esrs_core::projection::Value;
use esrs_core::subscription::{Advance, CheckpointStore, Projected, ReadModelWriter};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, LogMark, NewEvent, Position, ReadModels,
    SqlReadModels, StoreError,
};
use esrs_postgres::PostgresStore;
use tokio_postgres::Client;

const LIMIT: Duration = Duration::from_secs(20);

async fn append(store: &PostgresStore, id: &str, name: &'static str, payload: &str) {
    let event = NewEvent { name: name.into(), ..event(payload) };
    store.append(AppendBatch::new(stream(id), AppendCondition::Any, vec![event])).await.unwrap();
}

/// Cuts the log back, as a backup does that is restored.
async fn cut(raw: &Client, position: u64) {
    raw.batch_execute(&format!(
        "SET session_replication_role = replica;
         DELETE FROM esrs.events WHERE position > {position};
         SELECT setval('esrs.position_seq', {position});
         SET session_replication_role = origin"
    ))
    .await
    .unwrap();
}

fn is_changed<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    assert!(matches!(answer, Err(StoreError::HistoryChanged { .. })), "{answer:?}");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn rows_ahead_of_a_log_that_lost_commits_are_refused_until_they_are_rebuilt() {
    let database = postgres_server::database().unwrap();
    let builder = || PostgresStore::builder(database.url());
    let raw = connect(database.url()).await;
    for grows_again in [false, true] {
        let schema = if grows_again { "grown" } else { "cut" };
        let builder = || builder().read_model_schema(schema);
        let store = builder().inline::<Account>().open().await.unwrap();
        let table = format!("SELECT count(*) FROM {schema}.accounts");
        store.rebuild::<Account>().await.unwrap();
        for (id, name) in [("a", "opened"), ("b", "opened"), ("a", "deposited")] {
            append(&store, &format!("{schema} {id}"), name, "1").await;
        }
        let other = PostgresStore::open(database.url()).await.unwrap();
        let kept = read_all(&other).await.len() as u64 - 1;
        cut(&raw, kept).await;
        if grows_again {
            append(&other, "c", "opened", "1").await;
            append(&other, "c", "deposited", "1").await;
        }
        let live = Arc::new(Projected::<Account>::subscription_of());
        is_changed(store.subscribe(live.clone()).await);
        is_changed(store.find::<Account>("", []).await);
        is_changed(store.get::<Account>(&"a".to_owned()).await);
        is_changed(store.query(&table, []).await);
        is_changed(store.wait_for(live, Position::new(1).into(), LIMIT).await);
        is_changed(store.catch_up::<Account>().await);
        let events = read_all(&other).await;
        let refused =
            store.append(AppendBatch::new(stream("d"), AppendCondition::Any, vec![event("1")]));
        is_changed(refused.await);
        is_changed(builder().inline::<Account>().open().await);
        assert_eq!(read_all(&other).await, events, "an append that was refused is stored");
        match grows_again {
            true => drop(store.rebuild::<Account>().await.unwrap()),
            false => drop(builder().inline::<Account>().rebuild_changed().open().await.unwrap()),
        }
        append(&store, &format!("{schema} d"), "opened", "7").await;
        assert_eq!(store.get::<Account>(&format!("{schema} a")).await.unwrap().unwrap().cents, 1);
        assert_eq!(store.get::<Account>(&format!("{schema} d")).await.unwrap().unwrap().cents, 7);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn step_of_a_page_that_is_not_of_this_log_stores_nothing() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "a", "opened", "1").await;
    let live = Arc::new(Projected::<Account>::subscription_of());
    let from = store.subscribe(live.clone()).await.unwrap();
    let right = LogMark { position: Position::new(1), event_id: read_all(&store).await[0].id };
    let other = LogMark { event_id: uuid::Uuid::now_v7(), ..right };
    let behind = LogMark { position: Position::new(2), ..right };
    for mark in [other, behind] {
        for is_alone in [true, false] {
            let advance = Advance { mark: Some(mark), ..step(&live, from) };
            let worker = Working::writing(&live, Vec::new()).and(move |transaction| {
                Box::pin(async move {
                    if !is_alone {
                        transaction.query("SELECT 1", &[]).await?;
                    }
                    Ok(())
                })
            });
            is_changed(store.advance(advance, worker).await.1);
            assert_eq!(store.subscribe(live.clone()).await.unwrap(), from);
        }
    }
    let advance = Advance { mark: Some(right), ..step(&live, from) };
    store.advance(advance, Working::writing(&live, Vec::new())).await.1.unwrap();
    assert_eq!(store.subscribe(live.clone()).await.unwrap().mark, Some(right));
    let listed = store.checkpoints().await.unwrap();
    assert_eq!(listed[0].checkpoint.mark, Some(right));
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn query_of_a_table_that_find_refuses_is_refused() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    let raw = connect(database.url()).await;
    raw.batch_execute(
        "CREATE VIEW rich AS SELECT * FROM accounts WHERE cents > 0;
         CREATE TABLE own (a int); INSERT INTO own VALUES (1)",
    )
    .await
    .unwrap();
    let reads = [
        "SELECT count(*) FROM accounts",
        "WITH all_of AS (SELECT * FROM public.\"accounts\") SELECT count(*) FROM all_of",
        "SELECT count(*) FROM rich",
        "SELECT count(*) FROM own WHERE EXISTS (SELECT FROM accounts)",
    ];
    let one = vec![vec![Value::Integer(1)]];
    let changed = PostgresStore::open(database.url()).await.unwrap();
    for sql in reads {
        assert_eq!(store.query(sql, []).await.unwrap(), one, "{sql}");
        assert_eq!(changed.query(sql, []).await.unwrap(), one, "it does not know the table");
    }
    let error = changed.find::<AccountVersion2>("", []).await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{error}");
    for sql in reads {
        let error = changed.query(sql, []).await.unwrap_err();
        assert!(matches!(error, StoreError::ProjectionChanged { .. }), "{sql}: {error}");
    }
    assert_eq!(changed.query("SELECT count(*) FROM own", []).await.unwrap(), one);
    // Who knows both knows the one that is there.
    changed.find::<Account>("", []).await.unwrap();
    for sql in reads {
        assert_eq!(changed.query(sql, []).await.unwrap(), one, "{sql}");
    }
    raw.batch_execute("DROP VIEW rich").await.unwrap();
    changed.rebuild::<AccountAnew>().await.unwrap();
    let error = store.query(reads[0], []).await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionSuperseded { .. }), "{error}");
    assert_eq!(store.query("SELECT count(*) FROM own", []).await.unwrap(), one);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn log_of_the_second_version_goes_on_with_its_subscriptions_and_rights() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let store = PostgresStore::open(database.url()).await.unwrap();
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    let role = format!("follower_{}", uuid::Uuid::now_v7().simple());
    raw.batch_execute(&format!("CREATE ROLE {role}")).await.unwrap();
    store.grant_following(&role).await.unwrap();
    store.close().await;
    // What the second version had.
    raw.batch_execute(
        "DROP TABLE esrs.superseded;
         DROP FUNCTION esrs.hold_lease, esrs.append_by_name, esrs.append_commands;
         ALTER TABLE esrs.idempotency_keys DROP COLUMN command;
         DROP FUNCTION esrs.refuse_end CASCADE;
         ALTER TABLE esrs.leases DROP COLUMN duration;
         ALTER TABLE esrs.subscriptions DROP COLUMN mark_position, DROP COLUMN mark_id,
             DROP COLUMN failure;
         INSERT INTO esrs.leases VALUES ('accounts', 'old', 3, now() + interval '1 hour');
         UPDATE esrs.schema_version SET version = 2",
    )
    .await
    .unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let live = Arc::new(Projected::<Account>::subscription_of());
    let stand = store.subscribe(live.clone()).await.unwrap();
    assert_eq!((stand.position, stand.mark), (Position::new(1), None));
    append(&store, "a", "deposited", "1").await;
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(2));
    let mark = store.subscribe(live).await.unwrap().mark.unwrap();
    assert_eq!((mark.position, mark.event_id), (Position::new(2), read_all(&store).await[1].id));
    let may = "SELECT has_table_privilege($1, 'esrs.superseded', 'INSERT')
        AND has_table_privilege($1, 'esrs.superseded', 'SELECT')";
    assert!(raw.query_one_scalar::<bool, _>(may, &[&role]).await.unwrap());
    // A program that knows the second version goes on with its steps.
    raw.batch_execute(
        "BEGIN; SET LOCAL esrs.step = 'begun';
         UPDATE esrs.subscriptions SET position = position; COMMIT",
    )
    .await
    .unwrap();
    raw.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
}
