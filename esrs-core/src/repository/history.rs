//! What happened to an instance, and what it was after each event.

use std::sync::Arc;

use serde_json::Value;

use super::load::{ComparedState, shown, stream_of};
use super::{LoadError, Repository};
use crate::replay::{replay_range, stop};
use crate::{
    Aggregate, Changes, Envelope, EventKind, EventStore, Page, ReadQuery, StoreError, StreamId,
};

type Show<A> = fn(&A, &StreamId, u64) -> Result<Value, LoadError>;

/// The events of an instance one by one, each beside the state after it.
///
/// Made by [`Repository::history`]. It reads a page at a time, so that a long history needs no more
/// memory than a short one.
pub struct History<A: Aggregate> {
    store: Arc<dyn EventStore>,
    stream: StreamId,
    state: A,
    version: u64,
    page: Page,
    /// The place in the page of the event that comes next.
    next: usize,
    show: Option<Show<A>>,
    /// The state as JSON, if changes are asked for.
    shown: Value,
}

/// One event of an instance, and the state after it.
pub struct Moment<'a, A: Aggregate> {
    /// Where, when and by whom it was recorded.
    pub envelope: Envelope,
    /// The name and the version that it was stored under.
    pub kind: EventKind,
    /// Its payload, as it was stored.
    pub payload: String,
    /// The event, brought up to date; `None` for one whose name is retired.
    pub event: Option<A::Event>,
    /// The state after it.
    pub state: &'a A,
    /// What it changed in the state, if [`with_changes`](History::with_changes) has asked for it.
    pub changes: Changes,
}

impl<A: Aggregate> Repository<A> {
    /// The events of an instance one by one, each beside the state after it.
    ///
    /// ```text
    /// let mut history = accounts.history(&id)?.with_changes();
    /// while let Some(moment) = history.next().await? {
    ///     println!("{} {}: {}", moment.envelope.recorded_at, moment.kind.name, moment.changes);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`LoadError::Id`] when the id cannot be part of a stream's name.
    pub fn history(&self, id: &A::Id) -> Result<History<A>, LoadError> {
        Ok(History {
            store: self.store.clone(),
            stream: stream_of::<A>(id)?,
            state: A::initial(),
            version: 0,
            page: Page::new(),
            next: 0,
            show: None,
            shown: Value::Null,
        })
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

    /// The next event, and the state after it; `None` behind the last.
    ///
    /// # Errors
    /// [`LoadError`] when the store fails, or holds an event that cannot be read; the events before
    /// that have come already, and asked again it says so again.
    pub async fn next(&mut self) -> Result<Option<Moment<'_, A>>, LoadError> {
        if self.next == self.page.len() {
            let query = ReadQuery::stream(self.stream.clone()).after_version(self.version);
            let query = query.limit(ReadQuery::DEFAULT_LIMIT).with_envelopes();
            self.page = self.store.read(query, std::mem::take(&mut self.page)).await?;
            self.next = 0;
        }
        if self.page.is_empty() {
            return Ok(None);
        }
        let Self { stream, page, .. } = self;
        let show = self.show;
        if let (Some(show), 0) = (show, self.version) {
            self.shown = show(&self.state, stream, 0)?;
        }
        let record = page.record(self.next);
        let kind = record.kind().clone();
        let envelope = record.envelope().ok_or_else(|| no_envelope(stream))?;
        let payload = record.payload().to_owned();
        // What is neither known nor retired is refused by the replay.
        let decoder = A::EVENTS.iter().position(|event| event.is_stored_as(&kind.name));
        let decoded = decoder.map(|decoder| A::decode(decoder, kind.version, &payload));
        let event = decoded.transpose().map_err(|error| stop(page, self.next, error.into()))?;
        let range = self.next..self.next + 1;
        self.version = replay_range(&mut self.state, self.version, page, range)?;
        self.next += 1;
        let mut changes = Changes::default();
        if let Some(show) = show {
            let after = show(&self.state, stream, self.version)?;
            changes = Changes::between(&self.shown, &after);
            self.shown = after;
        }
        Ok(Some(Moment { envelope, kind, payload, event, state: &self.state, changes }))
    }
}

/// The query asked for envelopes.
fn no_envelope(stream: &StreamId) -> StoreError {
    let source = format!("the store gave an event of {stream} without its envelope").into();
    StoreError::Database { doing: "reading a history", source }
}
