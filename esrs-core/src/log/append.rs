//! Appends: batches, their conditions and their results.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::plain_json::depth_of_plain;
use super::{LimitExceeded, NewEnvelope, NewRecord, PageWriter, StoreError, StreamIndex};
use crate::event::{EncodeError, Event, Metadata, Position, StreamId, payload_of, to_microsecond};
use crate::log::IdempotencyKey;
use crate::schema::EventType;
use crate::value::JsonError;

/// The events of one or more streams that are stored as one unit.
#[derive(Debug, Clone, Default)]
pub struct AppendBatch {
    /// One entry per stream.
    pub streams: Vec<StreamAppend>,
    /// The key that makes a repetition of this batch known; scoped to the first stream of the batch.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// The events that go to one stream, and on which condition.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The condition on the stream.
    pub condition: AppendCondition,
    /// The events, in order; at least one.
    pub events: Vec<NewEvent>,
}

/// The condition of an append on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AppendCondition {
    /// Nothing.
    #[default]
    Any,
    /// It has no event yet.
    NoStream,
    /// It has exactly so many events.
    Version(u64),
    /// It has exactly `version` events, and the last of them is the event `id`.
    ///
    /// A state that was computed from earlier reads is appended to with this condition: it also refuses a
    /// stream whose last events were lost and replaced by others.
    LastEvent {
        /// The number of its events, at least 1.
        version: u64,
        /// The id of the last of them.
        id: Uuid,
    },
}

impl AppendCondition {
    /// Returns true if a stream that has `version` events fulfils it.
    ///
    /// Of [`LastEvent`](Self::LastEvent) it compares the version only; the store compares the event's id
    /// with [`last_event`](Self::last_event).
    pub fn allows(self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => version == 0,
            Self::Version(expected) | Self::LastEvent { version: expected, .. } => {
                version == expected
            }
        }
    }

    /// The id that the last event of the stream must have.
    pub fn last_event(self) -> Option<Uuid> {
        match self {
            Self::LastEvent { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The version that the stream must be at.
    pub fn version(self) -> Option<u64> {
        match self {
            Self::Any => None,
            Self::NoStream => Some(0),
            Self::Version(version) | Self::LastEvent { version, .. } => Some(version),
        }
    }
}

/// An event on its way into a store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its own id; an id is stored once.
    pub id: Uuid,
    /// The stored name of its type.
    pub name: Arc<str>,
    /// The version of its shape.
    pub version: u32,
    /// Its JSON.
    pub payload: String,
    /// The time at which the store records it, to the microsecond. The time at which it occurred is a part
    /// of the [metadata](Metadata::occurred_at).
    pub recorded_at: Timestamp,
    /// The actor, the cause and the circumstances.
    pub metadata: Metadata,
}

impl NewEvent {
    /// An event that is recorded now, with an id of its own: a UUID of version 7, so that ids that are
    /// made one after the other sort so, which keeps indexes short.
    ///
    /// A [`Repository`](crate::Repository) does this for the events of a command. To import what another
    /// system recorded, use [`ImportSource`](crate::ImportSource), which derives the id from the key that
    /// the source has: with a new id each time, an import that is repeated stores everything twice.
    ///
    /// # Errors
    /// Returns [`EncodeError::Unwritable`] if its `Serialize` fails, [`EncodeError::Unreadable`] if the
    /// event cannot be read from its JSON, and [`EncodeError::Changed`] if it would be read as another
    /// event, such as one with NaN in an `Option`.
    pub fn of<E: Event>(event: &E, metadata: Metadata) -> Result<Self, EncodeError> {
        let payload = payload_of(event)?;
        Ok(Self::encoded(
            Uuid::now_v7(),
            &EventType::of::<E>(),
            payload,
            Timestamp::now(),
            metadata,
        ))
    }

    /// An event of this type, whose payload is written already.
    pub(crate) fn encoded(
        id: Uuid,
        event_type: &EventType,
        payload: String,
        recorded_at: Timestamp,
        metadata: Metadata,
    ) -> Self {
        let (name, version) = (event_type.name.into(), event_type.version);
        Self { id, name, version, payload, recorded_at, metadata }
    }

    /// Adds the event to a page, as a read returns it from this version of a stream and this position;
    /// for the author of a store.
    ///
    /// # Errors
    /// Returns an error if `details` is not what [`Metadata::details_json`] wrote.
    pub fn write_into(
        &self,
        page: &mut PageWriter,
        stream: StreamIndex,
        (version, position): (u64, Position),
        details: Option<&str>,
    ) -> Result<(), JsonError> {
        let metadata = details.map(|details| page.intern_metadata(details)).transpose()?;
        let kind = page.intern_kind(&self.name, self.version);
        let record = NewRecord { position, version, stream, kind };
        let envelope = NewEnvelope {
            event_id: self.id,
            recorded_at: to_microsecond(self.recorded_at),
            correlation_id: self.metadata.correlation_id(),
            causation_id: self.metadata.causation_id(),
            metadata,
        };
        page.push_with_envelope(record, self.payload.as_bytes(), envelope);
        Ok(())
    }
}

/// The positions of the events of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The result for each stream, in the order of the batch.
    pub streams: Vec<AppendedStream>,
    /// The position of the batch's first event.
    pub first_position: Position,
    /// The position of the batch's last event.
    pub last_position: Position,
    /// True if it had been stored before, so that nothing was stored now.
    pub repeated: bool,
}

impl Appended {
    /// The result of an append that was stored before, from its events in the order of their positions,
    /// each as the name of its stream and its version; for the author of a store.
    ///
    /// # Errors
    /// Returns the error of the first event that cannot be read.
    pub fn repeated<E>(
        (first, last): (Position, Position),
        events: impl Iterator<Item = Result<(StreamId, u64), E>>,
    ) -> Result<Self, E> {
        let mut streams: Vec<AppendedStream> = Vec::new();
        for event in events {
            let (stream, version) = event?;
            match streams.last_mut() {
                Some(part) if part.stream == stream => part.last_version = version,
                _ => {
                    let (first_version, last_version) = (version, version);
                    streams.push(AppendedStream { stream, first_version, last_version });
                }
            }
        }
        Ok(Self { streams, first_position: first, last_position: last, repeated: true })
    }
}

/// The identity that tells one open log from another within a process, so that events meant to be stored as
/// one unit are known to have one home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(usize);

impl LogId {
    /// Returns the identity of the log that all handles share by this.
    pub fn of<T: ?Sized>(shared: &Arc<T>) -> Self {
        Self(Arc::as_ptr(shared).cast::<()>() as usize)
    }
}

/// The result for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendedStream {
    /// The stream.
    pub stream: StreamId,
    /// The version of the first event that was appended.
    pub first_version: u64,
    /// The version of the last event that was appended: how many events the stream had then.
    pub last_version: u64,
}

impl AppendedStream {
    /// Returns the number of events that were appended.
    pub fn event_count(&self) -> u64 {
        self.last_version + 1 - self.first_version
    }
}

impl AppendBatch {
    /// The largest payload, in bytes.
    pub const MAX_PAYLOAD_LENGTH: usize = 16 * 1024 * 1024;
    /// The longest stored name of an event, and the longest idempotency key, in bytes.
    pub const MAX_NAME_LENGTH: usize = 255;
    /// The most arrays and objects within each other in a payload, as many as serde_json reads.
    pub const MAX_NESTING: usize = 127;
    /// The longest actor, in bytes.
    pub const MAX_ACTOR_LENGTH: usize = 1_024;
    /// The most that the metadata of an event has of text, in bytes: its actor, its trace context, and the
    /// user's own keys with their values.
    pub const MAX_METADATA_LENGTH: usize = 64 * 1024;
    /// The most that the payloads of a batch have together, in bytes.
    pub const MAX_LENGTH: usize = 128 * 1024 * 1024;
    /// The largest number of events in one batch.
    pub const MAX_EVENTS: usize = 10_000;

    /// A batch of one stream.
    pub fn new(stream: StreamId, condition: AppendCondition, events: Vec<NewEvent>) -> Self {
        Self { streams: vec![StreamAppend { stream, condition, events }], idempotency_key: None }
    }

    /// The same batch with the events of one more stream.
    #[must_use]
    pub fn and(
        mut self,
        stream: StreamId,
        condition: AppendCondition,
        events: Vec<NewEvent>,
    ) -> Self {
        self.streams.push(StreamAppend { stream, condition, events });
        self
    }

    /// The same batch with an idempotency key.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: impl Into<IdempotencyKey>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// All its events, in the order in which they are stored.
    pub fn events(&self) -> impl Iterator<Item = (&StreamId, &NewEvent)> {
        self.streams.iter().flat_map(|part| part.events.iter().map(|event| (&part.stream, event)))
    }

    /// Returns what stores keep as JSON of the metadata of each event, in the order of
    /// [`events`](Self::events); see [`Metadata::details_json`].
    ///
    /// ```
    /// use esrs_core::{AppendBatch, AppendCondition, Metadata, NewEvent, StreamId};
    ///
    /// let event = NewEvent {
    ///     id: uuid::Uuid::now_v7(),
    ///     name: "opened".into(),
    ///     version: 1,
    ///     payload: "{}".to_owned(),
    ///     recorded_at: jiff::Timestamp::now(),
    ///     metadata: Metadata::new().with_actor("alice"),
    /// };
    /// let stream = StreamId::new("account", 18)?;
    /// let batch = AppendBatch::new(stream, AppendCondition::Any, vec![event]);
    /// assert_eq!(batch.details()?, [Some(r#"{"actor":"alice"}"#.to_owned())]);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Database`] when serde_json refuses it, which no text does.
    pub fn details(&self) -> Result<Vec<Option<String>>, StoreError> {
        let details = self.events().map(|(_, event)| event.metadata.details_json());
        details.collect::<Result<_, _>>().map_err(|source| StoreError::Database {
            doing: "writing metadata",
            source: source.into(),
        })
    }

    /// Estimates how much memory the batch takes while it waits, in bytes; `details` are those of
    /// [`details`](Self::details).
    pub fn bytes_with(&self, details: &[Option<String>]) -> usize {
        /// The rest of an event.
        const EVENT: usize = 256;
        let events = self.events().map(|(_, event)| EVENT + event.payload.len());
        // The metadata is there twice: as it came, and as JSON.
        let details = details.iter().flatten().map(|details| 2 * details.len());
        events.chain(details).sum()
    }

    /// Writes the batch into a page as a reader will have it, where `appended` says that it stands;
    /// `details` are those of [`details`](Self::details). For read models that are written in the
    /// append's transaction.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when what was written as metadata cannot be read.
    pub fn write_into(
        &self,
        page: &mut PageWriter,
        details: &[Option<String>],
        appended: &Appended,
    ) -> Result<(), StoreError> {
        let mut position = appended.first_position;
        let mut details = details.iter();
        for (part, stands) in self.streams.iter().zip(&appended.streams) {
            let stream = page.add_stream(part.stream.clone());
            for (version, event) in (stands.first_version..).zip(&part.events) {
                let details = details.next().and_then(Option::as_deref);
                event.write_into(page, stream, (version, position), details).map_err(|source| {
                    let stream = part.stream.to_string();
                    StoreError::Damaged { stream, position, source: source.into() }
                })?;
                position = Position::new(position.get() + 1);
            }
        }
        Ok(())
    }

    /// Checks what every store asks of a batch; each store calls it before it touches the database.
    ///
    /// # Errors
    /// [`StoreError::Limit`] when a part is too large, and [`StoreError::InvalidBatch`] when a part
    /// is empty, a stream or an event id stands twice, a name or the key is invalid, or a payload is
    /// not JSON.
    pub fn check(&self) -> Result<(), StoreError> {
        let invalid = |reason: String| Err(StoreError::InvalidBatch { reason });
        let limit = |what, stream: Option<&StreamId>, actual, max| {
            Err(StoreError::Limit(LimitExceeded { what, stream: stream.cloned(), actual, max }))
        };
        if self.streams.is_empty() {
            return invalid("there is no stream in it".to_owned());
        }
        if let Some(key) = &self.idempotency_key
            && key.as_str().len() > Self::MAX_NAME_LENGTH
        {
            let (length, max) = (key.as_str().len(), Self::MAX_NAME_LENGTH);
            return limit("the idempotency key's length", None, length, max);
        }
        if let Some(key) = &self.idempotency_key
            && (key.as_str().is_empty() || key.as_str().chars().any(char::is_control))
        {
            return invalid(format!("{:?} cannot be an idempotency key", key.as_str()));
        }
        let count = self.streams.iter().map(|part| part.events.len()).sum();
        if count > Self::MAX_EVENTS {
            return limit("the number of events in one batch", None, count, Self::MAX_EVENTS);
        }
        let (mut streams, mut ids) = (HashSet::new(), HashSet::new());
        for part in &self.streams {
            if part.events.is_empty() {
                return invalid(format!("there is no event for the stream {}", part.stream));
            }
            if self.streams.len() > 1 && !streams.insert(&part.stream) {
                return invalid(format!("the stream {} stands in it twice", part.stream));
            }
        }
        let length = self.events().map(|(_, event)| event.payload.len()).sum();
        if length > Self::MAX_LENGTH {
            return limit("the length of all payloads", None, length, Self::MAX_LENGTH);
        }
        for (stream, event) in self.events() {
            if event.name.len() > Self::MAX_NAME_LENGTH {
                let (length, max) = (event.name.len(), Self::MAX_NAME_LENGTH);
                return limit("the length of an event's name", Some(stream), length, max);
            }
            if event.name.is_empty() || event.name.chars().any(char::is_control) {
                let name = &event.name;
                return invalid(format!("{name:?} on {stream} cannot be the name of an event"));
            }
            let (actor, max) = (event.metadata.actor().map_or(0, str::len), Self::MAX_ACTOR_LENGTH);
            if actor > max {
                return limit("the length of an actor", Some(stream), actor, max);
            }
            let (length, max) = (event.metadata.length(), Self::MAX_METADATA_LENGTH);
            if length > max {
                return limit("the length of an event's metadata", Some(stream), length, max);
            }
            if event.payload.len() > Self::MAX_PAYLOAD_LENGTH {
                let (length, max) = (event.payload.len(), Self::MAX_PAYLOAD_LENGTH);
                return limit("the length of a payload", Some(stream), length, max);
            }
            if count > 1 && !ids.insert(event.id) {
                return invalid(format!("the event id {} stands in it twice", event.id));
            }
            let depth = match depth_of(&event.payload) {
                Ok(depth) => depth,
                Err(error) => {
                    let (name, error) = (&event.name, JsonError::from(error));
                    let reason = format!("the payload of {name:?} on {stream} is no JSON: {error}");
                    return invalid(reason);
                }
            };
            if depth > Self::MAX_NESTING {
                return limit("the depth of a payload", Some(stream), depth, Self::MAX_NESTING);
            }
        }
        Ok(())
    }
}

impl AppendBatch {
    /// Checks that no payload is longer than `max` bytes, for a store that was opened with a bound of its own.
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] for the first that is longer.
    pub fn check_payloads(&self, max: usize) -> Result<(), StoreError> {
        match self.events().find(|(_, event)| event.payload.len() > max) {
            None => Ok(()),
            Some((stream, event)) => Err(StoreError::Limit(LimitExceeded {
                what: "the length of a payload",
                stream: Some(stream.clone()),
                actual: event.payload.len(),
                max,
            })),
        }
    }
}

/// The depth of some JSON in arrays and objects, or 0 if it is not deep.
fn depth_of(json: &str) -> Result<usize, serde_json::Error> {
    match depth_of_plain(json) {
        Some(depth) => Ok(depth),
        None => serde_json::from_str::<serde::de::IgnoredAny>(json).map(|_| nesting(json)),
    }
}

/// The same of a text that is known to be JSON.
fn nesting(json: &str) -> usize {
    // Each has two brackets, so what is short is not deep.
    if json.len() <= 2 * AppendBatch::MAX_NESTING {
        return 0;
    }
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match (in_text, byte) {
            (true, _) if is_escaped => is_escaped = false,
            (true, b'\\') => is_escaped = true,
            (_, b'"') => in_text = !in_text,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arrays and objects within each other, the innermost with a number in it.
    fn nested(depth: usize) -> String {
        let levels = |array: &str, object: &str| -> Vec<String> {
            let level = |level| if level % 2 == 0 { array } else { object }.to_owned();
            (0..depth).map(level).collect()
        };
        let (begin, mut end) = (levels("[", "{\"\\\"]}\":"), levels("]", "}"));
        end.reverse();
        format!("{}1{}", begin.concat(), end.concat())
    }

    #[test]
    fn all_payloads_of_a_batch_have_a_bound_together() {
        let event = |payload: String| NewEvent {
            id: Uuid::now_v7(),
            name: "large".into(),
            version: 1,
            payload,
            recorded_at: Timestamp::UNIX_EPOCH,
            metadata: Metadata::new(),
        };
        let large = format!("\"{}\"", "a".repeat(AppendBatch::MAX_PAYLOAD_LENGTH - 2));
        let count = AppendBatch::MAX_LENGTH / AppendBatch::MAX_PAYLOAD_LENGTH;
        let mut events: Vec<_> = (0..count).map(|_| event(large.clone())).collect();
        events.push(event("1".to_owned()));
        let stream = StreamId::new("large", 1).expect("a valid name");
        let batch = AppendBatch::new(stream, AppendCondition::Any, events);
        let Err(StoreError::Limit(limit)) = batch.check() else { panic!("it is too large") };
        assert_eq!(
            (limit.actual, limit.max),
            (AppendBatch::MAX_LENGTH + 1, AppendBatch::MAX_LENGTH)
        );
    }

    #[test]
    fn the_deepest_payload_is_one_that_serde_json_reads() {
        for depth in [1, 2, 101, 126, 127, 128, 129, 200] {
            let json = nested(depth);
            let is_read = serde_json::from_str::<serde_json::Value>(&json).is_ok();
            assert_eq!(is_read, depth <= AppendBatch::MAX_NESTING, "{depth}");
            assert_eq!(is_read, nesting(&json) <= AppendBatch::MAX_NESTING, "{depth}: {json}");
        }
    }
}
