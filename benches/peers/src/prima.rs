//! The bank on Prima's `esrs`: `AggregateManager::load` and `AggregateManager::handle_command`.

use std::sync::Arc;

use async_trait::async_trait;
use prima_esrs::manager::AggregateManager;
use prima_esrs::store::postgres::{PgStore, PgStoreBuilder, PgStoreError};
use prima_esrs::{Aggregate, AggregateState};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPool;
use uuid::Uuid;

use crate::peer::{Opening, Peer, Tried};
use crate::sql;

#[derive(Serialize, Deserialize)]
enum BankEvent {
    MoneyDeposited { cents: i64 },
    MoneyWithdrawn { cents: i64 },
}

enum BankCommand {
    Deposit { cents: i64 },
    Withdraw { cents: i64 },
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;

#[derive(Default)]
struct Balance {
    cents: i64,
}

struct BankAccount;

impl Aggregate for BankAccount {
    const NAME: &'static str = "bank_account";
    type State = Balance;
    type Command = BankCommand;
    type Event = BankEvent;
    type Error = InsufficientFunds;

    fn handle_command(
        state: &Self::State,
        command: Self::Command,
    ) -> Result<Vec<Self::Event>, Self::Error> {
        match command {
            BankCommand::Deposit { cents } => Ok(vec![BankEvent::MoneyDeposited { cents }]),
            BankCommand::Withdraw { cents } if cents > state.cents => Err(InsufficientFunds),
            BankCommand::Withdraw { cents } => Ok(vec![BankEvent::MoneyWithdrawn { cents }]),
        }
    }

    fn apply_event(state: Self::State, event: Self::Event) -> Self::State {
        match event {
            BankEvent::MoneyDeposited { cents } => Balance { cents: state.cents + cents },
            BankEvent::MoneyWithdrawn { cents } => Balance { cents: state.cents - cents },
        }
    }
}

struct Bank {
    pool: PgPool,
    manager: AggregateManager<PgStore<BankAccount>>,
}

pub(crate) fn open(url: String) -> Opening {
    Box::pin(async move {
        let pool = sql::pool(&url).await?;
        let store = PgStoreBuilder::new(pool.clone()).try_build().await?;
        Ok(Arc::new(Bank { pool, manager: AggregateManager::new(store) }) as _)
    })
}

impl Bank {
    async fn state(&self, account: u64) -> Result<AggregateState<Balance>, PgStoreError> {
        let loaded = self.manager.load(id(account)).await?;
        Ok(loaded.unwrap_or_else(|| AggregateState::with_id(id(account))))
    }
}

#[async_trait]
impl Peer for Bank {
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        let state = self.state(account).await?;
        match self.manager.handle_command(state, BankCommand::Deposit { cents: 1 }).await {
            Ok(handled) => Ok(handled.map(|_| true)?),
            Err(PgStoreError::Sqlx(error)) if sql::is_duplicate(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        let state = self.state(account).await?;
        let handled = self.manager.handle_command(state, BankCommand::Withdraw { cents }).await?;
        Ok(handled.is_ok())
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(self.state(account).await?.inner().cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        self.deposit(account).await?;
        let (id, before_last) = (id(account), deposits - 1);
        let statement = format!(
            "INSERT INTO bank_account_events
                (id, aggregate_id, payload, occurred_on, sequence_number, version)
                SELECT gen_random_uuid(), aggregate_id, payload, occurred_on, number, version
                FROM bank_account_events, generate_series(2, {before_last}) number
                WHERE aggregate_id = '{id}' AND sequence_number = 1"
        );
        sql::execute(&self.pool, &statement).await?;
        self.deposit(account).await?;
        Ok(())
    }
}

fn id(account: u64) -> Uuid {
    Uuid::from_u128(account.into())
}
