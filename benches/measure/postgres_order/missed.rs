//! A follower that must not miss events, nor have those of a stream out of order, while writers commit
//! and roll back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio_postgres::Config;

use crate::Tried;
use crate::commands::prepare;
use crate::follower::{Follower, Seen};
use crate::group::{Group, Part};
use crate::layout::Layout;
use crate::session::{Session, Way, connect};

const WRITERS: u64 = 8;
const APPENDS: u64 = 150;
/// So few that writers meet.
const STREAMS: u64 = 12;

/// Runs writers and a follower, and prints what it missed.
pub(crate) async fn missed(config: &Config, layout: Layout) -> Tried<()> {
    prepare(config, &layout).await?;
    let working = Arc::new(AtomicBool::new(true));
    let follower = tokio::spawn(follow(Follower::open(config, layout).await?, working.clone()));
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let session = Session::open(config, layout, Way::OneStatement).await?;
        writers.push(tokio::spawn(async move {
            write(&session, writer).await.map_err(|error| format!("{error:?}"))
        }));
    }
    let mut rolled_back = 0;
    for writer in writers {
        rolled_back += writer.await??;
    }
    working.store(false, Ordering::Relaxed);
    let (seen, asked) = follower.await??;

    let client = connect(config).await?;
    let sql = format!("SELECT position FROM {}.esrs_events", layout.schema);
    let stored: HashSet<i64> =
        client.query(&sql, &[]).await?.iter().map(|row| row.get(0)).collect();
    let gaps = stored.iter().max().map_or(0, |last| last - stored.len() as i64);
    let given: HashSet<i64> = seen.iter().map(|seen| seen.position).collect();
    println!(
        "| {} | {} | {rolled_back} | {gaps} | {} | {} | {} | {asked} |",
        layout.name,
        stored.len(),
        stored.difference(&given).count(),
        seen.len() - given.len(),
        out_of_order(&seen),
    );
    Ok(())
}

pub(crate) fn print_head() {
    println!("\n### A follower beside {WRITERS} writers");
    println!(
        "| side | events | rolled back | gaps | missed | twice | out of order | asked for writers |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
}

/// Counts the events that came after a later one of their stream.
fn out_of_order(seen: &[Seen]) -> usize {
    let mut last = HashMap::new();
    seen.iter()
        .filter(|seen| {
            let last = last.entry(seen.stream).or_insert(0);
            let late = seen.version < *last;
            *last = seen.version.max(*last);
            late
        })
        .count()
}

async fn follow(
    mut follower: Follower,
    working: Arc<AtomicBool>,
) -> Result<(Vec<Seen>, u32), String> {
    let mut seen = Vec::new();
    while working.load(Ordering::Relaxed) {
        seen.extend(follower.poll().await.map_err(|error| format!("{error:?}"))?);
    }
    follower.drain(&mut seen).await.map_err(|error| format!("{error:?}"))?;
    Ok((seen, follower.asked))
}

/// Appends to two streams at a time; some by transactions that last, or that are rolled back.
async fn write(session: &Session, writer: u64) -> Tried<u32> {
    let mut rolled_back = 0;
    for number in 0..APPENDS {
        let dice = (writer * APPENDS + number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let first = dice % STREAMS;
        let second = (first + 1 + (dice >> 8) % (STREAMS - 1)) % STREAMS;
        let part = |stream: u64| Part { stream: stream as i64 + 1, expected: None, events: 1 };
        let mut group = Group::default();
        group.push(&[part(first), part(second)]);
        match (dice >> 16) % 8 {
            0 => {
                session.client.batch_execute("BEGIN").await?;
                session.append(&group).await?;
                session.client.batch_execute("ROLLBACK").await?;
                rolled_back += 1;
            }
            1 => {
                session.client.batch_execute("BEGIN").await?;
                session.append(&group).await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
                session.client.batch_execute("COMMIT").await?;
            }
            _ => drop(session.append(&group).await?),
        }
    }
    Ok(rolled_back)
}
