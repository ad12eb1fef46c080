//! Payloads that are made up from a shape: what serde reads of them, and what becomes of them when they
//! are broken on the way.

mod edges;
mod fuzzed;
mod history;
mod zoo;
