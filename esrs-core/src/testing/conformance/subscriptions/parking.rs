//! Streams that are put aside, and taken up again.

use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::scripted::{Scripted, advance, new_subscription, step, subscribe};
use crate::event::{Position, StreamId};
use crate::log::StoreError;
use crate::read_model::subscription::{
    Checkpoint, Decision, ParkedStream, ParkingAction, ParkingEntry, Replaced, ResumedStream,
    Subscription,
};
use crate::store::SubscriptionStore;
use crate::testing::conformance::support::new_stream;

/// A stream to be put aside.
pub(super) fn aside(stream: &StreamId, version: u64) -> ParkedStream {
    ParkedStream {
        stream: stream.clone(),
        version,
        position: Position::new(100 + version),
        event: "conformance_checked".to_owned(),
        reason: "it's \"odd\"".to_owned(),
        parked_at: Timestamp::from_microsecond(1_700_000_000_123_456).expect("a time"),
        is_to_resume: false,
    }
}

async fn park(
    store: &dyn SubscriptionStore,
    subscription: &Arc<Subscription>,
    streams: Vec<ParkedStream>,
) -> Checkpoint {
    let begin = subscribe(store, subscription).await;
    let to = begin.position.get() + 1;
    let mut step = step(subscription, begin, to);
    step.park = streams;
    advance(store, step, Scripted::new(subscription)).await;
    Checkpoint { position: Position::new(to), ..begin }
}

async fn parked(
    store: &dyn SubscriptionStore,
    subscription: &Arc<Subscription>,
) -> Vec<ParkedStream> {
    store.parked(subscription.clone()).await.expect("parked streams can be listed")
}

async fn log(store: &dyn SubscriptionStore, subscription: &Arc<Subscription>) -> Vec<ParkingEntry> {
    let name = subscription.name.to_owned();
    store.parking_log(name).await.expect("the log of what was parked can be read")
}

fn told(entries: &[ParkingEntry]) -> Vec<(u64, ParkingAction, Option<&str>, &str)> {
    let mut told = Vec::new();
    for ParkingEntry { version, action, actor, reason, .. } in entries {
        told.push((*version, *action, actor.as_deref(), reason.as_str()));
    }
    told
}

/// A stream is parked when the step is stored, and listed with what was said of it.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_stream_is_parked_with_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let (one, other) = (new_stream("parked"), new_stream("parked"));
    let begin = subscribe(store, &subscription).await;
    let mut failing = step(&subscription, begin, 1);
    failing.park = vec![aside(&one, 3)];
    let scripted = Scripted { fails: true, ..Scripted::new(&subscription) };
    let (_, failed) = store.advance(failing, Box::new(scripted)).await;
    assert!(failed.is_err(), "{failed:?}");
    assert!(parked(store, &subscription).await.is_empty());

    park(store, &subscription, vec![aside(&other, 5), aside(&one, 3)]).await;
    assert_eq!(parked(store, &subscription).await, [aside(&one, 3), aside(&other, 5)]);
    // Again, because another try came to another end.
    let again = ParkedStream { reason: "still odd".to_owned(), ..aside(&one, 3) };
    park(store, &subscription, vec![again.clone()]).await;
    assert_eq!(parked(store, &subscription).await, [again, aside(&other, 5)]);
    let of_all = store.checkpoints().await.expect("checkpoints can be listed");
    let listed = of_all.iter().find(|one| one.name == subscription.name);
    assert_eq!(listed.map(|one| one.parked), Some(2));
}

/// Decisions about a parked stream are recorded with actor and reason.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_decision_about_a_parked_stream_is_kept(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let stream = new_stream("parked");
    park(store, &subscription, vec![aside(&stream, 3)]).await;
    let decide = |stream: &StreamId, decision| {
        store.decide(subscription.name.to_owned(), stream.clone(), decision)
    };
    let unknown = new_stream("not_parked");
    assert!(!decide(&unknown, Decision::retry(3, "alice", "why not")).await.expect("an answer"));
    for other in [2, 4] {
        let elsewhere = decide(&stream, Decision::retry(other, "alice", "not there")).await;
        assert!(!elsewhere.expect("an answer"), "it is parked at 3, not at {other}");
    }
    let (actor, reason) =
        ("a".repeat(Decision::MAX_ACTOR_LENGTH), "r".repeat(Decision::MAX_REASON_LENGTH));
    for (actor, reason) in
        [(format!("{actor}a"), "too long".to_owned()), ("alice".to_owned(), format!("{reason}r"))]
    {
        let (what, length) = match reason.len() > actor.len() {
            true => ("reason", reason.len()),
            false => ("actor", actor.len()),
        };
        for decision in [Decision::retry(3, &*actor, &*reason), Decision::skip(3, actor, reason)] {
            let refused = decide(&stream, decision).await;
            let Err(StoreError::Limit(limit)) = &refused else {
                panic!("a text that is too long was answered with {refused:?}")
            };
            assert!(limit.what.contains(what) && limit.actual == length, "{limit:?}");
        }
    }
    assert_eq!(parked(store, &subscription).await, [aside(&stream, 3)]);
    let longest = decide(&stream, Decision::retry(3, &*actor, &*reason)).await;
    assert!(longest.expect("an answer"));
    assert!(decide(&stream, Decision::retry(3, "alice", "mended")).await.expect("an answer"));
    let asked = parked(store, &subscription).await;
    assert_eq!(asked, [ParkedStream { is_to_resume: true, ..aside(&stream, 3) }]);
    assert!(decide(&stream, Decision::skip(3, "bob", "a test of ours")).await.expect("an answer"));
    // Another operator, who has seen the same list, skips nothing more.
    let twice = decide(&stream, Decision::skip(3, "carol", "the same test")).await;
    assert!(!twice.expect("an answer"), "one event was skipped for two who named the same");
    let skipped = parked(store, &subscription).await;
    assert_eq!(
        skipped.iter().map(|one| (one.version, one.is_to_resume)).collect::<Vec<_>>(),
        [(4, true)]
    );
    let entries = log(store, &subscription).await;
    assert_eq!(
        told(&entries),
        [
            (3, ParkingAction::Parked, None, "it's \"odd\""),
            (3, ParkingAction::Retried, Some(&*actor), &*reason),
            (3, ParkingAction::Retried, Some("alice"), "mended"),
            (3, ParkingAction::Skipped, Some("bob"), "a test of ours"),
        ]
    );
    assert!(entries.iter().all(|entry| entry.stream == stream));
}

/// Of many operators who skip one event at once, one does: the next event is not skipped by the others.
///
/// # Panics
/// When the store breaks the promise.
pub async fn of_many_who_skip_one_event_one_skips_it(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let (stream, other) = (new_stream("parked"), new_stream("parked"));
    park(store, &subscription, vec![aside(&stream, 3), aside(&other, 3)]).await;
    let skips = (0..8).map(|number| {
        let decision = Decision::skip(3, format!("operator {number}"), "seen by all");
        store.decide(subscription.name.to_owned(), stream.clone(), decision)
    });
    let skips = join_all(skips).await;
    let done = skips.into_iter().filter(|done| matches!(done, Ok(true))).count();
    assert_eq!(done, 1, "one event was skipped so often");
    let mut versions: Vec<_> =
        parked(store, &subscription).await.iter().map(|one| one.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [3, 4]);
    let entries = log(store, &subscription).await;
    let skipped = entries.iter().filter(|entry| entry.action == ParkingAction::Skipped).count();
    assert_eq!(skipped, 1);
}

/// A stream is taken up again as far as the step says.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_stream_is_resumed_with_the_step(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let stream = new_stream("parked");
    let at = park(store, &subscription, vec![aside(&stream, 3)]).await;
    let resume = |next_version| {
        let mut step = step(&subscription, at, at.position.get());
        step.resume = vec![ResumedStream { stream: stream.clone(), next_version }];
        step
    };
    advance(store, resume(Some(9)), Scripted::new(&subscription)).await;
    assert_eq!(parked(store, &subscription).await[0].version, 9);
    advance(store, resume(None), Scripted::new(&subscription)).await;
    assert!(parked(store, &subscription).await.is_empty());
    let entries = log(store, &subscription).await;
    let actions: Vec<_> = entries.iter().map(|entry| (entry.version, entry.action)).collect();
    assert_eq!(actions, [(3, ParkingAction::Parked), (9, ParkingAction::Resumed)]);
}

/// A subscription that was built next to another takes its place together with the streams it has parked.
///
/// # Panics
/// When the store breaks the promise.
pub async fn what_was_built_brings_its_parked_streams(store: &dyn SubscriptionStore) {
    let subscription = new_subscription();
    let building = Arc::new(subscription.building());
    let (one, other) = (new_stream("parked"), new_stream("parked"));
    park(store, &subscription, vec![aside(&one, 3)]).await;
    park(store, &building, vec![aside(&other, 5)]).await;
    assert_eq!(parked(store, &subscription).await, [aside(&one, 3)]);
    assert_eq!(parked(store, &building).await, [aside(&other, 5)]);
    let replaced = store.replace(Box::new(Scripted::new(&building)), None).await.1;
    assert!(matches!(replaced, Ok(Replaced::Done(_))), "{replaced:?}");
    assert_eq!(parked(store, &subscription).await, [aside(&other, 5)]);
    assert!(parked(store, &building).await.is_empty());
}
