//! Read models: inline, caught up, rebuilt, and asked.

use std::sync::Arc;

use crate::support::account::{Account, AccountAnew, AccountVersion2, Taken};
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::projection::{RowError, Value};
use esrs_core::subscription::{Decision, ParkingStore, Projected};
use esrs_core::{EventStore, NewEvent, Position, ReadModels, SqlReadModels, StoreError};
use esrs_sqlite::SqliteStore;
use futures_util::future::{join, join_all};

async fn inline(file: &File) -> SqliteStore {
    SqliteStore::builder(&file.path).inline::<Account>().open().await.expect("it can be opened")
}

async fn cents(store: &SqliteStore, id: &str) -> Option<i64> {
    let row = store.get::<Account>(&id.to_owned()).await.expect("the row can be read");
    row.map(|row| row.cents)
}

#[tokio::test]
async fn an_inline_read_model_has_its_rows_when_the_append_is_answered() {
    let file = File::new();
    let store = inline(&file).await;
    append(&store, "alice", "opened", "100").await;
    append(&store, "alice", "deposited", "5").await;
    append(&store, "bob", "opened", "7").await;
    assert_eq!((cents(&store, "alice").await, cents(&store, "bob").await), (Some(105), Some(7)));
    append(&store, "bob", "closed", "0").await;
    assert_eq!(cents(&store, "bob").await, None);
}

#[tokio::test]
async fn several_streams_of_one_append_are_projected_at_once() {
    let file = File::new();
    let store = inline(&file).await;
    let transfer = batch(stream("a"), vec![event("opened", "10"), event("deposited", "-4")]).and(
        stream("b"),
        Default::default(),
        vec![event("opened", "4")],
    );
    let appended = store.append(transfer.clone()).await.unwrap();
    assert_eq!((cents(&store, "a").await, cents(&store, "b").await), (Some(6), Some(4)));
    // A repetition is not projected again.
    assert!(store.append(transfer).await.unwrap().repeated);
    assert_eq!((cents(&store, "a").await, cents(&store, "b").await), (Some(6), Some(4)));
    assert_eq!(store.catch_up::<Account>().await.unwrap(), appended.last_position);
}

#[tokio::test]
async fn an_append_that_a_projection_refuses_fails_alone_and_stores_nothing() {
    let file = File::new();
    let store = inline(&file).await;
    let append = |id: &str, name, payload: &str| {
        let events = vec![event("opened", "1"), event(name, payload)];
        store.append(batch(stream(id), events))
    };
    let answers = join_all([
        append("a", "deposited", "1"),
        append("b", "poisoned", "1"),
        append("c", "panicked", "1"),
        append("d", "deposited", "\"no number\""),
        append("e", "deposited", "2"),
    ]);
    let answers = answers.await;
    assert!(answers[0].is_ok() && answers[4].is_ok(), "{answers:?}");
    for (answer, what) in answers[1..4].iter().zip(["there is no row b", "as it was told", "shape"])
    {
        let Err(StoreError::Projection(error)) = answer else { panic!("{answer:?}") };
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!((error.version, error.projection), (2, "accounts"));
    }
    let Err(StoreError::Projection(error)) = &answers[2] else { panic!() };
    assert!(matches!(*error.reason, RowError::Panicked { .. }));
    assert_eq!(read_all(&store).await.len(), 4);
    let rows = store.find::<Account>("1 ORDER BY id", []).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.cents)).collect();
    assert_eq!(rows, [("a", 2), ("e", 3)]);
}

#[tokio::test]
async fn a_stream_that_a_refused_append_would_have_begun_begins_with_the_next_one() {
    let file = File::new();
    let store = inline(&file).await;
    let refused = store.append(batch(stream("a"), vec![event("poisoned", "1")])).await;
    assert!(matches!(refused, Err(StoreError::Projection(_))), "{refused:?}");
    // It may have the row that the refused one had for a moment, and not be taken for it.
    append(&store, "b", "opened", "2").await;
    append(&store, "a", "opened", "1").await;
    let found: Vec<_> = read_all(&store).await.into_iter().map(|e| (e.1, e.2, e.3)).collect();
    let of = |stream: &str, payload: &str| (stream.to_owned(), 1, payload.to_owned());
    assert_eq!(found, [of("account-b", "2"), of("account-a", "1")]);
}

#[tokio::test]
async fn an_inline_read_model_is_caught_up_when_the_store_is_opened() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "0").await;
    for _ in 0..5 {
        let events = (0..500).map(|_| event("deposited", "1")).collect();
        store.append(batch(stream("a"), events)).await.unwrap();
        append(&store, "b", "ignored", "1").await;
    }
    let store = inline(&file).await;
    assert_eq!(cents(&store, "a").await, Some(2_500));
}

#[tokio::test]
async fn an_inline_read_model_takes_first_what_a_store_without_it_has_appended() {
    let file = File::new();
    let (with, without) = (inline(&file).await, file.open().await);
    append(&with, "a", "opened", "1").await;
    append(&without, "a", "deposited", "10").await;
    append(&without, "b", "opened", "5").await;
    assert_eq!(cents(&with, "a").await, Some(1));
    append(&with, "a", "deposited", "100").await;
    assert_eq!((cents(&with, "a").await, cents(&with, "b").await), (Some(111), Some(5)));
}

#[tokio::test]
async fn two_stores_with_the_same_inline_read_model_apply_each_event_once() {
    let file = File::new();
    let (one, other) = (inline(&file).await, inline(&file).await);
    append(&one, "a", "opened", "0").await;
    let appends = (0..100).map(|number| {
        let store = if number % 2 == 0 { &one } else { &other };
        append(store, "a", "deposited", "1")
    });
    join_all(appends).await;
    assert_eq!(cents(&one, "a").await, Some(100));
}

#[tokio::test]
async fn catching_up_goes_on_from_the_checkpoint() {
    let file = File::new();
    let store = file.open().await;
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::START);
    append(&store, "a", "opened", "1").await;
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(1));
    append(&store, "a", "deposited", "2").await;
    append(&store, "a", "ignored", "2").await;
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(3));
    assert_eq!(store.catch_up::<Account>().await.unwrap(), Position::new(3));
    assert_eq!(cents(&store, "a").await, Some(3));
}

#[tokio::test]
async fn catching_up_stops_before_the_page_of_an_event_that_cannot_be_taken() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    append(&store, "a", "deposited", "1").await;
    append(&store, "b", "poisoned", "1").await;
    let error = store.catch_up::<Account>().await.unwrap_err();
    let StoreError::Projection(error) = error else { panic!("{error}") };
    assert_eq!((error.stream.id(), error.position.get()), ("b", 3));
    assert_eq!(cents(&store, "a").await, Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_catch_up_at_once_apply_each_event_once() {
    let file = File::new();
    let (one, other) = (file.open().await, file.open().await);
    append(&one, "a", "opened", "0").await;
    for _ in 0..8 {
        let events = (0..1_000).map(|_| event("deposited", "1")).collect();
        one.append(batch(stream("a"), events)).await.unwrap();
    }
    let both = [one.clone(), other].map(|store| {
        tokio::spawn(async move { store.catch_up::<Account>().await.expect("it catches up") })
    });
    for task in both {
        assert_eq!(task.await.unwrap(), Position::new(8_001));
    }
    assert_eq!(cents(&one, "a").await, Some(8_000));
}

#[tokio::test]
async fn a_table_of_another_definition_is_refused_until_it_is_made_anew() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    file.raw().execute_batch("CREATE INDEX by_actor ON accounts (actor)").unwrap();

    let changed = |error: StoreError| {
        let StoreError::ProjectionChanged { table: "accounts", stored, declared } = &error else {
            panic!("{error}")
        };
        assert!(error.to_string().contains("rebuild") && stored != declared, "{error}");
    };
    changed(store.catch_up::<AccountAnew>().await.unwrap_err());
    changed(store.catch_up::<AccountVersion2>().await.unwrap_err());
    changed(store.find::<AccountAnew>("", []).await.unwrap_err());
    let opened = SqliteStore::builder(&file.path).inline::<AccountAnew>().open().await;
    changed(opened.unwrap_err());
    assert_eq!(cents(&store, "a").await, Some(1), "the table is as it was");

    assert_eq!(store.rebuild::<AccountAnew>().await.unwrap(), Position::new(1));
    let row = store.get::<AccountAnew>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.cents, 1);
    let columns = store.query("SELECT balance FROM accounts", []).await.unwrap();
    assert_eq!(columns, [[Value::Integer(1)]]);
    let index = "SELECT 1 FROM sqlite_schema WHERE name = 'by_actor'";
    assert_eq!(store.query(index, []).await.unwrap().len(), 1, "the user's index is kept");
    // The older program does not take it back by itself.
    let older = store.catch_up::<Account>().await.unwrap_err();
    assert!(matches!(older, StoreError::ProjectionSuperseded { .. }), "{older}");
    let older = store.find::<Account>("", []).await.unwrap_err();
    assert!(matches!(older, StoreError::ProjectionSuperseded { .. }), "{older}");
    changed(store.catch_up::<AccountVersion2>().await.unwrap_err());
    // On purpose it does, and the newer one is the one that was replaced.
    assert_eq!(store.rebuild::<Account>().await.unwrap(), Position::new(1));
    assert_eq!(cents(&store, "a").await, Some(1));
    let newer = store.catch_up::<AccountAnew>().await.unwrap_err();
    assert!(matches!(newer, StoreError::ProjectionSuperseded { .. }), "{newer}");
}

#[tokio::test]
async fn making_a_table_anew_goes_through_the_whole_log_and_mends_its_rows() {
    let file = File::new();
    let store = inline(&file).await;
    append(&store, "a", "opened", "0").await;
    let events = (0..2_500).map(|_| event("deposited", "1")).collect();
    store.append(batch(stream("a"), events)).await.unwrap();
    file.raw()
        .execute_batch("UPDATE accounts SET cents = 3; DELETE FROM esrs_subscriptions")
        .unwrap();
    let error = store.rebuild::<Account>().await.unwrap_err();
    assert!(matches!(error, StoreError::ProjectionTable { .. }), "not ours any more: {error}");
    file.raw().execute_batch("DROP TABLE accounts").unwrap();
    assert_eq!(store.rebuild::<Account>().await.unwrap(), Position::new(2_501));
    assert_eq!(cents(&store, "a").await, Some(2_500));
    append(&store, "a", "deposited", "1").await;
    assert_eq!(cents(&store, "a").await, Some(2_501));
}

#[tokio::test]
async fn a_rebuild_that_fails_leaves_the_old_rows() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    store.catch_up::<Account>().await.unwrap();
    append(&store, "b", "poisoned", "1").await;
    let error = store.rebuild::<Account>().await.unwrap_err();
    assert!(matches!(error, StoreError::Projection(_)), "{error}");
    assert_eq!(cents(&store, "a").await, Some(1));
}

#[tokio::test]
async fn a_table_that_no_projection_made_is_refused_and_left_alone() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    file.raw().execute_batch("CREATE TABLE Accounts (a); INSERT INTO accounts VALUES (9)").unwrap();
    let refused = [
        store.catch_up::<Account>().await.unwrap_err(),
        store.rebuild::<Account>().await.unwrap_err(),
        store.find::<Account>("", []).await.unwrap_err(),
        SqliteStore::builder(&file.path).inline::<Account>().open().await.unwrap_err(),
    ];
    for error in refused {
        let StoreError::ProjectionTable { table: "accounts", .. } = &error else {
            panic!("{error}")
        };
    }
    let rows = store.query("SELECT a FROM accounts", []).await.unwrap();
    assert_eq!(rows, [[Value::Integer(9)]]);
    let error = store.catch_up::<Taken>().await.unwrap_err();
    assert!(error.to_string().contains("begin with `esrs_`"), "{error}");
}

#[tokio::test]
async fn columns_are_of_plain_types_that_sql_can_ask() {
    let file = File::new();
    let store = inline(&file).await;
    append(&store, "a", "opened", "1500").await;
    let sql = "SELECT id, cents, typeof(cents), changed_at, length(last_event), actor FROM accounts
               WHERE changed_at < ?1 AND actor = ?2";
    let rows = store.query(sql, ["2026-02".into(), "alice".into()]).await.unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let time = text("2026-01-31T12:00:00.123456Z");
    let row = [text("a"), 1500.into(), text("integer"), time, 36.into(), text("alice")];
    assert_eq!(rows, [row]);
    let row = store.get::<Account>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.changed_at.to_string(), "2026-01-31T12:00:00.123456Z");
    assert_eq!(row.actor.as_deref(), Some("alice"));
}

#[tokio::test]
async fn rows_are_found_by_a_condition() {
    let file = File::new();
    let store = inline(&file).await;
    for number in 1..=9 {
        append(&store, &number.to_string(), "opened", &(number * 100).to_string()).await;
    }
    let found = store.find::<Account>("cents > $1 ORDER BY cents DESC LIMIT 2", [400.into()]).await;
    let found: Vec<_> = found.unwrap().iter().map(|row| row.cents).collect();
    assert_eq!(found, [900, 800]);
    assert_eq!(store.find::<Account>(" ", []).await.unwrap().len(), 9);
    let error = store.find::<Account>("no SQL at all", []).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error}");
    let error = store.find::<Account>("cents > ?1", []).await.unwrap_err();
    assert!(error.to_string().contains("parameter"), "{error}");
}

#[tokio::test]
async fn parameters_of_a_query_are_bound_by_their_number() {
    let file = File::new();
    let store = inline(&file).await;
    for number in 1..=9 {
        append(&store, &number.to_string(), "opened", &(number * 100).to_string()).await;
    }
    for condition in [
        "cents > $2 AND id <> $1 ORDER BY cents",
        "cents > ?2 AND id <> ?1 ORDER BY cents",
        "cents > $2 AND id <> $1 AND cents > $2 /* $3 ? */ AND '$4 ?' <> \"id\" -- $5",
    ] {
        let found = store.find::<Account>(condition, ["8".into(), 600.into()]).await.unwrap();
        let found: Vec<_> = found.iter().map(|row| row.cents).collect();
        assert_eq!(found, [700, 900], "{condition}");
        let sql = format!("SELECT cents FROM accounts WHERE {condition}");
        let rows = store.query(&sql, ["8".into(), 600.into()]).await.unwrap();
        assert_eq!(rows, [[Value::from(700)], [900.into()]], "{condition}");
    }
    let ten: Vec<_> = (1..=10).map(Value::from).collect();
    let rows = store.query("SELECT $10, $2, $9, $1, $3+$4+$5+$6+$7+$8", ten).await.unwrap();
    assert_eq!(rows, [[10, 2, 9, 1, 33].map(Value::from)]);
    for (condition, values, expected) in [
        ("cents > $2 AND id = ?1", 2, "has `?` as well"),
        ("id = ?1 AND cents > $2", 2, "has `?` as well"),
        ("cents > $1 AND id = ?", 2, "this has `?`"),
        ("cents > :cents", 1, "this has `:cents`"),
        ("cents > $cents", 1, "this has `$cents`"),
        ("cents > $0", 1, "this has `$0`"),
        ("cents > $1 AND cents < $3", 3, "does not use its parameter $2"),
        ("cents > ?1 AND cents < ?3", 3, "does not use its parameter $2"),
        ("cents > $1", 0, "was given 0 values"),
        ("cents > $1", 2, "was given 2 values"),
        ("true", 1, "was given 1 values"),
    ] {
        let values = vec![Value::from(1); values];
        let refused = store.find::<Account>(condition, values.clone()).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{condition}: {refused}");
        let sql = format!("SELECT * FROM accounts WHERE {condition}");
        let refused = store.query(&sql, values).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{condition}: {refused}");
        assert_eq!(store.find::<Account>("cents > $1", [800.into()]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_query_cannot_write_and_holds_no_snapshot() {
    let file = File::new();
    let store =
        SqliteStore::builder(&file.path).readers(1).inline::<Account>().open().await.unwrap();
    append(&store, "a", "opened", "1").await;
    let writing =
        ["DELETE FROM accounts", "DROP TABLE accounts", "INSERT INTO esrs_schema VALUES (2)"];
    for sql in writing.into_iter().chain(["BEGIN"]) {
        let error = store.query(sql, []).await.unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{sql}: {error}");
    }
    store.query("SELECT count(*) FROM accounts", []).await.unwrap();
    append(&store, "b", "opened", "1").await;
    let count = store.query("SELECT count(*) FROM accounts", []).await.unwrap();
    assert_eq!(count, [[Value::Integer(2)]]);
}

fn refusing(file: &File) {
    file.raw()
        .execute_batch(
            "CREATE TRIGGER not_13 BEFORE INSERT ON accounts WHEN new.cents BETWEEN 13 AND 19
                 BEGIN SELECT RAISE(ABORT, 'thirteen is refused'); END;
             CREATE UNIQUE INDEX one_of_77 ON accounts (cents / 10) WHERE cents > 70",
        )
        .expect("the table can be changed");
}

#[tokio::test]
async fn an_append_whose_row_the_table_refuses_fails_alone() {
    let file = File::new();
    let store = inline(&file).await;
    append(&store, "a", "opened", "77").await;
    refusing(&file);
    for (id, cents) in [("b", "13"), ("c", "77")] {
        let refused = store.append(batch(stream(id), vec![event("opened", cents)]));
        let other = format!("beside {id}");
        let beside = append(&store, &other, "opened", "1");
        let (refused, _) = join(refused, beside).await;
        let Err(StoreError::RowRefused { table, .. }) = &refused else { panic!("{refused:?}") };
        assert_eq!(table, "accounts");
        append(&store, id, "opened", "2").await;
    }
    let sums = store.query("SELECT sum(cents), count(*) FROM accounts", []).await.unwrap();
    assert_eq!(sums, [[Value::Integer(77 + 1 + 2 + 1 + 2), Value::Integer(5)]]);
    // A step of a runner says so, too.
    let without = file.open().await;
    append(&without, "d", "opened", "13").await;
    let rows = Box::new(Projected::<Account>::new());
    let refused = esrs_core::subscription::catch_up(&without, rows, |_| {}).await;
    assert!(matches!(refused, Err(StoreError::RowRefused { .. })), "{refused:?}");
}

#[tokio::test]
async fn what_others_have_appended_refuses_no_append_and_no_open() {
    let file = File::new();
    let (with, without) = (inline(&file).await, file.open().await);
    append(&with, "a", "opened", "77").await;
    refusing(&file);
    let poison = [("p", "poisoned", "1"), ("q", "opened", "13"), ("r", "opened", "77")];
    for open_again in [false, true] {
        let sign = if open_again { "again " } else { "" };
        for number in 0..40 {
            append(&without, &format!("{sign}good {number}"), "opened", "1").await;
            if let Some((id, name, cents)) = poison.get(number / 13) {
                let id = format!("{sign}{id}");
                if number % 13 == 5 {
                    append(&without, &id, name, cents).await;
                    append(&without, &id, "deposited", "1").await;
                }
            }
        }
        let store = if open_again { inline(&file).await } else { with.clone() };
        append(&store, &format!("{sign}b"), "opened", "1").await;
        let rows = Arc::new(Projected::<Account>::subscription_of());
        let parked = store.parked(rows.clone()).await.unwrap();
        let ids: Vec<_> = parked.iter().map(|one| one.stream.id().to_owned()).collect();
        let expected: Vec<_> = match open_again {
            false => ["p", "q", "r"].map(str::to_owned).into(),
            true => ["p", "q", "r", "again p", "again q", "again r"].map(str::to_owned).into(),
        };
        assert_eq!(ids, expected, "{parked:?}");
        assert!(parked.iter().all(|one| one.version == 1 && !one.reason.is_empty()));
        assert!(parked[1].reason.contains("thirteen is refused"), "{}", parked[1].reason);
        let good = "SELECT count(*) FROM accounts WHERE id LIKE '%good%'";
        let count = if open_again { 80 } else { 40 };
        assert_eq!(store.query(good, []).await.unwrap(), [[Value::Integer(count)]]);
    }
}

#[tokio::test]
async fn an_inline_store_resumes_what_an_operator_wants_to_be_tried_again() {
    let file = File::new();
    let (with, without) = (inline(&file).await, file.open().await);
    append(&with, "a", "opened", "1").await;
    refusing(&file);
    append(&without, "q", "opened", "13").await;
    append(&without, "q", "deposited", "2").await;
    append(&without, "p", "opened", "5").await;
    append(&without, "p", "poisoned", "1").await;
    append(&without, "p", "deposited", "3").await;
    append(&with, "a", "deposited", "1").await;
    assert_eq!(cents(&with, "q").await, None);
    assert_eq!(cents(&with, "p").await, Some(5));
    let decide = async |id: &str, decision| {
        with.decide("accounts".to_owned(), stream(id), decision).await.unwrap()
    };
    // In vain: it is parked again, and the append is stored.
    assert!(decide("q", Decision::retry(1, "alice", "why")).await);
    append(&with, "a", "deposited", "1").await;
    assert_eq!(cents(&with, "q").await, None);
    file.raw().execute_batch("DROP TRIGGER not_13").unwrap();
    assert!(decide("q", Decision::retry(1, "alice", "the trigger is gone")).await);
    assert!(decide("p", Decision::skip(2, "alice", "a defect")).await);
    assert!(!decide("p", Decision::skip(2, "bob", "the same defect")).await, "alice was faster");
    append(&with, "a", "deposited", "1").await;
    assert_eq!(cents(&with, "q").await, Some(15));
    assert_eq!(cents(&with, "p").await, Some(8));
    let rows = Arc::new(Projected::<Account>::subscription_of());
    assert!(with.parked(rows.clone()).await.unwrap().is_empty());
    append(&with, "p", "deposited", "1").await;
    assert_eq!(cents(&with, "p").await, Some(9));
    assert_eq!(cents(&with, "a").await, Some(4));
}

#[tokio::test]
async fn an_inline_store_goes_on_without_rows_of_a_newer_definition() {
    let file = File::new();
    let older = inline(&file).await;
    append(&older, "a", "opened", "1").await;
    let newer =
        SqliteStore::builder(&file.path).inline::<AccountAnew>().rebuild_changed().open().await;
    let newer = newer.unwrap();
    // The running one, one that is opened, and one that would rebuild what changed.
    let opened = inline(&file).await;
    let builder = SqliteStore::builder(&file.path).inline::<Account>().rebuild_changed();
    let changing = builder.open().await.unwrap();
    for (number, store) in (0..).zip([&older, &opened, &changing]) {
        append(store, "a", "deposited", "1").await;
        let found = store.find::<Account>("", []).await;
        assert!(matches!(found, Err(StoreError::ProjectionSuperseded { .. })), "{found:?}");
        append(&newer, "b", if number == 0 { "opened" } else { "deposited" }, "1").await;
        let rows = newer.find::<AccountAnew>("true ORDER BY id", []).await.unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row.cents).collect();
        assert_eq!(rows, [number + 2, number + 1]);
    }
    // Back on purpose.
    older.rebuild::<Account>().await.unwrap();
    append(&older, "a", "deposited", "1").await;
    assert_eq!(cents(&older, "a").await, Some(5));
    append(&newer, "a", "deposited", "1").await;
    append(&older, "a", "deposited", "1").await;
    assert_eq!(cents(&older, "a").await, Some(7));
    let found = newer.find::<AccountAnew>("", []).await;
    assert!(matches!(found, Err(StoreError::ProjectionSuperseded { .. })), "{found:?}");
}

#[tokio::test]
async fn a_query_answers_only_from_tables_that_find_answers_from() {
    let file = File::new();
    let newer = file.open().await;
    append(&newer, "a", "opened", "1").await;
    let queries = [
        "SELECT id FROM accounts",
        "SELECT count(*) FROM ACCOUNTS",
        "WITH all_of AS (SELECT * FROM main.\"accounts\") SELECT 1 FROM all_of",
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM esrs_events JOIN accounts ON true)",
        "SELECT id FROM rich",
    ];
    let inline = inline(&file).await;
    file.raw().execute_batch("CREATE VIEW rich AS SELECT id FROM accounts").unwrap();
    let (found, subscribed, unaware) = (file.open().await, file.open().await, file.open().await);
    found.find::<Account>("", []).await.unwrap();
    subscribed.catch_up::<Account>().await.unwrap();
    let aware = [&inline, &found, &subscribed];
    // Twice, as the second time they are compiled already.
    for store in aware.into_iter().chain([&unaware, &newer, &inline]) {
        for sql in queries {
            assert_eq!(store.query(sql, []).await.unwrap().len(), 1, "{sql}");
        }
    }
    newer.rebuild::<AccountAnew>().await.unwrap();
    for store in aware {
        for sql in queries {
            let answer = store.query(sql, []).await;
            let is_refused = matches!(answer, Err(StoreError::ProjectionSuperseded { .. }));
            assert!(is_refused, "{sql}: {answer:?}");
        }
        assert!(store.query("SELECT count(*) FROM esrs_events", []).await.is_ok());
        assert!(store.find::<Account>("", []).await.is_err());
    }
    for store in [&newer, &unaware] {
        for sql in queries {
            assert_eq!(store.query(sql, []).await.unwrap().len(), 1, "{sql}");
        }
    }
    // A view that comes to read the table is noticed, though the query was compiled before.
    let other = "SELECT id FROM other";
    let view = "CREATE VIEW other AS SELECT 'a' AS id";
    file.raw().execute_batch(view).unwrap();
    for _ in 0..12 {
        assert_eq!(found.query(other, []).await.unwrap(), [["a".into()]]);
    }
    let view = "DROP VIEW other; CREATE VIEW other AS SELECT id FROM accounts";
    file.raw().execute_batch(view).unwrap();
    // More often than there are readers.
    for _ in 0..12 {
        let answer = found.query(other, []).await;
        assert!(matches!(answer, Err(StoreError::ProjectionSuperseded { .. })), "{answer:?}");
    }
    found.rebuild::<Account>().await.unwrap();
    for store in aware {
        for sql in queries {
            assert_eq!(store.query(sql, []).await.unwrap().len(), 1, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_changed_read_model_is_rebuilt_though_an_event_cannot_be_taken() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    append(&store, "p", "opened", "5").await;
    store.catch_up::<Account>().await.unwrap();
    append(&store, "p", "poisoned", "1").await;
    append(&store, "a", "deposited", "1").await;
    let builder = SqliteStore::builder(&file.path).inline::<AccountAnew>().rebuild_changed();
    let changed = builder.open().await.unwrap();
    let rows = changed.find::<AccountAnew>("true ORDER BY id", []).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [2, 5]);
    let parked = changed.parked(Arc::new(Projected::<AccountAnew>::subscription_of()));
    let parked = parked.await.unwrap();
    assert_eq!(
        parked.iter().map(|one| (one.stream.id(), one.version)).collect::<Vec<_>>(),
        [("p", 2)]
    );
    append(&changed, "a", "deposited", "1").await;
    let row = changed.get::<AccountAnew>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.cents, 3);
}

#[tokio::test]
async fn an_event_of_a_newer_version_is_not_parked_by_an_inline_store() {
    let file = File::new();
    let (with, without) = (inline(&file).await, file.open().await);
    append(&with, "a", "opened", "1").await;
    let newer = NewEvent { version: 2, ..event("deposited", "1") };
    without.append(batch(stream("a"), vec![newer])).await.unwrap();
    for _ in 0..2 {
        let refused = with.append(batch(stream("b"), vec![event("opened", "1")])).await;
        assert!(matches!(refused, Err(StoreError::Projection(_))), "{refused:?}");
        let opened = SqliteStore::builder(&file.path).inline::<Account>().open().await;
        assert!(matches!(opened, Err(StoreError::Projection(_))), "{opened:?}");
        let rows = Arc::new(Projected::<Account>::subscription_of());
        assert!(with.parked(rows).await.unwrap().is_empty());
    }
    append(&without, "b", "opened", "1").await;
    assert_eq!(read_all(&with).await.len(), 3);
}

#[tokio::test]
async fn a_row_that_another_program_wrote_and_none_can_read_stops_its_stream_alone() {
    let file = File::new();
    let store = inline(&file).await;
    for id in ["a", "b", "c"] {
        append(&store, id, "opened", "1").await;
    }
    file.raw().execute("UPDATE accounts SET changed_at = 'infinity' WHERE id = 'b'", []).unwrap();
    let refused = store.find::<Account>("", []).await.unwrap_err().to_string();
    assert!(refused.contains("column `changed_at`: it is no time"), "{refused}");
    for _ in 0..2 {
        let (refused, other) = join(
            store.append(batch(stream("b"), vec![event("deposited", "1")])),
            store.append(batch(stream("c"), vec![event("deposited", "1")])),
        )
        .await;
        let Err(StoreError::RowRefused { table, reason }) = &refused else { panic!("{refused:?}") };
        assert!(table == "accounts" && reason.contains("column `changed_at`"), "{reason}");
        other.unwrap();
    }
    // What others have stored is parked, and keeps nobody from appending.
    let plain = file.open().await;
    append(&plain, "b", "deposited", "5").await;
    append(&store, "a", "deposited", "1").await;
    let subscription = Arc::new(Projected::<Account>::subscription_of());
    let parked = store.parked(subscription.clone()).await.unwrap();
    assert_eq!((parked.len(), parked[0].stream.clone()), (1, stream("b")));
    assert!(parked[0].reason.contains("column `changed_at`"), "{}", parked[0].reason);
    // It is taken up again when the row was corrected.
    let corrected = "UPDATE accounts SET changed_at = '2026-01-31T12:00:00.000000Z'";
    file.raw().execute(corrected, []).unwrap();
    let retry = Decision::retry(parked[0].version, "operator", "corrected");
    assert!(store.decide("accounts".to_owned(), stream("b"), retry).await.unwrap());
    append(&store, "a", "deposited", "1").await;
    assert!(store.parked(subscription).await.unwrap().is_empty());
    let cents = [cents(&store, "a").await, cents(&store, "b").await, cents(&store, "c").await];
    assert_eq!(cents, [Some(3), Some(6), Some(3)]);
}

#[tokio::test]
async fn a_changed_table_is_rebuilt_though_an_index_refuses_a_row() {
    let file = File::new();
    let store = inline(&file).await;
    append(&store, "a", "opened", "1").await;
    for index in [
        "CREATE UNIQUE INDEX \"one (of) each\" ON Accounts(cents) WHERE cents > 0",
        "CREATE INDEX by_actor ON accounts(actor)",
    ] {
        file.raw().execute_batch(index).unwrap();
    }
    let plain = file.open().await;
    append(&plain, "b", "opened", "1").await;
    append(&store, "c", "opened", "2").await;
    let subscription = Arc::new(Projected::<AccountVersion2>::subscription_of());
    assert_eq!(store.parked(subscription.clone()).await.unwrap().len(), 1);
    store.close().await;
    for _ in 0..2 {
        let changed = SqliteStore::builder(&file.path).inline::<AccountVersion2>();
        let store = changed.rebuild_changed().open().await.unwrap();
        let parked = store.parked(subscription.clone()).await.unwrap();
        assert_eq!((parked.len(), parked[0].stream.clone()), (1, stream("b")));
        assert!(parked[0].reason.contains("UNIQUE"), "{}", parked[0].reason);
        assert_eq!(store.find::<AccountVersion2>("", []).await.unwrap().len(), 2);
        let refused = store.append(batch(stream("d"), vec![event("opened", "2")])).await;
        assert!(matches!(refused, Err(StoreError::RowRefused { .. })), "{refused:?}");
        let indexes =
            "SELECT name FROM sqlite_schema WHERE tbl_name = 'accounts' AND type = 'index'
            AND sql IS NOT NULL ORDER BY name";
        let indexes = store.query(indexes, []).await.unwrap();
        assert_eq!(indexes, [["by_actor".into()], ["one (of) each".into()]] as [[Value; 1]; 2]);
        store.close().await;
    }
}
