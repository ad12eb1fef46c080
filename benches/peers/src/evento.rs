//! The bank on evento: `evento::save`, and `evento::load`.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bincode::{Decode, Encode};
use evento::cursor::{Args, Cursor};
use evento::migrator::{Migrate, Plan};
use evento::{Aggregator, AggregatorName, EventDetails, Executor, ReadError, WriteError};
use sqlx::postgres::PgPool;

use crate::peer::{Opening, Peer, Tried};
use crate::sql;

#[derive(AggregatorName, Encode, Decode)]
struct MoneyDeposited {
    cents: i64,
}

#[derive(AggregatorName, Encode, Decode)]
struct MoneyWithdrawn {
    cents: i64,
}

#[derive(Default, Encode, Decode, Clone, Debug)]
struct BankAccount {
    cents: i64,
}

#[evento::aggregator]
impl BankAccount {
    async fn money_deposited(&mut self, event: EventDetails<MoneyDeposited>) -> anyhow::Result<()> {
        self.cents += event.data.cents;
        Ok(())
    }

    async fn money_withdrawn(&mut self, event: EventDetails<MoneyWithdrawn>) -> anyhow::Result<()> {
        self.cents -= event.data.cents;
        Ok(())
    }
}

struct Bank {
    pool: PgPool,
    executor: evento::Postgres,
}

impl Bank {
    async fn open(url: &str) -> Tried<Self> {
        let pool = sql::pool(url).await?;
        let mut connection = pool.acquire().await?;
        evento::sql_migrator::new::<sqlx::Postgres>()?
            .run(&mut *connection, &Plan::apply_all())
            .await?;
        Ok(Self { executor: pool.clone().into(), pool })
    }

    /// Copies the first event of an account, up to this version.
    async fn copy_events(&self, account: u64, version: i64) -> Tried<()> {
        let (id, kind) = (id(account), BankAccount::name());
        let statement = format!(
            "INSERT INTO event (id, name, aggregator_type, aggregator_id, version, data, metadata,
                    routing_key, timestamp, timestamp_subsec)
                SELECT '01' || upper(left(md5(id || number), 24)), name, aggregator_type,
                    aggregator_id, number, data, metadata, routing_key, timestamp, timestamp_subsec
                FROM event, generate_series(2, {version}) number
                WHERE aggregator_id = '{id}' AND aggregator_type = '{kind}' AND version = 1"
        );
        sql::execute(&self.pool, &statement).await
    }

    /// Writes the snapshot that a commit of the last event would have left behind.
    async fn write_snapshot(&self, account: u64, cents: i64) -> Tried<()> {
        let kind = BankAccount::name().to_owned();
        let last = Args::backward(1, None);
        let read = self.executor.read_by_aggregator(kind.clone(), id(account), last).await?;
        let event = &read.edges.last().ok_or("the account has no event")?.node;
        let state = bincode::encode_to_vec(BankAccount { cents }, bincode::config::standard())?;
        let (revision, cursor) = (BankAccount::revision().to_owned(), event.serialize_cursor()?);
        Ok(self.executor.save_snapshot(kind, revision, id(account), state, cursor).await?)
    }
}

pub(crate) fn open(url: String) -> Opening {
    Box::pin(async move { Ok(Arc::new(Bank::open(&url).await?) as _) })
}

#[async_trait]
impl Peer for Bank {
    async fn try_deposit(&self, account: u64) -> Tried<bool> {
        let deposit = evento::save::<BankAccount>(id(account))
            .data(&MoneyDeposited { cents: 1 })?
            .metadata(&true)?;
        match deposit.commit(&self.executor).await {
            Ok(_) => Ok(true),
            Err(WriteError::InvalidOriginalVersion) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn withdraw(&self, account: u64, cents: i64) -> Tried<bool> {
        let loaded = evento::load::<BankAccount, _>(&self.executor, id(account)).await?;
        if cents > loaded.item.cents {
            return Ok(false);
        }
        evento::save_with(loaded)
            .data(&MoneyWithdrawn { cents })?
            .metadata(&true)?
            .commit(&self.executor)
            .await?;
        Ok(true)
    }

    async fn balance(&self, account: u64) -> Tried<i64> {
        Ok(evento::load::<BankAccount, _>(&self.executor, id(account)).await?.item.cents)
    }

    async fn prepare(&self, account: u64, deposits: i64) -> Tried<()> {
        self.deposit(account).await?;
        self.copy_events(account, deposits - 1).await?;
        self.write_snapshot(account, deposits - 1).await?;
        self.deposit(account).await?;
        Ok(())
    }
}

/// Measures a load without the snapshot that each commit writes, as after a change of the aggregate's
/// code, which makes another revision of it.
pub(crate) async fn without_snapshot(url: &str) -> Tried<String> {
    let bank = Bank::open(url).await?;
    let mut said = Vec::new();
    for (account, events) in [(1, 10_000), (2, 100_000)] {
        bank.deposit(account).await?;
        bank.copy_events(account, events).await?;
        sql::execute(&bank.pool, "DELETE FROM snapshot").await?;
        for time in ["first", "second"] {
            let start = Instant::now();
            let loaded = evento::load::<BankAccount, _>(&bank.executor, id(account)).await;
            let took = start.elapsed().as_secs_f64();
            let came_to = match loaded {
                Ok(loaded) => format!("{} cents", loaded.item.cents),
                Err(ReadError::TooManyEvents) => "refused: TooManyEvents".to_owned(),
                Err(error) => return Err(error.into()),
            };
            said.push(format!(
                "- the {time} load of {events} deposits of a cent: {came_to}, after {took:.3} s"
            ));
        }
    }
    Ok(format!("evento without its snapshot:\n\n{}", said.join("\n")))
}

fn id(account: u64) -> String {
    format!("account-{account}")
}
