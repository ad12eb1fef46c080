//! Stored events that a load cannot take.

use esrs_core::{
    AsOf, ExecuteError, LoadError, MemoryStore, ReplayFault, Repository, SnapshotPolicy,
};
use esrs_derive::{Aggregate, Event};
use serde::{Deserialize, Serialize};

use super::counter::{
    Count, Counter, NOT_APPLIED, NOT_READ, NOT_UPCAST, store_event, store_number,
};

fn assert_panicked(error: &LoadError, said: &str) {
    let LoadError::Replay(error) = error else { panic!("{error}") };
    assert_eq!((error.stream.to_string().as_str(), error.version), ("counter-1", 3));
    assert_eq!((error.position.get(), error.event.as_str()), (5, "counted"));
    let ReplayFault::Panicked { message } = &error.reason else { panic!("{error}") };
    assert!(message.contains(said), "{message}");
}

#[tokio::test]
async fn stored_event_that_panics_is_an_error_of_every_load() {
    let broken = [
        (2, format!(r#"{{"number":{NOT_APPLIED}}}"#), "never applied"),
        (2, format!(r#"{{"number":{NOT_READ}}}"#), "never read"),
        (1, format!(r#"{{"old":{NOT_UPCAST}}}"#), "never upcast"),
    ];
    for (version, payload, said) in broken {
        let store = MemoryStore::new();
        for id in [1, 2, 1, 2] {
            store_number(&store, id, 1).await;
        }
        store_event(&store, 1, version, &payload).await;
        store_number(&store, 1, 1).await;
        let counters = Repository::<Counter>::new(store.clone());
        let with_snapshots = counters.clone().with_snapshots(SnapshotPolicy::every(1));
        for counters in [&counters, &with_snapshots, &counters] {
            assert_panicked(&counters.load(&1).await.unwrap_err(), said);
            assert_panicked(&counters.load_at(&1, AsOf::Version(4)).await.unwrap_err(), said);
            assert_eq!(counters.load_at(&1, AsOf::Version(2)).await.unwrap().sum, 2);
            let diff = counters.diff(&1, AsOf::Version(1), AsOf::Now).await;
            assert_panicked(&diff.unwrap_err(), said);
            let executed = counters.execute(&1, Count(vec![1])).await.unwrap_err();
            let ExecuteError::Load(error) = executed else { panic!("{executed}") };
            assert_panicked(&error, said);
            let mut history = counters.history(&1).unwrap();
            for sum in [1, 2] {
                assert_eq!(history.try_next().await.unwrap().unwrap().state.sum, sum);
            }
            for _ in 0..3 {
                assert_panicked(&history.try_next().await.err().unwrap(), said);
            }
            // Other instances are not affected.
            assert!(counters.execute(&2, Count(vec![1])).await.is_ok());
        }
        with_snapshots.write_snapshot(&1).await.unwrap_err();
        with_snapshots.snapshots_written().await;
        with_snapshots.write_snapshot(&2).await.unwrap();
    }
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("noted", crate = ::esrs_core)]
struct Noted {}

#[derive(Aggregate)]
#[aggregate("never", id = u32, events(ignored(Noted)), crate = ::esrs_core)]
#[derive(Clone)]
struct Never {}

impl Default for Never {
    fn default() -> Self {
        panic!("never made");
    }
}

#[tokio::test]
async fn default_that_panics_is_an_error_of_every_load() {
    let nevers = Repository::<Never>::new(MemoryStore::new());
    for _ in 0..2 {
        let error = nevers.load(&1).await.err().unwrap();
        assert!(matches!(&error, LoadError::Initial { .. }), "{error}");
        assert!(nevers.history(&1).is_err());
    }
}
