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
//!   misses an event, and no other transaction makes a follower wait.
//! - When the server goes away, an append waits for it for a while. If the answer was lost, the store
//!   finds out by the event ids whether the append was stored.
//! - The store makes and migrates its own tables, in a schema of their own. Events are never updated
//!   nor deleted: triggers see to it.
//!
//! It works with PostgreSQL 14 and later.
//!
//! # The tables
//! They are in a schema of their own, `esrs` unless the builder says otherwise, and each schema is a
//! log. Ask the view `log`, in which payload and metadata are `jsonb`:
//!
//! ```sql
//! SELECT stream, recorded_at, metadata->>'actor' AS actor, (payload->>'cents')::int AS cents
//! FROM esrs.log WHERE category = 'bank_account' AND event = 'money_withdrawn'
//! ORDER BY position DESC LIMIT 20;
//! ```
//!
//! The table below it, `events`, has payloads as `json`, the very text that was appended: `jsonb`
//! would give back another text, and refuses some that is JSON. What it cannot hold is NULL in the
//! view. A query that is asked often wants an index on an expression of its own, such as
//! `CREATE INDEX ON esrs.events (((payload->>'cents')::int)) WHERE kind = 7`.
//!
//! # One writer at a time
//! A writer holds an advisory lock until it has committed, which is one statement and no round
//! trip more. What else was measured, and what each part of an append costs, is in
//! [`order`].
//!
//! # Who may do what
//! Programs open the log as a user who may append and read, and no more:
//! [`PostgresStore::grant_appending`], [`PostgresStore::grant_reading`]; one that runs projections keeps their
//! rows as well: [`PostgresStore::grant_following`]; and one that is trusted like the owner saves snapshots:
//! [`PostgresStore::grant_snapshots`]. The tables belong to the user who made them, with which a new version of
//! the program is deployed once to migrate them. [`privileges`] has what each role may do with each table.
//!
//! A role that appends is trusted with the content of its events: payload, actor and time are its word. Where
//! they stand is not: policies bound what it can say by an `INSERT` of its own.
//!
//! # Names in statements
//! The store's own statements find names in `pg_catalog` only, whatever `search_path` the role has: a function
//! that another role has made elsewhere is never called by them. The path of the role holds in statements of users
//! (conditions of [`find`](esrs_core::SqlReadModels::find), [`query`](esrs_core::SqlReadModels::query) and
//! the SQL of event handlers) and in triggers, policies and constraints on the tables of read models. Keep
//! every schema of that path closed to roles that you do not trust with what those statements may do.
//!
//! # Events that no append has stored
//! The owner of the tables, and before version 5 of them every role that may append, can store anything by SQL.
//! Reads go on all the same: they page by what is there, and a time that cannot be read is read as the nearest
//! that can. An event at a position that the log has not given is noticed when a connection for appends is
//! opened: appends and imports are answered with [`StoreError::Damaged`](esrs_core::StoreError::Damaged),
//! because what they store would stand before it, where no follower looks any more. This repairs the log:
//!
//! ```sql
#![doc = include_str!("../doc/repair.sql")]
//! ```
//!
//! Followers that have taken such an event are answered with
//! [`StoreError::HistoryChanged`](esrs_core::StoreError::HistoryChanged) then: rebuild their rows. An event of an
//! unknown stream or kind, or with metadata that cannot be read, is `Damaged` wherever it is read, and taken
//! away in the same way.
//!
//! # Read models
//! The rows of a projection are in a table of its name, in the schema `public` unless
//! [`read_model_schema`](PostgresStoreBuilder::read_model_schema) says otherwise, with a column of
//! PostgreSQL's own type for each field, and are asked by [`get`](esrs_core::ReadModels::get),
//! [`find`](esrs_core::SqlReadModels::find), [`query`](esrs_core::SqlReadModels::query), or any SQL. What
//! follows from a page of events is stored in one transaction with the checkpoint of the projection, which
//! takes two round trips: in the first the transaction begins, moves the checkpoint and reads the rows; in
//! the second it writes them and commits.
//!
//! Put indexes, constraints, triggers, policies and rights on such a table as you like: a
//! [`rebuild`](esrs_core::ReadModels::rebuild), which builds the new rows next to the old ones, keeps them. The new
//! rows are built under the constraints and unique indexes, and without the triggers; nobody but the owner of
//! the table can read them before they are in place. A view of it has to be dropped before, and made again
//! afterwards.
//!
//! The new rows are in place as soon as nobody reads the old ones. A session that reads them in a transaction
//! that stays open, as a backup does, is waited for half a second at a time, so that appends which write them
//! [inline](PostgresStoreBuilder::inline) go on; after the
//! [`busy_timeout`](PostgresStoreBuilder::busy_timeout) a rebuild is answered with
//! [`StoreError::Busy`](esrs_core::StoreError::Busy), and the next goes on where it was. The runner does that
//! by itself, and says so in its log.
//!
//! An event handler has the transaction itself, and names tables by the `search_path` of the role.
//!
//! # Partitions
//! A log of hundreds of millions of events may be divided by position: the store notices it when it connects,
//! and looks itself for what the indexes of a partition cannot refuse, which takes longer. The function keeps
//! the rights and the protection of the log, on each partition too. This is all of it:
//!
//! ```sql
#![doc = include_str!("../doc/partition.sql")]
//! ```
//!
//! # Behind PgBouncer
//! - A pool of *sessions* (`pool_mode = session`) works as the server itself does. A store needs a
//!   connection for each of its [readers](PostgresStoreBuilder::readers), as many for steps, and three more:
//!   give it a `default_pool_size` for that.
//! - A pool of *transactions* or *statements* is refused when the store is opened, also with
//!   `max_prepared_statements`: it gives the statements of a store to connections that have other settings,
//!   and other programs the `search_path` of the store. Sessions are what is tested, with PgBouncer 1.18.
//! - The store sends no startup parameter that PgBouncer does not know. A url with `options` in it needs
//!   `ignore_startup_parameters = options` there; then they are not heard by the server.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod connect;
mod encode;
mod error;
mod exchange;
mod find;
mod import;
mod key_lookups;
mod limit;
mod listen;
mod names;
#[doc = include_str!("../doc/order.md")]
pub mod order {}
mod pool;
#[doc = include_str!("../doc/privileges.md")]
pub mod privileges {}
mod reader;
mod rights;
mod schema;
mod session;
mod snapshot;
mod sql;
mod sslmode;
mod store;
mod subscription;
#[cfg(feature = "tls")]
mod tls;
mod writer;

pub use builder::PostgresStoreBuilder;
pub use esrs_core::Imported;
pub use store::PostgresStore;
