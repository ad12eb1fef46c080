//! A hash of what `Serialize` writes, which is the same in every process and release.

use esrs_lock::hash::Fnv1a;
use serde::ser::{self, Serialize};

use super::FingerprintError;
use crate::value::Withheld;

/// A hash that begins with what kind of value it is of.
#[derive(Clone, Copy)]
struct Tagged(Fnv1a);

impl Tagged {
    fn new(tag: &str) -> Self {
        Self(Fnv1a::new()).and(tag.as_bytes()).and(&[0])
    }

    fn and(mut self, bytes: &[u8]) -> Self {
        self.0.write(bytes);
        self
    }

    fn finish(self) -> u64 {
        self.0.finish()
    }
}

/// The hash of a value; `None` is absent, as in an `Option`.
pub(super) type Hash = Option<u64>;

type Answer = Result<Hash, FingerprintError>;

impl ser::Error for FingerprintError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        let shown = "its `Serialize` refused a value, in words that may quote it";
        Self { reason: Withheld::new(shown, message.to_string()) }
    }
}

fn leaf(tag: &str, bytes: &[u8]) -> Answer {
    Ok(Some(Tagged::new(tag).and(bytes).finish()))
}

fn joined(tag: &str, hashes: impl IntoIterator<Item = Hash>) -> Answer {
    let absent = Tagged::new("absent").finish();
    let hash = hashes
        .into_iter()
        .fold(Tagged::new(tag), |hash, part| hash.and(&part.unwrap_or(absent).to_be_bytes()));
    Ok(Some(hash.finish()))
}

fn of_text(text: &str) -> u64 {
    Tagged::new("text").and(text.as_bytes()).finish()
}

/// Numbers are hashed by their value, so that a field may become wider.
fn number(is_negative: bool, magnitude: u128) -> Answer {
    leaf(if is_negative { "negative" } else { "number" }, &magnitude.to_be_bytes())
}

/// Hashes a value.
pub(super) fn hash<T: ?Sized + Serialize>(value: &T) -> Answer {
    value.serialize(Hasher::new(is_unordered(std::any::type_name::<T>())))
}

/// True if a type's elements have no order, as far as its name tells: those of a `HashSet` come in another
/// order each time.
pub(super) fn is_unordered(type_name: &str) -> bool {
    const POINTERS: [&str; 4] =
        ["alloc::boxed::Box", "alloc::sync::Arc", "alloc::rc::Rc", "alloc::borrow::Cow"];
    let mut name = type_name.trim_start_matches(['&', ' ']);
    loop {
        let (base, rest) = name.split_once('<').unwrap_or((name, ""));
        if POINTERS.contains(&base) {
            name = rest.trim_start_matches(['&', ' ']);
            continue;
        }
        let base = base.rsplit("::").next().unwrap_or(base);
        return base.ends_with("Set") || base == "BinaryHeap";
    }
}

#[derive(Clone, Copy)]
pub(super) struct Hasher {
    is_unordered: bool,
}

impl Hasher {
    pub(super) fn new(is_unordered: bool) -> Self {
        Self { is_unordered }
    }
}

/// The parts of a sequence.
pub(super) struct Sequence {
    tag: &'static str,
    variant: Option<&'static str>,
    is_unordered: bool,
    parts: Vec<Hash>,
}

/// The entries of a map or a struct, without those that are absent.
pub(super) struct Entries {
    variant: Option<&'static str>,
    key: u64,
    parts: Vec<(u64, u64)>,
}

impl Sequence {
    fn new(tag: &'static str, variant: Option<&'static str>, is_unordered: bool) -> Self {
        Self { tag, variant, is_unordered, parts: Vec::new() }
    }

    fn push<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FingerprintError> {
        self.parts.push(hash(value)?);
        Ok(())
    }

    fn finish(mut self) -> Answer {
        if self.is_unordered {
            self.parts.sort_unstable();
        }
        of_variant(self.variant, joined(self.tag, self.parts)?)
    }
}

impl Entries {
    fn new(variant: Option<&'static str>) -> Self {
        Self { variant, key: 0, parts: Vec::new() }
    }

    fn push<T: ?Sized + Serialize>(&mut self, key: u64, value: &T) -> Result<(), FingerprintError> {
        self.parts.extend(hash(value)?.map(|value| (key, value)));
        Ok(())
    }

    fn finish(mut self) -> Answer {
        self.parts.sort_unstable();
        let parts = self.parts.into_iter().flat_map(|(key, value)| [Some(key), Some(value)]);
        of_variant(self.variant, joined("entries", parts)?)
    }
}

fn of_variant(variant: Option<&str>, content: Hash) -> Answer {
    match variant {
        Some(variant) => joined("variant", [Some(of_text(variant)), content]),
        None => Ok(content),
    }
}

impl ser::Serializer for Hasher {
    type Ok = Hash;
    type Error = FingerprintError;
    type SerializeSeq = Sequence;
    type SerializeTuple = Sequence;
    type SerializeTupleStruct = Sequence;
    type SerializeTupleVariant = Sequence;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, value: bool) -> Answer {
        leaf("bool", &[u8::from(value)])
    }

    fn serialize_i8(self, value: i8) -> Answer {
        self.serialize_i128(value.into())
    }

    fn serialize_i16(self, value: i16) -> Answer {
        self.serialize_i128(value.into())
    }

    fn serialize_i32(self, value: i32) -> Answer {
        self.serialize_i128(value.into())
    }

    fn serialize_i64(self, value: i64) -> Answer {
        self.serialize_i128(value.into())
    }

    fn serialize_i128(self, value: i128) -> Answer {
        number(value < 0, value.unsigned_abs())
    }

    fn serialize_u8(self, value: u8) -> Answer {
        number(false, value.into())
    }

    fn serialize_u16(self, value: u16) -> Answer {
        number(false, value.into())
    }

    fn serialize_u32(self, value: u32) -> Answer {
        number(false, value.into())
    }

    fn serialize_u64(self, value: u64) -> Answer {
        number(false, value.into())
    }

    fn serialize_u128(self, value: u128) -> Answer {
        number(false, value)
    }

    fn serialize_f32(self, value: f32) -> Answer {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Answer {
        // There are many NaN, and they say the same.
        let bits = if value.is_nan() { f64::NAN.abs().to_bits() } else { value.to_bits() };
        leaf("float", &bits.to_be_bytes())
    }

    fn serialize_char(self, value: char) -> Answer {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Answer {
        Ok(Some(of_text(value)))
    }

    fn serialize_bytes(self, value: &[u8]) -> Answer {
        leaf("bytes", value)
    }

    fn serialize_none(self) -> Answer {
        Ok(None)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Answer {
        // A field may become optional: what is there is hashed as before.
        match hash(value)? {
            None => joined("some", [None]),
            some => Ok(some),
        }
    }

    fn serialize_unit(self) -> Answer {
        leaf("unit", &[])
    }

    fn serialize_unit_struct(self, _: &'static str) -> Answer {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Answer {
        of_variant(Some(variant), None)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Answer {
        hash(value)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Answer {
        of_variant(Some(variant), hash(value)?)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Sequence, FingerprintError> {
        Ok(Sequence::new("sequence", None, self.is_unordered))
    }

    fn serialize_tuple(self, _: usize) -> Result<Sequence, FingerprintError> {
        Ok(Sequence::new("sequence", None, false))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Sequence, FingerprintError> {
        Ok(Sequence::new("sequence", None, false))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Sequence, FingerprintError> {
        Ok(Sequence::new("sequence", Some(variant), false))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, FingerprintError> {
        Ok(Entries::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, FingerprintError> {
        Ok(Entries::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, FingerprintError> {
        Ok(Entries::new(Some(variant)))
    }
}

macro_rules! sequence {
    ($($trait:ident $method:ident),+) => {$(
        impl ser::$trait for Sequence {
            type Ok = Hash;
            type Error = FingerprintError;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FingerprintError> {
                self.push(value)
            }

            fn end(self) -> Answer {
                self.finish()
            }
        }
    )+};
}

sequence!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! entries {
    ($($trait:ident),+) => {$(
        impl ser::$trait for Entries {
            type Ok = Hash;
            type Error = FingerprintError;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), FingerprintError> {
                self.push(of_text(key), value)
            }

            fn end(self) -> Answer {
                self.finish()
            }
        }
    )+};
}

entries!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Entries {
    type Ok = Hash;
    type Error = FingerprintError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), FingerprintError> {
        self.key = hash(key)?.unwrap_or(Tagged::new("absent").finish());
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(
        &mut self,
        value: &T,
    ) -> Result<(), FingerprintError> {
        self.push(self.key, value)
    }

    fn end(self) -> Answer {
        self.finish()
    }
}
