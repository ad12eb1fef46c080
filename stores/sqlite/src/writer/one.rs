//! One event behind those of a known stream: one statement, and no more.
//!
//! The writer assumes that nothing was appended since it looked. If another process appended, the next
//! position is taken, and the table refuses the event. If the log lost what the writer remembers, the
//! table refuses it, too, because the event that it stands behind is not there.

use esrs_core::{AppendCondition, Appended, AppendedStream, LogMark};
use rusqlite::ErrorCode;

use super::append::kind_of;
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
        let Some((anchor, row)) = self.row_of_one(append) else { return Ok(None) };
        self.check_files()?;
        let inserted = row.insert_behind(&self.connection, anchor);
        if inserted.as_ref().is_err_and(is_constraint) {
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
        self.versions.committed(stream, version, id);
        self.anchor = Some(LogMark { position, event_id: id });
        self.waiting.appended(position);
        Ok(Some(appended))
    }

    /// The row of a batch that is one event behind a version of a known stream, and nothing else; and
    /// the event behind which it stands in the log.
    fn row_of_one<'a>(&self, append: &'a PreparedAppend) -> Option<(LogMark, EventRow<'a>)> {
        let batch = &append.batch;
        let ([part], [details]) = (&*batch.streams, &*append.details) else { return None };
        let ([event], condition) = (&*part.events, part.condition) else { return None };
        let (AppendCondition::Version(expected)
        | AppendCondition::LastEvent { version: expected, .. }) = condition
        else {
            return None;
        };
        if batch.idempotency_key.is_some() || !self.inline.is_empty() {
            return None;
        }
        let stream = self.streams.get(&part.stream)?;
        let (version, last_event) = self.versions.get(stream)?;
        let is_another = condition.last_event().is_some_and(|id| id != last_event);
        if version != expected || is_another || !self.event_ids.is_new(event.id) {
            return None;
        }
        let position = self.event_ids.next_position()?;
        let anchor = self.anchor.filter(|last| last.position.get() + 1 == position.get())?;
        let row = EventRow {
            position,
            stream,
            version: expected.checked_add(1)?,
            kind: self.kinds.get(&kind_of(event))?,
            event,
            details: details.as_deref(),
        };
        Some((anchor, row))
    }
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
