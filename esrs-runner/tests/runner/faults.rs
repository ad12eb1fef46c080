//! A server that crashes and connections that are ended: a runner goes on by itself.

use std::time::Duration;

use esrs::prelude::*;
use esrs::runner::Runner;
use postgres_server::Server;

use crate::bank::{Account, Balance, MoneyDeposited, Say};
use crate::{SOON, history, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn a_runner_goes_on_when_its_server_crashes_or_ends_its_connections() {
    let mut server = Server::start().unwrap();
    let database = server.create_database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    history(&store, 4, 50).await;
    let lease = Duration::from_millis(300);
    let running = Runner::new(store.clone()).lease(lease).batch(3).project::<Balance>().start();
    for fault in 0..4 {
        until(&running, |status| status.position.get() > 20 * fault).await;
        if fault % 2 == 0 {
            server.kill().unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            server.start_again().unwrap();
        } else {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'esrs' AND pid <> pg_backend_pid()";
            // The connection that asks for it is another's: it says so of itself, or is ended too.
            let _ = store.query(end, []).await;
        }
    }
    let accounts = Repository::<Account>::new(store.clone());
    let last = accounts.execute(&1, Say(MoneyDeposited { cents: 10 }));
    last.wait_for::<Balance>(SOON).await.unwrap();
    let rows = store.find::<Balance>("true ORDER BY 1", []).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.cents).collect::<Vec<_>>(), [510, 500, 500, 500]);
    running.stop().await;
}
