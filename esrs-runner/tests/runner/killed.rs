//! Processes that run a projection and a handler are killed at any moment: each event counts once.
//!
//! A short round with every test; a long one by
//! `ESRS_FAULTS=long cargo xtask test --release -p esrs-runner --test runner killed -- --nocapture`,
//! which prints what it counted.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::bank::{Account, AccountOpened, Balance, MoneyDeposited, Say};
use esrs::prelude::*;
use esrs::runner::Runner;
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, SubscriptionStore, Transaction};

/// The database of a child, and which it is.
const CHILD_OF_SQLITE: &str = "ESRS_TEST_CHILD_OF_SQLITE";
const CHILD_OF_POSTGRES: &str = "ESRS_TEST_CHILD_OF_POSTGRES";

/// So short that a killed holder is not waited for.
const LEASE: Duration = Duration::from_millis(150);

/// A row for each deposit, which nothing keeps from being written twice.
struct Deposits;

impl EventHandler for Deposits {
    const NAME: &'static str = "deposits";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        transaction.execute("DROP TABLE IF EXISTS deposits", &[]).await?;
        transaction.execute("CREATE TABLE deposits (position bigint)", &[]).await?;
        Ok(())
    }
}

impl On<MoneyDeposited> for Deposits {
    async fn on(
        &mut self,
        event: &Recorded<MoneyDeposited>,
        transaction: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        let position = Recorded::position(event).get() as i64;
        transaction.execute("INSERT INTO deposits VALUES ($1)", &[position.into()]).await?;
        Ok(())
    }
}

/// Not a test of its own: what the processes do that the tests below start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    if let Ok(file) = std::env::var(CHILD_OF_SQLITE) {
        run(SqliteStore::open(file).await.unwrap()).await;
    }
    if let Ok(url) = std::env::var(CHILD_OF_POSTGRES) {
        run(PostgresStore::open(&url).await.unwrap()).await;
    }
}

async fn run(store: impl SubscriptionStore) {
    let runner = Runner::new(store).lease(LEASE).batch(7);
    let _running = runner.project::<Balance>().handle(Deposits).start();
    std::future::pending().await
}

/// A child that ends with its parent's patience.
struct Killed(Child);

impl Killed {
    fn start(variable: &str, database: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::child", "--nocapture"])
            .env(variable, database)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // SIGKILL: nothing of it runs any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn rounds() -> u32 {
    match std::env::var("ESRS_FAULTS").as_deref() {
        Ok("long") => 100,
        _ => 6,
    }
}

/// Appends while children come and are killed; answers with how many deposits there are.
async fn append_and_kill(store: impl SubscriptionStore + Clone, start: impl Fn() -> Killed) -> i64 {
    const ACCOUNTS: u32 = 5;
    let accounts = Repository::<Account>::new(store.clone());
    for account in 1..=ACCOUNTS {
        let opened = AccountOpened { owner: "somebody".to_owned() };
        accounts.execute(&account, Say(opened)).await.unwrap();
    }
    let mut deposits = 0;
    for round in 0..rounds() {
        let children = [start(), start()];
        let life = Duration::from_millis(u64::from(100 + round * 37 % 300));
        let end = tokio::time::Instant::now() + life;
        while tokio::time::Instant::now() < end {
            let account = deposits as u32 % ACCOUNTS + 1;
            let deposit = Say(MoneyDeposited { cents: 1 });
            accounts.execute(&account, deposit).await.unwrap();
            deposits += 1;
        }
        drop(children);
    }
    let last = Runner::new(store.clone()).lease(LEASE).project::<Balance>().handle(Deposits);
    let running = last.start();
    let head = store.wait_behind(esrs::Position::START).await.unwrap();
    let patience = Duration::from_secs(60);
    let projected = esrs::subscription::Projected::<Balance>::subscription_of();
    store.wait_for(projected.into(), head.into(), patience).await.unwrap();
    let handled = esrs::subscription::Handled::<Deposits>::subscription_of();
    store.wait_for(handled.into(), head.into(), patience).await.unwrap();
    running.stop().await;
    println!("{} children were killed, {deposits} deposits made", 2 * rounds());
    deposits
}

/// The sums of the tables: cents of balances, deposits, and deposits without repetitions.
const SUMS: &str = "SELECT (SELECT CAST(sum(cents) AS bigint) FROM balances), count(*),
    count(DISTINCT position) FROM deposits";

fn assert_each_counts_once(rows: &[Vec<esrs::projection::Value>], deposits: i64) {
    assert_eq!(rows, [vec![deposits.into(), deposits.into(), deposits.into()]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_each_event_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bank.db");
    let store = SqliteStore::open(&file).await.unwrap();
    let start = || Killed::start(CHILD_OF_SQLITE, file.to_str().unwrap());
    let deposits = append_and_kill(store.clone(), start).await;
    assert_each_counts_once(&store.query(SUMS, []).await.unwrap(), deposits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn on_postgres_each_event_counts_once() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    let start = || Killed::start(CHILD_OF_POSTGRES, database.url());
    let deposits = append_and_kill(store.clone(), start).await;
    assert_each_counts_once(&store.query(SUMS, []).await.unwrap(), deposits);
}
