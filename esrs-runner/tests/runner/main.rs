//! The runner, on every store that has read models.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bank;
mod between;
mod changed;
mod equal;
mod failing;
mod faults;
mod handling;
mod imported;
mod inline;
mod json;
mod killed;
mod leases;
mod live;
mod measured;
mod outdated;
mod parking;
mod projecting;
mod rebuilding;
mod refusing;
mod registered;
mod stopping;
mod stores;
mod telling;
mod unreadable;

use std::time::Duration;

use bank::{Account, AccountOpened, MoneyDeposited, Say};
use esrs::prelude::*;
use esrs::runner::{Running, State, Status};

/// Longer than anything takes here.
const SOON: Duration = Duration::from_secs(20);

/// Opens the accounts `1..=accounts`, and makes so many deposits of ten on each.
async fn history(store: &impl stores::TestStore, accounts: u32, deposits: u32) {
    let repository = Repository::<Account>::new(store.clone());
    for account in 1..=accounts {
        let opened = AccountOpened { owner: format!("owner {account}") };
        repository.execute(&account, Say(opened)).await.unwrap();
        for _ in 0..deposits {
            deposit(&repository, account, 10).await;
        }
    }
}

async fn deposit(repository: &Repository<Account>, account: u32, cents: i64) {
    repository.execute(&account, Say(MoneyDeposited { cents })).await.unwrap();
}

/// Waits until a subscription is as it has to be.
async fn until(running: &Running, is_so: impl Fn(&Status) -> bool) -> Status {
    let waiting = async {
        loop {
            if let Some(status) = running.status().await.into_iter().find(|status| is_so(status)) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    match tokio::time::timeout(SOON, waiting).await {
        Ok(status) => status,
        Err(_) => panic!("it did not come to that: {:?}", running.status().await),
    }
}

/// Waits until a subscription follows and has taken everything that is stored by now.
async fn caught_up(store: &impl stores::TestStore, running: &Running) -> Status {
    let head = store.wait_behind(esrs::Position::START).await.unwrap();
    until(running, |status| status.state == State::Following && status.position >= head).await
}
