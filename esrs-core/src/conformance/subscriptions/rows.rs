//! Rows come back as they were written.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::scripted::{
    Scripted, advance, column, key, names, new_subscription, rows, step, stored, subscribe, sum,
    with_columns,
};
use crate::StoreError;
use crate::projection::{ColumnSpec, ColumnType, RowChanges, Value};
use crate::subscription::SubscriptionStore;

const EVERY_KIND: &[ColumnSpec] = &[
    key("id", ColumnType::Integer),
    nullable("yes", ColumnType::Bool),
    nullable("order", ColumnType::Integer),
    nullable("ratio", ColumnType::Real),
    nullable("text", ColumnType::Text),
    nullable("bytes", ColumnType::Bytes),
    nullable("at", ColumnType::Timestamp),
    nullable("uuid", ColumnType::Uuid),
    nullable("json", ColumnType::Json),
];

const fn nullable(name: &'static str, column_type: ColumnType) -> ColumnSpec {
    ColumnSpec { nullable: true, ..column(name, column_type) }
}

/// A value of every kind comes back as it was, and so does none; a name may be a word of SQL.
///
/// # Panics
/// When the store breaks the promise.
pub async fn every_kind_of_value_comes_back(store: &dyn SubscriptionStore) {
    let subscription = Arc::new(with_columns(EVERY_KIND));
    let time = |micros| Timestamp::from_microsecond(micros).expect("a time");
    let row = |id: i64, time: Timestamp| {
        let (ratio, bytes) = (0.1 + 0.2, vec![0, 255, 39]);
        let json = Value::Json("{\"b\": [1.50, \"š'\"], \"a\":null}".to_owned());
        let text = "it's \"odd\": š\n";
        let uuid = Uuid::from_u128(7);
        vec![
            id.into(),
            (id % 2 == 0).into(),
            i64::MIN.into(),
            ratio.into(),
            text.into(),
            bytes.into(),
            time.into(),
            uuid.into(),
            json,
        ]
    };
    let mut nothing = vec![Value::Null; EVERY_KIND.len()];
    nothing[0] = 3.into();
    let written = vec![row(1, time(-1)), row(2, time(1_700_000_000_123_456)), nothing];
    let begin = subscribe(store, &subscription).await;
    let scripted = Scripted::writing(&subscription, rows(written.clone()));
    advance(store, step(&subscription, begin, 1), scripted).await;
    let keys = [1, 2, 3].map(|id| vec![Value::from(id)]).to_vec();
    assert_eq!(stored(store, &subscription, keys).await, written);
}

const PAIRS: &[ColumnSpec] = &[
    key("left", ColumnType::Text),
    key("right", ColumnType::Integer),
    column("sum", ColumnType::Integer),
];

/// Rows are told apart by all columns of their key.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_key_of_several_columns_tells_rows_apart(store: &dyn SubscriptionStore) {
    let subscription = Arc::new(with_columns(PAIRS));
    let row = |left: &str, right: i64, sum: i64| vec![left.into(), right.into(), sum.into()];
    let begin = subscribe(store, &subscription).await;
    let written = vec![row("a", 1, 1), row("a", 2, 2), row("b", 1, 3)];
    let scripted = Scripted::writing(&subscription, rows(written));
    advance(store, step(&subscription, begin, 1), scripted).await;
    let keys = vec![
        vec!["a".into(), 1.into()],
        vec!["a".into(), 2.into()],
        vec!["b".into(), 1.into()],
        vec!["b".into(), 2.into()],
    ];
    let changes = RowChanges {
        upserts: vec![row("a", 2, 5), row("b", 2, 6)],
        deletes: vec![vec!["a".into(), 1.into()]],
    };
    let begin = subscribe(store, &subscription).await;
    let scripted = Scripted::writing(&subscription, changes);
    advance(store, step(&subscription, begin, 2), scripted).await;
    let found = stored(store, &subscription, keys).await;
    assert_eq!(found, [row("a", 2, 5), row("b", 1, 3), row("b", 2, 6)]);
}

/// A step may be about many rows.
///
/// # Panics
/// When the store breaks the promise.
pub async fn many_rows_are_written_and_deleted_at_once(store: &dyn SubscriptionStore) {
    const MANY: i64 = 5_000;
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let all: Vec<_> = (0..MANY).map(|number| sum(&format!("{number:05}"), number)).collect();
    let keys: Vec<_> = all.iter().map(|row| vec![row[0].clone()]).collect();
    let written = Scripted::writing(&subscription, rows(all.clone()));
    advance(store, step(&subscription, begin, 1), written).await;
    assert_eq!(stored(store, &subscription, keys.clone()).await, all);
    let changes = RowChanges { upserts: Vec::new(), deletes: keys[10..].to_vec() };
    let begin = subscribe(store, &subscription).await;
    let deleted = Scripted::writing(&subscription, changes);
    advance(store, step(&subscription, begin, 2), deleted).await;
    assert_eq!(stored(store, &subscription, keys).await, all[..10]);
}

/// Rows go before others come.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_row_may_have_what_one_that_goes_has_had(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    advance(store, step(&subscription, begin, 1), written).await;
    let changes = RowChanges { upserts: vec![sum("a", 2)], deletes: vec![vec!["a".into()]] };
    let begin = subscribe(store, &subscription).await;
    let renewed = Scripted::writing(&subscription, changes);
    advance(store, step(&subscription, begin, 2), renewed).await;
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 2)]);
}

/// A row that the table refuses, by an index of somebody's own, refuses the step, and says so; the next
/// step is taken.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_row_that_the_table_refuses_refuses_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let indexing = Scripted::running(&subscription, |transaction, beside| {
        Box::pin(async move {
            let table = beside.trim_end_matches("_sql");
            let create = format!("CREATE UNIQUE INDEX {beside}_of_sums ON {table} (sum)");
            transaction.execute(&create, &[]).await.map(drop)
        })
    });
    advance(store, step(&subscription, begin, 1), indexing).await;
    let at = subscribe(store, &subscription).await;
    for _ in 0..2 {
        let twice = Scripted::writing(&subscription, rows(vec![sum("a", 1), sum("b", 1)]));
        let (_, refused) = store.advance(step(&subscription, at, 2), Box::new(twice)).await;
        let Err(StoreError::RowRefused { table, .. }) = &refused else {
            panic!("the table refuses a row, and it was said: {refused:?}")
        };
        assert_eq!(table, subscription.name);
        assert_eq!(subscribe(store, &subscription).await, at);
        assert!(stored(store, &subscription, names(&["a", "b"])).await.is_empty());
    }
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1), sum("b", 2)]));
    advance(store, step(&subscription, at, 2), written).await;
    let found = stored(store, &subscription, names(&["a", "b"])).await;
    assert_eq!(found, [sum("a", 1), sum("b", 2)]);
}
