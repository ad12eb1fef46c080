//! Payloads that are made up from a shape: what serde reads of them, and what becomes of them when they
//! are broken on the way.

#![allow(clippy::unwrap_used, reason = "an error of a test's own making fails the test")]

mod edges;
mod fuzzed;
mod history;
mod zoo;
