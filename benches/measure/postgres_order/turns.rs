//! Several ways to do the same work, round by round in turn.
//!
//! As `esrs_benches::ratio`, but of more than two sides, and with what the server spent.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio_postgres::Client;

use crate::Tried;

pub(crate) type Work<'a> = Pin<Box<dyn Future<Output = Tried<()>> + Send + 'a>>;

/// A way to do the work of a round.
pub(crate) trait Side {
    fn name(&self) -> String;
    /// Does the work of one round.
    fn round(&self) -> Work<'_>;
    /// Returns the time that its processes on the server have spent so far, if they run on this machine.
    fn server_time(&self) -> Option<Duration>;
}

#[derive(Default)]
struct Spent {
    elapsed: Vec<f64>,
    server: Option<Duration>,
    wal: i64,
}

/// Runs all sides in turn and prints a table; ratios are of the rates, to the first side's.
pub(crate) async fn take_turns(
    title: &str,
    control: &Client,
    units: u32,
    rounds: usize,
    sides: &[&dyn Side],
) -> Tried<()> {
    let mut spent: Vec<Spent> = sides.iter().map(|_| Spent::default()).collect();
    for side in sides {
        side.round().await?;
    }
    for round in 0..rounds {
        for turn in 0..sides.len() {
            // Nobody always follows the same one.
            let step = if round % 2 == 0 { turn } else { sides.len() - 1 - turn };
            let place = (step + round / 2) % sides.len();
            let (side, spent) = (sides[place], &mut spent[place]);
            let (wal, server) = (wal(control).await?, side.server_time());
            let start = Instant::now();
            side.round().await?;
            spent.elapsed.push(start.elapsed().as_secs_f64());
            spent.wal += self::wal(control).await? - wal;
            if let (Some(before), Some(after)) = (server, side.server_time()) {
                let sum = spent.server.unwrap_or_default();
                spent.server = Some(sum + after.saturating_sub(before));
            }
        }
    }
    println!("\n### {title}: {rounds} rounds of {units}");
    println!("| side | ratio | rounds | fastest | each second | server CPU each | WAL each |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (side, mine) in sides.iter().zip(&spent) {
        let mut ratios: Vec<f64> =
            mine.elapsed.iter().zip(&spent[0].elapsed).map(|(mine, first)| first / mine).collect();
        ratios.sort_by(f64::total_cmp);
        let fastest = |of: &Spent| of.elapsed.iter().copied().fold(f64::INFINITY, f64::min);
        let all = f64::from(units) * rounds as f64;
        let cpu = mine.server.map_or("unknown".to_owned(), |time| {
            format!("{:.1} µs", time.as_secs_f64() * 1e6 / all)
        });
        println!(
            "| {} | {:.2} | {:.2}..{:.2} | {:.2} | {:.0} | {cpu} | {:.0} B |",
            side.name(),
            median(&ratios),
            ratios[0],
            ratios[ratios.len() - 1],
            fastest(&spent[0]) / fastest(mine),
            f64::from(units) / median(&sorted(&mine.elapsed)),
            mine.wal as f64 / all,
        );
    }
    Ok(())
}

/// Returns the position of the server's log.
async fn wal(control: &Client) -> Tried<i64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";
    Ok(control.query_one(sql, &[]).await?.get(0))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

/// The middle of some sorted values.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}
