//! The size of a fault test, and by which dice.

use proptest::test_runner::{RngAlgorithm, TestRng};

const LENGTH: &str = "ESRS_FAULTS";
const SEED: &str = "ESRS_FAULTS_SEED";

/// The number for a short round, or for the long one that `ESRS_FAULTS=long` asks for.
pub fn round<T>(short: T, long: T) -> T {
    match std::env::var(LENGTH).ok().as_deref() {
        None => short,
        Some("long") => long,
        Some(other) => panic!("{LENGTH} is {other:?}, and may only be \"long\", or not be set"),
    }
}

/// Says by which seed it throws; `ESRS_FAULTS_SEED` gives one that was said before.
pub fn dice() -> TestRng {
    let seed = match std::env::var(SEED) {
        Ok(seed) => seed.parse().expect("the seed is a number"),
        Err(_) => uuid::Uuid::now_v7().as_u128() as u64,
    };
    println!("{SEED}={seed}");
    dice_of(seed)
}

/// The dice of one part of a test.
pub fn dice_of(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
