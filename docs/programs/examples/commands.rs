//! The answers to commands: results, refusals, expected versions, and two commands as one unit.

mod bank;

use std::error::Error;

use bank::{BankAccount, Deposit, Open, Refusal, Withdraw};
use esrs::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    let (alice, bob) = ("alice".to_owned(), "bob".to_owned());
    accounts.execute(&alice, Open { owner: "Alice".to_owned() }).await?;
    accounts.execute(&bob, Open { owner: "Bob".to_owned() }).await?;
    accounts.execute(&alice, Deposit { cents: 500 }).await?;

    println!("-- ANCHOR: refused");
    // ANCHOR: refused
    match accounts.execute(&alice, Withdraw { cents: 900 }).await {
        Ok(executed) => println!("now at version {}", executed.version()),
        Err(ExecuteError::Rejected(Refusal::InsufficientFunds { missing_cents })) => {
            println!("{missing_cents} cents too much");
        }
        Err(error) => return Err(error.into()),
    }
    // ANCHOR_END: refused
    println!("-- ANCHOR_END: refused");

    println!("-- ANCHOR: returning");
    // ANCHOR: returning
    let withdrawn = accounts.execute(&alice, Withdraw { cents: 100 }).returning().await?;
    println!("{:?}", *withdrawn.events()[0]);
    println!("{} cents are left", withdrawn.state().cents);
    // ANCHOR_END: returning
    println!("-- ANCHOR_END: returning");

    println!("-- ANCHOR: expected_version");
    // ANCHOR: expected_version
    let seen = Loaded::version(&accounts.load(&alice).await?);
    accounts.execute(&alice, Deposit { cents: 1 }).await?;
    let late = accounts.execute(&alice, Withdraw { cents: 1 }).expected_version(seen).await;
    if let Err(ExecuteError::WrongExpectedVersion { expected, found, .. }) = late {
        println!("seen at version {expected}, now at {found}");
    }
    // ANCHOR_END: expected_version
    println!("-- ANCHOR_END: expected_version");

    println!("-- ANCHOR: unit");
    // ANCHOR: unit
    let withdraw = accounts.execute(&alice, Withdraw { cents: 300 });
    let deposit = accounts.execute(&bob, Deposit { cents: 300 });
    let (withdrawn, deposited) = withdraw.and(deposit).await?;
    println!("{} and {}", withdrawn.stream(), deposited.stream());
    // ANCHOR_END: unit
    println!("-- ANCHOR_END: unit");
    Ok(())
}
