//! The PostgreSQL store keeps every promise of the suite, and is what the model says.

use std::process::{Command, Stdio};
use std::sync::Arc;

use esrs_core::EventStore;
use esrs_core::conformance::{self, model};
use esrs_postgres::PostgresStore;
use postgres_server::Database;
use proptest::prelude::*;

const URL_OF_CHILD: &str = "ESRS_TEST_URL_OF_CHILD";

fn database() -> Database {
    postgres_server::database().expect("the server has a database for the test")
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url).await.expect("a new log can be opened")
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn each_promise_is_kept_in_a_schema_of_its_own() {
    let database = database();
    for (number, case) in conformance::CASES.iter().enumerate() {
        let builder = PostgresStore::builder(database.url()).schema(format!("case_{number}"));
        let store = builder.open().await.unwrap();
        case.run(&store).await;
        store.close().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_promise_is_kept_in_one_log_that_is_opened_again() {
    let database = database();
    for _ in 0..2 {
        let store = open(database.url()).await;
        conformance::all(&store).await;
        store.close().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn each_promise_about_subscriptions_is_kept_in_one_log_that_is_opened_again() {
    let database = database();
    for _ in 0..2 {
        let store = open(database.url()).await;
        conformance::subscriptions::all(&store).await;
        store.close().await;
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_promise_is_kept_to_a_store_that_was_opened_just_now() {
    let database = database();
    let store = open(database.url()).await;
    let url = database.url().to_owned();
    let cold = conformance::Cold::new(store, move || {
        let url = url.clone();
        Box::pin(async move {
            let builder = PostgresStore::builder(&url).readers(1);
            Arc::new(builder.open().await.expect("it can be opened")) as Arc<dyn EventStore>
        })
    });
    conformance::all(&cold).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_promise_about_subscriptions_is_kept_by_two_stores_of_one_log() {
    let database = database();
    let (one, other) = (open(database.url()).await, open(database.url()).await);
    let beside = tokio::spawn(async move { conformance::subscriptions::all(&other).await });
    conformance::subscriptions::all(&one).await;
    beside.await.unwrap();
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn every_promise_about_subscriptions_is_kept_under_another_executor() {
    let database = database();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let store = runtime.block_on(open(database.url()));
    futures_executor::block_on(conformance::subscriptions::all(&store));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn every_promise_is_kept_while_another_store_appends_to_the_same_log() {
    let database = database();
    let (one, other) = (open(database.url()).await, open(database.url()).await);
    let beside = tokio::spawn(async move { conformance::all(&other).await });
    conformance::all(&one).await;
    beside.await.unwrap();
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn each_promise_about_read_models_is_kept_in_one_log_that_is_opened_again() {
    let database = database();
    for _ in 0..2 {
        let store = open(database.url()).await;
        conformance::read_models::all_with_sql(&store).await;
        store.close().await;
    }
}

/// Not a test of its own: what the processes do that the test below starts.
#[tokio::test]
async fn child() {
    let Ok(url) = std::env::var(URL_OF_CHILD) else { return };
    let store = open(&url).await;
    conformance::all(&store).await;
    conformance::subscriptions::all(&store).await;
    println!("@kept");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn every_promise_is_kept_by_two_processes_on_one_log() {
    let database = database();
    let start = || {
        Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "conformance::child", "--nocapture"])
            .env(URL_OF_CHILD, database.url())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary can be started")
    };
    for process in [start(), start()] {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("@kept"), "{said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    #[test]
    #[ignore = "needs PostgreSQL: cargo xtask test"]
    fn any_script_is_answered_as_the_model_does(
        seeds in prop::collection::vec(any::<u64>(), 1..80),
    ) {
        let script: Vec<_> = seeds.into_iter().map(model::Operation::from_seed).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let database = database();
        runtime.block_on(async {
            let store = open(database.url()).await;
            model::run(&store, &script).await;
            store.close().await;
        });
    }
}
