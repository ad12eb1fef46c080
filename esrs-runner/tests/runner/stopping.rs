//! Stopping and taking over, whatever the store does.

use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::runner::{Retries, Runner, Running, State};
use esrs::store::BoxError;
use esrs::subscription::{EventHandler, Listen, On, Transaction};

use crate::bank::{Account, Balance, MoneyDeposited, NEVER};
use crate::between::{Between, Call, busy};
use crate::{SOON, caught_up, deposit, history, stores, until};

/// The bound of a stop: the timeout of the test's runner, and slack for a busy machine.
const TIMEOUT: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_secs(5);

async fn between() -> (tempfile::TempDir, Between) {
    let (folder, store) = stores::sqlite().await;
    history(&store, 2, 3).await;
    (folder, Between::new(store))
}

fn runner(store: &Between, name: &str) -> Runner {
    let lease = Duration::from_secs(1);
    Runner::new(store.clone()).named(name).lease(lease).stop_timeout(TIMEOUT).project::<Balance>()
}

async fn stop_in_time(running: Running) {
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < TIMEOUT + SLACK, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runner_stops_in_time_whichever_call_hangs() {
    for call in Call::ALL {
        for from_the_start in [true, false] {
            let (_folder, store) = between().await;
            let running = if from_the_start {
                store.hang(&[call]);
                let running = runner(&store, "one").start();
                tokio::time::sleep(Duration::from_millis(30)).await;
                running
            } else {
                let running = runner(&store, "one").start();
                caught_up(&store.store, &running).await;
                store.hang(&[call]);
                deposit(&Repository::<Account>::new(store.store.clone()), 1, 10).await;
                tokio::time::sleep(Duration::from_millis(30)).await;
                running
            };
            stop_in_time(running).await;
            // Another goes on when the store answers again.
            store.mend();
            let next = runner(&store, "two").start();
            caught_up(&store.store, &next).await;
            next.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runner_that_waits_or_tries_again_stops_at_once() {
    let (_folder, store) = between().await;
    let longest = Duration::from_secs(600);
    let runner = |name: &str| {
        Runner::new(store.clone())
            .named(name)
            .lease(longest)
            .stop_timeout(longest)
            .retries(Retries::new(u32::MAX, longest))
            .project::<Balance>()
    };
    deposit(&Repository::<Account>::new(store.store.clone()), 1, NEVER).await;
    let first = runner("first").start();
    until(&first, |status| status.state == State::Following).await;
    let second = runner("second").start();
    until(&second, |status| matches!(status.state, State::Standby { .. })).await;
    // A claim that hangs does not hold the stop up either.
    store.hang(&[Call::Claim]);
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    for running in [second, first] {
        // A claim that nobody interrupts is waited for by five seconds.
        tokio::time::timeout(Duration::from_secs(3), running.stop()).await.unwrap();
    }
}

/// Never ends.
struct Hanging;

impl EventHandler for Hanging {
    const NAME: &'static str = "hanging";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, _: &mut dyn Transaction) -> Result<(), BoxError> {
        Ok(())
    }
}

impl On<MoneyDeposited> for Hanging {
    async fn on(
        &mut self,
        _: &Recorded<MoneyDeposited>,
        _: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        // For as long as the test takes: a thread that sleeps for ever would keep it from ending.
        std::thread::sleep(Duration::from_secs(3));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handler_that_hangs_does_not_hold_the_stop_up() {
    let (_folder, store) = stores::sqlite().await;
    history(&store, 1, 1).await;
    let running = Runner::new(store.clone()).stop_timeout(TIMEOUT).handle(Hanging).start();
    until(&running, |status| status.state == State::Following).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    running.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn renewal_that_hangs_longer_than_the_lease_loses_it() {
    let (_folder, store) = between().await;
    let first = runner(&store, "first").start();
    caught_up(&store.store, &first).await;
    store.hang(&[Call::Claim]);
    // The second is behind the same store, by handles that work.
    let other = Between::new(store.store.clone());
    let second = runner(&other, "second").start();
    caught_up(&store.store, &second).await;
    // What the first does from here on is refused, and it says that it does not follow.
    until(&first, |status| !matches!(status.state, State::Following)).await;
    store.mend();
    until(&first, |status| matches!(status.state, State::Standby { .. })).await;
    stop_in_time(first).await;
    stop_in_time(second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_that_fail_are_repeated_every_second() {
    let (_folder, store) = between().await;
    let first = runner(&store, "first").start();
    caught_up(&store.store, &first).await;
    let other = Between::new(store.store.clone());
    other.fail(Call::Claim, busy);
    let second = runner(&other, "second").start();
    until(&second, |status| matches!(status.state, State::Failed { .. })).await;
    tokio::time::sleep(Duration::from_millis(6_500)).await;
    assert!(other.count(Call::Claim) >= 5, "{} claims", other.count(Call::Claim));
    // As if its process had been killed.
    drop(first);
    other.mend();
    let begun = Instant::now();
    caught_up(&store.store, &second).await;
    assert!(begun.elapsed() < Duration::from_secs(3) + SLACK, "{:?}", begun.elapsed());
    stop_in_time(second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durations_and_sizes_at_their_extremes_are_taken() {
    for (duration, size) in [(Duration::MAX, usize::MAX), (Duration::ZERO, 0)] {
        let (_folder, store) = between().await;
        let retries = Retries::new(0, duration);
        let running = Runner::new(store.clone())
            .named("extreme")
            .lease(duration)
            .batch(size)
            .look_for_decisions_every(duration)
            .retries(retries)
            .stop_timeout(SOON)
            .project::<Balance>()
            .start();
        let accounts = Repository::<Account>::new(store.store.clone());
        deposit(&accounts, 1, NEVER).await;
        deposit(&accounts, 2, 1).await;
        assert_eq!(caught_up(&store.store, &running).await.parked, 1);
        let before = store.count(Call::Parked) + store.count(Call::Claim) + store.count(Call::Read);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let after = store.count(Call::Parked) + store.count(Call::Claim) + store.count(Call::Read);
        assert!(after - before < 400, "{} calls in half a second", after - before);
        running.stop().await;
    }
}
