//! The core without a database: replay, shapes, samples, the memory store, and the suite itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod broken_stores;
mod memory;
mod panics;
mod replay;
mod round_trips;
mod samples;
mod shapes;
