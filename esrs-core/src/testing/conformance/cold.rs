//! A store that is opened again for every read.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use crate::event::StreamId;
use crate::log::IdempotencyKey;
use crate::log::{AppendBatch, Appended, LogId, Page, ReadQuery, Snapshot, StoreError};
use crate::store::EventStore;

type Open = dyn Fn() -> BoxFuture<'static, Arc<dyn EventStore>> + Send + Sync;

/// A store whose reads are answered by a handle that has just been opened: one that remembers nothing of
/// what was appended, as a process that has just started.
///
/// ```
/// # use std::sync::Arc;
/// # use esrs_core::{EventStore, MemoryStore, conformance};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let store = MemoryStore::new();
/// let again = store.clone(); // a store with a file or a server is opened again here
/// let cold = conformance::Cold::new(store, move || {
///     let store: Arc<dyn EventStore> = Arc::new(again.clone());
///     Box::pin(async move { store })
/// });
/// conformance::all(&cold).await;
/// # }
/// ```
pub struct Cold {
    store: Arc<dyn EventStore>,
    open: Box<Open>,
}

impl Cold {
    /// Appends by `store`, and reads by what `open` opens: another handle of the same log.
    pub fn new(
        store: impl EventStore,
        open: impl Fn() -> BoxFuture<'static, Arc<dyn EventStore>> + Send + Sync + 'static,
    ) -> Self {
        Self { store: Arc::new(store), open: Box::new(open) }
    }
}

impl std::fmt::Debug for Cold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cold").finish_non_exhaustive()
    }
}

impl EventStore for Cold {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.store.append(batch)
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(async move { (self.open)().await.read(query, page).await })
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        Box::pin(async move { (self.open)().await.find_append(stream, key).await })
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, crate::log::NewEvent)>,
    ) -> BoxFuture<'_, Result<crate::store::Imported, StoreError>> {
        self.store.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.save_snapshot(snapshot)
    }

    fn streams(
        &self,
        query: crate::log::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move { (self.open)().await.streams(query).await })
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move { (self.open)().await.count_streams(category).await })
    }

    fn log_id(&self) -> LogId {
        self.store.log_id()
    }
}
