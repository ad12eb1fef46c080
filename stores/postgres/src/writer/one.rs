//! One event behind those of a known stream: one statement, and no more.

use esrs_core::{Appended, AppendedStream, LogMark, Position};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

use super::{Connection, Direct, PreparedAppend, prepared::kind_of};
use crate::encode::{Moment, to_i64};
use crate::names::{Anchor, KindOf, Names, Numbered, StoredIn};

/// Numbers remembered for the one event that must be appended, which the statement verifies.
pub(super) struct Remembered {
    anchor: Anchor,
    stream: Numbered<i64>,
    kind: Numbered<i32>,
    of: KindOf,
}

impl PreparedAppend {
    /// The numbers of its stream and its kind, if it is one event and both are known.
    pub(super) fn remembered(&self, names: &Names) -> Option<Remembered> {
        let (part, event, expected) = self.one()?;
        let (anchor, of) = (names.anchor(), kind_of(part, event));
        let last = part.condition.last_event();
        let stream = names.stream_at(&part.stream, expected, last, anchor)?;
        let kind = names.kind_at(&of, anchor)?;
        Some(Remembered { anchor, stream, kind, of })
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
        Remembered { anchor, stream, kind, of }: Remembered,
        names: &Names,
    ) -> Result<Option<Appended>, Error> {
        let Some(Direct { append_one, append_behind, .. }) = &self.direct else { return Ok(None) };
        let (Some((part, event, expected)), [details]) = (append.one(), &*append.details) else {
            return Ok(None);
        };
        let metadata = &event.metadata;
        let (version, recorded_at) = (expected + 1, Moment(event.recorded_at));
        let to_version = to_i64(version);
        let (correlation, causation) = (metadata.correlation_id(), metadata.causation_id());
        let anchor_position = anchor.event.map(|event| to_i64(event.position.get()));
        let anchor_id = anchor.event.map(|event| event.event_id);
        let given: [&(dyn ToSql + Sync); 11] = [
            &stream.id,
            &to_version,
            &kind.id,
            &event.id,
            &recorded_at,
            &correlation,
            &causation,
            details,
            &event.payload,
            &anchor_position,
            &anchor_id,
        ];
        let rows: Vec<Row> = if stream.is_proven && kind.is_proven {
            self.client.query(append_behind, &given).await?
        } else {
            let (last, name) = (part.condition.last_event(), part.stream.as_str());
            let (category, kind) = (&*of.category, &*of.kind.name);
            let kind_version = i64::from(of.kind.version);
            let verified: [&(dyn ToSql + Sync); 5] =
                [&last, &name, &category, &kind, &kind_version];
            self.client.query(append_one, &[&given[..], &verified].concat()).await?
        };
        let Some(row) = rows.first() else {
            names.forget_anchor(anchor);
            names.forget_stream(&part.stream);
            names.forget_kind(&of);
            return Ok(None);
        };
        let position = Position::new(row.try_get::<_, i64>(0)? as u64);
        let stored = StoredIn { stream: &part.stream, version, last: Some(event.id) };
        let last = LogMark { position, event_id: event.id };
        names.stored(anchor, [stored].into_iter(), [(&of, kind.id)].into_iter(), last);
        let stream = part.stream.clone();
        Ok(Some(Appended {
            streams: vec![AppendedStream { stream, first_version: version, last_version: version }],
            first_position: position,
            last_position: position,
            repeated: false,
        }))
    }
}
