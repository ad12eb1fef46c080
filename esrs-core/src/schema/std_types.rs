//! Shapes of the standard library's types, and of the two crates in esrs's own interface.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;

use super::{Fingerprint, Item, Schema, Shape};

macro_rules! leaf {
    ($($type:ty => $shape:expr;)*) => {$(
        impl Schema for $type {
            const SHAPE: &'static Shape = &$shape;
            const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(Self::SHAPE);
        }
    )*};
}
#[cfg(any(feature = "chrono", feature = "rust_decimal", feature = "time", feature = "url"))]
pub(super) use leaf;

leaf! {
    () => Shape::Unit;
    bool => Shape::Bool;
    i8 => Shape::Integer { signed: true, bits: 8 };
    i16 => Shape::Integer { signed: true, bits: 16 };
    i32 => Shape::Integer { signed: true, bits: 32 };
    i64 => Shape::Integer { signed: true, bits: 64 };
    i128 => Shape::Integer { signed: true, bits: 128 };
    // On the wire a pointer-sized number is as wide as the widest machine that wrote it.
    isize => Shape::Integer { signed: true, bits: 64 };
    u8 => Shape::Integer { signed: false, bits: 8 };
    u16 => Shape::Integer { signed: false, bits: 16 };
    u32 => Shape::Integer { signed: false, bits: 32 };
    u64 => Shape::Integer { signed: false, bits: 64 };
    u128 => Shape::Integer { signed: false, bits: 128 };
    usize => Shape::Integer { signed: false, bits: 64 };
    f32 => Shape::Float { bits: 32 };
    f64 => Shape::Float { bits: 64 };
    char => Shape::Char;
    str => Shape::String;
    String => Shape::String;
    std::path::PathBuf => Shape::String;
    std::net::IpAddr => Shape::Format("ip");
    std::net::Ipv4Addr => Shape::Format("ipv4");
    std::net::Ipv6Addr => Shape::Format("ipv6");
    std::net::SocketAddr => Shape::Format("socket_address");
    serde_json::Value => Shape::Any;
    uuid::Uuid => Shape::Format("uuid");
    jiff::Timestamp => Shape::Format("timestamp");
    jiff::ZonedDateTime => Shape::Format("zoned_date_time");
    jiff::civil::Date => Shape::Format("date");
    jiff::civil::Time => Shape::Format("time");
    jiff::civil::DateTime => Shape::Format("date_time");
    jiff::Span => Shape::Format("span");
    jiff::SignedDuration => Shape::Format("duration");
}

macro_rules! transparent {
    ($($type:ty),* $(,)?) => {$(
        impl<T: Schema + ?Sized> Schema for $type {
            const SHAPE: &'static Shape = T::SHAPE;
            const FINGERPRINT: Fingerprint = T::FINGERPRINT;
            const DECLARED: &'static str = T::DECLARED;
            const READ_IF_ABSENT: bool = T::READ_IF_ABSENT;
        }
    )*};
}

transparent!(Box<T>, Rc<T>, Arc<T>, &T);

impl<T: Schema + ToOwned + ?Sized> Schema for Cow<'_, T> {
    const SHAPE: &'static Shape = T::SHAPE;
    const FINGERPRINT: Fingerprint = T::FINGERPRINT;
    const DECLARED: &'static str = T::DECLARED;
    const READ_IF_ABSENT: bool = T::READ_IF_ABSENT;
}

impl<T: ?Sized> Schema for std::marker::PhantomData<T> {
    const SHAPE: &'static Shape = &Shape::Unit;
    const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(Self::SHAPE);
}

/// The shape of an integer without its zero.
const fn non_zero(integer: &Shape) -> Shape {
    match *integer {
        Shape::Integer { signed, bits } => Shape::NonZero { signed, bits },
        other => other,
    }
}

macro_rules! non_zero {
    ($($integer:ty),*) => {$(
        impl Schema for NonZero<$integer> {
            const SHAPE: &'static Shape = &non_zero(<$integer as Schema>::SHAPE);
            const FINGERPRINT: Fingerprint = Fingerprint::of_leaf(Self::SHAPE);
        }
    )*};
}

non_zero!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

impl<T: Schema> Schema for Option<T> {
    const SHAPE: &'static Shape = &Shape::Option(T::SHAPE);
    const FINGERPRINT: Fingerprint = Fingerprint::of_option(T::FINGERPRINT);
    const DECLARED: &'static str = T::DECLARED;
    const READ_IF_ABSENT: bool = true;
}

macro_rules! sequence {
    ($($type:ty where [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> Schema for $type {
            const SHAPE: &'static Shape = &Shape::Sequence(T::SHAPE);
            const FINGERPRINT: Fingerprint = Fingerprint::of_sequence(T::FINGERPRINT);
            const DECLARED: &'static str = T::DECLARED;
        }
    )*};
}

sequence! {
    Vec<T> where [T: Schema];
    VecDeque<T> where [T: Schema];
    LinkedList<T> where [T: Schema];
    [T] where [T: Schema];
}

macro_rules! set {
    ($($type:ty where [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> Schema for $type {
            const SHAPE: &'static Shape = &Shape::Set(T::SHAPE);
            const FINGERPRINT: Fingerprint = Fingerprint::of_set(T::FINGERPRINT);
            const DECLARED: &'static str = T::DECLARED;
        }
    )*};
}

set! {
    BTreeSet<T> where [T: Schema];
    HashSet<T, S> where [T: Schema, S];
}

impl<T: Schema, const N: usize> Schema for [T; N] {
    const SHAPE: &'static Shape = &Shape::Array { item: T::SHAPE, length: N };
    const FINGERPRINT: Fingerprint = Fingerprint::of_array(T::FINGERPRINT, N);
    const DECLARED: &'static str = T::DECLARED;
}

macro_rules! map {
    ($($type:ty where [$($generics:tt)*];)*) => {$(
        impl<$($generics)*> Schema for $type {
            const SHAPE: &'static Shape = &Shape::Map { key: K::SHAPE, value: V::SHAPE };
            const FINGERPRINT: Fingerprint = Fingerprint::of_map(K::FINGERPRINT, V::FINGERPRINT);
            const DECLARED: &'static str = V::DECLARED;
        }
    )*};
}

map! {
    BTreeMap<K, V> where [K: Schema, V: Schema];
    HashMap<K, V, S> where [K: Schema, V: Schema, S];
}

macro_rules! tuple {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Schema),+> Schema for ($($name,)+) {
            const SHAPE: &'static Shape = &Shape::Tuple(&[$(Item::of::<$name>()),+]);
            const FINGERPRINT: Fingerprint = Fingerprint::of_tuple(&[$(Item::of::<$name>()),+]);
        }
    )*};
}

tuple! {
    (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F)
    (A B C D E F G) (A B C D E F G H) (A B C D E F G H I) (A B C D E F G H I J)
    (A B C D E F G H I J K) (A B C D E F G H I J K L)
}
