//! A counter whose code panics on some numbers.

use esrs_core::store::{AppendBatch, AppendCondition, NewEvent};
use esrs_core::{
    Apply, Context, EventStore, Events, Handle, Metadata, Page, ReadQuery, Repository, StreamId,
    Upcast,
};
use esrs_derive::{Aggregate, Event, Schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `Apply` panics on this number.
pub(crate) const NOT_APPLIED: i64 = -13;
/// `Serialize` panics on this number.
pub(crate) const NOT_WRITTEN: i64 = -14;
/// `Deserialize` panics on this number.
pub(crate) const NOT_READ: i64 = -15;
/// `Upcast` panics on this number.
pub(crate) const NOT_UPCAST: i64 = -16;
/// `Handle` panics on this number.
pub(crate) const NOT_HANDLED: i64 = -17;
/// `Handle` rejects this number.
pub(crate) const REJECTED: i64 = -18;
/// The `Serialize` of the state panics on this sum.
pub(crate) const SUM_NOT_WRITTEN: i64 = 100;
/// The `PartialEq` of the state panics on this sum.
pub(crate) const SUM_NOT_COMPARED: i64 = 200;
/// The `Deserialize` of the state panics on this sum.
pub(crate) const SUM_NOT_READ: i64 = 300;
/// The `Clone` of the state panics on this sum.
pub(crate) const SUM_NOT_CLONED: i64 = 400;

mod number {
    use super::*;

    pub(super) fn serialize<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(*number, NOT_WRITTEN, "never written");
        serializer.serialize_i64(*number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let number = i64::deserialize(deserializer)?;
        assert_ne!(number, NOT_READ, "never read");
        Ok(number)
    }
}

mod sum {
    use super::*;

    pub(super) fn serialize<S: Serializer>(sum: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        assert_ne!(*sum, SUM_NOT_WRITTEN, "never written");
        serializer.serialize_i64(*sum)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let sum = i64::deserialize(deserializer)?;
        assert_ne!(sum, SUM_NOT_READ, "never read");
        Ok(sum)
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("counted", version = 1, crate = ::esrs_core)]
pub(crate) struct CountedV1 {
    old: i64,
}

#[derive(Event, Clone, Serialize, Deserialize)]
#[event("counted", version = 2, from = CountedV1, crate = ::esrs_core)]
pub(crate) struct Counted {
    #[serde(with = "number")]
    #[schema(opaque = "number@1")]
    number: i64,
}

impl Upcast<CountedV1> for Counted {
    fn upcast(CountedV1 { old }: CountedV1) -> Self {
        assert_ne!(old, NOT_UPCAST, "never upcast");
        Self { number: old }
    }
}

#[derive(Aggregate, Debug, Default, Schema, Serialize, Deserialize)]
#[aggregate("counter", id = u32, events(Counted), crate = ::esrs_core)]
#[schema(crate = ::esrs_core)]
pub(crate) struct Counter {
    pub(crate) events: u32,
    #[serde(with = "sum")]
    #[schema(opaque = "sum@1")]
    pub(crate) sum: i64,
}

impl Clone for Counter {
    fn clone(&self) -> Self {
        assert_ne!(self.sum, SUM_NOT_CLONED, "never cloned");
        Self { events: self.events, sum: self.sum }
    }
}

impl PartialEq for Counter {
    fn eq(&self, other: &Self) -> bool {
        assert_ne!(self.sum, SUM_NOT_COMPARED, "never compared");
        (self.events, self.sum) == (other.events, other.sum)
    }
}

impl Apply<Counted> for Counter {
    fn apply(&mut self, Counted { number }: Counted) {
        // A half change comes before the panic.
        self.events += 1;
        assert_ne!(number, NOT_APPLIED, "never applied");
        self.sum += number;
    }
}

/// Emits an event for each number.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Count(pub(crate) Vec<i64>);

impl Handle<Count> for Counter {
    type Error = &'static str;

    fn handle(
        &self,
        Count(numbers): &Count,
        _: &Context<Self>,
    ) -> Result<Events<Self>, Self::Error> {
        assert!(!numbers.contains(&NOT_HANDLED), "never handled");
        if numbers.contains(&REJECTED) {
            return Err("rejected");
        }
        Ok(numbers.iter().map(|&number| Counted { number }).collect::<Vec<_>>().into())
    }
}

/// Emits the sum of the state that it is handled on.
#[derive(Debug, Clone)]
pub(crate) struct Double;

impl Handle<Double> for Counter {
    type Error = &'static str;

    fn handle(&self, _: &Double, _: &Context<Self>) -> Result<Events<Self>, Self::Error> {
        Ok(Counted { number: self.sum }.into())
    }
}

/// Shows that a command is handled on the state of the stored events.
pub(crate) async fn assert_in_step(counters: &Repository<Counter>, id: u32) {
    let before = counters.load(&id).await.unwrap();
    let doubled = counters.execute(&id, Double).await.unwrap();
    let after = counters.load(&id).await.unwrap();
    assert_eq!(after.sum, before.sum * 2);
    assert_eq!(
        (doubled.version(), esrs_core::Loaded::version(&after)),
        (esrs_core::Loaded::version(&before) + 1, esrs_core::Loaded::version(&before) + 1)
    );
}

/// Stores an event as another program wrote it.
pub(crate) async fn store_event(store: &impl EventStore, id: u32, version: u32, payload: &str) {
    let event = NewEvent {
        id: uuid::Uuid::now_v7(),
        name: "counted".into(),
        version,
        payload: payload.to_owned(),
        recorded_at: jiff::Timestamp::now(),
        metadata: Metadata::new(),
    };
    let batch = AppendBatch::new(stream(id), AppendCondition::Any, vec![event]);
    store.append(batch).await.unwrap();
}

pub(crate) async fn store_number(store: &impl EventStore, id: u32, number: i64) {
    store_event(store, id, 2, &format!(r#"{{"number":{number}}}"#)).await;
}

/// The payloads of a stream.
pub(crate) async fn stored(store: &impl EventStore, id: u32) -> Vec<String> {
    let page = store.read(ReadQuery::stream(stream(id)), Page::new()).await.unwrap();
    page.records().map(|record| record.payload().to_owned()).collect()
}

pub(crate) fn stream(id: u32) -> StreamId {
    StreamId::new("counter", id).unwrap()
}
