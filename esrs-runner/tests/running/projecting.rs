//! Rows follow the log, exactly once.

use esrs::prelude::*;
use esrs::runner::Runner;
use esrs::{ExecuteError, StoreError};

use crate::bank::{
    Account, AccountClosed, Balance, MoneyDeposited, MoneyTransferred, Say, Transfer,
};
use crate::stores::{TestStore, on_every_store};
use crate::{SOON, caught_up, history};

on_every_store!(
    rows_follow_from_several_aggregates,
    a_command_waits_for_the_rows_that_show_it,
    a_command_that_is_not_shown_in_time_is_stored_all_the_same,
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
    let rows = store.all::<Balance>().await.unwrap();
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
        assert_eq!(store.all::<Balance>().await.unwrap(), [balance(1, number as i64)]);
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
    let error = deposit.wait_for::<Balance>(std::time::Duration::from_millis(30)).await;
    let Err(ExecuteError::NotSeen { executed, source }) = error else { panic!("{error:?}") };
    assert_eq!(executed.version(), 2);
    assert!(matches!(source, StoreError::Lagging { subscription: "balances", .. }), "{source}");
    assert_eq!(accounts.load(&1).await.unwrap().version(), 2);
}

async fn a_stop_in_the_middle_loses_nothing_and_takes_nothing_twice(store: impl TestStore) {
    history(&store, 3, 40).await;
    for round in 0..12 {
        let running = Runner::new(store.clone()).batch(7).project::<Balance>().start();
        tokio::time::sleep(std::time::Duration::from_millis(round)).await;
        running.stop().await;
    }
    let running = Runner::new(store.clone()).batch(7).project::<Balance>().start();
    caught_up(&store, &running).await;
    let rows = store.all::<Balance>().await.unwrap();
    assert_eq!(rows, [balance(1, 400), balance(2, 400), balance(3, 400)]);
    running.stop().await;
}
