//! Events, and the steps from an older version of one to the next.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Fingerprint, Schema, Shape, ShapeVersion, ShapeVersions};

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
}

/// What [`Events`](crate::Events) can be made from: an event, an aggregate's event enum, or a
/// collection of them. It has no type parameter, which keeps `.into()` free of ambiguity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become events",
    label = "neither an event nor a collection of events",
    note = "give an event of this aggregate, its event enum, or a tuple, array, `Vec` or `Option` of them"
)]
pub trait Emit {}

/// The step from one version of an event to the next, when every old payload has a new one.
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
    label = "`{Self}` cannot be made from this version",
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
    Json(#[from] serde_json::Error),
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
    /// A [`TryUpcast`] refused the payload.
    #[error("the payload could not be brought from version {from} to {}: {source}", .from + 1)]
    Upcast {
        /// The version the step started from.
        from: u32,
        /// What the step said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A handler was asked for an event type that it does not have; a defect in esrs itself.
    #[error("there is no decoder number {0}")]
    NoSuchDecoder(usize),
}

/// What is known of one event type at compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The name it is stored under.
    pub name: &'static str,
    /// The newest version of its shape.
    pub version: u32,
    /// Names it was stored under before.
    pub aliases: &'static [&'static str],
    /// The shape of the newest version.
    pub shape: &'static Shape,
    /// The fingerprint of that shape.
    pub fingerprint: Fingerprint,
}

impl EventType {
    /// What is known of `E`.
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            aliases: E::ALIASES,
            shape: E::SHAPE,
            fingerprint: E::FINGERPRINT,
        }
    }

    /// Whether events of this type are stored, or were once stored, under `name`.
    pub fn is_stored_as(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}
