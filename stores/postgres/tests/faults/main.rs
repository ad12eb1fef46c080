//! Lost connections, answers and commits, full disks and restored backups.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod full_disk;
mod lost_answers;
mod lost_history;
mod restored;
mod under_load;
