//! One event behind those of a known stream: one statement, and no more.
//!
//! The writer takes for granted that nothing was appended since it looked. If another process has, the
//! next position is taken, and the table refuses the event.

use esrs_core::{AppendCondition, Appended, AppendedStream};
use rusqlite::ErrorCode;

use super::append::{INSERT, kind_of};
use super::event_row::EventRow;
use super::{PreparedAppend, Writer};
use crate::error::Fault;

impl Writer {
    /// Appends a batch by one statement that commits itself. `None` if it is no such batch, or may be
    /// refused: nothing is done then, and the long way tells why.
    pub(super) fn append_one(
        &mut self,
        append: &PreparedAppend,
    ) -> Result<Option<Appended>, Fault> {
        let Some(row) = self.row_of_one(append) else { return Ok(None) };
        let inserted = row.insert(&self.connection, INSERT);
        if matches!(&inserted, Err(error) if is_constraint(error)) {
            return Ok(None);
        }
        let (id, position) = (row.event.id, row.position);
        let (stream, version) = (row.stream, row.version);
        if inserted.is_ok() {
            self.event_ids.inserted(id, position);
        }
        self.committed(inserted)?;
        self.counters.stored(1);
        let streams = append.batch.streams.iter().map(|part| AppendedStream {
            stream: part.stream.clone(),
            first_version: version,
            last_version: version,
        });
        let appended = Appended {
            streams: streams.collect(),
            first_position: position,
            last_position: position,
            repeated: false,
        };
        self.versions.committed(stream, version);
        self.waiting.appended(position);
        Ok(Some(appended))
    }

    /// The row of a batch that is one event behind a version of a known stream, and nothing else.
    fn row_of_one<'a>(&self, append: &'a PreparedAppend) -> Option<EventRow<'a>> {
        let batch = &append.batch;
        let ([part], [details]) = (&*batch.streams, &*append.details) else { return None };
        let ([event], AppendCondition::Version(expected)) = (&*part.events, part.condition) else {
            return None;
        };
        if batch.idempotency_key.is_some() || !self.inline.is_empty() {
            return None;
        }
        let stream = self.streams.get(&part.stream)?;
        if self.versions.get(stream) != Some(expected) || !self.event_ids.is_new(event.id) {
            return None;
        }
        Some(EventRow {
            position: self.event_ids.next_position()?,
            stream,
            version: expected.checked_add(1)?,
            kind: self.kinds.get(&kind_of(event))?,
            event,
            details: details.as_deref(),
        })
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
