//! What the derives write: events and their histories, aggregates, projections, shapes and folds.

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
