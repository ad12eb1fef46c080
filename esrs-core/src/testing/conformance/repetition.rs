//! An append that is repeated with the same event ids is stored once.

use futures_util::future::join_all;

use super::support::{
    append, append_error, assert_empty, assert_stored, batch, events, new_stream,
};
use crate::event::StreamId;
use crate::log::{AppendBatch, AppendCondition, Appended, NewEvent, StoreError};
use crate::store::EventStore;

/// Checks that `batch`, which was answered with `first`, is answered with it again.
pub(super) async fn assert_repeated(store: &dyn EventStore, batch: AppendBatch, first: &Appended) {
    let again = append(store, batch).await;
    let expected = Appended { repeated: true, ..first.clone() };
    assert_eq!(again, expected, "a repeated append was not answered with the first result");
}

const CONDITIONS: [AppendCondition; 3] =
    [AppendCondition::Any, AppendCondition::NoStream, AppendCondition::Version(0)];

/// A repetition is answered with the first result, on every condition, and stores nothing.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_repeated_append_is_answered_with_the_first_result(store: &dyn EventStore) {
    for condition in CONDITIONS {
        let stream = new_stream("repeated");
        let appended = AppendBatch::new(stream.clone(), condition, events(3));
        let first = append(store, appended.clone()).await;
        assert!(!first.repeated, "an append was taken for a repetition, and it was the first");
        assert_repeated(store, appended.clone(), &first).await;
        assert_repeated(store, appended.clone(), &first).await;
        assert_stored(store, &stream, &appended.streams[0].events).await;
    }
}

/// A repetition is known by its event ids, also when the stream has grown since.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_repeated_append_is_known_after_later_events(store: &dyn EventStore) {
    for condition in CONDITIONS {
        let stream = new_stream("late");
        let appended = AppendBatch::new(stream.clone(), condition, events(2));
        let first = append(store, appended.clone()).await;
        let mut all = appended.streams[0].events.clone();
        for _ in 0..2 {
            let later = events(2);
            append(store, batch(&stream, later.clone())).await;
            all.extend(later);
        }
        assert_repeated(store, appended, &first).await;
        assert_stored(store, &stream, &all).await;
    }
}

/// A repetition of an append to several streams is answered for all of them.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_repeated_append_of_several_streams_is_known(store: &dyn EventStore) {
    let (left, right) = (new_stream("left"), new_stream("right"));
    let old = events(4);
    append(store, batch(&right, old.clone())).await;
    let both = batch(&left, events(2)).and(right.clone(), AppendCondition::Version(4), events(1));
    let first = append(store, both.clone()).await;
    append(store, batch(&left, events(1))).await;
    assert_repeated(store, both.clone(), &first).await;
    let all = [old, both.streams[1].events.clone()].concat();
    assert_stored(store, &right, &all).await;
}

/// A batch in which some ids are stored already, and some are not, is refused as a whole.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_batch_of_which_some_ids_are_known_is_refused(store: &dyn EventStore) {
    let stream = new_stream("partly");
    let known = events(2);
    append(store, batch(&stream, known.clone())).await;
    // What stands behind the known events is not taken for the unknown ones.
    let later = events(3);
    append(store, batch(&stream, later.clone())).await;
    let fresh = events(2);
    let mixtures = [
        vec![known[0].clone(), fresh[0].clone()],
        vec![known[0].clone(), known[1].clone(), fresh[0].clone()],
        vec![fresh[0].clone(), known[0].clone()],
        vec![known[0].clone(), fresh[0].clone(), known[1].clone()],
    ];
    for mixture in mixtures {
        refuse_ids(store, batch(&stream, mixture), &known).await;
    }
    let other = new_stream("other");
    let across = batch(&other, fresh).and(stream.clone(), AppendCondition::Any, known.clone());
    refuse_ids(store, across, &known).await;
    assert_empty(store, &other).await;
    assert_stored(store, &stream, &[known, later].concat()).await;
}

/// Ids that are stored already do not make a repetition on another stream, nor in another order.
///
/// # Panics
/// When the store breaks the promise.
pub async fn known_ids_on_another_stream_or_in_another_order_are_refused(store: &dyn EventStore) {
    let (stream, other) = (new_stream("owner"), new_stream("taker"));
    let known = events(2);
    append(store, batch(&stream, known.clone())).await;
    refuse_ids(store, batch(&other, known.clone()), &known).await;
    let turned: Vec<_> = known.iter().rev().cloned().collect();
    refuse_ids(store, batch(&stream, turned), &known).await;
    assert_empty(store, &other).await;
    assert_stored(store, &stream, &known).await;
}

async fn refuse_ids(store: &dyn EventStore, attempt: AppendBatch, known: &[NewEvent]) {
    match append_error(store, attempt).await {
        StoreError::EventIdTaken { event_id } => assert!(
            known.iter().any(|event| event.id == event_id),
            "the id {event_id} is said to be taken, and it is not"
        ),
        other => panic!("ids that are taken were reported as something else: {other}"),
    }
}

/// Of concurrent appends with the same event ids one is stored, and all get the same answer.
///
/// # Panics
/// When the store breaks the promise.
pub async fn concurrent_repetitions_are_stored_once(store: &dyn EventStore) {
    let stream = new_stream("at_once");
    let same = AppendBatch::new(stream.clone(), AppendCondition::NoStream, events(2));
    let answers = join_all((0..20).map(|_| append(store, same.clone()))).await;
    assert_one_answer(&answers);
    assert_stored(store, &stream, &same.streams[0].events).await;
}

/// Checks that one append was stored, and that the others were answered with its result.
pub(super) fn assert_one_answer(answers: &[Appended]) {
    let stored = answers.iter().filter(|answer| !answer.repeated).count();
    assert_eq!(stored, 1, "of concurrent repetitions one is stored, not {stored}");
    let places = |answer: &Appended| -> Vec<(StreamId, u64, u64)> {
        let streams = answer.streams.iter();
        streams.map(|part| (part.stream.clone(), part.first_version, part.last_version)).collect()
    };
    for answer in answers {
        assert_eq!(
            (places(answer), answer.first_position, answer.last_position),
            (places(&answers[0]), answers[0].first_position, answers[0].last_position),
            "concurrent repetitions were given different answers"
        );
    }
}
