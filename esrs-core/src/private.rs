//! What the derives' output names, and nobody else; it may change in any release.

pub use core::clone::Clone;
pub use core::default::Default;
pub use core::fmt::{Display, Formatter, Result as FmtResult};
pub use core::option::Option::{self, None, Some};
pub use core::primitive::{str, u32, usize};
pub use core::result::Result::{self, Err, Ok};
pub use core::str::FromStr;
pub use core::{assert, convert::From, panic};
pub use std::string::String;
pub use std::vec::Vec;

pub use serde_json::Error as JsonError;

pub use crate::projection::{
    Column, ColumnError, ColumnSpec, ColumnType, Create, Project, Projection, RowError, Source,
    Table, Value, json_from_value, json_to_value, text_from_value, text_to_value,
};
pub use crate::schema::derived::{UNKNOWN, fingerprint, follows};
pub use crate::{
    Aggregate, Apply, Content, Emit, Emits, EnumShape, Envelope, Event, EventType, Field,
    Fingerprint, IntoEvents, Item, PayloadError, Recorded, Schema, Shape, StructShape, Tagging,
    TryUpcast, Upcast, Variant,
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
    /// What is known of it at compile time.
    const TYPE: EventType;

    /// Reads a stored payload.
    fn decode_payload(version: u32, payload: &str) -> Result<Self, PayloadError>;

    /// Writes its payload.
    fn encode_payload(&self) -> Result<String, JsonError>;
}

#[diagnostic::do_not_recommend]
impl<E: Event> KnownEvent for E {
    const TYPE: EventType = EventType::of::<E>();

    #[inline]
    fn decode_payload(version: u32, payload: &str) -> Result<Self, PayloadError> {
        E::decode(version, payload)
    }

    #[inline]
    fn encode_payload(&self) -> Result<String, JsonError> {
        serde_json::to_string(self)
    }
}

/// Stands for a body that was not generated, because the derive found an error; it is never run.
#[cold]
pub fn not_generated() -> ! {
    panic!("the derive found an error")
}

/// Fails to compile, at the place of the call, with the derive's sentence.
#[track_caller]
pub const fn name_clash(sentence: &str) {
    panic!("{}", sentence)
}

/// Reads a payload of the current version.
#[inline]
pub fn decode_current<E: Event>(payload: &str) -> Result<E, PayloadError> {
    Ok(serde_json::from_str(payload)?)
}

/// Reads a payload of an older version through the version before the current one.
pub fn decode_older<Previous: Event, E: Event + TryUpcast<Previous>>(
    version: u32,
    payload: &str,
) -> Result<E, PayloadError> {
    if version > E::VERSION {
        return Err(PayloadError::NewerVersion { version, newest: E::VERSION });
    }
    E::try_upcast(Previous::decode(version, payload)?)
        .map_err(|error| PayloadError::Upcast { from: Previous::VERSION, source: error.into() })
}

/// There is no version before the current one.
#[cold]
pub fn no_older<E: Event>(version: u32) -> PayloadError {
    if version > E::VERSION {
        PayloadError::NewerVersion { version, newest: E::VERSION }
    } else {
        PayloadError::NoSuchVersion { version, oldest: E::VERSION }
    }
}

/// Whether two names are the same, in const evaluation.
pub const fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The first event type, by its place in the list, that has a name or an alias which an earlier one
/// has too, or which is retired; the length of the list when there is none.
pub const fn first_clash(events: &[EventType], retired: &[&str]) -> usize {
    let mut later = 0;
    while later < events.len() {
        let mut earlier = 0;
        while earlier < later {
            if types_clash(&events[earlier], &events[later]) {
                return later;
            }
            earlier += 1;
        }
        let mut i = 0;
        while i < retired.len() {
            if has_name(&events[later], retired[i]) {
                return later;
            }
            i += 1;
        }
        later += 1;
    }
    events.len()
}

const fn types_clash(a: &EventType, b: &EventType) -> bool {
    let mut i = 0;
    while i < b.aliases.len() {
        if has_name(a, b.aliases[i]) {
            return true;
        }
        i += 1;
    }
    has_name(a, b.name)
}

const fn has_name(event: &EventType, name: &str) -> bool {
    let mut i = 0;
    while i < event.aliases.len() {
        if same_name(event.aliases[i], name) {
            return true;
        }
        i += 1;
    }
    same_name(event.name, name)
}

/// What a projection asks of an event that it lists: it is an event of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event of `{A}`",
    label = "not an event of `{A}`",
    note = "add `{Self}` to the `events(…)` of `{A}`, or say by `of = …` whose event it is"
)]
pub trait SourceOf<A>: Sized {
    /// What is known of it at compile time.
    const SOURCE: Source;

    /// Reads a stored payload.
    fn recorded(
        version: u32,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError>;
}

#[diagnostic::do_not_recommend]
impl<A: Emits<E>, E: Event> SourceOf<A> for E {
    const SOURCE: Source = Source::of::<A, E>();

    fn recorded(
        version: u32,
        payload: &str,
        envelope: Envelope,
    ) -> Result<Recorded<Self>, PayloadError> {
        Ok(Recorded::new(E::decode(version, payload)?, envelope))
    }
}

/// The key of a row that is kept by its stream: the id of the aggregate `A`.
#[diagnostic::on_unimplemented(
    message = "the key field is a `{Self}`, which is not the id of `{A}`",
    label = "the id of this event's stream is no key of the row",
    note = "say which field of the event is the key, such as `(key = account_id)`, or give the key field the type of the id"
)]
pub trait StreamKey<A>: Sized {
    /// Reads it.
    fn stream_key(envelope: &Envelope) -> Result<Self, RowError>;
}

#[diagnostic::do_not_recommend]
impl<A: Aggregate<Id = K>, K: crate::Id> StreamKey<A> for K {
    fn stream_key(envelope: &Envelope) -> Result<Self, RowError> {
        let id = envelope.stream.id();
        id.parse()
            .map_err(|error: K::Err| RowError::Key { id: id.to_owned(), reason: error.to_string() })
    }
}

/// Fails to compile, at the place of the call, with the derive's sentence, when `C` may hold nothing.
#[track_caller]
pub const fn key_is_never_null<C: Column>(sentence: &str) {
    if C::NULLABLE {
        panic!("{}", sentence)
    }
}

/// Adds the column to an error about it.
pub fn in_column<T>(name: &'static str, value: Result<T, ColumnError>) -> Result<T, ColumnError> {
    value.map_err(|error| error.in_column(name))
}

/// The columns of a row, one by one.
pub fn columns<const N: usize>(values: Vec<Value>) -> Result<[Value; N], ColumnError> {
    values.try_into().map_err(|values: Vec<Value>| {
        ColumnError::new(format!("the row has {} columns, and {N} are needed", values.len()))
    })
}

// What follows is what an event does with its row, by the lists that it stands in. The user's
// functions come as arguments and not as bounds, so that one that is missing is reported without a
// word about these.

/// What an event does that is listed in `creates(…)` alone.
pub fn create<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    create: impl FnOnce(P::Key, &Recorded<E>) -> P,
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => Err(RowError::Exists { key: key_text::<P>(&key) }),
        None => Ok(Some(create(key, event))),
    }
}

/// What an event does that is listed in `creates(…)` and in `events(…)`.
pub fn create_or_project<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    create: impl FnOnce(P::Key, &Recorded<E>) -> P,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => project_or_skip(event, key, row, project),
        None => Ok(Some(create(key, event))),
    }
}

/// What an event does that is listed in `events(…)` alone.
pub fn project<P: Projection, E>(
    event: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => project_or_skip(event, key, row, project),
        None => Err(RowError::Missing { key: key_text::<P>(&key) }),
    }
}

/// What an event does that is listed in `events(…)` with `missing = skip`.
pub fn project_or_skip<P: Projection, E>(
    event: &Recorded<E>,
    _: P::Key,
    row: Option<P>,
    project: impl FnOnce(&mut P, &Recorded<E>),
) -> Result<Option<P>, RowError> {
    Ok(row.map(|mut row| {
        project(&mut row, event);
        row
    }))
}

/// What an event does that is listed in `deletes(…)`.
pub fn delete<P: Projection, E>(
    _: &Recorded<E>,
    key: P::Key,
    row: Option<P>,
) -> Result<Option<P>, RowError> {
    match row {
        Some(_) => Ok(None),
        None => Err(RowError::Missing { key: key_text::<P>(&key) }),
    }
}

/// What an event does that is listed in `deletes(…)` with `missing = skip`.
pub fn delete_or_skip<P: Projection, E>(
    _: &Recorded<E>,
    _: P::Key,
    _: Option<P>,
) -> Result<Option<P>, RowError> {
    Ok(None)
}

fn key_text<P: Projection>(key: &P::Key) -> String {
    match P::key_values(key) {
        Ok(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Err(error) => error.to_string(),
    }
}
