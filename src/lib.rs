//! Event sourcing for Rust, guarded by the compiler.
//!
//! A command is checked against an [`Aggregate`], the aggregate answers with [`Events`], the events
//! are appended to a log, and every state and every read model is computed from that log.
//!
//! Begin with the [`tutorial`]: programs to read in order, each with what it prints. Then look
//! things up here:
//!
//! | to … | there is |
//! | --- | --- |
//! | say what can happen | [`#[derive(Event)]`](derive@Event), and [`#[derive(Schema)]`](derive@Schema) for what is inside |
//! | say what it adds up to | [`#[derive(Aggregate)]`](derive@Aggregate), [`Apply`] |
//! | decide what happens next | [`Handle`], [`Context`], [`Events`] |
//! | read what an older program stored | [`added`, `renamed`, `retyped`, `removed`, `updated`](derive@Event#a-new-version) of `#[derive(Event)]` and [`#[derive(Schema)]`](derive@Schema#a-new-version-of-a-payload-type); [`Upcast`] and [`TryUpcast`] for the rest; `merges` and [`Split`] for events that became one, or several |
//! | see what an event went through | [`Event::history`](trait@Event#method.history) |
//! | execute commands and load states | [`Repository`]; several as one unit: [`Execute::and`] |
//! | get the events and the new state of a command | [`Execute::returning`] |
//! | refuse a command whose caller has seen an older version | [`Execute::expected_version`] |
//! | look at another moment | [`Repository::load_at`], [`Repository::history`], [`Repository::diff`] |
//! | read the last events of an instance | [`Repository::last_event`], [`Repository::history_backwards`] |
//! | say who, why and through what | [`Execute`], [`Metadata`], [`MetadataKey`] |
//! | ask who changed what, when and why | [`AuditTrail`] |
//! | load and command at a price that does not grow | [`SnapshotPolicy`], [`WarmStates`] |
//! | keep the log | [`SqliteStore`], [`MemoryStore`], or a store of your own: [`EventStore`] |
//! | ask across aggregates | [`#[derive(Projection)]`](derive@Projection), [`Create`], [`Project`] |
//! | list and count the instances of an aggregate | [`Repository::instances`], [`Repository::count_instances`] |
//! | follow the log in this process, as a stream of events | [`EventStoreExt::follow`], [`Follow::of`] |
//! | read rows on any store, or query them in SQL | [`ReadModels`], [`SqlReadModels`] |
//! | do more than a row can say | [`subscription::EventHandler`] |
//! | keep read models up to date, in one of several processes | `esrs::runner`, with the feature `runner` |
//! | read what was just written | [`Execute::wait_for`] |
//! | import what another system recorded | [`ImportSource`], [`import`] |
//! | say when something occurred | [`OccurredAt`], [`Execute::occurred_at`] |
//! | back up and restore | `esrs::backup` |
//! | test a domain | [`Scenario`], [`ProjectionScenario`] |
//! | tell instances apart | [`#[derive(Id)]`](derive@Id), or any type that is an [`Id`](trait@Id) |
//!
//! # Features
//! | feature | what it brings |
//! | --- | --- |
//! | `sqlite` (default) | [`SqliteStore`] |
//! | `postgres` | `esrs::PostgresStore` |
//! | `postgres-tls` | the same, encrypted by rustls unless the server is on this machine or its url says otherwise |
//! | `runner` | `esrs::runner`: projections and event handlers that follow the log |
//! | `conformance` | the suite that a store of your own has to pass: `esrs::conformance` |
//! | `opentelemetry` | events carry the W3C trace context of [`tracing::Span::current`](https://docs.rs/tracing/latest/tracing/struct.Span.html#method.current), as `tracing-opentelemetry` knows it |
//! | `chrono`, `rust_decimal`, `time`, `url` | [`Schema`](trait@Schema) for the types of that crate |

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

/// The moments of esrs: what [`Recorded::recorded_at`], [`Context::now`] and
/// [`FixedClock`](event::FixedClock) speak of.
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
#[cfg(feature = "postgres")]
pub mod postgres {
    #[doc(inline)]
    pub use esrs_postgres::PostgresStoreBuilder;
}

/// Settings of a SQLite store.
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
