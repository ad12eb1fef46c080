//! Histories that no attribute can declare are written: a `PastVersion` takes the place of what the
//! derives generate, as the compiler advises where it refuses an attribute.

use esrs::prelude::*;
use esrs::schema::PastVersion;

/// It had a variant `Usd`.
#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
enum Currency {
    Eur,
    Other(String),
}

#[derive(Schema, Serialize, Deserialize)]
enum CurrencyV1 {
    Eur,
    Usd,
}

impl PastVersion<1> for Currency {
    type Past = CurrencyV1;

    fn from_past(past: CurrencyV1) -> Self {
        match past {
            CurrencyV1::Eur => Self::Eur,
            CurrencyV1::Usd => Self::Other("Usd".into()),
        }
    }
}

/// It is written as a pair, and was written as its length alone.
#[derive(Schema, Debug, PartialEq, Clone, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
struct Span {
    from: i64,
    to: i64,
}

impl From<(i64, i64)> for Span {
    fn from((from, to): (i64, i64)) -> Self {
        Self { from, to }
    }
}

impl From<Span> for (i64, i64) {
    fn from(span: Span) -> Self {
        (span.from, span.to)
    }
}

impl PastVersion<1> for Span {
    type Past = i64;

    fn from_past(length: i64) -> Self {
        Self { from: 0, to: length }
    }
}

/// It had no `to`.
#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
struct Range<T> {
    from: T,
    to: Option<T>,
}

#[derive(Schema, Serialize, Deserialize)]
struct RangeV1<T> {
    from: T,
}

impl<T: Schema + serde::de::DeserializeOwned> PastVersion<1> for Range<T> {
    type Past = RangeV1<T>;

    fn from_past(past: RangeV1<T>) -> Self {
        Self { from: past.from, to: None }
    }
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("order_paid", version = 4)]
struct OrderPaid {
    #[event(updated(in = 2, from = 1))]
    currency: Currency,
    #[event(updated(in = 3, from = 1))]
    span: Span,
    #[event(updated(in = 4, from = 1))]
    days: Range<u8>,
}

#[test]
fn a_lost_variant_a_converted_type_and_a_generic_one_are_read_by_what_is_written() {
    let paid = |payload: &str| OrderPaid::decode(1, payload).unwrap();
    assert_eq!(
        paid(r#"{"currency": "Usd", "span": 7, "days": {"from": 1}}"#),
        OrderPaid {
            currency: Currency::Other("Usd".into()),
            span: Span { from: 0, to: 7 },
            days: Range { from: 1, to: None },
        }
    );
}

/// A place of a tuple was added.
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("ranged", version = 2, from = RangedV1)]
struct Ranged(i64, i64, bool);

#[derive(Event, Serialize, Deserialize)]
#[event("ranged")]
struct RangedV1(i64, i64);

impl Upcast<RangedV1> for Ranged {
    fn upcast(old: RangedV1) -> Self {
        Self(old.0, old.1, true)
    }
}

#[test]
fn a_place_of_a_tuple_is_added_by_the_struct_that_is_kept() {
    assert_eq!(Ranged::decode(1, "[1, 2]").unwrap(), Ranged(1, 2, true));
}
