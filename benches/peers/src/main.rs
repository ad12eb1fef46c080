//! The same bank on esrs and on other libraries, on one PostgreSQL with its default settings: each
//! commit is on disk. Prints a Markdown table.

mod apart;
mod cqrs_es;
mod disintegrate;
mod evento;
mod machine;
mod measure;
mod ours;
mod peer;
mod prima;
mod row;
mod sql;
mod table;

use apart::Apart;
use measure::DATABASES;
use peer::{Open, Tried};
use postgres_server::{Database, Server};
use row::Row;

/// Libraries take turns, so that a slow moment of the machine is nobody's alone; medians count.
const ROUNDS: usize = 3;

/// Where a library is measured.
enum Place {
    Here(Open),
    Apart(Apart),
}

fn main() -> Tried<()> {
    let server = Server::start()?;
    let peers: Vec<(&str, Place)> = vec![
        ("esrs", Place::Here(ours::open)),
        ("esrs, a snapshot every 100 events", Place::Here(ours::open_with_snapshots)),
        ("esrs, no state kept in memory", Place::Here(ours::open_cold)),
        ("cqrs-es", Place::Here(cqrs_es::open)),
        ("cqrs-es, a snapshot every 100 events", Place::Here(cqrs_es::open_with_snapshots)),
        ("cqrs-es, aggregate store", Place::Here(cqrs_es::open_aggregate_store)),
        ("Prima's esrs", Place::Here(prima::open)),
        ("disintegrate", Place::Here(disintegrate::open)),
        (
            "disintegrate, a snapshot every 100 events",
            Place::Here(disintegrate::open_with_snapshots),
        ),
        ("evento, always a snapshot", Place::Here(evento::open)),
        ("eventually", Place::Apart(Apart::new("eventually"))),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let peers: Vec<_> = peers.into_iter().filter(|(name, _)| name.contains(&wanted)).collect();
    let mut rows: Vec<Row> = peers.iter().map(|(name, _)| Row::new(name)).collect();
    for ((_, place), row) in peers.iter().zip(&mut rows) {
        if let Place::Apart(program) = place {
            row.failed = program.build().err().map(|error| error.to_string());
        }
    }
    for round in 1..=ROUNDS {
        for ((name, place), row) in peers.iter().zip(&mut rows) {
            if row.failed.is_none() {
                eprintln!("round {round} of {ROUNDS}: {name}");
                let databases = databases(&server)?;
                let urls = databases.each_ref().map(|database| database.url().to_owned());
                let measured = match place {
                    Place::Here(open) => runtime.block_on(measure::round(&urls, *open, row)),
                    Place::Apart(program) => program.round(&urls, row),
                };
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

fn databases(server: &Server) -> Tried<[Database; DATABASES]> {
    let databases =
        (0..DATABASES).map(|_| server.create_database()).collect::<Result<Vec<_>, _>>()?;
    databases.try_into().map_err(|_| "there are as many as were made".into())
}
