//! Values of every type, at edges and in between.

pub use std::collections::{BTreeMap, BTreeSet};
pub use std::num::NonZero;

pub use esrs::Schema;
pub use serde::{Deserialize, Serialize};
pub use serde_json::Value;
pub use uuid::Uuid;

pub struct Dice(pub u64);

/// Dice that always fall the same way, whatever was thrown before.
const FIXED: u64 = u64::MAX;

impl Dice {
    pub fn next(&mut self) -> u64 {
        if self.0 == FIXED {
            return 1;
        }
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, many: usize) -> usize {
        (self.next() % many.max(1) as u64) as usize
    }
}

pub trait Make: Sized {
    fn make(dice: &mut Dice) -> Self;
}

/// The value of an absent field: the same one every time, and seldom that of `Default`.
pub fn lowest<T: Make>() -> T {
    T::make(&mut Dice(FIXED))
}

/// The value of an absent field that is not the one which an `Option` has without a `default`.
pub fn filled<T: Make>() -> Option<T> {
    Some(lowest())
}

macro_rules! integers {
    ($($int:ty)*) => {$(
        impl Make for $int {
            fn make(dice: &mut Dice) -> Self {
                match dice.below(6) {
                    0 => 0,
                    1 => 1,
                    2 => <$int>::MIN,
                    3 => <$int>::MAX,
                    4 => <$int>::MAX / 2 + 1,
                    _ => ((dice.next() as u128) << 64 | dice.next() as u128) as $int,
                }
            }
        }
        impl Make for NonZero<$int> {
            fn make(dice: &mut Dice) -> Self {
                NonZero::new(<$int>::make(dice)).unwrap_or(NonZero::<$int>::MAX)
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 i128 u8 u16 u32 u64 u128);

macro_rules! floats {
    ($($float:ident $bits:ty;)*) => {$(
        impl Make for $float {
            fn make(dice: &mut Dice) -> Self {
                let any = <$float>::from_bits(dice.next() as $bits);
                let edges = [0.0, 1.5, -2.0, <$float>::MAX, <$float>::MIN_POSITIVE, 0.1];
                match edges.get(dice.below(8)) {
                    Some(edge) => *edge,
                    None if any.is_finite() => any,
                    None => 1.0,
                }
            }
        }
    )*};
}

floats!(f32 u32; f64 u64;);

impl Make for () {
    fn make(_: &mut Dice) {}
}

impl Make for bool {
    fn make(dice: &mut Dice) -> Self {
        dice.below(2) == 0
    }
}

impl Make for char {
    fn make(dice: &mut Dice) -> Self {
        ['a', 't', '0', '"', '\0', 'ß', '😀'][dice.below(7)]
    }
}

impl Make for String {
    fn make(dice: &mut Dice) -> Self {
        // The names of fields, tags and variants among them.
        ["", "a", "b", "c", "d", "t", "k", "A", "B", "N", "null", "größe\n", "0"][dice.below(13)].to_owned()
    }
}

impl Make for Uuid {
    fn make(dice: &mut Dice) -> Self {
        Uuid::from_u64_pair(dice.next(), dice.next())
    }
}

impl Make for Value {
    fn make(dice: &mut Dice) -> Self {
        match dice.below(7) {
            0 => Value::Null,
            1 => Value::from(bool::make(dice)),
            2 => Value::from(i64::make(dice)),
            3 => Value::from(u64::make(dice)),
            4 => Value::from(String::make(dice)),
            5 => Value::from(vec![Value::from(1), Value::Null]),
            _ => Value::Object([(String::make(dice), Value::from(1))].into_iter().collect()),
        }
    }
}

impl<T: Make> Make for Option<T> {
    fn make(dice: &mut Dice) -> Self {
        (dice.below(3) > 0).then(|| T::make(dice))
    }
}

impl<T: Make> Make for Box<T> {
    fn make(dice: &mut Dice) -> Self {
        Box::new(T::make(dice))
    }
}

impl<T: Make + Clone> Make for Vec<T> {
    fn make(dice: &mut Dice) -> Self {
        let mut items: Vec<T> = (0..dice.below(4)).map(|_| T::make(dice)).collect();
        if let (Some(first), 0) = (items.first().cloned(), dice.below(3)) {
            items.push(first);
        }
        items
    }
}

impl<T: Make + Ord> Make for BTreeSet<T> {
    fn make(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| T::make(dice)).collect()
    }
}

impl<K: Make + Ord, T: Make> Make for BTreeMap<K, T> {
    fn make(dice: &mut Dice) -> Self {
        (0..dice.below(4)).map(|_| (K::make(dice), T::make(dice))).collect()
    }
}

impl<T: Make, const N: usize> Make for [T; N] {
    fn make(dice: &mut Dice) -> Self {
        let first = dice.below(3) == 0;
        let mut seed = dice.0;
        std::array::from_fn(|_| {
            // Equal items every third time.
            if first {
                return T::make(&mut Dice(dice.0));
            }
            seed = dice.next();
            T::make(&mut Dice(seed))
        })
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Make),+> Make for ($($name,)+) {
            fn make(dice: &mut Dice) -> Self {
                ($($name::make(dice),)+)
            }
        }
    )*};
}

tuples!((A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F));
