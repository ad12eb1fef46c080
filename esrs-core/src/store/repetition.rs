//! Appends that were stored before.

use uuid::Uuid;

use super::{AppendBatch, Appended, AppendedStream, StoreError};
use crate::Position;

/// Where an event stands whose id a batch has; for the author of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place among all events.
    pub position: Position,
    /// The name of its stream.
    pub stream: String,
    /// Its number within the stream.
    pub version: u64,
}

impl AppendBatch {
    /// What the batch was answered with when it was appended before, as its event ids tell; for the
    /// author of a store. `find` says where the event of an id stands.
    ///
    /// A repetition has all its events stored, on the streams that it names, one behind the other.
    ///
    /// ```
    /// use esrs_core::store::StoredEvent;
    /// use esrs_core::{AppendBatch, AppendCondition, Metadata, NewEvent, Position, StoreError, StreamId};
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
    /// let stored = StoredEvent { position: Position::new(7), stream: stream.to_string(), version: 1 };
    /// let first = batch.repetition(|_| Ok::<_, StoreError>(Some(stored.clone())))?;
    /// assert!(first.is_some_and(|first| first.repeated && first.first_position.get() == 7));
    /// assert!(batch.repetition(|_| Ok::<_, StoreError>(None))?.is_none());
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::EventIdTaken`] when some of the ids are stored and it is no repetition, and those
    /// of `find`.
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
        for part in &self.streams {
            let mut versions = Vec::with_capacity(part.events.len());
            for found in stored.by_ref().take(part.events.len()) {
                let is_next = last_position
                    .is_none_or(|last: Position| found.position.get() == last.get() + 1);
                if found.stream != part.stream.as_str() || !is_next {
                    return Err(is_taken().into());
                }
                last_position = Some(found.position);
                versions.push(found.version);
            }
            let (Some(&first_version), Some(&last_version), true) =
                (versions.first(), versions.last(), versions.len() == part.events.len())
            else {
                return Err(is_taken().into());
            };
            let stream = part.stream.clone();
            streams.push(AppendedStream { stream, first_version, last_version });
        }
        let last_position = last_position.unwrap_or(first_position);
        Ok(Some(Appended { streams, first_position, last_position, repeated: true }))
    }
}
