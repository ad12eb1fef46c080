//! A fail-over to a standby that had not received everything.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::ALONE;
use esrs::prelude::*;
use esrs::runner::{Live, Runner};
use postgres_server::Server;
use proptest::prelude::RngExt;
use storm::domain::{Balance, InlineBalance};
use storm::follower::Follower;
use storm::judge::ask_postgres;
use storm::link::Link;
use storm::processes::Said;
use storm::round::{dice, round};
use storm::storm::{calm, conclude, opened, processes, settle};

fn port_of(url: &str) -> u16 {
    url.parse::<tokio_postgres::Config>().unwrap().get_ports()[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn what_a_fail_over_loses_is_built_on_by_nobody() {
    let _alone = ALONE.lock().await;
    let mut dice = dice();
    for _ in 0..round(1, 20) {
        fail_over(dice.random::<u32>().into()).await;
    }
}

async fn fail_over(seed: u64) {
    let mut primary = Server::builder().max_connections(100).start().unwrap();
    let database = primary.create_database().unwrap();
    let direct = database.url().to_owned();
    let link = Link::to(port_of(&direct)).await;
    let through =
        direct.replacen(&format!(":{}/", port_of(&direct)), &format!(":{}/", link.port()), 1);
    opened(|| PostgresStore::open(&direct)).await.close().await;
    let standby = primary.standby().unwrap();

    let said = Arc::new(Mutex::new(Said::default()));
    let processes = processes(&through, seed, &said);
    let store = opened(|| PostgresStore::builder(&through).open()).await;
    let live = Live::<Balance>::new();
    let running = Runner::new(store.clone()).live(&live).start();
    let mut follower = Follower::default();
    read_on(&mut follower, &store, Duration::from_secs(3)).await;

    // From here on the standby receives nothing, and the primary answers as ever.
    standby.stop_receiving().unwrap();
    read_on(&mut follower, &store, Duration::from_secs(1)).await;
    primary.kill().unwrap();
    standby.promote().unwrap();
    link.switch_to(port_of(&standby.url()));
    read_on(&mut follower, &store, Duration::from_secs(3)).await;
    calm(&processes).await;
    drop(processes);

    let now = direct.replacen(
        &format!(":{}/", port_of(&direct)),
        &format!(":{}/", port_of(&standby.url())),
        1,
    );
    let other = opened(|| PostgresStore::builder(&now).inline::<InlineBalance>().open()).await;
    settle(other.clone()).await;
    other.close().await;
    let evidence = ask_postgres(&now).await;
    let verdict = conclude("fail-over", &evidence, &said, true);
    assert!(verdict.lost > 0, "the fail-over has lost nothing, so nothing was shown: {verdict}");

    follower.read_on(&store).await;
    assert!(follower.told > 0, "a reader of events that are lost was not told");
    evidence.compare(&follower);
    let head = evidence.log.last().unwrap().position as u64;
    let head = esrs::Position::new(head);
    live.wait_for(head, Duration::from_secs(10)).await.unwrap();
    let mut rows = live.all().unwrap();
    rows.sort_by_key(|row| row.account);
    let rows: Vec<_> =
        rows.iter().map(|row| (i64::from(row.account), row.events, row.cents)).collect();
    assert_eq!(rows, evidence.balances["balances"], "rows in memory are not those of the log");
    running.stop().await;
    store.close().await;
}

async fn read_on(follower: &mut Follower, store: &PostgresStore, duration: Duration) {
    let end = Instant::now() + duration;
    while Instant::now() < end {
        follower.read_on(store).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
