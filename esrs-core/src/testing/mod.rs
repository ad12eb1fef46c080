//! Tests: of a domain, of locked payloads, and of a store.
//!
//! Given, when, then for aggregates and projections (`scenario`), payloads made up from locks (`samples`),
//! and the promises that every store keeps (`conformance`). Nothing outside of this folder imports it, apart
//! from what generated tests name through `macro_support`.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod samples;
mod scenario;

pub use scenario::{Outcome, ProjectionScenario, Scenario};
