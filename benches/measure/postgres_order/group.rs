//! Commands on their way into one statement.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// A payload as the events of an order have it.
pub(crate) const PAYLOAD: &str = r#"{"sku":"SKU-004711","quantity":3,"unit_price":{"cents":1990,"currency":"Eur"},"engraving":"for Ada"}"#;

/// The append of a command to one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) stream: i64,
    /// The version that the stream has to have; any, if none.
    pub(crate) expected: Option<i64>,
    pub(crate) events: i32,
}

/// The result of a part of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Its first event is there.
    Stored { position: i64, version: i64 },
    /// The stream has another version.
    Refused { version: i64 },
}

/// The arrays that the function takes.
#[derive(Debug, Default)]
pub(crate) struct Group {
    places: HashMap<i64, i32>,
    streams: Vec<i64>,
    part_stream: Vec<i32>,
    part_last: Vec<i32>,
    part_expected: Vec<Option<i64>>,
    part_events: Vec<i32>,
    event_part: Vec<i32>,
    event_offset: Vec<i32>,
    kinds: Vec<i32>,
    event_ids: Vec<Uuid>,
    recorded_at: Vec<i64>,
    correlation_ids: Vec<Uuid>,
    causation_ids: Vec<Option<Uuid>>,
    actors: Vec<Option<&'static str>>,
    metadata: Vec<Option<&'static str>>,
    payloads: Vec<&'static str>,
}

impl Group {
    /// A group of one command that has one part.
    pub(crate) fn of(part: Part) -> Self {
        let mut group = Self::default();
        group.push(&[part]);
        group
    }

    /// Adds a command.
    pub(crate) fn push(&mut self, parts: &[Part]) {
        let last = (self.part_stream.len() + parts.len()) as i32;
        for part in parts {
            let place = *self.places.entry(part.stream).or_insert_with(|| {
                self.streams.push(part.stream);
                self.streams.len() as i32
            });
            self.part_stream.push(place);
            self.part_last.push(last);
            self.part_expected.push(part.expected);
            self.part_events.push(part.events);
            let number = self.part_stream.len() as i32;
            (0..part.events).for_each(|offset| self.push_event(number, offset));
        }
    }

    fn push_event(&mut self, part: i32, offset: i32) {
        let id = Uuid::now_v7();
        self.event_part.push(part);
        self.event_offset.push(offset);
        self.kinds.push(1);
        self.event_ids.push(id);
        self.recorded_at.push(now());
        self.correlation_ids.push(id);
        self.causation_ids.push(None);
        self.actors.push(None);
        self.metadata.push(None);
        self.payloads.push(PAYLOAD);
    }

    /// In the order of the function's parameters.
    pub(crate) fn parameters(&self) -> [&(dyn ToSql + Sync); 15] {
        [
            &self.streams,
            &self.part_stream,
            &self.part_last,
            &self.part_expected,
            &self.part_events,
            &self.event_part,
            &self.event_offset,
            &self.kinds,
            &self.event_ids,
            &self.recorded_at,
            &self.correlation_ids,
            &self.causation_ids,
            &self.actors,
            &self.metadata,
            &self.payloads,
        ]
    }

    /// Of its only event, in the order of the parameters of the function without arrays.
    pub(crate) fn scalars(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.streams[0],
            &self.part_expected[0],
            &self.kinds[0],
            &self.event_ids[0],
            &self.recorded_at[0],
            &self.correlation_ids[0],
            &self.causation_ids[0],
            &self.actors[0],
            &self.metadata[0],
            &self.payloads[0],
        ]
    }
}

/// Microseconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}
