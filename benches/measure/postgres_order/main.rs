//! The cost of an order of events in PostgreSQL, for writers and for a follower.
//!
//! It needs a server whose tables may be made and dropped (schemas named `esrs_order_…`):
//!
//! What is measured can be chosen by name; `sql` prints the tables and the function that won.
//!
//! ```sh
//! ESRS_POSTGRES_URL=postgres://postgres@localhost/postgres \
//!     cargo bench -p esrs-benches --bench postgres_order -- one-process
//! ```

mod bare;
mod commands;
mod faults;
mod follower;
mod group;
mod late;
mod layout;
mod missed;
mod promises;
mod session;
mod turns;
mod writer;

use std::error::Error;

use bare::Bare;
use commands::Clients;
use layout::{Commands, Layout, Order, Versions};
use session::{Way, connect};
use tokio_postgres::Config;
use turns::{Side, take_turns};

pub(crate) type Tried<T> = Result<T, Box<dyn Error + Send + Sync>>;

const HEAD_ROW: Layout = Layout {
    name: "A1 head row",
    schema: "esrs_order_head_row",
    order: Order::HeadRow,
    ..Layout::LOCK
};
const WITHOUT_FLUSH: Layout = Layout {
    name: "A3 lock, flushed after the commit",
    schema: "esrs_order_without_flush",
    order: Order::LockWithoutFlush,
    ..Layout::LOCK
};
const HORIZON: Layout = Layout {
    name: "B horizon",
    schema: "esrs_order_horizon",
    order: Order::Horizon,
    ..Layout::LOCK
};
const GAP_PROOF: Layout = Layout {
    name: "C gap proof",
    schema: "esrs_order_gap_proof",
    order: Order::GapProof,
    ..Layout::LOCK
};
const SEQUENCE: Layout = Layout {
    name: "a sequence alone",
    schema: "esrs_order_sequence",
    order: Order::Sequence,
    ..Layout::LOCK
};

const ROW_VERSION: Layout = Layout {
    name: "versions on the streams' rows",
    schema: "esrs_order_row_version",
    versions: Versions::Row,
    ..Layout::LOCK
};
const ALWAYS_TOGETHER: Layout = Layout {
    name: "no way of its own for one event",
    schema: "esrs_order_always_together",
    commands: Commands::AlwaysTogether,
    ..Layout::LOCK
};
const ONE_BY_ONE: Layout = Layout {
    name: "command by command",
    schema: "esrs_order_one_by_one",
    commands: Commands::OneByOne,
    ..Layout::LOCK
};
const NO_UNIQUE_ID: Layout = Layout {
    name: "no index of event ids",
    schema: "esrs_order_no_unique_id",
    unique_ids: false,
    ..Layout::LOCK
};
const JSONB: Layout =
    Layout { name: "payload jsonb", schema: "esrs_order_jsonb", payload: "jsonb", ..Layout::LOCK };
const TEXT: Layout =
    Layout { name: "payload text", schema: "esrs_order_text", payload: "text", ..Layout::LOCK };
const NOTIFY: Layout =
    Layout { name: "with NOTIFY", schema: "esrs_order_notify", notifies: true, ..Layout::LOCK };

const VARIANTS: [Layout; 8] =
    [Layout::LOCK, ALWAYS_TOGETHER, ONE_BY_ONE, ROW_VERSION, NO_UNIQUE_ID, JSONB, TEXT, NOTIFY];
const FAMILIES: [Layout; 6] = [Layout::LOCK, HEAD_ROW, WITHOUT_FLUSH, HORIZON, GAP_PROOF, SEQUENCE];

fn main() -> Tried<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "sql") {
        println!("{}", Layout::LOCK.create());
        return Ok(());
    }
    let Ok(url) = std::env::var("ESRS_POSTGRES_URL") else {
        println!(
            "postgres_order was not run: set ESRS_POSTGRES_URL to a server of PostgreSQL 13 or \
             later on which it may make and drop schemas named esrs_order_…, such as \
             postgres://postgres@localhost/postgres"
        );
        return Ok(());
    };
    let config: Config = url.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let [flag, schema, doing] = &*arguments
        && flag == "--other-process"
    {
        let layout = FAMILIES.into_iter().find(|layout| layout.schema == schema);
        let layout = layout.ok_or("no such tables")?;
        return runtime.block_on(faults::other_process(&config, layout, doing));
    }
    let parts: Vec<String> = arguments.into_iter().filter(|arg| !arg.starts_with('-')).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    runtime.block_on(async {
        if wants("promises") {
            for layout in FAMILIES.into_iter().chain(VARIANTS) {
                // It takes a command of one event, and no other.
                if layout.commands != Commands::OneByOne {
                    promises::promises(&config, layout).await?;
                }
            }
        }
        if wants("one-process") {
            let title = "one process of 64 tasks";
            processes(&config, title, (1, 64, 50), 31).await?;
        }
        if wants("one-client") {
            one_client(&config).await?;
        }
        if wants("eight-processes") {
            let title = "8 processes, one append at a time each";
            processes(&config, title, (8, 1, 25), 15).await?;
        }
        if wants("eight-groups") {
            let title = "8 processes of 8 tasks";
            processes(&config, title, (8, 8, 10), 21).await?;
        }
        if wants("variants") {
            variants(&config, "variants: one process of 64 tasks", (1, 64, 50)).await?;
        }
        if wants("variants-alone") {
            variants(&config, "variants: one client, one append at a time", (1, 1, 60)).await?;
        }
        if wants("notify") {
            notify(&config).await?;
        }
        if wants("old-snapshot") {
            old_snapshot(&config).await?;
        }
        if wants("missed") {
            missed::print_head();
            for layout in FAMILIES {
                missed::missed(&config, layout).await?;
            }
        }
        if wants("late") {
            late::late(&config, &FAMILIES).await?;
        }
        if wants("faults") {
            faults::faults(&config, &FAMILIES).await?;
        }
        Ok(())
    })
}

async fn processes(
    config: &Config,
    title: &str,
    shape: (usize, usize, u32),
    rounds: usize,
) -> Tried<()> {
    let control = connect(config).await?;
    let lock = Layout { schema: "esrs_order_lock_2", ..Layout::LOCK };
    let sides = [
        Clients::new(config, Layout::LOCK, Way::OneStatement, shape).await?,
        Clients::new(config, HEAD_ROW, Way::OneStatement, shape).await?,
        Clients::new(config, lock, Way::RoundTrips, shape).await?,
        Clients::new(config, WITHOUT_FLUSH, Way::OneStatement, shape).await?,
        Clients::new(config, HORIZON, Way::OneStatement, shape).await?,
        Clients::new(config, GAP_PROOF, Way::OneStatement, shape).await?,
    ];
    let sides: Vec<&dyn Side> = sides.iter().map(|side| side as &dyn Side).collect();
    let units = (shape.0 * shape.1) as u32 * shape.2;
    take_turns(title, &control, units, rounds, &sides).await
}

async fn one_client(config: &Config) -> Tried<()> {
    const COMMANDS: u32 = 60;
    let control = connect(config).await?;
    let shape = (1, 1, COMMANDS);
    let lock = Layout { schema: "esrs_order_lock_2", ..Layout::LOCK };
    let bare = Bare::new(config, SEQUENCE, COMMANDS).await?;
    let sides = [
        Clients::new(config, Layout::LOCK, Way::OneStatement, shape).await?,
        Clients::new(config, HEAD_ROW, Way::OneStatement, shape).await?,
        Clients::new(config, lock, Way::RoundTrips, shape).await?,
        Clients::new(config, WITHOUT_FLUSH, Way::OneStatement, shape).await?,
        Clients::new(config, HORIZON, Way::OneStatement, shape).await?,
        Clients::new(config, GAP_PROOF, Way::OneStatement, shape).await?,
    ];
    let mut all: Vec<&dyn Side> = vec![&bare];
    all.extend(sides.iter().map(|side| side as &dyn Side));
    take_turns("one client, one append at a time", &control, COMMANDS, 21, &all).await
}

async fn variants(config: &Config, title: &str, shape: (usize, usize, u32)) -> Tried<()> {
    let control = connect(config).await?;
    let mut sides = Vec::new();
    for layout in VARIANTS {
        sides.push(Clients::new(config, layout, Way::OneStatement, shape).await?);
    }
    if shape.1 == 1 {
        let layout = Layout { schema: "esrs_order_lock_2", ..Layout::LOCK };
        sides.push(Clients::new(config, layout, Way::WithoutArrays, shape).await?);
    }
    let sides: Vec<&dyn Side> = sides.iter().map(|side| side as &dyn Side).collect();
    let units = (shape.0 * shape.1) as u32 * shape.2;
    take_turns(title, &control, units, 31, &sides).await
}

/// A transaction that notifies waits for all others that do, to the end of their commit.
async fn notify(config: &Config) -> Tried<()> {
    let control = connect(config).await?;
    let shape = (8, 1, 25);
    let proof = Layout {
        name: "C gap proof, with NOTIFY",
        schema: "esrs_order_gap_proof_notify",
        notifies: true,
        ..GAP_PROOF
    };
    let mut sides = Vec::new();
    for layout in [Layout::LOCK, NOTIFY, GAP_PROOF, proof] {
        sides.push(Clients::new(config, layout, Way::OneStatement, shape).await?);
    }
    let sides: Vec<&dyn Side> = sides.iter().map(|side| side as &dyn Side).collect();
    let title = "NOTIFY: 8 processes, one append at a time each";
    take_turns(title, &control, 200, 15, &sides).await
}

/// A report that runs for long: what it may still see cannot be taken out of the tables.
async fn old_snapshot(config: &Config) -> Tried<()> {
    const COMMANDS: u32 = 200;
    let control = connect(config).await?;
    let mut sides = Vec::new();
    for layout in [Layout::LOCK, HEAD_ROW, ROW_VERSION] {
        sides.push(Clients::new(config, layout, Way::OneStatement, (1, 1, COMMANDS)).await?);
    }
    let sides: Vec<&dyn Side> = sides.iter().map(|side| side as &dyn Side).collect();
    let report = connect(config).await?;
    report.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM pg_class").await?;
    take_turns("a report runs beside one client", &control, COMMANDS, 41, &sides).await?;
    Ok(report.batch_execute("COMMIT").await?)
}
