//! One event behind those of a known stream: one statement, and no more.

use esrs_core::{AppendCondition, Appended, AppendedStream};
use rusqlite::ErrorCode;

use super::append::kind_of;
use super::event_row::EventRow;
use super::{PreparedAppend, Writer};
use crate::error::Fault;

/// What the writer takes for granted, the table refuses where it does not hold. The next position is
/// taken if another process has appended, and only then can what the writer remembers be old; a stream
/// that is not as expected lacks the version before, or has the next; an id that is stored is NULL.
const INSERT: &str = "
    INSERT INTO esrs_events (position, stream, version, kind, event_id, recorded_at,
        correlation_id, causation_id, actor, metadata, payload)
    VALUES (?1, ?2, (SELECT version + 1 FROM esrs_events WHERE stream = ?2 AND version = ?3 - 1), ?4,
        nullif(?5, (SELECT event_id FROM esrs_event_ids WHERE event_id = ?5)), ?6,
        ?7, ?8, ?9, ?10, ?11)";

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
        let (id, position, version) = (row.event.id, row.position, row.version);
        if inserted.is_ok() {
            self.event_ids.inserted(id, position);
        }
        self.committed(inserted)?;
        let streams = append.batch.streams.iter().map(|part| AppendedStream {
            stream: part.stream.clone(),
            first_version: version,
            last_version: version,
        });
        Ok(Some(Appended {
            streams: streams.collect(),
            first_position: position,
            last_position: position,
            repeated: false,
        }))
    }

    /// The row of a batch that is one event behind a version of a known stream, and nothing else.
    fn row_of_one<'a>(&self, append: &'a PreparedAppend) -> Option<EventRow<'a>> {
        let batch = &append.batch;
        let ([part], [details]) = (&*batch.streams, &*append.details) else { return None };
        let ([event], AppendCondition::Version(expected)) = (&*part.events, part.condition) else {
            return None;
        };
        let more = batch.idempotency_key.is_some() || !self.inline.is_empty();
        if expected == 0 || more || self.event_ids.is_recent(event.id) {
            return None;
        }
        Some(EventRow {
            position: self.event_ids.next_position()?,
            stream: self.streams.get(&part.stream)?,
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
