//! The runtime-free core of esrs: the traits that the derives implement, the store contract, the
//! in-memory store, replay and projections.
//!
//! Users depend on the facade, the crate `esrs`; the author of a store depends on this one, and
//! proves the store by its conformance suite (feature `conformance`). Nothing here knows a database,
//! a message bus or an async runtime.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod aggregate;
mod as_of;
mod asked;
mod audit;
mod changes;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod context;
mod cursor;
pub mod demands;
mod encode;
mod escaped;
mod event;
mod events;
mod faithful;
mod fold;
mod follow;
mod guard;
mod idempotency;
mod import;
mod memory;
mod metadata;
mod metadata_key;
mod names;
mod occurred;
#[cfg(feature = "opentelemetry")]
mod opentelemetry;
pub mod projection;
pub mod read_model;
mod recorded;
mod replay;
mod repository;
mod scenario;
pub mod schema;
mod split;
pub mod store;
mod stream;
pub mod subscription;
mod trace_context;
mod trace_source;
mod withheld;

pub use aggregate::{Aggregate, Apply, Emits, Handle, Id};
pub use as_of::AsOf;
pub use audit::{AuditEntry, AuditTrail};
pub use changes::{Change, Changes};
pub use clock::{Clock, FixedClock, SystemClock};
pub use context::Context;
pub use encode::EncodeError;
pub use escaped::{Escaped, escaped};
pub use event::{
    Emit, Event, EventType, MergeError, PayloadError, RetypeError, StoredAs, TryUpcast, Upcast,
};
pub use events::{Events, IntoEvents};
pub use faithful::ChangedValue;
pub use follow::{EventStoreExt, Follow, FollowOf};
pub use import::{ImportSource, Imported, import};
pub use memory::MemoryStore;
pub use metadata::{BlankActor, Metadata};
pub use metadata_key::{InvalidMetadata, MetadataKey};
pub use occurred::OccurredAt;
pub use projection::{Column, Create, Project, Projection};
pub use read_model::{ReadModels, SqlReadModels};
pub use recorded::{Envelope, Recorded};
pub use replay::{ReplayError, ReplayFault, replay};
pub use repository::{
    Answer, ComparedState, Execute, ExecuteError, Executed, History, HistoryBackwards, InstanceIds,
    LoadError, Loaded, Moment, PastEvent, Rejection, Repository, Returned, SnapshotError,
    SnapshotPolicy, SnapshotState, Together, Unit, WaitFor, WarmStates,
};
pub use scenario::{Outcome, ProjectionScenario, Scenario};
pub use schema::{
    Content, EnumShape, Field, FieldChange, Fingerprint, Item, PastVersion, Schema, Shape,
    ShapeVersion, ShapeVersions, Step, StructShape, Tagging, Variant,
};
pub use split::{Split, SplitEvents};
pub use store::{
    AppendBatch, AppendCondition, Appended, AppendedStream, BoxError, CommandFingerprint, Conflict,
    EventFilter, EventKind, EventStore, FingerprintError, IdempotencyKey, KeyReused, LogId,
    LogMark, MetadataFilter, NewEvent, Page, ReadQuery, ReadSource, Record, Snapshot,
    SnapshotQuery, Stats, StoreError, StreamAppend, StreamsQuery,
};
pub use stream::{InvalidStreamId, Position, StreamId};
pub use trace_context::{InvalidTraceparent, TraceContext};
pub use withheld::{JsonError, Withheld};
