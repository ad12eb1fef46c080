//! A log in PostgreSQL: `cargo run -p esrs-guide --example postgres -- postgres://…`

mod bank;

use std::error::Error;
use std::time::Duration;

use bank::{AccountSummary, BankAccount, Deposit, Open};
use esrs::prelude::*;
use esrs::runner::Runner;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("expected the URL of a database")?;
    // ANCHOR: open
    let store = PostgresStore::builder(&url)
        .schema("ledger")
        .read_model_schema("bank_models")
        .readers(4)
        .busy_timeout(Duration::from_secs(10))
        .open()
        .await?;
    // ANCHOR_END: open

    // ANCHOR: run
    let running = Runner::new(store.clone()).project::<AccountSummary>().start();
    let accounts = Repository::<BankAccount>::new(store.clone());
    let (alice, timeout) = ("alice".to_owned(), Duration::from_secs(5));
    accounts.execute(&alice, Open { owner: "Alice".to_owned() }).by("branch 12").await?;
    let deposit = accounts.execute(&alice, Deposit { cents: 500 }).by("branch 12");
    deposit.wait_for::<AccountSummary>(timeout).await?;
    println!("{:?}", store.get::<AccountSummary>(&alice).await?);
    // ANCHOR_END: run

    // ANCHOR: query
    let sql = "SELECT event, metadata->>'actor' AS actor, payload::text
        FROM ledger.log WHERE stream = $1 ORDER BY position";
    for row in store.query(sql, ["bank_account-alice".into()]).await? {
        println!("{} by {}: {}", row[0], row[1], row[2]);
    }
    // ANCHOR_END: query
    running.stop().await;
    store.close().await;
    Ok(())
}
