//! A bank account that is stored in a SQLite file.

// ANCHOR: main
mod bank;

use std::error::Error;

use bank::{BankAccount, Deposit, Open, Withdraw};
use esrs::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open("bank.db").await?;
    let accounts = Repository::<BankAccount>::new(store.clone());
    let alice = "alice".to_owned();

    accounts.execute(&alice, Open { owner: "Alice".to_owned() }).by("branch 12").await?;
    accounts.execute(&alice, Deposit { cents: 500 }).by("branch 12").await?;
    let withdrawn = accounts.execute(&alice, Withdraw { cents: 200 }).by("alice").await?;
    println!("version {} after the withdrawal", withdrawn.version());

    let refused = accounts.execute(&alice, Withdraw { cents: 900 }).by("alice").await;
    if let Err(error) = refused {
        println!("{error}");
    }
    store.close().await;

    // Another start of the program: the state is computed from the stored events.
    let accounts = Repository::<BankAccount>::new(SqliteStore::open("bank.db").await?);
    let account = accounts.load(&alice).await?;
    println!("{} cents after {} events", account.cents, Loaded::version(&account));
    Ok(())
}
// ANCHOR_END: main
