//! Events, and the steps from an older version of one to the next.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::parts::PartTypes;
use crate::schema::lock::Locks;
use crate::schema::{EventType, Schema, ShapeVersion, ShapeVersions, Step, StoredAs};
use crate::value::{JsonError, escaped};

/// Something that happened, under a name and a version that are stored with it.
///
/// Derive it: `#[derive(Event)]` with `#[event("money_deposited", version = 2)]`.
/// The stored name never follows a Rust rename, and the derive ties every version to the one before
/// it, so that [`decode`](Event::decode) reads whatever was ever stored.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event, Serialize, Deserialize)]` and `#[event(\"a_name_in_the_past_tense\")]` to `{Self}`"
)]
pub trait Event: Emit + Schema + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name it is stored under.
    const NAME: &'static str;
    /// The version of its shape, from 1.
    const VERSION: u32;
    /// Names it was stored under before it was renamed.
    const ALIASES: &'static [&'static str];
    /// The events that are emitted no more and became this one.
    const MERGES: &'static [EventType] = &[];
    /// Their names, which are known also of events that merge each other.
    #[doc(hidden)]
    const MERGED_NAMES: &'static [&'static str] = &[];
    /// The highest version that is locked under its name; 0 when none is.
    #[doc(hidden)]
    const LOCKED_UP_TO: u32 = 0;

    /// The target that it is declared in; 0 for one that has no place for locks.
    #[doc(hidden)]
    const HOME: u64 = 0;
    /// The locks of it and of those that it merges, for the test that reads it.
    #[doc(hidden)]
    const LOCKS: &'static Locks = &Locks::NONE;
    /// Its newest shape, which leads to all those before it. The derive fills it in; an impl by hand
    /// that leaves it out tells of the newest alone.
    const HISTORY: &'static ShapeVersion = &ShapeVersion::newest::<Self>();

    /// Every version of its shape that this program reads, from the newest to the oldest.
    fn history() -> ShapeVersions {
        ShapeVersions(Some(Self::HISTORY))
    }

    /// Reads a payload that was stored as `version` of this event, and brings it up to date.
    ///
    /// A payload of the current version is read straight from its text. An older one is read into
    /// the struct of its own version, and taken from there to here: as the fields declare it, or
    /// through each [`Upcast`].
    ///
    /// # Errors
    /// [`PayloadError`] when the version is not known, the text is not that version's JSON, or a
    /// fallible upcaster refused it.
    fn decode(version: u32, payload: &str) -> Result<Self, PayloadError>;

    /// Reads a payload that was stored as an event that this one [merges](Event::MERGES): through
    /// that event's own chain of versions, and then the step from it to this one.
    ///
    /// # Errors
    /// Those of [`decode`](Event::decode), of that event, and of the step.
    #[doc(hidden)]
    fn decode_merged(stored: StoredAs, _: &str) -> Result<Self, PayloadError> {
        Err(stored.unknown())
    }
}

/// A value that [`Events`](crate::Events) can be made from: an event, an aggregate's event enum, or a
/// collection of them. It has no type parameter, which keeps `.into()` free of ambiguity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become events",
    label = "neither an event nor a collection of events",
    note = "give an event of this aggregate, its event enum, or a tuple, array, `Vec` or `Option` of them"
)]
pub trait Emit {
    /// The events that these are, as far as the type tells.
    #[doc(hidden)]
    const PARTS: &'static PartTypes = &PartTypes::Untold;
}

/// The step from one version of an event to the next, when every old payload has a new one; also the
/// step to an event from each that it merges.
///
/// ```
/// use esrs_core::Upcast;
///
/// struct MoneyWithdrawnV1 { cents: i64 }
/// struct MoneyWithdrawn { cents: i64, reason: Option<String> }
///
/// impl Upcast<MoneyWithdrawnV1> for MoneyWithdrawn {
///     fn upcast(old: MoneyWithdrawnV1) -> Self {
///         Self { cents: old.cents, reason: None }
///     }
/// }
/// assert_eq!(MoneyWithdrawn::upcast(MoneyWithdrawnV1 { cents: 5 }).cents, 5);
/// ```
pub trait Upcast<Previous>: Sized {
    /// Says in the new shape what `old` said in its own.
    fn upcast(old: Previous) -> Self;
}

/// The step from one version of an event to the next, when an old payload may be beyond repair.
///
/// Every [`Upcast`] is one that never fails.
#[diagnostic::on_unimplemented(
    message = "there is no step from `{Previous}` to `{Self}`",
    label = "`{Self}` has no `Upcast<{Previous}>`",
    note = "write `impl Upcast<{Previous}> for {Self} {{ fn upcast(old: {Previous}) -> Self {{ … }} }}`",
    note = "or `impl TryUpcast<{Previous}> for {Self}`, when an old payload may be beyond repair"
)]
pub trait TryUpcast<Previous>: Sized {
    /// Why an old payload cannot be said in the new shape.
    type Error: Into<Box<dyn std::error::Error + Send + Sync>>;

    /// Says in the new shape what `old` said in its own.
    ///
    /// # Errors
    /// When it cannot be said.
    fn try_upcast(old: Previous) -> Result<Self, Self::Error>;
}

#[diagnostic::do_not_recommend]
impl<Previous, T: Upcast<Previous>> TryUpcast<Previous> for T {
    type Error = std::convert::Infallible;

    fn try_upcast(old: Previous) -> Result<Self, Self::Error> {
        Ok(T::upcast(old))
    }
}

/// Why a payload could not be read, apart from where it stands.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The text is not the JSON of its version.
    #[error(
        "the payload does not have the shape of its version: {0}; if the struct was changed, keep the \
         old one as the version before, and raise `version`"
    )]
    Json(#[source] JsonError),
    /// The payload was written by a newer program.
    #[error("version {version} is newer than version {newest}, the newest that this program knows")]
    NewerVersion {
        /// The stored version.
        version: u32,
        /// The newest version this program knows.
        newest: u32,
    },
    /// No version of this number was ever declared.
    #[error("there is no version {version}: the oldest that this program knows is {oldest}")]
    NoSuchVersion {
        /// The stored version.
        version: u32,
        /// The oldest version this program knows.
        oldest: u32,
    },
    /// A [`TryUpcast`], or a function that a field declares by `try_with`, refused the payload.
    #[error(
        "the payload could not be converted from version {from} to {}: {source}",
        .from + 1,
        source = escaped(.source),
    )]
    Upcast {
        /// The version the step started from.
        from: u32,
        /// The error of the step.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A [`TryUpcast`] from an event that another merges refused the payload.
    #[error(transparent)]
    Merge(#[from] Box<MergeError>),
    /// A part of an event that was split could not be handed on.
    #[error("its part `{part}` could not be written as JSON: {source}")]
    Part {
        /// The stored name of the part.
        part: &'static str,
        /// The error of its `Serialize`.
        source: JsonError,
    },
    /// The code that reads the payload panicked.
    #[error("its `Upcast` or `Deserialize` panicked: {message}", message = escaped(.message))]
    Panicked {
        /// The message of the panic.
        message: String,
    },
    /// A handler was asked for an event type that it does not have; a defect in esrs itself.
    #[error("there is no decoder number {0}")]
    NoSuchDecoder(usize),
}

impl From<serde_json::Error> for PayloadError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error.into())
    }
}

/// An error: what was stored as an event that another [merges](Event::MERGES) could not be made that one.
#[derive(Debug, thiserror::Error)]
#[error("the `{from}` could not be converted to a `{to}`: {source}", source = escaped(.source))]
#[non_exhaustive]
pub struct MergeError {
    /// The stored name of the event that is no longer emitted.
    pub from: &'static str,
    /// The stored name of the event that it became.
    pub to: &'static str,
    /// The error of the step.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The function of a field that was `retyped(…, try_with = …)` refused what an older payload has there.
#[derive(Debug, thiserror::Error)]
#[error("its field `{field}`: {source}", source = escaped(.source))]
#[non_exhaustive]
pub struct RetypeError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// The error of the function.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl EventType {
    /// Returns what is known of `E`.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            aliases: E::ALIASES,
            merges: E::MERGES,
            shape: E::SHAPE,
            fingerprint: E::FINGERPRINT,
            locked_up_to: E::LOCKED_UP_TO,
            home: E::HOME,
        }
    }
}

impl StoredAs {
    /// Reads the payload, as an `E`.
    #[inline]
    pub(crate) fn decode<E: Event>(self, payload: &str) -> Result<E, PayloadError> {
        // Of an event that merges none, which is known at compile time, nothing is asked here.
        if E::MERGES.is_empty() || self.merged == 0 {
            E::decode(self.version, payload)
        } else {
            E::decode_merged(self, payload)
        }
    }

    /// It leads to no type.
    #[cold]
    pub(crate) fn unknown(self) -> PayloadError {
        PayloadError::NoSuchDecoder(self.merged as usize)
    }
}

impl ShapeVersion {
    /// The newest version of `E`, when nothing is known of those before it.
    pub const fn newest<E: Event>() -> Self {
        Self::of::<E>(Step::First, 0, None)
    }

    pub(crate) const fn of<E: Event>(
        step: Step,
        code: u64,
        previous: Option<&'static ShapeVersion>,
    ) -> Self {
        let newest = Self::new(E::VERSION, E::SHAPE, E::FINGERPRINT, step, code, previous);
        newest.declared_as_a_whole(E::DECLARED)
    }
}
