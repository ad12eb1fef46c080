//! Numbers with a fraction, of any bits.

use esrs::Repository;
use esrs::repository::SnapshotPolicy;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::domain::{Anything, Record, Take};
use super::{Opened, memory, postgres, sqlite};

/// So many of each kind.
const MANY: usize = 2_500;

fn numbers() -> Vec<Anything> {
    let mut random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut wide: Vec<_> =
        [0.0, -0.0, f64::MIN, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1)].into();
    let mut narrow: Vec<_> =
        [0.0, -0.0, f32::MIN, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)].into();
    while wide.len() < MANY {
        wide.extend(Some(f64::from_bits(random.next_u64())).filter(|number| number.is_finite()));
    }
    while narrow.len() < MANY {
        narrow.extend(Some(f32::from_bits(random.next_u32())).filter(|number| number.is_finite()));
    }
    let wide = wide.into_iter().map(Anything::Float);
    wide.chain(narrow.into_iter().map(Anything::Narrow)).collect()
}

/// A number as it is told from all others; -0.0 equals 0.0.
fn bits(values: &[Anything]) -> Vec<u64> {
    let bits = values.iter().map(|value| match value {
        Anything::Float(number) => number.to_bits(),
        Anything::Narrow(number) => number.to_bits().into(),
        other => panic!("{other:?} is no number"),
    });
    bits.collect()
}

async fn come_back_bit_for_bit(Opened { store, .. }: &Opened) {
    let numbers = numbers();
    let records =
        Repository::<Record>::new(store.clone()).with_snapshots(SnapshotPolicy::every(1_000_000));
    for part in numbers.chunks(1_000) {
        records.execute(&1, Take(part.to_vec())).await.unwrap();
    }
    assert_eq!(bits(&records.load(&1).await.unwrap().values), bits(&numbers), "in memory");
    // By others, who know nothing of it.
    let cold = Repository::<Record>::new(store.clone());
    assert_eq!(bits(&cold.load(&1).await.unwrap().values), bits(&numbers), "from the log");
    assert_eq!(records.write_snapshot(&1).await.unwrap(), numbers.len() as u64);
    let cold =
        Repository::<Record>::new(store.clone()).with_snapshots(SnapshotPolicy::every(1_000_000));
    assert_eq!(bits(&cold.load(&1).await.unwrap().values), bits(&numbers), "from the snapshot");
}

#[tokio::test]
async fn numbers_come_back_bit_for_bit_from_memory() {
    come_back_bit_for_bit(&memory()).await;
}

#[tokio::test]
async fn numbers_come_back_bit_for_bit_from_sqlite() {
    come_back_bit_for_bit(&sqlite().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn numbers_come_back_bit_for_bit_from_postgres() {
    come_back_bit_for_bit(&postgres().await).await;
}
