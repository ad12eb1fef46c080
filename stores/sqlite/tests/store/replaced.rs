//! A file that is replaced, removed or overwritten under an open store: nothing is acknowledged that is

//! not in the file that the next program opens.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::account::Account;
use crate::support::{File, append, batch, event, read_all, stream};
use esrs_core::subscription::{CheckpointStore, LeaseClaim, LeaseStore, Projected};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Page, Position, ReadModels, ReadQuery, SqlReadModels,
    StoreError,
};
use esrs_sqlite::SqliteStore;

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file of its own with what is stored by now, as a backup by SQLite's own means makes it.
fn backup(file: &File, name: &str) -> PathBuf {
    let path = file.directory.path().join(name);
    let vacuum = format!("VACUUM INTO '{}'", path.display());
    file.raw().execute_batch(&vacuum).unwrap();
    path
}

type Way = fn(&Path, &Path);

/// The things that people do to a file.
const WAYS: [(&str, Way); 6] = [
    ("mv backup live", |backup, live| std::fs::rename(backup, live).unwrap()),
    ("rm live", |_, live| std::fs::remove_file(live).unwrap()),
    ("mv live away", |_, live| std::fs::rename(live, with(live, ".away")).unwrap()),
    ("rm live-wal", |_, live| std::fs::remove_file(with(live, "-wal")).unwrap()),
    ("rm live*; cp backup live", |backup, live| {
        for suffix in ["", "-wal", "-shm"] {
            std::fs::remove_file(with(live, suffix)).unwrap();
        }
        std::fs::copy(backup, live).unwrap();
    }),
    ("rm live-wal live-shm; cp backup live", |backup, live| {
        for suffix in ["-wal", "-shm"] {
            std::fs::remove_file(with(live, suffix)).unwrap();
        }
        std::fs::copy(backup, live).unwrap();
    }),
];

fn is_replaced<T: std::fmt::Debug>(what: &str, answer: Result<T, StoreError>) {
    let Err(error @ StoreError::Replaced { .. }) = answer else { panic!("{what}: {answer:?}") };
    assert!(error.to_string().contains("open the store again"), "{error}");
    assert!(!error.is_transient());
}

async fn check_refused(store: &SqliteStore, what: &str) {
    let one = |id, condition| {
        store.append(AppendBatch::new(stream(id), condition, vec![event("opened", "1")]))
    };
    is_replaced(what, one("a", AppendCondition::Version(3)).await);
    is_replaced(what, one("new", AppendCondition::NoStream).await);
    is_replaced(what, store.append(batch(stream("a"), vec![event("deposited", "1")])).await);
    is_replaced(what, store.read(ReadQuery::all(), Page::new()).await);
    is_replaced(what, store.query("SELECT 1", []).await);
    is_replaced(what, store.find::<Account>("", []).await);
    is_replaced(what, store.catch_up::<Account>().await);
    let claim = LeaseClaim { name: "it".into(), holder: "me".into(), duration: Duration::MAX };
    is_replaced(what, store.claim_lease(claim).await);
    let rows = std::sync::Arc::new(Projected::<Account>::subscription_of());
    let wait = store.wait_for(rows, Position::new(9).into(), Duration::from_secs(20));
    is_replaced(what, wait.await);
    let behind = tokio::time::timeout(Duration::from_secs(20), store.wait_behind(Position::new(9)));
    is_replaced(what, behind.await.unwrap());
}

#[tokio::test]
async fn a_file_that_was_replaced_or_removed_is_noticed_by_the_next_call() {
    // The names in a folder are looked at one by one until it has settled.
    for settles in [None, Some(Duration::from_millis(3_200))] {
        let mut open = Vec::new();
        for on_caller in [false, true] {
            for (what, way) in WAYS {
                let file = File::new();
                let builder = SqliteStore::builder(&file.path).readers(1);
                let builder = if on_caller { builder.commit_on_caller() } else { builder };
                let store = builder.open().await.unwrap();
                append(&store, "a", "opened", "1").await;
                let backup = backup(&file, "backup.db");
                append(&store, "a", "deposited", "1").await;
                open.push((what, way, file, store, backup));
            }
        }
        if let Some(time) = settles {
            std::thread::sleep(time);
        }
        for (what, way, file, store, backup) in open {
            append(&store, "a", "deposited", "1").await;
            read_all(&store).await;
            way(&backup, &file.path);
            check_refused(&store, what).await;
            // A store beside it is none of its business.
            let other = File::new();
            append(&other.open().await, "a", "opened", "1").await;
            store.close().await;
        }
    }
}

#[tokio::test]
async fn what_is_there_after_a_replacement_is_opened_and_written_to() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    let backup = backup(&file, "backup.db");
    append(&store, "a", "deposited", "1").await;
    // As a restore should be: everybody is gone.
    store.close().await;
    std::fs::rename(&backup, &file.path).unwrap();
    let store = file.open().await;
    assert_eq!(read_all(&store).await.len(), 1);
    append(&store, "a", "deposited", "2").await;
    assert_eq!(read_all(&file.open().await).await.len(), 2);
}

#[tokio::test]
async fn a_file_that_comes_back_is_the_same() {
    let file = File::new();
    let store = file.open().await;
    append(&store, "a", "opened", "1").await;
    let away = with(&file.path, ".away");
    std::fs::rename(&file.path, &away).unwrap();
    is_replaced("mv live away", store.read(ReadQuery::all(), Page::new()).await);
    std::fs::rename(&away, &file.path).unwrap();
    append(&store, "a", "deposited", "1").await;
    assert_eq!(read_all(&store).await.len(), 2);
}

/// An older copy over the file itself, whose number stays the same, with and without what is in the
/// write-ahead log at that time.
#[tokio::test]
async fn a_file_that_was_overwritten_is_noticed_by_the_next_write_or_whole() {
    for (number, (checkpointed, fresh)) in
        [(false, false), (true, false), (false, true), (true, true)].into_iter().enumerate()
    {
        let file = File::new();
        let store = SqliteStore::builder(&file.path).readers(1).open().await.unwrap();
        let events = |count| (0..count).map(|_| event("deposited", "1")).collect::<Vec<_>>();
        store.append(batch(stream("a"), events(300))).await.unwrap();
        let backup = backup(&file, "backup.db");
        for _ in 0..20 {
            store.append(batch(stream("a"), events(300))).await.unwrap();
        }
        if checkpointed {
            let checkpoint = "PRAGMA wal_checkpoint(PASSIVE)";
            file.raw().query_row(checkpoint, [], |_| Ok(())).unwrap();
        }
        if fresh {
            append(&store, "b", "opened", "1").await;
        }
        // The clock of a file system may be coarse.
        std::thread::sleep(Duration::from_millis(20));
        std::fs::copy(&backup, &file.path).unwrap();
        let what = format!("cp {number}");
        if !checkpointed {
            // All of it is in the write-ahead log, too, and goes from there into the file.
            let at = append(&store, "a", "deposited", "1").await.last_position.get();
            assert_eq!(read_all(&store).await.len() as u64, at, "{what}");
            store.close().await;
            let whole = "SELECT count(*), (SELECT integrity_check FROM pragma_integrity_check)
                         FROM esrs_events";
            let found = file.raw().query_row(whole, [], |row| {
                Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, String>(1)?))
            });
            assert_eq!(found.unwrap(), (at, "ok".to_owned()), "{what}");
            continue;
        }
        is_replaced(&what, store.append(batch(stream("a"), events(1))).await);
        is_replaced(&what, store.append(batch(stream("c"), events(1))).await);
        is_replaced(&what, store.read(ReadQuery::all(), Page::new()).await);
        is_replaced(&what, store.catch_up::<Account>().await);
    }
}

#[tokio::test]
async fn checkpoints_of_others_are_no_replacement() {
    let file = File::new();
    let (store, other) = (file.open().await, file.open().await);
    let raw = file.raw();
    for number in 0..30 {
        append(&store, &format!("a {number}"), "opened", "1").await;
        if number % 3 == 0 {
            append(&other, &format!("b {number}"), "opened", "1").await;
        }
        let mode = ["PASSIVE", "FULL", "RESTART", "TRUNCATE"][number % 4];
        raw.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).unwrap();
        if number % 5 == 0 {
            // Touched, and not changed.
            let touching = std::process::Command::new("touch").arg(&file.path).status();
            assert!(touching.unwrap().success());
        }
    }
    assert_eq!(read_all(&store).await.len(), 40);
    assert_eq!(read_all(&other).await.len(), 40);
}
