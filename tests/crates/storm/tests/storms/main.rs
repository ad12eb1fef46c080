//! Storms over every store, one at a time.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod failover;
mod postgres;
mod restore;
mod sqlite;

use storm::worker;
use tokio::sync::Mutex;

/// One storm at a time, because each needs all of the machine.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Not a test of its own: what the processes do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    worker::work().await;
}
