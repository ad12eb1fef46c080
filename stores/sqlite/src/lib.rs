//! The embedded SQLite store of esrs.
//!
//! One file holds the log and the read models. A [`SqliteStore`] has one thread that writes, and
//! commits what is queued as one transaction, and a few that read and never wait for it. It needs
//! no async runtime, and runs under any.
//!
//! ```no_run
//! # async fn example() -> Result<(), esrs_core::StoreError> {
//! use esrs_sqlite::SqliteStore;
//!
//! let store = SqliteStore::open("bank.db").await?;
//! store.close().await;
//! # Ok(()) }
//! ```
//!
//! `SqliteStore::open(":memory:")` is a database in memory with the same tables, read models and SQL, for
//! tests; what is promised of files does not apply to it.
//!
//! # What is promised
//! - An append is answered when it is on disk: the log is written ahead (WAL) and synced at each
//!   commit, [`Synchronous::Full`], unless the builder says otherwise.
//! - Several processes may work on one file. A call waits for a busy file for at most
//!   [`busy_timeout`](SqliteStoreBuilder::busy_timeout), and then returns [`StoreError::Busy`]. No call
//!   waits without a limit; a read is stopped after [`timeout`](SqliteStoreBuilder::timeout).
//! - It stores [subscriptions](esrs_core::subscription): what they write commits with their checkpoint.
//!   A caller that waits for events is told of those of this store at once, and of those of other
//!   processes within 50 milliseconds or so.
//! - A backup that is restored into the open file by SQLite's own means is noticed: nothing is built on
//!   events that are gone, and what continues from one returns [`StoreError::HistoryChanged`]. A file
//!   that is replaced, removed or overwritten by other means returns [`StoreError::Replaced`] (on
//!   Windows, the system refuses to replace it). Reads notice an overwritten file after the next write.
//! - A statement of a user runs only as far as SQLite's authorizer allows it: an event handler neither
//!   ends its transaction nor writes to the store's tables, and a query only reads.
//! - The store makes and migrates its own tables, all of which begin with `esrs_`; other tables in
//!   the file are left alone. Events are never updated nor deleted: triggers see to it.
//!
//! [`StoreError::Busy`]: esrs_core::StoreError::Busy
//! [`StoreError::HistoryChanged`]: esrs_core::StoreError::HistoryChanged
//! [`StoreError::Replaced`]: esrs_core::StoreError::Replaced

mod builder;
mod cache;
mod call;
mod clock;
mod closing;
mod connection;
mod create;
mod error;
mod file;
mod guard;
mod history;
mod parameters;
mod projection;
mod queue;
mod reader;
mod room;
mod schema;
mod snapshot;
mod statement;
mod store;
mod subscription;
mod value;
mod within_step;
mod writer;

pub use builder::{SqliteStoreBuilder, Synchronous};
pub use store::SqliteStore;
