//! The log of a store.

use futures_core::future::BoxFuture;

use super::import::Imported;
use super::subscription_store::SubscriptionStore;
use crate::event::StreamId;
use crate::log::IdempotencyKey;
use crate::log::{
    AppendBatch, Appended, LogId, NewEvent, Page, ReadQuery, Snapshot, StoreError, StreamsQuery,
};

/// A log of events: all that a database has to do for esrs.
///
/// Object-safe, so a repository holds an `Arc<dyn EventStore>` and its type names no database. What
/// every store promises is written down as the functions of `esrs_core::conformance` (feature
/// `conformance`), which each of them runs:
///
/// - An append of several streams is one unit: all of it is stored, or nothing.
/// - The condition of each stream is checked in the same unit, whatever other writers do.
/// - An append that is repeated, by its event ids or its idempotency key, changes nothing and is
///   answered with the first result; one whose key stands for another command is refused.
/// - The versions of a stream are 1, 2, 3 … without a gap.
/// - A reader who follows positions never misses an event, and never sees one change or move.
/// - Payloads, times and metadata come back as they were.
///
/// Its futures may be polled on any thread, under any executor: a repository writes snapshots on a
/// thread of its own. A store whose driver needs a runtime brings it along.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event store",
    label = "not an event store",
    note = "give a store that is open, `SqliteStore::open(path).await?`, `PostgresStore::open(url).await?` or `MemoryStore::new()`, or an `Arc<dyn EventStore>`; what a builder has begun ends with `.open().await?`"
)]
pub trait EventStore: Send + Sync + 'static {
    /// Appends the events of one or more streams, as one unit.
    ///
    /// # Errors
    /// Returns [`StoreError::Conflict`] if a stream is not as its condition says,
    /// [`StoreError::KeyReused`] if its idempotency key stands for another command, [`StoreError::Limit`]
    /// if the batch is larger than the store takes, and the errors of the database. After an error
    /// nothing of the batch is stored, except after [`StoreError::Unknown`].
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>>;

    /// Reads the next page of what `query` asks for.
    ///
    /// The page goes in and comes back, so that its memory is used again; what was in it is gone.
    ///
    /// # Errors
    /// Returns [`StoreError::HistoryChanged`] if the query continues from an event that the log does not
    /// hold, and the errors of the database.
    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>>;

    /// Finds the answer to an append with this idempotency key on this stream, if there was one.
    ///
    /// # Errors
    /// Returns [`StoreError::KeyReused`] if the key stands for [another command](IdempotencyKey::check),
    /// and the errors of the database.
    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>>;

    /// Stores events of another system, each behind the last of its stream, in this order, as one unit. An
    /// event whose id is stored already, here or earlier in the chunk, is left out. See
    /// [`import`](crate::import), which calls it.
    ///
    /// # Errors
    /// Returns [`StoreError::EventDiffers`] if an id is stored with
    /// [another event](crate::store::StoredEvent::check), and the errors of an append.
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

    /// Returns the store of subscriptions, if it can keep them.
    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        None
    }

    /// Returns the identity that tells the log behind this handle from another; handles of one log have the
    /// same.
    fn log_id(&self) -> LogId;
}

/// Each method is forwarded: a default would answer instead of the store.
macro_rules! forward {
    ($($store:ty),*) => {$(
        #[deny(clippy::missing_trait_methods)]
        impl<S: EventStore + ?Sized> EventStore for $store {
            fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
                (**self).append(batch)
            }

            fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
                (**self).read(query, page)
            }

            fn find_append(
                &self,
                stream: StreamId,
                key: IdempotencyKey,
            ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
                (**self).find_append(stream, key)
            }

            fn import_chunk(
                &self,
                events: Vec<(StreamId, NewEvent)>,
            ) -> BoxFuture<'_, Result<Imported, StoreError>> {
                (**self).import_chunk(events)
            }

            fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
                (**self).save_snapshot(snapshot)
            }

            fn streams(
                &self,
                query: StreamsQuery,
            ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
                (**self).streams(query)
            }

            fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
                (**self).count_streams(category)
            }

            fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
                (**self).as_subscription_store()
            }

            fn log_id(&self) -> LogId {
                (**self).log_id()
            }
        }
    )*};
}

forward!(&'static S, Box<S>, std::sync::Arc<S>);
