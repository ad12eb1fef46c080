//! A server that is stopped, that crashes, and that loses connections, in the middle of load: the store
//! goes on by itself, and what it answered is true.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::round::{dice, dice_of, round};
use crate::support::{Read, connect, event, events_of, read_all, stream, within};
use esrs_core::{AppendBatch, AppendCondition, Appended, EventStore, Page, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use postgres_server::Server;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;
use tokio::time::sleep;
use uuid::Uuid;

const WRITERS: u64 = 16;
const FOLLOWERS: usize = 4;
/// The time for which the stores wait for a server that is away.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Nothing is answered later than this: what waits, and the connecting that it waits for.
const LIMIT: Duration = Duration::from_secs(10);

/// The answers of one writer.
#[derive(Default)]
struct Answers {
    stored: Vec<(AppendBatch, Appended)>,
    refused: Vec<Uuid>,
    unknown: u64,
    /// Those that were unknown, and then turned out to be stored.
    repeated: u64,
    slowest: Duration,
}

/// One that appends to a stream of its own, and at times to one that all append to.
struct Writer {
    store: PostgresStore,
    dice: TestRng,
    number: u64,
    /// The number of events of its own stream, as it was answered.
    version: u64,
    answers: Answers,
}

impl Writer {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Answers {
        while !stop.load(Ordering::Relaxed) {
            self.append().await;
        }
        self.answers
    }

    fn batch(&mut self) -> AppendBatch {
        let condition = match self.version {
            0 => AppendCondition::NoStream,
            version => AppendCondition::Version(version),
        };
        // Each is another way into the database.
        let count = if self.dice.random_ratio(1, 2) { 1 } else { self.dice.random_range(1..5) };
        let events = (0..count).map(|_| event("1")).collect();
        let mut batch = AppendBatch::new(stream(format!("own-{}", self.number)), condition, events);
        if self.dice.random_ratio(1, 8) {
            batch = batch.and(stream("shared"), AppendCondition::Any, vec![event("2"), event("3")]);
        }
        if self.dice.random_ratio(1, 8) {
            batch = batch.with_idempotency_key(Uuid::now_v7().to_string());
        }
        batch
    }

    /// Appends until it knows what became of it.
    async fn append(&mut self) {
        let batch = self.batch();
        let mut is_known = true;
        loop {
            let begun = Instant::now();
            let answer = within(LIMIT, "an append", self.store.append(batch.clone())).await;
            self.answers.slowest = self.answers.slowest.max(begun.elapsed());
            match answer {
                Ok(appended) => {
                    assert!(!is_known || !appended.repeated, "the store itself repeated it");
                    self.answers.repeated += u64::from(appended.repeated);
                    self.version = appended.streams[0].last_version;
                    return self.answers.stored.push((batch, appended));
                }
                Err(StoreError::Unknown { .. }) => {
                    is_known = false;
                    self.answers.unknown += 1;
                }
                // It may have been stored by an attempt before this one.
                Err(StoreError::Unavailable { .. }) if !is_known => {}
                Err(StoreError::Unavailable { .. }) => {
                    let ids = batch.events().map(|(_, event)| event.id);
                    return self.answers.refused.extend(ids);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Follows the log until it has seen as many events as there are.
async fn follow(store: PostgresStore, end: Arc<Mutex<Option<usize>>>) -> Vec<Read> {
    let (mut page, mut query, mut found) =
        (Page::new(), ReadQuery::all().with_envelopes(), Vec::new());
    loop {
        let reading = store.read(query.clone(), std::mem::take(&mut page));
        match within(LIMIT, "a read", reading).await {
            Ok(read) => page = read,
            Err(StoreError::Unavailable { .. }) => {
                sleep(Duration::from_millis(20)).await;
                continue;
            }
            Err(error) => panic!("{error}"),
        }
        found.extend(events_of(&page));
        query = query.after(page.scanned());
        if end.lock().unwrap().is_some_and(|end| found.len() >= end) {
            return found;
        }
        if page.is_last() {
            let waiting = store.wait_behind(page.scanned());
            // It waits for as long as nothing comes.
            match tokio::time::timeout(Duration::from_millis(500), waiting).await {
                Ok(Ok(_)) | Ok(Err(StoreError::Unavailable { .. })) | Err(_) => {}
                Ok(Err(error)) => panic!("{error}"),
            }
        }
    }
}

/// Harms the server, and returns the word that it is counted by.
async fn do_harm(server: &Arc<Mutex<Server>>, dice: &mut TestRng, round: u64) -> &'static str {
    let pause = Duration::from_millis(dice.random_range(0..2_500));
    let server = server.clone();
    match round % 4 {
        0 | 2 => {
            let is_crash = round % 4 == 2;
            let blocking = move || {
                let mut server = server.lock().unwrap();
                if is_crash {
                    server.kill().unwrap()
                } else {
                    server.stop().unwrap()
                }
                std::thread::sleep(pause);
                server.start_again().unwrap();
            };
            tokio::task::spawn_blocking(blocking).await.unwrap();
            if is_crash { "crashes" } else { "stops" }
        }
        _ => {
            let url = server.lock().unwrap().url();
            let client = connect(&url).await;
            for _ in 0..10 {
                // One of them, or all.
                let of_all = if dice.random_ratio(1, 4) { 100 } else { 1 };
                let terminate = format!(
                    "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
                     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                     ORDER BY random() LIMIT {of_all}) chosen"
                );
                client.batch_execute(&terminate).await.unwrap();
                sleep(Duration::from_millis(dice.random_range(0..60))).await;
            }
            "ten times connections killed"
        }
    }
}

/// All that was answered is true of the log.
fn check(log: &[Read], answers: &[Answers]) {
    let mut at = HashMap::new();
    for event in log {
        let place = (event.position, event.stream.as_str(), event.version);
        assert!(at.insert(event.id, place).is_none(), "{} is stored twice", event.id);
    }
    let mut versions = HashMap::new();
    for event in log {
        let version = versions.entry(&event.stream).or_insert(0);
        assert_eq!(event.version, *version + 1, "{} has a gap", event.stream);
        *version = event.version;
    }
    assert!(log.is_sorted_by(|one, next| one.position < next.position));
    let mut accounted = HashSet::new();
    for (batch, appended) in answers.iter().flat_map(|of_one| &of_one.stored) {
        let mut position = appended.first_position.get();
        for (part, answer) in batch.streams.iter().zip(&appended.streams) {
            for (event, version) in part.events.iter().zip(answer.first_version..) {
                let expected = (position, part.stream.as_str(), version);
                assert_eq!(at.get(&event.id), Some(&expected), "it was answered");
                position += 1;
                accounted.insert(event.id);
            }
        }
        assert_eq!(appended.last_position.get(), position - 1);
    }
    for id in answers.iter().flat_map(|of_one| &of_one.refused) {
        assert!(!at.contains_key(id), "{id} was refused, and is stored");
    }
    assert_eq!(accounted.len(), log.len(), "something is stored that nobody was answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_is_answered_is_true_while_the_server_stops_crashes_and_loses_connections() {
    let mut dice = dice();
    let server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    // Two processes would be no more to each other than two stores are.
    let open = || PostgresStore::builder(database.url()).busy_timeout(BUSY_TIMEOUT).open();
    let stores = [open().await.unwrap(), open().await.unwrap()];
    let server = Arc::new(Mutex::new(server));
    let (stop, end) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let (store, dice) = (stores[number as usize % 2].clone(), dice_of(dice.random()));
            let answers = Answers::default();
            let writer = Writer { store, dice, number, version: 0, answers };
            tokio::spawn(writer.run(stop.clone()))
        })
        .collect();
    let followers: Vec<_> = (0..FOLLOWERS)
        .map(|number| tokio::spawn(follow(stores[number % 2].clone(), end.clone())))
        .collect();

    let mut harm = HashMap::new();
    for round in 0..round(8, 200) {
        sleep(Duration::from_millis(dice.random_range(50..500))).await;
        *harm.entry(do_harm(&server, &mut dice, round).await).or_insert(0) += 1;
        // It goes on by itself.
        let probe =
            async { while stores[0].append(crate::support::one("probe")).await.is_err() {} };
        within(LIMIT, "going on", probe).await;
    }
    sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let mut answers = Vec::new();
    for writer in writers {
        answers.push(writer.await.unwrap());
    }
    let log = read_all(&stores[0]).await;
    *end.lock().unwrap() = Some(log.len());
    for follower in followers {
        let seen = within(LIMIT, "catching up", follower).await.unwrap();
        assert!(seen == log, "a follower has seen something else");
    }
    let log: Vec<_> = log.into_iter().filter(|event| event.stream != "account-probe").collect();
    check(&log, &answers);
    let sum = |of: fn(&Answers) -> u64| answers.iter().map(of).sum::<u64>();
    let slowest = answers.iter().map(|of_one| of_one.slowest).max().unwrap();
    println!(
        "{harm:?}; appends {}, refused events {}, unknown {}, of these stored {}, slowest {slowest:?}",
        sum(|of_one| of_one.stored.len() as u64),
        sum(|of_one| of_one.refused.len() as u64),
        sum(|of_one| of_one.unknown),
        sum(|of_one| of_one.repeated),
    );
    for store in stores {
        store.close().await;
    }
}
