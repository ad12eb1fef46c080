//! Rows come back as they were written.

use std::sync::{Arc, Mutex};

use futures_core::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::scripted::{
    Scripted, advance, column, key, lock, names, new_subscription, rows, step, stored, subscribe,
    sum, with_columns,
};
use crate::event::{Position, from_microseconds, to_microseconds};
use crate::log::{EventFilter, Page, ProjectionError, StoreError};
use crate::read_model::projection::{ColumnSpec, ColumnType, Parked, RowChanges, Value};
use crate::read_model::subscription::{Replaced, RowTransaction, Subscriber, Subscription};
use crate::store::SubscriptionStore;

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
    nullable("jsonb", ColumnType::Jsonb),
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
        // It may be spelled in another way, which is this one where a store has `jsonb`.
        let jsonb = Value::Json("{\"b\": [18446744073709551615, \"š'\"], \"aa\": null}".to_owned());
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
            jsonb,
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

const NUMBERS: &[ColumnSpec] = &[key("id", ColumnType::Integer), column("value", ColumnType::Real)];

/// A number with a fraction comes back bit for bit, alone in its row or as one of thousands; no column
/// holds -0.0.
///
/// # Panics
/// When the store breaks the promise.
pub async fn numbers_with_a_fraction_come_back_bit_for_bit(store: &dyn SubscriptionStore) {
    let subscription = Arc::new(with_columns(NUMBERS));
    let edges = [0.0, 1.0, -1.0, 0.1, 1e23, f64::MIN, f64::MAX, f64::MIN_POSITIVE];
    let edges = edges.into_iter().chain([
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::from_bits(1),
        f64::from(f32::MIN_POSITIVE),
        9_007_199_254_740_993.0,
    ]);
    // SplitMix64, whose numbers have every kind of bits.
    let mut state = 7_u64;
    let random = std::iter::from_fn(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(f64::from_bits(mixed ^ (mixed >> 31)))
    });
    let random = random.filter(|number| !number.is_nan()).take(2_500);
    let numbers: Vec<f64> = edges.chain(random).collect();
    let ids = 100_000_i64..;
    let written: Vec<Vec<Value>> =
        numbers.iter().zip(ids).map(|(&number, id)| vec![id.into(), number.into()]).collect();
    let keys: Vec<_> = written.iter().map(|row| vec![row[0].clone()]).collect();
    let begin = subscribe(store, &subscription).await;
    let one = rows(written[..1].to_vec());
    advance(store, step(&subscription, begin, 1), Scripted::writing(&subscription, one)).await;
    let begin = subscribe(store, &subscription).await;
    let all = rows(written[1..].to_vec());
    advance(store, step(&subscription, begin, 2), Scripted::writing(&subscription, all)).await;
    // A `Value` equals another bit for bit.
    let found = stored(store, &subscription, keys).await;
    let changed = found.iter().zip(&written).find(|(found, written)| found != written);
    assert_eq!(changed, None, "a number is not what it was");
    assert_eq!(found.len(), written.len());
}

const TIMES: &[ColumnSpec] = &[key("at", ColumnType::Timestamp), column("n", ColumnType::Integer)];

/// A time at the edge of the calendar comes back to the microsecond, or its row is refused.
///
/// # Panics
/// When the store breaks the promise.
pub async fn times_of_rows_come_back_or_are_refused(store: &dyn SubscriptionStore) {
    write_times(store, &Arc::new(with_columns(TIMES))).await;
}

/// SQL puts the times at the edges of the calendar, as far as they are stored, in the order of time.
///
/// # Panics
/// When the store breaks the promise.
pub async fn times_of_rows_come_back_in_their_order_or_are_refused(store: &dyn SubscriptionStore) {
    let subscription = Arc::new(with_columns(TIMES));
    let expected = write_times(store, &subscription).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let looking = Ordered { subscription: subscription.clone(), told: told.clone() };
    let begin = subscribe(store, &subscription).await;
    let to = begin.position.get() + 1;
    let (_, looked) = store.advance(step(&subscription, begin, to), Box::new(looking)).await;
    looked.expect("a table of a projection is asked");
    let expected: Vec<_> = expected.into_iter().map(|n| vec![Value::from(n)]).collect();
    assert_eq!(*lock(&told), expected, "SQL puts times in another order than they have");
}

/// Writes a row for each time, in their order, with its number; the numbers of those that are stored.
async fn write_times(store: &dyn SubscriptionStore, subscription: &Arc<Subscription>) -> Vec<i64> {
    let year = |year: &str| -> Timestamp {
        format!("{year}-06-01T12:00:00.5Z").parse().expect("the suite's own times are valid")
    };
    let micro = SignedDuration::from_micros(1);
    // In their order.
    let times = [
        Timestamp::MIN,
        year("-009998"),
        year("-004714"),
        year("-000002"),
        year("-000001"),
        year("0000"),
        year("0000") + micro,
        year("0001"),
        Timestamp::UNIX_EPOCH - micro,
        Timestamp::UNIX_EPOCH,
        year("2026"),
        year("9999"),
        Timestamp::MAX - SignedDuration::from_secs(1),
        Timestamp::MAX,
    ];
    let mut expected = Vec::new();
    for (n, time) in (0_i64..).zip(times) {
        let begin = subscribe(store, subscription).await;
        let to = begin.position.get() + 1;
        let written = Scripted::writing(subscription, rows(vec![vec![time.into(), n.into()]]));
        match store.advance(step(subscription, begin, to), Box::new(written)).await.1 {
            Ok(_) => {
                let back = from_microseconds(to_microseconds(time)).expect("in range");
                let row: Vec<Value> = vec![back.into(), n.into()];
                let found = stored(store, subscription, vec![vec![back.into()]]).await;
                assert_eq!(found, std::slice::from_ref(&row), "{time} is not what it was");
                expected.push(n);
            }
            Err(StoreError::RowRefused { .. }) => {
                assert_eq!(subscribe(store, subscription).await, begin, "{time} was refused");
            }
            Err(error) => panic!("the row of {time} is refused by {error:?}"),
        }
    }
    assert!(expected.len() >= 9, "a store keeps the times from the year 0: {expected:?}");
    expected
}

/// Asks SQL for the order of times.
struct Ordered {
    subscription: Arc<Subscription>,
    told: Arc<Mutex<Vec<Vec<Value>>>>,
}

impl Subscriber for Ordered {
    fn subscription(&self) -> &Arc<Subscription> {
        &self.subscription
    }

    fn filter(&self) -> EventFilter {
        EventFilter::everything()
    }

    fn take(&mut self, _: &Page, _: &Parked) -> Result<(), ProjectionError> {
        Ok(())
    }

    fn run<'a>(
        &'a mut self,
        _: Position,
        transaction: &'a mut dyn RowTransaction,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let sql = format!("SELECT n FROM {} ORDER BY at", self.subscription.name);
            *lock(&self.told) = transaction.as_transaction().query(&sql, &[]).await?;
            Ok(())
        })
    }
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
    advance(store, step(&subscription, begin, 1), indexing(&subscription)).await;
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

/// A subscriber that has the table refuse a second row of one sum, by a unique index.
fn indexing(subscription: &Arc<Subscription>) -> Scripted {
    Scripted::running(subscription, |transaction, beside| {
        Box::pin(async move {
            let table = beside.trim_end_matches("_sql");
            let create = format!("CREATE UNIQUE INDEX {beside}_of_sums ON {table} (sum)");
            transaction.execute(&create, &[]).await.map(drop)
        })
    })
}

/// A unique index that users have put on a table refuses rows of the one that is built next to it as well, at
/// their own step: in the end, the event would not be known.
///
/// # Panics
/// When the store breaks the promise.
pub async fn rows_that_are_built_fulfil_what_those_that_are_asked_do(
    store: &dyn SubscriptionStore,
) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    advance(store, step(&subscription, begin, 1), indexing(&subscription)).await;
    let building = Arc::new(subscription.building());
    for round in 1..=2 {
        let mut at = subscribe(store, &building).await;
        for _ in 0..2 {
            let twice = Scripted::writing(&building, rows(vec![sum("a", 1), sum("b", 1)]));
            let (_, refused) = store.advance(step(&building, at, 1), Box::new(twice)).await;
            let Err(StoreError::RowRefused { table, .. }) = &refused else {
                panic!("what is built holds rows that the table refuses: {refused:?}")
            };
            assert_eq!(table, subscription.name);
            // One that begins again is judged as before.
            at = store.start_over(building.clone(), None).await.expect("it may begin again");
        }
        let written = Scripted::writing(&building, rows(vec![sum("a", 1), sum("b", round + 1)]));
        advance(store, step(&building, at, 1), written).await;
        let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
        assert!(matches!(replaced, Ok(Replaced::Done(_))), "{replaced:?}");
        let found = stored(store, &subscription, names(&["a", "b"])).await;
        assert_eq!(found, [sum("a", 1), sum("b", round + 1)]);
        // The index is there, under its own name.
        let at = subscribe(store, &subscription).await;
        let to = at.position.get() + 1;
        let twice = Scripted::writing(&subscription, rows(vec![sum("c", 1)]));
        let (_, refused) = store.advance(step(&subscription, at, to), Box::new(twice)).await;
        assert!(matches!(refused, Err(StoreError::RowRefused { .. })), "{refused:?}");
        let (_, again) =
            store.advance(step(&subscription, at, to), Box::new(indexing(&subscription))).await;
        assert!(again.is_err(), "the name of the index is free");
    }
}

const NAMED_TIMES: &[ColumnSpec] =
    &[key("name", ColumnType::Text), column("at", ColumnType::Timestamp)];

/// A row that another program has written, and that no value of its column can hold, refuses the steps that
/// read it, and says so; steps on other rows are taken.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_row_that_cannot_be_read_refuses_the_step(store: &dyn SubscriptionStore) {
    let subscription = Arc::new(with_columns(NAMED_TIMES));
    let row = |name: &str| vec![name.into(), Timestamp::UNIX_EPOCH.into()];
    let begin = subscribe(store, &subscription).await;
    let written = Scripted::writing(&subscription, rows(vec![row("a"), row("b")]));
    advance(store, step(&subscription, begin, 1), written).await;
    let at = subscribe(store, &subscription).await;
    let spoiling = Scripted::running(&subscription, |transaction, beside| {
        Box::pin(async move {
            let table = beside.trim_end_matches("_sql");
            let spoil = format!("UPDATE {table} SET at = 'infinity' WHERE name = 'a'");
            transaction.execute(&spoil, &[]).await.map(drop)
        })
    });
    advance(store, step(&subscription, at, 2), spoiling).await;
    let at = subscribe(store, &subscription).await;
    for keys in [&["a"][..], &["a", "b"], &["b", "a"]] {
        let reading = Scripted { keys: names(keys), ..Scripted::new(&subscription) };
        let (_, refused) = store.advance(step(&subscription, at, 3), Box::new(reading)).await;
        let Err(StoreError::RowRefused { table, reason }) = &refused else {
            panic!("a row that cannot be read was reported as something else: {refused:?}")
        };
        assert_eq!(table, subscription.name);
        assert!(reason.contains("column `at`"), "it is not said which column: {reason}");
        assert_eq!(subscribe(store, &subscription).await, at);
        assert_eq!(stored(store, &subscription, names(&["b"])).await, [row("b")]);
    }
    let corrected = Scripted::writing(&subscription, rows(vec![row("a")]));
    advance(store, step(&subscription, at, 3), corrected).await;
    assert_eq!(stored(store, &subscription, names(&["a", "b"])).await, [row("a"), row("b")]);
}
