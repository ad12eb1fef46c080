//! A store whose next appends fail, or are never answered.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use esrs_core::store::{
    AppendBatch, Appended, IdempotencyKey, LogId, Page, ReadQuery, Snapshot, StoreError,
};
use esrs_core::{EventStore, MemoryStore, StreamId};
use futures_core::future::BoxFuture;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is stored.
    Busy,
    /// It is stored, but the answer says that this is not known.
    StoredAndUnknown,
    /// Nothing is stored, and there is no answer.
    NeverAnswered,
    /// The next read fails, and not the next append.
    NotRead,
}

#[derive(Clone, Default)]
pub(crate) struct Faulty {
    pub(crate) store: MemoryStore,
    next: Arc<Mutex<Option<Fault>>>,
}

fn busy() -> StoreError {
    StoreError::Busy { location: "memory".to_owned(), waited: Duration::ZERO }
}

impl Faulty {
    /// Has the next append, or read, fail.
    pub(crate) fn fail(&self, fault: Fault) {
        *self.next.lock().unwrap() = Some(fault);
    }
}

impl EventStore for Faulty {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        let fault = self.next.lock().unwrap().take_if(|next| *next != Fault::NotRead);
        Box::pin(async move {
            match fault {
                None | Some(Fault::NotRead) => self.store.append(batch).await,
                Some(Fault::Busy) => Err(busy()),
                Some(Fault::StoredAndUnknown) => {
                    self.store.append(batch).await?;
                    Err(StoreError::Unknown { reason: "a test says so".to_owned() })
                }
                Some(Fault::NeverAnswered) => std::future::pending().await,
            }
        })
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        match self.next.lock().unwrap().take_if(|next| *next == Fault::NotRead) {
            Some(_) => Box::pin(async { Err(busy()) }),
            None => self.store.read(query, page),
        }
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        self.store.find_append(stream, key)
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, esrs_core::NewEvent)>,
    ) -> BoxFuture<'_, Result<esrs_core::Imported, StoreError>> {
        self.store.import_chunk(events)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.store.save_snapshot(snapshot)
    }

    fn streams(
        &self,
        query: esrs_core::StreamsQuery,
    ) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        self.store.streams(query)
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.store.count_streams(category)
    }

    fn log_id(&self) -> LogId {
        self.store.log_id()
    }
}
