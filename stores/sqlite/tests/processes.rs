//! Several processes on one file, and what is left of one that is killed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "what a child does stands in functions of its own")]

mod support;

use std::collections::HashSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;

use esrs_core::{AppendBatch, AppendCondition, EventStore, Page, ReadQuery, StoreError};
use esrs_sqlite::SqliteStore;
use support::account::Account;
use support::child::{self, say};
use support::{File, batch, event, read_all, stream};
use uuid::Uuid;

const HAMMERED: usize = 150;

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test]
async fn child() {
    let Some((role, file)) = child::role() else { return };
    match role.as_str() {
        "hammer" => hammer(&file).await,
        "write until killed" => write_until_killed(&file).await,
        "open" => match SqliteStore::open(&file).await {
            Ok(_) => say("opened", ""),
            Err(error) => say("refused", error),
        },
        "catch up" => {
            let store = SqliteStore::open(&file).await.unwrap();
            say("at", store.catch_up::<Account>().await.unwrap());
        }
        other => panic!("there is no role {other:?}"),
    }
}

/// Appends to one stream, each on the condition of the version that it has read.
async fn hammer(file: &str) {
    let store = SqliteStore::open(file).await.unwrap();
    let (mut appended, mut lost, mut page) = (0, 0, Page::new());
    while appended < HAMMERED {
        page = store.read(ReadQuery::stream(stream("one")), page).await.unwrap();
        let version = page.records().last().map_or(0, |record| record.version());
        let new = event("deposited", "1");
        let id = new.id;
        let condition = AppendCondition::Version(version);
        match store.append(AppendBatch::new(stream("one"), condition, vec![new])).await {
            Ok(_) => {
                say("appended", id);
                appended += 1;
            }
            Err(StoreError::Conflict(_)) => lost += 1,
            Err(error) => panic!("{error}"),
        }
    }
    say("lost", lost);
}

#[tokio::test]
async fn two_processes_that_write_to_one_stream_leave_no_gap_and_lose_nothing() {
    let file = File::new();
    let mut children = [(); 2].map(|()| child::start("hammer", &file.path));
    let mut appended = HashSet::new();
    for child in &mut children {
        appended.extend(child::words(child, "appended").map(|id| id.parse::<Uuid>().unwrap()));
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(appended.len(), 2 * HAMMERED);
    let store = file.open().await;
    let query = ReadQuery::all().with_envelopes();
    let page = store.read(query, Page::new()).await.unwrap();
    let found: Vec<_> = page.records().map(|record| record.envelope().unwrap()).collect();
    let ids: HashSet<_> = found.iter().map(|envelope| envelope.event_id).collect();
    assert_eq!(ids, appended);
    let stands: Vec<_> = found.iter().map(|e| (e.position.get(), e.version)).collect();
    assert_eq!(stands, (1..=2 * HAMMERED as u64).map(|n| (n, n)).collect::<Vec<_>>());
}

/// Appends three events at a time, from eight tasks, until somebody ends it.
async fn write_until_killed(file: &str) {
    let store = SqliteStore::builder(file).inline::<Account>().open().await.unwrap();
    let tasks = (0..8).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            loop {
                let id = format!("{task}-{}", Uuid::now_v7());
                let events = vec![
                    event("opened", "1"),
                    event("deposited", "2"),
                    event("noted", format!("\"{}\"", "x".repeat(3_000))),
                ];
                if let Err(error) = store.append(batch(stream(&id), events)).await {
                    return error;
                }
                say("appended", id);
            }
        })
    });
    let ended = futures_util::future::join_all(tasks).await;
    panic!("only a signal was to end it: {ended:?}");
}

#[tokio::test]
async fn what_a_killed_process_was_answered_is_there_and_nothing_is_half_written() {
    let file = File::new();
    let mut answered = HashSet::new();
    for round in 1..=4 {
        let mut child = child::start("write until killed", &file.path);
        answered.extend(child::words(&mut child, "appended").take(100 * round));
        child.kill().unwrap();
        child.wait().unwrap();

        let store = file.open().await;
        let found = read_all(&store).await;
        let whole: HashSet<_> =
            found.iter().filter(|event| event.2 == 3).map(|event| event.1.clone()).collect();
        assert_eq!(found.len(), 3 * whole.len(), "an append was stored in part");
        for id in &answered {
            assert!(whole.contains(&format!("account-{id}")), "{id} was answered, and is lost");
        }
        let positions: Vec<_> = found.iter().map(|event| event.0).collect();
        assert_eq!(positions, (1..=found.len() as u64).collect::<Vec<_>>());
        let rows = store.query("SELECT count(*), sum(cents) FROM accounts", []).await.unwrap();
        let count = whole.len() as i64;
        assert_eq!(rows, [[count.into(), (3 * count).into()]], "rows and events differ");
        let check = store.query("PRAGMA integrity_check", []).await.unwrap();
        assert_eq!(check, [["ok".into()]]);
        store.close().await;
    }
}

#[tokio::test]
async fn two_processes_that_catch_up_at_once_apply_each_event_once() {
    let file = File::new();
    let store = file.open().await;
    let deposits = (0..9_000).map(|_| event("deposited", "1"));
    let events = std::iter::once(event("opened", "0")).chain(deposits).collect();
    store.append(batch(stream("a"), events)).await.unwrap();
    let mut children = [(); 2].map(|()| child::start("catch up", &file.path));
    for child in &mut children {
        assert_eq!(child::words(child, "at").collect::<Vec<_>>(), ["9001"]);
        assert!(child.wait().unwrap().success());
    }
    let row = store.get::<Account>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.cents, 9_000);
}

/// What somebody is told who opens `file` and has no right to write to it.
fn without_rights(file: &File, path: &Path) -> String {
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    // A copy that anybody may run, wherever the binary itself lies.
    let programs = tempfile::tempdir().unwrap();
    let program = programs.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    mode(programs.path(), 0o755);
    mode(&program, 0o755);
    mode(file.directory.path(), 0o555);
    let mut command = child::command(&program, "open", path);
    if programs.path().metadata().unwrap().uid() == 0 {
        // Modes are nothing to root.
        command.uid(65_534).gid(65_534);
    }
    let mut child = command.spawn().unwrap();
    let said = child::words(&mut child, "refused").collect::<Vec<_>>().join("\n");
    assert!(child.wait().unwrap().success());
    mode(file.directory.path(), 0o755);
    said
}

#[tokio::test]
async fn a_file_that_may_only_be_read_is_refused() {
    let file = File::new();
    file.open().await.close().await;
    let before = std::fs::read(&file.path).unwrap();
    let of_mode = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file.path, mode).unwrap();
        without_rights(&file, &file.path)
    };
    let (read_only, in_a_read_only_directory) = (of_mode(0o444), of_mode(0o666));
    let new = without_rights(&file, &file.directory.path().join("new.db"));
    for said in [read_only, in_a_read_only_directory, new] {
        assert!(said.contains("cannot be written to"), "{said:?}");
    }
    assert_eq!(std::fs::read(&file.path).unwrap(), before);
}
