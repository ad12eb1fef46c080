//! The common parts of every storm: its processes, its end, and its verdict.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::runner::Runner;
use esrs::subscription::{Handled, Projected, SubscriptionStore};

use crate::domain::{Balance, Seen};
use crate::judge::{Evidence, Verdict, judge};
use crate::processes::{Process, Said};
use crate::worker::{Part, Task};

/// The time that the followers have after a storm.
const PATIENCE: Duration = Duration::from_secs(60);

/// The processes of a storm: writers with and without caches, inline rows and many connections, and runners
/// with and without handlers that load.
pub fn processes(place: &str, seed: u64, said: &Arc<Mutex<Said>>) -> Vec<Process> {
    let writer = |inline, caches| Part::Writer { inline, caches };
    let runner = |loads| Part::Runner { loads };
    let parts = [
        (writer(false, true), 4),
        (writer(false, false), 1),
        (writer(true, true), 2),
        (runner(true), 4),
        (runner(false), 1),
    ];
    let parts = (seed..).step_by(100).zip(parts);
    let start = |(seed, (part, readers))| Process::start(Task { part, seed, readers }, place, said);
    parts.map(start).collect()
}

/// Waits until every process that writes has executed more, now that nothing keeps it from that.
///
/// # Panics
/// When one of them does not go on.
pub async fn calm(processes: &[Process]) {
    let before: Vec<_> = processes.iter().map(Process::done).collect();
    let end = Instant::now() + PATIENCE;
    let goes_on = |(process, before): (&Process, &Option<u64>)| {
        process.done().zip(*before).is_none_or(|(now, before)| now >= before + 20)
    };
    while !processes.iter().zip(&before).all(goes_on) {
        let now: Vec<_> = processes.iter().map(Process::done).collect();
        assert!(Instant::now() < end, "a process does not go on: {before:?} became {now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Brings every follower to the end of the log, by a runner of its own.
pub async fn settle(store: impl SubscriptionStore + Clone) {
    let head = async {
        let mut page = esrs::store::Page::new();
        let mut query = esrs::store::ReadQuery::all();
        loop {
            page = store.read(query.clone(), page).await.unwrap();
            query = query.after(page.scanned());
            if page.is_last() {
                return page.scanned();
            }
        }
    };
    let head = head.await;
    let running =
        Runner::new(store.clone()).project::<Balance>().handle(Seen { accounts: None }).start();
    let rows = Projected::<Balance>::subscription_of();
    let seen = Handled::<Seen>::subscription_of();
    for subscription in [rows, seen] {
        let name = subscription.name;
        let reached = store.wait_for(subscription.into(), head.into(), PATIENCE).await;
        assert!(reached.is_ok(), "{name} does not come to {head}: {reached:?}");
    }
    running.stop().await;
}

/// Says what came of it, and fails if anything must not be.
pub fn conclude(name: &str, evidence: &Evidence, said: &Mutex<Said>, may_lose: bool) -> Verdict {
    let said = said.lock().unwrap();
    let verdict = judge(evidence, &said, may_lose);
    println!("{name}: {verdict}");
    for (error, count) in said.failed.iter().chain(&said.closed) {
        println!("    {count} times: {error}");
    }
    assert!(verdict.faults.is_empty(), "{name}: {verdict}");
    assert!(verdict.events > 0 && verdict.did > 0, "{name}: nothing was done");
    verdict
}

/// A store whose errors are those of a test.
pub async fn opened<T, F: Future<Output = Result<T, StoreError>>>(open: impl Fn() -> F) -> T {
    let mut tries = 0;
    loop {
        match open().await {
            Ok(store) => return store,
            Err(error) if tries < 50 => {
                tries += 1;
                println!("it is opened again: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => panic!("it cannot be opened: {error}"),
        }
    }
}
