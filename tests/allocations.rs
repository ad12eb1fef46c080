//! Allocations of esrs itself: none per event. Alone in its binary, whose allocator counts.
//!
//! Each test does the same with a few events and with many; what an event costs is the difference.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::error::Error;

use allocation_counter::measure;
use esrs::aggregate::replay;
use esrs::prelude::*;
use esrs::store::{AppendBatch, AppendCondition, NewEvent, Page, ReadQuery};
use esrs::{EventStore, Metadata, StreamId};

const FEW: usize = 10;
const MANY: usize = 10_000;

#[derive(Event, Serialize, Deserialize)]
#[event("temperature_measured", version = 2, from = TemperatureMeasuredV1, merges(FrostMeasured))]
struct TemperatureMeasured {
    tenths: i32,
    at: (u8, u8),
    sensor: Sensor,
}

#[derive(Event, Serialize, Deserialize)]
#[event("temperature_measured")]
struct TemperatureMeasuredV1 {
    degrees: i32,
    at: (u8, u8),
    sensor: Sensor,
}

impl Upcast<TemperatureMeasuredV1> for TemperatureMeasured {
    fn upcast(old: TemperatureMeasuredV1) -> Self {
        Self { tenths: old.degrees * 10, at: old.at, sensor: old.sensor }
    }
}

/// It became the one above.
#[derive(Event, Serialize, Deserialize)]
#[event("frost_measured")]
struct FrostMeasured {
    below_zero: i32,
}

impl Upcast<FrostMeasured> for TemperatureMeasured {
    fn upcast(old: FrostMeasured) -> Self {
        Self { tenths: -old.below_zero, at: (0, 0), sensor: Sensor::Roof }
    }
}

/// It became two of the one above.
#[derive(Event, Serialize, Deserialize)]
#[event("day_measured")]
struct DayMeasured {
    tenths: [i32; 2],
}

impl Split for DayMeasured {
    type Into = [TemperatureMeasured; 2];

    fn split(self) -> Self::Into {
        self.tenths.map(|tenths| TemperatureMeasured { tenths, at: (0, 0), sensor: Sensor::Roof })
    }
}

/// Three steps that are declared, and a text and a list that are moved through them.
#[derive(Event, Serialize, Deserialize)]
#[event("station_moved", version = 4, removed(name = "reason", ty = Option<u8>, in = 2))]
struct StationMoved {
    #[event(renamed(from = "place", in = 2), retyped(from = String, in = 3, with = Place))]
    to: Place,
    #[event(updated(in = 2, from = 1))]
    sensors: Vec<Mounted>,
    #[event(added(in = 3, default = 1), retyped(from = u8, in = 4, with = u16::from))]
    keys: u16,
    #[event(retyped(from = i64, in = 4, try_with = u32::try_from))]
    people: u32,
}

#[derive(Schema, Serialize, Deserialize)]
struct Place(String);

#[derive(Schema, Serialize, Deserialize)]
#[schema(version = 2)]
struct Mounted {
    #[schema(renamed(from = "sensor", in = 2))]
    kind: Sensor,
}

#[derive(Schema, Serialize, Deserialize)]
enum Sensor {
    Roof,
    Cellar { depth: u8 },
}

#[derive(Event, Serialize, Deserialize)]
#[event("remark_written")]
struct RemarkWritten {
    text: String,
}

#[derive(Aggregate, Default)]
#[aggregate("station", id = u32, events(TemperatureMeasured, RemarkWritten, split(DayMeasured)))]
struct Station {
    tenths: i64,
    last_remark: String,
}

impl Apply<TemperatureMeasured> for Station {
    fn apply(&mut self, event: TemperatureMeasured) {
        let depth = match event.sensor {
            Sensor::Roof => 0,
            Sensor::Cellar { depth } => i64::from(depth),
        };
        self.tenths += i64::from(event.tenths) + depth;
    }
}

impl Apply<RemarkWritten> for Station {
    fn apply(&mut self, event: RemarkWritten) {
        self.last_remark = event.text;
    }
}

type Tried<T> = Result<T, Box<dyn Error>>;

fn measured(place: usize) -> Tried<NewEvent> {
    let event = TemperatureMeasured { tenths: place as i32, at: (12, 30), sensor: Sensor::Roof };
    Ok(NewEvent::of(&event, Metadata::new())?)
}

fn measured_at_version_1(place: usize) -> Tried<NewEvent> {
    let sensor = Sensor::Cellar { depth: 3 };
    let event = TemperatureMeasuredV1 { degrees: place as i32, at: (12, 30), sensor };
    Ok(NewEvent::of(&event, Metadata::new())?)
}

fn frost(place: usize) -> Tried<NewEvent> {
    Ok(NewEvent::of(&FrostMeasured { below_zero: place as i32 }, Metadata::new())?)
}

fn day(place: usize) -> Tried<NewEvent> {
    Ok(NewEvent::of(&DayMeasured { tenths: [place as i32; 2] }, Metadata::new())?)
}

fn remark(place: usize) -> Tried<NewEvent> {
    let event = RemarkWritten { text: format!("the storm went on, day {place}") };
    Ok(NewEvent::of(&event, Metadata::new())?)
}

/// A store whose one stream holds `count` events.
async fn store_of(count: usize, make: fn(usize) -> Tried<NewEvent>) -> Tried<MemoryStore> {
    let store = MemoryStore::new();
    let events = (0..count).map(make).collect::<Tried<_>>()?;
    store.append(AppendBatch::new(stream()?, AppendCondition::NoStream, events)).await?;
    Ok(store)
}

fn stream() -> Tried<StreamId> {
    Ok(StreamId::new(Station::NAME, 1)?)
}

fn query() -> Tried<ReadQuery> {
    Ok(ReadQuery::stream(stream()?).limit(MANY))
}

/// Counts the allocations of the replay of a full page of `count` events.
async fn allocations_of_replay(count: usize, make: fn(usize) -> Tried<NewEvent>) -> Tried<u64> {
    let page = store_of(count, make).await?.read(query()?, Page::new()).await?;
    assert_eq!(page.len(), count);
    let mut station = Station::default();
    let mut version = Ok(0);
    let allocations = measure(|| version = replay(&mut station, 0, &page)).count_total;
    assert_eq!(version?, count as u64);
    Ok(allocations)
}

#[tokio::test]
async fn a_replay_allocates_nothing_per_event() -> Tried<()> {
    let few = allocations_of_replay(FEW, measured).await?;
    assert!(few <= 2, "{few} allocations for a page");
    assert_eq!(allocations_of_replay(MANY, measured).await?, few);
    Ok(())
}

#[tokio::test]
async fn a_string_of_an_event_is_allocated_once_and_moved_into_the_state() -> Tried<()> {
    let few = allocations_of_replay(FEW, remark).await?;
    let many = allocations_of_replay(MANY, remark).await?;
    assert_eq!(many - few, (MANY - FEW) as u64);
    Ok(())
}

#[tokio::test]
async fn a_step_from_an_older_version_allocates_nothing() -> Tried<()> {
    let few = allocations_of_replay(FEW, measured_at_version_1).await?;
    assert!(few <= 2, "{few} allocations for a page");
    assert_eq!(allocations_of_replay(MANY, measured_at_version_1).await?, few);
    Ok(())
}

#[tokio::test]
async fn an_event_that_became_another_or_two_allocates_nothing() -> Tried<()> {
    for make in [frost, day] {
        let few = allocations_of_replay(FEW, make).await?;
        assert!(few <= 2, "{few} allocations for a page");
        assert_eq!(allocations_of_replay(MANY, make).await?, few);
    }
    Ok(())
}

#[test]
fn three_declared_steps_allocate_what_the_fields_hold_and_nothing_more() {
    for (version, payload) in [
        (1, r#"{"place": "the hill", "sensors": [{"sensor": "Roof"}], "reason": 3, "people": 4}"#),
        (2, r#"{"to": "the hill", "sensors": [{"kind": "Roof"}], "people": 4}"#),
        (3, r#"{"to": "the hill", "sensors": [{"kind": "Roof"}], "people": 4, "keys": 1}"#),
        (4, r#"{"to": "the hill", "sensors": [{"kind": "Roof"}], "people": 4, "keys": 1}"#),
    ] {
        let mut moved = None;
        let read = || moved = StationMoved::decode(version, payload).ok();
        let allocations = measure(read).count_total;
        let StationMoved { to, sensors, keys, people } = moved.unwrap();
        assert_eq!((&*to.0, sensors.len(), keys, people), ("the hill", 1, 1, 4));
        assert_eq!(allocations, 2, "a text and a list, from version {version}");
    }
}

/// Counts the allocations of reading `count` events into a page that has held as many before.
fn allocations_of_reading_again(count: usize, query: &ReadQuery) -> Tried<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let store = runtime.block_on(store_of(count, remark))?;
    let page = runtime.block_on(store.read(query.clone(), Page::new()))?;
    let query = query.clone();
    let mut again = None;
    let allocations = measure(|| again = Some(runtime.block_on(store.read(query, page))));
    assert_eq!(again.ok_or("nothing was read")??.len(), count);
    Ok(allocations.count_total)
}

#[test]
fn reading_into_a_recycled_page_allocates_nothing_per_event() -> Tried<()> {
    for query in [query()?, query()?.with_envelopes()] {
        let few = allocations_of_reading_again(FEW, &query)?;
        assert!(few <= 3, "{few} allocations to read a page");
        assert_eq!(allocations_of_reading_again(MANY, &query)?, few);
    }
    Ok(())
}
