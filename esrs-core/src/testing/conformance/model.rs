//! A naive model of a store, and scripts of operations that are run against both.
//!
//! A property test makes scripts, of [`Operation`]s or of the numbers that
//! [`from_seed`](Operation::from_seed) makes them of, and shrinks the one that fails:
//!
//! ```
//! # use esrs_core::MemoryStore;
//! # use esrs_core::conformance::model::{Operation, run};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let seeds: [u64; 3] = [7, 11, 13];
//! run(&MemoryStore::new(), &seeds.map(Operation::from_seed)).await;
//! # }
//! ```

mod operation;
mod runner;

pub use operation::{Condition, Operation, Part};
pub use runner::run;
