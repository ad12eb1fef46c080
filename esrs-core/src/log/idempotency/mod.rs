//! Idempotency keys, and the fingerprint of the commands that a key stands for.
//!
//! A key without a fingerprint (one of an older release, or of an append that is no command) is accepted
//! for any command: there is nothing to compare.

mod bounds;
mod fingerprint;
mod hash;
mod root;

pub(crate) use bounds::{FingerprintedCommand, KeyText};
pub use fingerprint::{CommandFingerprint, FingerprintError};

use std::sync::Arc;

use crate::event::StreamId;
use crate::value::escaped;

/// The text that identifies a repeated command, such as the request id of a client that retries, and
/// the fingerprint of the command it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey {
    text: Arc<str>,
    fingerprint: Option<CommandFingerprint>,
}

/// An idempotency key was used again for a different command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the idempotency key {key:?} of {stream} was used for another command: expected {expected}, found \
     {found}; nothing was stored, give each command a key of its own",
    stream = escaped(.stream),
    expected = escaped(.expected),
    found = escaped(.found),
)]
pub struct KeyReused {
    /// The stream that the key belongs to.
    pub stream: StreamId,
    /// The text of the key.
    pub key: String,
    /// The command that has the key now.
    pub expected: String,
    /// The command that the key was stored with, and the fields that differ.
    pub found: String,
}

impl IdempotencyKey {
    /// Makes a key of this text: not empty, without control characters, and at most
    /// [`MAX_NAME_LENGTH`](crate::AppendBatch::MAX_NAME_LENGTH) bytes.
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self { text: key.into(), fingerprint: None }
    }

    /// Returns the same key with the fingerprint of the command it stands for.
    #[must_use]
    pub fn for_command(mut self, fingerprint: CommandFingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The fingerprint of the command it stands for.
    pub fn fingerprint(&self) -> Option<&CommandFingerprint> {
        self.fingerprint.as_ref()
    }

    /// Checks that an append that was stored under this key is of the same command; for the author of a
    /// store, which stores [`CommandFingerprint::to_json`] in the same row as the key.
    ///
    /// # Errors
    /// Returns [`KeyReused`] if it is another command.
    pub fn check(&self, stream: &StreamId, stored: Option<&str>) -> Result<(), KeyReused> {
        let (Some(mine), Some(stored)) = (&self.fingerprint, stored) else { return Ok(()) };
        // What a newer release has written in a form of its own cannot be compared.
        let Some(stored) = CommandFingerprint::from_json(stored) else { return Ok(()) };
        let Some((expected, found)) = mine.difference(&stored) else { return Ok(()) };
        Err(KeyReused { stream: stream.clone(), key: self.text.to_string(), expected, found })
    }
}

impl<T: Into<Arc<str>>> From<T> for IdempotencyKey {
    fn from(key: T) -> Self {
        Self::new(key)
    }
}

impl std::fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
