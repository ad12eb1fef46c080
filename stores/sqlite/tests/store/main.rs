//! The log in a SQLite file: appends, reads, processes that share it, and what may happen to it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod backup;
mod bounds;
mod conformance;
mod faults;
mod full_disk;
mod history;
mod hostile;
mod killed;
mod one_event;
mod processes;
mod queued;
mod replaced;
mod writing;
