//! A store that counts how often it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use esrs::store::{AppendBatch, Appended, IdempotencyKey, Page, ReadQuery, Snapshot};
use esrs::{EventStore, StoreError, StreamId};
use futures_core::future::BoxFuture;

/// A store, and how often it was asked for what.
#[derive(Clone)]
pub(crate) struct Counted<S> {
    pub(crate) store: S,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    appends: AtomicU32,
    reads: AtomicU32,
    finds: AtomicU32,
    snapshots: AtomicU32,
}

/// The number of calls of each method of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    pub(crate) appends: u32,
    pub(crate) reads: u32,
    pub(crate) finds: u32,
    pub(crate) snapshots: u32,
}

impl<S> Counted<S> {
    pub(crate) fn new(store: S) -> Self {
        Self { store, counts: Arc::default() }
    }

    /// Returns the number of calls since this was called last.
    pub(crate) fn asked(&self) -> Asked {
        let Counts { appends, reads, finds, snapshots } = &*self.counts;
        let [appends, reads, finds, snapshots] =
            [appends, reads, finds, snapshots].map(|count| count.swap(0, Relaxed));
        Asked { appends, reads, finds, snapshots }
    }
}

impl<S: EventStore> EventStore for Counted<S> {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        self.counts.appends.fetch_add(1, Relaxed);
        self.store.append(batch)
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        self.counts.reads.fetch_add(1, Relaxed);
        self.store.read(query, page)
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        self.counts.finds.fetch_add(1, Relaxed);
        self.store.find_append(stream, key)
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        self.counts.snapshots.fetch_add(1, Relaxed);
        self.store.save_snapshot(snapshot)
    }

    forward!(store: others);
}
