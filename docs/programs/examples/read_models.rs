//! One projection, stored in three ways: inline, by a runner, and in memory.

mod bank;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use bank::{AccountSummary, BankAccount, Deposit, Open};
use esrs::prelude::*;
use esrs::runner::{Live, Runner};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    inline(&folder.path().join("inline.db")).await?;
    runner(&folder.path().join("runner.db")).await?;
    live(&folder.path().join("live.db")).await?;
    Ok(())
}

async fn fill(store: &SqliteStore) -> Result<(), Box<dyn Error>> {
    let accounts = Repository::<BankAccount>::new(store.clone());
    for (id, owner, cents) in [("a1", "Alice", 150_000), ("a2", "Bob", 20_000)] {
        let id = id.to_owned();
        accounts.execute(&id, Open { owner: owner.to_owned() }).await?;
        accounts.execute(&id, Deposit { cents }).await?;
    }
    Ok(())
}

async fn inline(file: &Path) -> Result<(), Box<dyn Error>> {
    // ANCHOR: inline
    let store = SqliteStore::builder(file).inline::<AccountSummary>().open().await?;
    // ANCHOR_END: inline
    fill(&store).await?;

    // ANCHOR: query
    let bob = store.get::<AccountSummary>(&"a2".to_owned()).await?;
    println!("{bob:?}");

    let condition = "cents > $1 ORDER BY cents DESC";
    for row in store.find::<AccountSummary>(condition, [100_000.into()]).await? {
        println!("{} has {} cents", row.owner, row.cents);
    }

    let sums = store.query("SELECT count(*), sum(cents) FROM account_summary", []).await?;
    println!("{} accounts, {} cents", sums[0][0], sums[0][1]);
    // ANCHOR_END: query
    store.close().await;
    Ok(())
}

async fn runner(file: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(file).await?;
    // ANCHOR: runner
    let running = Runner::new(store.clone()).project::<AccountSummary>().start();

    let accounts = Repository::<BankAccount>::new(store.clone());
    let carol = "a3".to_owned();
    let open = accounts.execute(&carol, Open { owner: "Carol".to_owned() });
    open.wait_for::<AccountSummary>(Duration::from_secs(5)).await?;
    println!("{:?}", store.get::<AccountSummary>(&carol).await?);

    running.stop().await;
    // ANCHOR_END: runner
    store.close().await;
    Ok(())
}

async fn live(file: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(file).await?;
    fill(&store).await?;
    let accounts = Repository::<BankAccount>::new(store.clone());
    // ANCHOR: live
    let summaries = Live::<AccountSummary>::new();
    let running = Runner::new(store.clone()).live(&summaries).start();

    let bob = "a2".to_owned();
    let deposited = accounts.execute(&bob, Deposit { cents: 1 }).await?;
    if let Some(position) = deposited.position() {
        summaries.wait_for(position, Duration::from_secs(5)).await?;
    }
    println!("{:?}", summaries.get(&bob)?);

    running.stop().await;
    // ANCHOR_END: live
    store.close().await;
    Ok(())
}
