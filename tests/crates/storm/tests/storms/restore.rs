//! A backup that is restored into a live SQLite file.
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::ALONE;
use esrs::prelude::*;
use proptest::prelude::RngExt;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use storm::domain::InlineBalance;
use storm::follower::Follower;
use storm::judge::ask_sqlite;
use storm::processes::Said;
use storm::round::{dice, round};
use storm::storm::{calm, conclude, opened, processes, settle};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restored_backup_does_not_hold_is_built_on_by_nobody() {
    let _alone = ALONE.lock().await;
    let mut dice = dice();
    for _ in 0..round(1, 20) {
        restore(dice.random::<u32>().into()).await;
    }
}

async fn restore(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (path, backup) = (folder.path().join("live.db"), folder.path().join("backup.db"));
    opened(|| SqliteStore::open(&path)).await.close().await;
    let said = Arc::new(Mutex::new(Said::default()));
    let processes = processes(&format!("sqlite:{}", path.display()), seed, &said);
    let store = opened(|| SqliteStore::open(&path)).await;
    let mut follower = Follower::default();
    read_on(&mut follower, &store, Duration::from_secs(2)).await;
    copy(&path, &backup);
    read_on(&mut follower, &store, Duration::from_secs(1)).await;
    copy(&backup, &path);
    read_on(&mut follower, &store, Duration::from_secs(2)).await;
    calm(&processes).await;
    drop(processes);

    let other = opened(|| SqliteStore::builder(&path).inline::<InlineBalance>().open()).await;
    settle(other.clone()).await;
    other.close().await;
    follower.read_on(&store).await;
    store.close().await;
    let evidence = ask_sqlite(&path).unwrap();
    let verdict = conclude("restored backup", &evidence, &said, true);
    assert!(verdict.lost > 0, "the restore has lost nothing, so nothing was shown: {verdict}");
    assert!(follower.told > 0, "a reader of events that are lost was not told");
    evidence.compare(&follower);
}

/// Copies a database while others use both, as `sqlite3 file ".restore …"` does.
fn copy(from: &Path, to: &Path) {
    let (from, mut to) = (Connection::open(from).unwrap(), Connection::open(to).unwrap());
    to.busy_timeout(Duration::from_secs(10)).unwrap();
    let backup = Backup::new(&from, &mut to).unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while backup.step(-1).unwrap() != StepResult::Done {
        assert!(Instant::now() < end, "the file is busy for ever");
        std::thread::sleep(Duration::from_millis(5));
    }
}

async fn read_on(follower: &mut Follower, store: &SqliteStore, duration: Duration) {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        follower.read_on(store).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
