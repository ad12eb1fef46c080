//! The bounds that a derive puts on events and on the values in them, each by one trait with a message of its
//! own: a bound that does not hold is reported once, in terms of the domain.

use std::error::Error;

use serde::de::DeserializeOwned;

use super::event::{Event, PayloadError};
use crate::schema::lock::Locks;
use crate::schema::{EventType, PastVersion, Schema, ShapeVersion, StoredAs};
use crate::value::Encoder;

/// The demand of the derives on an event that is listed: [`Event`], through one trait, so that another
/// type is reported once, however often it is named.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(Event, Serialize, Deserialize)]` and `#[event(\"a_name_in_the_past_tense\")]` to `{Self}`"
)]
pub trait KnownEvent: Sized {
    /// The name it is stored under.
    const NAME: &'static str;
    /// The names of those that it merges.
    const MERGED_NAMES: &'static [&'static str];
    /// The facts about it that are known at compile time.
    const TYPE: EventType;
    /// Every version of its shape.
    const HISTORY: &'static ShapeVersion;
    /// The locks of it, for the tests of an event that merges it.
    const LOCKS: &'static Locks;

    /// Reads a payload of one of its own versions.
    fn decode_payload(version: u32, payload: &str) -> Result<Self, PayloadError>;

    /// Reads a stored payload.
    fn decode_stored(stored: StoredAs, payload: &str) -> Result<Self, PayloadError>;

    /// Writes its payload.
    fn encode_payload(&self, encoder: &mut Encoder) -> Result<(), serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<E: Event> KnownEvent for E {
    const NAME: &'static str = E::NAME;
    const MERGED_NAMES: &'static [&'static str] = E::MERGED_NAMES;
    const TYPE: EventType = EventType::of::<E>();
    const HISTORY: &'static ShapeVersion = E::HISTORY;
    const LOCKS: &'static Locks = E::LOCKS;

    #[inline]
    fn decode_payload(version: u32, payload: &str) -> Result<Self, PayloadError> {
        E::decode(version, payload)
    }

    #[inline]
    fn decode_stored(stored: StoredAs, payload: &str) -> Result<Self, PayloadError> {
        stored.decode(payload)
    }

    #[inline]
    fn encode_payload(&self, encoder: &mut Encoder) -> Result<(), serde_json::Error> {
        encoder.write(self)
    }
}

/// The value that an older payload has in a field that was added without a `default`; `Default`, in words of
/// our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`, so nothing says what the older payloads have here",
    label = "`{Self}` has no `Default`",
    note = "say what they have: `added(in = …, default = …)`; or implement `Default` for `{Self}`"
)]
pub trait AddedValue {
    /// Returns that value.
    fn added_value() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> AddedValue for T {
    #[inline]
    fn added_value() -> Self {
        T::default()
    }
}

/// The demand of decoding on a version of an event that its fields declare: [`PastVersion`], or a way that
/// may refuse.
pub trait DeclaredVersion<const V: u32>: Sized {
    /// The type that is stored as version `V`.
    type Past: Schema + DeserializeOwned;

    /// Says in the newest shape what `past` said in its own.
    ///
    /// # Errors
    /// When a function of the user's refused what a field holds.
    fn try_from_past(past: Self::Past) -> Result<Self, PayloadError>;
}

#[diagnostic::do_not_recommend]
impl<const V: u32, T: PastVersion<V>> DeclaredVersion<V> for T {
    type Past = T::Past;

    #[inline]
    fn try_from_past(past: Self::Past) -> Result<Self, PayloadError> {
        Ok(T::from_past(past))
    }
}

/// Why a function refuses what a field held: an error, in words of our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error, so nothing says why an old value is refused",
    label = "refuses with a `{Self}`",
    note = "implement `std::error::Error` for `{Self}`, or let the function refuse with a text: `.map_err(|error| …)`"
)]
pub trait Refusal {
    /// The error itself.
    fn into_source(self) -> Box<dyn Error + Send + Sync>;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Box<dyn Error + Send + Sync>>> Refusal for T {
    fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.into()
    }
}
