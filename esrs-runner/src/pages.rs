//! The pages of a log, of which the next comes while one is taken.

use std::sync::Arc;

use esrs_core::subscription::{Checkpoint, SubscriptionStore};
use esrs_core::{LogMark, Page, Position, ReadQuery, StoreError};
use tokio::task::JoinHandle;

/// The pages of a log, from one position on.
pub(crate) struct Pages {
    store: Arc<dyn SubscriptionStore>,
    query: ReadQuery,
    reading: Reading,
    spare: Page,
}

/// A page that is being read in parallel; dropping it ends that.
struct Reading(JoinHandle<Result<Page, StoreError>>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reading {
    fn begin(store: &Arc<dyn SubscriptionStore>, query: ReadQuery, spare: Page) -> Self {
        let store = store.clone();
        Self(tokio::spawn(async move { store.read(query, spare).await }))
    }
}

impl Pages {
    /// Begins to read what follows the checkpoint.
    pub(crate) fn new(
        store: Arc<dyn SubscriptionStore>,
        query: ReadQuery,
        after: Checkpoint,
    ) -> Self {
        let next = query.clone().after(after.position).continuing(after.mark);
        let reading = Reading::begin(&store, next, Page::new());
        Self { store, query, reading, spare: Page::new() }
    }

    /// Goes on behind a position, of at most so many events; the log must hold the event of the mark.
    pub(crate) fn read(&mut self, after: (Position, Option<LogMark>), limit: usize) {
        let (position, mark) = after;
        let next = self.query.clone().after(position).continuing(mark).limit(limit);
        self.reading = Reading::begin(&self.store, next, std::mem::take(&mut self.spare));
    }

    /// The page that was begun.
    pub(crate) async fn page(&mut self) -> Result<Page, StoreError> {
        // It is cancelled when the runtime ends.
        (&mut self.reading.0).await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes a page back, to read another into it.
    pub(crate) fn recycle(&mut self, page: Page) {
        self.spare = page;
    }
}
