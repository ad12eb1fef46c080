//! An append is all or nothing.

use super::support::{
    append, append_error, assert_empty, assert_stored, batch, events, new_stream, stored,
};
use crate::log::{AppendCondition, StoreError};
use crate::store::EventStore;

/// Events of several streams are stored by one append, one behind the other in the log.
///
/// # Panics
/// When the store breaks the promise.
pub async fn several_streams_are_stored_as_one_unit(store: &dyn EventStore) {
    let (from, to) = (new_stream("from"), new_stream("to"));
    let (sent, received) = (events(2), events(3));
    let transfer =
        batch(&from, sent.clone()).and(to.clone(), AppendCondition::NoStream, received.clone());
    let appended = append(store, transfer).await;
    assert_stored(store, &from, &sent).await;
    assert_stored(store, &to, &received).await;
    let answered: Vec<_> = appended
        .streams
        .iter()
        .map(|part| (&part.stream, part.first_version, part.last_version))
        .collect();
    assert_eq!(
        answered,
        [(&from, 1, 2), (&to, 1, 3)],
        "the answer does not say what became of each stream, in the order of the batch"
    );
    let mut positions: Vec<_> = stored(store, &from).await.iter().map(|e| e.position).collect();
    positions.extend(stored(store, &to).await.iter().map(|e| e.position));
    assert!(
        positions.is_sorted_by(|a, b| a < b),
        "the events of a batch do not stand in its order: {positions:?}"
    );
    let ends = (positions[0], positions[4]);
    assert_eq!(
        (appended.first_position, appended.last_position),
        ends,
        "the answer does not say where the first and the last event of the batch stand"
    );
}

/// A conflict on one stream, whichever it is, stores nothing on the others.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_conflict_on_one_stream_stores_nothing_of_the_others(store: &dyn EventStore) {
    for failing in 0..3 {
        let streams = [new_stream("first"), new_stream("second"), new_stream("third")];
        let mut attempt = batch(&streams[0], events(2))
            .and(streams[1].clone(), AppendCondition::Any, events(2))
            .and(streams[2].clone(), AppendCondition::Any, events(2));
        attempt.streams[failing].condition = AppendCondition::Version(7);
        match append_error(store, attempt).await {
            StoreError::Conflict(conflict) => {
                assert_eq!(
                    conflict.stream, streams[failing],
                    "the conflict names a stream that was as it should be"
                );
            }
            other => panic!("a conflict was reported as something else: {other}"),
        }
        for stream in &streams {
            assert_empty(store, stream).await;
        }
    }
}

/// The events of an append that failed can be appended again, with the ids that they have.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_batch_that_fails_leaves_its_event_ids_free(store: &dyn EventStore) {
    let stream = new_stream("retried");
    let mut attempt = batch(&stream, events(2));
    attempt.streams[0].condition = AppendCondition::Version(1);
    append_error(store, attempt.clone()).await;
    attempt.streams[0].condition = AppendCondition::Version(0);
    let appended = append(store, attempt.clone()).await;
    assert!(!appended.repeated, "an append that had failed was taken for one that was stored");
    assert_stored(store, &stream, &attempt.streams[0].events).await;
}
