//! The data that is written to a log and read from it.
//!
//! Batches to append, pages and queries to read, snapshots, idempotency keys, and the errors of a store. Data
//! and its rules only: the traits that a database implements are in `store`, and a log in memory in `memory`.

mod append;
mod as_of;
mod error;
mod idempotency;
mod mark;
mod metadata_filter;
mod page;
mod plain_json;
mod projection_error;
mod read;
mod repetition;
mod snapshot;
mod stats;
mod streams;

pub use append::{
    AppendBatch, AppendCondition, Appended, AppendedStream, LogId, NewEvent, StreamAppend,
};
pub use as_of::AsOf;
pub use error::{BoxError, Conflict, LimitExceeded, StoreError};
pub use idempotency::{CommandFingerprint, FingerprintError, IdempotencyKey, KeyReused};
pub(crate) use idempotency::{FingerprintedCommand, KeyText};
pub use mark::LogMark;
pub use metadata_filter::MetadataFilter;
pub use page::{
    InvalidPage, KindIndex, MetadataIndex, NewEnvelope, NewRecord, Page, PageWriter, Record,
    StreamIndex,
};
pub use projection_error::{ColumnError, ProjectionError, RowError};
pub use read::{EventFilter, ReadQuery, ReadSource};
pub use repetition::{StoredEvent, unknown_events};
pub use snapshot::{Snapshot, SnapshotQuery};
pub use stats::{Counters, Stats};
pub use streams::StreamsQuery;
