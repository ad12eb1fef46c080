//! Event sourcing for Rust, guarded by the compiler.
//!
//! A command is checked against an [`Aggregate`], the aggregate answers with [`Events`], the events
//! are appended to a log, and every state and every read model is computed from that log.
//!
//! ```
//! use esrs::prelude::*;
//!
//! #[derive(Event, Serialize, Deserialize)]
//! #[event("ticket_sold")]
//! struct TicketSold {
//!     to: String,
//! }
//!
//! #[derive(Aggregate, Default)]
//! #[aggregate("concert", id = String, events(TicketSold))]
//! struct Concert {
//!     sold: u32,
//! }
//!
//! impl Apply<TicketSold> for Concert {
//!     fn apply(&mut self, _: TicketSold) {
//!         self.sold += 1;
//!     }
//! }
//!
//! struct Buy {
//!     to: String,
//! }
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("sold out")]
//! struct SoldOut;
//!
//! impl Handle<Buy> for Concert {
//!     type Error = SoldOut;
//!
//!     fn handle(&self, buy: &Buy, _: &Context<Self>) -> Result<Events<Self>, SoldOut> {
//!         if self.sold == 2 {
//!             return Err(SoldOut);
//!         }
//!         Ok(TicketSold { to: buy.to.clone() }.into())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let concerts = Repository::<Concert>::new(MemoryStore::new());
//! let opening = "opening".to_owned();
//! concerts.execute(&opening, Buy { to: "Alice".to_owned() }).await?;
//! concerts.execute(&opening, Buy { to: "Bob".to_owned() }).await?;
//! let refused = concerts.execute(&opening, Buy { to: "Carol".to_owned() }).await;
//! assert!(matches!(refused, Err(ExecuteError::Rejected(SoldOut))));
//! assert_eq!(concerts.load(&opening).await?.sold, 2);
//! # Ok(()) }
//! ```
//!
//! The [`tutorial`] has programs to read in order, each with its output. To look things up:
//!
//! | to … | there is |
//! | --- | --- |
//! | declare events | [`#[derive(Event)]`](derive@Event), and [`#[derive(Schema)]`](derive@Schema) for the types inside |
//! | compute a state from events | [`#[derive(Aggregate)]`](derive@Aggregate), [`Apply`] |
//! | handle commands | [`Handle`], [`Context`], [`Events`] |
//! | read what an older program stored | [`added`, `renamed`, `retyped`, `removed`, `updated`](derive@Event#a-new-version) of `#[derive(Event)]` and [`#[derive(Schema)]`](derive@Schema#a-new-version-of-a-payload-type); [`Upcast`] and [`TryUpcast`] for the rest; `merges` and [`Split`] for events that became one, or several |
//! | list the versions of an event | [`Event::history`](trait@Event#method.history) |
//! | execute commands and load states | [`Repository`]; several as one unit: [`Execute::and`](repository::Execute::and) |
//! | get the events and the new state of a command | [`Execute::returning`](repository::Execute::returning) |
//! | refuse a command whose caller has seen an older version | [`Execute::expected_version`](repository::Execute::expected_version) |
//! | load a past state | [`Repository::load_at`], [`Repository::history`], [`Repository::diff`] |
//! | read the last events of an instance | [`Repository::last_event`], [`Repository::history_backwards`] |
//! | record actor, cause and other metadata | [`Execute`](repository::Execute), [`Metadata`], [`MetadataKey`] |
//! | ask who changed what, when and why | [`AuditTrail`](store::AuditTrail) |
//! | load long histories quickly | [`SnapshotPolicy`](repository::SnapshotPolicy), [`WarmStates`](repository::WarmStates) |
//! | store the log | [`SqliteStore`], [`PostgresStore`], [`MemoryStore`], or a store of your own: [`EventStore`] |
//! | query across aggregates | [`#[derive(Projection)]`](derive@Projection), [`Create`], [`Project`] |
//! | list and count the instances of an aggregate | [`Repository::instances`], [`Repository::count_instances`] |
//! | follow the log in this process, as a stream of events | [`EventStoreExt::follow`], [`Follow::of`](repository::Follow::of) |
//! | read rows on any store, or query them in SQL | [`ReadModels`], [`SqlReadModels`] |
//! | run code for each event | [`subscription::EventHandler`] |
//! | update read models, in one of several processes | [`runner`], with the feature of that name |
//! | wait until a read model has an event | [`Execute::wait_for`](repository::Execute::wait_for) |
//! | import the log of another system | [`ImportSource`](store::ImportSource), [`import`](store::import) |
//! | record when something occurred | [`OccurredAt`], [`Execute::occurred_at`](repository::Execute::occurred_at) |
//! | back up and restore | [`backup`] |
//! | test a domain | [`Scenario`](testing::Scenario), [`ProjectionScenario`](testing::ProjectionScenario) |
//! | tell instances apart | [`#[derive(Id)]`](derive@Id), or any type that is an [`Id`](trait@Id) |
//!
//! # Features
//! | feature | what it brings |
//! | --- | --- |
//! | `sqlite` (default) | [`SqliteStore`] |
//! | `postgres` | [`PostgresStore`] |
//! | `postgres-tls` | the same, encrypted by rustls unless the server is on this machine or its url says otherwise |
//! | `runner` | [`runner`]: projections and event handlers that follow the log |
//! | `conformance` | the suite that a store of your own has to pass: `esrs::testing::conformance` |
//! | `opentelemetry` | events carry the W3C trace context of [`tracing::Span::current`](https://docs.rs/tracing/latest/tracing/struct.Span.html#method.current), as `tracing-opentelemetry` knows it |
//! | `chrono`, `rust_decimal`, `time`, `url` | [`Schema`](trait@Schema) for the types of that crate |

// Links to items of a feature lead to the list of features where the documentation is built without it.
#![cfg_attr(not(feature = "sqlite"), doc = "\n[`SqliteStore`]: #features\n[`backup`]: #features")]
#![cfg_attr(not(feature = "postgres"), doc = "\n[`PostgresStore`]: #features")]
#![cfg_attr(not(feature = "runner"), doc = "\n[`runner`]: #features")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub use esrs_core::__private;

#[doc(inline)]
pub use esrs_core::{Aggregate, Column, Event, Id, Projection, Schema};
#[doc(inline)]
pub use esrs_core::{
    Apply, AsOf, Context, Create, EventStore, EventStoreExt, Events, ExecuteError, Handle,
    LoadError, Loaded, MemoryStore, Metadata, MetadataKey, OccurredAt, Position, Project,
    ReadModels, Recorded, Repository, Split, SqlReadModels, StoreError, StreamId, TryUpcast,
    Upcast,
};

#[doc = include_str!("doc/aggregate.md")]
pub use esrs_derive::Aggregate;
#[doc = include_str!("doc/column.md")]
pub use esrs_derive::Column;
#[doc = include_str!("doc/event.md")]
pub use esrs_derive::Event;
#[doc = include_str!("doc/id.md")]
pub use esrs_derive::Id;
#[doc = include_str!("doc/projection.md")]
pub use esrs_derive::Projection;
#[doc = include_str!("doc/schema.md")]
pub use esrs_derive::Schema;
#[doc = include_str!("doc/lock.md")]
pub use esrs_derive::schema;

#[cfg(feature = "postgres")]
#[doc(inline)]
pub use esrs_postgres::PostgresStore;
#[cfg(feature = "runner")]
#[doc(inline)]
pub use esrs_runner as runner;
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use esrs_sqlite::SqliteStore;

/// The times of esrs, as [`Recorded::recorded_at`], [`Context::now`] and
/// [`FixedClock`](event::FixedClock) return them.
pub use jiff::Timestamp;

pub mod aggregate;
pub mod event;
pub mod projection;
pub mod repository;
pub mod schema;
pub mod store;
pub mod subscription;
pub mod testing;
pub mod value;

/// Settings of a PostgreSQL store.
///
/// [`PostgresStore::open`](crate::PostgresStore::open) is enough for a program without inline read models.
/// The builder sets the schema of the tables, the number of connections, and the read models that appends
/// write.
///
/// ```no_run
/// # async fn example() -> Result<(), esrs::StoreError> {
/// use std::time::Duration;
///
/// let store = esrs::PostgresStore::builder("postgresql://localhost/bank")
///     .busy_timeout(Duration::from_secs(2))
///     .open()
///     .await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "postgres")]
pub mod postgres {
    #[doc(inline)]
    pub use esrs_postgres::PostgresStoreBuilder;
}

/// Settings of a SQLite store.
///
/// [`SqliteStore::open`](crate::SqliteStore::open) is enough for a program without inline read models. The
/// builder sets how safely commits are written, how long a busy file is waited for, and the read models that
/// appends write.
///
/// ```no_run
/// # async fn example() -> Result<(), esrs::StoreError> {
/// use esrs::sqlite::Synchronous;
///
/// let store = esrs::SqliteStore::builder("bank.db").synchronous(Synchronous::Full).open().await?;
/// # Ok(()) }
/// ```
#[cfg(feature = "sqlite")]
pub mod sqlite {
    #[doc(inline)]
    pub use esrs_sqlite::{SqliteStoreBuilder, Synchronous};
}

pub mod tutorial;

#[doc = include_str!("doc/backup.md")]
#[cfg(feature = "sqlite")]
pub mod backup {}

/// All that a domain needs: `use esrs::prelude::*;`.
pub mod prelude {
    #[cfg(feature = "postgres")]
    pub use crate::PostgresStore;
    #[cfg(feature = "sqlite")]
    pub use crate::SqliteStore;
    pub use crate::{
        Aggregate, Apply, AsOf, Column, Context, Create, Event, EventStoreExt, Events,
        ExecuteError, Handle, Id, LoadError, Loaded, MemoryStore, Project, Projection, ReadModels,
        Recorded, Repository, Schema, Split, SqlReadModels, StoreError, Timestamp, TryUpcast,
        Upcast,
    };
    pub use serde::{Deserialize, Serialize};
}
