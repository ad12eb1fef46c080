//! An append that was checked, on its way into the database.

use esrs_core::store::{from_microseconds, to_microseconds};
use esrs_core::{AppendBatch, EventKind, NewEvent, StoreError, StreamAppend, StreamId};
use jiff::Timestamp;

use crate::encode::EARLIEST;
use crate::names::KindOf;

/// No stream has so many events, nor a column of PostgreSQL a larger number.
const LARGEST: u64 = i64::MAX as u64;

/// A batch that was checked, with its metadata written as JSON.
#[derive(Debug)]
pub(crate) struct PreparedAppend {
    pub(super) batch: AppendBatch,
    /// Of each event, in order.
    pub(super) details: Vec<Option<String>>,
    /// True if it was sent, and the answer was lost.
    pub(super) may_be_stored: bool,
}

impl PreparedAppend {
    pub(crate) fn new(batch: AppendBatch) -> Result<Self, StoreError> {
        batch.check()?;
        for (stream, event) in batch.events() {
            let (id, at) = (event.id, event.recorded_at);
            if to_microseconds(at) < EARLIEST {
                let reason = format!(
                    "the event {id} of {stream} was recorded at {at}, and PostgreSQL holds no time \
                     before {}",
                    from_microseconds(EARLIEST).unwrap_or(Timestamp::MIN)
                );
                return Err(StoreError::InvalidBatch { reason });
            }
        }
        let details = batch.details()?;
        Ok(Self { batch, details, may_be_stored: false })
    }

    /// Its events, each with its stream.
    pub(crate) fn events(&self) -> impl Iterator<Item = (&StreamId, &NewEvent)> {
        self.batch.events()
    }

    /// The stream, the event and its metadata as JSON, if it is one event.
    pub(crate) fn into_one(self) -> Option<(StreamId, NewEvent, Option<String>)> {
        let part = self.batch.streams.into_iter().next()?;
        Some((part.stream, part.events.into_iter().next()?, self.details.into_iter().next()?))
    }

    /// An estimate of its size in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.batch.bytes_with(&self.details)
    }

    /// Its only event and the version that this has to stand behind, if it is no more than that.
    pub(super) fn one(&self) -> Option<(&StreamAppend, &NewEvent, u64)> {
        let [part] = &*self.batch.streams else { return None };
        match (&*part.events, part.condition.version()) {
            ([event], Some(expected @ 1..LARGEST)) if self.batch.idempotency_key.is_none() => {
                Some((part, event, expected))
            }
            _ => None,
        }
    }
}

/// Returns the kind by which an event of this stream is numbered.
pub(super) fn kind_of(part: &StreamAppend, event: &NewEvent) -> KindOf {
    let kind = EventKind { name: event.name.clone(), version: event.version };
    KindOf { category: part.stream.category().into(), kind }
}
