//! Settings that a session keeps, and those that it does not take over from its role.

use std::time::Duration;

use crate::support::account::Account;
use crate::support::{connect, event, read_all, stream, within};
use esrs_core::projection::Value;
use esrs_core::{AppendBatch, AppendCondition, EventStore, NewEvent, ReadModels, SqlReadModels};
use esrs_postgres::PostgresStore;

fn opened(id: impl std::fmt::Display) -> AppendBatch {
    let event = NewEvent { name: "opened".into(), ..event("1") };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event])
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn prepared_statements_are_bounded_whatever_texts_are_asked() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).readers(1).open().await.unwrap();
    store.append(opened("1")).await.unwrap();
    store.catch_up::<Account>().await.unwrap();
    let count = "SELECT count(*) FROM pg_prepared_statements";
    for number in 0..5_000_i64 {
        match number % 2 {
            0 => {
                let rows = store.query(&format!("SELECT {number}::bigint"), []).await.unwrap();
                assert_eq!(rows, [[Value::from(number)]]);
            }
            _ => {
                let found = store.find::<Account>(&format!("cents <> -{number}"), []).await;
                assert_eq!(found.unwrap().len(), 1);
            }
        }
        if number % 500 == 499 {
            let Value::Integer(prepared) = store.query(count, []).await.unwrap()[0][0] else {
                panic!("it is a count")
            };
            assert!(prepared <= 256 + 128 + 16, "{prepared} after {number}");
        }
    }
    // What was prepared first is prepared again.
    assert_eq!(store.query("SELECT 0::bigint", []).await.unwrap(), [[Value::from(0)]]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn hostile_settings_of_a_role_break_nothing() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let (name, role) = (database.name(), format!("hostile_{}", database.name()));
    let mut statements = vec![format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'secret'")];
    for (setting, value) in [
        ("synchronous_commit", "off"),
        ("statement_timeout", "1ms"),
        ("lock_timeout", "1ms"),
        ("idle_in_transaction_session_timeout", "1ms"),
        ("idle_session_timeout", "50ms"),
        ("default_transaction_read_only", "on"),
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_deferrable", "on"),
        ("search_path", "nowhere"),
        ("standard_conforming_strings", "off"),
        ("DateStyle", "German"),
        ("IntervalStyle", "iso_8601"),
        ("TimeZone", "Pacific/Chatham"),
        ("bytea_output", "escape"),
        ("extra_float_digits", "-15"),
        ("quote_all_identifiers", "on"),
        ("plan_cache_mode", "force_generic_plan"),
    ] {
        statements.push(format!("ALTER ROLE {role} IN DATABASE {name} SET {setting} = '{value}'"));
    }
    raw.batch_execute(&statements.join(";")).await.unwrap();
    let (_, address) = database.url().split_once('@').unwrap();
    let url = format!("postgres://{role}:secret@{address}");
    let store = PostgresStore::builder(&url).inline::<Account>().open().await.unwrap();
    for round in 0..3 {
        for number in 0..20 {
            store.append(opened(format!("{round}-{number}"))).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(read_all(&store).await.len(), 60);
    assert_eq!(store.find::<Account>("true", []).await.unwrap().len(), 60);
    within(Duration::from_secs(20), "a rebuild", store.rebuild::<Account>()).await.unwrap();
    assert_eq!(store.find::<Account>("true", []).await.unwrap().len(), 60);
    store.import([(stream("i"), NewEvent { name: "opened".into(), ..event("1") })]).await.unwrap();
    let shown = store
        .query("SELECT current_setting('synchronous_commit'), current_setting('search_path')", [])
        .await
        .unwrap();
    assert_eq!(shown[0][0], "on".into());
    assert_eq!(shown[0][1], "nowhere".into(), "users' statements name tables by it");
    store.close().await;

    // A stronger setting stays.
    let stronger =
        format!("ALTER ROLE {role} IN DATABASE {name} SET synchronous_commit = 'remote_apply'");
    raw.batch_execute(&stronger).await.unwrap();
    let store = PostgresStore::open(&url).await.unwrap();
    let shown = store.query("SELECT current_setting('synchronous_commit')", []).await.unwrap();
    assert_eq!(shown[0][0], "remote_apply".into());
    store.close().await;
    raw.batch_execute(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}"))
        .await
        .unwrap();
    let drop_role = format!("DROP ROLE {role}");
    let dropped = async { while raw.batch_execute(&drop_role).await.is_err() {} };
    within(Duration::from_secs(10), "dropping the role", dropped).await;
}
