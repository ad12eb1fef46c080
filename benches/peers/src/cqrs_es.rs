//! The bank on cqrs-es and postgres-es: `CqrsFramework::execute` and `EventStore::load_aggregate`.

use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent, EventStore};
use postgres_es::{PostgresCqrs, PostgresEventRepository};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPool;

use crate::peer::{Opening, Peer, Tried};
use crate::sql;

/// The tables of postgres-es's `db/init.sql`; it makes none by itself.
const TABLES: &str = "
    CREATE TABLE events (
        aggregate_type text NOT NULL,
        aggregate_id text NOT NULL,
        sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL,
        event_version text NOT NULL,
        payload json NOT NULL,
        metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );
    CREATE TABLE snapshots (
        aggregate_type text NOT NULL,
        aggregate_id text NOT NULL,
        last_sequence bigint CHECK (last_sequence >= 0) NOT NULL,
        current_snapshot bigint CHECK (current_snapshot >= 0) NOT NULL,
        payload json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
    );";

// ANCHOR: events
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum BankEvent {
    MoneyDeposited { cents: i64 },
    MoneyWithdrawn { cents: i64 },
}

impl DomainEvent for BankEvent {
    fn event_type(&self) -> String {
        match self {
            Self::MoneyDeposited { .. } => "MoneyDeposited".to_owned(),
            Self::MoneyWithdrawn { .. } => "MoneyWithdrawn".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}
// ANCHOR_END: events

// ANCHOR: commands
enum BankCommand {
    Deposit { cents: i64 },
    Withdraw { cents: i64 },
}

#[derive(Debug, thiserror::Error)]
#[error("insufficient funds")]
struct InsufficientFunds;
// ANCHOR_END: commands

// ANCHOR: aggregate
#[derive(Default, Serialize, Deserialize)]
struct BankAccount {
    cents: i64,
}

impl Aggregate for BankAccount {
    const TYPE: &'static str = "bank_account";
    type Command = BankCommand;
    type Event = BankEvent;
    type Error = InsufficientFunds;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        match command {
            BankCommand::Deposit { cents } => {
                sink.write(BankEvent::MoneyDeposited { cents }, self).await;
            }
            BankCommand::Withdraw { cents } if cents > self.cents => return Err(InsufficientFunds),
            BankCommand::Withdraw { cents } => {
                sink.write(BankEvent::MoneyWithdrawn { cents }, self).await;
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            BankEvent::MoneyDeposited { cents } => self.cents += cents,
            BankEvent::MoneyWithdrawn { cents } => self.cents -= cents,
        }
    }
}
// ANCHOR_END: aggregate

type Store = PersistedEventStore<PostgresEventRepository, BankAccount>;

struct Bank {
    pool: PgPool,
    cqrs: PostgresCqrs<BankAccount>,
    /// The framework does not give its own away.
    store: Store,
}

fn open_by(url: String, store: fn(PostgresEventRepository) -> Store) -> Opening {
    Box::pin(async move {
        let pool = sql::pool(&url).await?;
        sql::execute(&pool, TABLES).await?;
        let new = || store(PostgresEventRepository::new(pool.clone()));
        let cqrs = CqrsFramework::new(new(), vec![], ());
        Ok(Arc::new(Bank { cqrs, store: new(), pool }) as _)
    })
}

pub(crate) fn open(url: String) -> Opening {
    open_by(url, Store::new_event_store)
}

pub(crate) fn open_with_snapshots(url: String) -> Opening {
    open_by(url, |repository| Store::new_snapshot_store(repository, 100))
}

pub(crate) fn open_aggregate_store(url: String) -> Opening {
    open_by(url, Store::new_aggregate_store)
}

#[async_trait]
impl Peer for Bank {
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        match self.cqrs.execute(&id(account), BankCommand::Deposit { cents: 1 }).await {
            Ok(()) => Ok(true),
            Err(AggregateError::AggregateConflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        match self.cqrs.execute(&id(account), BankCommand::Withdraw { cents }).await {
            Ok(()) => Ok(true),
            Err(AggregateError::UserError(InsufficientFunds)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(self.store.load_aggregate(&id(account)).await?.aggregate.cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        self.deposit(account).await?;
        let (id, before_last) = (id(account), deposits - 1);
        // The aggregate store has a snapshot by now, which says what is stored; nobody else has one.
        let statements = format!(
            "INSERT INTO events
                SELECT aggregate_type, aggregate_id, number, event_type, event_version, payload, metadata
                FROM events, generate_series(2, {before_last}) number
                WHERE aggregate_id = '{id}' AND sequence = 1;
            UPDATE snapshots
                SET last_sequence = {before_last}, payload = '{{\"cents\":{before_last}}}'
                WHERE aggregate_id = '{id}';"
        );
        sql::execute(&self.pool, &statements).await?;
        self.deposit(account).await?;
        Ok(())
    }
}

fn id(account: u64) -> String {
    format!("account-{account}")
}
