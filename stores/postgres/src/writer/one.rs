//! One event behind those of a known stream: one statement, and no more.

use esrs_core::{Appended, AppendedStream, Position};
use tokio_postgres::{Error, Row};

use super::{Connection, Direct, PreparedAppend, prepared::kind_of};
use crate::encode::{Moment, to_i64};
use crate::names::Names;

impl PreparedAppend {
    /// The numbers of its stream and its kind, if it is one event and both are known.
    pub(super) fn numbers_of_one(&self, names: &Names) -> Option<(i64, i32)> {
        let (part, event, expected) = self.one()?;
        Some((names.stream_at(&part.stream, expected)?, names.kind_id(&kind_of(part, event))?))
    }
}

impl Connection {
    /// Appends the one event of a batch. An error if its stream has another event behind the version
    /// that is expected, or its id is stored already: nothing was done then, and the long way tells
    /// which. `None` if it is no such batch, the log is partitioned, or what was remembered is not true of
    /// it any more.
    pub(super) async fn append_one(
        &self,
        append: &PreparedAppend,
        (stream, kind): (i64, i32),
        names: &Names,
    ) -> Result<Option<Appended>, Error> {
        let Some(Direct { append_one, .. }) = &self.direct else { return Ok(None) };
        let (Some((part, event, expected)), [details]) = (append.one(), &*append.details) else {
            return Ok(None);
        };
        let (metadata, of) = (&event.metadata, kind_of(part, event));
        let rows: Vec<Row> = self
            .client
            .query(
                append_one,
                &[
                    &stream,
                    &to_i64(expected + 1),
                    &kind,
                    &event.id,
                    &Moment(event.recorded_at),
                    &metadata.correlation_id(),
                    &metadata.causation_id(),
                    &details,
                    &event.payload,
                    &part.condition.last_event(),
                    &part.stream.as_str(),
                    &&*of.category,
                    &&*of.kind.name,
                    &i64::from(of.kind.version),
                ],
            )
            .await?;
        let Some(row) = rows.first() else {
            // Its stream, its kind or the event before it is another one than was remembered.
            names.forget_stream(&part.stream);
            names.forget_kind(&of);
            return Ok(None);
        };
        let position = Position::new(row.try_get::<_, i64>(0)? as u64);
        let version = expected + 1;
        names.learn_version(&part.stream, version);
        let stream = part.stream.clone();
        Ok(Some(Appended {
            streams: vec![AppendedStream { stream, first_version: version, last_version: version }],
            first_position: position,
            last_position: position,
            repeated: false,
        }))
    }
}
