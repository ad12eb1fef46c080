//! The PostgreSQL store compared to code written by hand for this one aggregate, on one server with its
//! default settings: each commit is on disk.

mod bare;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition};
use esrs::{EventStore, PostgresStore, StreamId};
use esrs_benches::order::work::{AGGREGATES, aggregate_of, append_items, command, new_event};
use esrs_benches::order::{Order, Samples};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome, report};
use postgres_server::Database;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

use bare::{Bare, GroupCommit, Row};

type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

const EVENTS: u32 = 10_000;
const TASKS: u64 = 64;
const COMMANDS_OF_A_TASK: u64 = 200;
const COMMANDS: u64 = TASKS * COMMANDS_OF_A_TASK;
const COMMANDS_OF_ONE: u32 = 500;
/// Events of the long history, and of the short one.
const LONG: usize = 100_000;
const SHORT: usize = 10;

fn main() -> Tried<ExitCode> {
    let server = Server::find()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let one = one_client(&runtime, server.create_database()?.url())?;
    let many = many_tasks(&runtime, server.create_database()?.url())?;
    let load = load(&runtime, server.create_database()?.url())?;
    let history = long_history(&runtime, server.create_database()?.url())?;
    Ok(report(&[one, many, load, history]))
}

/// A server of its own, unless `ESRS_POSTGRES_URL` names one.
struct Server(Option<postgres_server::Server>);

impl Server {
    fn find() -> Tried<Self> {
        match std::env::var_os(postgres_server::URL) {
            Some(_) => Ok(Self(None)),
            None => Ok(Self(Some(postgres_server::Server::start()?))),
        }
    }

    fn create_database(&self) -> Tried<Database> {
        match &self.0 {
            Some(server) => Ok(server.create_database()?),
            None => Ok(postgres_server::database()?),
        }
    }
}

/// One command after the other of one client, on one aggregate, whose state is in memory.
fn one_client(runtime: &Runtime, url: &str) -> Tried<Outcome> {
    let store = runtime.block_on(PostgresStore::open(url))?;
    let orders = Repository::<Order>::new(store.clone());
    let bare = runtime.block_on(Bare::open(url))?;
    let (mut order, mut version) = (Order::default(), 0);
    let ours = || execute(runtime, &orders, 1);
    let by_hand = || {
        runtime.block_on(async {
            for number in 0..COMMANDS_OF_ONE {
                let event =
                    order.add_item(&command(number.into())).map_err(|full| format!("{full:?}"))?;
                version += 1;
                bare.insert(&Row::of(1, version, &event.clone().into())?).await?;
                order.apply(event);
            }
            Ok(())
        })
    };
    let name = "commands of one client on a warm aggregate";
    let outcome =
        Comparison::new(name, Bar::AtLeast(0.9), COMMANDS_OF_ONE, Figure::Rate("commands"))
            .rounds(31)
            .elapsed(ours, by_hand)?;
    runtime.block_on(store.close());
    Ok(outcome)
}

fn execute(runtime: &Runtime, orders: &Repository<Order>, id: u64) -> Tried<()> {
    runtime.block_on(async {
        for number in 0..COMMANDS_OF_ONE {
            let executed = orders.execute(&id, command(number.into())).await;
            executed.map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    })
}

/// Commands of many tasks on many aggregates. By hand, the orders are in memory, and what is written
/// while a statement is under way is written by the next.
fn many_tasks(runtime: &Runtime, url: &str) -> Tried<Outcome> {
    let store = runtime.block_on(PostgresStore::open(url))?;
    let orders = Repository::<Order>::new(store.clone());
    let before = store.stats();
    let ours = || {
        runtime.block_on(in_tasks(|number| {
            let orders = orders.clone();
            async move {
                let executed = orders.execute(&aggregate_of(number), command(number)).await;
                executed.map(drop).map_err(|error| format!("{error:?}").into())
            }
        }))
    };
    let (writer, memory) = runtime.block_on(async {
        let writer = GroupCommit::start(Bare::open(url).await?);
        let orders: Vec<_> = (0..AGGREGATES).map(|_| Mutex::new((Order::default(), 0))).collect();
        Ok::<_, Box<dyn Error + Send + Sync>>((writer, Arc::new(orders)))
    })?;
    let by_hand = || {
        runtime.block_on(in_tasks(|number| {
            let (writer, memory) = (writer.clone(), memory.clone());
            async move {
                let id = aggregate_of(number);
                let mut kept = memory[id as usize - 1].lock().await;
                let (order, version) = &mut *kept;
                let event = order.add_item(&command(number)).map_err(|full| format!("{full:?}"))?;
                *version += 1;
                writer.append(Row::of(id, *version, &event.clone().into())?).await?;
                order.apply(event);
                Ok(())
            }
        }))
    };
    let name = "commands of 64 tasks on 1,000 aggregates";
    let outcome =
        Comparison::new(name, Bar::AtLeast(0.7), COMMANDS as u32, Figure::Rate("commands"))
            .rounds(9)
            .run(ours, by_hand)?;
    let after = store.stats();
    let group = (after.appends - before.appends) as f64 / (after.commits - before.commits) as f64;
    println!("{name}: {group:.1} commands a commit");
    runtime.block_on(store.close());
    Ok(outcome)
}

async fn in_tasks<F: Future<Output = Tried<()>> + Send + 'static>(
    work: impl Fn(u64) -> F,
) -> Tried<Duration> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let steps: Vec<_> =
                (0..COMMANDS_OF_A_TASK).map(|step| work(step * TASKS + task)).collect();
            tokio::spawn(async move {
                for step in steps {
                    step.await?;
                }
                Ok::<_, Box<dyn Error + Send + Sync>>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(start.elapsed())
}

fn load(runtime: &Runtime, url: &str) -> Tried<Outcome> {
    let events: Vec<_> = Samples::new().take(EVENTS as usize).collect();
    let store = runtime.block_on(PostgresStore::open(url))?;
    let bare = runtime.block_on(Bare::open(url))?;
    let rows = events.iter().zip(1..).map(|(event, version)| Row::of(1, version, event));
    let rows = rows.collect::<Tried<Vec<_>>>()?;
    runtime.block_on(bare.insert_many(rows.iter()))?;
    let batch = events.iter().map(new_event).collect::<Result<_, _>>()?;
    let batch = AppendBatch::new(StreamId::new(Order::NAME, 1)?, AppendCondition::NoStream, batch);
    runtime.block_on(store.append(batch))?;
    let orders = Repository::<Order>::new(store.clone());
    let load = || -> Tried<Order> { Ok(Loaded::into_state(runtime.block_on(orders.load(&1))?)) };
    let by_hand = || runtime.block_on(bare.load(1));
    if load()? != by_hand()? {
        return Err("the two sides do not load the same order".into());
    }
    let outcome =
        Comparison::new("load of 10,000 events", Bar::AtMost(1.2), EVENTS, Figure::Each("event"))
            .rounds(101)
            .elapsed(load, by_hand)?;
    runtime.block_on(store.close());
    Ok(outcome)
}

/// The same command after a long history, and after a short one.
fn long_history(runtime: &Runtime, url: &str) -> Tried<Outcome> {
    let store = runtime.block_on(PostgresStore::open(url))?;
    let orders = Repository::<Order>::new(store.clone());
    let (long, short) = (1, 2);
    runtime.block_on(async {
        append_items(&store, long, LONG).await?;
        append_items(&store, short, SHORT).await
    })?;
    let name = "a command after 100,000 events, beside one after 10";
    let outcome = Comparison::new(name, Bar::AtMost(1.1), COMMANDS_OF_ONE, Figure::Each("command"))
        .rounds(21)
        .elapsed(|| execute(runtime, &orders, long), || execute(runtime, &orders, short))?;
    runtime.block_on(store.close());
    Ok(outcome)
}
