//! `cargo esrs lock`: packages that are locked, changed, and checked by the real compiler.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod advice;
mod generator;
mod locking;
mod mutations;
mod places;
mod rolling;
mod samples;
mod steps;
mod story;
