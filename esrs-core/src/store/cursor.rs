//! A reader on its way through a log.

use std::sync::Arc;

use super::audit::AuditEntry;
use super::event_store::EventStore;
use crate::log::{Page, ReadQuery, ReadSource, StoreError};

/// That all of it is in memory; of nothing that is read a page at a time.
#[diagnostic::on_unimplemented(
    message = "what is read from a store is no iterator",
    label = "each event has to be awaited",
    note = "write `while let Some(…) = ….next().await? {{ … }}`"
)]
pub trait InMemory {}

/// Goes through a log event by event, and reads it a page at a time, so that a long log needs no
/// more memory than a short one.
pub(crate) struct Cursor {
    store: Arc<dyn EventStore>,
    pub(crate) query: ReadQuery,
    page: Page,
    /// The place in the page of the event that comes next.
    next: usize,
    /// What it is for, as an error tells it.
    doing: &'static str,
}

impl Cursor {
    pub(crate) fn new(store: Arc<dyn EventStore>, query: ReadQuery, doing: &'static str) -> Self {
        Self { store, query: query.with_envelopes(), page: Page::new(), next: 0, doing }
    }

    /// The same store from the beginning, by another query.
    pub(crate) fn restarted(self, query: ReadQuery) -> Self {
        Self::new(self.store, query, self.doing)
    }

    /// The event that comes next, with its page and its place there; `None` behind the last. What is
    /// stored later is found when it is asked again.
    pub(crate) async fn peek(&mut self) -> Result<Option<(AuditEntry, &Page, usize)>, StoreError> {
        while self.next == self.page.len() {
            let page = std::mem::take(&mut self.page);
            self.page = self.store.read(self.query.clone(), page).await?;
            self.next = 0;
            self.move_on();
            if self.page.is_empty() && self.page.is_last() {
                return Ok(None);
            }
        }
        let record = self.page.record(self.next);
        let envelope = record.envelope().ok_or_else(|| {
            let stream = record.stream();
            let source = format!("the store gave an event of {stream} without its envelope");
            StoreError::Database { doing: self.doing, source: source.into() }
        })?;
        let (kind, payload) = (record.kind().clone(), record.payload().to_owned());
        Ok(Some((AuditEntry { envelope, kind, payload }, &self.page, self.next)))
    }

    /// Goes on to the event behind the one that comes next.
    pub(crate) fn step(&mut self) {
        self.next += 1;
    }

    /// The next page begins behind this one.
    fn move_on(&mut self) {
        let scanned = self.page.scanned();
        match &mut self.query.source {
            ReadSource::Stream { after_version, .. } => {
                let last = self.page.len().checked_sub(1).map(|last| self.page.record(last));
                *after_version = last.map_or(*after_version, |last| last.version());
            }
            ReadSource::All { after, mark, .. } => {
                *after = scanned.max(*after);
                *mark = self.page.mark().or(*mark);
            }
        }
    }
}
