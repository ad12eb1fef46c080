//! The runtime-free core of esrs: the traits that the derives implement, the store contract, the
//! in-memory store, replay and projections.
//!
//! Users depend on the facade, the crate `esrs`; the author of a store depends on this one, and
//! proves the store by its conformance suite (feature `conformance`). Nothing here knows a database,
//! a message bus or an async runtime.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
#[path = "macro_support/mod.rs"]
pub mod __private;
mod aggregate;
mod event;
mod log;
mod memory;
pub mod read_model;
mod repository;
pub mod schema;
pub mod store;
mod testing;
mod value;

pub use aggregate::{
    Aggregate, Apply, Context, Emits, Events, Handle, Id, IntoEvents, ReplayError, ReplayFault,
    Split, SplitEvents, demands, replay,
};
pub use event::{
    BlankActor, Clock, Emit, EncodeError, Envelope, Event, EventKind, FixedClock, InvalidMetadata,
    InvalidStreamId, InvalidTraceparent, MergeError, Metadata, MetadataKey, OccurredAt,
    PayloadError, Position, Recorded, RetypeError, StreamId, SystemClock, TraceContext, TryUpcast,
    Upcast,
};
pub use memory::MemoryStore;
pub use read_model::projection::{self, Column, Create, Project, Projection};
pub use repository::{
    Answer, ComparedState, EventStoreExt, Execute, ExecuteError, Executed, Follow, FollowOf,
    History, HistoryBackwards, InstanceIds, LoadError, Loaded, Moment, PastEvent, Rejection,
    Repository, Returned, SnapshotError, SnapshotPolicy, SnapshotState, Together, Unit, WaitFor,
    WarmStates,
};
pub use schema::{
    Content, EnumShape, EventType, Field, FieldChange, Fingerprint, Item, PastVersion, Schema,
    Shape, ShapeVersion, ShapeVersions, Step, StoredAs, StructShape, Tagging, Variant,
};
pub use store::{
    AppendBatch, AppendCondition, Appended, AppendedStream, AsOf, AuditEntry, AuditTrail, BoxError,
    CommandFingerprint, Conflict, EventFilter, EventStore, FingerprintError, IdempotencyKey,
    ImportSource, Imported, KeyReused, LogId, LogMark, MetadataFilter, NewEvent, Page, ReadModels,
    ReadQuery, ReadSource, Record, Snapshot, SnapshotQuery, SqlReadModels, Stats, StoreError,
    StreamAppend, StreamsQuery, import,
};
#[cfg(feature = "conformance")]
pub use testing::conformance;
pub use testing::{Outcome, ProjectionScenario, Scenario, samples};
pub use value::{Change, ChangedValue, Changes, Escaped, JsonError, Withheld, escaped};

/// Subscriptions: what follows the log from a checkpoint of its own.
pub mod subscription {
    pub use crate::read_model::subscription::*;
    pub use crate::store::{
        CheckpointStore, LeaseStore, ParkingStore, ReadModelWriter, SubscriptionStore, catch_up,
        catch_up_unless_parked, rebuild,
    };
}
