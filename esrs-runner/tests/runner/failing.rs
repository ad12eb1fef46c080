//! A failure that the program awaits, and cannot miss.

use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Runner, Running, State, SubscriptionFailure};

use crate::registered::{one, other};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, caught_up, history, until};

on_every_store!(
    subscription_that_has_ended_is_a_failure_at_once,
    subscription_that_keeps_failing_is_a_failure_after_a_while,
    subscription_that_goes_on_again_is_no_failure,
);

async fn failure(running: &Running) -> SubscriptionFailure {
    tokio::time::timeout(SOON, running.failed()).await.expect("a subscription has failed")
}

/// Nothing has failed, and nothing does for a while.
async fn assert_well(running: &Running) {
    let failed = tokio::time::timeout(Duration::from_millis(100), running.failed()).await;
    assert!(failed.is_err(), "{failed:?}");
}

async fn subscription_that_has_ended_is_a_failure_at_once(store: impl TestStore) {
    history(&store, 1, 1).await;
    // However patient its runner is.
    let runner = Runner::new(store.clone()).failure_patience(Duration::MAX);
    let running = runner.project::<one::Counts>().project::<one::Counts>().start();
    for _ in 0..2 {
        let failed = failure(&running).await;
        assert_eq!((failed.subscription, failed.has_ended), ("counts", true));
        assert!(failed.to_string().contains("is registered twice"), "{failed}");
    }
    // The first goes on.
    caught_up(&store, &running).await;
    running.stop().await;
}

async fn subscription_that_keeps_failing_is_a_failure_after_a_while(store: impl TestStore) {
    history(&store, 1, 1).await;
    let running = Runner::new(store.clone()).project::<one::Counts>().start();
    caught_up(&store, &running).await;
    assert_well(&running).await;
    let start = |patience| {
        Runner::new(store.clone()).failure_patience(patience).project::<other::Counts>().start()
    };
    let patient = start(Duration::MAX);
    until(&patient, |status| matches!(status.state, State::Failed { .. })).await;
    assert_well(&patient).await;
    patient.stop().await;
    // Longer than its attempts are apart.
    let patience = Duration::from_millis(700);
    let other = start(patience);
    let failed = failure(&other).await;
    assert!(failed.failing_for >= patience && !failed.has_ended, "{failed:?}");
    assert!(failed.reason.contains("a different definition"), "{failed}");
    other.stop().await;
    running.stop().await;
}

async fn subscription_that_goes_on_again_is_no_failure(store: impl TestStore) {
    history(&store, 1, 1).await;
    store.catch_up::<one::Counts>().await.unwrap();
    let runner = Runner::new(store.clone()).failure_patience(Duration::ZERO);
    let running = runner.project::<other::Counts>().start();
    assert!(!failure(&running).await.has_ended);
    store.rebuild::<other::Counts>().await.unwrap();
    caught_up(&store, &running).await;
    assert_well(&running).await;
    // What a newer program has taken over is followed by that, and no failure of this one.
    store.rebuild::<one::Counts>().await.unwrap();
    until(&running, |status| matches!(status.state, State::Superseded { .. })).await;
    assert_well(&running).await;
    running.stop().await;
}

#[tokio::test]
async fn runner_without_subscriptions_never_fails() {
    let running = Runner::new(MemoryStore::new()).start();
    assert_well(&running).await;
    running.stop().await;
}
