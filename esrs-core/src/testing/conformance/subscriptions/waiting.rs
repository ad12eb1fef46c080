//! Waiting callers are told.

use std::time::Duration;

use futures_util::future::join;

use super::parking::aside;
use super::scripted::{Scripted, advance, new_subscription, step, subscribe};
use crate::event::{Position, StreamId};
use crate::log::StoreError;
use crate::read_model::subscription::WaitTarget;
use crate::store::SubscriptionStore;
use crate::testing::conformance::support::{append, batch, end_of_log, events, new_stream};

/// A caller that waits behind a position is told when something is appended, and at once when it was before.
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

/// A caller that waits for a subscription is told when it has come so far.
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

/// A caller that waits for events of a stream that is parked is told so, and does not wait for it.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_waits_for_a_parked_stream_is_told_so(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let (stream, other) = (new_stream("parked"), new_stream("followed"));
    let mut parking = step(&subscription, begin, 200);
    // At position 103.
    parking.park = vec![aside(&stream, 3)];
    advance(store, parking, Scripted::new(&subscription)).await;
    let wait = |position, streams: &[&StreamId]| {
        let position = Position::new(position);
        let streams = streams.iter().map(|stream| (*stream).clone()).collect();
        let target = WaitTarget { position, streams };
        store.wait_for(subscription.clone(), target, Duration::from_secs(10))
    };
    for (position, streams) in [
        (200, &[][..]),
        (103, &[]),
        (200, &[&stream]),
        (103, &[&stream]),
        (200, &[&other, &stream]),
    ] {
        let waited = wait(position, streams).await;
        let Err(StoreError::Parked { stream: parked, version: 3, event, reason, .. }) = &waited
        else {
            panic!(
                "{stream} is parked at position 103, and who waited for {position} of {streams:?} was told {waited:?}"
            )
        };
        assert_eq!(parked, &stream);
        assert_eq!((event.as_str(), reason.as_str()), ("conformance_checked", "it's \"odd\""));
    }
    for (position, streams) in
        [(102, &[][..]), (102, &[&stream]), (200, &[&other]), (7, &[&other, &stream])]
    {
        let waited = wait(position, streams).await;
        assert_eq!(waited.expect("these events are taken"), Position::new(200));
    }
}

/// A caller that waits for a subscription that has failed is told so at once, in whichever order the two
/// come; and what it has reached before counts.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_waits_for_a_subscription_that_failed_is_told_so(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let record = |failure: Option<&str>| {
        store.record_failure(subscription.clone(), failure.map(str::to_owned))
    };
    let wait = |position: u64, timeout| {
        store.wait_for(subscription.clone(), Position::new(position).into(), timeout)
    };
    let (long, moment) = (Duration::from_secs(30), Duration::from_millis(20));
    record(Some("nobody has entered it")).await.expect("of no effect");
    let begin = subscribe(store, &subscription).await;
    advance(store, step(&subscription, begin, 7), Scripted::new(&subscription)).await;
    let failure = || async {
        let of_all = store.checkpoints().await.expect("checkpoints can be listed");
        of_all.into_iter().find(|one| one.name == subscription.name).and_then(|one| one.failure)
    };
    assert_eq!(failure().await, None);
    // A text of any length, and of more than one line, is recorded as its beginning.
    record(Some(&format!("\u{1b}[2Jit\nfailed\0{}", "x".repeat(1 << 20)))).await.expect("recorded");
    let recorded = failure().await.unwrap_or_default();
    assert!(recorded.starts_with("\\u{1b}[2Jit\\nfailed\\u{0}x"), "{recorded:.100}");
    assert!(recorded.len() < 5_000, "{} bytes of a failure are kept", recorded.len());
    record(None).await.expect("recorded");
    let (waited, recorded) = join(wait(8, long), record(Some("a test says so"))).await;
    recorded.expect("it can be recorded");
    for waited in [waited, wait(8, long).await] {
        let Err(StoreError::SubscriptionFailed { reached, reason, .. }) = &waited else {
            panic!("it has failed, and who waited was told {waited:?}")
        };
        assert_eq!((*reached, reason.as_str()), (Position::new(7), "a test says so"));
    }
    assert_eq!(failure().await.as_deref(), Some("a test says so"));
    assert_eq!(wait(7, moment).await.expect("it was there before"), Position::new(7));
    record(None).await.expect("it can be recorded");
    assert_eq!(failure().await, None);
    let waited = wait(8, moment).await;
    assert!(matches!(waited, Err(StoreError::Lagging { .. })), "{waited:?}");
}
