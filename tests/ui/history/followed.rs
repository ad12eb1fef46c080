//! The messages of this folder, followed as they are printed.

use esrs::schema::PastVersion;
use esrs::prelude::*;

fn five() -> u8 {
    5
}

/// `retyped_with_attributes_of_the_new_type`
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("stock_counted", version = 2)]
struct StockCounted {
    #[event(retyped(from = Option<u8>, in = 2, with = |old| old.unwrap_or(1), serde(default)))]
    #[serde(default = "five")]
    count: u8,
    #[event(retyped(from = u8, in = 2, with = u16::from, serde()))]
    #[serde(default)]
    shelf: u16,
}

/// `payload_that_refuses`: the event's own field may refuse.
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("price_set", version = 2)]
struct PriceSet {
    #[event(retyped(from = i64, in = 2, try_with = u64::try_from))]
    cents: u64,
}

/// `variant_retyped`
#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
#[schema(version = 2)]
enum Value {
    Number(#[schema(retyped(from = u8, in = 2, with = u64::from))] u64),
}

/// `added_twice`
#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("value_noted", version = 4, removed(name = "note", ty = u8, since = 2, in = 3))]
struct ValueNoted {
    #[event(updated(in = 4, from = 1))]
    value: Value,
    #[event(added(in = 4, default = "none".to_owned()))]
    note: String,
}

/// `generic_type` and `converted_type`
#[derive(Schema, Debug, PartialEq, Serialize, Deserialize)]
struct Range<T> {
    from: T,
    to: T,
}

#[derive(Schema, Serialize, Deserialize)]
struct RangeV1<T> {
    start: T,
    end: T,
}

impl<T: Schema + serde::de::DeserializeOwned> PastVersion<1> for Range<T> {
    type Past = RangeV1<T>;
    fn from_past(past: Self::Past) -> Self {
        Self { from: past.start, to: past.end }
    }
}

#[derive(Event, Debug, PartialEq, Serialize, Deserialize)]
#[event("range_drawn", version = 2)]
struct RangeDrawn {
    #[event(updated(in = 2, from = 1))]
    range: Range<u8>,
}

pub(crate) fn main() {
    let counted = StockCounted::decode(1, r#"{"shelf":7}"#).unwrap();
    assert_eq!(counted, StockCounted { count: 1, shelf: 7 });
    assert!(StockCounted::decode(1, "{}").is_err(), "the shelf had to be there");
    assert_eq!(StockCounted::decode(2, "{}").unwrap(), StockCounted { count: five(), shelf: 0 });
    assert_eq!(PriceSet::decode(1, r#"{"cents":7}"#).unwrap(), PriceSet { cents: 7 });
    assert!(PriceSet::decode(1, r#"{"cents":-7}"#).is_err());
    let noted = ValueNoted::decode(2, r#"{"value":{"Number":7},"note":1}"#).unwrap();
    assert_eq!(noted, ValueNoted { value: Value::Number(7), note: "none".to_owned() });
    let drawn = RangeDrawn::decode(1, r#"{"range":{"start":1,"end":2}}"#).unwrap();
    assert_eq!(drawn, RangeDrawn { range: Range { from: 1, to: 2 } });
}
