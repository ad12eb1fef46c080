//! Rows follow the log, exactly once.

use std::num::NonZeroUsize;
use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::{Retries, Runner};
use esrs::{ExecuteError, StoreError};

use crate::bank::{
    Account, AccountClosed, Balance, MoneyDeposited, MoneyTransferred, NEVER, Say, Transfer,
};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, caught_up, history, until};

on_every_store!(
    rows_follow_from_several_aggregates,
    a_command_waits_for_the_rows_that_show_it,
    a_command_that_is_not_shown_in_time_is_stored_all_the_same,
    rows_are_the_same_from_several_threads,
    a_stop_in_the_middle_loses_nothing_and_takes_nothing_twice,
);

fn balance(account: u32, cents: i64) -> Balance {
    Balance { account, owner: format!("owner {account}"), cents }
}

async fn rows_follow_from_several_aggregates(store: impl TestStore) {
    history(&store, 3, 4).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    let transfers = Repository::<Transfer>::new(store.clone());
    let accounts = Repository::<Account>::new(store.clone());
    transfers.execute(&1, Say(MoneyTransferred { from: 1, to: 2, cents: 15 })).await.unwrap();
    let closing = accounts.execute(&3, Say(AccountClosed {}));
    closing.wait_for::<Balance>(SOON).await.unwrap();
    let rows = store.rows::<Balance>().await.unwrap();
    assert_eq!(rows, [balance(1, 25), balance(2, 55)]);
    running.stop().await;
}

async fn a_command_waits_for_the_rows_that_show_it(store: impl TestStore) {
    history(&store, 1, 0).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    let accounts = Repository::<Account>::new(store.clone());
    for number in 1..=20 {
        let deposit = accounts.execute(&1, Say(MoneyDeposited { cents: 1 }));
        let executed = deposit.wait_for::<Balance>(SOON).await.unwrap();
        assert_eq!(executed.version(), number + 1);
        assert_eq!(store.rows::<Balance>().await.unwrap(), [balance(1, number as i64)]);
    }
    running.stop().await;
}

async fn a_command_that_is_not_shown_in_time_is_stored_all_the_same(store: impl TestStore) {
    history(&store, 1, 0).await;
    let running = Runner::new(store.clone()).project::<Balance>().start();
    caught_up(&store, &running).await;
    running.stop().await;
    let accounts = Repository::<Account>::new(store.clone());
    let deposit = accounts.execute(&1, Say(MoneyDeposited { cents: 1 }));
    let error = deposit.wait_for::<Balance>(Duration::from_millis(30)).await;
    let Err(ExecuteError::NotSeen { executed, source }) = error else { panic!("{error:?}") };
    assert_eq!(executed.version(), 2);
    assert!(matches!(source, StoreError::Lagging { subscription: "balances", .. }), "{source}");
    assert_eq!(Loaded::version(&accounts.load(&1).await.unwrap()), 2);
}

/// Of accounts and customers of the same ids: each of both counts in the one row.
#[derive(Projection, Debug, PartialEq, Eq)]
#[projection(
    table = "activity",
    creates(MoneyDeposited(of = Account), CustomerCalled(of = Customer)),
    events(MoneyDeposited(of = Account), CustomerCalled(of = Customer))
)]
struct Activity {
    #[projection(key)]
    id: u32,
    count: u32,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("customer_called")]
struct CustomerCalled {}

#[derive(Aggregate, Clone, Default)]
#[aggregate("customer", id = u32, events(ignored(CustomerCalled)))]
struct Customer {}

impl Handle<Say<CustomerCalled>> for Customer {
    type Error = std::convert::Infallible;

    fn handle(
        &self,
        Say(event): &Say<CustomerCalled>,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        Ok(event.clone().into())
    }
}

impl Create<MoneyDeposited> for Activity {
    fn create(id: u32, _: &Recorded<MoneyDeposited>) -> Self {
        Self { id, count: 1 }
    }
}

impl Project<MoneyDeposited> for Activity {
    fn project(&mut self, event: &Recorded<MoneyDeposited>) {
        assert!(event.cents != NEVER, "never");
        self.count += 1;
    }
}

impl Create<CustomerCalled> for Activity {
    fn create(id: u32, _: &Recorded<CustomerCalled>) -> Self {
        Self { id, count: 1 }
    }
}

impl Project<CustomerCalled> for Activity {
    fn project(&mut self, _: &Recorded<CustomerCalled>) {
        self.count += 1;
    }
}

async fn rows_are_the_same_from_several_threads(store: impl TestStore) {
    history(&store, 9, 12).await;
    let accounts = Repository::<Account>::new(store.clone());
    let customers = Repository::<Customer>::new(store.clone());
    for id in 1..=9 {
        customers.execute(&id, Say(CustomerCalled {})).await.unwrap();
    }
    for (account, cents) in [(2, NEVER), (3, NEVER), (4, 1)] {
        crate::deposit(&accounts, account, cents).await;
    }
    let threads = NonZeroUsize::new(3).unwrap();
    let retries = Retries::new(1, Duration::from_millis(1));
    let runner = Runner::new(store.clone()).retries(retries).batch(20);
    let running = runner
        .project_in_parallel::<Activity>(threads)
        // This one stays on one thread: an event is about two rows.
        .project_in_parallel::<Balance>(threads)
        .start();
    let head = store.wait_behind(esrs::Position::START).await.unwrap();
    for name in ["activity", "balances"] {
        let status = until(&running, |status| status.name == name && status.position >= head).await;
        assert_eq!(status.parked, 2);
    }
    let counts = store.rows::<Activity>().await.unwrap().into_iter().map(|row| row.count);
    assert_eq!(counts.collect::<Vec<_>>(), [13, 13, 13, 14, 13, 13, 13, 13, 13]);
    let cents = store.rows::<Balance>().await.unwrap().into_iter().map(|row| row.cents);
    assert_eq!(cents.collect::<Vec<_>>(), [120, 120, 120, 121, 120, 120, 120, 120, 120]);
    running.stop().await;
}

async fn a_stop_in_the_middle_loses_nothing_and_takes_nothing_twice(store: impl TestStore) {
    history(&store, 3, 40).await;
    for round in 0..12 {
        let running = Runner::new(store.clone()).batch(7).project::<Balance>().start();
        tokio::time::sleep(Duration::from_millis(round)).await;
        running.stop().await;
    }
    let running = Runner::new(store.clone()).batch(7).project::<Balance>().start();
    caught_up(&store, &running).await;
    let rows = store.rows::<Balance>().await.unwrap();
    assert_eq!(rows, [balance(1, 400), balance(2, 400), balance(3, 400)]);
    running.stop().await;
}
