//! A SQLite file in production: options, backup and restore.

mod bank;

use std::error::Error;
use std::time::Duration;

use bank::{AccountSummary, BankAccount, Deposit, Open};
use esrs::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bank.db");
    let backup = folder.path().join("backup.db");

    // ANCHOR: open
    let store = SqliteStore::builder(&file)
        .busy_timeout(Duration::from_secs(10))
        .max_size(10 * 1024 * 1024 * 1024)
        .inline::<AccountSummary>()
        .rebuild_changed()
        .open()
        .await?;
    // ANCHOR_END: open

    let accounts = Repository::<BankAccount>::new(store.clone());
    let alice = "alice".to_owned();
    accounts.execute(&alice, Open { owner: "Alice".to_owned() }).await?;
    accounts.execute(&alice, Deposit { cents: 500 }).await?;

    // ANCHOR: backup
    let connection = rusqlite::Connection::open(&file)?;
    let path = backup.to_str().ok_or("the path is not UTF-8")?;
    connection.execute("VACUUM INTO ?1", [path])?;
    // ANCHOR_END: backup
    drop(connection);

    accounts.execute(&alice, Deposit { cents: 1 }).await?;
    store.close().await;

    // ANCHOR: restore
    for suffix in ["-wal", "-shm"] {
        let mut name = file.clone().into_os_string();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    std::fs::rename(&backup, &file)?;
    // ANCHOR_END: restore

    let store = SqliteStore::builder(&file).inline::<AccountSummary>().open().await?;
    let accounts = Repository::<BankAccount>::new(store.clone());
    let account = accounts.load(&alice).await?;
    println!("{} cents at version {}", account.cents, Loaded::version(&account));
    let row = store.get::<AccountSummary>(&alice).await?;
    println!("{row:?}");
    Ok(())
}
