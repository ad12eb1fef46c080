//! Read models in PostgreSQL: rows, subscriptions, leases, and their takeover.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod inline_refusals;
mod lost_rows;
mod read_models;
mod refused_rows;
mod stopped_holder;
mod takeover;
