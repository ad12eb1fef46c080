//! A read may begin with a state that was stored, and never with a wrong one.

use jiff::{SignedDuration, Timestamp};

use super::support::{append, batch, events, new_stream, read};
use crate::event::{Envelope, StreamId};
use crate::log::{AsOf, LogMark, Page, ReadQuery, Snapshot, SnapshotQuery, StoreError};
use crate::schema::{Fingerprint, Schema};
use crate::store::EventStore;

const FOLD: Fingerprint = <u8 as Schema>::FINGERPRINT;
const OTHER_FOLD: Fingerprint = <u16 as Schema>::FINGERPRINT;

/// A stream of so many events, and where they stand.
async fn stream_of(store: &dyn EventStore, count: usize) -> (StreamId, Vec<LogMark>) {
    let stream = new_stream("kept");
    append(store, batch(&stream, events(count))).await;
    let query = ReadQuery::stream(stream.clone()).with_envelopes();
    let page = read(store, query, Page::new()).await;
    let envelopes = page.records().filter_map(|record| record.envelope());
    let mark = |one: Envelope| LogMark { position: one.position, event_id: one.event_id };
    (stream, envelopes.map(mark).collect())
}

fn snapshot(stream: &StreamId, version: u64, mark: LogMark) -> Snapshot {
    Snapshot {
        stream: stream.clone(),
        version,
        position: mark.position,
        event_id: mark.event_id,
        recorded_at: Timestamp::UNIX_EPOCH + SignedDuration::from_secs(version as i64),
        fold: FOLD,
        state: format!("{{\"sum\":{version},\"text\":\"š\\u0000\"}}"),
    }
}

async fn save(store: &dyn EventStore, snapshot: &Snapshot) {
    if let Err(error) = store.save_snapshot(snapshot.clone()).await {
        panic!("a snapshot that is in order was refused: {error}\n{snapshot:?}");
    }
}

/// Returns what a read of the stream begins with, and the versions that follow.
async fn begin(
    store: &dyn EventStore,
    stream: &StreamId,
    (after, fold, as_of): (u64, Fingerprint, AsOf),
) -> (Option<Snapshot>, Vec<u64>) {
    let query = ReadQuery::stream(stream.clone()).after_version(after);
    let page = read(store, query.from_snapshot(SnapshotQuery { fold, as_of }), Page::new()).await;
    (page.snapshot().cloned(), page.records().map(|record| record.version()).collect())
}

/// A read that asks for it begins with the snapshot that was saved, and goes on behind it.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_read_begins_with_the_snapshot_that_was_saved(store: &dyn EventStore) {
    let (stream, positions) = stream_of(store, 5).await;
    let (beside, _) = stream_of(store, 5).await;
    let kept = snapshot(&stream, 3, positions[2]);
    save(store, &kept).await;
    let state = format!("\"{}\"", "s".repeat(Snapshot::MAX_LENGTH));
    let refused = store.save_snapshot(Snapshot { state, ..snapshot(&stream, 5, positions[4]) });
    match refused.await {
        Err(StoreError::Limit(limit)) => assert_eq!(limit.max, Snapshot::MAX_LENGTH),
        other => panic!("a snapshot that is too long was answered with {other:?}"),
    }
    let now = |after| (after, FOLD, AsOf::Now);
    let (found, rest) = begin(store, &stream, now(0)).await;
    assert_eq!(found, Some(kept.clone()), "the snapshot is not what was saved");
    assert_eq!(rest, [4, 5], "the events behind the snapshot are not those that follow");
    assert_eq!(
        begin(store, &stream, now(2)).await.0,
        Some(kept),
        "it leads further than version 2"
    );
    for after in [3, 4] {
        let (found, rest) = begin(store, &stream, now(after)).await;
        assert_eq!(found, None, "a read after version {after} was sent back");
        assert_eq!(rest, (after + 1..=5).collect::<Vec<_>>(), "events after {after} are missing");
    }
    let page = read(store, ReadQuery::stream(stream), Page::new()).await;
    assert!(page.snapshot().is_none() && page.len() == 5, "nobody asked for a snapshot");
    assert_eq!(begin(store, &beside, now(0)).await.0, None, "it belongs to another stream");
}

/// A snapshot that another fold has made is not used, and the next of the fold in use takes its
/// place.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_snapshot_of_another_fold_is_not_used(store: &dyn EventStore) {
    let (stream, positions) = stream_of(store, 5).await;
    save(store, &snapshot(&stream, 4, positions[3])).await;
    let (found, rest) = begin(store, &stream, (0, OTHER_FOLD, AsOf::Now)).await;
    assert_eq!(found, None, "the state of another fold was given");
    assert_eq!(rest, [1, 2, 3, 4, 5], "events were passed over without a state");
    let of_now = Snapshot { fold: OTHER_FOLD, ..snapshot(&stream, 2, positions[1]) };
    save(store, &of_now).await;
    let (found, rest) = begin(store, &stream, (0, OTHER_FOLD, AsOf::Now)).await;
    assert_eq!((found, rest), (Some(of_now), vec![3, 4, 5]), "the fold in use is not kept");
}

/// Of two snapshots of one fold the further one is stored, in whatever order they come.
///
/// # Panics
/// When the store breaks the promise.
pub async fn the_further_of_two_snapshots_is_kept(store: &dyn EventStore) {
    let (stream, positions) = stream_of(store, 5).await;
    for version in [2, 4, 3] {
        save(store, &snapshot(&stream, version, positions[version as usize - 1])).await;
    }
    let (found, rest) = begin(store, &stream, (0, FOLD, AsOf::Now)).await;
    assert_eq!(found, Some(snapshot(&stream, 4, positions[3])), "a less far snapshot is kept");
    assert_eq!(rest, [5], "the events behind the snapshot are not those that follow");
}

/// A read of an earlier moment never begins with a state of a later one.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_snapshot_behind_the_moment_is_not_used(store: &dyn EventStore) {
    let (stream, positions) = stream_of(store, 5).await;
    let kept = snapshot(&stream, 3, positions[2]);
    save(store, &kept).await;
    let time = kept.recorded_at;
    let at_most = [AsOf::Version(3), AsOf::Position(positions[2].position), AsOf::Time(time)];
    let too_early = [
        AsOf::Version(2),
        AsOf::Position(positions[1].position),
        AsOf::Time(time - SignedDuration::from_micros(1)),
    ];
    for as_of in at_most {
        let (found, _) = begin(store, &stream, (0, FOLD, as_of)).await;
        assert_eq!(found.as_ref(), Some(&kept), "the snapshot may be used as of {as_of}");
    }
    for as_of in too_early {
        let (found, rest) = begin(store, &stream, (0, FOLD, as_of)).await;
        assert_eq!(found, None, "a later state was given as of {as_of}");
        assert_eq!(rest.first(), Some(&1), "events were passed over without a state");
    }
}

/// A snapshot of more events than there are is never stored.
///
/// # Panics
/// When the store breaks the promise.
pub async fn a_snapshot_of_what_is_not_there_is_not_kept(store: &dyn EventStore) {
    let (stream, positions) = stream_of(store, 2).await;
    let unknown = new_stream("unknown");
    for ahead in [snapshot(&stream, 3, positions[1]), snapshot(&unknown, 1, positions[1])] {
        // Whether it is refused or passed over is the store's own.
        let _ = store.save_snapshot(ahead.clone()).await;
        let (found, _) = begin(store, &ahead.stream, (0, FOLD, AsOf::Now)).await;
        assert_eq!(found, None, "a state of events that are not there was given");
    }
}
