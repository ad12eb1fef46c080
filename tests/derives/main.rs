//! The output of the derives: events and their histories, aggregates, projections, shapes and folds.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod aggregate;
mod column;
mod declared_history;
mod event;
mod fingerprint;
mod fold;
mod history_by_hand;
mod id;
mod lock_rules;
mod merged_events;
mod projection;
mod rolling_rules;
mod schema;
mod split_events;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The page whose tables two tests compare, and write with `BLESS=1`: one at a time.
fn lock_page() -> MutexGuard<'static, &'static str> {
    static PAGE: Mutex<&str> = Mutex::new("src/doc/lock.md");
    PAGE.lock().unwrap_or_else(PoisonError::into_inner)
}
