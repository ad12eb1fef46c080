//! Events that a newer program has stored.

use esrs_core::PayloadError;
use esrs_core::projection::{ProjectionError, RowError};

use crate::status::State;

/// An event whose schema version is newer than this program knows.
#[derive(Debug)]
pub(crate) struct Newer {
    pub(crate) schema_version: u32,
    pub(crate) known: u32,
}

impl Newer {
    /// If a projection could not take an event for this reason.
    pub(crate) fn of(error: &ProjectionError) -> Option<Self> {
        match &*error.reason {
            RowError::Payload(PayloadError::NewerVersion { version, newest }) => {
                Some(Self { schema_version: *version, known: *newest })
            }
            _ => None,
        }
    }

    /// Returns true if a stream was parked for this reason, by an esrs that did not hand over its lease yet.
    pub(crate) fn is_reason(reason: &str) -> bool {
        // The words of `PayloadError::NewerVersion`, between its numbers.
        reason.starts_with("version ") && reason.contains(" is newer than version ")
    }
}

/// The state of a subscription that met such an event.
pub(crate) fn state(error: &ProjectionError, newer: &Newer) -> State {
    State::Outdated {
        event: error.event.clone(),
        schema_version: newer.schema_version,
        known: newer.known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_of_a_newer_version_is_recognized_by_its_words() {
        let newer = PayloadError::NewerVersion { version: 3, newest: 2 };
        assert!(Newer::is_reason(&newer.to_string()));
        let older = PayloadError::NoSuchVersion { version: 1, oldest: 2 };
        assert!(!Newer::is_reason(&older.to_string()));
    }
}
