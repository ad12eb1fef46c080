//! The history of an instance: its events, and the state after each.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde_json::Value;

use super::fold::initial;
use super::load::{ComparedState, shown, stream_of};
use super::returned::decode_entry;
use super::{LoadError, Repository};
use crate::aggregate::{Aggregate, ReplayFault, replay_range, stop};
use crate::event::{Envelope, EventKind, StreamId};
use crate::log::ReadQuery;
use crate::store::{AuditEntry, Cursor};
use crate::value::{Changes, guarded};

type Show<A> = fn(&A, &StreamId, u64) -> Result<Value, LoadError>;

/// The events of an instance one by one, each with the state after it.
///
/// Made by [`Repository::history`]. A [`Stream`], which reads a page at a time, so that a long history
/// needs no more memory than a short one.
pub struct History<A: Aggregate> {
    cursor: Cursor,
    stream: StreamId,
    state: A,
    /// Its `Clone`, which [`Repository::history`] asks for.
    copy: fn(&A) -> A,
    version: u64,
    /// The message of the panic that the next event ends in: the state is half changed since.
    panicked: Option<String>,
    show: Option<Show<A>>,
    /// The state as JSON, if changes are asked for.
    shown: Value,
}

/// One event of an instance, and the state after it.
pub struct Moment<A: Aggregate> {
    /// Where, when and by whom it was recorded.
    pub envelope: Envelope,
    /// The name and the version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
    /// The event, brought up to date. None for one whose name is retired; the parts of one that was
    /// [split](crate::Split), in order.
    pub events: Vec<A::Event>,
    /// The state after it.
    pub state: A,
    /// Its changes of the state, if [`with_changes`](History::with_changes) has asked for it.
    pub changes: Changes,
}

impl<A: Aggregate> Repository<A> {
    /// Returns the events of an instance one by one, each with the state after it, as a [`Stream`].
    ///
    /// The state is cloned for each of them; [`history_backwards`](Self::history_backwards) has no states
    /// and needs no `Clone`.
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// accounts.execute(&id, Deposit { cents: 500 }).by("alice").await?;
    /// accounts.execute(&id, Deposit { cents: 20 }).by("bob").await?;
    ///
    /// let mut history = accounts.history(&id)?.with_changes();
    /// let mut told = Vec::new();
    /// while let Some(moment) = history.try_next().await? {
    ///     let who = moment.envelope.metadata.actor().unwrap_or("nobody");
    ///     told.push(format!("{who}, {}: {}", moment.kind.name, moment.changes));
    /// }
    /// assert_eq!(told, [
    ///     "alice, money_deposited: cents: 0 → 500",
    ///     "bob, money_deposited: cents: 500 → 520",
    /// ]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`LoadError::Id`] when the id cannot be part of a stream's name.
    pub fn history(&self, id: &A::Id) -> Result<History<A>, LoadError>
    where
        A: Clone,
    {
        let stream = stream_of::<A>(id)?;
        let query = ReadQuery::stream(stream.clone()).limit(ReadQuery::DEFAULT_LIMIT);
        Ok(History {
            cursor: Cursor::new(self.store.clone(), query, "reading a history"),
            state: initial::<A>(&stream)?,
            stream,
            copy: A::clone,
            version: 0,
            panicked: None,
            show: None,
            shown: Value::Null,
        })
    }
}

/// One event of an instance, without a state.
pub struct PastEvent<A: Aggregate> {
    /// Where, when and by whom it was recorded.
    pub envelope: Envelope,
    /// The name and the version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
    /// The event, brought up to date; see [`Moment::events`].
    pub events: Vec<A::Event>,
}

/// The events of an instance from the newest to the oldest.
///
/// Made by [`Repository::history_backwards`]. A [`Stream`], which reads a page at a time.
pub struct HistoryBackwards<A: Aggregate> {
    cursor: Cursor,
    /// The number of events that it may still return.
    left: usize,
    aggregate: PhantomData<fn() -> A>,
}

impl<A: Aggregate> Repository<A> {
    /// Returns the events of an instance from the newest to the oldest, as a [`Stream`].
    ///
    /// ```
    #[doc = include_str!("../doc/bank_account.txt")]
    /// use esrs_core::{MemoryStore, Repository};
    ///
    /// let accounts = Repository::<BankAccount>::new(MemoryStore::new());
    /// let id = "NL-18".to_owned();
    /// for cents in 1..=5 {
    ///     accounts.execute(&id, Deposit { cents }).await?;
    /// }
    /// let mut newest = accounts.history_backwards(&id)?.limit(2);
    /// let mut versions = Vec::new();
    /// while let Some(past) = newest.try_next().await? {
    ///     versions.push(past.envelope.version);
    /// }
    /// assert_eq!(versions, [5, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`LoadError::Id`] if the id cannot be part of a stream's name.
    pub fn history_backwards(&self, id: &A::Id) -> Result<HistoryBackwards<A>, LoadError> {
        let query = ReadQuery::stream_backwards(stream_of::<A>(id)?);
        let cursor = Cursor::new(self.store.clone(), query, "reading a history backwards");
        Ok(HistoryBackwards { cursor, left: usize::MAX, aggregate: PhantomData })
    }

    /// Returns the last event of an instance; `None` if nothing has happened to it.
    ///
    /// It takes one read of one event, however long the stream is.
    ///
    /// # Errors
    /// Returns a [`LoadError`] if the store fails, or the event cannot be read.
    pub async fn last_event(&self, id: &A::Id) -> Result<Option<PastEvent<A>>, LoadError> {
        self.history_backwards(id)?.limit(1).try_next().await
    }
}

impl<A: Aggregate> HistoryBackwards<A> {
    /// Begins behind this version, at a lower one.
    #[must_use]
    pub fn before_version(mut self, version: u64) -> Self {
        self.cursor.query = self.cursor.query.before_version(version);
        self
    }

    /// Ends after this number of events, and reads no more of them.
    #[must_use]
    pub fn limit(mut self, events: usize) -> Self {
        self.left = events;
        self.cursor.query.limit = events.clamp(1, ReadQuery::DEFAULT_LIMIT);
        self
    }

    /// Returns the next event, which is older; `None` behind the first of the stream.
    ///
    /// The same as `TryStreamExt::try_next` of the crate `futures`, without that crate.
    ///
    /// # Errors
    /// Returns a [`LoadError`] if the store fails, an event cannot be read, or the stream lost the
    /// events that it has returned: [`StoreError::HistoryChanged`](crate::StoreError::HistoryChanged).
    pub async fn try_next(&mut self) -> Result<Option<PastEvent<A>>, LoadError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }
}

impl<A: Aggregate> Stream for HistoryBackwards<A> {
    type Item = Result<PastEvent<A>, LoadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { cursor, left, .. } = self.get_mut();
        if *left == 0 || !ready!(cursor.poll_ready(context))? {
            return Poll::Ready(None);
        }
        let (entry, page, place) = cursor.current()?;
        let events = decode_entry::<A>(&entry, page, place)?;
        let AuditEntry { envelope, kind, payload } = entry;
        cursor.step();
        *left -= 1;
        Poll::Ready(Some(Ok(PastEvent { envelope, kind, payload, events })))
    }
}

/// No field of it is pinned.
impl<A: Aggregate> Unpin for History<A> {}

impl<A: Aggregate> Stream for History<A> {
    type Item = Result<Moment<A>, LoadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let history = self.get_mut();
        match ready!(history.cursor.poll_ready(context))? {
            true => Poll::Ready(Some(history.current())),
            false => Poll::Ready(None),
        }
    }
}

impl<A: Aggregate> History<A> {
    /// Says of each event what it changed in the state.
    #[must_use]
    pub fn with_changes(mut self) -> Self
    where
        A: ComparedState,
    {
        self.show = Some(shown::<A>);
        self
    }

    /// Returns the next event, and the state after it; `None` behind the last.
    ///
    /// The same as `TryStreamExt::try_next` of the crate `futures`, without that crate.
    ///
    /// # Errors
    /// Returns a [`LoadError`] if the store fails, holds an event that cannot be read, or does not hold an
    /// event that was returned: [`StoreError::HistoryChanged`](crate::StoreError::HistoryChanged). The events
    /// before that have come already, and the next call returns the error again.
    pub async fn try_next(&mut self) -> Result<Option<Moment<A>>, LoadError> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await.transpose()
    }

    /// The event that the cursor has found.
    fn current(&mut self) -> Result<Moment<A>, LoadError> {
        let Self { cursor, stream, state, copy, version, panicked, show, shown } = self;
        let (entry, page, place) = cursor.current()?;
        if let Some(message) = panicked.clone() {
            return Err(stop(page, place, ReplayFault::Panicked { message }).into());
        }
        if let (Some(show), 0) = (*show, *version) {
            *shown = show(state, stream, 0)?;
        }
        let events = decode_entry::<A>(&entry, page, place)?;
        let AuditEntry { envelope, kind, payload } = entry;
        // It is applied already if its state could not be shown before.
        if envelope.version > *version {
            let replayed = replay_range(state, *version, page, place..place + 1);
            *version = replayed.inspect_err(|error| {
                if let ReplayFault::Panicked { message } = &error.reason {
                    *panicked = Some(message.clone());
                }
            })?;
        }
        let copied = guarded(|| copy(state)).map_err(|message| {
            let (stream, version) = (stream.clone(), *version);
            LoadError::ClonePanicked { stream, version, message }
        })?;
        let mut changes = Changes::default();
        if let Some(show) = show {
            let after = show(state, stream, *version)?;
            changes = Changes::between(shown, &after);
            *shown = after;
        }
        cursor.step();
        Ok(Moment { envelope, kind, payload, events, state: copied, changes })
    }
}
