//! A round: writers that are killed, followers that start again, and what came of it.

use std::time::{Duration, Instant};

use esrs_core::{AppendBatch, AppendCondition, EventStore, Position};
use esrs_postgres::PostgresStore;
use proptest::prelude::RngExt;
use tokio::sync::{Mutex, watch};
use tokio_postgres::{Client, NoTls};

use crate::events::Stream;
use crate::follower::{Follower, Habits, Restart};
use crate::foreign::Foreign;
use crate::judge::judge;
use crate::log;
use crate::report::{Followed, Report};
use crate::round::dice_of;
use crate::write::Rule;
use crate::writers::Writers;

/// So long followers may take to come to the end, once nobody writes any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Rounds in parallel would want more connections than a server has by default.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

pub(crate) struct Plan {
    /// So many at least are committed.
    pub(crate) events: usize,
    pub(crate) seed: u64,
    pub(crate) writers: Rule,
    /// The way in which each follower goes on when it is started again.
    pub(crate) restarts: [Restart; 4],
}

pub(crate) async fn run(plan: &Plan) -> Report {
    let _alone = ONE_AT_A_TIME.lock().await;
    let (begun, mut dice) = (Instant::now(), dice_of(plan.seed));
    let database = postgres_server::database().unwrap();
    let url = database.url();
    prepare(url).await;
    let client = connect(url).await;
    let (open, other) = (connect(url).await, connect(url).await);
    let foreign = Foreign::begin(open, other, dice_of(dice.random())).await;

    let (end, is_end) = watch::channel(None);
    let following = Habits::of_four(plan.restarts).map(|habits| {
        let (mut follower, url) = (Follower::new(habits), url.to_owned());
        let (is_end, dice) = (is_end.clone(), dice_of(dice.random()));
        tokio::spawn(async move {
            let followed = follower.follow(&url, is_end, dice).await;
            followed.map(|()| follower)
        })
    });

    let mut writers = Writers::start(plan.writers, url, dice_of(dice.random()));
    while log::count(&client).await < plan.events {
        tokio::time::sleep(Duration::from_millis(dice.random_range(20..600))).await;
        writers.kill_one();
    }
    writers.kill_all();
    while !log::is_quiet(&client).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let stored = log::read(&client).await;
    let last = stored.last().map_or(0, |stored| stored.event.position);
    end.send_replace(Some(Position::new(last)));
    let mut followers = Vec::new();
    for following in following {
        let followed = tokio::time::timeout(PATIENCE, following).await;
        let follower = followed.expect("a follower comes to the end").unwrap().unwrap();
        let faults = judge(&stored, &follower.habits.wanted, &follower.seen);
        let Follower { habits, seen, restarts, .. } = follower;
        followers.push(Followed { name: habits.name, seen: seen.len(), restarts, faults });
    }
    // None of them had to wait for it.
    foreign.end().await;
    Report {
        seed: plan.seed,
        events: stored.len(),
        took: begun.elapsed(),
        told: writers.told.stored.len(),
        undone: writers.told.undone.len(),
        killed: writers.killed,
        gaps: last - stored.len() as u64,
        faults: log::check(&stored, &writers.told),
        followers,
    }
}

/// Makes the tables, the streams that all append to, and every kind of event.
async fn prepare(url: &str) {
    let store = PostgresStore::open(url).await.unwrap();
    for stream in Stream::all_shared() {
        let new =
            AppendBatch::new(stream.id.clone(), AppendCondition::NoStream, stream.one_of_each());
        store.append(new).await.unwrap();
    }
    store.close().await;
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
