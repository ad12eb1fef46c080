//! A disk that fills up: what does not fit is refused, and nothing else suffers from it.
#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::round::dice;
use crate::support::{event, read_all, stream, within};
use esrs_core::{AppendBatch, AppendCondition, EventStore, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;
use postgres_server::Server;
use proptest::prelude::RngExt;
use tempfile::TempDir;
use uuid::Uuid;

/// A file system of a few MiB, which is gone with this value.
struct Disk(TempDir);

impl Disk {
    /// `None` where this user may not mount one.
    fn new(mib: u32) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"]).arg(directory.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self(directory))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    fn fill_with(&self, kib: usize) {
        std::fs::write(self.ballast(), vec![1; kib * 1024]).unwrap();
    }

    /// Takes all that is left.
    fn fill_up(&self) {
        let mut rest = std::fs::OpenOptions::new().append(true).open(self.ballast()).unwrap();
        while rest.write_all(&[1; 512]).is_ok() {}
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a test that failed may have left somebody behind who uses it.
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        if !unmounted.as_ref().is_ok_and(std::process::ExitStatus::success) {
            eprintln!("{} stays mounted: {unmounted:?}", self.path().display());
        }
    }
}

/// Says so past what the test runner keeps for itself; in CI it is tested, or nothing is.
fn say_what_is_not_tested() {
    let said = "NOT TESTED: a full disk, because only root may mount one; run it as root";
    assert!(std::env::var("CI").is_err(), "{said}");
    std::io::stderr().write_all(format!("\n{said}\n").as_bytes()).unwrap();
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Two events of a stream of their own; one of them is a text of this length, which is not stored in
/// less.
fn append(length: usize) -> (Uuid, AppendBatch) {
    let mut number = Uuid::now_v7().as_u128() as u64;
    let text: String = (0..length)
        .map(|_| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(LETTERS[(number >> 58) as usize])
        })
        .collect();
    let events = vec![event("1"), event(format!("\"{text}\""))];
    let id = events[0].id;
    (id, AppendBatch::new(stream(id), AppendCondition::NoStream, events))
}

/// Just these appends are stored, whole.
async fn assert_stored(store: &PostgresStore, expected: &HashSet<Uuid>) {
    let found = read_all(store).await;
    let whole = found.chunks(2).map(|two| {
        let [first, second] = two else { panic!("an append was stored in part") };
        assert_eq!((first.version, second.version), (1, 2));
        assert_eq!(first.stream, second.stream);
        first.id
    });
    assert!(whole.collect::<HashSet<_>>() == *expected, "what is stored is not what was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_does_not_fit_is_refused_and_goes_on_once_there_is_room() {
    let mut dice = dice();
    // An empty database is 8 MiB large.
    let Some(disk) = Disk::new(24) else { return say_what_is_not_tested() };
    // Declared later, so it is stopped before the disk is gone.
    let server = Server::builder().tablespace("small", disk.path()).start().unwrap();
    let database = server.create_database_in("small").unwrap();
    disk.fill_with(4 * 1024);
    let store = PostgresStore::open(database.url()).await.unwrap();

    let lengths: Vec<Vec<usize>> =
        (0..8).map(|_| (0..2_000).map(|_| dice.random_range(0..200_000)).collect()).collect();
    let tasks = lengths.into_iter().map(|lengths| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut stored, mut refused) = (Vec::new(), 0);
            for length in lengths {
                let (id, append) = append(length);
                match within(Duration::from_secs(20), "an append", store.append(append)).await {
                    Ok(_) => stored.push(id),
                    Err(StoreError::Full { .. }) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
                if refused == 10 {
                    return stored;
                }
            }
            panic!("there was room for all of it");
        })
    });
    let mut stored = HashSet::new();
    for of_task in join_all(tasks).await {
        stored.extend(of_task.unwrap());
    }
    assert_stored(&store, &stored).await;

    disk.fill_up();
    let (id, much) = append(4_000_000);
    let full = store.append(much.clone()).await.unwrap_err();
    assert!(matches!(full, StoreError::Full { .. }), "{full}");
    let new = PostgresStore::builder(database.url()).schema("new").open().await.unwrap_err();
    assert!(matches!(new, StoreError::Full { .. }), "{new}");
    let other = PostgresStore::open(database.url()).await.unwrap();
    assert_stored(&other, &stored).await;

    disk.make_room();
    let appended = store.append(much).await.unwrap();
    assert!(!appended.repeated, "it was stored though it was refused");
    stored.insert(id);
    let (id, next) = append(10);
    other.append(next).await.unwrap();
    stored.insert(id);
    assert_stored(&store, &stored).await;
    println!("stored {}", stored.len());
    store.close().await;
    other.close().await;
}
