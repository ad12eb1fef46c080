//! `Repository::get`, `AggregateRoot::handle` and `Repository::add`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use eventually::{Aggregate, AggregateRootBuilder, Repository};
use eventually_core::repository::Error;
use eventually_postgres::store::{Error as StoreError, EventStore, EventStoreBuilder};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::peer::{CONNECTIONS, Opening, Peer, Tried};
use crate::sql;

#[derive(Debug, Clone, Serialize, Deserialize)]
enum BankEvent {
    MoneyDeposited { cents: i64 },
    MoneyWithdrawn { cents: i64 },
}

#[derive(Debug)]
enum BankCommand {
    Deposit { cents: i64 },
    Withdraw { cents: i64 },
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;

#[derive(Default, Clone)]
struct Balance {
    cents: i64,
}

#[derive(Clone)]
struct BankAccount;

impl Aggregate for BankAccount {
    type Id = String;
    type State = Balance;
    type Event = BankEvent;
    type Command = BankCommand;
    type Error = InsufficientFunds;

    fn apply(state: Balance, event: BankEvent) -> Result<Balance, InsufficientFunds> {
        Ok(match event {
            BankEvent::MoneyDeposited { cents } => Balance { cents: state.cents + cents },
            BankEvent::MoneyWithdrawn { cents } => Balance { cents: state.cents - cents },
        })
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _: &'s String,
        state: &'s Balance,
        command: BankCommand,
    ) -> BoxFuture<'a, Result<Option<Vec<BankEvent>>, InsufficientFunds>> {
        Box::pin(async move {
            match command {
                BankCommand::Deposit { cents } => {
                    Ok(Some(vec![BankEvent::MoneyDeposited { cents }]))
                }
                BankCommand::Withdraw { cents } if cents > state.cents => Err(InsufficientFunds),
                BankCommand::Withdraw { cents } => {
                    Ok(Some(vec![BankEvent::MoneyWithdrawn { cents }]))
                }
            }
        })
    }
}

type Accounts = Repository<BankAccount, EventStore<String, BankEvent>>;

struct Bank {
    client: Arc<Client>,
    /// A store has one connection, and everybody has as many.
    accounts: Vec<Accounts>,
    next: AtomicUsize,
}

pub(crate) fn open(url: String) -> Opening {
    Box::pin(async move {
        let mut accounts = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut client = sql::connect(&url).await?;
            let migrated = EventStoreBuilder::migrate_database(&mut client).await?;
            let builder = migrated.builder(Arc::new(client));
            let store = builder.build("bank_account").await?;
            accounts.push(Repository::new(AggregateRootBuilder::from(BankAccount), store));
        }
        let client = Arc::new(sql::connect(&url).await?);
        Ok(Arc::new(Bank { client, accounts, next: AtomicUsize::new(0) }) as _)
    })
}

impl Bank {
    /// `Repository::add` wants one of its own.
    fn accounts(&self) -> Accounts {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        self.accounts[next % self.accounts.len()].clone()
    }
}

#[async_trait]
impl Peer for Bank {
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        let mut accounts = self.accounts();
        let mut root = accounts.get(id(account)).await?;
        root.handle(BankCommand::Deposit { cents: 1 }).await?;
        match accounts.add(root).await {
            Ok(_) => Ok(true),
            Err(Error::Store(StoreError::Postgres(error))) if lost_a_race(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        let mut accounts = self.accounts();
        let mut root = accounts.get(id(account)).await?;
        if let Err(InsufficientFunds) = root.handle(BankCommand::Withdraw { cents }).await {
            return Ok(false);
        }
        accounts.add(root).await?;
        Ok(true)
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(self.accounts().get(id(account)).await?.state().cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        self.deposit(account).await?;
        let (id, before_last) = (id(account), deposits - 1);
        let statements = format!(
            "INSERT INTO events (aggregate_id, version, sequence_number, event)
                SELECT aggregate_id, number, sequence_number + number - 1, event
                FROM events, generate_series(2, {before_last}) number
                WHERE aggregate_id = '{id}' AND version = 1;
            UPDATE aggregates SET version = {before_last} WHERE id = '{id}';
            UPDATE aggregate_types SET \"offset\" = \"offset\" + {before_last} - 1;"
        );
        self.client.batch_execute(&statements).await?;
        self.deposit(account).await?;
        Ok(())
    }
}

/// `AppendError::is_conflict_error` says no of everything: the function that appends raises one of
/// them itself, and an index refuses the other.
fn lost_a_race(error: &tokio_postgres::Error) -> bool {
    let races = [SqlState::RAISE_EXCEPTION, SqlState::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| races.contains(code))
}

fn id(account: u64) -> String {
    format!("account-{account}")
}
