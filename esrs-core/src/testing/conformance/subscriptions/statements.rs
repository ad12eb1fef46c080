//! Statements of a handler, within the transaction of the step.

use super::scripted::{
    Scripted, Sql, advance, names, new_subscription, rows, step, stored, subscribe, sum,
};
use crate::log::StoreError;
use crate::store::SubscriptionStore;

/// Does something, runs a statement that would end the transaction, ignores its answer, and goes on.
macro_rules! ending {
    ($($sql:literal),* $(,)?) => {
        [$(($sql, |it, table| Box::pin(async move {
            it.execute(&format!("CREATE TABLE {table} (n bigint)"), &[]).await?;
            let _ = it.execute($sql, &[]).await;
            let _ = it.execute(&format!("CREATE TABLE {table}_behind (n bigint)"), &[]).await;
            Ok(())
        })),)*]
    };
}

/// A statement of a handler that would end the transaction of the step, however it is written, fails the
/// step also if the handler ignores the error: nothing of it is stored, before and behind that statement.
/// It may go back to a savepoint.
///
/// # Panics
/// When the store breaks the promise.
pub async fn sql_does_not_end_the_transaction_of_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let doing = |sql| Scripted {
        changes: rows(vec![sum("a", 1)]),
        ..Scripted::running(&subscription, sql)
    };
    let endings: &[(&str, Sql)] = &ending![
        "COMMIT",
        "commit work;",
        "END",
        "END TRANSACTION",
        "COMMIT AND CHAIN",
        "ROLLBACK",
        "rollback work",
        "ABORT",
        "BEGIN",
        "START TRANSACTION",
        "-- back\n rollback;",
        "-- back\r commit",
        "/* all */ End",
        "/* a /* b */ c */ COMMIT",
        ";COMMIT",
        " ; ; COMMIT ;",
        "\u{feff}COMMIT",
        "\u{a0}COMMIT",
        "\u{c}COMMIT",
        "\u{b}COMMIT",
        "SELECT 1; COMMIT",
        "COMMIT PREPARED 'it'",
        "PREPARE TRANSACTION 'it'",
    ];
    for (text, sql) in endings {
        let (_, ended) = store.advance(step(&subscription, begin, 1), Box::new(doing(*sql))).await;
        assert!(ended.is_err(), "{text:?} was taken: {ended:?}");
        assert_eq!(subscribe(store, &subscription).await, begin, "{text:?}");
        let found = stored(store, &subscription, names(&["a"])).await;
        assert!(found.is_empty(), "{text:?} left {found:?}");
    }
    // Nothing was made in front of the statement, nor behind it.
    let going_back = doing(|it, table| {
        Box::pin(async move {
            it.execute(&format!("CREATE TABLE {table} (n bigint)"), &[]).await?;
            it.execute(&format!("CREATE TABLE {table}_behind (n bigint)"), &[]).await?;
            it.execute("SAVEPOINT here", &[]).await?;
            it.execute(&format!("INSERT INTO {table} VALUES (1)"), &[]).await?;
            it.execute("ROLLBACK TO SAVEPOINT here", &[]).await?;
            let left = it.query(&format!("SELECT n FROM {table}"), &[]).await?;
            it.execute("RELEASE SAVEPOINT here", &[]).await?;
            told(left.is_empty(), "going back to a savepoint had no effect")
        })
    });
    advance(store, step(&subscription, begin, 1), going_back).await;
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// After a statement has failed, the transaction takes no other but the way back to a savepoint, and the
/// failure is told until then.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_statement_that_failed_is_the_last_but_for_a_way_back(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let ignoring: [Sql; 3] = [
        |it, _| {
            Box::pin(async move {
                let _ = it.execute("INSERT INTO no_such_table VALUES (1)", &[]).await;
                Ok(())
            })
        },
        |it, _| {
            Box::pin(async move {
                let _ = it.query("SELECT 1 FROM no_such_table", &[]).await;
                let next = it.query("SELECT 1", &[]).await;
                told(next.is_err(), "a statement was taken behind one that failed")
            })
        },
        |it, table| {
            Box::pin(async move {
                it.execute(&format!("CREATE TABLE {table} (n bigint PRIMARY KEY)"), &[]).await?;
                let insert = format!("INSERT INTO {table} VALUES (1)");
                it.execute(&insert, &[]).await?;
                let _ = it.execute(&insert, &[]).await;
                let _ = it.execute("SAVEPOINT too_late", &[]).await;
                let _ = it.execute("ROLLBACK TO SAVEPOINT too_late", &[]).await;
                Ok(())
            })
        },
    ];
    for (number, sql) in ignoring.into_iter().enumerate() {
        let written =
            Scripted { changes: rows(vec![sum("a", 1)]), ..Scripted::running(&subscription, sql) };
        let (_, failed) = store.advance(step(&subscription, begin, 1), Box::new(written)).await;
        assert!(failed.is_err(), "{number}: a failure was ignored, and the step stored");
        assert_eq!(subscribe(store, &subscription).await, begin);
        assert!(stored(store, &subscription, names(&["a"])).await.is_empty());
    }
    let going_back = Scripted::running(&subscription, |it, _| {
        Box::pin(async move {
            it.execute("SAVEPOINT here", &[]).await?;
            for _ in 0..2 {
                let failed = it.execute("INSERT INTO no_such_table VALUES (1)", &[]).await;
                told(failed.is_err(), "there is no such table")?;
                it.execute("ROLLBACK TO SAVEPOINT here", &[]).await?;
                told(it.take_failure().is_none(), "a failure was told that was taken back")?;
                let one = it.query("SELECT 1", &[]).await?;
                told(one.len() == 1, "a query has one row")?;
            }
            let _ = it.execute("INSERT INTO no_such_table VALUES (1)", &[]).await;
            told(it.take_failure().is_some(), "a failure was not told")?;
            it.execute("ROLLBACK TO SAVEPOINT here", &[]).await.map(drop)
        })
    });
    advance(store, step(&subscription, begin, 1), going_back).await;
}

fn told(holds: bool, otherwise: &str) -> Result<(), StoreError> {
    match holds {
        true => Ok(()),
        false => Err(StoreError::InvalidBatch { reason: otherwise.to_owned() }),
    }
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
            let select = format!(
                "SELECT name, sum FROM {table} WHERE sum < $2 AND sum > $3 AND sum < $2 AND name <> $1
                    AND name <> '$4' /* $5 */ -- $6"
            );
            let found = transaction.query(&select, &["b".into(), 3.into(), 0.into()]).await?;
            assert_eq!(found, [sum("a", 1)]);
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
    // One too few, one too many, and one that is not used.
    let miscounted: [Sql; 3] = [
        |it, table| {
            Box::pin(async move {
                let sql = format!("SELECT sum FROM {table} WHERE sum > $1 AND sum < $2");
                it.query(&sql, &[1.into()]).await.map(drop)
            })
        },
        |it, table| {
            Box::pin(async move {
                let sql = format!("SELECT sum FROM {table} WHERE sum > $1");
                it.query(&sql, &[1.into(), 2.into()]).await.map(drop)
            })
        },
        |it, table| {
            Box::pin(async move {
                let sql = format!("SELECT sum FROM {table} WHERE sum > $1 AND sum < $3");
                it.query(&sql, &[1.into(), 2.into(), 3.into()]).await.map(drop)
            })
        },
    ];
    for (number, sql) in miscounted.into_iter().enumerate() {
        let begin = subscribe(store, &subscription).await;
        let scripted = Scripted::running(&subscription, sql);
        let (_, refused) = store.advance(step(&subscription, begin, 3), Box::new(scripted)).await;
        assert!(refused.is_err(), "statement {number} was given other values than it needs");
    }
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
