//! Steps are stored as a whole, once, and in their order.

use std::sync::Arc;

use futures_util::future::join_all;

use super::parking::aside;
use super::scripted::{
    Scripted, advance, lock, names, new_subscription, rows, step, stored, subscribe, sum,
};
use crate::event::Position;
use crate::log::StoreError;
use crate::read_model::subscription::{
    Advance, Advanced, Checkpoint, ParkedStream, Replaced, Subscription,
};
use crate::store::SubscriptionStore;
use crate::testing::conformance::support::{append, batch, events, new_stream};

/// Rows that a step writes are there when its checkpoint is.
///
/// # Panics
/// When the store breaks the promise.
pub async fn rows_are_stored_together_with_the_checkpoint(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    assert_eq!(begin.position, Position::START, "a new subscription begins elsewhere");
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1), sum("b", 2)]));
    advance(store, step(&subscription, begin, 7), written).await;
    let now = subscribe(store, &subscription).await;
    assert_eq!(now, Checkpoint { position: Position::new(7), ..begin });
    let found = stored(store, &subscription, names(&["a", "b", "c"])).await;
    assert_eq!(found, [sum("a", 1), sum("b", 2)]);
    let of_all = store.checkpoints().await.expect("checkpoints can be listed");
    let listed = of_all.iter().find(|one| one.name == subscription.name);
    assert_eq!(listed.map(|one| (one.building, one.checkpoint)), Some((false, now)));
}

/// Of a step that fails after it has written, neither the rows nor the checkpoint are there.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_step_that_fails_stores_nothing(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let failing =
        Scripted { fails: true, ..Scripted::writing(&subscription, rows(vec![sum("a", 1)])) };
    let (_, failed) = store.advance(step(&subscription, begin, 7), Box::new(failing)).await;
    assert!(matches!(failed, Err(StoreError::InvalidBatch { .. })), "{failed:?}");
    assert_eq!(subscribe(store, &subscription).await, begin);
    assert!(stored(store, &subscription, names(&["a"])).await.is_empty());
}

/// A step from where a subscription does not stand is not stored, and told where it does.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_subscription_that_others_have_moved_is_not_advanced(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    advance(store, step(&subscription, begin, 7), Scripted::new(&subscription)).await;
    let now = Checkpoint { position: Position::new(7), ..begin };
    let of_another_generation = Checkpoint { generation: now.generation + 1, ..now };
    for from in [begin, of_another_generation] {
        let late = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
        let (_, advanced) = store.advance(step(&subscription, from, 9), Box::new(late)).await;
        assert!(matches!(advanced, Ok(Advanced::Elsewhere(at)) if at == now), "{advanced:?}");
    }
    assert_eq!(subscribe(store, &subscription).await, now);
    assert!(stored(store, &subscription, names(&["a"])).await.is_empty());
}

/// Of many steps from one place at once, one is stored, rows and all.
///
/// # Panics
/// When the store breaks the promise.
pub async fn of_many_steps_from_one_place_one_is_stored(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let steps = (1..=8).map(|number| {
        let written = Scripted::writing(&subscription, rows(vec![sum("a", number)]));
        store.advance(step(&subscription, begin, number as u64), Box::new(written))
    });
    let advanced = join_all(steps).await;
    let advanced: Vec<_> =
        advanced.into_iter().map(|(_, advanced)| advanced.expect("no step fails")).collect();
    let done = advanced.iter().filter(|advanced| matches!(advanced, Advanced::Done)).count();
    assert_eq!(done, 1, "{advanced:?}");
    let now = subscribe(store, &subscription).await;
    let found = stored(store, &subscription, names(&["a"])).await;
    assert_eq!(found, [sum("a", now.position.get() as i64)]);
}

/// A subscription of another definition is refused, and the rows stay as they are.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_changed_definition_is_noticed(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    advance(store, step(&subscription, begin, 7), written).await;
    let changed = Arc::new(Subscription { definition: "second".into(), ..(*subscription).clone() });
    let refused = store.subscribe(changed).await;
    assert!(
        matches!(&refused, Err(StoreError::ProjectionChanged { stored, declared, .. })
            if stored == "first" && declared == "second"),
        "{refused:?}"
    );
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// A subscription that starts over has an empty table and begins at the beginning, also with another
/// definition; a step that was begun before is not stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn who_starts_over_has_no_rows(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    advance(store, step(&subscription, begin, 7), written).await;
    let changed = Arc::new(Subscription { definition: "second".into(), ..(*subscription).clone() });
    let again = store.start_over(changed.clone(), None).await.expect("it can start over");
    assert_eq!(again.position, Position::START);
    assert!(again.generation > begin.generation, "{again:?} behind {begin:?}");
    assert!(stored(store, &changed, names(&["a"])).await.is_empty());
    let late = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    let (_, advanced) = store.advance(step(&subscription, begin, 7), Box::new(late)).await;
    assert!(matches!(advanced, Ok(Advanced::Elsewhere(_))), "{advanced:?}");
}

/// A table that was built next to the rows that are asked takes their place, and nothing of the one is in the
/// other before that. A step from before is not stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_was_built_takes_the_place_of_what_was_asked(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let begin = subscribe(store, &subscription).await;
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1), sum("b", 1)]));
    advance(store, step(&subscription, begin, 7), written).await;
    let asked = subscribe(store, &subscription).await;
    let changed = Subscription { definition: "second".into(), ..(*subscription).clone() };
    let (changed, building) = (Arc::new(changed.clone()), Arc::new(changed.building()));
    let beside = subscribe(store, &building).await;
    let built = Scripted::writing(&building, rows(vec![sum("a", 2)]));
    advance(store, step(&building, beside, 9), built).await;
    let still = stored(store, &subscription, names(&["a", "b"])).await;
    assert_eq!(still, [sum("a", 1), sum("b", 1)]);

    let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
    let replaced = replaced.expect("it can be replaced");
    let Replaced::Done(now) = replaced else { panic!("it was not put in place: {replaced:?}") };
    assert_eq!(now.position, Position::new(9));
    assert_eq!(subscribe(store, &changed).await, now);
    assert_eq!(stored(store, &changed, names(&["a", "b"])).await, [sum("a", 2)]);
    let late = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    let (_, advanced) = store.advance(step(&subscription, asked, 9), Box::new(late)).await;
    assert!(matches!(advanced, Ok(Advanced::Elsewhere(_))), "{advanced:?}");
    assert_eq!(subscribe(store, &building).await.position, Position::START, "it is built anew");
}

/// A table behind the rows that are asked takes the events in between in the transaction that puts it in
/// their place: each once, in their order, and not those of streams that it has parked.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_stands_behind_takes_what_it_lacks_first(store: &dyn SubscriptionStore) {
    let (subscription, (first, aside, last)) = (new_subscription(), append_three(store).await);
    bring(store, last, Scripted::new(&subscription)).await;
    let building = Arc::new(subscription.building());
    bring(store, first, Scripted::new(&building)).await;
    let at = subscribe(store, &building).await;
    let parking = Advance { park: vec![aside.clone()], ..step(&building, at, first.get()) };
    advance(store, parking, Scripted::new(&building)).await;
    let lacking = Scripted::writing(&building, rows(vec![sum("a", 2)]));
    let taken = lacking.taken.clone();
    let Ok(Replaced::Done(now)) = store.replace(Box::new(lacking), None).await.1 else {
        panic!("it was not put in place")
    };
    assert!(now.position >= last, "{now:?} is before {last}, where the rows stood");
    let taken = lock(&taken).clone();
    assert!(taken.iter().all(|position| *position > first), "{first} is taken twice: {taken:?}");
    assert!(taken.is_sorted_by(|one, next| one < next), "{taken:?}");
    assert!(taken.contains(&last) && !taken.contains(&aside.position), "{taken:?}");
    assert_eq!(subscribe(store, &subscription).await, now);
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 2)]);
    let parked = store.parked(subscription).await.expect("they can be listed");
    assert_eq!(parked, [aside]);
}

/// Where the events in between cannot be taken, nothing is changed.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_cannot_take_what_it_lacks_takes_no_place(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let (first, _, last) = append_three(store).await;
    let asked = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    bring(store, last, asked).await;
    let building = Arc::new(subscription.building());
    bring(store, first, Scripted::new(&building)).await;
    let written = Scripted::writing(&building, rows(vec![sum("a", 2)]));
    let (back, replaced) = store.replace(Box::new(Scripted { fails: true, ..written }), None).await;
    assert!(matches!(replaced, Err(StoreError::InvalidBatch { .. })), "{replaced:?}");
    assert_eq!(back.subscription(), &building);
    assert_eq!(subscribe(store, &building).await.position, first);
    assert!(stored(store, &building, names(&["a"])).await.is_empty());
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// A table far behind the rows that are asked does not take their place: nobody sees them go back, and nobody
/// has to wait for that many events.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_stands_far_behind_takes_no_place(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let far = Position::new(7 + Replaced::MOST_TAKEN + 1);
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    bring(store, far, written).await;
    let building = Arc::new(subscription.building());
    bring(store, Position::new(7), Scripted::new(&building)).await;
    let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
    assert_eq!(replaced.expect("it can be asked for"), Replaced::Behind(far));
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// A runner that still builds what was put in place already is told that it has no position, and can begin
/// again.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_was_put_in_place_stands_nowhere(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    bring(store, Position::new(7), Scripted::new(&subscription)).await;
    let building = Arc::new(subscription.building());
    bring(store, Position::new(9), Scripted::new(&building)).await;
    let stood = subscribe(store, &building).await;
    let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
    assert!(matches!(replaced, Ok(Replaced::Done(_))), "{replaced:?}");

    let late = Box::new(Scripted::new(&building));
    let (late, advanced) = store.advance(step(&building, stood, 11), late).await;
    let advanced = advanced.expect("it is told where it stands");
    assert_eq!(advanced, Advanced::Elsewhere(Checkpoint::NOWHERE));
    let again = store.replace(late, None).await.1.expect("it can be asked for");
    assert_eq!(again, Replaced::Behind(Position::new(9)));
    let anew = subscribe(store, &building).await;
    assert!(anew.position == Position::START && anew.generation > stood.generation, "{anew:?}");
}

/// A subscription that is not built next to another takes no place, and stays as it is.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_is_asked_takes_nobodys_place(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let written = Scripted::writing(&subscription, rows(vec![sum("a", 1)]));
    bring(store, Position::new(7), written).await;
    let replaced = store.replace(Box::new(Scripted::new(&subscription)), None).await.1;
    assert!(matches!(replaced, Err(StoreError::ProjectionTable { .. })), "{replaced:?}");
    assert_eq!(stored(store, &subscription, names(&["a"])).await, [sum("a", 1)]);
}

/// Appends three events, of which the one in the middle is of a stream to be put aside; where they stand.
async fn append_three(store: &dyn SubscriptionStore) -> (Position, ParkedStream, Position) {
    let (stream, other) = (new_stream("lacking"), new_stream("parked"));
    let mut positions = Vec::new();
    for stream in [&stream, &other, &stream] {
        positions.push(append(store, batch(stream, events(1))).await.last_position);
    }
    let parked = ParkedStream { position: positions[1], ..aside(&other, 1) };
    (positions[0], parked, positions[2])
}

/// Brings a subscription to a position.
async fn bring(store: &dyn SubscriptionStore, to: Position, scripted: Scripted) {
    let subscription = scripted.subscription.clone();
    let begin = subscribe(store, &subscription).await;
    advance(store, step(&subscription, begin, to.get()), scripted).await;
}
