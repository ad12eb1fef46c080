//! No error, no reason of a parked stream and no traced event has a stored value in it.
//!
//! Alone in its binary: it collects what the whole process traces.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::marker::{self, MARKER, check_debug, check_error};
use crate::support::{connect, event, stream, terminate_all, within};
use esrs_core::projection::Value;
use esrs_core::subscription::{ParkingStore, Projected};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Metadata, NewEvent, Position, ReadModels,
    SqlReadModels, StoreError,
};
use esrs_postgres::PostgresStore;

fn append_of_jane(id: &str, name: &str, payload: &str) -> AppendBatch {
    let metadata = Metadata::new().with_actor(MARKER);
    let event = NewEvent { name: name.to_owned().into(), metadata, ..event(payload) };
    AppendBatch::new(stream(id), AppendCondition::Any, vec![event])
}

/// A rule of a table that refuses a row, a part of the message, and a part of its details.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("CREATE UNIQUE INDEX one_jane ON accounts (actor)", "unique constraint \"one_jane\"", "jane@"),
    (
        "ALTER TABLE accounts ADD CONSTRAINT no_more CHECK (id <> 'b')",
        "check constraint \"no_more\"",
        "jane@",
    ),
    (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.id = 'b' THEN RAISE 'no more of %', new.actor; END IF; RETURN new; END $$;
         CREATE TRIGGER no BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION no()",
        "a trigger or a function refused it (SQLSTATE P0001)",
        "no more of Jane",
    ),
    (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.id = 'b' THEN RAISE unique_violation USING MESSAGE = new.actor,
                 DETAIL = new.actor, HINT = new.actor; END IF; RETURN new; END $$;
         CREATE TRIGGER no BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION no()",
        "a trigger or a function refused it (SQLSTATE 23505)",
        "jane@",
    ),
    (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF new.id = 'b' THEN new.cents = new.actor::bigint; END IF; RETURN new; END $$;
         CREATE TRIGGER no BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION no()",
        "invalid input syntax for type bigint",
        "jane@",
    ),
];

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_row_that_is_refused_is_not_shown() {
    marker::collect_events();
    for (refusal, expected, detail) in REFUSALS {
        let database = postgres_server::database().unwrap();
        let builder = || PostgresStore::builder(database.url());
        let inline = builder().inline::<Account>().open().await.unwrap();
        inline.append(append_of_jane("a", "opened", "1")).await.unwrap();
        let raw = connect(database.url()).await;
        raw.batch_execute(refusal).await.unwrap();
        let error = inline.append(append_of_jane("b", "opened", "1")).await.unwrap_err();
        assert!(matches!(error, StoreError::RowRefused { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.details().unwrap().contains(detail), "{:?}", error.details());
        check_error(refusal, &error);
        let plain = builder().open().await.unwrap();
        plain.append(append_of_jane("b", "opened", "1")).await.unwrap();
        // The next append catches up with it.
        let _ = inline.append(append_of_jane("c", "deposited", "1")).await;
        inline.close().await;
        let again = builder().inline::<Account>().open().await.unwrap();
        let rows = Arc::new(Projected::<Account>::subscription_of());
        let parked = again.parked(rows).await.unwrap();
        let of_b = parked.iter().find(|parked| parked.stream == stream("b")).unwrap();
        assert!(of_b.reason.contains(expected), "{}", of_b.reason);
        check_debug(refusal, &parked);
        check_debug(refusal, &again.parking_log("accounts".to_owned()).await.unwrap());
        assert!(marker::has_traced("a stream is parked"));
        marker::check_events(refusal);
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_query_that_fails_does_not_show_its_text_or_parameters() {
    marker::collect_events();
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(append_of_jane("a", "opened", &marker::json())).await.unwrap();
    check_error("a payload", &store.catch_up::<Account>().await.unwrap_err());
    let one: &[Value] = &[MARKER.into()];
    let queries: [(&str, &[Value]); 8] = [
        ("SELECT $1::text::bigint", one),
        ("SELECT $1::text::timestamptz", one),
        ("SELECT $1::text::uuid", one),
        ("SELECT $1::text::json", one),
        ("SELECT $1::bigint", one),
        ("SELECT 'jane@example.org' 'Jane'", &[]),
        ("SELECT 1 'jane@example.org'", &[]),
        ("SELECT 'jane@example.org'::inet", &[]),
    ];
    for (sql, parameters) in queries {
        let error = store.query(sql, parameters.iter().cloned()).await.unwrap_err();
        check_error(sql, &error);
    }
    let error = store.query("SELECT $1::text::bigint", one.iter().cloned()).await.unwrap_err();
    assert!(error.to_string().contains("invalid input syntax for type bigint"), "{error}");
    assert!(error.details().unwrap().contains("jane@"), "{error}");
    assert_eq!(store.query("SELECT 1::bigint", []).await.unwrap(), [[Value::from(1)]]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn listener_that_is_refused_does_not_show_what_the_server_adds() {
    marker::collect_events();
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let store = PostgresStore::open(database.url()).await.unwrap();
    store.append(append_of_jane("a", "opened", "1")).await.unwrap();
    let waiting = store.wait_behind(Position::new(1));
    let refusing = async {
        let listening = "SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        while raw.query(listening, &[]).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        terminate_all(&raw).await;
        while !marker::has_traced("new events are only polled for") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        store.append(append_of_jane("a", "deposited", "1")).await.unwrap();
    };
    let both = async { tokio::join!(waiting, refusing) };
    let (seen, ()) = within(Duration::from_secs(30), "the next event", both).await;
    assert_eq!(seen.unwrap(), Position::new(2));
    assert!(marker::has_traced("until PostgreSQL is back error="));
    for shown in ["DbError", "postgres.c"] {
        assert!(!marker::has_traced(shown), "a traced event shows `{shown}`");
    }
}
