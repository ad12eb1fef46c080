//! The log: what is appended to it and read from it, its audit trail, imports, and all that the author of a
//! store needs.
//!
//! A program reads and writes through a [`Repository`](crate::Repository). It needs this module to
//! [`import`] what another system recorded, to ask an [`AuditTrail`] who changed what, and to read the log
//! without an aggregate.
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::store::AuditTrail;
//!
//! let store = MemoryStore::new();
//! Repository::<Counter>::new(store.clone()).execute(&1, Count).by("ada").await?;
//!
//! let mut trail = AuditTrail::new(store).by("ada");
//! let entry = trail.try_next().await?.ok_or("there is an event")?;
//! assert_eq!(&*entry.kind.name, "counted");
//! # Ok(()) }
//! ```
//!
//! A database becomes a store by [`EventStore`](crate::EventStore), and by
//! [`SubscriptionStore`](crate::subscription::SubscriptionStore) if it has read models.

pub use esrs_core::store::{
    Counters, InvalidPage, KindIndex, LimitExceeded, MetadataIndex, NewEnvelope, NewRecord,
    PageWriter, StoredEvent, StreamIndex, from_microseconds, to_microseconds, unknown_events,
};
pub use esrs_core::{
    AppendBatch, AppendCondition, Appended, AppendedStream, AuditEntry, AuditTrail, BoxError,
    CommandFingerprint, Conflict, EventFilter, FingerprintError, IdempotencyKey, ImportSource,
    Imported, KeyReused, LogId, LogMark, MetadataFilter, NewEvent, Page, ReadQuery, ReadSource,
    Record, Snapshot, SnapshotQuery, Stats, StreamAppend, StreamsQuery, import,
};
