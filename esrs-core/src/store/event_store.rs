//! The log of a store.

use futures_core::future::BoxFuture;

use super::forward::forward;
use super::import::Imported;
use super::subscription_store::SubscriptionStore;
use crate::event::StreamId;
use crate::log::IdempotencyKey;
use crate::log::{
    AppendBatch, Appended, LogId, NewEvent, Page, ReadQuery, Snapshot, StoreError, StreamsQuery,
};

/// A log of events: all that esrs needs of a database.
///
/// The trait is object-safe: a repository holds an `Arc<dyn EventStore>`, and its type names no database. The
/// functions of `esrs_core::conformance` (feature `conformance`) are the contract, and every store runs them:
///
/// - An append to several streams is atomic.
/// - The condition of each stream is checked atomically with the append, whatever other writers do.
/// - A repeated append, by its event ids or its idempotency key, stores nothing and returns the first result; an
///   idempotency key that was used for another command is an error.
/// - The versions of a stream are 1, 2, 3 … without a gap.
/// - A reader that follows positions never misses an event, and never sees one change or move.
/// - Payloads, times and metadata are read as they were written.
///
/// The futures may be polled on any thread, under any executor: a repository writes snapshots on a
/// thread of its own. A store whose driver needs a runtime brings its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event store",
    label = "not an event store",
    note = "give a store that is open, `SqliteStore::open(path).await?`, `PostgresStore::open(url).await?` or `MemoryStore::new()`, or an `Arc<dyn EventStore>`; what a builder has begun ends with `.open().await?`"
)]
pub trait EventStore: Send + Sync + 'static {
    /// Appends events to one or more streams, atomically.
    ///
    /// # Errors
    /// Returns [`StoreError::Conflict`] if the version of a stream does not meet its condition,
    /// [`StoreError::KeyReused`] if the idempotency key was used for another command, [`StoreError::Limit`]
    /// if the batch exceeds a limit of the store, and the errors of the database. After an error
    /// nothing of the batch is stored, except after [`StoreError::Unknown`].
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>>;

    /// Reads the next page of the result of `query`.
    ///
    /// The page is filled and returned, so that its memory is reused; its former content is discarded.
    ///
    /// # Errors
    /// Returns [`StoreError::HistoryChanged`] if the query continues from an event that the log does not
    /// hold, and the errors of the database.
    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>>;

    /// Finds the result of the append with this idempotency key on this stream, if there was one.
    ///
    /// # Errors
    /// Returns [`StoreError::KeyReused`] if the key was used for [another command](IdempotencyKey::check),
    /// and the errors of the database.
    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>>;

    /// Appends events of another system to their streams, in this order, atomically. An event whose id is
    /// already stored, in the log or earlier in the chunk, is left out. [`import`](crate::import) calls it.
    ///
    /// # Errors
    /// Returns [`StoreError::EventDiffers`] if an id is stored with
    /// [another event](crate::store::StoredEvent::check), and the errors of [`append`](Self::append).
    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>>;

    /// Stores a snapshot for reads to begin with, unless one that is
    /// [further](Snapshot::replaces) is stored already.
    ///
    /// One of a version that the stream does not have is never stored.
    ///
    /// # Errors
    /// Returns [`StoreError::Busy`], [`StoreError::TimedOut`] or [`StoreError::Unavailable`] if the database
    /// does not answer, [`StoreError::Full`] or [`StoreError::ReadOnly`] if it cannot be written, and
    /// [`StoreError::Database`] for its other errors. A snapshot is a
    /// cache: nothing is lost with it.
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Lists the streams of an aggregate that have an event, a page at a time, ordered by the bytes of
    /// their names.
    ///
    /// An index on the names answers it: a page takes as long with a million streams as with few.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>>;

    /// Counts the streams of an aggregate that have an event.
    ///
    /// It reads the names of these streams in an index, and no event.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Returns this store as a store of subscriptions, if it is one.
    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        None
    }

    /// Returns the identity that tells the log behind this handle from another; handles of one log have the
    /// same.
    fn log_id(&self) -> LogId;
}

forward!(&EventStore + ?Sized {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>>;
    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>>;
    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>>;
    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>
    ) -> BoxFuture<'_, Result<Imported, StoreError>>;
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>>;
    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>>;
    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>>;
    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore>;
    fn log_id(&self) -> LogId;
});
