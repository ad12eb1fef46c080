//! Refuses shapes that JSON, or serde before it, cannot hold.

use esrs_lock::text::ConstText;

use super::event_type::EventType;
use super::names::same_name;
use super::place::Place;
use super::{Content, EnumShape, Field, Shape, Tagging};

const KEY: &str = "a map has a key that JSON cannot have: a key is a text, a number, a character, a bool or an \
                   enum without content; give it such a type, or make the map a list of pairs, \
                   `Vec<(Key, Value)>`";
const WIDE: &str = "within a `tag` serde reads no integer of 128 bits: make it a text, or drop the `tag` of \
                    the enum, or add a `content` to it";
const TAGGED_KEY: &str = "within a `tag` serde reads no map whose key is a number or a bool: make the key a \
                          text, or drop the `tag` of the enum, or add a `content` to it";
const TAGGED_VALUE: &str = "serde cannot put a `tag` into a value that is no object: give the variant a field \
                            with a name, or drop the `tag` of the enum, or add a `content` to it";
const SAME_TAG: &str = "the variant holds a field of the name of the `tag`, so that one of them would be \
                        lost: give one of them another name";
const NOTHING: &str = "the JSON of `Some(None)` and `Some(())` is `null`, which is read as `None`: take one \
                       `Option` away, or make it an enum";

/// Why a shape cannot be stored, and the last named field on the way there.
#[derive(Clone, Copy)]
struct Fault {
    reason: &'static str,
    field: Option<(&'static str, Place)>,
}

/// The range of a look.
#[derive(Clone, Copy)]
struct Look {
    /// True if serde holds it in its buffer before it is read.
    is_buffered: bool,
    /// True if types with names are looked into, which their own derives have checked.
    is_deep: bool,
    /// True if an `Option` of what may be `null` counts; an event that is only read may have been stored so.
    is_written: bool,
}

const fn fault(shape: &'static Shape, look: Look) -> Option<Fault> {
    match *shape {
        Shape::Integer { bits: 128, .. } | Shape::NonZero { bits: 128, .. } if look.is_buffered => {
            Some(Fault { reason: WIDE, field: None })
        }
        Shape::Option(inner) => match inner {
            Shape::Option(_) | Shape::Unit if look.is_written => {
                Some(Fault { reason: NOTHING, field: None })
            }
            inner => fault(inner, look),
        },
        Shape::Sequence(item) | Shape::Set(item) | Shape::Array { item, .. } => fault(item, look),
        Shape::Tuple(items) => {
            let mut i = 0;
            while i < items.len() {
                if let Some(fault) = fault(items[i].shape, look) {
                    return Some(fault);
                }
                i += 1;
            }
            None
        }
        Shape::Map { key, value } => match key_fault(key, look) {
            Some(reason) => Some(Fault { reason, field: None }),
            None => fault(value, look),
        },
        Shape::Struct(shape) if look.is_deep => in_fields(shape.fields, look),
        Shape::Enum(shape) if look.is_deep => in_variants(shape, look),
        _ => None,
    }
}

const fn key_fault(key: &'static Shape, look: Look) -> Option<&'static str> {
    match *key {
        // One that is empty can be read, and may have been stored.
        Shape::Integer { .. } | Shape::NonZero { .. } | Shape::Float { .. } | Shape::Bool
            if look.is_buffered && look.is_written =>
        {
            Some(TAGGED_KEY)
        }
        Shape::Integer { .. }
        | Shape::NonZero { .. }
        | Shape::Float { .. }
        | Shape::Bool
        | Shape::Char
        | Shape::String
        | Shape::Format(_)
        | Shape::Opaque(_) => None,
        Shape::Enum(shape) if has_units_alone(shape) => None,
        // Only `None` cannot be written.
        Shape::Option(key) if !look.is_written => key_fault(key, look),
        _ => Some(KEY),
    }
}

const fn has_units_alone(shape: &'static EnumShape) -> bool {
    let mut i = 0;
    while i < shape.variants.len() {
        if !matches!(shape.variants[i].content, Content::Unit) {
            return false;
        }
        i += 1;
    }
    matches!(shape.tagging, Tagging::External)
}

const fn in_fields(fields: &'static [Field], look: Look) -> Option<Fault> {
    let mut i = 0;
    while i < fields.len() {
        if let Some(found) = fault(fields[i].shape, look) {
            return match found.field {
                Some(_) => Some(found),
                None => {
                    let field = Some((fields[i].name, fields[i].place));
                    Some(Fault { field, ..found })
                }
            };
        }
        i += 1;
    }
    None
}

const fn in_variants(shape: &'static EnumShape, look: Look) -> Option<Fault> {
    // A struct with a tag has the shape of an enum with one variant, and is not buffered.
    let is_enum = shape.variants.len() > 1;
    let is_buffered = is_enum && matches!(shape.tagging, Tagging::Internal { .. });
    let look = Look { is_buffered: look.is_buffered || is_buffered, ..look };
    let mut i = 0;
    while i < shape.variants.len() {
        let found = in_content(shape.variants[i].content, look);
        if found.is_some() {
            return found;
        }
        i += 1;
    }
    None
}

const fn in_content(content: Content, look: Look) -> Option<Fault> {
    match content {
        Content::Unit => None,
        Content::Newtype(item) => fault(item.shape, look),
        Content::Tuple(items) => {
            let (mut found, mut place) = (None, 0);
            while place < items.len() && found.is_none() {
                found = fault(items[place].shape, look);
                place += 1;
            }
            found
        }
        Content::Struct(fields) => in_fields(fields, look),
    }
}

/// Returns true if serde reads the content of a variant also from a buffer of its own.
pub(super) const fn is_read_from_buffer(content: Content) -> bool {
    in_content(content, Look { is_buffered: true, is_deep: true, is_written: true }).is_none()
}

/// Fails to compile, at the place of the call, when the field `name` holds what JSON cannot hold.
#[track_caller]
pub(super) const fn check_field(name: &'static str, shape: &'static Shape, is_buffered: bool) {
    // What is buffered is so in all that it holds.
    let look = Look { is_buffered, is_deep: is_buffered, is_written: false };
    if let Some(Fault { reason, .. }) = fault(shape, look) {
        panic!(
            "{}",
            ConstText::<512>::new().quote(name).say(" cannot be stored: ").say(reason).as_str()
        )
    }
}

/// The same of what a variant holds without a name.
#[track_caller]
pub(super) const fn check_item(shape: &'static Shape, tag: Option<&'static str>) {
    let is_buffered = tag.is_some();
    let look = Look { is_buffered, is_deep: is_buffered, is_written: false };
    let reason = match (tag, fault(shape, look)) {
        (_, Some(Fault { reason, .. })) => Some(reason),
        (Some(tag), None) => tag_fault(shape, tag),
        (None, None) => None,
    };
    if let Some(reason) = reason {
        panic!("{}", ConstText::<512>::new().say("it cannot be stored: ").say(reason).as_str())
    }
}

/// Why no tag can be put into a value of this shape.
const fn tag_fault(shape: &'static Shape, tag: &str) -> Option<&'static str> {
    match *shape {
        Shape::Struct(shape) if has_field(shape.fields, tag) => Some(SAME_TAG),
        Shape::Enum(shape) if writes_name(shape, tag) => Some(SAME_TAG),
        Shape::Struct(_) | Shape::Enum(_) => None,
        Shape::Unit | Shape::Map { .. } | Shape::Opaque(_) | Shape::Any => None,
        _ => Some(TAGGED_VALUE),
    }
}

const fn has_field(fields: &'static [Field], name: &str) -> bool {
    let mut i = 0;
    while i < fields.len() {
        if same_name(fields[i].name, name) {
            return true;
        }
        i += 1;
    }
    false
}

/// Returns true if an object that a value of the enum is written as may have a member of this name.
const fn writes_name(shape: &'static EnumShape, name: &str) -> bool {
    match shape.tagging {
        Tagging::Adjacent { tag, content } => {
            return same_name(tag, name) || same_name(content, name);
        }
        Tagging::Internal { tag } if same_name(tag, name) => return true,
        Tagging::Internal { .. } | Tagging::External => {}
    }
    let is_external = matches!(shape.tagging, Tagging::External);
    let mut i = 0;
    while i < shape.variants.len() {
        let variant = &shape.variants[i];
        i += 1;
        let is_written = match variant.content {
            _ if is_external => same_name(variant.name, name),
            Content::Struct(fields) => has_field(fields, name),
            Content::Newtype(item) => tag_fault(item.shape, name).is_some(),
            Content::Unit | Content::Tuple(_) => false,
        };
        if is_written {
            return true;
        }
    }
    false
}

/// Fails to compile, at the place of the call, when an event that is emitted holds what JSON cannot hold.
/// An older version of it may, as some of its values could be stored.
#[track_caller]
pub const fn is_storable(event: &EventType) {
    let look = Look { is_buffered: false, is_deep: true, is_written: true };
    let Some(Fault { reason, field }) = fault(event.shape, look) else { return };
    let mut text =
        ConstText::<1024>::new().say("the event ").quote(event.name).say(" cannot be stored");
    if let Some((name, place)) = field {
        text = text.say(": its field ").quote(name).say(" (").say(place.file()).say(":");
        text.push_number(place.line() as u64);
        text = text.say(")");
    }
    panic!("{}", text.say(": ").say(reason).as_str())
}

/// Fails to compile, at the place of the call, when the values of a JSON column are what JSON cannot hold, as
/// far as their shape is known.
#[track_caller]
pub const fn is_json_storable(column: &str, shape: Option<&'static Shape>) {
    let look = Look { is_buffered: false, is_deep: true, is_written: true };
    let Some(shape) = shape else { return };
    let Some(Fault { reason, field }) = fault(shape, look) else { return };
    let mut text =
        ConstText::<1024>::new().say("the column ").quote(column).say(" cannot be stored");
    if let Some((name, place)) = field {
        text = text.say(": the field ").quote(name).say(" in it (").say(place.file()).say(":");
        text.push_number(place.line() as u64);
        text = text.say(")");
    }
    panic!("{}", text.say(": ").say(reason).as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};
    use std::num::NonZero;

    use super::super::Item;
    use super::super::Schema;
    use super::super::StructShape;
    use super::super::Variant;
    use super::super::fingerprint::Fingerprint;
    use super::*;

    fn reason<T: Schema>(is_buffered: bool, is_written: bool) -> Option<&'static str> {
        fault(T::SHAPE, Look { is_buffered, is_deep: true, is_written }).map(|fault| fault.reason)
    }

    /// An object with a field of each of two types.
    struct Two<A, B>(A, B);

    impl<A: Schema, B: Schema> Schema for Two<A, B> {
        const SHAPE: &'static Shape = &Shape::Struct(&StructShape {
            fields: &[Field::unchecked::<A>("a"), Field::unchecked::<B>("b")],
            closed: false,
        });
        const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(&Shape::Unit);
    }

    /// An enum of units, or with content.
    struct Either<const UNITS: bool>;

    impl<const UNITS: bool> Schema for Either<UNITS> {
        const SHAPE: &'static Shape = &Shape::Enum(&EnumShape {
            tagging: Tagging::External,
            variants: match UNITS {
                true => &[Variant::new("one", Content::Unit), Variant::new("two", Content::Unit)],
                false => &[Variant::new("one", Content::Newtype(Item::of::<u8>()))],
            },
            closed: false,
        });
        const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(&Shape::Unit);
    }

    #[test]
    fn what_json_cannot_hold_is_found_in_every_part() {
        assert_eq!(reason::<BTreeMap<Two<u8, u8>, u8>>(false, false), Some(KEY));
        assert_eq!(reason::<Two<u8, HashMap<(u8, u8), u8>>>(false, false), Some(KEY));
        assert_eq!(reason::<[BTreeMap<Option<String>, u8>; 2]>(false, true), Some(KEY));
        assert_eq!(reason::<[BTreeMap<Option<String>, u8>; 2]>(false, false), None);
        assert_eq!(reason::<(u8, BTreeMap<Vec<u8>, u8>)>(false, false), Some(KEY));
        assert_eq!(reason::<BTreeMap<(), u8>>(false, false), Some(KEY));
        assert_eq!(reason::<BTreeMap<Either<false>, u8>>(false, false), Some(KEY));
        assert_eq!(
            reason::<BTreeMap<String, BTreeMap<Either<false>, u8>>>(false, false),
            Some(KEY)
        );
        assert_eq!(reason::<Vec<BTreeMap<Either<true>, Option<u8>>>>(true, true), None);
        assert_eq!(reason::<BTreeMap<u128, BTreeMap<char, bool>>>(false, true), None);
        assert_eq!(reason::<BTreeMap<u8, u8>>(true, true), Some(TAGGED_KEY));
        assert_eq!(reason::<Two<String, BTreeMap<bool, u8>>>(true, true), Some(TAGGED_KEY));
        assert_eq!(reason::<BTreeMap<u8, u8>>(true, false), None);
        assert_eq!(reason::<Two<u64, Option<Vec<i128>>>>(true, false), Some(WIDE));
        assert_eq!(reason::<BTreeSet<NonZero<u128>>>(true, false), Some(WIDE));
        assert_eq!(reason::<BTreeMap<NonZero<u8>, u8>>(true, true), Some(TAGGED_KEY));
        assert_eq!(reason::<BTreeSet<Option<Option<u8>>>>(false, true), Some(NOTHING));
        assert_eq!(reason::<Two<u128, Option<Vec<i128>>>>(false, true), None);
        assert_eq!(reason::<Two<u8, Vec<Option<Option<u8>>>>>(false, true), Some(NOTHING));
        assert_eq!(reason::<Option<Box<()>>>(false, true), Some(NOTHING));
        assert_eq!(reason::<Option<Option<u8>>>(false, false), None);
        assert_eq!(reason::<Option<Vec<Option<u8>>>>(true, true), None);
    }

    /// An enum of one variant, `one`, that holds a `T`.
    struct Tagged<const TAG: u8, T>(T);

    impl<const TAG: u8, T: Schema> Schema for Tagged<TAG, T> {
        const SHAPE: &'static Shape = &Shape::Enum(&EnumShape {
            tagging: match TAG {
                0 => Tagging::External,
                1 => Tagging::Internal { tag: "tag" },
                _ => Tagging::Adjacent { tag: "tag", content: "content" },
            },
            variants: &[Variant::new("one", Content::Newtype(Item::of::<T>()))],
            closed: false,
        });
        const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(&Shape::Unit);
    }

    #[test]
    fn a_tag_is_told_from_all_that_is_written_beside_it() {
        let fault = |shape, tag| tag_fault(shape, tag);
        let external = <Tagged<0, Two<u8, u8>>>::SHAPE;
        assert_eq!((fault(external, "one"), fault(external, "a")), (Some(SAME_TAG), None));
        let internal = <Tagged<1, Two<u8, u8>>>::SHAPE;
        assert_eq!((fault(internal, "tag"), fault(internal, "one")), (Some(SAME_TAG), None));
        assert_eq!(fault(internal, "b"), Some(SAME_TAG));
        assert_eq!(fault(<Tagged<1, Tagged<0, u8>>>::SHAPE, "one"), Some(SAME_TAG));
        let adjacent = <Tagged<2, Two<u8, u8>>>::SHAPE;
        assert_eq!((fault(adjacent, "tag"), fault(adjacent, "a")), (Some(SAME_TAG), None));
        assert_eq!(fault(adjacent, "content"), Some(SAME_TAG));
    }

    #[test]
    fn a_tag_is_put_into_objects_alone() {
        for shape in [<Two<u8, u8>>::SHAPE, <()>::SHAPE, <BTreeMap<String, u8>>::SHAPE] {
            assert_eq!(tag_fault(shape, "kind"), None);
        }
        assert_eq!(tag_fault(<Two<u8, u8>>::SHAPE, "b"), Some(SAME_TAG));
        assert_eq!(tag_fault(<Either<true>>::SHAPE, "kind"), None);
        for shape in [u8::SHAPE, String::SHAPE, <Vec<u8>>::SHAPE, <Option<u8>>::SHAPE] {
            assert_eq!(tag_fault(shape, "kind"), Some(TAGGED_VALUE));
        }
    }
}
