//! The name of a command and its fields, each hashed by itself.

use serde::ser::{self, Serialize};

use super::FingerprintError;
use super::hash::{Entries, Hash, Hasher, Sequence, hash, is_unordered};

/// The name of a command, and the hashes of its fields. What has no fields is one without a name.
pub(super) struct Content {
    pub(super) name: String,
    pub(super) fields: Vec<(String, Hash)>,
}

type Answer = Result<Content, FingerprintError>;

/// Takes a command apart.
pub(super) fn content<C: ?Sized + Serialize>(command: &C) -> Answer {
    command.serialize(Root { type_name: short(std::any::type_name::<C>()) })
}

/// A type's name without its modules and parameters.
fn short(type_name: &'static str) -> &'static str {
    let base = type_name.trim_start_matches('&').split('<').next().unwrap_or(type_name);
    base.rsplit("::").next().unwrap_or(base)
}

struct Root {
    type_name: &'static str,
}

impl Root {
    fn whole<T: ?Sized + Serialize>(self, value: &T) -> Answer {
        Ok(Content { name: self.type_name.to_owned(), fields: vec![(String::new(), hash(value)?)] })
    }
}

/// The fields of a struct or a variant, and the elements of a tuple by their numbers.
struct Fields(Content);

impl Fields {
    fn of(name: String) -> Self {
        Self(Content { name, fields: Vec::new() })
    }

    fn push<T: ?Sized + Serialize>(
        &mut self,
        field: String,
        value: &T,
    ) -> Result<(), FingerprintError> {
        self.0.fields.push((field, hash(value)?));
        Ok(())
    }

    fn push_next<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FingerprintError> {
        self.push(self.0.fields.len().to_string(), value)
    }
}

/// A map or a sequence is compared as a whole: an entry that is not there says
/// something.
struct Whole<T> {
    name: &'static str,
    inner: T,
}

impl<T> Whole<T> {
    fn end(self, end: impl FnOnce(T) -> Result<Hash, FingerprintError>) -> Answer {
        Ok(Content { name: self.name.to_owned(), fields: vec![(String::new(), end(self.inner)?)] })
    }
}

fn variant_of(name: &str, variant: &str) -> String {
    format!("{name}::{variant}")
}

macro_rules! values {
    ($($method:ident $type:ty),+) => {$(
        fn $method(self, value: $type) -> Answer {
            self.whole(&value)
        }
    )+};
}

impl ser::Serializer for Root {
    type Ok = Content;
    type Error = FingerprintError;
    type SerializeSeq = Whole<Sequence>;
    type SerializeTuple = Fields;
    type SerializeTupleStruct = Fields;
    type SerializeTupleVariant = Fields;
    type SerializeMap = Whole<Entries>;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    values!(
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128, serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
        serialize_u128 u128, serialize_f32 f32, serialize_f64 f64, serialize_char char,
        serialize_str &str
    );

    fn serialize_bytes(self, value: &[u8]) -> Answer {
        self.whole(value)
    }

    fn serialize_none(self) -> Answer {
        self.whole(&None::<()>)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Answer {
        content(value)
    }

    fn serialize_unit(self) -> Answer {
        self.whole(&())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Answer {
        Ok(Fields::of(name.to_owned()).0)
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Answer {
        Ok(Fields::of(variant_of(name, variant)).0)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        value: &T,
    ) -> Answer {
        Ok(Content { name: name.to_owned(), ..content(value)? })
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Answer {
        Ok(Content { name: variant_of(name, variant), ..content(value)? })
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, FingerprintError> {
        let inner = Hasher::new(is_unordered(self.type_name)).serialize_seq(length)?;
        Ok(Whole { name: self.type_name, inner })
    }

    fn serialize_tuple(self, _: usize) -> Result<Fields, FingerprintError> {
        Ok(Fields::of(self.type_name.to_owned()))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<Fields, FingerprintError> {
        Ok(Fields::of(name.to_owned()))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, FingerprintError> {
        Ok(Fields::of(variant_of(name, variant)))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, FingerprintError> {
        let inner = Hasher::new(false).serialize_map(length)?;
        Ok(Whole { name: self.type_name, inner })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Fields, FingerprintError> {
        Ok(Fields::of(name.to_owned()))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields, FingerprintError> {
        Ok(Fields::of(variant_of(name, variant)))
    }
}

impl ser::SerializeSeq for Whole<Sequence> {
    type Ok = Content;
    type Error = FingerprintError;

    fn serialize_element<T: ?Sized + Serialize>(
        &mut self,
        value: &T,
    ) -> Result<(), FingerprintError> {
        ser::SerializeSeq::serialize_element(&mut self.inner, value)
    }

    fn end(self) -> Answer {
        self.end(ser::SerializeSeq::end)
    }
}

impl ser::SerializeMap for Whole<Entries> {
    type Ok = Content;
    type Error = FingerprintError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), FingerprintError> {
        self.inner.serialize_key(key)
    }

    fn serialize_value<T: ?Sized + Serialize>(
        &mut self,
        value: &T,
    ) -> Result<(), FingerprintError> {
        self.inner.serialize_value(value)
    }

    fn end(self) -> Answer {
        self.end(ser::SerializeMap::end)
    }
}

macro_rules! by_number {
    ($($trait:ident $method:ident),+) => {$(
        impl ser::$trait for Fields {
            type Ok = Content;
            type Error = FingerprintError;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), FingerprintError> {
                self.push_next(value)
            }

            fn end(self) -> Answer {
                Ok(self.0)
            }
        }
    )+};
}

by_number!(
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! by_name {
    ($($trait:ident),+) => {$(
        impl ser::$trait for Fields {
            type Ok = Content;
            type Error = FingerprintError;

            fn serialize_field<T: ?Sized + Serialize>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), FingerprintError> {
                self.push(key.to_owned(), value)
            }

            /// It is there, and says nothing: unlike one that another release lacks.
            fn skip_field(&mut self, key: &'static str) -> Result<(), FingerprintError> {
                self.0.fields.push((key.to_owned(), None));
                Ok(())
            }

            fn end(self) -> Answer {
                Ok(self.0)
            }
        }
    )+};
}

by_name!(SerializeStruct, SerializeStructVariant);
