//! Every test on every store.

use std::future::Future;

use esrs::StoreError;
use esrs::prelude::*;
use esrs::projection::Value;
use esrs::subscription::SubscriptionStore;
use postgres_server::Database;
use tempfile::TempDir;

/// What both stores can be asked.
pub(crate) trait TestStore: SubscriptionStore + Clone {
    fn all<P: Projection>(&self) -> impl Future<Output = Result<Vec<P>, StoreError>> + Send;
    fn ask(&self, sql: &str) -> impl Future<Output = Result<Vec<Vec<Value>>, StoreError>> + Send;
}

macro_rules! test_store {
    ($($store:ident),*) => {$(
        impl TestStore for $store {
            async fn all<P: Projection>(&self) -> Result<Vec<P>, StoreError> {
                self.find::<P>("true ORDER BY 1", []).await
            }

            async fn ask(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
                self.query(sql, []).await
            }
        }
    )*};
}

test_store!(SqliteStore, PostgresStore);

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

/// Makes a test of each function, on each store.
macro_rules! on_every_store {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let (_folder, store) = crate::stores::sqlite().await;
                super::$test(store).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs PostgreSQL: cargo xtask test"]
            async fn $test() {
                let (_database, store) = crate::stores::postgres().await;
                super::$test(store).await;
            })*
        }
    };
}

pub(crate) use on_every_store;
