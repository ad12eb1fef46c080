//! Events with a past, of which payloads of each version are read.

use std::collections::BTreeMap;

use esrs_core::{Event, Schema, TryUpcast, Upcast};
use esrs_derive::Event;
use serde::{Deserialize, Serialize};

use super::zoo::{Adjacent, Closed, Color, External, Generic, Id, Internal};

#[derive(Event, Serialize, Deserialize)]
#[event("moved", crate = ::esrs_core)]
pub(crate) struct MovedV1 {
    pub(crate) cents: i64,
    note: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("moved", version = 2, from = MovedV1, crate = ::esrs_core)]
pub(crate) struct MovedV2 {
    cents: i64,
    color: Color,
    closed: Closed,
}

#[derive(Event, Serialize, Deserialize)]
#[event("moved", version = 3, from = MovedV2, crate = ::esrs_core)]
pub(crate) struct Moved {
    cents: u64,
    color: Color,
    #[serde(default)]
    all: BTreeMap<Color, Vec<Internal>>,
}

impl Upcast<MovedV1> for MovedV2 {
    fn upcast(old: MovedV1) -> Self {
        let closed = Closed::default();
        Self { cents: old.cents.saturating_mul(100), color: Color::Red, closed }
    }
}

impl TryUpcast<MovedV2> for Moved {
    type Error = std::num::TryFromIntError;

    fn try_upcast(old: MovedV2) -> Result<Self, Self::Error> {
        Ok(Self { cents: old.cents.try_into()?, color: old.color, all: BTreeMap::new() })
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("everything", crate = ::esrs_core)]
pub(crate) struct Everything {
    external: Vec<External>,
    adjacent: Option<Adjacent>,
    internal: Generic<Internal>,
    map: BTreeMap<u64, Id>,
    places: (char, f64, [i8; 2]),
    wide: (i128, u128),
    moments: (jiff::Timestamp, jiff::ZonedDateTime, jiff::Span),
    anything: serde_json::Value,
}

#[derive(Event, Serialize, Deserialize)]
#[event("nothing", crate = ::esrs_core)]
pub(crate) struct Nothing;

/// Payloads of one version of an event.
pub(crate) struct Stored {
    pub(crate) name: &'static str,
    pub(crate) payloads: Vec<String>,
    /// Reads a payload as this version; whether it could be read.
    pub(crate) decode: fn(u32, &str) -> bool,
}

fn stored<V: Schema, E: Event>() -> Stored {
    let decode = |version, payload: &str| E::decode(version, payload).is_ok();
    let payloads = super::zoo::samples::<V>(1).take(200).collect();
    Stored { name: E::NAME, payloads, decode }
}

pub(crate) fn all() -> Vec<Stored> {
    vec![
        stored::<MovedV1, Moved>(),
        stored::<MovedV2, Moved>(),
        stored::<Moved, Moved>(),
        stored::<MovedV1, MovedV1>(),
        stored::<Everything, Everything>(),
        stored::<Nothing, Nothing>(),
    ]
}

#[test]
fn payloads_of_each_version_are_read_as_the_newest() {
    let counts: Vec<_> = [1, 2, 3, 1, 1, 1]
        .into_iter()
        .zip(all())
        .map(|(version, stored)| {
            let read = stored.payloads.iter().filter(|payload| (stored.decode)(version, payload));
            (stored.name, read.count())
        })
        .collect();
    assert!(counts[..2].iter().all(|(_, read)| (50..200).contains(read)), "{counts:?}");
    assert!(counts[2..].iter().all(|(_, read)| *read == 200), "{counts:?}");
}
