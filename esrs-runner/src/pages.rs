//! The pages of a log, of which the next comes while one is taken.

use std::sync::Arc;

use esrs_core::subscription::SubscriptionStore;
use esrs_core::{Page, Position, ReadQuery, StoreError};
use tokio::task::JoinHandle;

/// What is read of a log, from one place on.
pub(crate) struct Pages {
    store: Arc<dyn SubscriptionStore>,
    query: ReadQuery,
    reading: Reading,
    spare: Page,
}

/// A page that is being read beside whatever else is done; nobody reads on when it is dropped.
struct Reading(JoinHandle<Result<Page, StoreError>>);

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Reading {
    fn begin(
        store: &Arc<dyn SubscriptionStore>,
        query: &ReadQuery,
        (after, spare): (Position, Page),
    ) -> Self {
        let (store, query) = (store.clone(), query.clone().after(after));
        Self(tokio::spawn(async move { store.read(query, spare).await }))
    }
}

impl Pages {
    /// Begins to read what stands behind `after`.
    pub(crate) fn new(
        store: Arc<dyn SubscriptionStore>,
        query: ReadQuery,
        after: Position,
    ) -> Self {
        let reading = Reading::begin(&store, &query, (after, Page::new()));
        Self { store, query, reading, spare: Page::new() }
    }

    /// Goes on behind `after`, with whatever was to come next.
    pub(crate) fn read(&mut self, after: Position) {
        let spare = std::mem::take(&mut self.spare);
        self.reading = Reading::begin(&self.store, &self.query, (after, spare));
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
