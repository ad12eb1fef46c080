//! Every payload that is made up from the shape of a type is one that serde reads as that type.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use esrs_core::Schema;
use esrs_core::samples::Samples;
use esrs_core::schema::lock::outline_of;
use esrs_core::schema::lock::tree::Tree;
use esrs_derive::Schema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Payloads of a type, by way of its lock.
pub(crate) fn samples<T: Schema>(seed: u64) -> Samples {
    Samples::new(&Tree::parse(&outline_of(T::SHAPE)).unwrap(), seed).unwrap()
}

/// Fails unless each payload is read, and says the same when it is written and read again.
#[track_caller]
fn reads<T: Schema + Serialize + DeserializeOwned>() {
    for payload in samples::<T>(1).take(1_500) {
        let value: T =
            serde_json::from_str(&payload).map_err(|e| format!("{e}: {payload}")).unwrap();
        let written = serde_json::to_string(&value).unwrap();
        let again: T =
            serde_json::from_str(&written).map_err(|e| format!("{e}: {written}")).unwrap();
        let again = serde_json::to_string(&again).unwrap();
        assert_eq!(sorted(&again), sorted(&written), "{payload}");
    }
}

/// The items of a set come in any order.
fn sorted(json: &str) -> serde_json::Value {
    sorted_value(serde_json::from_str(json).unwrap())
}

fn sorted_value(mut json: serde_json::Value) -> serde_json::Value {
    if let Some(items) = json.as_array_mut() {
        let mut sorted: Vec<_> = items.drain(..).map(sorted_value).collect();
        sorted.sort_by_key(ToString::to_string);
        items.extend(sorted);
    }
    if let Some(members) = json.as_object_mut() {
        members.values_mut().for_each(|value| *value = sorted_value(value.take()));
    }
    json
}

#[derive(Schema, Serialize, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[schema(crate = ::esrs_core)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Color {
    Red,
    #[serde(alias = "Verde", alias = "\"quoted\"/name")]
    DarkGreen,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
pub(crate) struct Id(u64);

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
struct Nothing;

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closed {
    #[serde(rename = "größe.in/cm", alias = "size", alias = "?")]
    size: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default)]
    tags: BTreeSet<String>,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
#[serde(rename_all_fields = "camelCase")]
pub(crate) enum External {
    Unit,
    #[serde(alias = "Old")]
    Newtype(Id),
    Pair(i8, Option<Color>),
    Fields {
        first_field: Vec<Id>,
        #[serde(default)]
        other_field: Closed,
    },
    Empty {},
    NoPlaces(),
}

impl Default for Closed {
    fn default() -> Self {
        Self { size: 1, note: None, tags: BTreeSet::new() }
    }
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
#[serde(tag = "the kind")]
pub(crate) enum Internal {
    Unit,
    Struct(Closed),
    Map(BTreeMap<String, i64>),
    Enum(Box<Adjacent>),
    External(External),
    Null(()),
    Fields {
        #[serde(alias = "c")]
        color: Color,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Adjacent {
    Unit,
    Newtype(u8),
    Null(()),
    Optional(Option<bool>),
    Pair(char, f64),
    Fields {
        id: uuid::Uuid,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Schema, Serialize, Deserialize)]
#[schema(crate = ::esrs_core)]
pub(crate) struct Generic<T> {
    held: T,
    more: Vec<T>,
}

#[test]
fn plain_values_are_read() {
    reads::<()>();
    reads::<bool>();
    reads::<(i8, i16, i32, i64)>();
    reads::<(u8, u16, u32, u64)>();
    reads::<(isize, usize)>();
    reads::<(f32, f64)>();
    reads::<(char, String, std::path::PathBuf)>();
    reads::<serde_json::Value>();
}

#[test]
fn numbers_of_128_bits_are_read() {
    for payload in samples::<(i128, u128)>(1).take(500) {
        let value: (i128, u128) = serde_json::from_str(&payload).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), payload);
    }
}

#[test]
fn texts_of_a_format_are_read() {
    reads::<uuid::Uuid>();
    reads::<(jiff::Timestamp, jiff::civil::Date, jiff::civil::Time, jiff::civil::DateTime)>();
    reads::<jiff::SignedDuration>();
    reads::<std::net::IpAddr>();
    reads::<(std::net::Ipv4Addr, std::net::Ipv6Addr, std::net::SocketAddr)>();
}

/// Each is written as it was made up.
#[test]
fn a_zone_and_a_span_are_read() {
    for payload in samples::<jiff::ZonedDateTime>(1).take(50) {
        let value: jiff::ZonedDateTime = serde_json::from_str(&payload).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), payload);
    }
    for payload in samples::<jiff::Span>(1).take(50) {
        let value: jiff::Span = serde_json::from_str(&payload).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), payload);
    }
}

/// Without a feature of its own such a crate has no serde: the texts are those that it parses.
#[cfg(all(feature = "chrono", feature = "rust_decimal", feature = "url"))]
#[test]
fn texts_of_a_format_are_parsed_by_other_crates() {
    fn parses<T: Schema + std::str::FromStr<Err: std::fmt::Debug>>() {
        for payload in samples::<T>(1).take(50) {
            let text: String = serde_json::from_str(&payload).unwrap();
            text.parse::<T>().map_err(|e| format!("{e:?}: {text}")).map(drop).unwrap();
        }
    }
    parses::<chrono::DateTime<chrono::Utc>>();
    parses::<chrono::DateTime<chrono::FixedOffset>>();
    parses::<chrono::NaiveDate>();
    parses::<chrono::NaiveTime>();
    parses::<chrono::NaiveDateTime>();
    parses::<rust_decimal::Decimal>();
    parses::<url::Url>();
}

#[test]
fn collections_are_read() {
    reads::<Option<Option<u8>>>();
    reads::<(Vec<String>, VecDeque<i64>, HashSet<u8>, [Color; 3])>();
    reads::<(BTreeMap<String, bool>, HashMap<u64, Id>, BTreeMap<i8, ()>)>();
    reads::<(BTreeMap<Color, u8>, BTreeMap<bool, u8>, BTreeMap<char, u8>, BTreeMap<uuid::Uuid, u8>)>(
    );
    reads::<BTreeMap<String, BTreeMap<String, Vec<Vec<Option<u8>>>>>>();
}

#[test]
fn objects_and_enums_are_read() {
    reads::<(Nothing, Id, Closed, Color)>();
    reads::<Vec<External>>();
    reads::<Adjacent>();
    reads::<Internal>();
    reads::<Vec<Generic<Internal>>>();
    reads::<BTreeMap<Color, Generic<Adjacent>>>();
}
