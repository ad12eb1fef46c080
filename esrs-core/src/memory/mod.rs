//! The store in memory: for tests, for trying things out, and as the model that others are held to.
//!
//! The log is here; its read models and subscriptions are in `models` (the state), `step` (a transaction),
//! `waiting` (calls that wait) and `subscriptions` (the traits).

mod models;
mod step;
mod subscriptions;
mod waiting;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_core::future::BoxFuture;
use uuid::Uuid;

use models::Models;
use waiting::Waiting;

use crate::event::{EventKind, Position, StreamId, to_microsecond};
use crate::log::{
    AppendBatch, AppendCondition, Appended, AppendedStream, Conflict, LogId, LogMark, NewEnvelope,
    NewEvent, NewRecord, Page, PageWriter, ReadQuery, ReadSource, Snapshot, StoreError,
    StoredEvent, StreamIndex, StreamsQuery, unknown_events,
};
use crate::log::{CommandFingerprint, IdempotencyKey};
use crate::store::{EventStore, Imported, SubscriptionStore};

/// A store in memory. Its clones share the events; they are gone with the last of them.
///
/// It keeps every promise of [`EventStore`] but the one to outlive the process. Its read models are read by
/// [`ReadModels`](crate::ReadModels) and brought up to date by `catch_up` or a runner, as on every store. It
/// does not speak SQL: [`SqlReadModels`](crate::SqlReadModels) is not implemented, and a statement of an
/// event handler returns [`StoreError::NoSql`].
///
/// ```
/// use esrs_core::{MemoryStore, Projection, ReadModels, StoreError};
///
/// async fn rows<P: Projection>(store: &MemoryStore) -> Result<Vec<P>, StoreError> {
///     store.catch_up::<P>().await?;
///     store.all().await
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    log: Mutex<Log>,
    /// Locked before the log, where both are.
    models: Mutex<Models>,
    waiting: Waiting,
}

#[derive(Debug, Default)]
struct Log {
    /// The event at position `n` is at index `n - 1`.
    events: Vec<Stored>,
    /// Where the events of a stream stand in `events`, by version.
    streams: HashMap<StreamId, Vec<usize>>,
    /// The streams by their names, in order.
    names: BTreeMap<Arc<str>, StreamId>,
    by_event_id: HashMap<Uuid, usize>,
    /// The append that has a key, and the fingerprint of its command.
    by_key: HashMap<(StreamId, String), (Appended, Option<String>)>,
    snapshots: HashMap<StreamId, Snapshot>,
}

#[derive(Debug)]
struct Stored {
    stream: StreamId,
    version: u64,
    event: NewEvent,
    details: Option<String>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Every change to the log is checked before it begins, so a panic elsewhere leaves it whole.
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn models(&self) -> MutexGuard<'_, Models> {
        // Nothing of a step is applied before all of it was computed.
        self.shared.models.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the log, and tells the calls that wait for it.
    fn change_log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let changed = change(&mut self.log());
        self.shared.waiting.changed();
        changed
    }
}

impl Log {
    fn head(&self) -> Position {
        Position::new(self.events.len() as u64)
    }

    fn version(&self, stream: &StreamId) -> u64 {
        self.streams.get(stream).map_or(0, |events| events.len() as u64)
    }

    /// The id of the event at this version of a stream.
    fn event_at(&self, stream: &StreamId, version: u64) -> Option<Uuid> {
        let place = usize::try_from(version.checked_sub(1)?).ok()?;
        let place = *self.streams.get(stream)?.get(place)?;
        Some(self.events[place].event.id)
    }

    /// Refuses an event that a stream does not hold at this version.
    fn check_event(
        &self,
        stream: &StreamId,
        version: u64,
        event: Option<Uuid>,
    ) -> Result<(), StoreError> {
        match event {
            Some(event_id) if self.event_at(stream, version) != event => {
                let (place, head) = (format!("version {version} of {stream}"), self.head());
                Err(StoreError::HistoryChanged { event_id, place, head })
            }
            _ => Ok(()),
        }
    }

    fn last_event(&self, stream: &StreamId) -> Option<Uuid> {
        self.event_at(stream, self.version(stream))
    }

    /// The event at a position.
    fn mark_at(&self, position: Position) -> Option<LogMark> {
        let place = usize::try_from(position.get().checked_sub(1)?).ok()?;
        let event_id = self.events.get(place)?.event.id;
        Some(LogMark { position, event_id })
    }

    /// Refuses a mark whose event the log does not hold.
    fn check_mark(&self, mark: LogMark) -> Result<(), StoreError> {
        if self.mark_at(mark.position) == Some(mark) {
            return Ok(());
        }
        let (place, head) = (format!("position {}", mark.position), self.head());
        Err(StoreError::HistoryChanged { event_id: mark.event_id, place, head })
    }

    fn append(&mut self, batch: AppendBatch) -> Result<Appended, StoreError> {
        batch.check()?;
        let key = batch.idempotency_key.clone().map(|key| (batch.streams[0].stream.clone(), key));
        if let Some((stream, key)) = &key
            && let Some(first) = self.find_append(stream, key)?
        {
            return Ok(first);
        }
        if let Some(first) = batch.repetition(|id| Ok::<_, StoreError>(self.stored_event(id)))? {
            return Ok(first);
        }
        for part in &batch.streams {
            let (stream, expected) = (part.stream.clone(), part.condition);
            let actual = self.version(&stream);
            let other =
                expected.last_event().is_some_and(|id| self.last_event(&stream) != Some(id));
            if other || !expected.allows(actual) {
                return Err(Conflict { stream, expected, actual }.into());
            }
        }
        let details = batch.details()?;
        let appended = self.push(batch, details);
        if let Some((stream, key)) = key {
            let fingerprint = key.fingerprint().map(CommandFingerprint::to_json);
            let key = (stream, key.as_str().to_owned());
            self.by_key.insert(key, (appended.clone(), fingerprint));
        }
        Ok(appended)
    }

    fn import(&mut self, events: Vec<(StreamId, NewEvent)>) -> Result<Imported, StoreError> {
        let pairs = events.iter().map(|(stream, event)| (stream, event));
        let unknown = unknown_events(pairs, |id| Ok::<_, StoreError>(self.stored_event(id)))?;
        let known = unknown.iter().filter(|is_unknown| !**is_unknown).count() as u64;
        let mut batches = Vec::with_capacity(events.len());
        for ((stream, event), is_unknown) in events.into_iter().zip(unknown) {
            let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
            batch.check()?;
            if is_unknown {
                let details = batch.details()?;
                batches.push((batch, details));
            }
        }
        let stored = batches.len() as u64;
        let pushed = batches.into_iter().map(|(batch, details)| self.push(batch, details));
        let last = pushed.last().map(|appended| appended.last_position);
        Ok(Imported::new(stored, known, last))
    }

    fn find_append(
        &self,
        stream: &StreamId,
        key: &IdempotencyKey,
    ) -> Result<Option<Appended>, StoreError> {
        let found = self.by_key.get(&(stream.clone(), key.as_str().to_owned()));
        let Some((first, fingerprint)) = found else { return Ok(None) };
        key.check(stream, fingerprint.as_deref())?;
        Ok(Some(Appended { repeated: true, ..first.clone() }))
    }

    /// Where the event of this id stands.
    fn stored_event(&self, id: Uuid) -> Option<StoredEvent> {
        let place = *self.by_event_id.get(&id)?;
        let Stored { stream, version, event, details } = &self.events[place];
        Some(StoredEvent {
            position: Position::new(place as u64 + 1),
            stream: stream.to_string(),
            version: *version,
            kind: EventKind { name: event.name.clone(), version: event.version },
            payload: event.payload.clone(),
            details: details.clone(),
        })
    }

    fn push(&mut self, batch: AppendBatch, details: Vec<Option<String>>) -> Appended {
        let first_position = Position::new(self.events.len() as u64 + 1);
        let mut details = details.into_iter();
        let mut streams = Vec::with_capacity(batch.streams.len());
        for part in batch.streams {
            let mut version = self.version(&part.stream);
            if version == 0 && !part.events.is_empty() {
                self.names.insert(part.stream.shared_name().clone(), part.stream.clone());
            }
            let first_version = version + 1;
            for mut event in part.events {
                version += 1;
                let place = self.events.len();
                event.recorded_at = to_microsecond(event.recorded_at);
                self.by_event_id.insert(event.id, place);
                self.streams.entry(part.stream.clone()).or_default().push(place);
                let details = details.next().flatten();
                self.events.push(Stored { stream: part.stream.clone(), version, event, details });
            }
            let stream = part.stream;
            streams.push(AppendedStream { stream, first_version, last_version: version });
        }
        let last_position = Position::new(self.events.len() as u64);
        Appended { streams, first_position, last_position, repeated: false }
    }

    fn save_snapshot(&mut self, snapshot: Snapshot) {
        let is_kept = self.snapshots.get(&snapshot.stream);
        if is_kept.is_none_or(|stored| snapshot.replaces(stored))
            && self.event_at(&snapshot.stream, snapshot.version) == Some(snapshot.event_id)
        {
            self.snapshots.insert(snapshot.stream.clone(), snapshot);
        }
    }

    fn read(&self, query: &ReadQuery, page: Page) -> Result<Page, StoreError> {
        let recorded = |place: &usize| {
            let event = &self.events[*place].event;
            query.metadata.allows(&event.metadata, event.recorded_at)
        };
        match &query.source {
            ReadSource::Stream { stream, after_version, after_event } => {
                self.check_event(stream, *after_version, *after_event)?;
                let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
                let mut writer = page.into_writer();
                let snapshot = self.snapshots.get(stream).filter(|snapshot| {
                    snapshot.version > *after_version
                        && query.snapshot.is_some_and(|wanted| wanted.allows(snapshot))
                });
                let after = snapshot.map_or(*after_version, |snapshot| snapshot.version);
                snapshot.into_iter().for_each(|snapshot| writer.begin_with(snapshot.clone()));
                let after = usize::try_from(after).unwrap_or(usize::MAX);
                let places = places.get(after..).unwrap_or_default().iter().copied();
                self.fill(query, writer, places.filter(recorded), self.head())
            }
            ReadSource::StreamBackwards { stream, before_version, before_event } => {
                self.check_event(stream, *before_version, *before_event)?;
                let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
                let count = before_version.saturating_sub(1).min(places.len() as u64) as usize;
                let places = places[..count].iter().rev().copied().filter(recorded);
                self.fill(query, page.into_writer(), places, Position::START)
            }
            ReadSource::All { after, mark, filter } => {
                mark.map_or(Ok(()), |mark| self.check_mark(mark))?;
                // Who starts behind the end is not sent back.
                let end = self.head().max(*after);
                let after = usize::try_from(after.get()).unwrap_or(usize::MAX);
                let wanted = |place: &usize| {
                    let stored = &self.events[*place];
                    filter.allows(stored.stream.category(), &stored.event.name) && recorded(place)
                };
                let places = (after..self.events.len()).filter(wanted);
                self.fill(query, page.into_writer(), places, end)
            }
        }
    }

    fn fill(
        &self,
        query: &ReadQuery,
        mut writer: PageWriter,
        places: impl Iterator<Item = usize>,
        end: Position,
    ) -> Result<Page, StoreError> {
        let mut numbers: HashMap<&StreamId, StreamIndex> = HashMap::new();
        let mut places = places.peekable();
        let mut scanned = Position::START;
        while let Some(place) = places.next_if(|_| !writer.is_full(query)) {
            let stored = &self.events[place];
            let Stored { stream, version, event, details } = stored;
            scanned = Position::new(place as u64 + 1);
            let record = NewRecord {
                position: scanned,
                version: *version,
                stream: *numbers.entry(stream).or_insert_with(|| writer.add_stream(stream.clone())),
                kind: writer.intern_kind(&event.name, event.version),
            };
            if query.envelopes {
                let details = details.as_deref().map(|details| writer.intern_metadata(details));
                let metadata = details.transpose().map_err(|source| StoreError::Damaged {
                    stream: stream.to_string(),
                    position: scanned,
                    source: source.into(),
                })?;
                let envelope = NewEnvelope {
                    event_id: event.id,
                    recorded_at: event.recorded_at,
                    correlation_id: event.metadata.correlation_id(),
                    causation_id: event.metadata.causation_id(),
                    metadata,
                };
                writer.push_with_envelope(record, event.payload.as_bytes(), envelope);
            } else {
                writer.push(record, event.payload.as_bytes());
            }
        }
        let is_last = places.peek().is_none();
        let is_backwards = matches!(query.source, ReadSource::StreamBackwards { .. });
        let up_to = if is_last && !is_backwards { end } else { scanned };
        let mark = match &query.source {
            ReadSource::Stream { .. } if scanned == Position::START => writer.snapshot_mark(),
            ReadSource::Stream { .. } | ReadSource::StreamBackwards { .. } => self.mark_at(scanned),
            ReadSource::All { .. } => self.mark_at(up_to.min(self.head())),
        };
        writer.set_mark(mark);
        Ok(writer.finish(is_last, up_to)?)
    }
}

impl EventStore for MemoryStore {
    fn append(&self, batch: AppendBatch) -> BoxFuture<'_, Result<Appended, StoreError>> {
        Box::pin(async move { self.change_log(|log| log.append(batch)) })
    }

    fn read(&self, query: ReadQuery, page: Page) -> BoxFuture<'_, Result<Page, StoreError>> {
        Box::pin(async move { self.log().read(&query, page) })
    }

    fn find_append(
        &self,
        stream: StreamId,
        key: IdempotencyKey,
    ) -> BoxFuture<'_, Result<Option<Appended>, StoreError>> {
        Box::pin(async move { self.log().find_append(&stream, &key) })
    }

    fn import_chunk(
        &self,
        events: Vec<(StreamId, NewEvent)>,
    ) -> BoxFuture<'_, Result<Imported, StoreError>> {
        Box::pin(async move { self.change_log(|log| log.import(events)) })
    }

    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            snapshot.check()?;
            self.log().save_snapshot(snapshot);
            Ok(())
        })
    }

    fn streams(&self, query: StreamsQuery) -> BoxFuture<'_, Result<Vec<StreamId>, StoreError>> {
        Box::pin(async move {
            let (after, end) = query.bounds();
            if after >= end {
                // A range of a map must not go back.
                return Ok(Vec::new());
            }
            let log = self.log();
            let names =
                log.names.range::<str, _>((Bound::Excluded(&*after), Bound::Excluded(&*end)));
            Ok(names.map(|(_, stream)| stream.clone()).take(query.limit.max(1)).collect())
        })
    }

    fn count_streams(&self, category: String) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(async move {
            let (first, end) = StreamsQuery::bounds_of(&category);
            let log = self.log();
            let names =
                log.names.range::<str, _>((Bound::Excluded(&*first), Bound::Excluded(&*end)));
            Ok(names.count() as u64)
        })
    }

    fn as_subscription_store(&self) -> Option<&dyn SubscriptionStore> {
        Some(self)
    }

    fn log_id(&self) -> LogId {
        LogId::of(&self.shared)
    }
}
