//! The same bank on esrs and on other libraries, on one PostgreSQL with its default settings: each
//! commit is on disk. Prints a Markdown table.

mod cqrs_es;
mod disintegrate;
mod evento;
mod machine;
mod measure;
mod ours;
mod peer;
mod prima;
mod sql;
mod table;

use measure::Row;
use peer::{Open, Tried};
use postgres_server::Server;

/// Libraries take turns, so that a slow moment of the machine is nobody's alone; medians count.
const ROUNDS: usize = 3;

fn main() -> Tried<()> {
    let server = Server::start()?;
    let peers: Vec<(&str, Open)> = vec![
        ("esrs", ours::open),
        ("esrs, a snapshot every 100 events", ours::open_with_snapshots),
        ("esrs, no state kept in memory", ours::open_cold),
        ("cqrs-es", cqrs_es::open),
        ("cqrs-es, a snapshot every 100 events", cqrs_es::open_with_snapshots),
        ("cqrs-es, aggregate store", cqrs_es::open_aggregate_store),
        ("Prima's esrs", prima::open),
        ("disintegrate", disintegrate::open),
        ("disintegrate, a snapshot every 100 events", disintegrate::open_with_snapshots),
        ("evento, always a snapshot", evento::open),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let peers: Vec<_> = peers.into_iter().filter(|(name, _)| name.contains(&wanted)).collect();
    let mut rows: Vec<Row> = peers.iter().map(|(name, _)| Row::new(name)).collect();
    for round in 1..=ROUNDS {
        for ((name, open), row) in peers.iter().zip(&mut rows) {
            if row.failed.is_none() {
                eprintln!("round {round} of {ROUNDS}: {name}");
                let measured = runtime.block_on(measure::round(&server, *open, row));
                row.failed = measured.err().map(|error| error.to_string());
            }
        }
    }
    println!("{}\n", machine::describe(&server)?);
    table::print(&rows);
    if "evento".contains(&wanted) || wanted.is_empty() {
        let database = server.create_database()?;
        println!("\n{}", runtime.block_on(evento::without_snapshot(database.url()))?);
    }
    Ok(())
}
