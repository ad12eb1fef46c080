//! Read models in SQLite: rows, subscriptions and the statements of subscribers.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod read_models;
mod statements;
mod subscriptions;
