//! The runtime of a store ends while other threads append: what is said to be refused is not stored.

use std::collections::HashSet;
use std::sync::mpsc;
use std::time::Duration;

use crate::support::account::Account;
use crate::support::{event, read_all, stream};
use esrs_core::{AppendBatch, AppendCondition, EventStore, NewEvent, StoreError};
use esrs_postgres::{PostgresStore, PostgresStoreBuilder};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Returns the answers to appends of one event each, until the first that failed.
fn append_until_refused(
    store: &PostgresStore,
    thread: usize,
) -> Vec<(Uuid, Result<(), StoreError>)> {
    let mut answers = Vec::new();
    for version in 0.. {
        let event = match version {
            0 => NewEvent { name: "opened".into(), ..event("1") },
            _ => event("1"),
        };
        let (id, condition) = (event.id, AppendCondition::Version(version));
        let batch = AppendBatch::new(stream(thread), condition, vec![event]);
        let answer = futures_executor::block_on(store.append(batch)).map(drop);
        let is_refused = answer.is_err();
        answers.push((id, answer));
        if is_refused {
            return answers;
        }
    }
    answers
}

fn end_during_appends(
    name: &str,
    threads: usize,
    configure: fn(PostgresStoreBuilder) -> PostgresStoreBuilder,
) {
    let (mut unknown, mut unknown_and_stored) = (0, 0);
    for round in 0..12 {
        let database = postgres_server::database().unwrap();
        let own = runtime();
        let store = own.block_on(configure(PostgresStore::builder(database.url())).open()).unwrap();
        let (done, all_done) = mpsc::channel();
        for thread in 0..threads {
            let (store, done) = (store.clone(), done.clone());
            std::thread::spawn(move || done.send(append_until_refused(&store, thread)));
        }
        std::thread::sleep(Duration::from_micros(40_000 + 3_700 * round));
        own.shutdown_background();
        let answers = (0..threads).flat_map(|_| {
            let answers = all_done.recv_timeout(Duration::from_secs(20));
            answers.expect("every append is answered")
        });
        let answers: Vec<_> = answers.collect();
        // What was sent before is done by now, or is soon.
        std::thread::sleep(Duration::from_millis(50));
        let other = runtime();
        let log = other.block_on(async {
            read_all(&PostgresStore::open(database.url()).await.unwrap()).await
        });
        let log: HashSet<Uuid> = log.into_iter().map(|event| event.id).collect();
        for (id, answer) in answers {
            match answer {
                Ok(()) => assert!(log.contains(&id), "{name}: it was acknowledged"),
                Err(StoreError::Unknown { .. }) => {
                    unknown += 1;
                    unknown_and_stored += usize::from(log.contains(&id));
                }
                Err(error) => assert!(!log.contains(&id), "{name}: it is stored, and {error}"),
            }
        }
    }
    println!("{name}: {unknown} unknown, {unknown_and_stored} of which are stored");
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn an_append_that_may_be_stored_is_never_said_to_be_refused_when_the_runtime_ends() {
    end_during_appends("alone", 1, |builder| builder);
    end_during_appends("in groups", 8, |builder| builder);
    end_during_appends("inline", 4, |builder| builder.inline::<Account>());
}
