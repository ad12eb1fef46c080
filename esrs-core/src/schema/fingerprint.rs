//! Hashing a shape in const evaluation, one level at a time.

use esrs_lock::hash::Fnv1a;
use esrs_lock::outline::Presence;

use super::{Content, EnumShape, Field, Item, Shape, StructShape, Tagging, Variant};

/// A 64-bit hash of a [`Shape`], or of all that an aggregate's state follows from:
/// [`Aggregate::FOLD`](crate::Aggregate::FOLD).
///
/// It is mixed from the fingerprints of the parts, one level at a time, so its cost at compile time
/// does not grow with the depth of a type. Fields of an object and variants of an enum are summed,
/// because their order means nothing on the wire; places of a tuple are chained, because theirs does.
///
/// Text is hashed by FNV-1a (Fowler, Noll, Vo; <http://www.isthe.com/chongo/tech/comp/fnv/>), and
/// numbers are mixed by the finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl std::fmt::Display for Fingerprint {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

const fn text(text: &str) -> u64 {
    mix(Fnv1a::of(text.as_bytes()), text.len() as u64)
}

const fn mix(hash: u64, part: u64) -> u64 {
    let mut z = hash.rotate_left(5) ^ part.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Fingerprint {
    /// The hash as a number.
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// Returns true if two fingerprints are the same; `==` is not yet for const code.
    pub const fn equals(self, other: Self) -> bool {
        self.0 == other.0
    }

    /// The fingerprint of text.
    pub(crate) const fn of_text(said: &str) -> Self {
        Self(text(said))
    }

    /// The fingerprint of texts whose order means nothing.
    pub(crate) const fn of_texts(texts: &[&str]) -> Self {
        Self(sum_texts(texts))
    }

    /// This, followed by a number.
    pub(crate) const fn with(self, number: u64) -> Self {
        Self(mix(self.0, number))
    }

    /// This and that, whose order means nothing.
    pub(crate) const fn beside(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// The fingerprint of a shape that has no parts.
    ///
    /// # Panics
    /// In const evaluation, when the shape has parts: theirs is mixed by the functions next to this.
    pub const fn of_leaf(shape: &Shape) -> Self {
        Self(match *shape {
            Shape::Unit => text("unit"),
            Shape::Bool => text("bool"),
            Shape::Integer { signed, bits } => {
                mix(text(if signed { "signed" } else { "unsigned" }), bits as u64)
            }
            Shape::NonZero { signed, bits } => mix(
                text(if signed { "signed, not zero" } else { "unsigned, not zero" }),
                bits as u64,
            ),
            Shape::Float { bits } => mix(text("float"), bits as u64),
            Shape::Char => text("char"),
            Shape::String => text("string"),
            Shape::Format(name) => mix(text("format"), text(name)),
            Shape::Opaque(name) => mix(text("opaque"), text(name)),
            Shape::Any => text("any"),
            _ => panic!("this shape has parts, and is mixed from their fingerprints"),
        })
    }

    /// The fingerprint of an optional value.
    pub const fn of_option(inner: Self) -> Self {
        Self(mix(text("option"), inner.0))
    }

    /// The fingerprint of an array of any length.
    pub const fn of_sequence(item: Self) -> Self {
        Self(mix(text("sequence"), item.0))
    }

    /// The fingerprint of an array in which no item is twice.
    pub const fn of_set(item: Self) -> Self {
        Self(mix(text("set"), item.0))
    }

    /// The fingerprint of an array of a fixed length.
    pub const fn of_array(item: Self, length: usize) -> Self {
        Self(mix(mix(text("array"), item.0), length as u64))
    }

    /// The fingerprint of an object with any keys.
    pub const fn of_map(key: Self, value: Self) -> Self {
        Self(mix(mix(text("map"), key.0), value.0))
    }

    /// The fingerprint of an array whose places have shapes of their own.
    pub const fn of_tuple(items: &[Item]) -> Self {
        Self(mix(text("tuple"), chain(items)))
    }

    /// The fingerprint of an object with known fields.
    pub const fn of_struct(shape: &StructShape) -> Self {
        Self(mix(mix(text("struct"), shape.closed as u64), sum_fields(shape.fields)))
    }

    /// The fingerprint of an enum.
    pub const fn of_enum(shape: &EnumShape) -> Self {
        let tagging = match shape.tagging {
            Tagging::External => text("external"),
            Tagging::Internal { tag } => mix(text("internal"), text(tag)),
            Tagging::Adjacent { tag, content } => {
                mix(mix(text("adjacent"), text(tag)), text(content))
            }
        };
        let mut sum = 0u64;
        let mut i = 0;
        while i < shape.variants.len() {
            sum = sum.wrapping_add(variant(&shape.variants[i]));
            i += 1;
        }
        Self(mix(mix(mix(text("enum"), tagging), shape.closed as u64), sum))
    }
}

const fn variant(variant: &Variant) -> u64 {
    let content = match variant.content {
        Content::Unit => text("unit"),
        Content::Newtype(item) => mix(text("newtype"), item.fingerprint.0),
        Content::Tuple(items) => mix(text("tuple"), chain(items)),
        Content::Struct(fields) => mix(text("struct"), sum_fields(fields)),
    };
    let name = mix(mix(text(variant.name), sum_texts(variant.aliases)), variant.other as u64);
    mix(mix(text("variant"), name), content)
}

const fn chain(items: &[Item]) -> u64 {
    let mut hash = items.len() as u64;
    let mut i = 0;
    while i < items.len() {
        hash = mix(hash, items[i].fingerprint.0);
        i += 1;
    }
    hash
}

const fn sum_fields(fields: &[Field]) -> u64 {
    let mut sum = 0u64;
    let mut i = 0;
    while i < fields.len() {
        let field = &fields[i];
        let presence = match field.presence() {
            // What is spread was taken for optional always, and is the same under its name.
            _ if matches!(field.name.as_bytes(), b"*") => 1,
            Presence::ByShape => 0,
            Presence::Optional => 1,
            Presence::Required => 2,
        };
        let name = mix(mix(text(field.name), sum_texts(field.aliases)), presence);
        sum = sum.wrapping_add(mix(mix(text("field"), name), field.fingerprint.0));
        i += 1;
    }
    sum
}

const fn sum_texts(texts: &[&str]) -> u64 {
    let mut sum = 0u64;
    let mut i = 0;
    while i < texts.len() {
        sum = sum.wrapping_add(text(texts[i]));
        i += 1;
    }
    sum
}
