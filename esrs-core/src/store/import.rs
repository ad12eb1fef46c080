//! Events that another system recorded.

use jiff::Timestamp;
use uuid::Uuid;

use super::event_store::EventStore;
use crate::event::{EncodeError, Event, Metadata, OccurredAt, Position, StreamId};
use crate::log::{AppendBatch, NewEvent, StoreError};

/// The namespace of the namespaces of sources: UUID v5 of "esrs" in RFC 9562's namespace of URLs.
const SOURCES: Uuid = Uuid::from_u128(0x5a99_dfe7_2cbb_5e54_9ad9_92a2_fb26_9099);

/// A system that events are imported from, whose own keys become the ids of the events.
///
/// The id of an event follows from the source's name and the key that the source has for it, such as the
/// number of a transaction. So an import that is repeated, also after it has failed half-way, finds what is
/// stored already, and stores nothing twice.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
#[doc = include_str!("../doc/import.txt")]
/// # Ok(()) }
/// ```
///
/// The ids are UUIDs of version 8: the version 5 of the key in the namespace that is the version 5 of the
/// source's name, with a first byte of zero, so that they sort before the ids of new events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportSource {
    namespace: Uuid,
}

/// The result of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Imported {
    /// The number of events that it has stored.
    pub stored: u64,
    /// The number of events that were stored before, by their ids.
    pub known: u64,
    /// The position of the last event that it has stored.
    pub last_position: Option<Position>,
}

impl Imported {
    /// The result of a chunk; for the author of a store.
    pub fn new(stored: u64, known: u64, last_position: Option<Position>) -> Self {
        Self { stored, known, last_position }
    }

    /// Adds the result of a later chunk.
    pub fn add(&mut self, chunk: Self) {
        self.stored += chunk.stored;
        self.known += chunk.known;
        self.last_position = chunk.last_position.or(self.last_position);
    }
}

impl ImportSource {
    /// Names the source. The name is a part of every id: it never changes.
    pub fn new(name: &str) -> Self {
        Self { namespace: Uuid::new_v5(&SOURCES, name.as_bytes()) }
    }

    /// Returns the id of the event that the source knows by this key. Two events that follow from one
    /// entry of the source need two keys, such as `17/opened` and `17/deposited`.
    pub fn event_id(&self, key: impl std::fmt::Display) -> Uuid {
        let mut bytes = Uuid::new_v5(&self.namespace, key.to_string().as_bytes()).into_bytes();
        bytes[0] = 0;
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Makes the event that the source knows by this key, and which occurred at this time.
    ///
    /// # Errors
    /// Returns the errors of [`NewEvent::of`].
    pub fn event<E: Event>(
        &self,
        key: impl std::fmt::Display,
        event: &E,
        occurred_at: impl Into<OccurredAt>,
        metadata: Metadata,
    ) -> Result<NewEvent, EncodeError> {
        let made = NewEvent::of(event, metadata.with_occurred_at(occurred_at))?;
        Ok(NewEvent { id: self.event_id(key), recorded_at: Timestamp::now(), ..made })
    }
}

/// Stores the events of another system: each behind the last of its stream, in this order, on no condition.
///
/// They are stored in chunks, each as one unit; an event whose id is stored already is left out, so an
/// import that has failed is repeated from its start. Whether the rest of the chunk is stored is asked once
/// for all of it. No command is executed, and no state is computed: load the instances afterwards to see
/// that they can be.
///
/// # Errors
/// Returns [`StoreError::EventDiffers`] if an event is stored under its id with another payload, name or
/// time, or on another stream: the source has changed an entry, or uses a key twice. A newer schema
/// version of the event is not compared. Returns the errors of an append otherwise. The chunks before the
/// one that failed are stored.
pub async fn import<S: EventStore + ?Sized>(
    store: &S,
    events: impl IntoIterator<Item = (StreamId, NewEvent), IntoIter: Send>,
) -> Result<Imported, StoreError> {
    let mut imported = Imported::default();
    let mut events = events.into_iter();
    loop {
        let mut bytes = 0;
        let mut chunk = Vec::new();
        while chunk.len() < AppendBatch::MAX_EVENTS && bytes < CHUNK_BYTES {
            let Some((stream, event)) = events.next() else { break };
            bytes += event.payload.len();
            chunk.push((stream, event));
        }
        if chunk.is_empty() {
            return Ok(imported);
        }
        imported.add(store.import_chunk(chunk).await?);
    }
}

/// A chunk ends with the event that reaches this many bytes of payload.
const CHUNK_BYTES: usize = 32 * 1024 * 1024;
