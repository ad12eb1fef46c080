//! A decided event is applied before it is stored.

use std::time::Duration;

use esrs_core::{ExecuteError, MemoryStore, Repository, WarmStates};

use super::counter::{Count, Counter, NOT_APPLIED, REJECTED, assert_in_step, store_number, stored};
use super::faulty::{Fault, Faulty};

type Refused = ExecuteError<&'static str>;

fn assert_refused(error: &Refused, refused_version: u64) {
    let ExecuteError::ApplyPanicked { stream, version, event, message } = error else {
        panic!("{error}");
    };
    assert_eq!((stream.to_string().as_str(), *version), ("counter-1", refused_version));
    assert_eq!(event, "counted");
    assert!(message.contains("never applied"), "{message}");
}

#[tokio::test]
async fn event_whose_apply_panics_is_refused_and_nothing_is_stored() {
    for cache in [WarmStates::count(8), WarmStates::none()] {
        let store = MemoryStore::new();
        let counters = Repository::<Counter>::new(store.clone()).with_warm_states(cache);
        let poison = || counters.execute(&1, Count(vec![4, NOT_APPLIED, 5]));
        assert_refused(&poison().await.unwrap_err(), 2);
        assert_eq!(counters.execute(&1, Count(vec![1, 2])).await.unwrap().version(), 2);
        assert_refused(&poison().await.unwrap_err(), 4);
        assert_refused(&poison().await.unwrap_err(), 4);
        assert_eq!(counters.execute(&1, Count(vec![3])).await.unwrap().version(), 3);
        assert_eq!(stored(&store, 1).await.len(), 3);
        let loaded = counters.load(&1).await.unwrap();
        assert_eq!((loaded.events, loaded.sum), (3, 6));
        assert_in_step(&counters, 1).await;
    }
}

#[tokio::test]
async fn state_that_is_not_the_newest_is_read_anew_before_an_event_is_refused() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store.clone()).with_max_attempts(1);
    counters.execute(&1, Count(vec![1])).await.unwrap();
    store_number(&store, 1, 2).await;
    assert_refused(&counters.execute(&1, Count(vec![NOT_APPLIED])).await.unwrap_err(), 3);
    assert_eq!(counters.execute(&1, Count(vec![3])).await.unwrap().version(), 3);
}

#[tokio::test]
async fn no_command_of_a_unit_is_stored_if_one_is_refused() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store.clone());
    counters.execute(&1, Count(vec![1])).await.unwrap();
    counters.execute(&2, Count(vec![2])).await.unwrap();
    let refused =
        counters.execute(&2, Count(vec![5])).and(counters.execute(&1, Count(vec![NOT_APPLIED])));
    let error = refused.await.unwrap_err();
    let ExecuteError::ApplyPanicked { version: 2, .. } = error else { panic!("{error}") };
    let refused =
        counters.execute(&1, Count(vec![NOT_APPLIED])).and(counters.execute(&2, Count(vec![5])));
    assert!(matches!(refused.await, Err(ExecuteError::ApplyPanicked { .. })));
    for (id, expected) in [(1, 1), (2, 2)] {
        assert_eq!(stored(&store, id).await.len(), 1);
        // A rejection is decided on the state of the stored events.
        let rejected = counters.execute(&id, Count(vec![REJECTED])).await.unwrap_err();
        assert!(matches!(rejected, ExecuteError::Rejected("rejected")));
        assert_eq!(counters.load(&id).await.unwrap().sum, expected);
        assert_in_step(&counters, id).await;
    }
    let both = counters.execute(&1, Count(vec![3])).and(counters.execute(&2, Count(vec![3])));
    let (first, second) = both.await.unwrap();
    assert_eq!((first.version(), second.version()), (3, 3));
}

#[tokio::test]
async fn state_after_an_append_that_failed_is_dropped() {
    let store = Faulty::default();
    let counters = Repository::<Counter>::new(store.clone());
    counters.execute(&1, Count(vec![1])).await.unwrap();
    store.fail(Fault::Busy);
    let failed = counters.execute(&1, Count(vec![7])).await;
    assert!(matches!(failed, Err(ExecuteError::Store(_))));
    assert_in_step(&counters, 1).await;
    store.fail(Fault::StoredAndUnknown);
    assert!(counters.execute(&1, Count(vec![7])).await.is_err());
    assert_in_step(&counters, 1).await;
    assert_eq!(counters.load(&1).await.unwrap().sum, (2 + 7) * 2);
}

#[tokio::test]
async fn state_of_a_command_that_is_dropped_during_its_append_is_dropped() {
    let store = Faulty::default();
    let counters = Repository::<Counter>::new(store.clone());
    counters.execute(&1, Count(vec![1])).await.unwrap();
    store.fail(Fault::NeverAnswered);
    let dropped = tokio::time::timeout(
        Duration::from_millis(20),
        counters.execute(&1, Count(vec![7])).into_future(),
    );
    dropped.await.unwrap_err();
    assert_in_step(&counters, 1).await;
}

#[tokio::test]
async fn state_of_a_repeated_command_is_dropped() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store.clone());
    let keyed = || counters.execute(&1, Count(vec![7])).idempotency_key_for("one", "one");
    keyed().await.unwrap();
    assert!(keyed().await.unwrap().was_repeated());
    assert_in_step(&counters, 1).await;
    // The first answer counts, also for a command that would be refused by now.
    let refused = counters.execute(&1, Count(vec![NOT_APPLIED])).idempotency_key_for("one", "one");
    assert!(refused.await.unwrap().was_repeated());
    assert_in_step(&counters, 1).await;
}

#[tokio::test]
async fn unit_that_lost_a_race_decides_again_on_stored_events_only() {
    let store = MemoryStore::new();
    let (counters, other) =
        (Repository::<Counter>::new(store.clone()), Repository::<Counter>::new(store.clone()));
    for id in [1, 2] {
        counters.execute(&id, Count(vec![1])).await.unwrap();
    }
    other.execute(&2, Count(vec![10])).await.unwrap();
    let both = counters.execute(&1, Count(vec![2])).and(counters.execute(&2, Count(vec![2])));
    let (first, second) = both.await.unwrap();
    assert_eq!((first.version(), second.version()), (2, 3));
    for (id, sum) in [(1, 3), (2, 13)] {
        assert_eq!(counters.load(&id).await.unwrap().sum, sum);
        assert_in_step(&counters, id).await;
    }
}
