//! The memory store keeps every promise of the suite, and is what the model says.

use esrs_core::MemoryStore;
use esrs_core::conformance::{self, model};
use proptest::prelude::*;

#[tokio::test]
async fn the_memory_store_keeps_every_promise() {
    conformance::all(&MemoryStore::new()).await;
}

#[tokio::test]
async fn the_memory_store_keeps_every_promise_on_a_store_that_was_used_before() {
    let store = MemoryStore::new();
    conformance::all(&store).await;
    conformance::all(&store).await;
}

#[tokio::test]
async fn the_memory_store_keeps_every_promise_behind_an_arc() {
    let store: std::sync::Arc<dyn esrs_core::EventStore> = std::sync::Arc::new(MemoryStore::new());
    conformance::all(&store).await;
}

proptest! {
    #[test]
    fn the_memory_store_answers_any_script_as_the_model_does(
        seeds in prop::collection::vec(any::<u64>(), 1..120),
    ) {
        let script: Vec<_> = seeds.into_iter().map(model::Operation::from_seed).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(model::run(&MemoryStore::new(), &script));
    }
}
