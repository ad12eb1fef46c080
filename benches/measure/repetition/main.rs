//! An import that is repeated, compared to the first: by commands with idempotency keys, and by the ids of
//! its source. The repetition is that of a fresh process: its store was just opened.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::store::{ImportSource, NewEvent};
use esrs::{EventStore, Metadata, PostgresStore, SqliteStore, StreamId};
use esrs_benches::order::Order;
use esrs_benches::order::work::{command, item};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome, report};
use postgres_server::Server;
use tokio::runtime::Runtime;

type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

const TASKS: u64 = 64;
const COMMANDS_OF_AN_AGGREGATE: u64 = 200;
const COMMANDS: u64 = TASKS * COMMANDS_OF_AN_AGGREGATE;
const EVENTS: u64 = 50_000;
const ROUNDS: usize = 5;

fn main() -> Tried<ExitCode> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let server = match std::env::var_os(postgres_server::URL) {
        Some(_) => None,
        None => Some(Server::start()?),
    };
    let sqlite = Sqlite { folder: folder.path() };
    let postgres = Postgres { server: server.as_ref() };
    Ok(report(&[
        commands(&runtime, &sqlite, "SQLite: repeated commands of 64 tasks, and new ones")?,
        events(&runtime, &sqlite, "SQLite: a repeated import of 50,000 events, and the first")?,
        commands(&runtime, &postgres, "PostgreSQL: repeated commands of 64 tasks, and new ones")?,
        events(
            &runtime,
            &postgres,
            "PostgreSQL: a repeated import of 50,000 events, and the first",
        )?,
    ]))
}

/// A place for logs.
trait Place {
    type Log;
    type Store: EventStore + Clone;

    /// A log without events.
    fn create(&self) -> Tried<Self::Log>;
    async fn open(&self, log: &Self::Log) -> Tried<Self::Store>;
    async fn close(&self, store: Self::Store);
}

struct Sqlite<'a> {
    folder: &'a Path,
}

impl Place for Sqlite<'_> {
    type Log = PathBuf;
    type Store = SqliteStore;

    fn create(&self) -> Tried<PathBuf> {
        Ok(tempfile::tempdir_in(self.folder)?.keep().join("log.db"))
    }

    async fn open(&self, log: &PathBuf) -> Tried<SqliteStore> {
        Ok(SqliteStore::open(log).await?)
    }

    async fn close(&self, store: SqliteStore) {
        store.close().await;
    }
}

struct Postgres<'a> {
    server: Option<&'a Server>,
}

impl Place for Postgres<'_> {
    type Log = postgres_server::Database;
    type Store = PostgresStore;

    fn create(&self) -> Tried<Self::Log> {
        match self.server {
            Some(server) => Ok(server.create_database()?),
            None => Ok(postgres_server::database()?),
        }
    }

    async fn open(&self, log: &Self::Log) -> Tried<PostgresStore> {
        Ok(PostgresStore::open(log.url()).await?)
    }

    async fn close(&self, store: PostgresStore) {
        store.close().await;
    }
}

fn commands<P: Place>(runtime: &Runtime, place: &P, name: &'static str) -> Tried<Outcome> {
    compare(runtime, place, (name, COMMANDS, "commands"), execute)
}

fn events<P: Place>(runtime: &Runtime, place: &P, name: &'static str) -> Tried<Outcome> {
    compare(runtime, place, (name, EVENTS, "events"), import)
}

fn compare<P: Place, W: Future<Output = Tried<u64>>>(
    runtime: &Runtime,
    place: &P,
    (name, units, unit): (&'static str, u64, &'static str),
    work: impl Fn(P::Store) -> W,
) -> Tried<Outcome> {
    let run = |log: &P::Log, repeated: u64| {
        runtime.block_on(async {
            let store = place.open(log).await?;
            let start = Instant::now();
            let known = work(store.clone()).await?;
            let elapsed = start.elapsed();
            place.close(store).await;
            match known == repeated {
                true => Ok(elapsed),
                false => Err(format!("{known} of {repeated} were repetitions")),
            }
            .map_err(Into::into)
        })
    };
    let kept = place.create()?;
    run(&kept, 0)?;
    let again = || -> Tried<Duration> { run(&kept, units) };
    let first = || -> Tried<Duration> { run(&place.create()?, 0) };
    Comparison::new(name, Bar::AtLeast(1.0), units as u32, Figure::Rate(unit))
        .rounds(ROUNDS)
        .run(again, first)
}

/// Executes the commands of one aggregate after another, and those of many at once; answers how many were
/// repetitions.
async fn execute(store: impl EventStore) -> Tried<u64> {
    let orders = Repository::<Order>::new(store);
    let tasks: Vec<_> = (1..=TASKS)
        .map(|id| {
            let orders = orders.clone();
            tokio::spawn(async move {
                let mut known = 0;
                for number in 0..COMMANDS_OF_AN_AGGREGATE {
                    let executed = orders.execute(&id, command(number));
                    let executed = executed.idempotency_key(number.to_string()).await;
                    let executed = executed.map_err(|error| format!("{error:?}"))?;
                    known += u64::from(executed.was_repeated());
                }
                Ok::<_, String>(known)
            })
        })
        .collect();
    let mut known = 0;
    for task in tasks {
        known += task.await??;
    }
    Ok(known)
}

async fn import(store: impl EventStore) -> Tried<u64> {
    let source = ImportSource::new("shop");
    let imported = |number: u64| -> Tried<(StreamId, NewEvent)> {
        let at = Timestamp::from_second(number as i64)?;
        let event = source.event(number, &item(), at, Metadata::new())?;
        Ok((StreamId::new(Order::NAME, number % 100)?, event))
    };
    let events = (0..EVENTS).map(imported).collect::<Tried<Vec<_>>>()?;
    Ok(esrs::store::import(&store, events).await?.known)
}
