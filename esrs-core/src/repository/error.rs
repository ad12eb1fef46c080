//! Why a command or a load came to nothing.

use crate::{Conflict, InvalidStreamId, ReplayError, StoreError};

/// Why an instance could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The id cannot be part of a stream's name.
    #[error(transparent)]
    Id(#[from] InvalidStreamId),
    /// A stored event could not be folded.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a command came to nothing. No event of it was stored, but for
/// [`StoreError::Unknown`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate rejected it, in the words of the domain.
    #[error("the command was rejected: {0}")]
    Rejected(E),
    /// Other writers were faster, each time that it was tried.
    #[error("another writer was faster, {attempts} times in a row: {conflict}; try again")]
    Conflict {
        /// How often it was tried.
        attempts: u32,
        /// The last conflict.
        #[source]
        conflict: Conflict,
    },
    /// The instance could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// An event could not be written as JSON.
    #[error("the event `{event}` for {stream} could not be written as JSON: {source}")]
    Encode {
        /// The stream it was meant for.
        stream: crate::StreamId,
        /// Its stored name.
        event: &'static str,
        /// What its `Serialize` said.
        source: serde_json::Error,
    },
    /// The store could not append the events.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<E> ExecuteError<E> {
    /// The aggregate's own error, if the command was rejected.
    pub fn rejection(&self) -> Option<&E> {
        match self {
            Self::Rejected(error) => Some(error),
            _ => None,
        }
    }
}
