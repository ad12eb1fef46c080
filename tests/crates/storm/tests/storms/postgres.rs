//! A storm over PostgreSQL.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::ALONE;
use esrs::prelude::*;
use postgres_server::Server;
use proptest::prelude::RngExt;
use storm::domain::InlineBalance;
use storm::judge::ask_postgres;
use storm::link::Link;
use storm::processes::Said;
use storm::round::{dice, round};
use storm::storm::{calm, conclude, opened, processes, settle};
use tokio_postgres::NoTls;

/// Runs statements as a superuser, who may fail in a storm.
async fn admin(url: &str, sql: &str) {
    let Ok((client, connection)) = tokio_postgres::connect(url, NoTls).await else { return };
    let connection = tokio::spawn(connection);
    if let Err(error) = client.batch_execute(sql).await {
        println!("{sql}: {error}");
    }
    drop(client);
    drop(connection.await);
}

fn port_of(url: &str) -> u16 {
    url.parse::<tokio_postgres::Config>().unwrap().get_ports()[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn nothing_is_lost_or_doubled_in_a_storm() {
    let _alone = ALONE.lock().await;
    let mut dice = dice();
    let mut server = Server::builder().max_connections(200).start().unwrap();
    let database = server.create_database().unwrap();
    let direct = database.url().to_owned();
    // A role of its own, whose limits change.
    admin(&direct, "CREATE ROLE teller LOGIN SUPERUSER PASSWORD 'secret'").await;
    let link = Link::to(port_of(&direct)).await;
    let name = direct.rsplit('/').next().unwrap().to_owned();
    let place = format!("postgres://teller:secret@127.0.0.1:{}/{name}", link.port());
    opened(|| PostgresStore::open(&direct)).await.close().await;

    let said = Arc::new(Mutex::new(Said::default()));
    let mut processes = processes(&place, dice.random::<u32>().into(), &said);
    let end = Instant::now() + Duration::from_secs(round(20, 600));
    let mut counts = [0_u32; 9];
    while Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(dice.random_range(50..700))).await;
        let victim = dice.random_range(0..processes.len());
        let moment = Duration::from_millis(dice.random_range(100..2_500));
        let fault = dice.random_range(0..9_usize);
        counts[fault] += 1;
        match fault {
            0 | 1 => processes[victim].replace(),
            2 => {
                processes[victim].pause();
                tokio::time::sleep(moment).await;
                processes[victim].resume();
            }
            3 => link.cut(),
            4 => {
                link.freeze();
                tokio::time::sleep(moment).await;
                link.thaw();
            }
            5 => {
                link.delay(Duration::from_millis(dice.random_range(1..40)));
                tokio::time::sleep(moment).await;
                link.delay(Duration::ZERO);
            }
            6 => {
                let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE usename = 'teller' AND random() < 0.4";
                admin(&direct, all).await;
            }
            7 => {
                let limits = "ALTER ROLE teller SET statement_timeout = '30ms';
                    ALTER ROLE teller SET lock_timeout = '20ms';
                    ALTER ROLE teller SET idle_in_transaction_session_timeout = '50ms'";
                admin(&direct, limits).await;
                link.cut();
                tokio::time::sleep(moment).await;
                admin(&direct, "ALTER ROLE teller RESET ALL").await;
            }
            _ if dice.random_range(0..4) == 0 => {
                server.kill().unwrap();
                server.start_again().unwrap();
            }
            _ => processes[victim].replace(),
        }
    }
    processes.iter().for_each(|process| process.resume());
    link.thaw();
    calm(&processes).await;
    drop(processes);
    println!("faults: {counts:?}");

    let store = opened(|| PostgresStore::builder(&direct).inline::<InlineBalance>().open()).await;
    settle(store.clone()).await;
    store.close().await;
    conclude("PostgreSQL", &ask_postgres(&direct).await, &said, false);
}
