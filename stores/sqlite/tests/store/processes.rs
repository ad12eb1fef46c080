//! Several processes on one file.
#![cfg(unix)]

use std::collections::HashSet;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::support::account::Account;
use crate::support::child::{self, say};
use crate::support::round::round;
use crate::support::{File, batch, event, stream};
use esrs_core::{
    AppendBatch, AppendCondition, EventStore, Page, ReadModels, ReadQuery, StoreError,
};
use esrs_sqlite::SqliteStore;
use uuid::Uuid;

fn hammered() -> usize {
    round(150, 1_000)
}

/// The test that plays the roles of other processes.
const CHILD: &str = "processes::child";

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test]
async fn child() {
    let Some((role, file)) = child::role() else { return };
    match role.as_str() {
        "hammer" => hammer(&file).await,
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
    let (mut appended, mut conflicts, mut page) = (0, 0, Page::new());
    while appended < hammered() {
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
            Err(StoreError::Conflict(_)) => conflicts += 1,
            Err(error) => panic!("{error}"),
        }
    }
    say("conflicts", conflicts);
}

#[tokio::test]
async fn two_processes_that_write_to_one_stream_leave_no_gap_and_lose_nothing() {
    let file = File::new();
    let mut children = [(); 2].map(|()| child::start(CHILD, "hammer", &file.path));
    let (mut appended, mut conflicts) = (HashSet::new(), 0);
    for child in &mut children {
        for (word, what) in child::said(child) {
            match word.as_str() {
                "appended" => assert!(appended.insert(what.parse::<Uuid>().unwrap()), "{what}"),
                _ => conflicts += what.parse::<u32>().unwrap(),
            }
        }
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(appended.len(), 2 * hammered());
    let store = file.open().await;
    let query = ReadQuery::all().with_envelopes().limit(10 * hammered());
    let page = store.read(query, Page::new()).await.unwrap();
    assert!(page.is_last());
    let found: Vec<_> = page.records().map(|record| record.envelope().unwrap()).collect();
    let ids: HashSet<_> = found.iter().map(|envelope| envelope.event_id).collect();
    assert_eq!(ids, appended);
    let stands: Vec<_> = found.iter().map(|e| (e.position.get(), e.version)).collect();
    assert_eq!(stands, (1..=2 * hammered() as u64).map(|n| (n, n)).collect::<Vec<_>>());
    println!("answered {}, stored {}, conflicts {conflicts}", appended.len(), found.len());
}

#[tokio::test]
async fn two_processes_that_catch_up_at_once_apply_each_event_once() {
    let file = File::new();
    let store = file.open().await;
    let deposits = (0..9_000).map(|_| event("deposited", "1"));
    let events = std::iter::once(event("opened", "0")).chain(deposits).collect();
    store.append(batch(stream("a"), events)).await.unwrap();
    let mut children = [(); 2].map(|()| child::start(CHILD, "catch up", &file.path));
    for child in &mut children {
        assert_eq!(child::words(child, "at").collect::<Vec<_>>(), ["9001"]);
        assert!(child.wait().unwrap().success());
    }
    let row = store.get::<Account>(&"a".to_owned()).await.unwrap().unwrap();
    assert_eq!(row.cents, 9_000);
}

/// Returns the error of opening `file` without the right to write to it.
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
    let mut command = child::command(Command::new(&program), CHILD, "open", path);
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
