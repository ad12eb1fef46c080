//! What the derives and a command ask of the user's types, each by one trait with words of our own: a bound that does
//! not hold is reported once, in terms of the domain, however many bounds are behind it.

use std::error::Error;
use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::__private::not_generated;
use crate::faithful::Encoder;
use crate::projection::{
    ColumnError, RowError, Source, Value, json_from_value, json_to_value, text_from_value,
    text_to_value,
};
use crate::schema::samples::Locks;
use crate::{
    Aggregate, CommandFingerprint, Emits, Envelope, Event, EventType, FingerprintError,
    IdempotencyKey, IntoEvents, PastVersion, PayloadError, Recorded, Schema, ShapeVersion,
    StoredAs,
};

/// The initial state of an aggregate; `Default`, in words of our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no state before its first event",
    label = "`{Self}` has no `Default`",
    note = "add `Default` to the derives of `{Self}`; an enum marks the variant that it begins with by `#[default]`"
)]
pub trait InitialState {
    /// The state before the first event.
    fn initial_state() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> InitialState for T {
    fn initial_state() -> Self {
        T::default()
    }
}

/// What the derives ask of an event that is listed: [`Event`], through one trait, so that a type
/// that is none is reported once, however often it is named.
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
    /// What is known of it at compile time.
    const TYPE: EventType;
    /// Every version of its shape.
    const HISTORY: &'static ShapeVersion;
    /// What is locked of it, for the tests of an event that merges it.
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

/// What an aggregate asks of the parts of an event that it lists as `split(…)`:
/// [`IntoEvents`](crate::IntoEvents), in words of our own, for those that are listed or not told of.
#[diagnostic::on_unimplemented(
    message = "not every part in `{Self}` is an event of `{A}`",
    label = "a part of it is not an event of `{A}`",
    note = "each part has to be in the `events(…)` of `{A}`, outside of `split(…)`: add the part that is not there",
    note = "a part that is in `split(…)` itself is emitted no more: write its own parts in its place, in `type Into`"
)]
pub trait PartsOf<A: Aggregate, const LISTED: bool> {
    /// Adds the parts behind those that are there.
    fn push_parts(self, parts: &mut impl Extend<A::Event>);
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate, T: IntoEvents<A>> PartsOf<A, true> for T {
    fn push_parts(self, parts: &mut impl Extend<A::Event>) {
        self.push_into(parts);
    }
}

/// One that is not listed was named already, so nothing is asked.
#[diagnostic::do_not_recommend]
impl<A: Aggregate, T> PartsOf<A, false> for T {
    fn push_parts(self, _: &mut impl Extend<A::Event>) {
        not_generated()
    }
}

/// What an older payload has in a field that was added without a `default`; `Default`, in words of
/// our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`, so nothing says what the older payloads have here",
    label = "`{Self}` has no `Default`",
    note = "say what they have: `added(in = …, default = …)`; or implement `Default` for `{Self}`"
)]
pub trait AddedValue {
    /// That value.
    fn added_value() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> AddedValue for T {
    #[inline]
    fn added_value() -> Self {
        T::default()
    }
}

/// What decoding asks of a version of an event that its fields declare: [`PastVersion`], or a way that
/// may refuse.
pub trait DeclaredVersion<const V: u32>: Sized {
    /// What is stored as version `V`.
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

/// What an idempotency key is made of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an idempotency key: a key is a text",
    label = "not a text",
    note = "give a `&str` or a `String`: `.idempotency_key(key.to_string())`"
)]
pub trait KeyText {
    /// The key of this text.
    fn into_key(self) -> IdempotencyKey;
}

#[diagnostic::do_not_recommend]
impl<T: Into<IdempotencyKey>> KeyText for T {
    fn into_key(self) -> IdempotencyKey {
        self.into()
    }
}

/// The bound of a command that is given an idempotency key, in words of our own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told from another command under an idempotency key",
    label = "does not implement `Serialize`",
    note = "add `#[derive(Serialize)]` to `{Self}`, or the bound `Serialize` where it is generic; `#[serde(skip)]` leaves out what may differ in a repetition",
    note = "or give what identifies it: `.idempotency_key_for(key, &request)`"
)]
pub trait FingerprintedCommand {
    /// Computes its fingerprint.
    fn fingerprint(&self) -> Result<CommandFingerprint, FingerprintError>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> FingerprintedCommand for T {
    fn fingerprint(&self) -> Result<CommandFingerprint, FingerprintError> {
        CommandFingerprint::of(self)
    }
}

/// What the derives ask of a type that is named as an aggregate's id: [`Id`](crate::Id), before any
/// of what it is made of.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the id of an aggregate",
    label = "not an id",
    note = "add `#[derive(Id, Clone)]` to a newtype, or implement `Display`, `FromStr` and `Clone`"
)]
pub trait AggregateId {
    /// The type itself.
    type Id: crate::Id;
}

#[diagnostic::do_not_recommend]
impl<T: crate::Id> AggregateId for T {
    type Id = T;
}

/// What `#[projection(text)]` asks of a field's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as text",
    label = "lacks `Display` or `FromStr`",
    note = "implement `Display` and `FromStr` for `{Self}`, or keep it as JSON: `#[projection(json)]`"
)]
pub trait TextColumn: Sized {
    /// Its value in a column.
    fn to_value(&self) -> Result<Value, ColumnError>;

    /// The other way.
    fn from_value(value: Value) -> Result<Self, ColumnError>;

    /// Makes of the value what its column returns, and answers with what the column holds.
    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        let value = self.to_value()?;
        *self = Self::from_value(value.clone())?;
        Ok(Some(value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr<Err: Display>> TextColumn for T {
    fn to_value(&self) -> Result<Value, ColumnError> {
        text_to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        text_from_value(value)
    }
}

/// What `#[projection(json)]` asks of a field's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept as JSON",
    label = "lacks `Serialize` or `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{Self}`, or keep it as text: `#[projection(text)]`"
)]
pub trait JsonColumn: Sized {
    /// Its value in a column.
    fn to_value(&self) -> Result<Value, ColumnError>;

    /// The other way.
    fn from_value(value: Value) -> Result<Self, ColumnError>;

    /// Makes of the value what its column returns, and answers with what the column holds.
    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        let value = self.to_value()?;
        *self = Self::from_value(value.clone())?;
        Ok(Some(value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonColumn for T {
    fn to_value(&self) -> Result<Value, ColumnError> {
        json_to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        json_from_value(value)
    }
}

/// What a projection asks of an event that it lists: it is an event of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "if `{Self}` is in `split(…)`, it comes as its parts: list those that matter to the row",
    note = "otherwise: add `{Self}` to the `events(…)` of `{A}`, or say by `of = …` whose event it is",
    note = "`{A}` is an aggregate by `#[derive(Aggregate)]`, and `{Self}` an event by `#[derive(Event)]`"
)]
pub trait SourceOf<A>: Sized {
    /// What is known of it at compile time.
    const SOURCE: Source;

    /// Reads a stored payload.
    fn recorded(
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError>;

    /// Refuses an event of a stream that no instance of `A` has.
    fn of_an_instance(envelope: &Envelope) -> Result<(), RowError>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate + Emits<E>, E: Event> SourceOf<A> for E {
    const SOURCE: Source = Source::of::<A, E>();

    fn recorded(
        stored: StoredAs,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError> {
        Ok(Recorded::new(stored.decode(payload)?, envelope))
    }

    fn of_an_instance(envelope: &Envelope) -> Result<(), RowError> {
        id_of::<A>(envelope, |_| Ok(None)).map(drop)
    }
}

/// The key of a row that is kept by its stream: the id of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "the key field is a `{Self}`, which is not the id of `{A}`",
    label = "the id of this event's stream is no key of the row",
    note = "say which field of the event is the key, such as `(key = account_id)`, or give the key field the type of the id"
)]
pub trait StreamKey<A>: Sized {
    /// Reads it; `settle` makes of it what its column returns.
    fn stream_key(
        envelope: &Envelope,
        settle: fn(&mut Self) -> Result<Option<Value>, ColumnError>,
    ) -> Result<Self, RowError>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate<Id = K>, K: crate::Id> StreamKey<A> for K {
    fn stream_key(
        envelope: &Envelope,
        settle: fn(&mut Self) -> Result<Option<Value>, ColumnError>,
    ) -> Result<Self, RowError> {
        id_of::<A>(envelope, settle)
    }
}

/// The id of the instance that an event is of; `settle` makes of it what its column returns.
///
/// Two streams of one id would share a row, and a command on that id sees one of them.
fn id_of<A: Aggregate>(
    envelope: &Envelope,
    settle: fn(&mut A::Id) -> Result<Option<Value>, ColumnError>,
) -> Result<A::Id, RowError> {
    let text = envelope.stream.id();
    let refuse = |reason| RowError::Key { id: text.to_owned(), reason };
    let mut id: A::Id =
        text.parse().map_err(|error: <A::Id as FromStr>::Err| refuse(error.to_string()))?;
    settle(&mut id).map_err(|error| refuse(error.to_string()))?;
    match is_written(&id, text) {
        true => Ok(id),
        false => Err(refuse(format!(
            "it is read as the id {id}, whose stream is \"{}-{id}\"; append the events to that stream, \
             and skip this one",
            A::NAME
        ))),
    }
}

/// Returns true if a value is written as this text, without writing it down.
fn is_written(value: &impl Display, text: &str) -> bool {
    use std::fmt::Write;
    let mut expected = Expected(text);
    write!(expected, "{value}").is_ok() && expected.0.is_empty()
}

/// The rest of a text that is expected to be written.
struct Expected<'a>(&'a str);

impl std::fmt::Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(std::fmt::Error)?;
        Ok(())
    }
}
