//! Who waits is told.

use std::time::Duration;

use futures_util::future::join;

use super::scripted::{Scripted, advance, new_subscription, step, subscribe};
use crate::conformance::support::{append, batch, end_of_log, events, new_stream};
use crate::subscription::SubscriptionStore;
use crate::{Position, StoreError};

/// Who waits behind a position is told when something is appended, and at once when it was before.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_waits_is_told_of_an_append(store: &dyn SubscriptionStore) {
    let end = end_of_log(store).await;
    let stream = new_stream("waited_for");
    let appending = append(store, batch(&stream, events(1)));
    let (waited, appended) = join(store.wait_behind(end), appending).await;
    let waited = waited.expect("somebody may wait");
    assert!(waited >= appended.last_position || waited > end, "{waited} is not behind {end}");
    let at_once = store.wait_behind(Position::START).await.expect("somebody may wait");
    assert!(at_once >= appended.last_position);
}

/// Who waits for a subscription is told when it has come so far.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_waits_for_a_subscription_is_told_when_it_is_there(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let seven = Position::new(7);
    let waiting = store.wait_for(subscription.clone(), seven.into(), Duration::from_secs(10));
    let stepping = async {
        advance(store, step(&subscription, begin, 7), Scripted::new(&subscription)).await;
    };
    let (waited, ()) = join(waiting, stepping).await;
    assert_eq!(waited.expect("it is there"), seven);
    let there = store.wait_for(subscription, Position::new(6).into(), Duration::ZERO).await;
    assert_eq!(there.expect("it is there"), seven);
}

/// A subscription that does not come is waited for as long as was said, and the error says where it is.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_subscription_that_does_not_come_is_waited_for_no_longer(
    store: &dyn SubscriptionStore,
) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    advance(store, step(&subscription, begin, 7), Scripted::new(&subscription)).await;
    let (eight, moment) = (Position::new(8), Duration::from_millis(20));
    let waited = store.wait_for(subscription, eight.into(), moment).await;
    assert!(
        matches!(waited, Err(StoreError::Lagging { position, reached, .. })
            if position == eight && reached == Position::new(7)),
        "{waited:?}"
    );
}
