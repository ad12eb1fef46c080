//! The measurements, of every library in the same way.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::peer::{Open, Peer, Tried};
use crate::row::Row;
use crate::sql;

const WARM_UP: u64 = 100;
const COMMANDS_OF_ONE: u64 = 2_000;
const TASKS: usize = 64;
const ACCOUNTS: u64 = 1_000;
const COMMANDS: u64 = 20_000;
/// The tasks stop here, also when commands are left.
const LONGEST: Duration = Duration::from_secs(15);
const LOADED: i64 = 10_000;
const LOADS: usize = 21;
const LONG: i64 = 100_000;
const SHORT: i64 = 10;
const COMMANDS_AFTER: usize = 50;
/// Loads and commands of a long history stop here.
const PATIENCE: Duration = Duration::from_secs(5);

/// The empty databases that a round needs.
pub(crate) const DATABASES: usize = 5;

/// Everything once, each in a database of its own.
pub(crate) async fn round(urls: &[String; DATABASES], open: Open, row: &mut Row) -> Tried<()> {
    let [first, one, many, loaded, long] = urls;
    is_the_same_bank(&*open(first.clone()).await?, row).await?;
    one_client(&*open(one.clone()).await?, one, row).await?;
    many_tasks(open(many.clone()).await?, many, row).await?;
    load(&*open(loaded.clone()).await?, loaded, row).await?;
    long_history(&*open(long.clone()).await?, long, row).await
}

/// A deposit is there, and nobody withdraws what is not.
async fn is_the_same_bank(peer: &dyn Peer, row: &mut Row) -> Tried<()> {
    for _ in 0..3 {
        peer.deposit(1).await?;
    }
    if peer.withdraw(1, 4).await? {
        row.note("4 cents were withdrawn of 3".to_owned());
        return Ok(());
    }
    match (peer.withdraw(1, 2).await?, peer.balance(1).await?) {
        (true, 1) => Ok(()),
        other => Err(format!("this is another bank: {other:?}").into()),
    }
}

/// One command after the other on one account.
async fn one_client(peer: &dyn Peer, url: &str, row: &mut Row) -> Tried<()> {
    for _ in 0..WARM_UP {
        peer.deposit(1).await?;
    }
    sql::vacuum(url).await?;
    let start = Instant::now();
    for _ in 0..COMMANDS_OF_ONE {
        peer.deposit(1).await?;
    }
    row.one_client.push(COMMANDS_OF_ONE as f64 / start.elapsed().as_secs_f64());
    row.check("one client", (WARM_UP + COMMANDS_OF_ONE) as i64, peer.balance(1).await?);
    Ok(())
}

/// Commands of many tasks on many accounts, which all have a deposit already.
async fn many_tasks(peer: Arc<dyn Peer>, url: &str, row: &mut Row) -> Tried<()> {
    in_tasks(&peer, ACCOUNTS, |number| number + 1).await?;
    sql::vacuum(url).await?;
    let start = Instant::now();
    let (done, tries) = in_tasks(&peer, COMMANDS, account_of).await?;
    row.many_tasks.push(done as f64 / start.elapsed().as_secs_f64());
    row.tries.push(tries as f64 / done as f64);
    let mut cents = 0;
    for account in 1..=ACCOUNTS {
        cents += peer.balance(account).await?;
    }
    row.check("64 tasks", (ACCOUNTS + done) as i64, cents);
    Ok(())
}

/// Any of them, so that tasks meet now and then.
fn account_of(number: u64) -> u64 {
    (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % ACCOUNTS + 1
}

/// Returns the number of commands that were acknowledged, and of the tries that this took.
async fn in_tasks(
    peer: &Arc<dyn Peer>,
    commands: u64,
    account: fn(u64) -> u64,
) -> Tried<(u64, u64)> {
    let next = Arc::new(AtomicU64::new(0));
    let tries = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicI64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (peer, next) = (peer.clone(), next.clone());
            let (tries, done) = (tries.clone(), done.clone());
            tokio::spawn(async move {
                while start.elapsed() < LONGEST {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= commands {
                        break;
                    }
                    let tried = peer.deposit(account(number)).await?;
                    tries.fetch_add(tried, Ordering::Relaxed);
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Tried::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok((done.load(Ordering::Relaxed) as u64, tries.load(Ordering::Relaxed)))
}

/// A load of an account with many events.
async fn load(peer: &dyn Peer, url: &str, row: &mut Row) -> Tried<()> {
    peer.prepare(1, LOADED).await?;
    sql::vacuum(url).await?;
    peer.balance(1).await?;
    let (mut took, mut cents) = (Vec::new(), 0);
    let begin = Instant::now();
    while took.len() < LOADS && begin.elapsed() < PATIENCE {
        let start = Instant::now();
        cents = peer.balance(1).await?;
        took.push(start.elapsed());
    }
    row.load.push(median(&mut took).as_secs_f64());
    row.check("load", LOADED, cents);
    Ok(())
}

/// The same command on an account with a long history, and on one with a short one, in turns.
async fn long_history(peer: &dyn Peer, url: &str, row: &mut Row) -> Tried<()> {
    peer.prepare(1, LONG).await?;
    peer.prepare(2, SHORT).await?;
    sql::vacuum(url).await?;
    let (mut long, mut short) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while long.len() <= COMMANDS_AFTER && begin.elapsed() < PATIENCE {
        for (account, took) in [(1, &mut long), (2, &mut short)] {
            let start = Instant::now();
            peer.deposit(account).await?;
            took.push(start.elapsed());
        }
    }
    let deposited = LONG + long.len() as i64;
    // The first of each warms up.
    row.after_long.push(median(&mut long[1..]).as_secs_f64());
    row.after_short.push(median(&mut short[1..]).as_secs_f64());
    row.check("long history", deposited, peer.balance(1).await?);
    Ok(())
}

/// The value in the middle.
pub(crate) fn median<T: Copy + PartialOrd>(values: &mut [T]) -> T {
    values.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    values[values.len() / 2]
}
