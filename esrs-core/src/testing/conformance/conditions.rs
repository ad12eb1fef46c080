//! The condition of an append is honoured, whatever other writers do.

use futures_util::future::join_all;

use super::support::{
    append, append_error, assert_stored, batch, event_with, events, new_stream, stored,
};
use crate::event::StreamId;
use crate::log::{AppendBatch, AppendCondition, StoreError};
use crate::store::EventStore;

const WRITERS: usize = 50;

async fn assert_conflict(
    store: &dyn EventStore,
    stream: &StreamId,
    condition: AppendCondition,
    actual: u64,
) {
    let attempt = AppendBatch::new(stream.clone(), condition, events(1));
    match append_error(store, attempt).await {
        StoreError::Conflict(conflict) => {
            assert_eq!(
                (&conflict.stream, conflict.expected, conflict.actual),
                (stream, condition, actual),
                "the conflict does not say the stream, what was expected and what is there"
            );
        }
        other => panic!("a conflict was reported as something else: {other}"),
    }
}

/// [`AppendCondition::Any`] asks nothing.
///
/// # Panics
/// When the store breaks the promise.
pub async fn any_is_allowed_at_every_version(store: &dyn EventStore) {
    let stream = new_stream("any");
    let all = events(3);
    for event in &all {
        append(store, batch(&stream, vec![event.clone()])).await;
    }
    assert_stored(store, &stream, &all).await;
}

/// [`AppendCondition::NoStream`] asks that there is no event yet.
///
/// # Panics
/// When the store breaks the promise.
pub async fn no_stream_is_refused_once_the_stream_exists(store: &dyn EventStore) {
    let stream = new_stream("created");
    let first = events(2);
    let create = AppendBatch::new(stream.clone(), AppendCondition::NoStream, first.clone());
    append(store, create).await;
    assert_conflict(store, &stream, AppendCondition::NoStream, 2).await;
    assert_stored(store, &stream, &first).await;
}

/// [`AppendCondition::Version`] asks for so many events, no more and no fewer.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_version_is_allowed_when_it_is_exact(store: &dyn EventStore) {
    let stream = new_stream("exact");
    let mut all = Vec::new();
    for version in 0..3 {
        for wrong in [version + 1, version + 2, u64::MAX] {
            assert_conflict(store, &stream, AppendCondition::Version(wrong), version).await;
        }
        if version > 0 {
            assert_conflict(store, &stream, AppendCondition::Version(version - 1), version).await;
        }
        let next = events(1);
        let condition = AppendCondition::Version(version);
        append(store, AppendBatch::new(stream.clone(), condition, next.clone())).await;
        all.extend(next);
    }
    assert_stored(store, &stream, &all).await;
}

/// Of many concurrent appends that expect the same version, one is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn of_many_writers_who_expect_one_version_one_wins(store: &dyn EventStore) {
    let stream = new_stream("raced");
    append(store, batch(&stream, events(1))).await;
    race(store, &stream, AppendCondition::Version(1), 1).await;
}

/// Of many concurrent appends that begin a stream, one is stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn of_many_writers_who_expect_no_stream_one_wins(store: &dyn EventStore) {
    race(store, &new_stream("begun"), AppendCondition::NoStream, 0).await;
}

async fn race(store: &dyn EventStore, stream: &StreamId, condition: AppendCondition, before: u64) {
    let attempts = (0..WRITERS).map(|writer| {
        let event = event_with(format!("{{\"writer\":{writer}}}"));
        store.append(AppendBatch::new(stream.clone(), condition, vec![event]))
    });
    let mut winners = Vec::new();
    for (writer, result) in join_all(attempts).await.into_iter().enumerate() {
        match result {
            Ok(_) => winners.push(writer),
            Err(StoreError::Conflict(conflict)) => assert_eq!(
                (&conflict.stream, conflict.expected, conflict.actual),
                (stream, condition, before + 1),
                "a lost race was reported with a state of the stream that it never lost against"
            ),
            Err(other) => panic!("a lost race was reported as something else: {other}"),
        }
    }
    assert_eq!(
        winners.len(),
        1,
        "of {WRITERS} concurrent appends on {condition:?} exactly one has to win, and these did: \
         {winners:?}"
    );
    let found = stored(store, stream).await;
    assert_eq!(found.len() as u64, before + 1, "the losers of a race left events in {stream}");
    let last = &found[found.len() - 1].payload;
    assert_eq!(last, &format!("{{\"writer\":{}}}", winners[0]), "the winner's event is another's");
}

/// Concurrent appends that ask nothing are all stored, each in one piece, without a gap.
///
/// # Panics
/// When the store breaks the promise.
pub async fn many_writers_without_a_condition_all_succeed_without_a_gap(store: &dyn EventStore) {
    let stream = new_stream("shared");
    let batches: Vec<_> = (0..WRITERS).map(|writer| events(writer % 3 + 1)).collect();
    let appends = batches.iter().map(|events| append(store, batch(&stream, events.clone())));
    let answers = join_all(appends).await;
    let found = stored(store, &stream).await;
    let count: usize = batches.iter().map(Vec::len).sum();
    assert_eq!(found.len(), count, "{stream} does not hold every event that was appended to it");
    for (events, appended) in batches.iter().zip(&answers) {
        let part = &appended.streams[0];
        let versions = part.last_version - part.first_version + 1;
        assert_eq!(versions as usize, events.len(), "the answer is not about this batch: {part:?}");
        for (event, version) in events.iter().zip(part.first_version..) {
            let there = found[version as usize - 1].envelope().event_id;
            assert_eq!(there, event.id, "version {version} of {stream} is not what was answered");
        }
    }
}
