//! Two processes, eight tasks each, and one aggregate that all of them want to change.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use esrs::prelude::*;
use esrs::{ExecuteError, LoadError, StoreError};

use super::child::{self, say};
use super::log;
use super::round::round;

const PROCESSES: usize = 2;
const TASKS: usize = 8;

/// The increments of all tasks.
fn increments() -> usize {
    round(1_000, 10_000)
}

/// Says what the state has to be after it, so that one on an older state is noticed.
#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
struct Counted {
    to: u64,
}

#[derive(Aggregate, Default)]
#[aggregate("counter", id = String, events(Counted))]
struct Counter {
    value: u64,
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, event: Counted) {
        self.value = event.to;
    }
}

struct Count;

impl Handle<Count> for Counter {
    type Error = std::convert::Infallible;

    fn handle(&self, _: &Count, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(Counted { to: self.value + 1 }.into())
    }
}

/// Counts as often as is this process's part, and says each answer.
pub(crate) async fn count(file: &str) {
    let counters = Repository::<Counter>::new(SqliteStore::open(file).await.unwrap());
    let left = Arc::new(AtomicUsize::new(increments() / PROCESSES));
    let tasks =
        [(); TASKS].map(|()| tokio::spawn(count_while_left(counters.clone(), left.clone())));
    for task in tasks {
        task.await.unwrap();
    }
}

async fn count_while_left(counters: Repository<Counter>, left: Arc<AtomicUsize>) {
    let take = |left: usize| left.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        loop {
            match counters.execute(&"one".to_owned(), Count).await {
                Ok(done) => {
                    say("answered", done.version());
                    break;
                }
                Err(ExecuteError::Conflict { .. }) => say("conflict", ""),
                Err(
                    ExecuteError::Store(StoreError::Busy { .. })
                    | ExecuteError::Load(LoadError::Store(StoreError::Busy { .. })),
                ) => say("busy", ""),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[tokio::test]
async fn increments_of_sixteen_tasks_in_two_processes_all_count_and_leave_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let mut children = [(); PROCESSES].map(|()| child::start(super::CHILD, "count", &file));
    let said = children.each_mut().map(child::said);
    let (mut versions, mut conflicts, mut busy) = (Vec::new(), 0, 0);
    for (word, what) in said.into_iter().flatten() {
        match word.as_str() {
            "answered" => versions.push(what.parse::<u64>().unwrap()),
            "conflict" => conflicts += 1,
            _ => busy += 1,
        }
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }

    let store = SqliteStore::open(&file).await.unwrap();
    let counter = Repository::<Counter>::new(store.clone()).load(&"one".to_owned()).await.unwrap();
    let all = increments() as u64;
    println!(
        "increments {all}, answered {}, counted to {}, versions {}, conflicts {conflicts}, busy {busy}",
        versions.len(),
        counter.value,
        Loaded::version(&counter)
    );
    versions.sort_unstable();
    assert_eq!(
        (counter.value, Loaded::version(&counter)),
        (all, all),
        "an increment is lost, or was twice"
    );
    assert!(versions.into_iter().eq(1..=all), "an answer does not say what its increment came to");
    let found = log::read(&store).await;
    assert!(found.iter().all(|event| event.payload["to"] == event.version));
}
