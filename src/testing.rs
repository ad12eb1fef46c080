//! Tests of a domain, and of a store.
//!
//! A [`Scenario`] says given, when, then of an aggregate, and a [`ProjectionScenario`] of a read model;
//! neither needs a store. [`samples`] has the payloads that a generated test reads, and the feature
//! `conformance` the suite that a store of your own has to pass.
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::testing::Scenario;
//!
//! Scenario::<Counter>::given(Counted {}).when(Count).then(Counted {});
//! # Ok(()) }
//! ```

#[cfg(feature = "conformance")]
pub use esrs_core::conformance;
pub use esrs_core::{Outcome, ProjectionScenario, Scenario, samples};
