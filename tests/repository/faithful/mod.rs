//! Events are read as a command has emitted them, or the command is refused: random values and
//! those at their edges, on every store.

mod domain;
mod floats;
mod refused;
mod values;

use std::sync::Arc;

use esrs::{EventStore, MemoryStore};
use esrs_postgres::PostgresStore;
use esrs_sqlite::SqliteStore;
use postgres_server::Database;
use tempfile::TempDir;

/// A store, and what it needs to be there.
struct Opened {
    store: Arc<dyn EventStore>,
    _kept: (Option<TempDir>, Option<Database>),
}

fn memory() -> Opened {
    Opened { store: Arc::new(MemoryStore::new()), _kept: (None, None) }
}

async fn sqlite() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("log.db")).await.unwrap();
    Opened { store: Arc::new(store), _kept: (Some(directory), None) }
}

async fn postgres() -> Opened {
    let database = postgres_server::database().unwrap();
    let store = PostgresStore::open(database.url()).await.unwrap();
    Opened { store: Arc::new(store), _kept: (None, Some(database)) }
}
