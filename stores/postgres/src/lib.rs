//! The PostgreSQL store of esrs.
//!
//! ```no_run
//! # async fn example() -> Result<(), esrs_core::StoreError> {
//! use esrs_postgres::PostgresStore;
//!
//! let store = PostgresStore::open("postgres://bank@localhost/bank").await?;
//! store.close().await;
//! # Ok(()) }
//! ```
//!
//! # What is promised
//! - An append is one statement, which commits itself: of one stream or many, all of it or nothing.
//!   Appends that come while another is under way are stored together; one that is refused is
//!   refused alone.
//! - Positions are committed in their order, from however many processes: who follows the log never
//!   misses an event, and no transaction of anybody else keeps a follower waiting.
//! - When the server goes away, an append waits for it for a while. If the answer was lost, the store
//!   finds out by the event ids whether the append was stored.
//! - The store makes and migrates its own tables, in a schema of their own. Events are never updated
//!   nor deleted: triggers see to it.
//!
//! It works with PostgreSQL 14 and later.

mod builder;
mod connect;
mod encode;
mod error;
mod find;
mod import;
mod listen;
mod names;
mod pool;
mod reader;
mod rights;
mod schema;
mod snapshot;
mod sql;
mod store;
#[cfg(feature = "tls")]
mod tls;
mod writer;

pub use builder::PostgresStoreBuilder;
pub use import::Imported;
pub use store::PostgresStore;
