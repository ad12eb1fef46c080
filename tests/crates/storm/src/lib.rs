//! Storms: several processes append to one log, run its projections and read it, while processes are
//! killed and stopped, connections are cut, delayed and frozen, and the server crashes. Afterwards the log,
//! every answer, every follower and every row are compared by plain SQL, by code that shares nothing with
//! the stores.
//!
//! A short storm runs with every test, a long one by
//! `ESRS_FAULTS=long cargo xtask test --release -p storm -- --nocapture`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "all of it is a test, which may panic")]

esrs::schema!();

#[path = "../../../../stores/sqlite/tests/support/child.rs"]
#[allow(missing_docs, reason = "it belongs to another test")]
pub mod child;
#[path = "../../../../stores/sqlite/tests/support/round.rs"]
#[allow(missing_docs, reason = "it belongs to another test")]
pub mod round;

pub mod domain;
pub mod follower;
pub mod judge;
pub mod link;
pub mod processes;
pub mod storm;
pub mod worker;
