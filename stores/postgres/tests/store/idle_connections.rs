//! Connections that are lost while nobody uses them.

use crate::support::{append, connect, event, stream, terminate_all};
use esrs_core::{AppendBatch, AppendCondition, EventStore, Page, Position, ReadQuery, StoreError};
use esrs_postgres::PostgresStore;
use futures_util::future::join_all;

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn connections_that_die_while_nobody_uses_them_are_replaced_and_nobody_notices() {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::builder(database.url()).readers(4).open().await.unwrap();
    let raw = connect(database.url()).await;
    append(&store, "1").await;
    let read = || store.read(ReadQuery::all(), Page::new());
    let key = || store.find_append(stream("1"), "key".into());
    append(&store, "2").await;
    for _ in 0..3 {
        // All of the pool is open.
        for page in join_all((0..4).map(|_| read())).await {
            page.unwrap();
        }
        terminate_all(&raw).await;
        for page in join_all((0..4).map(|_| read())).await {
            page.unwrap();
        }
        terminate_all(&raw).await;
        assert_eq!(key().await.unwrap(), None);
        terminate_all(&raw).await;
        for found in join_all((0..8).map(|_| key())).await {
            assert_eq!(found.unwrap(), None);
        }
        terminate_all(&raw).await;
        store.wait_behind(Position::START).await.unwrap();
        terminate_all(&raw).await;
        let taken = AppendBatch::new(stream("1"), AppendCondition::NoStream, vec![event("1")]);
        let refused = store.append(taken).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        terminate_all(&raw).await;
        assert!(!append(&store, "1").await.repeated);
    }
}
