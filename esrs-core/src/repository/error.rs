//! Errors of commands and loads.

use super::Executed;
use crate::aggregate::ReplayError;
use crate::event::{BlankActor, EncodeError, InvalidStreamId, PayloadError, StreamId, why};
use crate::log::{AsOf, Conflict, StoreError};
use crate::log::{FingerprintError, KeyReused};
use crate::schema::FormatMismatch;
use crate::value::ChangedValue;
use crate::value::{JsonError, escaped};

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
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The name of a stream holds no id of the aggregate, as its type writes it.
    #[error("{stream} is not the stream of an instance: {reason}", stream = escaped(.stream), reason = escaped(.reason))]
    NotAnInstance {
        /// The stream.
        stream: StreamId,
        /// The message of the id's `FromStr`, or how the id would be written.
        reason: String,
    },
    /// The moment that was asked for names an event that is not there.
    #[error(
        "{stream} was asked for as of {as_of}, and has come to version {version} only",
        stream = escaped(.stream),
    )]
    NotThere {
        /// The stream.
        stream: StreamId,
        /// The moment.
        as_of: AsOf,
        /// The number of its events.
        version: u64,
    },
    /// The state before the first event could not be made.
    #[error(
        "{stream} could not be loaded: the `Default` of its aggregate panicked: {message}",
        stream = escaped(.stream),
        message = escaped(.message),
    )]
    Initial {
        /// The stream.
        stream: StreamId,
        /// The message of the panic.
        message: String,
    },
    /// A state of a history could not be cloned.
    #[error(
        "the state of {stream} at version {version} could not be cloned: its `Clone` panicked: {message}",
        stream = escaped(.stream),
        message = escaped(.message),
    )]
    ClonePanicked {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The message of the panic.
        message: String,
    },
    /// A state could not be written as JSON, to be compared with another.
    #[error(
        "the state of {stream} at version {version} could not be written as JSON: {source}",
        stream = escaped(.stream),
    )]
    State {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The error of its `Serialize`.
        source: JsonError,
    },
}

/// Why a snapshot was not written. Nothing is lost with it: a load folds the events.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The repository was not asked to keep snapshots.
    #[error("this repository stores no snapshots; set a policy: `with_snapshots(…)`")]
    NoPolicy,
    /// The instance could not be loaded, or the store failed.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// The state could not be written as JSON.
    #[error(
        "the state of {stream} at version {version} was not stored, because it cannot be written as \
         JSON: {source}",
        stream = escaped(.stream),
    )]
    Unwritable {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The error of its `Serialize`.
        source: JsonError,
    },
    /// The state could not be read from the JSON it was written as.
    #[error(
        "the state of {stream} at version {version} was not stored, because it cannot be read from \
         the JSON that it is written as: {source}",
        stream = escaped(.stream),
    )]
    Unreadable {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The error of its `Deserialize`.
        source: JsonError,
    },
    /// The state holds a type of a foreign crate that this program writes otherwise than its shape says.
    #[error(
        "the state of {stream} at version {version} was not stored, because this program cannot: {source}",
        stream = escaped(.stream),
    )]
    Format {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The format, and what this program writes.
        source: FormatMismatch,
    },
    /// Comparing the state with itself panicked.
    #[error(
        "the state of {stream} at version {version} was not stored, because its `PartialEq` panicked: \
         {message}",
        stream = escaped(.stream),
        message = escaped(.message),
    )]
    Uncomparable {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The message of the panic.
        message: String,
    },
    /// Written as JSON and read again, it was another state.
    #[error(
        "the state of {stream} at version {version} was not stored, because written as JSON and read \
         again it is not equal to itself; look for a field that serde skips or writes inexactly \
         (`#[serde(skip)]`, a function of `with`), or that is no part of what `PartialEq` should compare",
        stream = escaped(.stream),
    )]
    Different {
        /// The stream.
        stream: StreamId,
        /// The version of the state.
        version: u64,
    },
}

/// The error of a command.
///
/// The call stored no event, with three exceptions: the events are stored in
/// [`NotSeen`](Self::NotSeen) and [`NotReturned`](Self::NotReturned), and it is not known whether they are in
/// [`Store`](Self::Store) with [`StoreError::Unknown`]. An earlier call with the same idempotency key may have
/// stored them; repeating a call with its key is safe.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecuteError<E> {
    /// The aggregate rejected it, in the words of the domain.
    #[error("the command was rejected: {0}")]
    Rejected(E),
    /// Other writers were faster, each time that it was tried.
    #[error("another writer appended first in each of {attempts} attempts: {conflict}; try again")]
    Conflict {
        /// The number of attempts.
        attempts: u32,
        /// The last conflict.
        #[source]
        conflict: Conflict,
    },
    /// The instance is not at the version that the command
    /// [expects](super::Execute::expected_version).
    #[error(
        "expected version {expected} of {stream}, found {found}; load it and decide again",
        stream = escaped(.stream),
    )]
    WrongExpectedVersion {
        /// The stream.
        stream: StreamId,
        /// The version that the command expects.
        expected: u64,
        /// The version that the stream is at.
        found: u64,
    },
    /// The instance could not be loaded for the decision, or its id cannot be part of a stream's name.
    #[error("{0}")]
    Load(#[from] LoadError),
    /// An event could not be written as JSON.
    #[error(
        "the event `{event}` for {stream} could not be written as JSON: {source}",
        stream = escaped(.stream),
    )]
    Encode {
        /// The stream it was meant for.
        stream: StreamId,
        /// Its stored name.
        event: &'static str,
        /// The error of its `Serialize`.
        source: JsonError,
    },
    /// An event could not be read again from the JSON that it was written as, so that it would have
    /// been stored for nobody.
    #[error(
        "the event `{event}` for {stream} was not stored, because it could not be read again: {}",
        why(.unheld.as_deref(), source), stream = escaped(.stream))]
    Unreadable {
        /// The stream it was meant for.
        stream: StreamId,
        /// Its stored name.
        event: &'static str,
        /// The error of its `Deserialize`.
        source: PayloadError,
        /// The value in it that JSON cannot hold, such as NaN, if there is one.
        unheld: Option<Box<ChangedValue>>,
    },
    /// An event holds a type of a foreign crate that this program writes otherwise than the log has it,
    /// because a feature of that crate is switched on.
    #[error("the event `{event}` for {stream} was not stored: {source}", stream = escaped(.stream))]
    Format {
        /// The stream it was meant for.
        stream: StreamId,
        /// Its stored name.
        event: &'static str,
        /// The format, and what this program writes.
        source: FormatMismatch,
    },
    /// An event would be read as another one than the command decided, such as one with NaN in an
    /// `Option`, which JSON cannot hold.
    #[error(
        "the event `{event}` for {stream} was not stored, because it would be read differently: {source}",
        stream = escaped(.stream),
    )]
    Changed {
        /// The stream it was meant for.
        stream: StreamId,
        /// Its stored name.
        event: &'static str,
        /// The value in it that would be another.
        source: ChangedValue,
    },
    /// An event that the command decided was refused, because its own `Apply` panicked. Nothing is
    /// stored, and the next command works on a state that is loaded again.
    #[error(
        "the event `{event}` was not stored as version {version} of {stream}: its `Apply` panicked: \
         {message}; reject the command in `Handle`, or let `Apply` take the event",
        event = escaped(.event),
        stream = escaped(.stream),
        message = escaped(.message),
    )]
    ApplyPanicked {
        /// The stream it was meant for.
        stream: StreamId,
        /// The version that it would have.
        version: u64,
        /// Its stored name.
        event: String,
        /// The message of the panic.
        message: String,
    },
    /// The state for the answer of a command with [`returning`](super::Execute::returning) could not be
    /// cloned. Nothing is stored; without `returning` the command needs no clone.
    #[error(
        "nothing was stored for {stream}: the state at version {version} could not be cloned for `returning`: \
         its `Clone` panicked: {message}",
        stream = escaped(.stream),
        message = escaped(.message),
    )]
    ClonePanicked {
        /// The stream of the instance.
        stream: StreamId,
        /// The version of the state.
        version: u64,
        /// The message of the panic.
        message: String,
    },
    /// Two commands of one unit are for one instance: neither knows what the
    /// other decides.
    #[error(
        "two commands of one unit are for {stream}, and neither could know what the other decides; \
         make one command of them",
        stream = escaped(.stream),
    )]
    SameInstance {
        /// The stream of the instance.
        stream: StreamId,
    },
    /// Two commands of one unit belong to repositories of different stores.
    #[error(
        "{stream} is stored in another store than the first command's instance, so they cannot be \
         stored as one unit; make both repositories from clones of one store",
        stream = escaped(.stream),
    )]
    DifferentStores {
        /// The stream of the later command.
        stream: StreamId,
    },
    /// An idempotency key was given to another command of a unit than its first, where it would
    /// tell nothing from a repetition.
    #[error(
        "the idempotency key of a unit is that of its first command, and the one for {stream} is a \
         later one; write `.idempotency_key(…)` on the first, before `.and(…)`",
        stream = escaped(.stream),
    )]
    KeyNotOnFirst {
        /// The stream of the later command.
        stream: StreamId,
    },
    /// The idempotency key was used for a different command. Neither is executed now.
    #[error(transparent)]
    KeyReused(Box<KeyReused>),
    /// A command with an idempotency key could not be serialized, so that nothing would tell it from
    /// another command with the same key.
    #[error(
        "the command for {stream} has an idempotency key, and could not be serialized: {source}",
        stream = escaped(.stream),
    )]
    Fingerprint {
        /// The stream it was meant for.
        stream: StreamId,
        /// The error of its `Serialize`.
        source: FingerprintError,
    },
    /// The actor of the command is a text of nothing but blanks, which names nobody.
    #[error("{stream}: {source}", stream = escaped(.stream))]
    BlankActor {
        /// The stream it was meant for.
        stream: StreamId,
        /// The actor that was given.
        source: BlankActor,
    },
    /// The command was executed, and its events are stored; the read model that was waited for has not
    /// taken them yet.
    #[error(
        "the command was committed, {} is at version {}, but the read model did not catch up: {source}",
        escaped(executed.stream()),
        executed.version()
    )]
    NotSeen {
        /// The result of the command.
        executed: Box<Executed>,
        /// The reason why the wait ended.
        source: StoreError,
    },
    /// The command was executed, and its events are stored; the events and the state for the answer of a
    /// command with [`returning`](super::Execute::returning) could not be read. It occurs for repetitions by
    /// an idempotency key only, which read what the first execution has stored.
    #[error(
        "the command was committed, {} is at version {}, but its events could not be read again: {source}",
        escaped(executed.stream()),
        executed.version()
    )]
    NotReturned {
        /// The result of the command.
        executed: Box<Executed>,
        /// The reason why the events or the state could not be read.
        source: LoadError,
    },
    /// The store could not append the events, or could not look for the idempotency key.
    // Not transparent: the sources tell a Runner that a store was out of reach.
    #[error("{0}")]
    Store(#[source] StoreError),
}

impl<E> From<StoreError> for ExecuteError<E> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused(reused) => Self::KeyReused(reused),
            error => Self::Store(error),
        }
    }
}

impl<E> ExecuteError<E> {
    /// The aggregate's own error, if the command was rejected.
    pub fn rejection(&self) -> Option<&E> {
        match self {
            Self::Rejected(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn not_stored(stream: StreamId, error: EncodeError) -> Self {
        match error {
            EncodeError::Unwritable { event, source } => Self::Encode { stream, event, source },
            // The payload may be confidential, and errors are logged.
            EncodeError::Unreadable { event, source, unheld, .. } => {
                Self::Unreadable { stream, event, source, unheld }
            }
            EncodeError::Format { event, source } => Self::Format { stream, event, source },
            EncodeError::Changed { event, source } => Self::Changed { stream, event, source },
        }
    }

    /// The same error, when a rejection is one of several commands.
    pub(super) fn map<F>(self, rejection: impl FnOnce(E) -> F) -> ExecuteError<F> {
        match self {
            Self::Rejected(error) => ExecuteError::Rejected(rejection(error)),
            Self::Conflict { attempts, conflict } => ExecuteError::Conflict { attempts, conflict },
            Self::WrongExpectedVersion { stream, expected, found } => {
                ExecuteError::WrongExpectedVersion { stream, expected, found }
            }
            Self::Load(error) => ExecuteError::Load(error),
            Self::Encode { stream, event, source } => {
                ExecuteError::Encode { stream, event, source }
            }
            Self::Unreadable { stream, event, source, unheld } => {
                ExecuteError::Unreadable { stream, event, source, unheld }
            }
            Self::Format { stream, event, source } => {
                ExecuteError::Format { stream, event, source }
            }
            Self::Changed { stream, event, source } => {
                ExecuteError::Changed { stream, event, source }
            }
            Self::ApplyPanicked { stream, version, event, message } => {
                ExecuteError::ApplyPanicked { stream, version, event, message }
            }
            Self::SameInstance { stream } => ExecuteError::SameInstance { stream },
            Self::DifferentStores { stream } => ExecuteError::DifferentStores { stream },
            Self::KeyNotOnFirst { stream } => ExecuteError::KeyNotOnFirst { stream },
            Self::KeyReused(reused) => ExecuteError::KeyReused(reused),
            Self::Fingerprint { stream, source } => ExecuteError::Fingerprint { stream, source },
            Self::BlankActor { stream, source } => ExecuteError::BlankActor { stream, source },
            Self::ClonePanicked { stream, version, message } => {
                ExecuteError::ClonePanicked { stream, version, message }
            }
            Self::NotSeen { executed, source } => ExecuteError::NotSeen { executed, source },
            Self::NotReturned { executed, source } => {
                ExecuteError::NotReturned { executed, source }
            }
            Self::Store(error) => ExecuteError::Store(error),
        }
    }
}
