//! States that panic when a snapshot of them is written or read.

use esrs_core::store::{Snapshot, SnapshotQuery};
use esrs_core::{AsOf, Page, ReadQuery, SnapshotState};
use esrs_core::{EventStore, LoadError, MemoryStore, Repository, SnapshotError, SnapshotPolicy};

use super::counter::{Count, Counter, SUM_NOT_COMPARED, SUM_NOT_READ, SUM_NOT_WRITTEN, stream};

fn counters(store: &MemoryStore) -> Repository<Counter> {
    Repository::new(store.clone()).with_snapshots(SnapshotPolicy::every(1))
}

/// The version of the snapshot that a load begins with.
async fn snapshot(store: &MemoryStore, id: u32) -> Option<u64> {
    let wanted = SnapshotQuery { fold: Counter::SNAPSHOT, as_of: AsOf::Now };
    let query = ReadQuery::stream(stream(id)).from_snapshot(wanted);
    let page = store.read(query, Page::new()).await.unwrap();
    page.snapshot().map(|snapshot| snapshot.version)
}

#[tokio::test]
async fn state_that_panics_is_not_stored_and_the_next_is() {
    for sum in [SUM_NOT_WRITTEN, SUM_NOT_COMPARED, SUM_NOT_READ] {
        let store = MemoryStore::new();
        let counters = counters(&store);
        counters.execute(&1, Count(vec![sum])).await.unwrap();
        counters.execute(&2, Count(vec![1])).await.unwrap();
        counters.snapshots_written().await;
        assert_eq!((snapshot(&store, 1).await, snapshot(&store, 2).await), (None, Some(1)));
        let error = counters.write_snapshot(&1).await.unwrap_err();
        let is_expected = match &error {
            SnapshotError::Unwritable { .. } => sum == SUM_NOT_WRITTEN,
            SnapshotError::Uncomparable { .. } => sum == SUM_NOT_COMPARED,
            SnapshotError::Unreadable { .. } => sum == SUM_NOT_READ,
            _ => false,
        };
        assert!(is_expected && error.to_string().contains("never"), "{error}");
        counters.execute(&1, Count(vec![1])).await.unwrap();
        counters.snapshots_written().await;
        assert_eq!(snapshot(&store, 1).await, Some(2));
        assert_eq!(counters.load(&1).await.unwrap().sum, sum + 1);
    }
}

#[tokio::test]
async fn stored_snapshot_whose_reading_panics_is_passed_over() {
    let store = MemoryStore::new();
    Repository::<Counter>::new(store.clone()).execute(&1, Count(vec![1, 2])).await.unwrap();
    let query = ReadQuery::stream(stream(1)).with_envelopes();
    let page = store.read(query, Page::new()).await.unwrap();
    let broken = Snapshot {
        stream: stream(1),
        version: 1,
        event_id: page.records().next().unwrap().envelope().unwrap().event_id,
        position: esrs_core::Position::new(1),
        recorded_at: jiff::Timestamp::now(),
        fold: Counter::SNAPSHOT,
        state: format!(r#"{{"events":1,"sum":{SUM_NOT_READ}}}"#),
    };
    store.save_snapshot(broken).await.unwrap();
    assert_eq!(snapshot(&store, 1).await, Some(1));
    for _ in 0..2 {
        assert_eq!(counters(&store).load(&1).await.unwrap().sum, 3);
    }
}

#[tokio::test]
async fn state_that_panics_when_it_is_compared_is_an_error_of_diff() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store);
    counters.execute(&1, Count(vec![SUM_NOT_WRITTEN, 1])).await.unwrap();
    let error = counters.diff(&1, AsOf::Version(0), AsOf::Version(1)).await.unwrap_err();
    assert!(matches!(&error, LoadError::State { version: 1, .. }), "{error}");
    let mut history = counters.history(&1).unwrap().with_changes();
    for _ in 0..3 {
        let again = history.try_next().await.err().unwrap();
        assert!(matches!(&again, LoadError::State { version: 1, .. }), "{again}");
    }
}
