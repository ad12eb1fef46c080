//! Handlers have the transaction of the store in hand.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use esrs::Metadata;
use esrs::prelude::*;
use esrs::runner::{Parking, Retries, Runner};
use esrs::store::BoxError;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::subscription::{EventHandler, Handled, Listen, On, Transaction};

use crate::bank::{Account, MoneyDeposited, NEVER};
use crate::between::busy;
use crate::stores::on_every_store;
use crate::{caught_up, deposit, history, until};

on_every_store!(;
    what_a_handler_writes_is_written_once,
    a_handler_of_another_version_starts_over_when_it_may,
    an_event_that_a_handler_refuses_is_parked,
    stream_whose_id_is_spelled_otherwise_is_parked,
    store_out_of_reach_parks_nothing_and_is_no_failure,
);

/// A row for each deposit.
struct Deposits<const VERSION: u32>;

impl<const V: u32> EventHandler for Deposits<V> {
    const NAME: &'static str = "deposits";
    const VERSION: u32 = V;

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, transaction: &mut dyn Transaction) -> Result<(), BoxError> {
        transaction.execute("DROP TABLE IF EXISTS deposits", &[]).await?;
        transaction.execute("CREATE TABLE deposits (account text, cents bigint)", &[]).await?;
        Ok(())
    }
}

impl<const V: u32> On<MoneyDeposited> for Deposits<V> {
    async fn on(
        &mut self,
        event: &Recorded<MoneyDeposited>,
        transaction: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        if event.cents == NEVER {
            return Err("this is never taken".into());
        }
        let insert = "INSERT INTO deposits (cents, account) VALUES ($2, $1)";
        let parameters = [Recorded::stream(event).id().into(), event.cents.into()];
        transaction.execute(insert, &parameters).await?;
        Ok(())
    }
}

async fn count(store: &impl SqlReadModels) -> String {
    let rows = store.query("SELECT count(*), min(cents) FROM deposits", []).await.unwrap();
    rows[0].iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

async fn what_a_handler_writes_is_written_once(store: impl SqlReadModels + Clone) {
    history(&store, 3, 20).await;
    for _ in 0..6 {
        let running = Runner::new(store.clone()).batch(4).handle(Deposits::<1>).start();
        tokio::time::sleep(std::time::Duration::from_millis(4)).await;
        running.stop().await;
    }
    let running = Runner::new(store.clone()).batch(4).handle(Deposits::<1>).start();
    caught_up(&store, &running).await;
    assert_eq!(count(&store).await, "60 10");
    running.stop().await;
}

async fn a_handler_of_another_version_starts_over_when_it_may(store: impl SqlReadModels + Clone) {
    history(&store, 1, 5).await;
    let running = Runner::new(store.clone()).handle(Deposits::<1>).start();
    caught_up(&store, &running).await;
    running.stop().await;
    let running = Runner::new(store.clone()).rebuild_changed().handle(Deposits::<2>).start();
    caught_up(&store, &running).await;
    assert_eq!(count(&store).await, "5 10");
    running.stop().await;
}

async fn an_event_that_a_handler_refuses_is_parked(store: impl SqlReadModels + Clone) {
    history(&store, 2, 1).await;
    let accounts = Repository::<Account>::new(store.clone());
    deposit(&accounts, 1, NEVER).await;
    deposit(&accounts, 2, 10).await;
    let retries = Retries::new(1, std::time::Duration::from_millis(1));
    let running = Runner::new(store.clone()).retries(retries).handle(Deposits::<1>).start();
    assert_eq!(caught_up(&store, &running).await.parked, 1);
    assert_eq!(count(&store).await, "3 10");
    let parked = Parking::of_handler::<Deposits<1>>(store.clone()).streams().await.unwrap();
    assert!(parked[0].reason.contains("this is never taken"), "{parked:?}");
    running.stop().await;
}

/// A handler that reads the id of its event's stream would take it for that of another instance.
async fn stream_whose_id_is_spelled_otherwise_is_parked(store: impl SqlReadModels + Clone) {
    history(&store, 1, 1).await;
    let event = NewEvent::of(&MoneyDeposited { cents: 10 }, Metadata::new()).unwrap();
    let stream = "account-01".parse().unwrap();
    store.append(AppendBatch::new(stream, AppendCondition::Any, vec![event])).await.unwrap();
    let retries = Retries::new(0, std::time::Duration::ZERO);
    let running = Runner::new(store.clone()).retries(retries).handle(Deposits::<1>).start();
    assert_eq!(caught_up(&store, &running).await.parked, 1);
    assert_eq!(count(&store).await, "1 10");
    let parked = Parking::of_handler::<Deposits<1>>(store.clone()).streams().await.unwrap();
    assert!(parked[0].reason.contains("it is read as the id 1"), "{}", parked[0].reason);
    running.stop().await;
}

/// A store that it uses is out of reach until a test says otherwise.
struct Elsewhere {
    fails: fn() -> BoxError,
    is_back: Arc<AtomicBool>,
    tries: Arc<AtomicU32>,
}

impl EventHandler for Elsewhere {
    const NAME: &'static str = "elsewhere";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, _: &mut dyn Transaction) -> Result<(), BoxError> {
        Ok(())
    }
}

impl On<MoneyDeposited> for Elsewhere {
    async fn on(
        &mut self,
        _: &Recorded<MoneyDeposited>,
        _: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        match self.is_back.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err((self.fails)()),
        }
    }
}

async fn store_out_of_reach_parks_nothing_and_is_no_failure(store: impl SqlReadModels + Clone) {
    history(&store, 2, 1).await;
    let errors: [fn() -> BoxError; 4] = [
        || busy().into(),
        || LoadError::Store(busy()).into(),
        || ExecuteError::<Infallible>::Store(busy()).into(),
        || ExecuteError::<Infallible>::Load(LoadError::Store(busy())).into(),
    ];
    for fails in errors {
        let (is_back, tries) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
        let retries = Retries::new(1, std::time::Duration::from_millis(1));
        let runner = Runner::new(store.clone()).retries(retries);
        let handler = Elsewhere { fails, is_back: is_back.clone(), tries: tries.clone() };
        let running = runner.handle(handler).start();
        until(&running, |_| tries.load(Ordering::Relaxed) > 3).await;
        assert_eq!(running.status().await[0].parked, 0, "an outage is no fault of an event");
        let of_all = store.checkpoints().await.unwrap();
        let failures: Vec<_> = of_all.into_iter().filter_map(|one| one.failure).collect();
        assert!(failures.is_empty(), "it goes on by itself: {failures:?}");
        is_back.store(true, Ordering::Relaxed);
        assert_eq!(caught_up(&store, &running).await.parked, 0);
        running.stop().await;
        store.start_over(Handled::<Elsewhere>::subscription_of().into(), None).await.unwrap();
    }
}

/// It ignores the result of its statement.
struct Careless;

impl EventHandler for Careless {
    const NAME: &'static str = "careless";

    fn listen(events: Listen<Self>) -> Listen<Self> {
        events.to::<Account, MoneyDeposited>()
    }

    async fn start_over(&mut self, _: &mut dyn Transaction) -> Result<(), BoxError> {
        Ok(())
    }
}

impl On<MoneyDeposited> for Careless {
    async fn on(
        &mut self,
        _: &Recorded<MoneyDeposited>,
        transaction: &mut dyn Transaction,
    ) -> Result<(), BoxError> {
        let _ = transaction.execute("INSERT INTO deposits VALUES (1)", &[]).await;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statement_of_a_handler_parks_its_stream_in_memory() {
    let store = MemoryStore::new();
    history(&store, 1, 1).await;
    let retries = Retries::new(0, std::time::Duration::ZERO);
    let running = Runner::new(store.clone()).retries(retries).handle(Careless).start();
    assert_eq!(caught_up(&store, &running).await.parked, 1);
    let parked = Parking::of_handler::<Careless>(store.clone()).streams().await.unwrap();
    assert!(parked[0].reason.contains("does not speak SQL"), "{}", parked[0].reason);
    running.stop().await;
}
