//! Rows come back as they were written.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::scripted::{
    Scripted, Sql, advance, column, key, names, new_subscription, rows, step, stored, subscribe,
    sum, with_columns,
};
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

/// A statement of a handler that would end the transaction of the step is refused, and nothing of the
/// step is stored; it may go back to a savepoint.
///
/// # Panics
/// When the store breaks the promise.
pub async fn sql_does_not_end_the_transaction_of_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let ending = |sql| Scripted {
        changes: rows(vec![sum("a", 1)]),
        ..Scripted::running(&subscription, sql)
    };
    let ends: [Sql; 4] = [
        |it, _| Box::pin(async move { it.execute("COMMIT", &[]).await.map(drop) }),
        |it, _| Box::pin(async move { it.execute("-- back\n rollback;", &[]).await.map(drop) }),
        |it, _| Box::pin(async move { it.query("/* all */ End", &[]).await.map(drop) }),
        |it, _| Box::pin(async move { it.execute("BEGIN", &[]).await.map(drop) }),
    ];
    for sql in ends {
        let (_, ended) = store.advance(step(&subscription, begin, 1), Box::new(ending(sql))).await;
        let error = ended.expect_err("a statement has ended the transaction").to_string();
        assert!(error.contains("would end the transaction of the step"), "{error}");
        assert_eq!(subscribe(store, &subscription).await, begin);
        assert!(stored(store, &subscription, names(&["a"])).await.is_empty());
    }
    let going_back = ending(|it, _| {
        Box::pin(async move {
            it.execute("SAVEPOINT here", &[]).await?;
            it.execute("ROLLBACK TO SAVEPOINT here", &[]).await.map(drop)
        })
    });
    advance(store, step(&subscription, begin, 1), going_back).await;
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// SQL of a handler runs in the transaction of the step, and parameters are found by their number.
///
/// # Panics
/// When the store breaks the promise.
pub async fn sql_runs_in_the_transaction_of_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let working = Scripted::running(&subscription, |transaction, table| {
        Box::pin(async move {
            let create = format!("CREATE TABLE {table} (name text, sum bigint)");
            transaction.execute(&create, &[]).await?;
            let insert = format!("INSERT INTO {table} (sum, name) VALUES ($2, $1)");
            for (name, sum) in [("a", 1), ("b", 2), ("c", 3)] {
                let changed = transaction.execute(&insert, &[name.into(), sum.into()]).await?;
                assert_eq!(changed, 1, "an insert of one row");
            }
            let select = format!("SELECT name, sum FROM {table} WHERE sum > $1 AND name <> $2");
            let found = transaction.query(&select, &[1.into(), "c".into()]).await?;
            assert_eq!(found, [sum("b", 2)]);
            Ok(())
        })
    });
    advance(store, step(&subscription, begin, 1), working).await;
    let failing = Scripted {
        fails: true,
        ..Scripted::running(&subscription, |transaction, table| {
            Box::pin(async move {
                let changed = transaction.execute(&format!("DELETE FROM {table}"), &[]).await?;
                assert_eq!(changed, 3, "the rows of the step before");
                Ok(())
            })
        })
    };
    let begin = subscribe(store, &subscription).await;
    let (_, failed) = store.advance(step(&subscription, begin, 2), Box::new(failing)).await;
    assert!(failed.is_err(), "{failed:?}");
    let looking = Scripted::running(&subscription, |transaction, table| {
        Box::pin(async move {
            let found = transaction.query(&format!("SELECT sum FROM {table}"), &[]).await?;
            assert_eq!(found.len(), 3, "a step that failed has deleted them");
            Ok(())
        })
    });
    advance(store, step(&subscription, begin, 2), looking).await;
    let wrong = Scripted::running(&subscription, |transaction, _| {
        Box::pin(async move {
            transaction.execute("INSERT INTO no_such_table VALUES ($1)", &[1.into()]).await?;
            Ok(())
        })
    });
    let begin = subscribe(store, &subscription).await;
    let (_, refused) = store.advance(step(&subscription, begin, 3), Box::new(wrong)).await;
    let error = refused.expect_err("there is no such table").to_string();
    assert!(error.contains("no_such_table"), "{error}");
}
