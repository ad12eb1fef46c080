//! Where an event stands: its stream, and its place in the order of all events.

use crate::value::{escaped, quoted};
use std::fmt;
use std::sync::Arc;

/// The name of a stream: the aggregate's name and the instance's id, joined by a hyphen.
///
/// Cheap to clone. The category holds no hyphen, so both halves can be told apart again.
///
/// ```
/// use esrs_core::StreamId;
///
/// let stream = StreamId::new("bank_account", "NL-18").unwrap();
/// assert_eq!(stream.as_str(), "bank_account-NL-18");
/// assert_eq!(stream.category(), "bank_account");
/// assert_eq!(stream.id(), "NL-18");
/// assert_eq!("bank_account-NL-18".parse(), Ok(stream));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    name: Arc<str>,
    category_length: u16,
}

/// A text that cannot name a stream.
///
/// Of a long name, the message and `Debug` show the beginning.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} cannot name a stream: {reason}", quoted(.name))]
pub struct InvalidStreamId {
    /// The whole name that was asked for.
    pub name: String,
    /// The fault.
    pub reason: &'static str,
}

impl fmt::Debug for InvalidStreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidStreamId")
            .field("name", &quoted(&self.name))
            .field("reason", &self.reason)
            .finish()
    }
}

impl StreamId {
    /// The longest name of a stream, in bytes.
    pub const MAX_LENGTH: usize = 512;

    /// The stream of one instance of an aggregate.
    ///
    /// # Errors
    /// [`InvalidStreamId`] when either half is empty, the category holds a hyphen, there is a
    /// control character in it, or the whole is longer than [`MAX_LENGTH`](Self::MAX_LENGTH).
    pub fn new(category: &str, id: impl fmt::Display) -> Result<Self, InvalidStreamId> {
        let name = format!("{category}-{id}");
        let reason = if category.is_empty() || category.contains('-') {
            "the category is empty or has a hyphen in it"
        } else if name.len() == category.len() + 1 {
            "the id is empty"
        } else if name.chars().any(char::is_control) {
            "there is a control character in it"
        } else if name.len() > Self::MAX_LENGTH {
            "it is longer than 512 bytes"
        } else {
            return Ok(Self { name: name.into(), category_length: category.len() as u16 });
        };
        Err(InvalidStreamId { name, reason })
    }

    /// The whole name, shared.
    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The aggregate's name.
    pub fn category(&self) -> &str {
        &self.name[..usize::from(self.category_length)]
    }

    /// The instance's id, as its `Display` wrote it.
    pub fn id(&self) -> &str {
        &self.name[usize::from(self.category_length) + 1..]
    }
}

impl std::str::FromStr for StreamId {
    type Err = InvalidStreamId;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name.split_once('-') {
            Some((category, id)) => Self::new(category, id),
            None => Err(InvalidStreamId {
                name: name.to_owned(),
                reason: "there is no hyphen between a category and an id",
            }),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamId({})", escaped(&self.name))
    }
}

/// A place in the order of all events of a store; the first event is at 1.
///
/// It is a type of its own so that a version, which counts within one stream, cannot be followed as
/// if it counted them all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The place of this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_bound_and_an_error_quotes_its_beginning() {
        let id = "é".repeat((StreamId::MAX_LENGTH - "thing-".len()) / 2);
        let longest = StreamId::new("thing", &id).expect("it is within the bound");
        assert_eq!(longest.as_str().len(), StreamId::MAX_LENGTH);
        for id in [format!("{id}x"), "x".repeat(1 << 20)] {
            let error = StreamId::new("thing", id).expect_err("it is too long");
            assert_eq!(error.reason, "it is longer than 512 bytes");
            for said in [error.to_string(), format!("{error:?}")] {
                assert!(said.contains("thing-") && said.len() < 700, "{said}");
            }
        }
    }
}
