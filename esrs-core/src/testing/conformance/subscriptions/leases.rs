//! One holder at a time, and none from before.

use std::time::Duration;

use uuid::Uuid;

use super::scripted::{Scripted, advance, new_subscription, rows, step, subscribe, sum};
use crate::log::StoreError;
use crate::read_model::subscription::{Lease, LeaseClaim};
use crate::store::{LeaseStore, SubscriptionStore};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

async fn claim(store: &dyn LeaseStore, name: &str, holder: &str, duration: Duration) -> Lease {
    let claim = LeaseClaim { name: name.to_owned(), holder: holder.into(), duration };
    store.claim_lease(claim).await.expect("a lease can be asked for")
}

async fn fence(store: &dyn LeaseStore, name: &str, holder: &str, for_: Duration) -> u64 {
    match claim(store, name, holder, for_).await {
        Lease::Held { fence } => fence,
        Lease::Taken { by, .. } => panic!("{name} is held by {by}, and was to be free"),
    }
}

/// Asks until the lease is given.
async fn take_over(store: &dyn LeaseStore, name: &str, holder: &str) -> u64 {
    loop {
        if let Lease::Held { fence } = claim(store, name, holder, LONG).await {
            return fence;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn new_lease() -> String {
    format!("conformance {}", Uuid::now_v7())
}

/// While one holds a lease, another is told whose it is; the holder has it renewed.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_lease_has_one_holder(store: &dyn LeaseStore) {
    let name = new_lease();
    let first = fence(store, &name, "one", LONG).await;
    match claim(store, &name, "other", LONG).await {
        Lease::Taken { by, for_another } => {
            assert_eq!(by, "one");
            assert!(for_another <= LONG && for_another > LONG / 2, "{for_another:?}");
        }
        Lease::Held { .. } => panic!("two hold {name}"),
    }
    assert_eq!(fence(store, &name, "one", LONG).await, first, "the fence of a renewal");
    store.release_lease(name.clone(), "other".into()).await.expect("it is not other's");
    assert!(matches!(claim(store, &name, "other", LONG).await, Lease::Taken { .. }));
}

/// A lease whose name or holder is too long is [`StoreError::Limit`], and nobody holds it; the longest are
/// stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn names_of_a_lease_are_bounded(store: &dyn LeaseStore) {
    let longest = |of: &str| format!("{of:x<0$}", LeaseClaim::MAX_LENGTH);
    let name = longest(&new_lease());
    for (name, holder) in [
        (format!("{name}x"), "one".to_owned()),
        (name.clone(), format!("{}x", longest("one"))),
        (name.clone(), "š".repeat(LeaseClaim::MAX_LENGTH / 2 + 1)),
        ("x".repeat(1 << 20), "one".to_owned()),
    ] {
        let claim = LeaseClaim { name, holder: holder.into(), duration: LONG };
        match store.claim_lease(claim).await {
            Err(StoreError::Limit(limit)) => assert!(limit.actual > limit.max, "{limit:?}"),
            other => panic!("a name that is too long was answered by {other:?}"),
        }
    }
    fence(store, &name, &longest("one"), LONG).await;
    match claim(store, &name, "other", LONG).await {
        Lease::Taken { by, .. } => assert_eq!(by, longest("one")),
        Lease::Held { .. } => panic!("two hold {name}"),
    }
}

/// A lease that ended is given to the next process that asks, with a higher fence.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_lease_that_ended_is_taken_over(store: &dyn LeaseStore) {
    let name = new_lease();
    let first = fence(store, &name, "one", SHORT).await;
    let second = take_over(store, &name, "other").await;
    assert!(second > first, "{second} after {first}");
    assert!(matches!(claim(store, &name, "one", LONG).await, Lease::Taken { .. }));
}

/// A lease that was given back is free at once, and its fence is gone.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_fence_is_never_given_twice(store: &dyn LeaseStore) {
    let name = new_lease();
    let mut last = 0;
    for holder in ["one", "other", "other", "one"] {
        let next = fence(store, &name, holder, LONG).await;
        assert!(next > last, "{next} after {last}");
        last = next;
        store.release_lease(name.clone(), holder.into()).await.expect("it can be given back");
    }
}

/// With the fence of a lease that was taken over, nothing is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_holder_that_was_only_slow_stores_nothing(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let lease = subscription.lease();
    let begin = subscribe(store, &subscription).await;
    let slow = fence(store, &lease, "one", SHORT).await;
    let under = |fence, to| {
        let mut step = step(&subscription, begin, to);
        step.fence = Some(fence);
        step
    };
    let newer = take_over(store, &lease, "other").await;
    let late = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    let (_, refused) = store.advance(under(slow, 1), Box::new(late)).await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
    let refused = store.start_over(subscription.clone(), Some(slow)).await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 2)]));
    advance(store, under(newer, 1), written).await;
    store.release_lease(lease.clone(), "other".into()).await.expect("it can be given back");
}
