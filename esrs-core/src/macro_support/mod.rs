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

pub use core::prelude::v1::test;
pub use core::{include_bytes, include_str, module_path, panic};

use crate::event::{MergeError, RetypeError};

pub use crate::aggregate::demands::{
    Actor, Another, Beside, Causation, Correlation, Lacking, TheSame, TypedKey,
};
pub use crate::aggregate::{
    Aggregate, AggregateId, Applied, Apply, Emits, InitialState, IntoEvents, PartsOf, Split,
    all_parts_are_listed, fold, not_generated, parts_are_listed,
};
pub use crate::event::{
    AddedValue, DeclaredVersion, Emit, Envelope, Event, KnownEvent, MetadataKey, PartType,
    PartTypes, PayloadError, Recorded, Refusal, TryUpcast, Upcast,
};
pub use crate::log::{ColumnError, RowError};
pub use crate::read_model::projection::column_bounds::{JsonColumn, TextColumn};
pub use crate::read_model::projection::columns::{
    columns, in_column, key_tells_rows_apart, nullable,
};
pub use crate::read_model::projection::source::{SourceOf, StreamKey};
pub use crate::read_model::projection::steps::{
    create, create_or_project, delete, delete_or_skip, project, project_or_skip,
};
pub use crate::read_model::projection::variant::{name_in, unknown_name};
pub use crate::read_model::projection::{
    Column, ColumnSpec, ColumnType, Create, JsonShape, Project, Projection, Source, Table, Value,
};
pub use crate::schema::declared::Declared;
pub use crate::schema::derived::{UNKNOWN, changes, fingerprint, follows, leads_back};
pub use crate::schema::history::code_and;
pub use crate::schema::lock::{
    CompareRoom, Differs, Locked, Locks, ShapeNow, UNCHANGED, alias_changed, changed_steps,
    is_as_locked, past_changed, shape_changed, steps_changed, tell_event, tell_past, unsound_lock,
};
pub use crate::schema::names::{
    first_clash, first_dropped, held_elsewhere, id_is_locked, merge_clash, merge_each_other,
    name_clash, name_dropped, no_merge_in_turn, not_older_than_lock, reads_all, tell_aggregate,
    tell_projection,
};
pub use crate::schema::storable::{is_json_storable, is_storable};
pub use crate::schema::{
    Content, EnumShape, EventType, Field, FieldChange, Fingerprint, Item, PastVersion, Schema,
    Shape, ShapeVersion, Step, StoredAs, StructShape, Tagging, Variant,
};
pub use crate::testing::samples::{Listed, Sampled, StandIn, is_locked, no_stray};
pub use crate::value::Encoder;

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
