//! A state is cloned for an answer before its events are stored.

use esrs_core::{ExecuteError, LoadError, Loaded, MemoryStore, Repository, StoreError, WarmStates};

use super::counter::{Count, Counter, SUM_NOT_CLONED, assert_in_step, stored};
use super::faulty::{Fault, Faulty};

type Refused = ExecuteError<&'static str>;

fn assert_refused<T>(answer: Result<T, Refused>, at: (&str, u64)) {
    let error = answer.map(drop).unwrap_err();
    let ExecuteError::ClonePanicked { stream, version, message } = error else {
        panic!("{error:?}")
    };
    assert_eq!((stream.to_string().as_str(), version), at);
    assert!(message.contains("never cloned"), "{message}");
}

#[tokio::test]
async fn command_whose_state_cannot_be_cloned_is_refused_and_nothing_is_stored() {
    for cache in [WarmStates::count(8), WarmStates::none()] {
        let store = MemoryStore::new();
        let counters = Repository::<Counter>::new(store.clone()).with_warm_states(cache);
        let poison = || counters.execute(&1, Count(vec![1, SUM_NOT_CLONED - 1]));
        for _ in 0..2 {
            assert_refused(poison().returning().await, ("counter-1", 2));
        }
        assert_eq!(stored(&store, 1).await.len(), 0);
        counters.execute(&1, Count(vec![5])).await.unwrap();
        let poison = || counters.execute(&1, Count(vec![SUM_NOT_CLONED - 5]));
        assert_refused(poison().returning().await, ("counter-1", 2));
        assert_in_step(&counters, 1).await;
        let answer = counters.execute(&1, Count(vec![3])).returning().await.unwrap();
        assert_eq!(answer.state().sum, 13);
        assert_eq!(stored(&store, 1).await.len(), 3);
    }
}

#[tokio::test]
async fn command_without_events_is_refused_if_its_state_cannot_be_cloned() {
    let store = MemoryStore::new();
    let counters = Repository::<Counter>::new(store.clone());
    // Without the state in its answer, the command is stored.
    counters.execute(&1, Count(vec![SUM_NOT_CLONED])).await.unwrap();
    let nothing = || counters.execute(&1, Count(Vec::new())).returning();
    assert_refused(nothing().await, ("counter-1", 1));
    // Nor is another command of its unit stored.
    for _ in 0..2 {
        match nothing().and(counters.execute(&2, Count(vec![1]))).await {
            Err(ExecuteError::ClonePanicked { version: 1, .. }) => {}
            other => panic!("{:?}", other.map(drop)),
        }
        match counters.execute(&2, Count(vec![1])).and(nothing()).await {
            Err(ExecuteError::ClonePanicked { version: 1, .. }) => {}
            other => panic!("{:?}", other.map(drop)),
        }
    }
    assert_eq!(stored(&store, 2).await.len(), 0);
    let answer = counters.execute(&1, Count(vec![1])).returning().await.unwrap();
    assert_eq!(answer.state().sum, SUM_NOT_CLONED + 1);
    assert_in_step(&counters, 1).await;
}

#[tokio::test]
async fn history_ends_in_an_error_where_a_state_cannot_be_cloned() {
    let counters = Repository::<Counter>::new(MemoryStore::new());
    counters.execute(&1, Count(vec![1, SUM_NOT_CLONED - 1, 1])).await.unwrap();
    for with_changes in [false, true] {
        let mut history = counters.history(&1).unwrap();
        if with_changes {
            history = history.with_changes();
        }
        assert_eq!(history.try_next().await.unwrap().unwrap().state.sum, 1);
        for _ in 0..2 {
            match history.try_next().await {
                Err(LoadError::ClonePanicked { version: 2, message, .. }) => {
                    assert!(message.contains("never cloned"), "{message}");
                }
                other => panic!("{:?}", other.map(drop)),
            }
        }
    }
    assert_eq!(Loaded::version(&counters.load(&1).await.unwrap()), 3);
}

#[tokio::test]
async fn repetition_that_cannot_be_read_again_says_that_it_is_stored() {
    let store = Faulty::default();
    let counters = Repository::<Counter>::new(store.clone());
    let keyed = || counters.execute(&1, Count(vec![7, 8])).idempotency_key("one");
    let first = keyed().returning().await.unwrap();
    for _ in 0..2 {
        store.fail(Fault::NotRead);
        match keyed().returning().await {
            Err(ExecuteError::NotReturned { executed, source }) => {
                assert!(executed.was_repeated());
                assert_eq!((executed.version(), executed.event_count()), (2, 2));
                assert!(matches!(source, LoadError::Store(StoreError::Busy { .. })), "{source}");
            }
            other => panic!("{:?}", other.map(drop)),
        }
        // Nothing has to be read for the result alone.
        store.fail(Fault::NotRead);
        assert!(keyed().await.unwrap().was_repeated());
        drop(counters.load(&1).await);
    }
    let again = keyed().returning().await.unwrap();
    assert_eq!(again.executed().version(), first.executed().version());
    assert_eq!(again.state().sum, 15);
    assert_in_step(&counters, 1).await;
}
