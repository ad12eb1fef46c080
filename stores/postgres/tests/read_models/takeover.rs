//! A process that is stopped, not killed, in the middle of its step holds nobody up for longer than its

//! lease, and writes nothing when it goes on.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::account::Account;
use crate::support::working::{Working, step};
use crate::support::{append, connect, one, within};
use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointStore, Lease, LeaseClaim, LeaseStore, ReadModelWriter,
    Subscription,
};
use esrs_core::{EventStore, StoreError};
use esrs_postgres::PostgresStore;
use tokio_postgres::Client;

const URL_OF_CHILD: &str = "ESRS_TEST_URL_OF_CHILD";
const MODE_OF_CHILD: &str = "ESRS_TEST_MODE_OF_CHILD";
const LEASE: Duration = Duration::from_millis(500);
/// The time that a takeover may take in addition to the lease.
const IN_ADDITION: Duration = Duration::from_secs(3);

fn counting() -> Arc<Subscription> {
    Arc::new(Subscription {
        name: "counting",
        definition: "one".into(),
        table: None,
        building: false,
        owner: None,
    })
}

fn claim(holder: &str) -> LeaseClaim {
    LeaseClaim { name: counting().lease(), holder: holder.into(), duration: LEASE }
}

/// Counts the position of a step under a fence; stays in the handler for as long.
async fn count(
    store: &PostgresStore,
    from: Checkpoint,
    fence: u64,
    stay: Duration,
) -> Result<Advanced, StoreError> {
    let subscription = counting();
    let advance = Advance { fence: Some(fence), ..step(&subscription, from) };
    let position = advance.to.get() as i64;
    let worker = Working::writing(&subscription, Vec::new()).and(move |transaction| {
        Box::pin(async move {
            let insert = "INSERT INTO counted VALUES ($1, $2)";
            transaction.execute(insert, &[position.into(), (fence as i64).into()]).await?;
            if !stay.is_zero() {
                println!("@in the handler");
                tokio::time::sleep(stay).await;
            }
            Ok(())
        })
    });
    store.advance(advance, worker).await.1
}

/// Not a test of its own: what the processes do that the tests below start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else { return };
    let mode = std::env::var(MODE_OF_CHILD).unwrap();
    if mode == "inline" {
        let builder = PostgresStore::builder(&url).inline::<Account>();
        let store = builder.open().await.unwrap();
        println!("@working");
        for number in 0.. {
            let mut batch = one(format!("child-{}-{number}", std::process::id()));
            batch.streams[0].events[0].name = "opened".into();
            drop(store.append(batch).await);
        }
    }
    let stay = if mode == "handler" { Duration::from_secs(3) } else { Duration::ZERO };
    let store = PostgresStore::open(&url).await.unwrap();
    let Lease::Held { fence } = store.claim_lease(claim("child")).await.unwrap() else {
        panic!("the lease is free")
    };
    let mut renewed = Instant::now();
    println!("@working");
    loop {
        let from = match store.subscribe(counting()).await {
            Ok(from) => from,
            Err(_) => continue,
        };
        // Any other error is about a session that was ended.
        if let Err(StoreError::Fenced { .. }) = count(&store, from, fence, stay).await {
            break println!("@fenced");
        }
        if renewed.elapsed() > LEASE / 4 && stay.is_zero() {
            renewed = Instant::now();
            match store.claim_lease(claim("child")).await {
                Ok(Lease::Held { fence: now }) if now == fence => {}
                _ => break println!("@fenced"),
            }
        }
    }
}

/// A child that ends with its parent's patience.
struct Stopped {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Stopped {
    fn start(url: &str, mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "takeover::child", "--nocapture"])
            .env(URL_OF_CHILD, url)
            .env(MODE_OF_CHILD, mode)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn until_it_says(&mut self, what: &str) {
        let mut line = String::new();
        while !line.contains(what) {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "it ended before it said {what}");
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Takes the lease over and takes a step; how long that took.
async fn take_over(store: &PostgresStore) -> (u64, Duration) {
    let begun = Instant::now();
    let fence = loop {
        match store.claim_lease(claim("parent")).await {
            Ok(Lease::Held { fence }) => break fence,
            Ok(_) | Err(StoreError::Busy { .. }) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let from = store.subscribe(counting()).await.unwrap();
    let advanced = count(store, from, fence, Duration::ZERO).await.unwrap();
    assert_eq!(advanced, Advanced::Done);
    (fence, begun.elapsed())
}

/// Each position was counted once, in the order of fences.
async fn check(raw: &Client) {
    let rows = raw.query("SELECT position, fence FROM counted ORDER BY 1, 2", &[]).await.unwrap();
    let rows: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(rows.iter().map(|(position, _)| *position).eq(1..=rows.len() as i64), "{rows:?}");
    assert!(rows.is_sorted_by_key(|(_, fence)| *fence), "{rows:?}");
    let at = raw.query_one("SELECT position FROM esrs.subscriptions", &[]).await.unwrap();
    assert_eq!(at.get::<_, i64>(0), rows.len() as i64);
}

async fn take_over_from_stopped(mode: &str, rounds: u64) {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    raw.batch_execute("CREATE TABLE counted (position bigint, fence bigint)").await.unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    for round in 0..rounds {
        let mut child = Stopped::start(database.url(), mode);
        child.until_it_says("@working");
        match mode {
            "handler" => child.until_it_says("@in the handler"),
            _ => tokio::time::sleep(Duration::from_millis(100 + 17 * round)).await,
        }
        child.signal("-STOP");
        let taking = within(LEASE + 2 * IN_ADDITION, "a takeover", take_over(&store));
        let (fence, took) = taking.await;
        assert!(took < LEASE + IN_ADDITION, "{mode} {round}: it took {took:?}");
        for _ in 0..3 {
            let from = store.subscribe(counting()).await.unwrap();
            let advanced = count(&store, from, fence, Duration::ZERO).await.unwrap();
            assert_eq!(advanced, Advanced::Done);
        }
        child.signal("-CONT");
        child.until_it_says("@fenced");
        check(&raw).await;
        store.release_lease(counting().lease(), "parent".into()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_lease_is_taken_over_from_a_process_that_is_stopped_under_load() {
    take_over_from_stopped("load", 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_lease_is_taken_over_from_a_process_that_is_stopped_in_a_handler() {
    take_over_from_stopped("handler", 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_process_that_is_stopped_in_an_inline_append_does_not_hold_the_log_for_long() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    for round in 0..5 {
        let mut child = Stopped::start(database.url(), "inline");
        child.until_it_says("@working");
        tokio::time::sleep(Duration::from_millis(100 + 3 * round)).await;
        child.signal("-STOP");
        let mut batch = one(format!("parent-{round}"));
        batch.streams[0].events[0].name = "opened".into();
        let appending = async { while store.append(batch.clone()).await.is_err() {} };
        within(Duration::from_secs(12), "an append", appending).await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_clock_that_went_back_keeps_nobody_waiting_for_longer_than_a_lease() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    let store = PostgresStore::open(database.url()).await.unwrap();
    assert!(matches!(store.claim_lease(claim("one")).await, Ok(Lease::Held { .. })));
    // As if the clock had been an hour ahead when it was claimed.
    raw.batch_execute("UPDATE esrs.leases SET until = until + interval '1 hour'").await.unwrap();
    let begun = Instant::now();
    loop {
        match store.claim_lease(claim("other")).await.unwrap() {
            Lease::Held { .. } => break,
            Lease::Taken { for_another, .. } => assert!(for_another <= LEASE, "{for_another:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= LEASE / 2 && begun.elapsed() < LEASE + IN_ADDITION);
    append(&store, "1").await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_step_whose_lease_is_taken_over_meanwhile_stores_nothing() {
    let database = postgres_server::database().unwrap();
    let raw = connect(database.url()).await;
    raw.batch_execute("CREATE TABLE counted (position bigint, fence bigint)").await.unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let Ok(Lease::Held { fence }) = store.claim_lease(claim("one")).await else {
        panic!("it is free")
    };
    let from = store.subscribe(counting()).await.unwrap();
    let staying = count(&store, from, fence, Duration::from_millis(300));
    let taking = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        // By hand, so that no session is ended.
        raw.batch_execute("UPDATE esrs.leases SET fence = fence + 1, holder = 'x'").await.unwrap();
    };
    let (stayed, ()) = within(IN_ADDITION, "a step", async { tokio::join!(staying, taking) }).await;
    assert!(matches!(stayed, Err(StoreError::Fenced { .. })), "{stayed:?}");
    let counted = raw.query("SELECT FROM counted", &[]).await.unwrap();
    assert!(counted.is_empty());
    assert_eq!(store.subscribe(counting()).await.unwrap(), from);
}
