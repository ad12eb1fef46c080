//! A definition that was replaced by another does not take its place again by itself.

use std::sync::Arc;
use std::time::Duration;

use super::scripted::{
    Scripted, advance, names, new_subscription, rows, step, stored, subscribe, sum,
};
use crate::event::Position;
use crate::log::StoreError;
use crate::read_model::subscription::{Replaced, Subscription};
use crate::store::SubscriptionStore;

fn second(first: &Subscription) -> Arc<Subscription> {
    Arc::new(Subscription { definition: "second".into(), ..first.clone() })
}

async fn assert_superseded(
    store: &dyn SubscriptionStore,
    subscription: &Arc<Subscription>,
    by: &Subscription,
) {
    let subscribed = store.subscribe(subscription.clone()).await.map(drop);
    let target = Position::START.into();
    let waited = store.wait_for(subscription.clone(), target, Duration::from_secs(10)).await;
    for refused in [subscribed, waited.map(drop)] {
        let Err(StoreError::ProjectionSuperseded { stored, declared, .. }) = &refused else {
            panic!("its definition was replaced, and it was said: {refused:?}")
        };
        assert_eq!(
            (stored.as_str(), declared.as_str()),
            (&*by.definition, &*subscription.definition)
        );
    }
}

async fn build(store: &dyn SubscriptionStore, subscription: &Subscription, number: i64) {
    let building = Arc::new(subscription.building());
    let begin = subscribe(store, &building).await;
    let written = Scripted::writing(&building, rows(vec![sum("a", number)]));
    advance(store, step(&building, begin, 9), written).await;
    let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
    assert!(matches!(replaced, Ok(Replaced::Done(_))), "{replaced:?}");
}

/// Once the rows of another definition are in place, the one before is told so, and is no reason to
/// rebuild; an explicit rebuild to it makes the other the one that was replaced.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_definition_that_was_replaced_does_not_come_back(store: &dyn SubscriptionStore) {
    let first = new_subscription();
    let second = second(&first);
    let begin = subscribe(store, &first).await;
    let written = Scripted::writing(&first, rows(vec![sum("a", 1)]));
    advance(store, step(&first, begin, 7), written).await;
    // Until there is another, it is only changed.
    let changed = store.subscribe(second.clone()).await;
    assert!(matches!(changed, Err(StoreError::ProjectionChanged { .. })), "{changed:?}");
    build(store, &second, 2).await;
    for _ in 0..2 {
        assert_superseded(store, &first, &second).await;
        subscribe(store, &second).await;
    }
    // Nobody has replaced a third definition.
    let third = Arc::new(Subscription { definition: "third".into(), ..(*first).clone() });
    let changed = store.subscribe(third).await;
    assert!(matches!(changed, Err(StoreError::ProjectionChanged { .. })), "{changed:?}");
    build(store, &first, 3).await;
    assert_superseded(store, &second, &first).await;
    assert_eq!(stored(store, &first, names(&["a"])).await, [sum("a", 3)]);
}

/// The same when a subscription of another definition was started over.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_definition_that_was_started_over_does_not_come_back(store: &dyn SubscriptionStore) {
    let first = new_subscription();
    let second = second(&first);
    subscribe(store, &first).await;
    for (old, new) in [(&first, &second), (&second, &first), (&first, &second)] {
        store.start_over(new.clone(), None).await.expect("it can start over");
        assert_superseded(store, old, new).await;
        subscribe(store, new).await;
        // To start over once more changes nothing of that.
        store.start_over(new.clone(), None).await.expect("it can start over");
        assert_superseded(store, old, new).await;
    }
}
