//! Servers of their own: how they start, answer and end, and that nothing of them is left behind.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod left_behind;
mod server;
