//! A load from a snapshot is a replay, whatever the history, the policy, and who writes meanwhile.

mod histories;
mod tally;

use esrs::prelude::*;
use esrs::repository::{SnapshotError, SnapshotPolicy, SnapshotState};
use esrs::store::{
    AppendBatch, AppendCondition, NewEvent, Page, ReadQuery, Snapshot, SnapshotQuery,
};
use esrs::{AsOf, EventStore, Metadata, StreamId};

use crate::counted::{Asked, Counted};
use tally::{Add, Added, Tally};

fn id() -> u32 {
    1
}

fn stream() -> StreamId {
    StreamId::new(Tally::NAME, id()).unwrap()
}

fn tallies(store: impl EventStore, policy: SnapshotPolicy) -> Repository<Tally> {
    Repository::new(store).with_snapshots(policy)
}

/// The snapshot that the store keeps.
async fn kept(store: &impl EventStore) -> Option<Snapshot> {
    let query = SnapshotQuery { fold: Tally::SNAPSHOT, as_of: AsOf::Now };
    let query = ReadQuery::stream(stream()).from_snapshot(query);
    store.read(query, Page::new()).await.unwrap().snapshot().cloned()
}

async fn add_elsewhere(store: &impl EventStore, count: usize) {
    let events = (0..count).map(|_| NewEvent::of(&Added { by: 1, unit: 0 }, Metadata::new()));
    let events = events.collect::<Result<_, _>>().unwrap();
    let batch = AppendBatch::new(stream(), AppendCondition::Any, events);
    store.append(batch).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_is_written_whenever_so_many_events_have_come() {
    let store = MemoryStore::new();
    let tallies = tallies(store.clone(), SnapshotPolicy::every(10));
    let mut versions = Vec::new();
    for _ in 0..35 {
        tallies.execute(&id(), Add { by: 1 }).await.unwrap();
        tallies.snapshots_written().await;
        versions.extend(kept(&store).await.map(|snapshot| snapshot.version));
    }
    versions.dedup();
    assert_eq!(versions, [10, 20, 30]);
}

#[tokio::test]
async fn a_snapshot_is_written_whenever_a_replay_has_come_to_cost_so_much() {
    let store = MemoryStore::new();
    let bytes = r#"{"by":1,"unit":0}"#.len() as u64;
    let tallies = tallies(store.clone(), SnapshotPolicy::replay_cost(10 * bytes));
    let mut versions = Vec::new();
    for _ in 0..35 {
        tallies.execute(&id(), Add { by: 1 }).await.unwrap();
        tallies.snapshots_written().await;
        versions.extend(kept(&store).await.map(|snapshot| snapshot.version));
    }
    versions.dedup();
    assert_eq!(versions, [10, 20, 30]);
}

#[tokio::test]
async fn a_load_finds_out_that_a_snapshot_is_due_and_the_next_one_begins_there() {
    let store = Counted::new(MemoryStore::new());
    for count in [10_000, 10_000, 5_000] {
        add_elsewhere(&store, count).await;
    }
    let tallies = tallies(store.clone(), SnapshotPolicy::every(1_000));
    assert_eq!(tallies.load(&id()).await.unwrap().count, 25_000);
    tallies.snapshots_written().await;
    assert_eq!(kept(&store).await.unwrap().version, 25_000);
    store.asked();
    assert_eq!(tallies.load(&id()).await.unwrap().count, 25_000);
    assert_eq!(store.asked(), Asked { reads: 1, ..Asked::default() });
}

#[tokio::test]
async fn a_command_does_not_wait_for_its_snapshot() {
    let store = Counted::new(MemoryStore::new());
    let tallies = tallies(store.clone(), SnapshotPolicy::every(1));
    tallies.execute(&id(), Add { by: 1 }).await.unwrap();
    tallies.snapshots_written().await;
    store.asked();
    tallies.execute(&id(), Add { by: 1 }).await.unwrap();
    tallies.snapshots_written().await;
    let asked = store.asked();
    assert_eq!((asked.appends, asked.snapshots), (1, 1));
    assert_eq!(asked.reads, 1, "by the thread that writes it, and not by the command");
}

#[tokio::test]
async fn a_snapshot_of_another_fold_is_passed_over_and_the_next_takes_its_place() {
    let store = MemoryStore::new();
    let tallies = tallies(store.clone(), SnapshotPolicy::every(1_000));
    add_elsewhere(&store, 5).await;
    assert_eq!(tallies.write_snapshot(&id()).await.unwrap(), 5);
    let of_now = kept(&store).await.unwrap();
    let of_another = Snapshot {
        fold: <u8 as Schema>::FINGERPRINT,
        version: 5,
        state: r#"{"hash":0,"count":77,"last":[]}"#.to_owned(),
        ..of_now.clone()
    };
    store.save_snapshot(of_another).await.unwrap();
    assert_eq!(kept(&store).await, None);
    assert_eq!(tallies.load(&id()).await.unwrap().count, 5);
    assert_eq!(tallies.write_snapshot(&id()).await.unwrap(), 5);
    assert_eq!(kept(&store).await, Some(of_now));
}

#[tokio::test]
async fn a_snapshot_that_cannot_be_read_is_passed_over() {
    let store = MemoryStore::new();
    let tallies = tallies(store.clone(), SnapshotPolicy::every(1_000));
    add_elsewhere(&store, 5).await;
    tallies.write_snapshot(&id()).await.unwrap();
    add_elsewhere(&store, 1).await;
    let damaged =
        Snapshot { version: 6, state: "{\"hash\":".to_owned(), ..kept(&store).await.unwrap() };
    store.save_snapshot(damaged).await.unwrap();
    assert_eq!(tallies.load(&id()).await.unwrap().count, 6);
    assert_eq!(tallies.load_at(&id(), AsOf::Version(6)).await.unwrap().count, 6);
}

#[tokio::test]
async fn a_repository_without_a_policy_neither_writes_snapshots_nor_uses_them() {
    let store = Counted::new(MemoryStore::new());
    add_elsewhere(&store, 5).await;
    tallies(store.clone(), SnapshotPolicy::every(1)).write_snapshot(&id()).await.unwrap();
    let wrong = Snapshot { state: "{}".to_owned(), ..kept(&store).await.unwrap() };
    store.save_snapshot(wrong).await.unwrap();
    let without = Repository::<Tally>::new(store.clone());
    store.asked();
    without.execute(&id(), Add { by: 1 }).await.unwrap();
    without.snapshots_written().await;
    assert_eq!(store.asked().snapshots, 0);
    assert_eq!(without.load(&id()).await.unwrap().count, 6);
    let error = without.write_snapshot(&id()).await.unwrap_err();
    assert!(matches!(error, SnapshotError::NoPolicy), "{error}");
}

/// The same aggregate and the same fold, whose state has another shape.
mod another_shape {
    use esrs::prelude::*;

    pub(crate) mod narrow {
        use std::primitive::i32 as Number;

        use super::super::Added;
        use super::*;

        #[derive(Aggregate, Schema, Serialize, Deserialize, Debug, Default, PartialEq)]
        #[aggregate("tally", id = u32, events(Added))]
        pub(crate) struct Sum {
            pub(crate) sum: Number,
        }

        impl Apply<Added> for Sum {
            fn apply(&mut self, event: Added) {
                self.sum += Number::try_from(event.by).unwrap_or(Number::MAX);
            }
        }
    }

    #[allow(clippy::useless_conversion, reason = "its code is that of the narrow one")]
    pub(crate) mod wide {
        use std::primitive::i64 as Number;

        use super::super::Added;
        use super::*;

        #[derive(Aggregate, Schema, Serialize, Deserialize, Debug, Default, PartialEq)]
        #[aggregate("tally", id = u32, events(Added))]
        pub(crate) struct Sum {
            pub(crate) sum: Number,
        }

        impl Apply<Added> for Sum {
            fn apply(&mut self, event: Added) {
                self.sum += Number::try_from(event.by).unwrap_or(Number::MAX);
            }
        }
    }
}

#[tokio::test]
async fn a_snapshot_of_another_shape_of_the_state_is_not_used() {
    use another_shape::{narrow, wide};

    // The derive resolves no paths, so the folds are one.
    assert_eq!(narrow::Sum::FOLD, wide::Sum::FOLD);
    assert_ne!(narrow::Sum::SNAPSHOT, wide::Sum::SNAPSHOT);
    let store = MemoryStore::new();
    let event = NewEvent::of(&Added { by: 5_000_000_000, unit: 0 }, Metadata::new()).unwrap();
    let batch = AppendBatch::new(stream(), AppendCondition::Any, vec![event]);
    store.append(batch).await.unwrap();
    let narrow = Repository::<narrow::Sum>::new(store.clone());
    let narrow = narrow.with_snapshots(SnapshotPolicy::every(1));
    narrow.write_snapshot(&id()).await.unwrap();
    let wide = Repository::<wide::Sum>::new(store).with_snapshots(SnapshotPolicy::every(1));
    assert_eq!(wide.load(&id()).await.unwrap().sum, 5_000_000_000);
}

/// A state of which serde does not write all.
#[derive(Aggregate, Schema, Serialize, Deserialize, Debug, Default, PartialEq)]
#[aggregate("forgetful", id = u32, events(Added))]
struct Forgetful {
    sum: i64,
    #[serde(skip)]
    last: i64,
}

impl Apply<Added> for Forgetful {
    fn apply(&mut self, event: Added) {
        self.sum += event.by;
        self.last = event.by;
    }
}

#[tokio::test]
async fn a_state_that_serde_does_not_write_as_a_whole_is_never_kept() {
    let store = Counted::new(MemoryStore::new());
    let event = NewEvent::of(&Added { by: 7, unit: 0 }, Metadata::new()).unwrap();
    let stream = StreamId::new(Forgetful::NAME, id()).unwrap();
    let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    store.append(batch).await.unwrap();
    let forgetful = Repository::<Forgetful>::new(store.clone());
    let forgetful = forgetful.with_snapshots(SnapshotPolicy::every(1));
    let error = forgetful.write_snapshot(&id()).await.unwrap_err();
    assert!(matches!(error, SnapshotError::Different { version: 1, .. }), "{error}");
    forgetful.load(&id()).await.unwrap();
    forgetful.snapshots_written().await;
    assert_eq!(store.asked().snapshots, 0);
    assert_eq!(forgetful.load(&id()).await.unwrap().last, 7);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_snapshot_outlives_the_store_that_wrote_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("log.db");
    let store = SqliteStore::open(&file).await.unwrap();
    add_elsewhere(&store, 300).await;
    let before = tallies(store.clone(), SnapshotPolicy::every(100));
    let loaded = before.load(&id()).await.unwrap();
    before.snapshots_written().await;
    store.close().await;
    let store = Counted::new(SqliteStore::open(&file).await.unwrap());
    assert_eq!(kept(&store).await.unwrap().version, 300);
    let after = tallies(store.clone(), SnapshotPolicy::every(100));
    assert_eq!(Loaded::state(&after.load(&id()).await.unwrap()), Loaded::state(&loaded));
}
