//! The log as a stream: what is stored, and what is stored later, as soon as it is.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::future::BoxFuture;

use super::LoadError;
use super::returned::decode_entry;
use crate::aggregate::Aggregate;
use crate::event::{Position, Recorded};
use crate::log::{EventFilter, LogMark, MetadataFilter, ReadQuery, StoreError};
use crate::store::{AuditEntry, Cursor, EventStore};

/// Methods of every store that can be cloned; in the prelude.
pub trait EventStoreExt: EventStore + Clone {
    /// Follows the log of the store: the events behind a position, and each later one as soon as it is
    /// stored.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{EventStoreExt, MemoryStore, Position, Repository};
    ///
    /// let store = MemoryStore::new();
    /// let accounts = Repository::<BankAccount>::new(store.clone());
    /// accounts.execute(&"NL-18".to_owned(), Deposit { cents: 500 }).await?;
    ///
    /// let mut log = store.follow(Position::START);
    /// let first = log.try_next().await?.expect("a followed log does not end by itself");
    /// assert_eq!((&*first.kind.name, first.envelope.version), ("money_deposited", 1));
    ///
    /// // The next one is awaited until it is stored.
    /// let deposit = accounts.execute(&"DE-7".to_owned(), Deposit { cents: 20 });
    /// let (next, _) = tokio::join!(log.try_next(), deposit);
    /// assert_eq!(next?.map(|entry| entry.envelope.position), Some(Position::new(2)));
    /// # Ok(()) }
    /// ```
    fn follow(&self, after: Position) -> Follow {
        Follow::new(self.clone(), after)
    }
}

impl<S: EventStore + Clone> EventStoreExt for S {}

/// The events of a log behind a position, as a [`Stream`] that waits at the end of the log for the next.
///
/// Made by [`EventStoreExt::follow`]. It is woken by an append of this process, and learns of those of
/// other processes within the usual delay of the store. It stores nothing, so that it may be dropped at
/// any point; to go on, follow from the position of the last event. A
/// [subscription](crate::subscription) does that by itself, with a checkpoint in the store.
///
/// It holds one page of events, however slow its consumer is, and asks for the next page when that is
/// consumed.
///
/// After [`StoreError::HistoryChanged`] it ends: the events that it has returned are not those of the log.
/// After any other error, the next call tries again.
pub struct Follow {
    cursor: Cursor,
    waiting: Option<BoxFuture<'static, Result<Position, StoreError>>>,
    is_over: bool,
}

impl Follow {
    /// Follows the log of a store that cannot be cloned.
    pub fn new(store: impl EventStore, after: Position) -> Self {
        let query = ReadQuery::all().after(after);
        let cursor = Cursor::new(Arc::new(store), query, "following the log");
        Self { cursor, waiting: None, is_over: false }
    }

    /// Only events that pass.
    #[must_use]
    pub fn only(self, filter: EventFilter) -> Self {
        self.with(|query| query.only(filter))
    }

    /// Only events of these circumstances.
    #[must_use]
    pub fn recorded(self, metadata: MetadataFilter) -> Self {
        self.with(|query| query.recorded(metadata))
    }

    /// Continues behind an event that was returned before: [`StoreError::HistoryChanged`] if the log does
    /// not hold it.
    #[must_use]
    pub fn continuing(self, last_seen: LogMark) -> Self {
        self.with(|query| query.after(last_seen.position).continuing(Some(last_seen)))
    }

    /// Reads at most this number of events at a time; 1,000 unless this says otherwise.
    #[must_use]
    pub fn page_size(self, events: usize) -> Self {
        self.with(|query| query.limit(events))
    }

    /// Only the events of one aggregate, each as its type.
    ///
    /// An event whose name is retired is left out, and one that was [split](crate::Split) comes as its
    /// parts. The store does not filter by names here, because one that this program does not know is an
    /// error and not left out.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{EventStoreExt, MemoryStore, Position, Recorded, Repository};
    ///
    /// let store = MemoryStore::new();
    /// let accounts = Repository::<BankAccount>::new(store.clone());
    /// accounts.execute(&"NL-18".to_owned(), Deposit { cents: 500 }).await?;
    ///
    /// let mut deposits = store.follow(Position::START).of::<BankAccount>();
    /// let deposit = deposits.try_next().await?.expect("a followed log does not end by itself");
    /// assert_eq!(Recorded::stream(&deposit).id(), "NL-18");
    /// # Ok(()) }
    /// ```
    pub fn of<A: Aggregate>(self) -> FollowOf<A> {
        FollowOf { follow: self, parts: VecDeque::new(), aggregate: PhantomData }
    }

    fn with(mut self, change: impl FnOnce(ReadQuery) -> ReadQuery) -> Self {
        self.cursor.query = change(self.cursor.query);
        self
    }

    /// Returns the next event, once it is stored; `None` after
    /// [`StoreError::HistoryChanged`].
    ///
    /// The same as `TryStreamExt::try_next` of the crate `futures`, without that crate. It may be dropped
    /// at any point: the next call returns the event.
    ///
    /// # Errors
    /// - [`StoreError::HistoryChanged`] if the log does not hold an event that was returned;
    /// - [`StoreError::CannotFollow`] if the store does not tell of appends;
    /// - and the errors of the database.
    pub async fn try_next(&mut self) -> Result<Option<AuditEntry>, StoreError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    /// Waits until the cursor has an event; `None` if it is over.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<(), StoreError>>> {
        loop {
            if self.is_over {
                return Poll::Ready(None);
            }
            if let Some(waiting) = &mut self.waiting {
                let waited = ready!(waiting.as_mut().poll(context));
                self.waiting = None;
                if let Err(error) = waited {
                    return self.fail(error);
                }
            }
            match ready!(self.cursor.poll_ready(context)) {
                Ok(true) => return Poll::Ready(Some(Ok(()))),
                Ok(false) => self.waiting = Some(self.cursor.wait_behind()),
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Returns an error, and ends if the log is not the one that was followed.
    fn fail(&mut self, error: StoreError) -> Poll<Option<Result<(), StoreError>>> {
        self.is_over = matches!(error, StoreError::HistoryChanged { .. });
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for Follow {
    type Item = Result<AuditEntry, StoreError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let follow = self.get_mut();
        match ready!(follow.poll_ready(context)) {
            None => return Poll::Ready(None),
            Some(ready) => ready?,
        }
        let (entry, ..) = follow.cursor.current()?;
        follow.cursor.step();
        Poll::Ready(Some(Ok(entry)))
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow").field("query", &self.cursor.query).finish_non_exhaustive()
    }
}

/// The events of one aggregate behind a position, each as its type, as a [`Stream`] that waits at the end
/// of the log for the next.
///
/// Made by [`Follow::of`].
pub struct FollowOf<A: Aggregate> {
    follow: Follow,
    /// The rest of an event that counts as several.
    parts: VecDeque<Recorded<A::Event>>,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> FollowOf<A> {
    /// Returns the next event, once it is stored; as of [`Follow::try_next`].
    ///
    /// # Errors
    /// Returns a [`LoadError`] for the errors of [`Follow::try_next`], and for an event that cannot be
    /// read, such as one of a newer program: the next call returns the error again.
    pub async fn try_next(&mut self) -> Result<Option<Recorded<A::Event>>, LoadError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

/// No field of it is pinned.
impl<A: Aggregate> Unpin for FollowOf<A> {}

impl<A: Aggregate> Stream for FollowOf<A> {
    type Item = Result<Recorded<A::Event>, LoadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { follow, parts, .. } = self.get_mut();
        loop {
            if let Some(part) = parts.pop_front() {
                return Poll::Ready(Some(Ok(part)));
            }
            match ready!(follow.poll_ready(context)) {
                None => return Poll::Ready(None),
                Some(ready) => ready?,
            }
            if follow.cursor.current_stream().category() != A::NAME {
                follow.cursor.step();
                continue;
            }
            let (entry, page, place) = follow.cursor.current()?;
            let decoded = decode_entry::<A>(&entry, page, place)?;
            let of = |event| Recorded::new(event, entry.envelope.clone());
            parts.extend(decoded.into_iter().map(of));
            follow.cursor.step();
        }
    }
}

impl<A: Aggregate> fmt::Debug for FollowOf<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowOf").field("query", &self.follow.cursor.query).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use uuid::Uuid;

    use super::*;
    use crate::memory::MemoryStore;

    fn changed() -> StoreError {
        let (event_id, place) = (Uuid::now_v7(), "position 3".to_owned());
        StoreError::HistoryChanged { event_id, place, head: Position::START }
    }

    #[tokio::test]
    async fn ends_if_the_log_changed_while_it_waited() {
        let mut log = MemoryStore::new().follow(Position::START);
        log.waiting = Some(Box::pin(ready(Err(StoreError::CannotFollow))));
        assert!(matches!(log.try_next().await, Err(StoreError::CannotFollow)));
        log.waiting = Some(Box::pin(ready(Err(changed()))));
        assert!(matches!(log.try_next().await, Err(StoreError::HistoryChanged { .. })));
        // It is over, and does not wait for an event of another log.
        let next = poll_fn(|context| Poll::Ready(Pin::new(&mut log).poll_next(context))).await;
        assert!(matches!(next, Poll::Ready(None)), "{next:?}");
    }
}
