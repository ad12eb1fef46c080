//! The cost of a history: commands with cached state, and loads that begin with a snapshot.

use std::path::Path;
use std::time::Duration;

use esrs::prelude::*;
use esrs::repository::SnapshotPolicy;
use esrs::sqlite::SqliteStoreBuilder;
use esrs_benches::order::Order;
use esrs_benches::order::work::{append_items, command};
use esrs_benches::ratio::{Bar, Comparison, Figure, Outcome};
use tokio::runtime::Runtime;

use crate::Tried;
use crate::bare::Bare;

const COMMANDS: u32 = 500;
/// As long as a store looks at each of its files by name, because their folder has just changed.
const SETTLING: Duration = Duration::from_secs(4);
const LOADS: u32 = 200;
/// Events of the long history, and of the short one.
const LONG: usize = 100_000;
const SHORT: usize = 10;
/// Events behind the snapshot.
const BEHIND: usize = 50;

/// One command after the other of one client, on one aggregate; the loop by hand has its order in
/// memory, and commits on the thread that it runs on.
pub(crate) fn warm_commands(runtime: &Runtime, folder: &Path) -> Tried<[Outcome; 2]> {
    let on_caller = SqliteStore::builder(folder.join("on_caller.db")).commit_on_caller();
    let by_writer = SqliteStore::builder(folder.join("by_writer.db"));
    Ok([
        warm_commands_of(
            "commands of one client on a warm aggregate",
            Bar::AtLeast(0.9),
            runtime,
            on_caller,
            folder,
        )?,
        warm_commands_of(
            "the same, committed on the writer's thread",
            Bar::None,
            runtime,
            by_writer,
            folder,
        )?,
    ])
}

fn warm_commands_of(
    name: &'static str,
    bar: Bar,
    runtime: &Runtime,
    store: SqliteStoreBuilder,
    folder: &Path,
) -> Tried<Outcome> {
    let store = runtime.block_on(store.open())?;
    let orders = Repository::<Order>::new(store.clone());
    let directory = tempfile::tempdir_in(folder)?;
    let mut bare = Bare::open(&directory.path().join("bare.db"))?;
    std::thread::sleep(SETTLING);
    let (mut order, mut version) = (Order::default(), 0);
    let ours = || execute(runtime, &orders, 1);
    let by_hand = || {
        for number in 0..COMMANDS {
            let event =
                order.add_item(&command(number.into())).map_err(|full| format!("{full:?}"))?;
            version += 1;
            bare.insert(1, version, &event.clone().into())?;
            order.apply(event);
        }
        Ok(())
    };
    let outcome = Comparison::new(name, bar, COMMANDS, Figure::Rate("commands"))
        .rounds(51)
        .elapsed(ours, by_hand)?;
    runtime.block_on(store.close());
    Ok(outcome)
}

fn execute(runtime: &Runtime, orders: &Repository<Order>, id: u64) -> Tried<()> {
    runtime.block_on(async {
        for number in 0..COMMANDS {
            let executed = orders.execute(&id, command(number.into())).await;
            executed.map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    })
}

/// The same command after a long history, and after a short one.
pub(crate) fn long_histories(runtime: &Runtime, folder: &Path) -> Tried<[Outcome; 2]> {
    let (long, short, behind) = (1, 2, 3);
    let store = runtime.block_on(SqliteStore::open(folder.join("history.db")))?;
    let orders = Repository::<Order>::new(store.clone());
    let snapshots = orders.clone().with_snapshots(SnapshotPolicy::every(LONG as u64));
    runtime.block_on(async {
        append_items(&store, long, LONG).await?;
        append_items(&store, short, SHORT).await?;
        append_items(&store, behind, BEHIND).await?;
        let written = snapshots.write_snapshot(&long).await?;
        if written != LONG as u64 {
            return Err(format!("the snapshot is of version {written}").into());
        }
        append_items(&store, long, BEHIND).await
    })?;

    let load = |orders: &Repository<Order>, id| -> Tried<()> {
        runtime.block_on(async {
            for _ in 0..LOADS {
                std::hint::black_box(orders.load(&id).await?);
            }
            Ok(())
        })
    };
    let name = "a load of 100,000 events with a snapshot, beside one of the 50 behind it";
    let load = Comparison::new(name, Bar::AtMost(1.2), LOADS, Figure::Each("load"))
        .rounds(51)
        .elapsed(|| load(&snapshots, long), || load(&orders, behind))?;

    let name = "a warm command after 100,000 events, beside one after 10";
    let command = Comparison::new(name, Bar::AtMost(1.1), COMMANDS, Figure::Each("command"))
        .rounds(21)
        .elapsed(|| execute(runtime, &orders, long), || execute(runtime, &orders, short))?;
    runtime.block_on(store.close());
    Ok([command, load])
}
