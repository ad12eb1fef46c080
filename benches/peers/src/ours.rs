//! The bank on esrs: `Repository::execute` and `Repository::load`.

use std::sync::Arc;

use async_trait::async_trait;
use esrs::prelude::*;
use esrs::{EventStore, Metadata, StreamId};
use esrs::repository::{SnapshotPolicy, WarmStates};
use esrs::store::{AppendBatch, AppendCondition, NewEvent};

use crate::peer::{CONNECTIONS, Opening, Peer, Tried};

#[derive(Event, Serialize, Deserialize)]
#[event("money_deposited")]
struct MoneyDeposited {
    cents: i64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("money_withdrawn")]
struct MoneyWithdrawn {
    cents: i64,
}

#[derive(Aggregate, Schema, Serialize, Deserialize, Default, PartialEq)]
#[aggregate("bank_account", id = u64, events(MoneyDeposited, MoneyWithdrawn))]
struct BankAccount {
    cents: i64,
}

impl Apply<MoneyDeposited> for BankAccount {
    fn apply(&mut self, event: MoneyDeposited) {
        self.cents += event.cents;
    }
}

impl Apply<MoneyWithdrawn> for BankAccount {
    fn apply(&mut self, event: MoneyWithdrawn) {
        self.cents -= event.cents;
    }
}

struct Deposit {
    cents: i64,
}

struct Withdraw {
    cents: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;

impl Handle<Deposit> for BankAccount {
    type Error = std::convert::Infallible;

    fn handle(&self, command: &Deposit, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(MoneyDeposited { cents: command.cents }.into())
    }
}

impl Handle<Withdraw> for BankAccount {
    type Error = InsufficientFunds;

    fn handle(&self, command: &Withdraw, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        match command.cents > self.cents {
            true => Err(InsufficientFunds),
            false => Ok(MoneyWithdrawn { cents: command.cents }.into()),
        }
    }
}

struct Bank {
    store: PostgresStore,
    accounts: Repository<BankAccount>,
    has_snapshots: bool,
}

impl Bank {
    async fn open(url: &str) -> Tried<Self> {
        // One more connection appends.
        let readers = CONNECTIONS as usize - 1;
        let store = PostgresStore::builder(url).readers(readers).open().await?;
        let accounts = Repository::new(store.clone());
        Ok(Self { store, accounts, has_snapshots: false })
    }
}

pub(crate) fn open(url: String) -> Opening {
    Box::pin(async move { Ok(Arc::new(Bank::open(&url).await?) as _) })
}

pub(crate) fn open_with_snapshots(url: String) -> Opening {
    Box::pin(async move {
        let mut bank = Bank::open(&url).await?;
        bank.accounts = bank.accounts.with_snapshots(SnapshotPolicy::every(100));
        bank.has_snapshots = true;
        Ok(Arc::new(bank) as _)
    })
}

/// Every command loads its account from the store, as those of the others do.
pub(crate) fn open_cold(url: String) -> Opening {
    Box::pin(async move {
        let mut bank = Bank::open(&url).await?;
        bank.accounts = bank.accounts.with_warm_states(WarmStates::none());
        Ok(Arc::new(bank) as _)
    })
}

#[async_trait]
impl Peer for Bank {
    // A repository tries again by itself.
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        self.accounts.execute(&account, Deposit { cents: 1 }).await?;
        Ok(true)
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        match self.accounts.execute(&account, Withdraw { cents }).await {
            Ok(_) => Ok(true),
            Err(error) if error.rejection().is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(self.accounts.load(&account).await?.cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        let stream = StreamId::new(BankAccount::NAME, account)?;
        let mut left = deposits as usize - 1;
        while left > 0 {
            let part = left.min(AppendBatch::MAX_EVENTS);
            let events =
                (0..part).map(|_| NewEvent::of(&MoneyDeposited { cents: 1 }, Metadata::new()));
            let events = events.collect::<Result<_, _>>()?;
            let batch = AppendBatch::new(stream.clone(), AppendCondition::Any, events);
            self.store.append(batch).await?;
            left -= part;
        }
        self.deposit(account).await?;
        if self.has_snapshots && deposits >= 100 {
            self.accounts.write_snapshot(&account).await?;
        }
        Ok(())
    }
}
