//! A command whose own code panics, and a weight function that does.

use esrs_core::{MemoryStore, Repository, WarmStates};

use super::counter::{Count, Counter, NOT_HANDLED};

#[tokio::test]
async fn panic_of_handle_reaches_its_caller_and_the_next_command_works() {
    let counters = Repository::<Counter>::new(MemoryStore::new());
    for version in 1..=3 {
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let counters = counters.clone();
                tokio::spawn(async move { counters.execute(&1, Count(vec![NOT_HANDLED])).await })
            })
            .collect();
        let next = counters.execute(&1, Count(vec![1])).await.unwrap();
        assert_eq!(next.version(), version);
        for task in tasks {
            assert!(task.await.unwrap_err().is_panic());
        }
    }
    let both = counters.clone();
    let unit = tokio::spawn(async move {
        both.execute(&2, Count(vec![1])).and(both.execute(&1, Count(vec![NOT_HANDLED]))).await
    });
    assert!(unit.await.unwrap_err().is_panic());
    for id in [1, 2] {
        counters.execute(&id, Count(vec![1])).await.unwrap();
    }
}

#[tokio::test]
async fn weight_function_that_panics_passes_the_turn_on() {
    let cache = WarmStates::bytes(10, |counter: &Counter| {
        assert_ne!(counter.events, 2, "never weighed");
        1
    });
    let counters = Repository::<Counter>::new(MemoryStore::new()).with_warm_states(cache);
    for version in 1..=4 {
        for id in [1, 2] {
            let executed = counters.execute(&id, Count(vec![1])).await.unwrap();
            assert_eq!(executed.version(), version);
        }
    }
}

#[tokio::test]
async fn weights_at_their_extremes_neither_panic_nor_grow_without_bound() {
    for weigh in [(|_| 0) as fn(&Counter) -> usize, |_| usize::MAX, |_| usize::MAX - 1] {
        for limit in [0, 1, usize::MAX] {
            let counters = Repository::<Counter>::new(MemoryStore::new())
                .with_warm_states(WarmStates::bytes(limit, weigh));
            for version in 1..=3 {
                for id in 1..=3 {
                    let executed = counters.execute(&id, Count(vec![1])).await.unwrap();
                    assert_eq!(executed.version(), version);
                }
            }
        }
    }
}
