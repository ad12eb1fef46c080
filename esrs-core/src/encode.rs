//! An event on its way into a log.

use jiff::Timestamp;
use uuid::Uuid;

use crate::guard::guarded;
use crate::{Aggregate, Metadata, NewEvent, PayloadError, StoredAs};

/// Why an event is not fit to be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("the event `{event}` could not be written as JSON: {source}")]
    Unwritable { event: &'static str, source: serde_json::Error },
    #[error("the event `{event}` could not be read again, {payload}: {source}")]
    Unreadable { event: &'static str, payload: String, source: PayloadError },
}

/// Writes an event as it is stored, and answers also with the place of its type in
/// [`Aggregate::EVENTS`].
pub(crate) fn encode<A: Aggregate>(
    id: Uuid,
    event: &A::Event,
    recorded_at: Timestamp,
    metadata: Metadata,
) -> Result<(usize, NewEvent), EncodeError> {
    let (place, payload) = A::encode(event);
    let event_type = &A::EVENTS[place];
    let event = event_type.name;
    let payload = payload.map_err(|source| EncodeError::Unwritable { event, source })?;
    Ok((place, NewEvent::encoded(id, event_type, payload, recorded_at, metadata)))
}

/// Writes an event, and reads it again: what is stored once has to be read for ever, and a state is
/// to take what a later load would give it.
pub(crate) fn round_trip<A: Aggregate>(
    id: Uuid,
    event: &A::Event,
    recorded_at: Timestamp,
    metadata: Metadata,
) -> Result<(NewEvent, A::Event), EncodeError> {
    let (place, encoded) = encode::<A>(id, event, recorded_at, metadata)?;
    let stored = StoredAs::version(encoded.version);
    let decoded = guarded(|| A::decode(place, stored, &encoded.payload));
    match decoded.unwrap_or_else(|message| Err(PayloadError::Panicked { message })) {
        Ok(again) => Ok((encoded, again)),
        Err(source) => {
            let (event, payload) = (A::EVENTS[place].name, encoded.payload);
            Err(EncodeError::Unreadable { event, payload, source })
        }
    }
}
