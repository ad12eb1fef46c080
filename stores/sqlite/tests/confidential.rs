//! No error, no reason of a parked stream and no traced event has a stored value in it.
//!
//! Alone in its binary: it collects what the whole process traces.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;

use crate::support::account::Account;
use crate::support::marker::{self, MARKER, check_debug, check_error};
use crate::support::{File, batch, event, stream};
use esrs_core::projection::Value;
use esrs_core::subscription::{ParkingStore, Projected};
use esrs_core::{
    AppendBatch, EventStore, Metadata, NewEvent, Page, ReadModels, ReadQuery, SqlReadModels,
    StoreError,
};
use esrs_sqlite::SqliteStore;

fn of_jane(name: &str, payload: &str) -> NewEvent {
    NewEvent { metadata: Metadata::new().with_actor(MARKER), ..event(name, payload) }
}

fn append_of_jane(id: &str, name: &str, payload: &str) -> AppendBatch {
    batch(stream(id), vec![of_jane(name, payload)])
}

/// A rule of a table that refuses a row, a part of the message, and the statement that drops the rule.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("CREATE UNIQUE INDEX one ON accounts (actor)", "accounts.actor", "DROP INDEX one"),
    (
        "CREATE TRIGGER no BEFORE INSERT ON accounts WHEN NEW.id = 'b'
             BEGIN SELECT RAISE(ABORT, 'no more of ' || NEW.actor); END",
        "a trigger refused it",
        "DROP TRIGGER no",
    ),
    (
        "CREATE UNIQUE INDEX one ON accounts (actor || ' jane')",
        "UNIQUE constraint failed: index 'one'",
        "DROP INDEX one",
    ),
];

#[tokio::test]
async fn a_row_that_is_refused_is_not_shown() {
    marker::collect_events();
    for (refusal, expected, taken_away) in REFUSALS {
        let file = File::new();
        let inline = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
        inline.append(append_of_jane("a", "opened", "1")).await.unwrap();
        file.raw().execute_batch(refusal).unwrap();
        let error = inline.append(append_of_jane("b", "opened", "1")).await.unwrap_err();
        assert!(matches!(error, StoreError::RowRefused { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.details().is_some());
        check_error(refusal, &error);
        inline.close().await;

        // What another program has stored is parked.
        let plain = file.open().await;
        plain.append(append_of_jane("b", "opened", "1")).await.unwrap();
        plain.close().await;
        let inline = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
        let rows = Arc::new(Projected::<Account>::subscription_of());
        let parked = inline.parked(rows).await.unwrap();
        assert_eq!(parked.len(), 1);
        assert!(parked[0].reason.contains(expected), "{}", parked[0].reason);
        check_debug(refusal, &parked);
        check_debug(refusal, &inline.parking_log("accounts".to_owned()).await.unwrap());
        assert!(marker::has_traced("a stream is parked"));
        marker::check_events(refusal);
        file.raw().execute_batch(taken_away).unwrap();
        inline.append(append_of_jane("c", "opened", "1")).await.unwrap();
    }
}

#[tokio::test]
async fn a_payload_that_cannot_be_taken_is_not_shown() {
    marker::collect_events();
    let file = File::new();
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    let payloads =
        [marker::json(), format!("[{}]", marker::json()), format!("{{{}:1}}", marker::json())];
    for payload in &payloads {
        let error = store.append(append_of_jane("a", "opened", payload)).await.unwrap_err();
        assert!(matches!(error, StoreError::Projection(_)), "{error}");
        assert!(error.to_string().contains("invalid type"), "{error}");
        check_error(payload, &error);
    }
    store.close().await;
    let plain = file.open().await;
    plain.append(append_of_jane("a", "opened", &payloads[0])).await.unwrap();
    plain.close().await;
    let store = SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap();
    let parked = store.parked(Arc::new(Projected::<Account>::subscription_of())).await.unwrap();
    assert!(parked[0].reason.contains("invalid type: string, expected i64"), "{parked:?}");
    check_debug("parked", &parked);
    marker::check_events("parked");
    store.append(append_of_jane("b", "opened", "1")).await.unwrap();
}

#[tokio::test]
async fn metadata_that_cannot_be_read_is_not_shown() {
    marker::collect_events();
    for (metadata, expected) in [
        (r#"{"keys":{"iban":89370400440532}}"#, "invalid type: integer, expected a string"),
        (r#"{"keys":"DE89370400440532013000"}"#, "invalid type: string, expected a map"),
        (r#"{"actor":{"Jane":"Doe"}}"#, "invalid type: map, expected a string"),
        (r#"{"occurred_at":"Jane Doe"}"#, "a value was refused, in words that may quote it"),
    ] {
        let file = File::new();
        let store = file.open().await;
        store.append(append_of_jane("a", "opened", "1")).await.unwrap();
        let insert = "INSERT INTO esrs_events
                (position, stream, version, kind, event_id, recorded_at, metadata, payload)
            VALUES (2, 1, 2, 1, randomblob(16), 0, ?1, '1')";
        file.raw().execute(insert, [metadata]).unwrap();
        for query in [ReadQuery::all(), ReadQuery::stream(stream("a"))] {
            let read = store.read(query.with_envelopes(), Page::new()).await;
            let error = read.expect_err(metadata);
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            check_error(metadata, &error);
            assert!(!format!("{error} {error:?}").contains("8937"), "{error:?}");
        }
        assert_eq!(store.read(ReadQuery::all(), Page::new()).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_query_that_fails_does_not_show_its_text_or_parameters() {
    marker::collect_events();
    let file = File::new();
    let store = file.open().await;
    store.append(append_of_jane("a", "opened", &marker::json())).await.unwrap();
    store.catch_up::<Account>().await.unwrap_err();
    let one: &[Value] = &[MARKER.into()];
    let queries: [(&str, &[Value]); 7] = [
        ("SELECT json($1)", one),
        ("SELECT json_extract('{}', $1)", one),
        ("SELECT 'jane@example.org", &[]),
        ("SELECT * FROM esrs_events WHERE actor = 'jane@example.org' 'Jane Doe'", &[]),
        ("SELECT 'jane@example.org' FROM nothing", &[]),
        ("SELECT json(actor), json_extract('{}', actor) FROM esrs_events", &[]),
        ("DELETE FROM esrs_events WHERE actor = 'Jane'", &[]),
    ];
    for (sql, parameters) in queries {
        let error = store.query(sql, parameters.iter().cloned()).await.unwrap_err();
        check_error(sql, &error);
        let error = store.find::<Account>(sql, parameters.iter().cloned()).await.unwrap_err();
        check_error(sql, &error);
    }
    // Full-text search quotes a query without quotes.
    file.raw().execute_batch("CREATE VIRTUAL TABLE texts USING fts5(text)").unwrap();
    for (text, expected) in [
        ("Jane: jane", "no such column"),
        ("{jane@example.org Jane}: x", "fts5: syntax error near"),
        ("*Jane", "unknown special query"),
        ("Jane AND \"", "unterminated string"),
        ("DE89 AND )Jane", "fts5: syntax error near"),
    ] {
        let sql = "SELECT * FROM texts WHERE texts MATCH $1";
        let error = store.query(sql, [text.into()]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        check_error(text, &error);
        assert!(error.details().unwrap().contains(expected));
    }
    let details = store.query("SELECT json($1)", one.iter().cloned()).await.unwrap_err();
    assert!(details.details().is_some());
    assert_eq!(store.query("SELECT 1", []).await.unwrap(), [[Value::from(1)]]);
}
