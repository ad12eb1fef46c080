//! What the derives' output names, and nobody else; it may change in any release.

pub use core::clone::Clone;
pub use core::convert::{From, Infallible};
pub use core::default::Default;
pub use core::fmt::{Display, Formatter, Result as FmtResult};
pub use core::iter::Extend;
pub use core::marker::PhantomData;
pub use core::option::Option;
pub use core::primitive::{bool, str, u8, u32, u64, usize};
pub use core::result::Result::{self, Err, Ok};
pub use core::str::FromStr;
pub use std::string::String;
pub use std::vec::Vec;

pub use serde;
pub use serde_json::Error as JsonError;

use esrs_lock::text::ConstText;

use crate::{MergeError, RetypeError};

use crate::projection::text_of;
pub use crate::projection::variant::{name_in, unknown_name};
pub use crate::projection::{
    Column, ColumnError, ColumnSpec, ColumnType, Create, JsonShape, Project, Projection, RowError,
    Source, Table, Value,
};

pub use crate::asked::{
    AddedValue, AggregateId, DeclaredVersion, InitialState, JsonColumn, KnownEvent, PartsOf,
    Refusal, SourceOf, StreamKey, TextColumn,
};
pub use crate::demands::given::{Another, Beside, TheSame};
pub use crate::demands::{Actor, Causation, Correlation, Lacking, TypedKey};
pub use crate::faithful::Encoder;

pub use crate::fold::{code_and, fold};
pub use core::prelude::v1::test;
pub use core::{include_bytes, include_str, module_path, panic};

pub use crate::schema::lock::{
    CompareRoom, Differs, ShapeNow, UNCHANGED, alias_changed, changed_steps, is_as_locked,
    past_changed, shape_changed, steps_changed, tell_event, tell_past, unsound_lock,
};

pub use crate::schema::samples::{Listed, Locked, Locks, Sampled, StandIn, is_locked, no_stray};

pub use crate::names::{
    first_clash, first_dropped, held_elsewhere, id_is_locked, merge_clash, merge_each_other,
    name_clash, name_dropped, no_merge_in_turn, not_older_than_lock, reads_all, tell_aggregate,
    tell_projection,
};
pub use crate::schema::declared::Declared;
pub use crate::schema::derived::{UNKNOWN, changes, fingerprint, follows, leads_back};
pub use crate::schema::storable::{is_json_storable, is_storable};
pub use crate::split::{
    Applied, PartType, PartTypes, Split, all_parts_are_listed, parts_are_listed,
};
pub use crate::{
    Aggregate, Apply, Content, Emit, Emits, EnumShape, Envelope, Event, EventType, Field,
    FieldChange, Fingerprint, IntoEvents, Item, MetadataKey, PastVersion, PayloadError, Recorded,
    Schema, Shape, ShapeVersion, Step, StoredAs, StructShape, Tagging, TryUpcast, Upcast, Variant,
};

/// Fails to compile, at the place of the call, with a message of the derive.
#[track_caller]
pub const fn refuse(sentence: &str) {
    panic!("{}", sentence)
}

/// The known shape of the JSON of a `T`: the inherent constant where it has a [`Schema`], and that of
/// [`UnknownShape`] otherwise.
pub struct ShapeOf<T>(PhantomData<T>);

impl<T: Schema> ShapeOf<T> {
    /// The fingerprint of its shape.
    pub const SHAPE: Option<Fingerprint> = Some(T::FINGERPRINT);
    /// The JSON column of a value of this type.
    pub const JSON: JsonShape = JsonShape::of(T::SHAPE);
    /// Its shape.
    pub const KNOWN: Option<&'static Shape> = Some(T::SHAPE);
}

/// The shape of a type that has no [`Schema`].
pub trait UnknownShape {
    /// None is known.
    const SHAPE: Option<Fingerprint> = None;
    /// The JSON column of a value of this type.
    const JSON: JsonShape = JsonShape::UNKNOWN;
    /// None is known.
    const KNOWN: Option<&'static Shape> = None;
}

impl<T> UnknownShape for ShapeOf<T> {}

/// The shape of an enum whose column names its variant.
pub const fn shape_of_names(names: &[&str]) -> Option<Fingerprint> {
    Some(Fingerprint::of_texts(names))
}

/// Fails to compile, at the place of the call, with the derive's sentence, when nothing is known of a
/// shape.
#[track_caller]
pub const fn shape_is_known(shape: Option<Fingerprint>, sentence: &str) {
    if shape.is_none() {
        panic!("{}", sentence)
    }
}

/// Stands for a body that was not generated, because the derive found an error; it is never run.
#[cold]
pub fn not_generated() -> ! {
    panic!("the derive found an error")
}

/// Reads a payload of the current version.
#[inline]
pub fn decode_current<E: Event>(payload: &str) -> Result<E, PayloadError> {
    Ok(serde_json::from_str(payload)?)
}

/// Reads a payload of an older version through the version before the current one.
///
/// The steps come as arguments and not as bounds, so that one that is missing is reported without a
/// word about this function.
pub fn decode_older<Previous, E: Event, Refused>(
    version: u32,
    payload: &str,
    decode: impl FnOnce(u32, &str) -> Result<Previous, PayloadError>,
    upcast: impl FnOnce(Previous) -> Result<E, Refused>,
) -> Result<E, PayloadError>
where
    Refused: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    if version > E::VERSION {
        return Err(PayloadError::NewerVersion { version, newest: E::VERSION });
    }
    upcast(decode(version, payload)?)
        .map_err(|error| PayloadError::Upcast { from: E::VERSION - 1, source: error.into() })
}

/// The same, when what leads from there to the current version is declared, and may refuse.
pub fn decode_before<Previous, E: Event>(
    version: u32,
    payload: &str,
    decode: impl FnOnce(u32, &str) -> Result<Previous, PayloadError>,
    upcast: impl FnOnce(Previous) -> Result<E, PayloadError>,
) -> Result<E, PayloadError> {
    if version > E::VERSION {
        return Err(PayloadError::NewerVersion { version, newest: E::VERSION });
    }
    upcast(decode(version, payload)?)
}

/// What a function that may refuse makes of a field, in the step from the version `from`.
#[inline]
pub fn retyped<Old, T, R: Refusal>(
    from: u32,
    field: &'static str,
    function: fn(Old) -> Result<T, R>,
    old: Old,
) -> Result<T, PayloadError> {
    function(old).map_err(|refusal| {
        let refused = RetypeError { field, source: refusal.into_source() };
        PayloadError::Upcast { from, source: Box::new(refused) }
    })
}

/// An event that another merges, as [`Event::MERGES`] tells of it.
///
/// Only a function's constants are not asked for before it is called, and of events that merge each
/// other none may be.
pub const fn merged_type<E: KnownEvent>() -> EventType {
    E::TYPE
}

/// Which of the events that `E` merges a payload was stored as, and what it is to that.
pub fn merged<E: Event>(stored: StoredAs) -> Option<(usize, StoredAs)> {
    stored.within(E::MERGES)
}

/// It was stored as none of them.
#[cold]
pub fn no_such_merged(stored: StoredAs) -> PayloadError {
    stored.unknown()
}

/// Reads a payload that was stored as an event that `E` merges, the one in this place.
///
/// The steps come as arguments, as those of [`decode_older`] do.
pub fn decode_merged<Merged, E: Event, Refused>(
    place: usize,
    stored: StoredAs,
    payload: &str,
    decode: impl FnOnce(StoredAs, &str) -> Result<Merged, PayloadError>,
    upcast: impl FnOnce(Merged) -> Result<E, Refused>,
) -> Result<E, PayloadError>
where
    Refused: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    upcast(decode(stored, payload)?).map_err(|error| {
        let (from, to) = (E::MERGES[place].name, E::NAME);
        PayloadError::Merge(Box::new(MergeError { from, to, source: error.into() }))
    })
}

/// Reads a payload of the version `V`, whose struct was generated.
#[inline]
pub fn decode_past<const V: u32, E: Event + DeclaredVersion<V>>(
    payload: &str,
) -> Result<E, PayloadError> {
    E::try_from_past(serde_json::from_str(payload)?)
}

/// A field that takes a newer version of its type.
///
/// The step comes as an argument, as those of [`decode_older`] do.
#[inline]
pub fn updated<Past, T>(past: Past, step: impl FnOnce(Past) -> T) -> T {
    step(past)
}

/// There is no version of this number; `oldest` is the first that there is.
#[cold]
pub fn no_such<E: Event>(version: u32, oldest: u32) -> PayloadError {
    if version > E::VERSION {
        PayloadError::NewerVersion { version, newest: E::VERSION }
    } else {
        PayloadError::NoSuchVersion { version, oldest }
    }
}

/// The newest version of an event.
pub const fn newest_version<E: Event>(
    step: Step,
    code: u64,
    previous: Option<&'static ShapeVersion>,
) -> ShapeVersion {
    ShapeVersion::of::<E>(step, code, previous)
}

/// A version of an event whose struct was generated.
pub const fn past_version<const V: u32, E: DeclaredVersion<V>>(
    step: Step,
    code: u64,
    previous: Option<&'static ShapeVersion>,
) -> ShapeVersion {
    let (shape, fingerprint) = (E::Past::SHAPE, E::Past::FINGERPRINT);
    let version = ShapeVersion::new(V, shape, fingerprint, step, code, previous);
    version.declared_as_a_whole(E::Past::DECLARED)
}

/// Fails to compile, at the place of the call, when the field `name` tells no rows apart as a part of the
/// key: when it may hold nothing, or is a float.
#[track_caller]
pub const fn key_tells_rows_apart<C: Column>(name: &str) {
    let field = ConstText::<512>::new().quote(name);
    if C::NULLABLE {
        let rest = " is part of the key, so it cannot hold nothing: take the `Option` away";
        panic!("{}", field.say(rest).as_str())
    }
    if matches!(C::TYPE, ColumnType::Real) {
        let rest = " is part of the key, and a float tells no rows apart, as 0.0 equals -0.0: take a whole \
                    number, or keep it by its text: `#[projection(key, text)]`";
        panic!("{}", field.say(rest).as_str())
    }
}

/// Returns true if the field `name` may hold nothing. Fails to compile, at the call, when two of its
/// values are nothing in the column.
#[track_caller]
pub const fn nullable<C: Column>(name: &str) -> bool {
    if C::AMBIGUOUS {
        let rest = " cannot hold `Some(None)`, which is nothing in a column, as `None` is: take one \
                    `Option` away, or give it a type that tells them apart, such as an enum";
        panic!("{}", ConstText::<512>::new().quote(name).say(rest).as_str())
    }
    C::NULLABLE
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
        Ok(values) => text_of(&values),
        Err(error) => error.to_string(),
    }
}
