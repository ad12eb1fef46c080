//! The bank on disintegrate and disintegrate-postgres: `DecisionMaker::make`, and `LoadState::load`
//! of the state store that it is made of.

use std::sync::Arc;

use async_trait::async_trait;
use disintegrate::serde::json::Json;
use disintegrate::{
    Decision, DecisionError, DecisionMaker, Event, EventSourcedStateStore, LoadState, NoSnapshot,
    PersistDecision, SnapshotConfig, StateMutate, StateQuery,
};
use disintegrate_postgres::{
    Error as StoreError, PgEventId, PgEventStore, PgSnapshotter, WithPgSnapshot,
};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPool;

use crate::peer::{Opening, Peer, Tried};
use crate::sql;

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
enum BankEvent {
    MoneyDeposited {
        #[id]
        account_id: String,
        cents: i64,
    },
    MoneyWithdrawn {
        #[id]
        account_id: String,
        cents: i64,
    },
}

#[derive(Default, StateQuery, Clone, Serialize, Deserialize)]
#[state_query(BankEvent)]
struct BankAccount {
    #[id]
    account_id: String,
    cents: i64,
}

impl BankAccount {
    fn new(account_id: &str) -> Self {
        Self { account_id: account_id.to_owned(), cents: 0 }
    }
}

impl StateMutate for BankAccount {
    fn mutate(&mut self, event: Self::Event) {
        match event {
            BankEvent::MoneyDeposited { cents, .. } => self.cents += cents,
            BankEvent::MoneyWithdrawn { cents, .. } => self.cents -= cents,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;

struct Deposit {
    account_id: String,
    cents: i64,
}

impl Decision for Deposit {
    type Event = BankEvent;
    type StateQuery = BankAccount;
    type Error = InsufficientFunds;

    fn state_query(&self) -> Self::StateQuery {
        BankAccount::new(&self.account_id)
    }

    fn process(&self, _: &Self::StateQuery) -> Result<Vec<Self::Event>, Self::Error> {
        let (account_id, cents) = (self.account_id.clone(), self.cents);
        Ok(vec![BankEvent::MoneyDeposited { account_id, cents }])
    }
}

struct Withdraw {
    account_id: String,
    cents: i64,
}

impl Decision for Withdraw {
    type Event = BankEvent;
    type StateQuery = BankAccount;
    type Error = InsufficientFunds;

    fn state_query(&self) -> Self::StateQuery {
        BankAccount::new(&self.account_id)
    }

    fn process(&self, account: &Self::StateQuery) -> Result<Vec<Self::Event>, Self::Error> {
        if self.cents > account.cents {
            return Err(InsufficientFunds);
        }
        let (account_id, cents) = (self.account_id.clone(), self.cents);
        Ok(vec![BankEvent::MoneyWithdrawn { account_id, cents }])
    }
}

type States<SN> =
    EventSourcedStateStore<PgEventId, BankEvent, PgEventStore<BankEvent, Json<BankEvent>>, SN>;

struct Bank<SN: SnapshotConfig + Clone> {
    pool: PgPool,
    states: States<SN>,
    decisions: DecisionMaker<States<SN>>,
}

impl<SN: SnapshotConfig + Clone> Bank<SN> {
    async fn new(pool: PgPool, snapshots: SN) -> Tried<Self> {
        let store = PgEventStore::try_new(pool.clone(), Json::default()).await?;
        let states = States::new(store, snapshots);
        let decisions = DecisionMaker::new(states.clone());
        Ok(Self { pool, states, decisions })
    }
}

pub(crate) fn open(url: String) -> Opening {
    Box::pin(async move {
        let pool = sql::pool(&url).await?;
        Ok(Arc::new(Bank::new(pool, NoSnapshot).await?) as _)
    })
}

pub(crate) fn open_with_snapshots(url: String) -> Opening {
    Box::pin(async move {
        let pool = sql::pool(&url).await?;
        let snapshots = PgSnapshotter::try_new(pool.clone(), 100).await?;
        Ok(Arc::new(Bank::new(pool, WithPgSnapshot::new(snapshots)).await?) as _)
    })
}

#[async_trait]
impl<SN> Peer for Bank<SN>
where
    SN: SnapshotConfig + Clone + Send + Sync,
    States<SN>: LoadState<PgEventId, BankAccount, BankEvent>
        + PersistDecision<PgEventId, BankAccount, BankEvent>,
{
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        match self.decisions.make(Deposit { account_id: id(account), cents: 1 }).await {
            Ok(_) => Ok(true),
            Err(error) if lost_a_race(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        match self.decisions.make(Withdraw { account_id: id(account), cents }).await {
            Ok(_) => Ok(true),
            Err(DecisionError::Domain(InsufficientFunds)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(self.states.load(BankAccount::new(&id(account))).await?.state().cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        self.deposit(account).await?;
        let (id, copies) = (id(account), deposits - 2);
        let statement = format!(
            "INSERT INTO event (event_type, payload, account_id)
                SELECT event_type, payload, account_id
                FROM event, generate_series(1, {copies}) WHERE account_id = '{id}'"
        );
        sql::execute(&self.pool, &statement).await?;
        self.deposit(account).await?;
        Ok(())
    }
}

/// The store says so itself only when it is found out at the commit.
fn lost_a_race(error: &DecisionError<InsufficientFunds>) -> bool {
    let DecisionError::StateStore(error) = error else { return false };
    match error.downcast_ref() {
        Some(StoreError::Concurrency) => true,
        Some(StoreError::Database(sqlx::Error::Database(error))) => {
            error.code().as_deref() == Some("40001")
        }
        _ => false,
    }
}

fn id(account: u64) -> String {
    format!("account-{account}")
}
