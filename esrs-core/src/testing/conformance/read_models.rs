//! The promises of [`ReadModels`] and [`SqlReadModels`].
//!
//! The tables of the cases have names of their own, `conformance_…`. They are the same each time, so the
//! cases run on a log that was used before, but not twice at once on one log.

mod account;

use std::sync::Arc;

use account::Account;

use super::support::{append, batch, event_with, stream_of};
use super::{Case, hold};
use crate::event::StreamId;
use crate::log::{NewEvent, StoreError};
use crate::read_model::projection::Value;
use crate::store::{EventStore, ReadModels, SqlReadModels};

macro_rules! cases {
    ($list:ident, $trait:ident: $($case:ident),+ $(,)?) => {
        fn $list<S: $trait>() -> Vec<Case<S>> {
            vec![$(Case { name: stringify!($case), run: |store| Box::pin($case(store)) }),+]
        }
    };
}

cases! {
    cases, ReadModels:
    a_table_that_was_not_made_is_refused,
    rows_contain_the_log_once_they_are_caught_up,
    a_row_that_was_deleted_is_gone,
    a_long_history_is_caught_up_to_its_end,
    two_read_models_of_the_same_events_do_not_meet,
    an_event_that_cannot_be_applied_is_reported_each_time,
    a_rebuild_returns_the_same_rows,
    a_changed_definition_is_refused_until_it_is_rebuilt,
    read_models_are_read_through_an_arc_by_several_tasks,
}

cases! {
    sql_cases, SqlReadModels:
    rows_are_found_by_a_condition,
    any_select_is_answered,
    a_query_only_reads,
}

/// Holds `store` to every promise of [`ReadModels`].
///
/// # Panics
/// When the store breaks any. All of them are tried before that, and the message lists what failed.
pub async fn all<S: ReadModels + Clone>(store: &S) {
    hold(&Arc::new(store.clone()), &cases()).await;
    hold(store, &cases()).await;
}

/// Holds `store` to every promise of [`SqlReadModels`] as well.
///
/// # Panics
/// When the store breaks any. All of them are tried before that, and the message lists what failed.
pub async fn all_with_sql<S: SqlReadModels + Clone>(store: &S) {
    all(store).await;
    hold(&Arc::new(store.clone()), &sql_cases()).await;
    hold(store, &sql_cases()).await;
}

/// An account of this case that no other run has used.
fn new_account<const CASE: usize>(label: &str) -> StreamId {
    stream_of(account::CATEGORIES[CASE], label)
}

fn event(name: &'static str, cents: i64) -> NewEvent {
    NewEvent { name: name.into(), ..event_with(cents.to_string()) }
}

async fn say(store: &dyn EventStore, account: &StreamId, events: &[(&'static str, i64)]) {
    let events = events.iter().map(|(name, cents)| event(name, *cents)).collect();
    append(store, batch(account, events)).await;
}

async fn caught_up<const CASE: usize>(store: &impl ReadModels) {
    store.catch_up::<Account<CASE>>().await.expect("the log can be followed");
}

async fn cents<const CASE: usize>(store: &impl ReadModels, account: &StreamId) -> Option<i64> {
    let row = store.get::<Account<CASE>>(&account.id().to_owned()).await;
    let row = row.expect("a row can be read")?;
    assert_eq!(row.id, account.id(), "the row of another key");
    Some(row.cents)
}

async fn a_table_that_was_not_made_is_refused<S: ReadModels>(store: &S) {
    for _ in 0..2 {
        let row = store.get::<Account<0>>(&"a".to_owned()).await.map(drop);
        for refused in [row, store.all::<Account<0>>().await.map(drop)] {
            let Err(StoreError::ProjectionTable { table, .. }) = &refused else {
                panic!("there is no table, and it was said: {refused:?}")
            };
            assert_eq!(*table, account::TABLES[0]);
        }
    }
}

async fn rows_contain_the_log_once_they_are_caught_up<S: ReadModels>(store: &S) {
    let (one, other) = (new_account::<1>("one"), new_account::<1>("other"));
    say(store, &one, &[("opened", 100), ("deposited", 5)]).await;
    caught_up::<1>(store).await;
    assert_eq!((cents::<1>(store, &one).await, cents::<1>(store, &other).await), (Some(105), None));
    say(store, &other, &[("opened", i64::MIN)]).await;
    say(store, &one, &[("deposited", -105)]).await;
    // Until then, rows are as recent as they were.
    assert_eq!((cents::<1>(store, &one).await, cents::<1>(store, &other).await), (Some(105), None));
    let end = store.catch_up::<Account<1>>().await.expect("the log can be followed");
    assert_eq!(store.catch_up::<Account<1>>().await.expect("once more"), end);
    let all = store.all::<Account<1>>().await.expect("rows can be listed");
    for (account, expected) in [(&one, 0), (&other, i64::MIN)] {
        assert_eq!(cents::<1>(store, account).await, Some(expected));
        let listed: Vec<_> = all.iter().filter(|row| row.id == account.id()).collect();
        assert_eq!(listed.iter().map(|row| row.cents).collect::<Vec<_>>(), [expected]);
    }
}

async fn a_row_that_was_deleted_is_gone<S: ReadModels>(store: &S) {
    let (one, other) = (new_account::<2>("one"), new_account::<2>("other"));
    say(store, &one, &[("opened", 1)]).await;
    say(store, &other, &[("opened", 2), ("closed", 0)]).await;
    caught_up::<2>(store).await;
    assert_eq!((cents::<2>(store, &one).await, cents::<2>(store, &other).await), (Some(1), None));
    say(store, &one, &[("closed", 0)]).await;
    say(store, &other, &[("opened", 3)]).await;
    caught_up::<2>(store).await;
    assert_eq!((cents::<2>(store, &one).await, cents::<2>(store, &other).await), (None, Some(3)));
    let all = store.all::<Account<2>>().await.expect("rows can be listed");
    assert!(!all.iter().any(|row| row.id == one.id()), "{all:?}");
}

async fn a_long_history_is_caught_up_to_its_end<S: ReadModels>(store: &S) {
    const TIMES: i64 = 12;
    let (one, other) = (new_account::<3>("one"), new_account::<3>("other"));
    for account in [&one, &other] {
        say(store, account, &[("opened", 0)]).await;
    }
    for _ in 0..TIMES {
        for account in [&one, &other] {
            say(store, account, &[("deposited", 1); 250]).await;
        }
    }
    caught_up::<3>(store).await;
    for account in [&one, &other] {
        assert_eq!(cents::<3>(store, account).await, Some(TIMES * 250));
    }
}

async fn two_read_models_of_the_same_events_do_not_meet<S: ReadModels>(store: &S) {
    let account = new_account::<4>("both");
    say(store, &account, &[("opened", 7)]).await;
    caught_up::<4>(store).await;
    caught_up::<5>(store).await;
    say(store, &account, &[("deposited", 1)]).await;
    caught_up::<5>(store).await;
    assert_eq!(cents::<4>(store, &account).await, Some(7));
    assert_eq!(cents::<5>(store, &account).await, Some(8));
    store.rebuild::<Account<5>>().await.expect("it can be rebuilt");
    assert_eq!(cents::<4>(store, &account).await, Some(7));
}

async fn an_event_that_cannot_be_applied_is_reported_each_time<S: ReadModels>(store: &S) {
    let account = new_account::<6>("poisoned");
    // Of an earlier run there may be another such event.
    let _ = store.catch_up::<Account<6>>().await;
    say(store, &account, &[("poisoned", 0)]).await;
    for _ in 0..2 {
        let caught_up = store.catch_up::<Account<6>>().await;
        assert!(matches!(caught_up, Err(StoreError::Projection(_))), "{caught_up:?}");
        let rebuilt = store.rebuild::<Account<6>>().await;
        assert!(matches!(rebuilt, Err(StoreError::Projection(_))), "{rebuilt:?}");
        assert_eq!(cents::<6>(store, &account).await, None);
        // The others go on.
        caught_up_of_others(store).await;
    }
}

async fn caught_up_of_others<S: ReadModels>(store: &S) {
    let other = new_account::<7>("other");
    say(store, &other, &[("opened", 1)]).await;
    caught_up::<7>(store).await;
    assert_eq!(cents::<7>(store, &other).await, Some(1));
}

async fn a_rebuild_returns_the_same_rows<S: ReadModels>(store: &S) {
    let (one, other) = (new_account::<8>("one"), new_account::<8>("other"));
    say(store, &one, &[("opened", 1), ("deposited", 2), ("closed", 0), ("opened", 5)]).await;
    say(store, &other, &[("opened", 9)]).await;
    let sorted = async || {
        let mut all = store.all::<Account<8>>().await.expect("rows can be listed");
        all.sort_by(|one, other| one.id.cmp(&other.id));
        all
    };
    for _ in 0..2 {
        caught_up::<8>(store).await;
        let rows = sorted().await;
        store.rebuild::<Account<8>>().await.expect("it can be rebuilt");
        assert_eq!(sorted().await, rows);
        assert_eq!(cents::<8>(store, &one).await, Some(5));
        say(store, &other, &[("deposited", 1)]).await;
    }
    caught_up::<8>(store).await;
    assert_eq!(cents::<8>(store, &other).await, Some(11));
}

async fn a_changed_definition_is_refused_until_it_is_rebuilt<S: ReadModels>(store: &S) {
    let account = new_account::<9>("changed");
    let key = account.id().to_owned();
    store.rebuild::<Account<9>>().await.expect("the first definition can be built");
    say(store, &account, &[("opened", 3)]).await;
    for _ in 0..2 {
        let row = store.get::<Account<9, 2>>(&key).await.map(drop);
        let all = store.all::<Account<9, 2>>().await.map(drop);
        let catching_up = store.catch_up::<Account<9, 2>>().await.map(drop);
        for refused in [row, all, catching_up] {
            // Replaced by an earlier run, it is a definition of before.
            assert!(
                matches!(
                    refused,
                    Err(StoreError::ProjectionChanged { .. }
                        | StoreError::ProjectionSuperseded { .. })
                ),
                "{refused:?}"
            );
        }
        caught_up::<9>(store).await;
        assert_eq!(cents::<9>(store, &account).await, Some(3));
    }
    store.rebuild::<Account<9, 2>>().await.expect("it can be rebuilt");
    let row = store.get::<Account<9, 2>>(&key).await.expect("it is built");
    assert_eq!(row.map(|row| row.cents), Some(3));
    let replaced = store.get::<Account<9>>(&key).await.map(drop);
    assert!(matches!(replaced, Err(StoreError::ProjectionSuperseded { .. })), "{replaced:?}");
}

async fn read_models_are_read_through_an_arc_by_several_tasks<S: ReadModels>(store: &S) {
    let account = new_account::<10>("shared");
    say(store, &account, &[("opened", 1), ("deposited", 1)]).await;
    let catching_up = (0..4).map(|_| store.catch_up::<Account<10>>());
    for caught_up in futures_util::future::join_all(catching_up).await {
        caught_up.expect("one may catch up while another does");
    }
    let reading = (0..8).map(|_| cents::<10>(store, &account));
    assert_eq!(futures_util::future::join_all(reading).await, [Some(2); 8]);
}

async fn rows_are_found_by_a_condition<S: SqlReadModels>(store: &S) {
    let accounts = [1, 2, 3].map(|cents| (new_account::<11>("found"), cents));
    for (account, cents) in &accounts {
        say(store, account, &[("opened", *cents)]).await;
    }
    caught_up::<11>(store).await;
    let ids = accounts.map(|(account, _)| Value::from(account.id()));
    let found = async |condition: &str, parameters: Vec<Value>| {
        let found = store.find::<Account<11>>(condition, parameters).await;
        let found = found.expect("the condition is valid");
        found.into_iter().map(|row| row.cents).collect::<Vec<_>>()
    };
    let condition = "id IN ($1, $2, $3) AND cents > $4 ORDER BY cents DESC LIMIT 2";
    let with = |cents: i64| ids.iter().cloned().chain([cents.into()]).collect::<Vec<_>>();
    assert_eq!(found(condition, with(0)).await, [3, 2]);
    assert_eq!(found(condition, with(2)).await, [3]);
    assert!(found(condition, with(3)).await.is_empty());
    let all = store.all::<Account<11>>().await.expect("rows can be listed").len();
    for condition in ["", " \n", "true", "true ORDER BY cents"] {
        assert_eq!(found(condition, Vec::new()).await.len(), all, "{condition:?}");
    }
    for invalid in ["cents >", "no_such_column = 1", "true; DELETE FROM conformance_found"] {
        let refused = store.find::<Account<11>>(invalid, []).await;
        assert!(refused.is_err(), "{invalid:?} was answered with {refused:?}");
        assert_eq!(found("true", Vec::new()).await.len(), all);
    }
    let not_made = store.find::<Account<0>>("true", []).await;
    assert!(matches!(not_made, Err(StoreError::ProjectionTable { .. })), "{not_made:?}");
}

async fn any_select_is_answered<S: SqlReadModels>(store: &S) {
    let (one, other) = (new_account::<12>("one"), new_account::<12>("other"));
    say(store, &one, &[("opened", 40)]).await;
    say(store, &other, &[("opened", 2)]).await;
    caught_up::<12>(store).await;
    let table = account::TABLES[12];
    let sum = format!("SELECT count(*), sum(cents) FROM {table} WHERE id = $2 OR id = $1");
    let ids = [Value::from(one.id()), other.id().into()];
    for _ in 0..2 {
        let sums = store.query(&sum, ids.clone()).await.expect("a valid query");
        assert_eq!(sums, [[Value::from(2), 42.into()]]);
    }
    let none = store.query(&format!("SELECT id FROM {table} WHERE cents IS NULL"), []).await;
    assert!(none.expect("a valid query").is_empty());
}

async fn a_query_only_reads<S: SqlReadModels>(store: &S) {
    let account = new_account::<13>("read");
    say(store, &account, &[("opened", 1)]).await;
    caught_up::<13>(store).await;
    let table = account::TABLES[13];
    for writing in [
        format!("DELETE FROM {table}"),
        format!("UPDATE {table} SET cents = 2"),
        format!("DROP TABLE {table}"),
        format!("SELECT 1; DELETE FROM {table}"),
        "SELECT 1 FROM no_such_table".to_owned(),
    ] {
        let refused = store.query(&writing, []).await;
        assert!(refused.is_err(), "{writing:?} was answered with {refused:?}");
        assert_eq!(cents::<13>(store, &account).await, Some(1), "{writing:?}");
    }
}
