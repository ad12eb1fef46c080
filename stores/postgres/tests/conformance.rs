//! The PostgreSQL store keeps every promise of the suite, and is what the model says.

use esrs_core::conformance::{self, model};
use esrs_postgres::PostgresStore;
use proptest::prelude::*;

fn url() -> String {
    std::env::var("ESRS_POSTGRES_URL").expect("the url of a server")
}

#[tokio::test]
async fn each_promise_is_kept_in_a_schema_of_its_own() {
    for (number, case) in conformance::CASES.iter().enumerate() {
        eprintln!("{}", case.name);
        let store =
            PostgresStore::builder(&url()).schema(format!("case_{number}")).open().await.unwrap();
        case.run(&store).await;
        store.close().await;
    }
}

#[tokio::test]
async fn every_promise_is_kept_in_one_schema_that_is_opened_again() {
    for _ in 0..2 {
        let store = PostgresStore::open(&url()).await.unwrap();
        conformance::all(&store).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept_while_another_store_appends_to_the_same_log() {
    let (one, other) =
        (PostgresStore::open(&url()).await.unwrap(), PostgresStore::open(&url()).await.unwrap());
    let beside = tokio::spawn(async move {
        conformance::all(&other).await;
    });
    conformance::all(&one).await;
    beside.await.unwrap();
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_script_is_answered_as_the_model_does(
        seeds in prop::collection::vec(any::<u64>(), 1..80),
    ) {
        let script: Vec<_> = seeds.into_iter().map(model::Operation::from_seed).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = PostgresStore::builder(&url()).schema("model").open().await.unwrap();
            model::run(&store, &script).await;
            store.close().await;
        });
    }
}
