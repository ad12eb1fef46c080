//! A storm over SQLite.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::ALONE;
use esrs::prelude::*;
use proptest::prelude::RngExt;
use storm::domain::InlineBalance;
use storm::judge::ask_sqlite;
use storm::processes::Said;
use storm::round::{dice, round};
use storm::storm::{calm, conclude, opened, processes, settle};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_in_a_storm() {
    let _alone = ALONE.lock().await;
    let mut dice = dice();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("storm.db");
    opened(|| SqliteStore::open(&path)).await.close().await;

    let said = Arc::new(Mutex::new(Said::default()));
    let place = format!("sqlite:{}", path.display());
    let mut processes = processes(&place, dice.random::<u32>().into(), &said);
    let end = Instant::now() + Duration::from_secs(round(15, 600));
    let mut counts = [0_u32; 6];
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(dice.random_range(50..700))).await;
        let victim = dice.random_range(0..processes.len());
        let moment = Duration::from_millis(dice.random_range(100..2_500));
        let fault = dice.random_range(0..6_usize);
        counts[fault] += 1;
        match fault {
            0..=2 => processes[victim].replace(),
            3 => {
                // Where it holds the file, nobody else writes meanwhile.
                processes[victim].pause();
                tokio::time::sleep(moment).await;
                processes[victim].resume();
            }
            4 => hold(&path, "BEGIN IMMEDIATE", moment).await,
            _ => hold(&path, "BEGIN; SELECT count(*) FROM esrs_events", moment).await,
        }
    }
    processes.iter().for_each(|process| process.resume());
    calm(&processes).await;
    drop(processes);
    println!("faults: {counts:?}");

    let store = opened(|| SqliteStore::builder(&path).inline::<InlineBalance>().open()).await;
    settle(store.clone()).await;
    store.close().await;
    conclude("SQLite", &ask_sqlite(&path).unwrap(), &said, false);
}

/// Another program's transaction.
async fn hold(path: &std::path::Path, sql: &str, moment: Duration) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(1)).unwrap();
    // Somebody else may hold the file for too long.
    if connection.execute_batch(sql).is_ok() {
        tokio::time::sleep(moment).await;
    }
}
