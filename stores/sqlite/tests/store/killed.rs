//! The remains of a process that is killed at any moment.
#![cfg(unix)]

use std::collections::HashSet;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::check::read_and_check;
use crate::support::child::{self, say};
use crate::support::round::{dice, round};
use crate::support::{File, batch, event, stream};
use esrs_core::{AppendBatch, AppendCondition, EventStore, StoreError};
use esrs_sqlite::SqliteStore;
use proptest::prelude::RngExt;
use uuid::Uuid;

/// Streams that many appends go to.
const SHARED: [&str; 2] = ["shared-0", "shared-1"];

/// The test that plays the roles of other processes.
const CHILD: &str = "killed::child";

/// Not a test of its own: what the processes do that the tests start.
#[tokio::test]
async fn child() {
    match child::role() {
        None => {}
        Some((role, file)) if role == "write until killed" => write_until_killed(&file).await,
        Some((role, _)) => panic!("there is no role {role:?}"),
    }
}

/// Appends to one stream and to several at once, from eight tasks, until it is killed.
async fn write_until_killed(file: &str) {
    let store = SqliteStore::builder(file).inline::<Account>().open().await.unwrap();
    for shared in SHARED {
        let opened = vec![event("opened", "0")];
        let new = AppendBatch::new(stream(shared), AppendCondition::NoStream, opened);
        match store.append(new).await {
            Ok(_) | Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    say("writing", "");
    let tasks = (0..8).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let (id, append) = next_append(task, number);
                if let Err(error) = store.append(append).await {
                    return Some(error);
                }
                say("answered", id);
            }
            None
        })
    });
    let ended = futures_util::future::join_all(tasks).await;
    panic!("only a signal was to end it: {ended:?}");
}

/// Three events of a stream of its own; every other time also two of a stream that others append to.
fn next_append(task: usize, number: usize) -> (String, AppendBatch) {
    let shared = number % 2 == 1;
    let id = format!("{}-{}", if shared { "two" } else { "one" }, Uuid::now_v7());
    let note = format!("\"{}\"", "x".repeat(3_000));
    let own = vec![event("opened", "1"), event("deposited", "2"), event("noted", note)];
    let append = batch(stream(&id), own);
    if !shared {
        return (id, append);
    }
    let deposits = vec![event("deposited", "5"), event("deposited", "7")];
    let shared = stream(SHARED[task % SHARED.len()]);
    (id, append.and(shared, AppendCondition::Any, deposits))
}

/// Lets a process write to the file, and kills it so much later than it was started or has begun;
/// the appends that it was answered.
fn write_and_kill(file: &File, since_its_start: bool, moment: Duration) -> Vec<String> {
    let mut child = child::start(CHILD, "write until killed", &file.path);
    let said = child::said(&mut child);
    if !since_its_start {
        assert_eq!(said.recv().unwrap().0, "writing");
    }
    std::thread::sleep(moment);
    child.kill().unwrap();
    child.wait().unwrap();
    said.into_iter().filter(|said| said.0 == "answered").map(|said| said.1).collect()
}

/// The ids of the appends in the file, each of which is whole.
async fn appends(store: &SqliteStore) -> HashSet<String> {
    let found = read_and_check(store).await;
    let (mut whole, mut rest) = (HashSet::new(), &found[..]);
    while let Some((_, first, ..)) = rest.first() {
        let id = first.strip_prefix("account-").unwrap();
        let (own, shared) = match &id[..3] {
            "one" => (3, 0),
            "two" => (3, 2),
            _ => (1, 0),
        };
        let append;
        (append, rest) = rest.split_at_checked(own + shared).expect("the last append is whole");
        let (own, shared) = append.split_at(own);
        let is_whole = own.iter().zip(1..).all(|(event, n)| event.1 == *first && event.2 == n)
            && shared.iter().all(|event| event.1.starts_with("account-shared-"))
            && shared
                .iter()
                .map(|event| event.3.as_str())
                .eq(["5", "7"].into_iter().take(shared.len()));
        assert!(is_whole, "{id} was stored in part");
        if !SHARED.contains(&id) {
            assert!(whole.insert(id.to_owned()), "{id} stands there twice");
        }
    }
    whole
}

fn assert_nothing_is_lost(answered: &HashSet<String>, stored: &HashSet<String>) {
    let lost: Vec<_> = answered.difference(stored).collect();
    assert!(lost.is_empty(), "answered, and lost: {lost:?}");
}

#[tokio::test]
async fn file_that_three_processes_create_is_whole_when_one_of_them_is_killed() {
    let (mut dice, rounds) = (dice(), round(10, 200));
    for _ in 0..rounds {
        let file = File::new();
        let start = |_| child::start(CHILD, "write until killed", &file.path);
        let mut children: Vec<_> = (0..3).map(start).collect();
        std::thread::sleep(Duration::from_micros(dice.random_range(0..60_000)));
        children[0].kill().unwrap();
        let mut answered = HashSet::new();
        for (number, mut child) in children.into_iter().enumerate() {
            let said = child::said(&mut child);
            if number > 0 {
                // It opens the file and appends to it, or panics.
                for word in ["writing", "answered"] {
                    let next = said.recv_timeout(Duration::from_secs(60));
                    let (said, what) = next.expect("it goes on");
                    assert_eq!(said, word);
                    answered.extend((word == "answered").then_some(what));
                }
                child.kill().unwrap();
            }
            child.wait().unwrap();
            answered
                .extend(said.into_iter().filter(|said| said.0 == "answered").map(|said| said.1));
        }
        let stored = appends(&file.open().await).await;
        assert_nothing_is_lost(&answered, &stored);
    }
}

#[tokio::test]
async fn what_a_killed_process_was_answered_is_there_and_nothing_is_half_written() {
    let (file, mut dice, kills) = (File::new(), dice(), round(12, 100));
    let (mut answered, mut stored) = (HashSet::new(), HashSet::new());
    for _ in 0..kills {
        // Who keeps the file open spares the next process to recover the log.
        let open = if dice.random() { Some(file.open().await) } else { None };
        let moment = Duration::from_micros(dice.random_range(0..60_000));
        answered.extend(write_and_kill(&file, dice.random_ratio(1, 4), moment));
        let store = match open {
            Some(store) => store,
            None => file.open().await,
        };
        let found = appends(&store).await;
        assert_nothing_is_lost(&answered, &found);
        assert_nothing_is_lost(&stored, &found);
        stored = found;
        store.close().await;
    }
    assert!(answered.len() >= kills, "it was hardly killed in the middle of anything");
    println!("kills {kills}, answered {}, stored {}", answered.len(), stored.len());
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_makes_the_file_leaves_one_that_can_be_opened() {
    let (mut dice, kills) = (dice(), round(12, 100));
    let (mut answered, mut stored) = (0, 0);
    for _ in 0..kills {
        let file = File::new();
        let moment = Duration::from_micros(dice.random_range(0..25_000));
        let of_it = write_and_kill(&file, true, moment).into_iter().collect();
        let found = appends(&file.open().await).await;
        assert_nothing_is_lost(&of_it, &found);
        answered += of_it.len();
        stored += found.len();
    }
    println!("kills {kills}, answered {answered}, stored {stored}");
}
