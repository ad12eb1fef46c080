//! One of several runs a subscription.

use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Runner, State};

use crate::bank::{Account, Balance};
use crate::stores::{TestStore, on_every_store};
use crate::{caught_up, deposit, history, until};

on_every_store!(
    another_stands_by_and_goes_on_soon_when_the_first_is_stopped,
    another_takes_over_from_one_that_died,
    many_that_come_and_go_take_each_event_once,
);

async fn another_stands_by_and_goes_on_soon_when_the_first_is_stopped(store: impl TestStore) {
    history(&store, 1, 3).await;
    // Nobody here waits for the end of such a lease.
    let lease = Duration::from_secs(600);
    let runner =
        |name: &str| Runner::new(store.clone()).named(name).lease(lease).project::<Balance>();
    let first = runner("first").start();
    caught_up(&store, &first).await;
    let second = runner("second").start();
    let standby = State::Standby { held_by: "first".to_owned() };
    until(&second, |status| status.state == standby).await;
    first.stop().await;
    caught_up(&store, &second).await;
    second.stop().await;
}

async fn another_takes_over_from_one_that_died(store: impl TestStore) {
    history(&store, 1, 3).await;
    let runner = |name: &str| {
        let lease = Duration::from_millis(300);
        Runner::new(store.clone()).named(name).lease(lease).project::<Balance>()
    };
    let first = runner("first").start();
    caught_up(&store, &first).await;
    // As if its process had been killed: it gives nothing back.
    drop(first);
    deposit(&Repository::<Account>::new(store.clone()), 1, 10).await;
    let second = runner("second").start();
    caught_up(&store, &second).await;
    assert_eq!(store.rows::<Balance>().await.unwrap()[0].cents, 40);
    second.stop().await;
}

async fn many_that_come_and_go_take_each_event_once(store: impl TestStore) {
    let writing = history(&store, 4, 60);
    let coming_and_going = async {
        for round in 0..10_u64 {
            let runner = |name: String| {
                let lease = Duration::from_millis(60);
                Runner::new(store.clone()).named(name).lease(lease).batch(5).project::<Balance>()
            };
            let (one, other) =
                (runner(format!("a {round}")).start(), runner(format!("b {round}")).start());
            tokio::time::sleep(Duration::from_millis(20 + 7 * round)).await;
            drop(one);
            other.stop().await;
        }
    };
    futures_util::future::join(writing, coming_and_going).await;
    let last = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &last).await;
    let cents: Vec<_> =
        store.rows::<Balance>().await.unwrap().into_iter().map(|row| row.cents).collect();
    assert_eq!(cents, [600; 4]);
    last.stop().await;
}
