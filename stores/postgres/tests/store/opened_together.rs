//! A log that many open at the same time, and nobody has made yet.

use std::collections::HashSet;

use crate::support::{append, read_all};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn one_makes_the_tables_and_all_who_open_the_log_meanwhile_use_them() {
    let database = postgres_server::database().unwrap();
    for round in 0..2 {
        let schema = format!("log_{round}");
        let open = (0..8).map(|_| {
            let builder = PostgresStore::builder(database.url()).schema(&schema).readers(1);
            tokio::spawn(builder.open())
        });
        let stores = join_all(open).await.into_iter().map(|opened| opened.unwrap().unwrap());
        let stores: Vec<_> = stores.collect();
        join_all(stores.iter().map(|store| append(store, "1"))).await;
        for store in &stores {
            let found = read_all(store).await;
            let versions: Vec<_> = found.iter().map(|event| event.version).collect();
            assert_eq!(versions, (1..=8).collect::<Vec<_>>());
            assert_eq!(found.iter().map(|event| event.id).collect::<HashSet<_>>().len(), 8);
            store.close().await;
        }
    }
}
