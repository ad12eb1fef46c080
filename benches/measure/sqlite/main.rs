//! The SQLite store compared to code written by hand for this one aggregate: prepared statements, a table
//! of its own, and the same settings of the file (WAL, synchronous FULL).

mod bare;
mod history;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent};
use esrs::{EventStore, Metadata, SqliteStore, StreamId};
use esrs_benches::order::work::{AGGREGATES, aggregate_of, command, item, new_event};
use esrs_benches::order::{Order, Samples};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome, report};
use tokio::runtime::Runtime;

use bare::Bare;

type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

const EVENTS: u32 = 10_000;
const TASKS: u64 = 64;
const COMMANDS_OF_A_TASK: u64 = 100;
const COMMANDS: u64 = TASKS * COMMANDS_OF_A_TASK;

fn main() -> Tried<ExitCode> {
    // Beside what cargo builds: a system's folder for temporary files may be in memory, where a sync
    // costs nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    let load = load(&runtime, folder.path())?;
    let short = ("commands of 64 tasks on 1,000 new aggregates", Bar::AtLeast(5.0), 0);
    let long = ("the same on aggregates of 20 events", Bar::None, 20);
    let short = execute(&runtime, folder.path(), short)?;
    let long = execute(&runtime, folder.path(), long)?;
    let [warm, warm_by_writer] = history::warm_commands(&runtime, folder.path())?;
    let [command, snapshot] = history::long_histories(&runtime, folder.path())?;
    Ok(report(&[load, short, long, warm, warm_by_writer, command, snapshot]))
}

fn load(runtime: &Runtime, folder: &Path) -> Tried<Outcome> {
    let events: Vec<_> = Samples::new().take(EVENTS as usize).collect();
    let mut bare = Bare::open(&folder.join("load_bare.db"))?;
    bare.append(1, &events)?;
    let store = runtime.block_on(SqliteStore::open(folder.join("load_esrs.db")))?;
    let batch = events.iter().map(new_event).collect::<Result<_, _>>()?;
    let batch = AppendBatch::new(StreamId::new(Order::NAME, 1)?, AppendCondition::NoStream, batch);
    runtime.block_on(store.append(batch))?;

    let orders = Repository::<Order>::new(store.clone());
    let load = || -> Tried<Order> { Ok(Loaded::into_state(runtime.block_on(orders.load(&1))?)) };
    if load()? != bare.load(1)?.0 {
        return Err("the two sides do not load the same order".into());
    }
    let outcome =
        Comparison::new("load of 10,000 events", Bar::AtMost(1.2), EVENTS, Figure::Each("event"))
            .rounds(201)
            .elapsed(load, || Ok(bare.load(1)?.0))?;
    runtime.block_on(store.close());
    Ok(outcome)
}

/// Commands on aggregates that have `history` events each. A round begins on new files, so that the
/// last does what the first did.
fn execute(
    runtime: &Runtime,
    folder: &Path,
    (name, bar, history): (&'static str, Bar, u64),
) -> Tried<Outcome> {
    let mut stats = (0, 0);
    let file = |side| folder.join(format!("{side}_{history}.db"));
    let ours = || {
        let file = new_file(file("esrs"))?;
        runtime.block_on(async {
            let store = SqliteStore::open(file).await?;
            for _ in 0..history {
                store.append(one_event_each()?).await?;
            }
            let before = store.stats();
            let elapsed = execute_in_tasks(&Repository::new(store.clone())).await?;
            let after = store.stats();
            stats.0 += after.appends - before.appends;
            stats.1 += after.commits - before.commits;
            store.close().await;
            Ok(elapsed)
        })
    };
    let by_hand = || -> Tried<Duration> {
        let mut bare = Bare::open(&new_file(file("bare"))?)?;
        for version in 1..=history {
            bare.append_to_each(1..=AGGREGATES, version, &item().into())?;
        }
        let start = Instant::now();
        for number in 0..COMMANDS {
            bare.execute(aggregate_of(number), &command(number))?;
        }
        Ok(start.elapsed())
    };
    let outcome = Comparison::new(name, bar, COMMANDS as u32, Figure::Rate("commands"))
        .rounds(5)
        .run(ours, by_hand)?;
    let group = stats.0 as f64 / stats.1 as f64;
    println!("{name}: {group:.1} commands a commit");
    Ok(outcome)
}

/// The same path, of which nothing is left there.
fn new_file(path: PathBuf) -> std::io::Result<PathBuf> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(suffix);
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(path)
}

/// One more event for each aggregate; so those of one aggregate stand apart, as they do in a log.
fn one_event_each() -> Tried<AppendBatch> {
    let mut batch = AppendBatch::default();
    for id in 1..=AGGREGATES {
        let event = NewEvent::of(&item(), Metadata::new())?;
        batch = batch.and(StreamId::new(Order::NAME, id)?, AppendCondition::Any, vec![event]);
    }
    Ok(batch)
}

async fn execute_in_tasks(orders: &Repository<Order>) -> Tried<Duration> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let orders = orders.clone();
            tokio::spawn(async move {
                for number in (0..COMMANDS_OF_A_TASK).map(|step| step * TASKS + task) {
                    let executed = orders.execute(&aggregate_of(number), command(number)).await;
                    executed.map_err(|error| format!("{error:?}"))?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(start.elapsed())
}
