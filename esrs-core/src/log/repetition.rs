//! Appends that were stored before.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use uuid::Uuid;

use super::{AppendBatch, Appended, AppendedStream, NewEvent, StoreError};
use crate::event::{EventKind, Metadata, Position, StreamId};

/// Where an event stands whose id a batch has; for the author of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place among all events.
    pub position: Position,
    /// The name of its stream.
    pub stream: String,
    /// Its number within the stream, from 1.
    pub version: u64,
    /// The name and schema version that it was stored under.
    pub kind: EventKind,
    /// Its payload.
    pub payload: String,
    /// Its metadata, as [`Metadata::details_json`] wrote it.
    pub details: Option<String>,
}

impl StoredEvent {
    /// Checks that a new event with the same id is the same event. One of another schema version is
    /// taken for the same, because its payload has another shape; the key order of a payload does not
    /// matter.
    ///
    /// # Errors
    /// Returns [`StoreError::EventDiffers`].
    pub fn check(&self, stream: &StreamId, event: &NewEvent) -> Result<(), StoreError> {
        let place = || match self.version {
            0 => "an earlier event of the import".to_owned(),
            version => format!("version {version} of {}", self.stream),
        };
        let differs = |what| StoreError::EventDiffers { event_id: event.id, place: place(), what };
        if self.stream != stream.as_str() {
            return Err(differs("stream"));
        }
        if self.kind.name != event.name {
            return Err(differs("name"));
        }
        if self.kind.version == event.version && !is_same_json(&self.payload, &event.payload) {
            return Err(differs("payload"));
        }
        if let (Some(occurred_at), Some(details)) = (event.metadata.occurred_at(), &self.details) {
            let stored = Metadata::from_parts(None, None, Some(details));
            let stored = stored.map_err(|source| StoreError::Damaged {
                stream: self.stream.clone(),
                position: self.position,
                source: source.into(),
            })?;
            if stored.occurred_at().is_some_and(|stored| stored != occurred_at) {
                return Err(differs("time at which it occurred"));
            }
        }
        Ok(())
    }
}

/// Tells which events of an import must be stored, because neither the store nor an event before
/// it has its id; for the author of a store. `find` looks for the event of an id.
///
/// # Errors
/// Returns [`StoreError::EventDiffers`] if an id stands for another event, and the errors of `find`.
pub fn unknown_events<'a, E: From<StoreError>>(
    events: impl IntoIterator<Item = (&'a StreamId, &'a NewEvent)>,
    mut find: impl FnMut(Uuid) -> Result<Option<StoredEvent>, E>,
) -> Result<Vec<bool>, E> {
    let mut first_of = HashMap::new();
    let mut unknown = Vec::new();
    for (stream, event) in events {
        if let Some(stored) = find(event.id)? {
            stored.check(stream, event)?;
            unknown.push(false);
            continue;
        }
        match first_of.entry(event.id) {
            Entry::Vacant(entry) => {
                entry.insert((stream, event));
                unknown.push(true);
            }
            Entry::Occupied(entry) => {
                let &(stream_of_first, first) = entry.get();
                let first = StoredEvent {
                    position: Position::START,
                    stream: stream_of_first.to_string(),
                    version: 0,
                    kind: EventKind { name: first.name.clone(), version: first.version },
                    payload: first.payload.clone(),
                    details: first.metadata.details_json().ok().flatten(),
                };
                first.check(stream, event)?;
                unknown.push(false);
            }
        }
    }
    Ok(unknown)
}

fn is_same_json(one: &str, other: &str) -> bool {
    let value = |text| serde_json::from_str::<serde_json::Value>(text).ok();
    one == other || value(one).is_some_and(|one| Some(one) == value(other))
}

impl AppendBatch {
    /// Returns the first answer to the batch if it was appended before, as its event ids tell; for the author
    /// of a store. `find` says where the event of an id stands.
    ///
    /// A repetition has all its events stored, on the streams that it names, one behind the other, and with
    /// the same content.
    ///
    /// ```
    /// use esrs_core::store::StoredEvent;
    /// use esrs_core::{
    ///     AppendBatch, AppendCondition, EventKind, Metadata, NewEvent, Position, StoreError, StreamId,
    /// };
    ///
    /// let stream = StreamId::new("account", 18)?;
    /// let event = NewEvent {
    ///     id: uuid::Uuid::now_v7(),
    ///     name: "opened".into(),
    ///     version: 1,
    ///     payload: "{}".to_owned(),
    ///     recorded_at: jiff::Timestamp::now(),
    ///     metadata: Metadata::new(),
    /// };
    /// let batch = AppendBatch::new(stream.clone(), AppendCondition::NoStream, vec![event]);
    /// let stored = StoredEvent {
    ///     position: Position::new(7),
    ///     stream: stream.to_string(),
    ///     version: 1,
    ///     kind: EventKind { name: "opened".into(), version: 1 },
    ///     payload: "{}".to_owned(),
    ///     details: None,
    /// };
    /// let first = batch.repetition(|_| Ok::<_, StoreError>(Some(stored.clone())))?;
    /// assert!(first.is_some_and(|first| first.repeated && first.first_position.get() == 7));
    /// assert!(batch.repetition(|_| Ok::<_, StoreError>(None))?.is_none());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`StoreError::EventIdTaken`] if some of the ids are stored and it is no repetition,
    /// [`StoreError::EventDiffers`] if an event is stored with other content, and the errors of `find`.
    pub fn repetition<E: From<StoreError>>(
        &self,
        mut find: impl FnMut(Uuid) -> Result<Option<StoredEvent>, E>,
    ) -> Result<Option<Appended>, E> {
        let ids = || self.events().map(|(_, event)| event.id);
        let stored = ids().map(&mut find).collect::<Result<Vec<_>, _>>()?;
        let Some(taken) = stored.iter().position(Option::is_some) else { return Ok(None) };
        let is_taken =
            || StoreError::EventIdTaken { event_id: ids().nth(taken).unwrap_or_default() };
        let mut stored = stored.into_iter().flatten().peekable();
        let first_position = stored.peek().map_or(Position::START, |first| first.position);
        let mut last_position = None;
        let mut streams = Vec::with_capacity(self.streams.len());
        let mut contents = Vec::new();
        for part in &self.streams {
            let mut versions = Vec::with_capacity(part.events.len());
            for (event, found) in part.events.iter().zip(stored.by_ref()) {
                let is_next = last_position
                    .is_none_or(|last: Position| found.position.get() == last.get() + 1);
                if found.stream != part.stream.as_str() || !is_next {
                    return Err(is_taken().into());
                }
                last_position = Some(found.position);
                versions.push(found.version);
                contents.push((&part.stream, event, found));
            }
            let (Some(&first_version), Some(&last_version), true) =
                (versions.first(), versions.last(), versions.len() == part.events.len())
            else {
                return Err(is_taken().into());
            };
            let stream = part.stream.clone();
            streams.push(AppendedStream { stream, first_version, last_version });
        }
        for (stream, event, found) in contents {
            found.check(stream, event)?;
        }
        let last_position = last_position.unwrap_or(first_position);
        Ok(Some(Appended { streams, first_position, last_position, repeated: true }))
    }
}
