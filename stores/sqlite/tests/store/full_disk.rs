//! A disk that fills up: what does not fit is refused, and nothing else suffers from it.
#![cfg(target_os = "linux")]

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::account::Account;
use crate::support::check::read_and_check;
use crate::support::child::{self, say};
use crate::support::round::{dice, dice_of, round};
use crate::support::{batch, event, stream};
use esrs_core::{AppendBatch, EventStore, StoreError};
use esrs_sqlite::SqliteStore;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use uuid::Uuid;

/// The test that plays the roles of other processes.
const CHILD: &str = "full_disk::child";

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test]
async fn child() {
    let Some((role, file)) = child::role() else { return };
    let (role, number) = role.rsplit_once(' ').unwrap();
    let dice = dice_of(number.parse().unwrap());
    match role {
        "fill a disk" => fill(&file, Limit::Disk, dice).await,
        "open on a full disk" => open_on_a_full_disk(&file).await,
        "fill a file" => fill(&file, Limit::FileSize, dice).await,
        _ => panic!("there is no role {role:?}"),
    }
}

/// The resource that is used up.
#[derive(Clone, Copy, PartialEq)]
enum Limit {
    /// A file system of a few MiB, which this process sees in the file's directory.
    Disk,
    /// The size that a file of this process may have.
    FileSize,
}

fn ballast(file: &str) -> PathBuf {
    Path::new(file).with_file_name("ballast")
}

impl Limit {
    /// Returns true if it is the refusal that the store promises.
    fn is_reached(self, error: &StoreError) -> bool {
        match self {
            Self::Disk => matches!(error, StoreError::Full { .. }),
            // To SQLite this is no full disk, but a write that failed for another reason.
            Self::FileSize => matches!(error, StoreError::Unknown { .. }),
        }
    }

    fn make_room(self, file: &str) {
        match self {
            Self::Disk => std::fs::remove_file(ballast(file)).unwrap(),
            Self::FileSize => {
                let pid = std::process::id().to_string();
                let mut prlimit = Command::new("prlimit");
                prlimit.args(["--fsize=unlimited", "--pid", &pid]);
                assert!(prlimit.status().expect("prlimit is there").success());
            }
        }
    }
}

/// Two events of a stream of their own.
fn append(length: usize) -> (String, AppendBatch) {
    let id = Uuid::now_v7().to_string();
    let note = format!("\"{}\"", "x".repeat(length));
    let append = batch(stream(&id), vec![event("opened", "1"), event("noted", note)]);
    (id, append)
}

/// Appends until there is no room left, and again once there is.
async fn fill(file: &str, limit: Limit, mut dice: TestRng) {
    if limit == Limit::Disk {
        std::fs::write(ballast(file), vec![1; 1024 * 1024]).unwrap();
    }
    let store = SqliteStore::builder(file).inline::<Account>().open().await.unwrap();

    // All at once, so that what is refused shares its commits with what is not.
    let lengths: Vec<Vec<usize>> =
        (0..8).map(|_| (0..20_000).map(|_| dice.random_range(0..20_000)).collect()).collect();
    let tasks = lengths.into_iter().map(|lengths| {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut stored, mut refused) = (Vec::new(), Vec::new());
            for length in lengths {
                let (id, append) = append(length);
                match store.append(append).await {
                    Ok(_) => stored.push(id),
                    Err(error) => {
                        assert!(limit.is_reached(&error), "{error}");
                        refused.push(id);
                    }
                }
                if refused.len() == 25 {
                    return (stored, refused);
                }
            }
            panic!("there was room for all of it");
        })
    });
    let (mut stored, mut refused) = (HashSet::new(), HashSet::new());
    for of_task in futures_util::future::join_all(tasks).await {
        let (more_stored, more_refused) = of_task.unwrap();
        stored.extend(more_stored);
        refused.extend(more_refused);
    }
    assert_stored(&store, &stored).await;

    let (id, much) = append(200_000);
    let error = store.append(much.clone()).await.unwrap_err();
    assert!(limit.is_reached(&error), "{error}");
    assert_stored(&store, &stored).await;
    limit.make_room(file);
    let appended = store.append(much).await.unwrap();
    assert!(!appended.repeated, "it was stored though it was refused");
    stored.insert(id);
    assert_stored(&store, &stored).await;
    store.close().await;
    assert_stored(&SqliteStore::open(file).await.unwrap(), &stored).await;
    say("stored", stored.len());
    say("refused", refused.len() + 1);
}

/// Just these appends are in the file, whole.
async fn assert_stored(store: &SqliteStore, expected: &HashSet<String>) {
    let found = read_and_check(store).await;
    let whole = found.iter().filter(|event| event.2 == 2);
    let whole: HashSet<_> = whole.map(|event| event.1.replacen("account-", "", 1)).collect();
    assert_eq!(found.len(), 2 * whole.len(), "an append was stored in part");
    assert!(whole == *expected, "what is stored is not what was answered");
}

/// Opens files on a disk that another process has filled meanwhile.
async fn open_on_a_full_disk(file: &str) {
    let open = || SqliteStore::builder(file).inline::<Account>().open();
    let store = open().await.unwrap();
    let (id, first) = append(10_000);
    let mut stored = HashSet::from([id]);
    store.append(first).await.unwrap();
    store.close().await;

    let mut rest = std::fs::File::create(ballast(file)).unwrap();
    while rest.write_all(&[1; 512]).is_ok() {}
    drop(rest);
    let new = Path::new(file).with_file_name("new.db");
    let mut refused = 0;
    for path in [Path::new(file), &new] {
        let error = SqliteStore::open(path).await.expect_err("there is no room beside it");
        assert!(
            matches!(&error, StoreError::Full { location } if *location == path.display().to_string()),
            "{error}"
        );
        refused += 1;
    }
    Limit::Disk.make_room(file);
    let store = open().await.unwrap();
    assert_stored(&store, &stored).await;
    let (id, second) = append(10_000);
    stored.insert(id);
    store.append(second).await.unwrap();
    assert_stored(&store, &stored).await;
    say("stored", stored.len());
    say("refused", refused);
}

/// Returns the command of a process with a disk of its own; `None` when this machine allows it to nobody.
fn with_a_disk(mount_point: &Path, kib: u32) -> Option<Command> {
    let mount = "mount -t tmpfs -o size=\"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"";
    let commands = [&["--mount"][..], &["--user", "--map-root-user", "--mount"]].map(|rights| {
        move || {
            let mut command = Command::new("unshare");
            command.args(rights).args(["sh", "-c", mount, "sh"]);
            command.arg(format!("{kib}k")).arg(mount_point);
            command
        }
    });
    let works =
        |mut command: Command| command.arg("true").output().is_ok_and(|it| it.status.success());
    commands.into_iter().find(|command| works(command())).map(|command| command())
}

fn say_what_is_not_tested() {
    let said = b"\nNOT TESTED: a full disk, because `unshare` may not mount one here; only a limit on the \
                 size of files is.\n";
    // Past what the test runner keeps for itself.
    std::io::stderr().write_all(said).unwrap();
}

/// Returns the command of a process whose files may not grow beyond this.
fn with_small_files(kib: u32) -> Command {
    let mut command = Command::new("sh");
    // In units of 512 bytes; the signal would end the process.
    let limit = "trap '' XFSZ && ulimit -S -f \"$1\" && shift && exec \"$@\"";
    command.args(["-c", limit, "sh"]).arg((kib * 2).to_string());
    command
}

/// Lets a process fill what it has; how many appends were stored, and how many refused.
fn filled(mut program: Command, role: &str, file: &Path) -> (usize, usize) {
    program.arg(std::env::current_exe().unwrap());
    let mut child = child::command(program, CHILD, role, file).spawn().unwrap();
    let said: Vec<_> = child::said(&mut child).into_iter().collect();
    assert!(child.wait().unwrap().success(), "what the process has seen stands above");
    let number = |word| said.iter().find(|said| said.0 == word).unwrap().1.parse().unwrap();
    (number("stored"), number("refused"))
}

#[test]
fn on_a_full_disk_appends_are_refused_and_reading_goes_on_until_there_is_room_again() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let mut dice = dice();
    let (mut disks, mut stored, mut refused) = (0, 0, 0);
    for _ in 0..round(3, 20) {
        let (kib, seed) = (dice.random_range(3_000..16_000), dice.random::<u32>());
        let Some(program) = with_a_disk(directory.path(), kib) else {
            return say_what_is_not_tested();
        };
        let of_disk = filled(program, &format!("fill a disk {seed}"), &file);
        (disks, stored, refused) = (disks + 1, stored + of_disk.0, refused + of_disk.1);
    }
    println!("disks {disks}, stored {stored}, refused {refused}");
}

#[test]
fn a_store_cannot_be_opened_on_a_full_disk_and_can_be_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let Some(program) = with_a_disk(directory.path(), 4_000) else {
        return say_what_is_not_tested();
    };
    let (stored, refused) = filled(program, "open on a full disk 0", &file);
    println!("stored {stored}, refused {refused}");
}

#[test]
fn when_the_system_lets_no_file_grow_appends_are_refused_and_reading_goes_on_until_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let (stored, refused) = filled(with_small_files(4_000), "fill a file 1", &file);
    println!("stored {stored}, refused {refused}");
}
