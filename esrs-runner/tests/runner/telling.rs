//! The progress of a subscription, and its failure.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::runner::{Live, Retries, Runner, State, Status};

use crate::bank::{Account, Balance, MoneyDeposited, NEVER, Say, next};
use crate::between::{Between, Call, busy};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, caught_up, deposit, history, stores, until};

on_every_store!(
    lag_of_a_subscription_that_failed_is_what_it_is_behind,
    lag_is_that_of_now_in_every_process,
    states_are_told,
);

async fn lag_of_a_subscription_that_failed_is_what_it_is_behind(store: impl TestStore) {
    history(&store, 1, 3).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    running.stop().await;
    let changed = Runner::new(store.clone()).project::<next::Balance>().start();
    let failed = |status: &Status| matches!(status.state, State::Failed { .. });
    let status = until(&changed, failed).await;
    assert_eq!((status.position.get(), status.lag()), (4, Some(0)));
    history(&store, 0, 0).await;
    let accounts = Repository::<Account>::new(store.clone());
    for deposits in 1..=3 {
        deposit(&accounts, 1, 10).await;
        let [status] = <[_; 1]>::try_from(changed.status().await).unwrap();
        assert!(failed(&status), "{status:?}");
        assert_eq!((status.position.get(), status.lag()), (4, Some(deposits)));
    }
    changed.stop().await;
}

async fn lag_is_that_of_now_in_every_process(store: impl TestStore) {
    let live = Live::<Balance>::new();
    let first = Runner::new(store.clone()).project::<Balance>().live(&live).start();
    let all_follow = async {
        while first.status().await.iter().any(|status| status.state != State::Following) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, all_follow).await.unwrap();
    let standby = Runner::new(store.clone()).project::<Balance>().start();
    until(&standby, |status| matches!(status.state, State::Standby { .. })).await;
    for running in [&first, &standby] {
        assert!(running.status().await.iter().all(|status| status.lag() == Some(0)));
    }
    history(&store, 2, 50).await;
    let caught_up = async {
        while first.status().await.iter().any(|status| status.position.get() < 102) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, caught_up).await.unwrap();
    let status = standby.status().await;
    assert!(matches!(status[0].state, State::Standby { .. }));
    assert_eq!(
        (status[0].position.get(), status[0].head.map(esrs::Position::get)),
        (102, Some(102))
    );
    first.stop().await;
    standby.stop().await;
}

async fn states_are_told(store: impl TestStore) {
    history(&store, 1, 1).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = {
        let told = told.clone();
        move |status: &Status| {
            told.lock().unwrap().push((status.state.clone(), status.parked));
            // A function that panics does no harm.
            assert!(status.parked == 0, "a stream is parked");
        }
    };
    let retries = Retries::new(0, Duration::ZERO);
    let runner = Runner::new(store.clone()).retries(retries).project::<Balance>();
    let running = runner.on_state(tell.clone()).start();
    caught_up(&store, &running).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, NEVER).await;
    until(&running, |status| status.parked == 1).await;
    running.stop().await;
    let states = [(State::Following, 0), (State::Following, 1), (State::Stopped, 1)];
    assert_eq!(std::mem::take(&mut *told.lock().unwrap()), states);
    let changed = Runner::new(store.clone()).project::<next::Balance>().on_state(tell).start();
    until(&changed, |status| matches!(status.state, State::Failed { .. })).await;
    changed.stop().await;
    let told = told.lock().unwrap();
    assert!(matches!(told[0].0, State::Failed { .. }), "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_of_a_store_that_does_not_answer_comes_in_time_and_knows_no_lag() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let store = Between::new(store);
    let running = Runner::new(store.clone())
        .stop_timeout(Duration::from_millis(100))
        .project::<Balance>()
        .start();
    caught_up(&store.store, &running).await;
    store.hang(&Call::ALL);
    let begun = Instant::now();
    let status = running.status().await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!((status[0].head, status[0].lag(), status[0].position.get()), (None, None, 2));
    store.mend();
    assert_eq!(running.status().await[0].lag(), Some(0));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failure_is_recorded_for_every_process_until_it_is_mended() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let store = Between::new(store);
    store.fail(Call::Advance, || StoreError::ProjectionTable {
        table: "balances",
        reason: "a test says so".to_owned(),
    });
    let running = Runner::new(store.clone()).project::<Balance>().start();
    until(&running, |status| matches!(status.state, State::Failed { .. })).await;
    let last = store.failures().pop().flatten();
    assert!(last.as_ref().is_some_and(|it| it.contains("a test says so")), "{last:?}");
    store.mend();
    caught_up(&store.store, &running).await;
    store.recorded(|failure| failure.is_none()).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_failure_is_cleared_although_the_first_attempt_fails() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let store = Between::new(store);
    let table = || StoreError::ProjectionTable { table: "balances", reason: "it lacks".to_owned() };
    store.fail(Call::Advance, table);
    let running = Runner::new(store.clone()).project::<Balance>().start();
    store.recorded(|failure| failure.is_some()).await;
    store.fail(Call::RecordFailure, busy);
    store.mend_only(Call::Advance);
    caught_up(&store.store, &running).await;
    let attempts = store.count(Call::RecordFailure);
    let again = async {
        while store.count(Call::RecordFailure) == attempts {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.expect("it is tried again");
    store.mend();
    store.recorded(|failure| failure.is_none()).await;
    let accounts = Repository::<Account>::new(store.store.clone());
    let last = accounts.execute(&1, Say(MoneyDeposited { cents: 5 }));
    last.wait_for::<Balance>(SOON).await.unwrap();
    running.stop().await;
}
