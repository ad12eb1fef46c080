//! Random values: what JSON can hold comes back as it was, and what it cannot is refused.

use std::collections::BTreeMap;

use esrs::repository::SnapshotPolicy;
use esrs::{ExecuteError, Repository};
use jiff::{Timestamp, civil};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;

use super::domain::{Anything, Beside, Inner, Json, Record, Tagged, Take};
use super::{Opened, memory, postgres, sqlite};

fn wide() -> impl Strategy<Value = f64> + Clone {
    let edges = [0.0, -0.0, 0.1, 1e23, f64::MAX, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY];
    prop_oneof![3 => any::<u64>().prop_map(f64::from_bits), 1 => prop::sample::select(edges.to_vec())]
}

fn narrow() -> impl Strategy<Value = f32> + Clone {
    let edges = [0.0, -0.0, 0.1, f32::MAX, f32::MIN_POSITIVE, f32::NAN, f32::NEG_INFINITY];
    prop_oneof![3 => any::<u32>().prop_map(f32::from_bits), 1 => prop::sample::select(edges.to_vec())]
}

fn text() -> impl Strategy<Value = String> + Clone {
    prop::collection::vec(any::<char>(), 0..6).prop_map(String::from_iter)
}

fn time() -> impl Strategy<Value = Timestamp> {
    let nanos = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
    let any = nanos.prop_map(|nanos| Timestamp::from_nanosecond(nanos).unwrap());
    prop_oneof![8 => any, 1 => Just(Timestamp::MIN), 1 => Just(Timestamp::MAX)]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        // What is not finite is null in a `Value`.
        wide().prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn anything() -> impl Strategy<Value = Anything> {
    let maybe = || prop::option::of(wide());
    let inner = (wide(), prop::option::of(narrow())).prop_map(|(a, b)| Inner { a, b });
    let tagged = (wide(), any::<Option<i64>>(), narrow()).prop_map(|(x, n, narrow)| Tagged::Some {
        x,
        n,
        narrow,
    });
    let beside = prop_oneof![
        any::<u128>().prop_map(Beside::Wide),
        prop::collection::btree_map(any::<i8>(), narrow(), 0..3)
            .prop_map(|by_number| Beside::Numbers { by_number }),
    ];
    prop_oneof![
        Just(Anything::Nothing),
        wide().prop_map(Anything::Float),
        narrow().prop_map(Anything::Narrow),
        maybe().prop_map(Anything::Maybe),
        any::<(u128, i128)>().prop_map(|(a, b)| Anything::Wide(a, b)),
        text().prop_map(Anything::Text),
        any::<char>().prop_map(Anything::Letter),
        any::<Vec<u8>>().prop_map(Anything::Bytes),
        prop::collection::vec(narrow(), 0..4).prop_map(Anything::Narrows),
        prop::collection::btree_map(text(), maybe(), 0..4).prop_map(Anything::ByName),
        prop::collection::btree_map(any::<i64>(), narrow(), 0..4).prop_map(Anything::ByNumber),
        prop::collection::btree_set(text(), 0..4).prop_map(Anything::Set),
        time().prop_map(Anything::Time),
        any::<(i16, u8, u8)>().prop_map(|(year, month, day)| {
            let (year, month, day) = (year % 10_000, month % 12 + 1, day % 28 + 1);
            Anything::Date(civil::date(year, month as i8, day as i8))
        }),
        any::<u128>().prop_map(|id| Anything::Id(Uuid::from_u128(id))),
        (wide(), any::<Option<i8>>()).prop_map(Anything::Pair),
        prop::option::of(inner).prop_map(|inner| Anything::Nested { inner, unit: () }),
        prop_oneof![tagged, Just(Tagged::None)].prop_map(Anything::Tagged),
        beside.prop_map(Anything::Beside),
        prop::option::of(json()).prop_map(|json| Anything::Json(json.map(Json))),
    ]
}

/// Returns true if JSON can hold it.
fn is_held(value: &Anything) -> bool {
    let wide = |number: &Option<f64>| number.is_none_or(f64::is_finite);
    match value {
        Anything::Float(number) => number.is_finite(),
        Anything::Narrow(number) => number.is_finite(),
        Anything::Maybe(number) => wide(number),
        Anything::Narrows(numbers) => numbers.iter().all(|number| number.is_finite()),
        Anything::ByName(numbers) => numbers.values().all(wide),
        Anything::ByNumber(numbers) => numbers.values().all(|number| number.is_finite()),
        Anything::Beside(Beside::Numbers { by_number: numbers }) => {
            numbers.values().all(|number| number.is_finite())
        }
        Anything::Pair((number, _)) => number.is_finite(),
        Anything::Nested { inner: Some(Inner { a, b }), .. } => {
            a.is_finite() && b.is_none_or(f32::is_finite)
        }
        Anything::Tagged(Tagged::Some { x, narrow, .. }) => x.is_finite() && narrow.is_finite(),
        Anything::Json(Some(Json(json))) => !json.is_null(),
        _ => true,
    }
}

/// As it is told from all others: 0.0 equals -0.0, and is written otherwise.
fn shown(values: &[Anything]) -> Vec<String> {
    values.iter().map(|value| format!("{value:?}")).collect()
}

async fn come_back_or_are_refused(Opened { store, .. }: &Opened, cases: usize) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, random);
    let records =
        Repository::<Record>::new(store.clone()).with_snapshots(SnapshotPolicy::every(1_000_000));
    let mut expected: BTreeMap<u64, Vec<Anything>> = BTreeMap::new();
    let mut refused = 0;
    for case in 0..cases {
        let id = case as u64 / 50;
        let stored = expected.entry(id).or_default();
        let value = anything().new_tree(&mut runner).unwrap().current();
        // Behind another value of the same command, which is then not stored either.
        let values = if case % 3 == 0 { vec![Anything::Nothing, value] } else { vec![value] };
        match records.execute(&id, Take(values.clone())).await {
            Ok(_) => {
                assert!(values.iter().all(is_held), "{values:?} was stored");
                stored.extend(values);
            }
            Err(error) => {
                let source = match &error {
                    ExecuteError::Changed { source, .. } => source,
                    ExecuteError::Unreadable { unheld: Some(source), .. } => source,
                    error => panic!("{values:?}: {error}"),
                };
                assert!(!values.iter().all(is_held), "{values:?} was refused: {source}");
                assert!(source.path.starts_with("value"), "{source}: {values:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > cases / 100, "hardly anything was refused: {refused} of {cases}");
    for (id, values) in &expected {
        let cold = Repository::<Record>::new(store.clone());
        assert_eq!(shown(&cold.load(id).await.unwrap().values), shown(values));
        records.write_snapshot(id).await.unwrap();
        let cold = Repository::<Record>::new(store.clone())
            .with_snapshots(SnapshotPolicy::every(1_000_000));
        assert_eq!(shown(&cold.load(id).await.unwrap().values), shown(values));
    }
}

#[tokio::test]
async fn values_come_back_or_are_refused_by_memory() {
    come_back_or_are_refused(&memory(), 3_000).await;
}

#[tokio::test]
async fn values_come_back_or_are_refused_by_sqlite() {
    come_back_or_are_refused(&sqlite().await, 500).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn values_come_back_or_are_refused_by_postgres() {
    come_back_or_are_refused(&postgres().await, 500).await;
}
