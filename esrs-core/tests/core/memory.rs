//! The memory store keeps every promise of the suite, and is what the model says.

use std::sync::Arc;

use esrs_core::conformance::{self, model};
use esrs_core::subscription::SubscriptionStore;
use esrs_core::{EventStore, MemoryStore};
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
async fn the_memory_store_keeps_every_promise_about_subscriptions() {
    for case in conformance::subscriptions::cases_without_sql() {
        case.run(&MemoryStore::new()).await;
    }
    let store = MemoryStore::new();
    for _ in 0..2 {
        conformance::subscriptions::all_without_sql(&store).await;
    }
}

#[tokio::test]
async fn the_memory_store_keeps_every_promise_about_read_models() {
    let store = MemoryStore::new();
    for _ in 0..2 {
        conformance::read_models::all(&store).await;
    }
}

#[tokio::test]
async fn pointers_to_a_store_keep_every_promise_of_a_log() {
    let boxed: Box<dyn EventStore> = Box::new(MemoryStore::new());
    conformance::all(&boxed).await;
    let shared: Arc<dyn EventStore> = Arc::new(MemoryStore::new());
    conformance::all(&shared).await;
    let borrowed: &'static MemoryStore = Box::leak(Box::new(MemoryStore::new()));
    conformance::all(&borrowed).await;
}

#[tokio::test]
async fn pointers_to_a_store_keep_every_promise_about_subscriptions() {
    let boxed: Box<dyn SubscriptionStore> = Box::new(MemoryStore::new());
    conformance::subscriptions::all_without_sql(&boxed).await;
    let shared: Arc<dyn SubscriptionStore> = Arc::new(MemoryStore::new());
    conformance::subscriptions::all_without_sql(&shared).await;
}

#[tokio::test]
async fn pointers_to_a_store_keep_every_promise_about_read_models() {
    conformance::read_models::all(&Box::new(MemoryStore::new())).await;
    conformance::read_models::all(&Arc::new(MemoryStore::new())).await;
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

/// On one thread, a task that takes a long log step by step leaves turns to the others.
#[tokio::test]
async fn steps_in_memory_leave_turns_to_other_tasks() {
    use esrs_core::subscription::{Advance, Advanced, CheckpointStore, ReadModelWriter};
    let store = MemoryStore::new();
    let (subscription, subscriber) = steps::subscriber();
    let turns = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let of_other = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            of_other.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let mut from = store.subscribe(subscription.clone()).await.unwrap();
    let mut subscriber = subscriber;
    for step in 1..=20 {
        let to = esrs_core::Position::new(step);
        let (park, resume) = (Vec::new(), Vec::new());
        let subscription = subscription.clone();
        let advance = Advance { subscription, from, to, mark: None, fence: None, park, resume };
        let (back, advanced) = store.advance(advance, subscriber).await;
        assert_eq!(advanced.unwrap(), Advanced::Done);
        (subscriber, from.position) = (back, to);
    }
    other.abort();
    assert!(turns.load(std::sync::atomic::Ordering::Relaxed) >= 20, "{turns:?}");
}

mod steps {
    use std::sync::Arc;

    use esrs_core::projection::ProjectionError;
    use esrs_core::subscription::{Parked, RowTransaction, Subscriber, Subscription};
    use esrs_core::{EventFilter, Page, Position, StoreError};
    use futures_core::future::BoxFuture;

    struct Idle(Arc<Subscription>);

    pub(super) fn subscriber() -> (Arc<Subscription>, Box<dyn Subscriber>) {
        let subscription = Arc::new(Subscription {
            name: "idle",
            definition: "1".into(),
            table: None,
            building: false,
            owner: None,
        });
        (subscription.clone(), Box::new(Idle(subscription)))
    }

    impl Subscriber for Idle {
        fn subscription(&self) -> &Arc<Subscription> {
            &self.0
        }

        fn filter(&self) -> EventFilter {
            EventFilter::everything()
        }

        fn take(&mut self, _: &Page, _: &Parked) -> Result<(), ProjectionError> {
            Ok(())
        }

        fn run<'a>(
            &'a mut self,
            _: Position,
            _: &'a mut dyn RowTransaction,
        ) -> BoxFuture<'a, Result<(), StoreError>> {
            Box::pin(std::future::ready(Ok(())))
        }
    }
}
