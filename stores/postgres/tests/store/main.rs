//! The log in PostgreSQL: appends, reads, connections, rights, and tables of older releases.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bounds;
mod busy;
mod cold_start;
mod conformance;
mod direct_inserts;
mod following;
mod hostile_role;
mod idle_connections;
mod import;
mod key_lookups;
mod left_open;
mod migrated;
mod opened_together;
mod partitioned;
mod pgbouncer;
mod privileges;
mod queued;
mod reading_order;
mod refusals;
mod rights;
mod runtime_ends;
mod sessions;
mod statements;
mod tls;
