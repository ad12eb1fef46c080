//! Shapes whose JSON comes back from `jsonb` as the same value.
//!
//! `jsonb` of PostgreSQL sorts the names of an object by their lengths and then by their bytes, keeps the
//! last of several values of one name, has no negative zero, and writes a number in another way than it was
//! given. Integers, texts and whatever is made of them are the same value afterwards; a map of a [`Shape`]
//! has no order.

use super::storable::is_read_from_buffer;
use super::{Content, Field, Item, Shape, Tagging};

/// Returns true if a value of this shape is read from `jsonb` as it was written.
pub(crate) const fn comes_back(shape: &'static Shape) -> bool {
    match *shape {
        Shape::Float { .. } | Shape::Opaque(_) | Shape::Any => false,
        Shape::Unit
        | Shape::Bool
        | Shape::Integer { .. }
        | Shape::NonZero { .. }
        | Shape::Char
        | Shape::String
        | Shape::Format(_) => true,
        Shape::Option(item)
        | Shape::Sequence(item)
        | Shape::Set(item)
        | Shape::Array { item, .. } => comes_back(item),
        Shape::Tuple(items) => all_come_back(items),
        Shape::Map { key, value } => comes_back(key) && comes_back(value),
        Shape::Struct(shape) => fields_come_back(shape.fields),
        Shape::Enum(shape) => {
            let is_buffered = match shape.tagging {
                Tagging::Adjacent { tag, content } => is_before(content, tag),
                // A buffered one is so also if it is read from `json`.
                Tagging::External | Tagging::Internal { .. } => false,
            };
            let mut i = 0;
            while i < shape.variants.len() {
                let content = shape.variants[i].content;
                let comes_back = match content {
                    Content::Unit => true,
                    Content::Newtype(item) => comes_back(item.shape),
                    Content::Tuple(items) => all_come_back(items),
                    Content::Struct(fields) => fields_come_back(fields),
                };
                if !comes_back || is_buffered && !is_read_from_buffer(content) {
                    return false;
                }
                i += 1;
            }
            true
        }
    }
}

const fn all_come_back(items: &'static [Item]) -> bool {
    let mut i = 0;
    while i < items.len() {
        if !comes_back(items[i].shape) {
            return false;
        }
        i += 1;
    }
    true
}

const fn fields_come_back(fields: &'static [Field]) -> bool {
    let mut i = 0;
    while i < fields.len() {
        if !comes_back(fields[i].shape) {
            return false;
        }
        i += 1;
    }
    true
}

/// Returns true if `jsonb` has one name of an object before another.
const fn is_before(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return one.len() < other.len();
    }
    let mut i = 0;
    while i < one.len() {
        if one[i] != other[i] {
            return one[i] < other[i];
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::super::EnumShape;
    use super::super::Schema;
    use super::super::StructShape;
    use super::super::Variant;
    use super::super::fingerprint::Fingerprint;
    use super::*;

    /// An enum with a tag next to its content, which is a `T`.
    struct Tagged<T, const CONTENT_FIRST: bool>(T);

    impl<T: Schema, const CONTENT_FIRST: bool> Schema for Tagged<T, CONTENT_FIRST> {
        const SHAPE: &'static Shape = &Shape::Enum(&EnumShape {
            tagging: match CONTENT_FIRST {
                true => Tagging::Adjacent { tag: "kind", content: "of" },
                false => Tagging::Adjacent { tag: "kind", content: "value" },
            },
            variants: &[
                Variant::new("none", Content::Unit),
                Variant::new("one", Content::Newtype(Item::of::<T>())),
            ],
            closed: false,
        });
        const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(&Shape::Unit);
    }

    /// An object with a field.
    struct One<T>(T);

    impl<T: Schema> Schema for One<T> {
        const SHAPE: &'static Shape =
            &Shape::Struct(&StructShape { fields: &[Field::of::<T>("a")], closed: false });
        const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(&Shape::Unit);
    }

    #[test]
    fn integers_and_texts_come_back() {
        assert!(comes_back(<(bool, i8, u128, char, String, ())>::SHAPE));
        assert!(comes_back(<Option<Vec<[uuid::Uuid; 2]>>>::SHAPE));
        assert!(comes_back(<HashMap<u64, BTreeMap<String, jiff::Timestamp>>>::SHAPE));
        assert!(comes_back(<One<One<i64>>>::SHAPE));
    }

    #[test]
    fn floats_and_unknown_json_do_not_come_back() {
        assert!(!comes_back(f32::SHAPE));
        assert!(!comes_back(<Vec<One<Option<f64>>>>::SHAPE));
        assert!(!comes_back(<BTreeMap<String, (u8, f64)>>::SHAPE));
        assert!(!comes_back(<[One<serde_json::Value>; 1]>::SHAPE));
        assert!(!comes_back(<Tagged<f64, false>>::SHAPE));
        assert!(!comes_back(&Shape::Map { key: &Shape::Opaque("grid@1"), value: &Shape::Bool }));
    }

    #[test]
    fn content_before_its_tag_is_read_from_a_buffer() {
        assert!(comes_back(<Tagged<BTreeMap<u8, u8>, false>>::SHAPE));
        assert!(comes_back(<Tagged<One<u128>, false>>::SHAPE));
        assert!(comes_back(<Tagged<BTreeMap<String, u64>, true>>::SHAPE));
        assert!(!comes_back(<Tagged<BTreeMap<u8, u8>, true>>::SHAPE));
        assert!(!comes_back(<Tagged<One<Vec<u128>>, true>>::SHAPE));
    }

    #[test]
    fn names_are_sorted_by_length_and_then_by_bytes() {
        assert!(is_before("b", "aa") && is_before("ab", "b0") && is_before("Z", "a"));
        assert!(!is_before("aa", "b") && !is_before("a", "a"));
    }
}
