//! A database is dumped while it is in use, and restored into another.

use std::path::Path;
use std::process::Command;

use crate::support::account::Account;
use crate::support::{event, read_all, stream};
use esrs_core::{AppendBatch, AppendCondition, EventStore, NewEvent, SqlReadModels};
use esrs_postgres::PostgresStore;
use postgres_server::Installation;

fn run(program: &Path, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {said}", program.display());
}

fn one(id: u64, name: &str) -> AppendBatch {
    let event = NewEvent { name: name.into(), ..event("1") };
    AppendBatch::new(stream(id.to_string()), AppendCondition::Any, vec![event])
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_dump_of_a_database_in_use_is_restored_with_its_rows_and_keys() {
    let database = postgres_server::database().unwrap();
    let restored = postgres_server::database().unwrap();
    let programs = Installation::find().unwrap();
    let store = PostgresStore::builder(database.url()).inline::<Account>().open().await.unwrap();
    for number in 0..200 {
        let name = if number < 7 { "opened" } else { "deposited" };
        let append = one(number % 7, name).with_idempotency_key(format!("key {number}"));
        store.append(append).await.unwrap();
    }
    let balances = "SELECT id, cents FROM accounts ORDER BY id";
    let (events, rows) = (read_all(&store).await, store.query(balances, []).await.unwrap());

    let folder = tempfile::tempdir().unwrap();
    let dump = folder.path().join("bank.dump");
    let dump = dump.to_str().unwrap();
    run(&programs.program("pg_dump"), &["--format=custom", "--file", dump, database.url()]);
    // What is stored later is not in it.
    store.append(one(1, "deposited")).await.unwrap();
    run(&programs.program("pg_restore"), &["--exit-on-error", "--dbname", restored.url(), dump]);

    let store = PostgresStore::builder(restored.url()).inline::<Account>().open().await.unwrap();
    assert_eq!(read_all(&store).await, events);
    assert_eq!(store.query(balances, []).await.unwrap(), rows);
    let again = store.append(one(6, "deposited").with_idempotency_key("key 6")).await.unwrap();
    assert!(again.repeated && again.first_position.get() == 7, "{again:?}");
    let next = store.append(one(1, "deposited")).await.unwrap();
    assert_eq!(next.first_position.get(), 201);
}
