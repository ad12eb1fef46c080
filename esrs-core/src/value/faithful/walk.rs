//! A serializer that makes something of the calls it is given.

use std::fmt::Display;
use std::marker::PhantomData;

use serde::ser::{self, Serialize};

/// A value without parts, as it was given.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    None,
    Unit,
    Bool(bool),
    /// A whole number of so many bits.
    Signed(i128, u8),
    /// The same without a sign.
    Unsigned(u128, u8),
    F32(f32),
    F64(f64),
    Char(char),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A variant without content, by its name.
    Variant(&'a str),
}

/// A value that has parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Sequence,
    Tuple,
    Map,
    Struct,
    /// A variant with content, by its name.
    Variant(&'static str),
}

/// Where a part is.
pub(super) enum Key<N> {
    /// Somewhere in a sequence.
    Item,
    /// In this place of a tuple.
    Place(usize),
    /// In the field of this name.
    Name(&'static str),
    /// Behind this key of a map.
    Of(N),
}

/// The result of the calls.
pub(super) trait Node: Sized {
    /// The parts that have come so far.
    type Parts: Default;

    fn leaf(leaf: Leaf<'_>) -> Self;
    fn display(text: &(impl Display + ?Sized)) -> Self;
    fn some(inner: Self) -> Self;
    fn push(parts: &mut Self::Parts, key: Key<Self>, part: Self);
    fn close(kind: Kind, parts: Self::Parts) -> Self;
}

/// The serializer.
pub(super) struct Walk<N>(PhantomData<N>);

impl<N> Walk<N> {
    pub(super) const NEW: Self = Self(PhantomData);
}

/// The serializer of what has parts.
pub(super) struct Parts<N: Node> {
    kind: Kind,
    parts: N::Parts,
    count: usize,
    key: Option<N>,
}

impl<N: Node> Parts<N> {
    fn of(kind: Kind) -> Result<Self, serde_json::Error> {
        Ok(Self { kind, parts: N::Parts::default(), count: 0, key: None })
    }

    fn item<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), serde_json::Error> {
        self.part(Key::Item, part)
    }

    fn place<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), serde_json::Error> {
        self.count += 1;
        self.part(Key::Place(self.count - 1), part)
    }

    fn part<T: Serialize + ?Sized>(
        &mut self,
        key: Key<N>,
        part: &T,
    ) -> Result<(), serde_json::Error> {
        N::push(&mut self.parts, key, part.serialize(Walk::NEW)?);
        Ok(())
    }

    fn close(self) -> Result<N, serde_json::Error> {
        Ok(N::close(self.kind, self.parts))
    }
}

macro_rules! leaves {
    ($($function:ident($type:ty) => $leaf:expr;)*) => {$(
        #[inline]
        fn $function(self, value: $type) -> Result<N, serde_json::Error> {
            let leaf: fn($type) -> Leaf<'static> = $leaf;
            Ok(N::leaf(leaf(value)))
        }
    )*};
}

impl<N: Node> ser::Serializer for Walk<N> {
    type Ok = N;
    type Error = serde_json::Error;
    type SerializeSeq = Parts<N>;
    type SerializeTuple = Parts<N>;
    type SerializeTupleStruct = Parts<N>;
    type SerializeTupleVariant = Parts<N>;
    type SerializeMap = Parts<N>;
    type SerializeStruct = Parts<N>;
    type SerializeStructVariant = Parts<N>;

    leaves! {
        serialize_bool(bool) => Leaf::Bool;
        serialize_i8(i8) => |value| Leaf::Signed(value.into(), 8);
        serialize_i16(i16) => |value| Leaf::Signed(value.into(), 16);
        serialize_i32(i32) => |value| Leaf::Signed(value.into(), 32);
        serialize_i64(i64) => |value| Leaf::Signed(value.into(), 64);
        serialize_i128(i128) => |value| Leaf::Signed(value, 128);
        serialize_u8(u8) => |value| Leaf::Unsigned(value.into(), 8);
        serialize_u16(u16) => |value| Leaf::Unsigned(value.into(), 16);
        serialize_u32(u32) => |value| Leaf::Unsigned(value.into(), 32);
        serialize_u64(u64) => |value| Leaf::Unsigned(value.into(), 64);
        serialize_u128(u128) => |value| Leaf::Unsigned(value, 128);
        serialize_f32(f32) => Leaf::F32;
        serialize_f64(f64) => Leaf::F64;
        serialize_char(char) => Leaf::Char;
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::Text(text)))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::Bytes(bytes)))
    }

    fn serialize_none(self) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::None))
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<N, Self::Error> {
        Ok(N::some(value.serialize(self)?))
    }

    fn serialize_unit(self) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::Unit))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::Unit))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<N, Self::Error> {
        Ok(N::leaf(Leaf::Variant(variant)))
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<N, Self::Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<N, Self::Error> {
        let mut parts = Parts::<N>::of(Kind::Variant(variant))?;
        parts.part(Key::Name(variant), value)?;
        parts.close()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Sequence)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Tuple)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Tuple)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Variant(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Map)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Struct)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<N>, Self::Error> {
        Parts::of(Kind::Variant(variant))
    }

    fn collect_str<T: Display + ?Sized>(self, text: &T) -> Result<N, Self::Error> {
        Ok(N::display(text))
    }
}

macro_rules! parts {
    ($($trait:ident::$method:ident by $part:ident),+ $(,)?) => {$(
        impl<N: Node> ser::$trait for Parts<N> {
            type Ok = N;
            type Error = serde_json::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Self::Error> {
                self.$part(part)
            }

            fn end(self) -> Result<N, Self::Error> {
                self.close()
            }
        }
    )+};
}

parts!(
    SerializeSeq::serialize_element by item,
    SerializeTuple::serialize_element by place,
    SerializeTupleStruct::serialize_field by place,
    SerializeTupleVariant::serialize_field by place,
);

macro_rules! fields {
    ($($trait:ident),+) => {$(
        impl<N: Node> ser::$trait for Parts<N> {
            type Ok = N;
            type Error = serde_json::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                part: &T,
            ) -> Result<(), Self::Error> {
                self.part(Key::Name(name), part)
            }

            fn end(self) -> Result<N, Self::Error> {
                self.close()
            }
        }
    )+};
}

fields!(SerializeStruct, SerializeStructVariant);

impl<N: Node> ser::SerializeMap for Parts<N> {
    type Ok = N;
    type Error = serde_json::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Self::Error> {
        self.key = Some(key.serialize(Walk::NEW)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<(), Self::Error> {
        match self.key.take() {
            Some(key) => self.part(Key::Of(key), part),
            None => Err(ser::Error::custom("a value of a map comes without a key")),
        }
    }

    fn end(self) -> Result<N, Self::Error> {
        self.close()
    }
}
