//! A reader on its way through a log.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::future::BoxFuture;

use super::audit::AuditEntry;
use super::event_store::EventStore;
use crate::event::{Position, StreamId};
use crate::log::{Page, ReadQuery, ReadSource, Record, StoreError};

/// Goes through a log event by event, and reads it a page at a time, so that a long log needs no
/// more memory than a short one.
pub(crate) struct Cursor {
    store: Arc<dyn EventStore>,
    pub(crate) query: ReadQuery,
    page: Page,
    /// The place in the page of the event that comes next.
    next: usize,
    /// The purpose, as an error tells it.
    doing: &'static str,
    /// The page that is being read.
    reading: Option<BoxFuture<'static, Result<Page, StoreError>>>,
}

impl Cursor {
    pub(crate) fn new(store: Arc<dyn EventStore>, query: ReadQuery, doing: &'static str) -> Self {
        let query = query.with_envelopes();
        Self { store, query, page: Page::new(), next: 0, doing, reading: None }
    }

    /// The same store from the beginning, by another query.
    pub(crate) fn restarted(self, query: ReadQuery) -> Self {
        Self::new(self.store, query, self.doing)
    }

    /// The event that comes next, with its page and its place there; `None` behind the last. What is
    /// stored later is found when it is asked again.
    pub(crate) async fn peek(&mut self) -> Result<Option<(AuditEntry, &Page, usize)>, StoreError> {
        match poll_fn(|context| self.poll_ready(context)).await? {
            true => self.current().map(Some),
            false => Ok(None),
        }
    }

    /// Reads until there is a next event; `false` behind the last.
    pub(crate) fn poll_ready(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<bool, StoreError>> {
        while self.next == self.page.len() {
            if let ReadSource::StreamBackwards { before_version: 0 | 1, .. } = self.query.source {
                return Poll::Ready(Ok(false));
            }
            let reading = self.reading.get_or_insert_with(|| {
                let (store, query) = (self.store.clone(), self.query.clone());
                let page = std::mem::take(&mut self.page);
                self.next = 0;
                Box::pin(async move { store.read(query, page).await })
            });
            let read = ready!(reading.as_mut().poll(context));
            self.reading = None;
            self.page = read?;
            self.move_on();
            if self.page.is_empty() && self.page.is_last() {
                return Poll::Ready(Ok(false));
            }
        }
        Poll::Ready(Ok(true))
    }

    /// The event that comes next, which [`poll_ready`](Self::poll_ready) has found.
    pub(crate) fn current(&self) -> Result<(AuditEntry, &Page, usize), StoreError> {
        let entry = entry_of(&self.page.record(self.next), self.doing)?;
        Ok((entry, &self.page, self.next))
    }

    /// The stream of the event that comes next.
    pub(crate) fn current_stream(&self) -> &StreamId {
        self.page.record(self.next).stream()
    }

    /// Waits until an event stands behind all that was read.
    pub(crate) fn wait_behind(&self) -> BoxFuture<'static, Result<Position, StoreError>> {
        let store = self.store.clone();
        let position = match self.query.source {
            ReadSource::All { after, .. } => after,
            _ => Position::START,
        };
        Box::pin(async move {
            match store.as_subscription_store() {
                Some(store) => store.wait_behind(position).await,
                None => Err(StoreError::CannotFollow),
            }
        })
    }

    /// Goes on to the event behind the one that comes next.
    pub(crate) fn step(&mut self) {
        self.next += 1;
    }

    /// The next page begins behind this one.
    fn move_on(&mut self) {
        let scanned = self.page.scanned();
        let last = self.page.len().checked_sub(1).map(|last| {
            let record = self.page.record(last);
            (record.version(), record.envelope().map(|envelope| envelope.event_id))
        });
        match &mut self.query.source {
            // The next page is of the same stream only if this event is still there.
            ReadSource::Stream { after_version, after_event, .. } => {
                (*after_version, *after_event) = last.unwrap_or((*after_version, *after_event));
            }
            ReadSource::StreamBackwards { before_version, before_event, .. } => {
                let next = last.filter(|_| !self.page.is_last());
                (*before_version, *before_event) = next.unwrap_or((0, None));
            }
            ReadSource::All { after, mark, .. } => {
                *after = scanned.max(*after);
                *mark = self.page.mark().or(*mark);
            }
        }
    }
}

/// A record with its envelope, which was asked for.
///
/// # Errors
/// Returns [`StoreError::Database`] if the store gave none.
pub(crate) fn entry_of(record: &Record<'_>, doing: &'static str) -> Result<AuditEntry, StoreError> {
    let envelope = record.envelope().ok_or_else(|| {
        let stream = record.stream();
        let source = format!("the store gave an event of {stream} without its envelope");
        StoreError::Database { doing, source: source.into() }
    })?;
    Ok(AuditEntry { envelope, kind: record.kind().clone(), payload: record.payload().to_owned() })
}
