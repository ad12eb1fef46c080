//! Events of an aggregate before they are stored.

use jiff::Timestamp;
use uuid::Uuid;

use super::aggregate::Aggregate;
use crate::event::{EncodeError, Metadata, there_and_back};
use crate::log::NewEvent;
use crate::schema::Formats;

/// Writes an event as it is stored, and answers also with the place of its type in
/// [`Aggregate::EVENTS`]. It is not checked: that is [`round_trip`].
pub(crate) fn encode<A: Aggregate>(
    id: Uuid,
    event: &A::Event,
    recorded_at: Timestamp,
    metadata: Metadata,
) -> Result<(usize, NewEvent), EncodeError> {
    let (place, payload) = A::encode(event);
    let event_type = &A::EVENTS[place];
    let event = event_type.name;
    let payload =
        payload.map_err(|source| EncodeError::Unwritable { event, source: source.into() })?;
    Ok((place, NewEvent::encoded(id, event_type, payload, recorded_at, metadata)))
}

/// Writes an event, and reads it again: what is stored once has to be read for ever as what it was, and a
/// state takes what a later load would give it.
pub(crate) fn round_trip<A: Aggregate>(
    id: Uuid,
    event: &A::Event,
    recorded_at: Timestamp,
    metadata: Metadata,
) -> Result<(NewEvent, A::Event), EncodeError> {
    let (place, payload, again) = there_and_back(event, A::EVENTS, A::encode_into, A::decode)?;
    let event_type = &A::EVENTS[place];
    // Of most aggregates it is known at compile time that there is nothing to check.
    if const { Formats::of_events(A::EVENTS).are_any() } {
        let checked = Formats::of(event_type.shape).check();
        checked.map_err(|source| EncodeError::Format { event: event_type.name, source })?;
    }
    Ok((NewEvent::encoded(id, event_type, payload, recorded_at, metadata), again))
}
