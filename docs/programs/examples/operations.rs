//! A runner, a stream that it parks, and the decision of an operator.

mod bank;

use std::error::Error;
use std::time::Duration;

use bank::{AccountSummary, BankAccount, Deposit, MoneyDeposited, Open};
use esrs::prelude::*;
use esrs::runner::{Parking, Rebuild, Retries, Runner, Running, State, SubscriptionFailure};
use esrs::store::{ImportSource, import};
use esrs::{Metadata, StreamId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = SqliteStore::open(folder.path().join("bank.db")).await?;

    // An import forgot to open one account, so there is no row that its deposit could change.
    let source = ImportSource::new("ledger of the old bank");
    let event = MoneyDeposited { cents: 500 };
    let event = source.event(7, &event, Timestamp::now(), Metadata::new())?;
    import(&store, [(StreamId::new(BankAccount::NAME, "lost")?, event)]).await?;

    // ANCHOR: start
    let running = Runner::new(store.clone())
        .project::<AccountSummary>()
        .retries(Retries::new(2, Duration::from_millis(10)))
        .rebuild_changed()
        .on_state(|status| {
            if let State::Failed { reason } = &status.state {
                eprintln!("{} has failed: {reason}", status.name);
            }
        })
        .start();
    // ANCHOR_END: start

    let accounts = Repository::<BankAccount>::new(store.clone());
    let alice = "alice".to_owned();
    let timeout = Duration::from_secs(5);
    accounts.execute(&alice, Open { owner: "Alice".to_owned() }).await?;
    let deposit = accounts.execute(&alice, Deposit { cents: 100 });
    deposit.wait_for::<AccountSummary>(timeout).await?;

    // ANCHOR: parked
    let parking = Parking::of::<AccountSummary>(store.clone());
    for parked in parking.streams().await? {
        println!("{} at version {}: {}", parked.stream, parked.version, parked.reason);
        parking.skip(&parked, "olga", "ticket 4711: the account never existed").await?;
    }
    // ANCHOR_END: parked

    while !parking.streams().await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    // ANCHOR: log
    for entry in parking.log().await? {
        let actor = entry.actor.as_deref().unwrap_or("the runner");
        println!("{:?} by {actor}: {}", entry.action, entry.stream);
    }
    // ANCHOR_END: log

    // ANCHOR: status
    for status in running.status().await {
        println!("{}: lag {:?}, parked {}", status.name, status.lag(), status.parked);
    }
    // ANCHOR_END: status
    serve(running, std::future::ready(())).await?;

    // ANCHOR: rebuild
    let position = Rebuild::new(store.clone())
        .on_progress(|progress| eprintln!("{:.0} %", progress.ratio() * 100.0))
        .run::<AccountSummary>()
        .await?;
    println!("rebuilt up to position {position}");
    // ANCHOR_END: rebuild
    Ok(())
}

// ANCHOR: serve
/// Runs until the program must stop, or a subscription keeps failing.
async fn serve(
    running: Running,
    stop: impl Future<Output = ()>,
) -> Result<(), SubscriptionFailure> {
    let failure = tokio::select! {
        () = stop => None,
        failure = running.failed() => Some(failure),
    };
    running.stop().await;
    failure.map_or(Ok(()), Err)
}
// ANCHOR_END: serve
