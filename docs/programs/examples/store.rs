//! The skeleton of a store, held to the conformance suite.

// ANCHOR: handle
use std::sync::Arc;

use esrs::store::{
    AppendBatch, Appended, IdempotencyKey, Imported, LogId, NewEvent, Page, ReadQuery, Snapshot,
    StreamsQuery,
};
use esrs::{EventStore, MemoryStore, StoreError, StreamId};
use futures_core::future::BoxFuture;

#[derive(Clone)]
struct MyStore {
    shared: Arc<Shared>,
}

struct Shared {
    // Your connections stand here.
    log: MemoryStore,
}
// ANCHOR_END: handle

impl MyStore {
    fn open() -> Self {
        Self { shared: Arc::new(Shared { log: MemoryStore::new() }) }
    }
}

// ANCHOR: trait
impl EventStore for MyStore {
    fn log_id(&self) -> LogId {
        LogId::of(&self.shared)
    }

    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move {
            batch.check()?;
            self.shared.log.append(batch).await
        })
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        self.shared.log.find_append(stream, key)
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        self.shared.log.read(query, page)
    }

    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        self.shared.log.streams(query)
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.shared.log.count_streams(category)
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        self.shared.log.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.shared.log.save_snapshot(snapshot)
    }
}
// ANCHOR_END: trait

// ANCHOR: conformance
#[tokio::main]
async fn main() {
    // In your crate this is a `#[tokio::test]`.
    esrs::testing::conformance::all(&MyStore::open()).await;
    println!("MyStore keeps every promise of a store");
}
// ANCHOR_END: conformance
