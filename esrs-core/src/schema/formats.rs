//! Formats that depend on how a foreign crate was built.
//!
//! The features of a crate are those that the whole program asks for, so another crate can change how its
//! types are written, and no shape tells. A value of each such type is written once per process, and
//! compared with what its format stands for, before an event that holds one is stored.

use std::fmt;
use std::sync::OnceLock;

use super::event_type::EventType;
use super::{Content, Field, Item, Shape};

/// A type of a foreign crate is written otherwise than its events have it.
///
/// Another crate of the program has switched on a feature of that crate, such as
/// `rust_decimal/serde-float`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormatMismatch {
    /// The format, as locks name it, such as `decimal`.
    pub format: &'static str,
    /// The crate whose features decide it.
    pub of_crate: &'static str,
    /// The text of a value in this format.
    pub expected: &'static str,
    /// The text that this program writes for the same value.
    pub found: String,
}

impl fmt::Display for FormatMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, of_crate, expected, found } = self;
        write!(
            f,
            "the format `{format}` has {expected} where this program writes {found}: a feature of \
             `{of_crate}` is switched on; find out by which crate, with \
             `cargo tree --edges features --invert {of_crate}`, and switch it off"
        )
    }
}

impl std::error::Error for FormatMismatch {}

/// A value of a foreign type, and what it is written as.
struct Probe {
    format: &'static str,
    of_crate: &'static str,
    expected: &'static str,
    /// Writes the value, reads that, and writes it again.
    write: fn() -> Result<String, serde_json::Error>,
}

impl Probe {
    fn try_it(&self) -> Result<(), FormatMismatch> {
        let Self { format, of_crate, expected, write } = *self;
        let found = write().unwrap_or_else(|error| format!("nothing ({error})"));
        match found == expected {
            true => Ok(()),
            false => Err(FormatMismatch { format, of_crate, expected, found }),
        }
    }
}

#[cfg(any(feature = "rust_decimal", feature = "time"))]
fn there_and_back<T>(value: T) -> Result<String, serde_json::Error>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let again: T = serde_json::from_str(&serde_json::to_string(&value)?)?;
    serde_json::to_string(&again)
}

const PROBES: &[Probe] = &[
    // `arbitrary_precision` keeps each number as it was written, and more digits than other programs read.
    Probe {
        format: ANY,
        of_crate: "serde_json",
        expected: "1.0",
        write: || {
            let value: serde_json::Value = serde_json::from_str("1.00")?;
            serde_json::to_string(&value)
        },
    },
    #[cfg(feature = "rust_decimal")]
    Probe {
        format: "decimal",
        of_crate: "rust_decimal",
        expected: r#""12345678901234567.89""#,
        write: || there_and_back(rust_decimal::Decimal::new(1_234_567_890_123_456_789, 2)),
    },
    #[cfg(feature = "time")]
    Probe {
        format: "time::Date",
        of_crate: "time",
        expected: "[1970,1]",
        write: || there_and_back(time::UtcDateTime::UNIX_EPOCH.date()),
    },
    #[cfg(feature = "time")]
    Probe {
        format: "time::Time",
        of_crate: "time",
        expected: "[0,0,0,0]",
        write: || there_and_back(time::Time::MIDNIGHT),
    },
    #[cfg(feature = "time")]
    Probe {
        format: "time::PrimitiveDateTime",
        of_crate: "time",
        expected: "[1970,1,0,0,0,0]",
        write: || {
            let epoch = time::UtcDateTime::UNIX_EPOCH;
            there_and_back(time::PrimitiveDateTime::new(epoch.date(), epoch.time()))
        },
    },
    #[cfg(test)]
    Probe {
        format: WRITTEN_OTHERWISE,
        of_crate: "some_crate",
        expected: "1",
        write: || serde_json::to_string("1"),
    },
    #[cfg(feature = "time")]
    Probe {
        format: "time::OffsetDateTime",
        of_crate: "time",
        expected: "[1970,1,0,0,0,0,0,0,0]",
        write: || there_and_back(time::OffsetDateTime::UNIX_EPOCH),
    },
];

/// The format of a value of any JSON.
const ANY: &str = "any";

/// A format that programs of tests write otherwise than it is named.
#[cfg(test)]
pub(crate) const WRITTEN_OTHERWISE: &str = "written_otherwise";

/// The [`PROBES`] that matter to a shape, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Formats(u64);

impl Formats {
    /// None of them.
    pub(crate) const NONE: Self = Self(0);

    /// Those of any of these events.
    pub(crate) const fn of_events(events: &'static [EventType]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < events.len() {
            bits |= of_shape(events[i].shape);
            i += 1;
        }
        Self(bits)
    }

    /// Those of a shape.
    pub(crate) const fn of(shape: &'static Shape) -> Self {
        Self(of_shape(shape))
    }

    /// These and others.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Returns true if there are any.
    pub(crate) const fn are_any(self) -> bool {
        self.0 != 0
    }

    /// Checks that each is written as its name says.
    pub(crate) fn check(self) -> Result<(), FormatMismatch> {
        static TRIED: OnceLock<Vec<FormatMismatch>> = OnceLock::new();
        if self.0 == 0 {
            return Ok(());
        }
        let tried =
            TRIED.get_or_init(|| PROBES.iter().filter_map(|probe| probe.try_it().err()).collect());
        let is_one = |mismatch: &&FormatMismatch| self.0 & of_name(mismatch.format) != 0;
        tried.iter().find(is_one).map_or(Ok(()), |mismatch| Err(mismatch.clone()))
    }
}

const fn of_name(name: &str) -> u64 {
    let mut i = 0;
    while i < PROBES.len() {
        if crate::schema::names::same_name(PROBES[i].format, name) {
            return 1 << i;
        }
        i += 1;
    }
    0
}

const fn of_shape(shape: &'static Shape) -> u64 {
    match *shape {
        Shape::Format(name) | Shape::Opaque(name) => of_name(name),
        Shape::Any => of_name(ANY),
        Shape::Option(item)
        | Shape::Sequence(item)
        | Shape::Set(item)
        | Shape::Array { item, .. } => of_shape(item),
        Shape::Tuple(items) => of_items(items),
        Shape::Map { key, value } => of_shape(key) | of_shape(value),
        Shape::Struct(shape) => of_fields(shape.fields),
        Shape::Enum(shape) => {
            let (mut bits, mut i) = (0, 0);
            while i < shape.variants.len() {
                bits |= match shape.variants[i].content {
                    Content::Unit => 0,
                    Content::Newtype(item) => of_shape(item.shape),
                    Content::Tuple(items) => of_items(items),
                    Content::Struct(fields) => of_fields(fields),
                };
                i += 1;
            }
            bits
        }
        _ => 0,
    }
}

const fn of_items(items: &'static [Item]) -> u64 {
    let (mut bits, mut i) = (0, 0);
    while i < items.len() {
        bits |= of_shape(items[i].shape);
        i += 1;
    }
    bits
}

const fn of_fields(fields: &'static [Field]) -> u64 {
    let (mut bits, mut i) = (0, 0);
    while i < fields.len() {
        bits |= of_shape(fields[i].shape);
        i += 1;
    }
    bits
}

#[cfg(test)]
#[allow(unused_qualifications, reason = "what is derived names this crate")]
mod tests {
    use std::convert::Infallible;

    use esrs_derive::{Aggregate, Event, Projection, Schema};
    use serde::{Deserialize, Serialize};

    use super::super::Schema;
    use super::*;
    use crate::aggregate::Apply;
    use crate::aggregate::Context;
    use crate::aggregate::Events;
    use crate::aggregate::Handle;
    use crate::event::EncodeError;
    use crate::event::Metadata;
    use crate::event::Recorded;
    use crate::log::NewEvent;
    use crate::log::StoreError;
    use crate::memory::MemoryStore;
    use crate::read_model::projection::ColumnType;
    use crate::read_model::projection::Create;
    use crate::read_model::projection::JsonShape;
    use crate::read_model::projection::Projection;
    use crate::read_model::projection::Value;
    use crate::read_model::projection::json_to_value;
    use crate::read_model::subscription::Projected;
    use crate::read_model::subscription::Subscription;
    use crate::repository::Repository;
    use crate::repository::SnapshotError;
    use crate::repository::SnapshotPolicy;

    /// A value that this program writes otherwise than its format is named.
    #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
    struct Odd(u8);

    impl Schema for Odd {
        const SHAPE: &'static Shape = &Shape::Format(WRITTEN_OTHERWISE);
        const FINGERPRINT: crate::schema::fingerprint::Fingerprint =
            crate::schema::fingerprint::Fingerprint::of_leaf(Self::SHAPE);
    }

    #[test]
    fn an_event_of_a_format_that_is_written_otherwise_is_refused() {
        // Within a function an event brings no test of its lock along.
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event("oddly_counted", crate = crate)]
        struct OddlyCounted {
            odd: Vec<Odd>,
        }

        let event = OddlyCounted { odd: vec![Odd(1)] };
        let refused = NewEvent::of(&event, Metadata::new()).unwrap_err();
        let EncodeError::Format { event: "oddly_counted", source } = refused else {
            panic!("{refused}")
        };
        assert_eq!((source.format, &*source.found), (WRITTEN_OTHERWISE, "\"1\""));
    }

    #[test]
    fn a_json_column_of_a_format_that_is_written_otherwise_is_refused() {
        let (odd, even) = (JsonShape::of(<(u8, Odd)>::SHAPE), JsonShape::of(<(u8, u8)>::SHAPE));
        assert_eq!(odd.column_type(), ColumnType::Jsonb);
        let written = || json_to_value(&(1, Odd(2)));
        let settled = || written().map(Some);
        let json = Value::Json("[1,2]".to_owned());
        assert_eq!(even.value(written()), Ok(json.clone()));
        assert_eq!(even.settled(settled()), Ok(Some(json)));
        for refused in [odd.value(written()).unwrap_err(), odd.settled(settled()).unwrap_err()] {
            assert!(refused.reason.contains(WRITTEN_OTHERWISE), "{refused}");
            assert!(refused.reason.contains("--invert some_crate"), "{refused}");
        }
    }

    #[test]
    fn a_projection_with_a_format_that_is_written_otherwise_is_not_run() {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event("counted", crate = crate)]
        struct Counted {}

        #[derive(Aggregate, Default)]
        #[aggregate("counter", id = u8, events(ignored(Counted)), crate = crate)]
        struct Counter {}

        #[derive(Projection)]
        #[projection(table = "counts", of = Counter, creates(Counted), crate = crate)]
        struct Row {
            #[projection(key)]
            id: u8,
            #[projection(json)]
            even: Vec<u8>,
            #[projection(json)]
            odd: Vec<Odd>,
        }

        impl Create<Counted> for Row {
            fn create(id: u8, _: &Recorded<Counted>) -> Self {
                Self { id, even: Vec::new(), odd: Vec::new() }
            }
        }

        let subscription = Projected::<Row>::subscription_of();
        let handled = Subscription { owner: None, ..subscription.clone() };
        assert!(handled.check().is_ok());
        let checked = [subscription.check(), Subscription::check_distinct([&subscription])];
        for refused in checked {
            let Err(StoreError::ProjectionTable { table: "counts", reason }) = refused else {
                panic!("{refused:?}")
            };
            assert!(reason.contains("--invert some_crate"), "{reason}");
        }
        let row = Row { id: 1, even: vec![2], odd: vec![] };
        let refused = row.to_values().unwrap_err();
        assert_eq!(refused.column, Some("odd"));
    }

    #[tokio::test]
    async fn a_snapshot_of_a_format_that_is_written_otherwise_is_refused() {
        #[derive(Event, Clone, Serialize, Deserialize)]
        #[event("counted", crate = crate)]
        struct Counted {}

        #[derive(Aggregate, Default, Schema, Serialize, Deserialize, PartialEq)]
        #[aggregate("counter", id = u8, events(Counted), crate = crate)]
        #[schema(crate = crate)]
        struct Counter {
            odd: Option<Odd>,
        }

        impl Apply<Counted> for Counter {
            fn apply(&mut self, _: Counted) {
                self.odd = Some(Odd(1));
            }
        }

        impl Handle<Counted> for Counter {
            type Error = Infallible;

            fn handle(
                &self,
                event: &Counted,
                _: &Context<Self>,
            ) -> Result<Events<Self>, Infallible> {
                Ok(event.clone().into())
            }
        }

        let counters = Repository::<Counter>::new(MemoryStore::new())
            .with_snapshots(SnapshotPolicy::every(1_000));
        counters.execute(&7, Counted {}).await.unwrap();
        for _ in 0..2 {
            let refused = counters.write_snapshot(&7).await.unwrap_err();
            let SnapshotError::Format { version: 1, source, .. } = &refused else {
                panic!("{refused}")
            };
            assert_eq!(source.format, WRITTEN_OTHERWISE);
        }
        assert_eq!(counters.load(&7).await.unwrap().odd, Some(Odd(1)));
    }

    #[test]
    fn this_program_writes_each_format_as_it_is_named() {
        for probe in PROBES.iter().filter(|probe| probe.format != WRITTEN_OTHERWISE) {
            assert_eq!(probe.try_it(), Ok(()));
        }
    }

    #[test]
    fn another_way_to_write_a_value_is_told() {
        let write = || serde_json::to_string(&12_345_678_901_234_567.89_f64);
        let probe =
            Probe { format: "decimal", of_crate: "rust_decimal", expected: r#""1.5""#, write };
        let mismatch = probe.try_it().unwrap_err();
        assert_eq!(mismatch.found, "1.2345678901234568e+16");
        assert!(mismatch.to_string().contains("--invert rust_decimal"), "{mismatch}");
    }

    #[cfg(feature = "rust_decimal")]
    #[test]
    fn a_format_is_found_in_every_part_of_a_shape() {
        type Decimal = rust_decimal::Decimal;
        assert_eq!(Formats::of(<String as Schema>::SHAPE), Formats(0));
        for shape in [
            <Decimal as Schema>::SHAPE,
            <Option<Vec<Decimal>> as Schema>::SHAPE,
            <[(u8, Decimal); 2] as Schema>::SHAPE,
            <std::collections::BTreeMap<Decimal, u8> as Schema>::SHAPE,
        ] {
            assert_eq!(Formats::of(shape), Formats(of_name("decimal")), "{shape}");
            assert_eq!(Formats::of(shape).check(), Ok(()));
        }
    }
}
