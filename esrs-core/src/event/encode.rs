//! Events before they are stored.

use std::fmt;

use super::event::{Event, PayloadError};
use crate::schema::{EventType, FormatMismatch, Formats, StoredAs};
use crate::value::{ChangedValue, Encoder, changed};
use crate::value::{JsonError, guarded};

/// An event that cannot be stored, because no read would return it as it is.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The event cannot be written as JSON.
    #[error("the event `{event}` could not be written as JSON: {source}")]
    Unwritable {
        /// Its stored name.
        event: &'static str,
        /// The error of its `Serialize`.
        source: JsonError,
    },
    /// The event cannot be read from the JSON that it is written as.
    #[error("the event `{event}` could not be read again: {}", why(.unheld.as_deref(), source))]
    Unreadable {
        /// Its stored name.
        event: &'static str,
        /// The value in it that JSON cannot hold, such as NaN, if there is one.
        unheld: Option<Box<ChangedValue>>,
        /// The JSON. It may be confidential, so neither the message nor `Debug` contains it.
        payload: String,
        /// The error of its `Deserialize`.
        source: PayloadError,
    },
    /// The event holds a type of a foreign crate that this program writes otherwise than the log has it.
    #[error("the event `{event}` cannot be stored by this program: {source}")]
    Format {
        /// Its stored name.
        event: &'static str,
        /// The format, and what this program writes.
        source: FormatMismatch,
    },
    /// The event would be read as another one than it is.
    #[error("the event `{event}` would be read differently: {source}")]
    Changed {
        /// Its stored name.
        event: &'static str,
        /// The value in it that would be another.
        source: ChangedValue,
    },
}

/// Without the payload.
impl fmt::Debug for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut about = |name, event: &str, source: &dyn fmt::Debug| {
            f.debug_struct(name).field("event", &event).field("source", source).finish()
        };
        match self {
            Self::Unwritable { event, source } => about("Unwritable", event, source),
            Self::Unreadable { event, unheld: None, source, .. } => {
                about("Unreadable", event, source)
            }
            Self::Unreadable { event, unheld: Some(source), .. } => {
                about("Unreadable", event, source)
            }
            Self::Format { event, source } => about("Format", event, source),
            Self::Changed { event, source } => about("Changed", event, source),
        }
    }
}

/// Why an event cannot be read: the value that JSON cannot hold, or what its `Deserialize` said.
pub(crate) fn why<'a>(
    unheld: Option<&'a ChangedValue>,
    source: &'a PayloadError,
) -> &'a dyn fmt::Display {
    match unheld {
        Some(unheld) => unheld,
        None => source,
    }
}

/// The payload of an event that is read again as it is.
pub(crate) fn payload_of<E: Event>(event: &E) -> Result<String, EncodeError> {
    let write = |event: &E, encoder: &mut Encoder| (0, encoder.write(event));
    let read = |_, stored: StoredAs, payload: &str| stored.decode(payload);
    let (_, payload, _) = there_and_back(event, &[EventType::of::<E>()], write, read)?;
    let checked = const { Formats::of(E::SHAPE) }.check();
    checked.map_err(|source| EncodeError::Format { event: E::NAME, source })?;
    Ok(payload)
}

/// Writes an event of one of several types, reads it again, and compares the two. Answers with the place of
/// its type, its payload, and what was read.
pub(crate) fn there_and_back<T>(
    event: &T,
    types: &[EventType],
    write: impl Fn(&T, &mut Encoder) -> (usize, Result<(), serde_json::Error>),
    read: impl FnOnce(usize, StoredAs, &str) -> Result<T, PayloadError>,
) -> Result<(usize, String, T), EncodeError> {
    let mut written = Encoder::json_and_trace();
    let (place, done) = write(event, &mut written);
    let EventType { name, version, .. } = types[place];
    let unwritable =
        |source: serde_json::Error| EncodeError::Unwritable { event: name, source: source.into() };
    done.map_err(unwritable)?;
    let tree = |event: &T| {
        let mut tree = Encoder::tree();
        write(event, &mut tree).1.ok().map(|()| tree)
    };
    let decoded = guarded(|| read(place, StoredAs::version(version), written.payload()));
    let again = match decoded.unwrap_or_else(|message| Err(PayloadError::Panicked { message })) {
        Ok(again) => again,
        Err(source) => {
            return Err(EncodeError::Unreadable {
                event: name,
                unheld: tree(event).and_then(|tree| tree.unheld()).map(Box::new),
                payload: written.into_json(),
                source,
            });
        }
    };
    let mut trace = Encoder::trace();
    write(&again, &mut trace).1.map_err(unwritable)?;
    if written.is_same(&trace) {
        return Ok((place, written.into_json(), again));
    }
    let source = changed(tree(event), tree(&again));
    Err(EncodeError::Changed { event: name, source })
}
