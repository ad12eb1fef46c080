//! The bank on eventually: one round of the measurements, a line each.

mod bank;
#[path = "../../src/measure.rs"]
mod measure;
#[path = "../../src/peer.rs"]
mod peer;
#[path = "../../src/row.rs"]
mod row;
mod sql;

use peer::Tried;
use row::Row;

fn main() -> Tried<()> {
    let urls = std::env::var("PEERS_DATABASES")?;
    let urls: Vec<String> = urls.split(' ').map(str::to_owned).collect();
    let urls = urls.try_into().map_err(|_| "another number of databases is needed")?;
    let mut runtime = tokio::runtime::Builder::new().threaded_scheduler().enable_all().build()?;
    let mut row = Row::new("eventually");
    let measured = runtime.block_on(measure::round(&urls, bank::open, &mut row));
    row.failed = measured.err().map(|error| error.to_string());
    for (name, values) in row.measured() {
        for value in values {
            println!("{name} {value}");
        }
    }
    for wrong in &row.wrong {
        println!("wrong {wrong}");
    }
    if let Some(error) = row.failed {
        println!("failed {}", error.replace('\n', " "));
    }
    Ok(())
}
