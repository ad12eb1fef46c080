//! The package as its users see it: the README, the crates that it builds, and the files that it holds.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod dependencies;
mod readme;
