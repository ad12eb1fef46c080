//! The wire shape of a payload, known to the compiler.
//!
//! A [`Shape`] says what a type's JSON looks like after serde's attributes have had their say: the
//! names on the wire, what may be absent, how an enum is tagged. It is what an event's history is
//! compared by, so it holds nothing that the wire does not: no Rust type name, no field order of an
//! object, no doc comment.

pub(crate) mod declared;
pub(crate) mod derived;
mod event_type;
mod fingerprint;
#[cfg(any(feature = "chrono", feature = "rust_decimal", feature = "time", feature = "url"))]
mod foreign;
pub(crate) mod formats;
pub(crate) mod history;
pub(crate) mod jsonb;
pub mod lock;
pub(crate) mod names;
mod past;
mod place;
mod std_types;
pub(crate) mod storable;

use declared::Declared;
pub(crate) use derived::is_unknown;
use esrs_lock::outline::Presence;
pub use event_type::{EventType, StoredAs};
pub use fingerprint::Fingerprint;
pub use formats::FormatMismatch;
pub(crate) use formats::Formats;
pub(crate) use history::code_and;
pub use history::{FieldChange, ShapeVersion, ShapeVersions, Step};
pub(crate) use jsonb::comes_back;
pub(crate) use names::same_name;
pub use past::PastVersion;
use place::Place;

/// A type whose JSON shape is known at compile time; every type inside an event has one.
///
/// Derive it. The derive reads serde's attributes on the type, so the shape is the one that serde
/// writes and reads. A foreign type that has no shape is named by the field that holds it:
/// `#[schema(opaque = "geo_point@1")]` takes the given name for the shape, and it is then yours to
/// raise the number when the type's JSON changes.
///
/// ```
/// use esrs_core::{Fingerprint, Schema, Shape};
///
/// assert_eq!(<Vec<u8> as Schema>::SHAPE.to_string(), "[u8]");
/// // A pointer leaves no trace on the wire.
/// assert_eq!(<Box<u8> as Schema>::FINGERPRINT, <u8 as Schema>::FINGERPRINT);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema, so esrs cannot tell when its stored shape changes",
    label = "no `Schema` for this type",
    note = "add `#[derive(Schema)]` to `{Self}`",
    note = "for a type of another crate, mark the field that holds it: `#[schema(opaque = \"name@1\")]`; in `removed(…)` or `retyped(…)`, write `opaque = \"name@1\"`"
)]
pub trait Schema {
    /// The shape on the wire.
    const SHAPE: &'static Shape;
    /// A hash of the shape, mixed from the fingerprints of its parts.
    const FINGERPRINT: Fingerprint;
    /// The declarations on the type as a whole, besides its shape; for locks.
    #[doc(hidden)]
    const DECLARED: &'static str = "";
    /// True if serde reads a field of this type that is absent, as it does for an `Option`; not for a
    /// newtype around one.
    const READ_IF_ABSENT: bool = false;
}

/// The form of a value as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// `null`
    Unit,
    /// `true` or `false`
    Bool,
    /// A whole number of so many bits.
    Integer {
        /// True if it may be below zero.
        signed: bool,
        /// Its width in bits.
        bits: u16,
    },
    /// A whole number of so many bits that is never zero.
    NonZero {
        /// True if it may be below zero.
        signed: bool,
        /// Its width in bits.
        bits: u16,
    },
    /// A number with a fraction, of so many bits.
    Float {
        /// Its width in bits.
        bits: u16,
    },
    /// A string of one character.
    Char,
    /// Any string.
    String,
    /// A string that follows a format, such as `uuid` or `timestamp`.
    Format(&'static str),
    /// The value, or `null`.
    Option(&'static Shape),
    /// An array of any length.
    Sequence(&'static Shape),
    /// An array of any length in which no item is twice, and whose order is of no meaning.
    Set(&'static Shape),
    /// An array of a fixed length, all of one shape.
    Array {
        /// The shape of each item.
        item: &'static Shape,
        /// Their number.
        length: usize,
    },
    /// An array whose places have shapes of their own.
    Tuple(&'static [Item]),
    /// An object with any keys, whose order is of no meaning: a type whose order counts is [`Opaque`](Self::Opaque),
    /// or a list of pairs.
    Map {
        /// The shape of the keys (strings on the wire).
        key: &'static Shape,
        /// The shape of the values.
        value: &'static Shape,
    },
    /// An object with known fields.
    Struct(&'static StructShape),
    /// One of several variants.
    Enum(&'static EnumShape),
    /// A shape that only its owner knows, by the name and number the owner gave it.
    Opaque(&'static str),
    /// Any JSON at all.
    Any,
}

/// The shape of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StructShape {
    /// Its fields, as written in Rust; their order is of no meaning.
    pub fields: &'static [Field],
    /// True if an unknown field is refused on reading (`#[serde(deny_unknown_fields)]`).
    pub closed: bool,
}

/// One field of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire; `*` for all the fields that `#[serde(flatten)]` spreads into the object.
    pub name: &'static str,
    /// Other names it is read by.
    pub aliases: &'static [&'static str],
    /// True if it may be absent (`#[serde(default)]`).
    pub optional: bool,
    /// True if it has to be there although its shape is that of an `Option`: a newtype around one.
    pub required: bool,
    /// The shape of its content.
    pub shape: &'static Shape,
    /// The fingerprint of what it holds.
    pub fingerprint: Fingerprint,
    /// Where it is declared.
    pub(crate) place: Place,
    pub(crate) declared: Declared,
}

/// One place of a tuple.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The shape of its content.
    pub shape: &'static Shape,
    /// The fingerprint of what it holds.
    pub fingerprint: Fingerprint,
    pub(crate) declared: Declared,
}

/// The shape of an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnumShape {
    /// The layout of the variant's name and its content.
    pub tagging: Tagging,
    /// Its variants, as written in Rust; their order is of no meaning.
    pub variants: &'static [Variant],
    /// True if an unknown field of a variant is refused on reading.
    pub closed: bool,
}

/// The layout of an enum's variant on the wire, after <https://serde.rs/enum-representations.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tagging {
    /// `{"Variant": content}`, or `"Variant"`.
    External,
    /// `{"tag": "Variant", ...content}`
    Internal {
        /// The name of the tag.
        tag: &'static str,
    },
    /// `{"tag": "Variant", "content": content}`
    Adjacent {
        /// The name of the tag.
        tag: &'static str,
        /// The name of the content.
        content: &'static str,
    },
}

/// One variant of an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Its name on the wire.
    pub name: &'static str,
    /// Other names it is read by.
    pub aliases: &'static [&'static str],
    /// True if it takes every name that no other variant has (`#[serde(other)]`).
    pub other: bool,
    /// Its content.
    pub content: Content,
    #[doc(hidden)]
    pub declared: Declared,
}

/// The content of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Unit,
    /// One value, without an array around it.
    Newtype(Item),
    /// An array of values.
    Tuple(&'static [Item]),
    /// An object.
    Struct(&'static [Field]),
}

impl Field {
    /// A field that has to be present, holding a `T`.
    #[track_caller]
    pub const fn of<T: Schema + ?Sized>(name: &'static str) -> Self {
        storable::check_field(name, T::SHAPE, false);
        Self::unchecked::<T>(name)
    }

    /// The same, within an enum that is told by a `tag`: serde holds such a value in a buffer of its own
    /// before it is read.
    #[doc(hidden)]
    #[track_caller]
    pub const fn of_tagged<T: Schema + ?Sized>(name: &'static str) -> Self {
        storable::check_field(name, T::SHAPE, true);
        Self::unchecked::<T>(name)
    }

    #[track_caller]
    const fn unchecked<T: Schema + ?Sized>(name: &'static str) -> Self {
        let (shape, fingerprint, place) = (T::SHAPE, T::FINGERPRINT, Place::here());
        let required = matches!(shape, Shape::Option(_)) && !T::READ_IF_ABSENT;
        let declared = Declared::of_type(T::DECLARED);
        Self { name, aliases: &[], optional: false, required, shape, fingerprint, place, declared }
    }

    /// A field whose shape only its owner knows, by a name such as `geo_point@1`.
    #[track_caller]
    pub const fn opaque(name: &'static str, shape: &'static Shape) -> Self {
        let (fingerprint, place) = (Fingerprint::of_leaf(shape), Place::here());
        let (optional, required, declared) = (false, false, Declared::NOTHING);
        Self { name, aliases: &[], optional, required, shape, fingerprint, place, declared }
    }

    /// The same field, when it may be absent.
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The same field, read by other names too.
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same field, with what its attributes declare besides its shape.
    #[doc(hidden)]
    pub const fn declared(self, declared: &'static str) -> Self {
        Self { declared: self.declared.on_part(declared), ..self }
    }

    /// The same field, when it is never left out of what is written, though it may be absent.
    #[doc(hidden)]
    pub const fn always_written(self) -> Self {
        Self { declared: self.declared.always_written(), ..self }
    }

    /// The treatment of the field when it is absent.
    pub(crate) const fn presence(&self) -> Presence {
        match (self.optional, self.required) {
            (true, _) => Presence::Optional,
            (false, true) => Presence::Required,
            (false, false) => Presence::ByShape,
        }
    }
}

impl Item {
    /// A place that holds a `T`.
    pub const fn of<T: Schema + ?Sized>() -> Self {
        let declared = Declared::of_type(T::DECLARED);
        Self { shape: T::SHAPE, fingerprint: T::FINGERPRINT, declared }
    }

    /// The same place, with what its attributes declare besides its shape.
    #[doc(hidden)]
    pub const fn declared(self, declared: &'static str) -> Self {
        Self { declared: self.declared.on_part(declared), ..self }
    }

    /// The content of a variant.
    #[doc(hidden)]
    #[track_caller]
    pub const fn of_variant<T: Schema + ?Sized>() -> Self {
        storable::check_item(T::SHAPE, None);
        Self::of::<T>()
    }

    /// The content of a variant that is told by this tag.
    #[doc(hidden)]
    #[track_caller]
    pub const fn of_tagged<T: Schema + ?Sized>(tag: &'static str) -> Self {
        storable::check_item(T::SHAPE, Some(tag));
        Self::of::<T>()
    }

    /// A place whose shape only its owner knows.
    pub const fn opaque(shape: &'static Shape) -> Self {
        Self { shape, fingerprint: Fingerprint::of_leaf(shape), declared: Declared::NOTHING }
    }
}

impl Variant {
    /// A variant of this name and content.
    pub const fn new(name: &'static str, content: Content) -> Self {
        Self { name, aliases: &[], other: false, content, declared: Declared::NOTHING }
    }

    /// The same variant, read by other names too.
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The same variant, when it takes every unknown name.
    pub const fn other(self) -> Self {
        Self { other: true, ..self }
    }
}

impl std::fmt::Display for Shape {
    /// Writes the shape on one line, for people: `{cents: i64, note?: string?}`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Shape::Unit => f.write_str("null"),
            Shape::Bool => f.write_str("bool"),
            Shape::Integer { signed: true, bits } => write!(f, "i{bits}"),
            Shape::Integer { signed: false, bits } => write!(f, "u{bits}"),
            Shape::NonZero { signed: true, bits } => write!(f, "nonzero i{bits}"),
            Shape::NonZero { signed: false, bits } => write!(f, "nonzero u{bits}"),
            Shape::Float { bits } => write!(f, "f{bits}"),
            Shape::Char => f.write_str("char"),
            Shape::String => f.write_str("string"),
            Shape::Format(name) => f.write_str(name),
            Shape::Option(inner) => write!(f, "{inner}?"),
            Shape::Sequence(item) => write!(f, "[{item}]"),
            Shape::Set(item) => write!(f, "set<{item}>"),
            Shape::Array { item, length } => write!(f, "[{item}; {length}]"),
            Shape::Tuple(items) => write_items(f, items),
            Shape::Map { key, value } => write!(f, "map<{key}, {value}>"),
            Shape::Struct(shape) => {
                write_fields(f, shape.fields)?;
                f.write_str(if shape.closed { " closed" } else { "" })
            }
            Shape::Enum(shape) => {
                f.write_str("enum")?;
                match shape.tagging {
                    Tagging::External => {}
                    Tagging::Internal { tag } => write!(f, "(tag = {tag:?})")?,
                    Tagging::Adjacent { tag, content } => {
                        write!(f, "(tag = {tag:?}, content = {content:?})")?;
                    }
                }
                f.write_str(" ")?;
                for (i, variant) in shape.variants.iter().enumerate() {
                    write!(f, "{}{variant}", if i == 0 { "" } else { " | " })?;
                }
                f.write_str(if shape.closed { " closed" } else { "" })
            }
            Shape::Opaque(name) => write!(f, "opaque {name:?}"),
            Shape::Any => f.write_str("any"),
        }
    }
}

impl std::fmt::Display for Variant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)?;
        for alias in self.aliases {
            write!(f, "/{alias}")?;
        }
        f.write_str(if self.other { "/*" } else { "" })?;
        match self.content {
            Content::Unit => Ok(()),
            Content::Newtype(item) => write!(f, "({})", item.shape),
            Content::Tuple(items) => write_items(f, items),
            Content::Struct(fields) => {
                f.write_str(" ")?;
                write_fields(f, fields)
            }
        }
    }
}

fn write_items(f: &mut std::fmt::Formatter<'_>, items: &[Item]) -> std::fmt::Result {
    f.write_str("(")?;
    for (i, item) in items.iter().enumerate() {
        write!(f, "{}{}", if i == 0 { "" } else { ", " }, item.shape)?;
    }
    f.write_str(if items.len() == 1 { ",)" } else { ")" })
}

fn write_fields(f: &mut std::fmt::Formatter<'_>, fields: &[Field]) -> std::fmt::Result {
    f.write_str("{")?;
    for (i, field) in fields.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        f.write_str(field.name)?;
        for alias in field.aliases {
            write!(f, "/{alias}")?;
        }
        let presence = match field.presence() {
            Presence::Optional => "?",
            Presence::Required => "!",
            Presence::ByShape => "",
        };
        write!(f, "{presence}: {}", field.shape)?;
    }
    f.write_str("}")
}
