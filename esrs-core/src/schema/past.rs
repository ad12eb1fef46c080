//! Values as they were stored in an older version of their type.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::rc::Rc;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::fingerprint::Fingerprint;
use super::{Schema, Shape};

/// A type that knows what it looked like in its version `V`, and brings such a value up to date.
///
/// The derives implement it for each version that their attributes tell of: `#[derive(Schema)]` with
/// `#[schema(version = 2)]`, and `#[derive(Event)]`. An `Option`, `Box`, `Rc`, `Arc`, `Cow`, array, list,
/// set or map of such a type knows the same versions. Write it by hand for what no attribute can say:
///
/// ```
/// use esrs_core::{PastVersion, Schema};
/// # use esrs_core::{Fingerprint, Shape};
///
/// struct Celsius(f64);
/// # impl Schema for Celsius {
/// #     const SHAPE: &'static Shape = f64::SHAPE;
/// #     const FINGERPRINT: Fingerprint = f64::FINGERPRINT;
/// # }
///
/// // Once it was kept in whole tenths.
/// impl PastVersion<1> for Celsius {
///     type Past = i32;
///
///     fn from_past(tenths: i32) -> Self {
///         Self(f64::from(tenths) / 10.0)
///     }
/// }
/// assert_eq!(Option::<Celsius>::from_past(Some(205)).map(|celsius| celsius.0), Some(20.5));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not know its version {V}",
    label = "version {V} of `{Self}` is not known",
    note = "if `{Self}` has not changed since then, drop `updated`",
    note = "if it has, raise its version, `#[schema(version = …)]`, and declare on its fields what changed, such as `#[schema(added(in = …, default = …))]`",
    note = "what no attribute declares is written: `impl PastVersion<{V}> for {Self} {{ type Past = …; fn from_past(past: Self::Past) -> Self {{ … }} }}`",
    note = "an `Option`, `Box`, `Rc`, `Arc`, `Cow`, array, list, set or map knows the versions of what it holds"
)]
pub trait PastVersion<const V: u32>: Sized {
    /// The type that is stored as version `V`.
    type Past: Schema + DeserializeOwned;

    /// A hash of the code that [`from_past`](Self::from_past) was generated from.
    #[doc(hidden)]
    const CODE: u64 = 0;

    /// Says in the newest shape what `past` said in its own.
    fn from_past(past: Self::Past) -> Self;
}

impl<const V: u32, T: PastVersion<V>> PastVersion<V> for Option<T> {
    type Past = Option<T::Past>;
    const CODE: u64 = T::CODE;

    #[inline]
    fn from_past(past: Self::Past) -> Self {
        past.map(T::from_past)
    }
}

// A `Box` is read without the feature `rc` of serde, and is written like any of them.
macro_rules! pointer {
    ($($type:ident),*) => {$(
        impl<const V: u32, T: PastVersion<V>> PastVersion<V> for $type<T> {
            type Past = Box<T::Past>;
            const CODE: u64 = T::CODE;

            #[inline]
            fn from_past(past: Self::Past) -> Self {
                Self::new(T::from_past(*past))
            }
        }
    )*};
}

pointer!(Box, Rc, Arc);

impl<const V: u32, T: Clone + PastVersion<V>> PastVersion<V> for Cow<'_, T> {
    type Past = T::Past;
    const CODE: u64 = T::CODE;

    #[inline]
    fn from_past(past: Self::Past) -> Self {
        Self::Owned(T::from_past(past))
    }
}

macro_rules! list {
    ($($type:ident),*) => {$(
        impl<const V: u32, T: PastVersion<V>> PastVersion<V> for $type<T> {
            type Past = $type<T::Past>;
            const CODE: u64 = T::CODE;

            #[inline]
            fn from_past(past: Self::Past) -> Self {
                past.into_iter().map(T::from_past).collect()
            }
        }
    )*};
}

list!(Vec, VecDeque, LinkedList);

impl<const V: u32, T: PastVersion<V>, const N: usize> PastVersion<V> for [T; N]
where
    [T::Past; N]: DeserializeOwned,
{
    type Past = [T::Past; N];
    const CODE: u64 = T::CODE;

    #[inline]
    fn from_past(past: Self::Past) -> Self {
        past.map(T::from_past)
    }
}

impl<const V: u32, K, T> PastVersion<V> for BTreeMap<K, T>
where
    K: Schema + DeserializeOwned + Ord,
    T: PastVersion<V>,
{
    type Past = BTreeMap<K, T::Past>;
    const CODE: u64 = T::CODE;

    fn from_past(past: Self::Past) -> Self {
        past.into_iter().map(|(key, value)| (key, T::from_past(value))).collect()
    }
}

impl<const V: u32, K, T, S> PastVersion<V> for HashMap<K, T, S>
where
    K: Schema + DeserializeOwned + Hash + Eq,
    T: PastVersion<V>,
    S: BuildHasher + Default,
{
    type Past = HashMap<K, T::Past, S>;
    const CODE: u64 = T::CODE;

    fn from_past(past: Self::Past) -> Self {
        past.into_iter().map(|(key, value)| (key, T::from_past(value))).collect()
    }
}

// The older type may have no order and no hash, so what was stored of a set is read as the list it is.
impl<const V: u32, T: Ord + PastVersion<V>> PastVersion<V> for BTreeSet<T> {
    type Past = Items<T::Past>;
    const CODE: u64 = T::CODE;

    fn from_past(past: Self::Past) -> Self {
        past.0.into_iter().map(T::from_past).collect()
    }
}

impl<const V: u32, T, S> PastVersion<V> for HashSet<T, S>
where
    T: Hash + Eq + PastVersion<V>,
    S: BuildHasher + Default,
{
    type Past = Items<T::Past>;
    const CODE: u64 = T::CODE;

    fn from_past(past: Self::Past) -> Self {
        past.0.into_iter().map(T::from_past).collect()
    }
}

/// The items of a set that was stored.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Items<T>(Vec<T>);

impl<T: Schema> Schema for Items<T> {
    const SHAPE: &'static Shape = <BTreeSet<T> as Schema>::SHAPE;
    const FINGERPRINT: Fingerprint = <BTreeSet<T> as Schema>::FINGERPRINT;
}
