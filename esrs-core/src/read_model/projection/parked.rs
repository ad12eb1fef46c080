//! Streams that a pass leaves out.

use std::collections::HashMap;

use crate::event::{Position, StreamId};
use crate::log::Record;

/// The events of a page that must not be taken: those of parked streams, and those behind a bound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parked {
    streams: HashMap<StreamId, u64>,
    until: Option<Position>,
}

impl Parked {
    /// No stream.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns true if no stream is parked.
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Returns the number of parked streams.
    pub fn len(&self) -> usize {
        self.streams.len()
    }

    /// Parks the events of a stream from this version on.
    pub fn park(&mut self, stream: StreamId, version: u64) {
        self.streams.insert(stream, version);
    }

    /// The stream is not parked any more.
    pub fn resume(&mut self, stream: &StreamId) {
        self.streams.remove(stream);
    }

    /// Returns true if this event is one of a parked stream.
    pub fn contains(&self, stream: &StreamId, version: u64) -> bool {
        !self.is_empty() && self.streams.get(stream).is_some_and(|from| version >= *from)
    }

    /// Also leaves out the events behind this position; all of the page are taken if it is `None`. So a
    /// page of which a row is refused is taken in parts.
    pub fn take_until(&mut self, position: Option<Position>) {
        self.until = position;
    }

    /// Returns true if this event must not be taken.
    pub fn leaves_out(&self, record: &Record<'_>) -> bool {
        self.until.is_some_and(|until| record.position() > until)
            || self.contains(record.stream(), record.version())
    }
}

impl FromIterator<(StreamId, u64)> for Parked {
    fn from_iter<I: IntoIterator<Item = (StreamId, u64)>>(streams: I) -> Self {
        Self { streams: streams.into_iter().collect(), until: None }
    }
}
