//! One event behind those of a known stream: one statement, and no more.

use esrs_core::{Appended, AppendedStream, LogMark, Position};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::{Connection, Direct, PreparedAppend, prepared::kind_of};
use crate::encode::{Moment, to_i64};
use crate::names::{KindOf, KnownKind, Names};

/// What is remembered of the one event that is to be appended, which the statement verifies.
pub(super) struct Remembered {
    stream: i64,
    kind: KnownKind,
    of: KindOf,
}

impl PreparedAppend {
    /// The numbers of its stream and its kind, if it is one event and both are known.
    pub(super) fn remembered(&self, names: &Names) -> Option<Remembered> {
        let (part, event, expected) = self.one()?;
        let of = kind_of(part, event);
        let stream = names.stream_at(&part.stream, expected)?;
        Some(Remembered { stream, kind: names.known_kind(&of)?, of })
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
        Remembered { stream, kind, of }: Remembered,
        names: &Names,
    ) -> Result<Option<Appended>, Error> {
        let Some(Direct { append_one, append_behind, .. }) = &self.direct else { return Ok(None) };
        let (Some((part, event, expected)), [details]) = (append.one(), &*append.details) else {
            return Ok(None);
        };
        let metadata = &event.metadata;
        let (version, recorded_at) = (expected + 1, Moment(event.recorded_at));
        let (to_version, last) = (to_i64(version), part.condition.last_event());
        let (correlation, causation) = (metadata.correlation_id(), metadata.causation_id());
        let row: [&(dyn ToSql + Sync); 10] = [
            &stream,
            &to_version,
            &kind.id,
            &event.id,
            &recorded_at,
            &correlation,
            &causation,
            details,
            &event.payload,
            &last,
        ];
        let rows: Vec<Row> = match (kind.proof, last) {
            (Some(proof), Some(_)) => {
                let place = to_i64(proof.position.get());
                let proof: [&(dyn ToSql + Sync); 2] = [&place, &proof.event_id];
                self.client.query(append_behind, &[&row[..], &proof].concat()).await?
            }
            _ => {
                let (name, kind_version) = (part.stream.as_str(), i64::from(of.kind.version));
                let (category, kind) = (&*of.category, &*of.kind.name);
                let names: [&(dyn ToSql + Sync); 4] = [&name, &category, &kind, &kind_version];
                self.client.query(append_one, &[&row[..], &names].concat()).await?
            }
        };
        let Some(row) = rows.first() else {
            // Its stream, its kind or the event before it is another one than was remembered.
            names.forget_stream(&part.stream);
            names.forget_kind(&of);
            return Ok(None);
        };
        let position = Position::new(row.try_get::<_, i64>(0)? as u64);
        names.learn_version(&part.stream, version);
        names.prove_kind(&of, kind.id, LogMark { position, event_id: event.id });
        let stream = part.stream.clone();
        Ok(Some(Appended {
            streams: vec![AppendedStream { stream, first_version: version, last_version: version }],
            first_position: position,
            last_position: position,
            repeated: false,
        }))
    }
}
