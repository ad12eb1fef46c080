//! Event sourcing for Rust, guarded by the compiler.

#[doc(hidden)]
pub use esrs_core::__private;
pub use esrs_core::*;
#[doc = include_str!("doc/event.md")]
pub use esrs_derive::Event;
#[doc = include_str!("doc/id.md")]
pub use esrs_derive::Id;
#[doc = include_str!("doc/schema.md")]
pub use esrs_derive::Schema;
pub use esrs_derive::{Aggregate, Projection};
#[cfg(feature = "sqlite")]
pub use esrs_sqlite::{SqliteStore, SqliteStoreBuilder, Stats, Synchronous};

/// All that a domain needs: `use esrs::prelude::*;`.
pub mod prelude {
    #[cfg(feature = "sqlite")]
    pub use crate::SqliteStore;
    pub use crate::{
        Aggregate, Apply, Column, Context, Create, Event, Events, Handle, Id, MemoryStore, Project,
        Projection, Recorded, Repository, Schema, TryUpcast, Upcast,
    };
    pub use serde::{Deserialize, Serialize};
}
