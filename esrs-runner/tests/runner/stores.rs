//! Every test on every store.

use std::future::Future;

use esrs::StoreError;
use esrs::prelude::*;
use esrs::projection::Value;
use postgres_server::Database;
use tempfile::TempDir;

/// A store whose rows a test reads in their order.
pub(crate) trait TestStore: ReadModels + Clone {
    /// All rows, in the order of the first column of their key.
    fn rows<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send {
        async {
            let mut rows = Vec::new();
            for row in self.all::<P>().await? {
                let key = P::TABLE.key_of(&row.to_values().unwrap()).remove(0);
                rows.push((key, row));
            }
            rows.sort_by(|(one, _), (other, _)| match (one, other) {
                (Value::Integer(one), Value::Integer(other)) => one.cmp(other),
                (Value::Text(one), Value::Text(other)) => one.cmp(other),
                (one, _) => panic!("no test has keys that are {}", one.kind()),
            });
            Ok(rows.into_iter().map(|(_, row)| row).collect())
        }
    }
}

impl<S: ReadModels + Clone> TestStore for S {}

pub(crate) async fn sqlite() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("bank.db")).await.unwrap();
    (folder, store)
}

pub(crate) async fn postgres() -> (Database, PostgresStore) {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    (database, store)
}

/// Makes a test of each function on each store; behind `;`, on those that speak SQL.
macro_rules! on_every_store {
    ($($test:ident),* $(,)? $(; $($sql:ident),* $(,)?)?) => {
        mod on_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(esrs::MemoryStore::new()).await;
            })*
        }

        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let (_folder, store) = crate::stores::sqlite().await;
                super::$test(store).await;
            })*

            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $sql() {
                let (_folder, store) = crate::stores::sqlite().await;
                super::$sql(store).await;
            })*)?
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $test() {
                let (_database, store) = crate::stores::postgres().await;
                super::$test(store).await;
            })*

            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $sql() {
                let (_database, store) = crate::stores::postgres().await;
                super::$sql(store).await;
            })*)?
        }
    };
}

pub(crate) use on_every_store;
