//! A process that is stopped in the middle of a step keeps nobody from taking its lease over, and stores

//! nothing when it goes on.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::working::{Working, step, subscription};
use crate::support::{connect, within};
use esrs_core::StoreError;
use esrs_core::projection::{ColumnSpec, ColumnType, Value};
use esrs_core::subscription::{
    Advance, Advanced, CheckpointStore, Lease, LeaseClaim, LeaseStore, ReadModelWriter,
    Subscription,
};
use esrs_postgres::PostgresStore;

const URL_OF_CHILD: &str = "ESRS_TEST_URL_OF_CHILD";
const LENGTH: Duration = Duration::from_secs(1);
/// The longest time that a takeover may take behind the end of the lease.
const LONGEST: Duration = Duration::from_secs(3);
const ROUNDS: i64 = 10;

const SUMS: &[ColumnSpec] = &[
    ColumnSpec { name: "name", column_type: ColumnType::Text, nullable: false, key: true },
    ColumnSpec { name: "sum", column_type: ColumnType::Integer, nullable: false, key: false },
];

fn rows(sum: i64) -> Vec<Vec<Value>> {
    vec![vec!["a".into(), sum.into()]]
}

async fn claim(store: &PostgresStore, of: &Subscription, holder: &str) -> Lease {
    let (name, holder) = (of.lease(), holder.into());
    store.claim_lease(LeaseClaim { name, holder, duration: LENGTH }).await.unwrap()
}

/// Not a test of its own: a holder that takes steps until it is fenced.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else { return };
    let store = PostgresStore::open(&url).await.unwrap();
    let sums = subscription("sums", SUMS);
    let holder = format!("child {}", std::process::id());
    let Lease::Held { fence } = claim(&store, &sums, &holder).await else { panic!("not held") };
    loop {
        let from = store.subscribe(sums.clone()).await.unwrap();
        let mut has_worked = false;
        let worker = Working::writing(&sums, rows(-1)).and(move |it| {
            let is_first = !std::mem::replace(&mut has_worked, true);
            Box::pin(async move {
                it.query("SELECT sum FROM sums", &[]).await?;
                if is_first {
                    println!("@within");
                }
                // It is stopped here, or within one of the statements.
                for _ in 0..40 {
                    it.query("SELECT pg_sleep(0.005)", &[]).await?;
                }
                Ok(())
            })
        });
        let advance = Advance { fence: Some(fence), ..step(&sums, from) };
        match store.advance(advance, worker).await.1 {
            Ok(_) => drop(claim(&store, &sums, &holder).await),
            Err(StoreError::Fenced { .. }) => break println!("@fenced"),
            Err(error) => break println!("@{error}"),
        }
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "kill {name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn lease_of_a_stopped_process_is_taken_over_soon() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let raw = connect(database.url()).await;
    let sums: Arc<Subscription> = subscription("sums", SUMS);
    store.subscribe(sums.clone()).await.unwrap();
    for round in 1..=ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stopped_holder::child", "--nocapture"])
            .env(URL_OF_CHILD, database.url())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(said.any(|line| line.contains("@within")), "it takes no step");
        std::thread::sleep(Duration::from_millis(17 * round.unsigned_abs()));
        signal(&child, "-STOP");
        let stopped = Instant::now();
        let taking = async {
            loop {
                if let Lease::Held { fence } = claim(&store, &sums, "other").await {
                    break fence;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let fence = within(LENGTH + LONGEST, "the lease is not taken over", taking).await;
        let from = store.subscribe(sums.clone()).await.unwrap();
        let advance = Advance { fence: Some(fence), ..step(&sums, from) };
        let advancing = store.advance(advance, Working::writing(&sums, rows(round)));
        let left = (LENGTH + LONGEST).saturating_sub(stopped.elapsed());
        let advanced = within(left, "its rows are still locked", advancing).await.1;
        assert_eq!(advanced.unwrap(), Advanced::Done);
        let at = store.subscribe(sums.clone()).await.unwrap();
        signal(&child, "-CONT");
        let last = said.find(|line| line.starts_with('@') && !line.contains("@within"));
        assert_eq!(last.as_deref(), Some("@fenced"), "round {round}");
        assert!(child.wait().unwrap().success());
        assert_eq!(store.subscribe(sums.clone()).await.unwrap(), at, "it has moved on");
        let sum = raw.query_one_scalar::<i64, _>("SELECT sum FROM sums", &[]).await.unwrap();
        assert_eq!(sum, round, "it has written on");
        store.release_lease(sums.lease(), "other".into()).await.unwrap();
    }
}
