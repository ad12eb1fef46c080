//! Events have an order that a reader can follow.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::{join, join_all};

use super::support::{
    Follower, append, batch, end_of_log, event_with, events, follow, new_stream, pause, stored,
};
use crate::event::{Position, StreamId};
use crate::log::{AppendCondition, ReadQuery};
use crate::store::EventStore;

/// The versions of a stream are 1, 2, 3 …, in the order of the batches and within them.
///
/// # Panics
/// When the store breaks the promise.
pub async fn versions_count_from_one_without_a_gap(store: &dyn EventStore) {
    let stream = new_stream("counted");
    let (mut next, mut ids) = (1, Vec::new());
    for count in [1, 3, 2, 70] {
        let part = events(count);
        ids.extend(part.iter().map(|event| event.id));
        let appended = append(store, batch(&stream, part)).await;
        let answer = &appended.streams[0];
        assert_eq!(
            (answer.first_version, answer.last_version),
            (next, next + count as u64 - 1),
            "the versions in the answer are not those that come next"
        );
        next += count as u64;
    }
    let found: Vec<_> =
        stored(store, &stream).await.iter().map(|event| event.envelope().event_id).collect();
    assert_eq!(found, ids, "the events of {stream} are not in the order of their appends");
}

/// Positions increase over all streams, and the answer to an append says which they are.
///
/// # Panics
/// When the store breaks the promise.
pub async fn positions_strictly_increase_and_are_reported(store: &dyn EventStore) {
    let streams = [new_stream("left"), new_stream("right")];
    let mut last = Position::START;
    for round in 0..6 {
        let stream = &streams[round % 2];
        let appended = append(store, batch(stream, events(3))).await;
        let before = last;
        assert!(
            appended.first_position > before,
            "an append was given position {}, and one that was answered before it {before}",
            appended.first_position
        );
        let found = stored(store, stream).await;
        let positions: Vec<_> = found[found.len() - 3..].iter().map(|e| e.position).collect();
        assert!(positions.is_sorted_by(|a, b| a < b), "positions do not increase: {positions:?}");
        assert_eq!(
            (appended.first_position, appended.last_position),
            (positions[0], positions[2]),
            "the answer does not say where the events stand"
        );
        last = appended.last_position;
    }
}

/// A follower that reads the log by small pages, while others append, sees every event once and in
/// order.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_follower_sees_every_event_once_while_others_write(store: &dyn EventStore) {
    const WRITERS: usize = 8;
    const APPENDS: usize = 12;
    let start = end_of_log(store).await;
    let streams: Vec<_> = (0..WRITERS).map(|_| new_stream("followed")).collect();
    let writing = AtomicUsize::new(WRITERS);
    let writers = join_all(streams.iter().enumerate().map(|(number, stream)| {
        let (writing, streams) = (&writing, &streams);
        async move {
            for round in 0..APPENDS {
                let mut next = batch(stream, events(round % 3 + 1));
                if round % 4 == 3 {
                    // Two writers meet on a stream, and one append spans both.
                    let other = streams[(number + 1) % WRITERS].clone();
                    next = next.and(other, AppendCondition::Any, events(1));
                }
                append(store, next).await;
                pause().await;
            }
            writing.fetch_sub(1, Ordering::SeqCst);
        }
    }));
    let reader = async {
        let mut follower = Follower::new(ReadQuery::all().limit(7), start);
        let mut found = Vec::new();
        loop {
            let done = writing.load(Ordering::SeqCst) == 0;
            let (page, is_last) = follower.next(store).await;
            found.extend(page);
            if is_last && done {
                return (follower, found);
            }
            // It reads to the end each time, where an event that comes too late is passed by.
            if is_last {
                pause().await;
            }
        }
    };
    let ((mut follower, mut found), _) = join(reader, writers).await;
    let count = sum_stored(store, &streams).await;
    found.retain(|event| streams.contains(&event.stream));
    if found.len() < count {
        // A store may hold back what stands behind an append that is still open.
        found.extend(follower.rest(store, &streams, count - found.len()).await);
    }
    for stream in &streams {
        let there: Vec<_> = stored(store, stream).await.iter().map(|e| e.version).collect();
        let seen: Vec<_> =
            found.iter().filter(|e| e.stream == *stream).map(|e| e.version).collect();
        assert_eq!(
            seen, there,
            "a follower of the log missed events of {stream}, or saw them twice"
        );
    }
}

async fn sum_stored(store: &dyn EventStore, streams: &[StreamId]) -> usize {
    join_all(streams.iter().map(|stream| stored(store, stream))).await.iter().map(Vec::len).sum()
}

/// An event that was read once is the same for ever, in its stream and in the log.
///
/// # Panics
/// When the store breaks the promise.
pub async fn an_event_never_changes_once_it_was_read(store: &dyn EventStore) {
    let start = end_of_log(store).await;
    let stream = new_stream("lasting");
    append(store, batch(&stream, events(5))).await;
    let of_stream = stored(store, &stream).await;
    let query = || ReadQuery::all().with_envelopes();
    let of_log = follow(store, query(), start, std::slice::from_ref(&stream), 5).await;
    assert_eq!(of_log, of_stream, "the log and the stream do not tell the same of an event");
    for round in 0..3 {
        append(store, batch(&stream, vec![event_with(format!("{round}"))])).await;
        append(store, batch(&new_stream("other"), events(2))).await;
    }
    let again = stored(store, &stream).await;
    assert_eq!(again[..5], of_stream[..], "events changed after others were appended");
    let again = follow(store, query(), start, &[stream], 8).await;
    assert_eq!(again[..5], of_log[..], "events moved in the log after others were appended");
}
