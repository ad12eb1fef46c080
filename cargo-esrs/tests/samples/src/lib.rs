//! Events wherever they may stand.
#![deny(warnings, missing_docs, unreachable_pub, unused_qualifications, clippy::all, clippy::pedantic)]

esrs::schema!();

use std::num::NonZero;

use esrs::{Event, Schema, TryUpcast, Upcast};
use serde::{Deserialize, Serialize};

/// A text that is looked at before it is taken.
#[derive(Schema, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

impl TryFrom<String> for Text {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() > 1_000_000 { Err("too long") } else { Ok(Self(text)) }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// At the root, with an alias of which there is a lock too.
#[derive(Event, Serialize, Deserialize)]
#[event("written", aliases("noted"))]
pub struct Written {
    /// The text.
    pub text: Text,
}

/// The one before it.
#[derive(Event, Serialize, Deserialize)]
#[event("noted")]
pub struct Noted {
    /// The text.
    pub text: Text,
}

/// The types that are taken for known, by other meanings.
pub mod taken {
    use super::Text;
    use serde::{Deserialize, Serialize};

    /// Not that one.
    pub struct Result;
    /// Not that one.
    pub struct Option;
    /// Not that one.
    pub struct Sampled;
    /// Not that one.
    pub struct StandIn;

    /// An event called as a keyword.
    #[derive(esrs::Event, Serialize, Deserialize)]
    #[event("typed")]
    #[allow(non_camel_case_types)]
    pub struct r#type {
        text: Text,
    }

    mod nested {
        use super::super::Text;
        use serde::{Deserialize, Serialize};

        #[derive(esrs::Event, Serialize, Deserialize)]
        #[event("hidden")]
        struct Hidden {
            text: Text,
        }
    }
}

macro_rules! event {
    ($name:ident, $stored:literal) => {
        /// An event of a macro.
        #[derive(Event, Serialize, Deserialize)]
        #[event($stored)]
        pub struct $name {
            /// The text.
            pub text: Text,
        }
    };
}

event!(OfAMacro, "of_a_macro");

/// Items that a function declares cannot be named from outside of it.
pub fn declares() {
    #[derive(Event, Serialize, Deserialize)]
    #[event("declared_in_a_function")]
    struct Declared {
        text: Text,
    }

    // It is called as one that stands outside.
    #[derive(Event, Serialize, Deserialize)]
    #[event("written_in_a_function")]
    struct Written {
        text: Text,
    }
}

/// A step that multiplies.
#[derive(Event, Serialize, Deserialize)]
#[event("paid")]
pub struct PaidV1 {
    /// The amount.
    pub euros: i64,
}

/// An amount, in cents.
#[derive(Event, Serialize, Deserialize)]
#[event("paid", version = 2, from = PaidV1)]
pub struct Paid {
    /// The amount.
    pub cents: i64,
}

impl Upcast<PaidV1> for Paid {
    fn upcast(old: PaidV1) -> Self {
        Self { cents: old.euros.saturating_mul(100) }
    }
}

/// A step that may refuse.
#[derive(Event, Serialize, Deserialize)]
#[event("counted")]
pub struct CountedV1 {
    /// The number.
    pub many: i32,
}

/// Of which there is at least one.
#[derive(Event, Serialize, Deserialize)]
#[event("counted", version = 2, from = CountedV1)]
pub struct Counted {
    /// The number.
    pub many: u64,
}

impl TryUpcast<CountedV1> for Counted {
    type Error = &'static str;

    fn try_upcast(old: CountedV1) -> Result<Self, Self::Error> {
        old.many.try_into().map(|many| Self { many }).map_err(|_| "fewer than none")
    }
}

/// With a remark, or without one, which is not written then.
#[derive(Event, Serialize, Deserialize)]
#[event("remarked")]
pub struct Remarked {
    /// The remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<u8>,
}

/// It became money that was received, which became money that was moved.
#[derive(Event, Serialize, Deserialize)]
#[event("gift_given")]
pub struct GiftGivenV1 {
    /// The amount.
    pub euros: i64,
}

/// An amount, in dimes.
#[derive(Event, Serialize, Deserialize)]
#[event("gift_given", version = 2, from = GiftGivenV1)]
pub struct GiftGiven {
    /// The amount.
    pub cents: i64,
}

impl Upcast<GiftGivenV1> for GiftGiven {
    fn upcast(old: GiftGivenV1) -> Self {
        Self { cents: old.euros.saturating_mul(10) }
    }
}

/// By whomever.
#[derive(Event, Serialize, Deserialize)]
#[event("money_received", merges(GiftGiven))]
pub struct MoneyReceived {
    /// The amount.
    pub cents: i64,
}

impl Upcast<GiftGiven> for MoneyReceived {
    fn upcast(old: GiftGiven) -> Self {
        Self { cents: old.cents.wrapping_abs() }
    }
}

/// It became money that was moved.
#[derive(Event, Serialize, Deserialize)]
#[event("coupon_used")]
pub struct CouponUsed {
    /// The amount.
    pub cents: i64,
}

/// In whatever direction.
#[derive(Event, Serialize, Deserialize)]
#[event("money_moved", merges(MoneyReceived, CouponUsed))]
pub struct MoneyMoved {
    /// The amount.
    pub cents: i64,
}

impl Upcast<MoneyReceived> for MoneyMoved {
    fn upcast(old: MoneyReceived) -> Self {
        Self { cents: old.cents.wrapping_neg() }
    }
}

impl TryUpcast<CouponUsed> for MoneyMoved {
    type Error = &'static str;

    fn try_upcast(old: CouponUsed) -> Result<Self, Self::Error> {
        if old.cents < 0 { Err("below nothing") } else { Ok(Self { cents: old.cents }) }
    }
}

/// It takes less than its shape says.
#[derive(Event, Serialize, Deserialize)]
#[event("divided")]
pub struct Divided {
    /// By what.
    pub by: Divisor,
    /// The text.
    pub text: Text,
}

/// A number that is looked at before it is taken.
#[derive(Schema, Clone, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Divisor(NonZero<u32>);

impl TryFrom<u32> for Divisor {
    type Error = std::num::TryFromIntError;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        number.try_into().map(Self)
    }
}

impl From<Divisor> for u32 {
    fn from(divisor: Divisor) -> Self {
        divisor.0.get()
    }
}

/// Numbers that stay apart, and are not zero.
#[derive(Event, Serialize, Deserialize)]
#[event("numbered")]
pub struct Numbered {
    /// The numbers.
    pub numbers: std::collections::BTreeSet<NonZero<u8>>,
}
