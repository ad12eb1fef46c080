//! An aggregate whose events hold anything.

use std::collections::{BTreeMap, BTreeSet};

use esrs::prelude::*;
use jiff::{Timestamp, civil};
use uuid::Uuid;

/// A value of any kind that JSON knows, and of some that it does not.
#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]
pub(crate) enum Anything {
    Nothing,
    Float(f64),
    Narrow(f32),
    Maybe(Option<f64>),
    Wide(u128, i128),
    Text(String),
    Letter(char),
    Bytes(Vec<u8>),
    Narrows(Vec<f32>),
    ByName(BTreeMap<String, Option<f64>>),
    ByNumber(BTreeMap<i64, f32>),
    Set(BTreeSet<String>),
    Time(Timestamp),
    Date(civil::Date),
    Id(Uuid),
    Pair((f64, Option<i8>)),
    Nested { inner: Option<Inner>, unit: () },
    Tagged(Tagged),
    Beside(Beside),
    Json(Option<Json>),
}

#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]
pub(crate) struct Inner {
    pub(crate) a: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) b: Option<f32>,
}

#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(crate) enum Tagged {
    Some { x: f64, n: Option<i64>, narrow: f32 },
    None,
}

/// Values that no enum with a `tag` may hold.
#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]
#[serde(tag = "kind", content = "a")]
pub(crate) enum Beside {
    Wide(u128),
    Numbers { by_number: BTreeMap<i8, f32> },
}

#[derive(Debug, Clone, PartialEq, Schema, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Json(#[schema(opaque = "json@1")] pub(crate) serde_json::Value);

#[derive(Event, Debug, Clone, Serialize, Deserialize)]
#[event("recorded")]
pub(crate) struct Recorded {
    pub(crate) value: Anything,
    /// A value behind it can be read too.
    pub(crate) number: u32,
}

/// All that was recorded.
#[derive(Aggregate, Debug, Default, PartialEq, Schema, Serialize, Deserialize)]
#[aggregate("record", id = u64, events(Recorded))]
pub(crate) struct Record {
    pub(crate) values: Vec<Anything>,
}

impl Apply<Recorded> for Record {
    fn apply(&mut self, event: Recorded) {
        assert_eq!(event.number as usize, self.values.len());
        self.values.push(event.value);
    }
}

/// Records these values, one event each.
pub(crate) struct Take(pub(crate) Vec<Anything>);

impl Handle<Take> for Record {
    type Error = std::convert::Infallible;

    fn handle(&self, Take(values): &Take, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        let numbers = self.values.len() as u32..;
        let events = values.iter().cloned().zip(numbers);
        Ok(events.map(|(value, number)| Recorded { value, number }).collect::<Vec<_>>().into())
    }
}
