//! A projection of a million events into ten thousand rows of PostgreSQL, exactly once, compared to a loop
//! that was written for it; and to one that listens to a tenth of the event types.

mod bank;
mod bare;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::Runner;
use esrs::subscription::{CheckpointStore, Projected};
use esrs::{Position, StreamId};
use esrs_benches::ratio::{Bar, Comparison, Figure, report};
use tokio::runtime::Runtime;

use bank::{Account, Balance, Deposits, new_event};
use bare::Bare;

type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

const EVENTS: u64 = 1_000_000;
const ACCOUNTS: u64 = 10_000;
/// Events a page, on both sides.
const BATCH: usize = 2_000;

fn main() -> Tried<ExitCode> {
    let server = postgres_server::Server::start()?;
    let database = server.create_database()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let store = runtime.block_on(PostgresStore::open(database.url()))?;
    println!("importing {EVENTS} events of {ACCOUNTS} accounts");
    runtime.block_on(import(&store))?;
    let bare = runtime.block_on(Bare::open(database.url()))?;
    let catch_up = || catch_up::<Balance>(&runtime, &store);
    catch_up()?;
    runtime.block_on(bare.catch_up())?;
    let both = runtime.block_on(async {
        Ok::<_, Box<dyn Error + Send + Sync>>((
            bare.balances("balances").await?,
            bare.balances("bare_balances").await?,
        ))
    })?;
    if both.0 != both.1 || both.0.len() as u64 != ACCOUNTS {
        return Err("the two sides do not come to the same rows".into());
    }
    let by_hand = Comparison::new(
        "a projection of 1,000,000 events into 10,000 rows",
        Bar::AtLeast(0.6),
        EVENTS as u32,
        Figure::Rate("events"),
    )
    .rounds(5)
    .elapsed(catch_up, || runtime.block_on(bare.catch_up()))?;
    let tenth = Comparison::new(
        "one event type of ten, beside all ten",
        Bar::AtLeast(3.0),
        EVENTS as u32,
        Figure::Rate("events"),
    )
    .rounds(5)
    .elapsed(|| crate::catch_up::<Deposits>(&runtime, &store), catch_up)?;
    runtime.block_on(store.close());
    Ok(report(&[by_hand, tenth]))
}

/// A history in which all accounts move in turn, as those of a bank do.
async fn import(store: &PostgresStore) -> Tried<()> {
    let events = (0..EVENTS).map(|number| {
        // So that no account has one event type alone.
        let account = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let stream = StreamId::new(Account::NAME, account % ACCOUNTS + 1)?;
        Ok::<_, Box<dyn Error + Send + Sync>>((stream, new_event(number)?))
    });
    let events = events.collect::<Result<Vec<_>, _>>()?;
    store.import(events).await?;
    Ok(())
}

/// Rebuilds all rows of `P`, by a runner.
fn catch_up<P: Projection>(runtime: &Runtime, store: &PostgresStore) -> Tried<()> {
    runtime.block_on(async {
        let subscription = Arc::new(Projected::<P>::subscription_of());
        store.start_over(subscription.clone(), None).await?;
        let head = store.wait_behind(Position::START).await?;
        let running = Runner::new(store.clone()).batch(BATCH).project::<P>().start();
        store.wait_for(subscription, head.into(), Duration::from_secs(600)).await?;
        running.stop().await;
        Ok(())
    })
}
