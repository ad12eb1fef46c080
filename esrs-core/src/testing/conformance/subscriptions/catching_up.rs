//! Bringing a subscription to the end of the log.

use super::parking::aside;
use super::scripted::{Scripted, advance, new_subscription, step, subscribe};
use crate::log::StoreError;
use crate::read_model::subscription::ParkedStream;
use crate::store::{SubscriptionStore, catch_up, catch_up_unless_parked};
use crate::testing::conformance::support::{append, batch, events, new_stream};

/// A caller that brings a subscription to the end of the log is told of a stream that it has parked, after
/// all else is taken.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_catches_up_is_told_of_parked_streams(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let (stream, other) = (new_stream("parked"), new_stream("followed"));
    let first = append(store, batch(&stream, events(1))).await.last_position;
    let begin = subscribe(store, &subscription).await;
    let mut parking = step(&subscription, begin, first.get());
    parking.park = vec![ParkedStream { position: first, ..aside(&stream, 1) }];
    advance(store, parking, Scripted::new(&subscription)).await;
    let last = append(store, batch(&other, events(2))).await.last_position;
    for _ in 0..2 {
        let scripted = Box::new(Scripted::new(&subscription));
        let caught_up = catch_up(store, scripted, |_| {}).await;
        let Err(StoreError::Parked { stream: parked, version: 1, .. }) = &caught_up else {
            panic!("{stream} is parked, and who caught up was told {caught_up:?}")
        };
        assert_eq!(parked, &stream);
        assert!(subscribe(store, &subscription).await.position >= last);
    }
    let scripted = Box::new(Scripted::new(&subscription));
    let caught_up = catch_up_unless_parked(store, scripted, |_| {}).await;
    assert!(caught_up.expect("it does not ask for them") >= last);
}
