//! The rows of the log that a page is filled from.

use esrs_core::{LogMark, MetadataFilter, Position, ReadQuery, ReadSource, StreamId};
use tokio_postgres::types::ToSql;

use crate::encode::{Moment, to_i64};
use crate::sql::Sql;

pub(super) const POSITION: usize = 0;
pub(super) const VERSION: usize = 1;
pub(super) const STREAM: usize = 2;
pub(super) const KIND: usize = 3;
pub(super) const PAYLOAD: usize = 4;
pub(super) const EVENT_ID: usize = 5;
/// True if the log holds the anchor.
pub(super) const IS_KNOWN: usize = 6;
pub(super) const RECORDED_AT: usize = 7;
pub(super) const CORRELATION_ID: usize = 8;
pub(super) const CAUSATION_ID: usize = 9;
pub(super) const METADATA: usize = 10;

/// The columns that a page needs of an event.
const LEAN: &str = "";
/// The same, and the envelope of the payload.
const ENVELOPES: &str = ", recorded_at, correlation_id, causation_id, metadata";

/// The part of the log that one page of a filtered read searches.
#[derive(Clone, Copy)]
pub(super) struct Span(Option<u64>);

impl Span {
    /// A filtered read gives an answer after so many events, found or not.
    const MAX: u64 = 200_000;

    pub(super) fn of(query: &ReadQuery) -> Self {
        let is_filtered = match &query.source {
            ReadSource::All { filter, .. } => !filter.is_everything(),
            _ => false,
        };
        let is_filtered = is_filtered || !query.metadata.is_everything();
        Self(is_filtered.then_some(Self::MAX))
    }

    /// Where it ends, if it does.
    pub(super) fn end(self, after: Position) -> Option<Position> {
        Some(Position::new(after.get().saturating_add(self.0?)))
    }
}

/// A query of the log, and what is bound to it.
pub(super) struct Rows<'a> {
    pub(super) sql: String,
    /// So many rows are wanted; one more is asked for, to know whether there are more.
    pub(super) limit: usize,
    parameters: Vec<Box<dyn ToSql + Sync + Send + 'a>>,
}

impl<'a> Rows<'a> {
    fn new(query: &ReadQuery, sql: &Sql, anchor: Option<LogMark>) -> Self {
        let columns = match query.envelopes || !query.metadata.is_everything() {
            true => ENVELOPES,
            false => LEAN,
        };
        let s = &sql.schema;
        let (limit, parameters) = (query.limit.max(1), Vec::new());
        let mut rows = Self { sql: String::new(), limit, parameters };
        rows.sql = format!(
            "SELECT position, version, stream, kind, payload, event_id, \
             (SELECT event_id FROM {s}.events WHERE position = "
        );
        // Computed once for all rows.
        rows = rows.and("", anchor.map(|anchor| to_i64(anchor.position.get())));
        rows = rows.and("::int8) = ", anchor.map(|anchor| anchor.event_id));
        rows.sql += &format!("::uuid{columns} FROM {s}.events WHERE ");
        rows
    }

    /// Those of one stream with a higher version, or backwards with a lower one.
    pub(super) fn of_stream(
        query: &'a ReadQuery,
        sql: &Sql,
        anchor: Option<LogMark>,
        stream: &'a StreamId,
        from: i64,
    ) -> Self {
        let (condition, order) = match query.source {
            ReadSource::StreamBackwards { .. } => (") AND version < ", "version DESC"),
            _ => (") AND version > ", "version"),
        };
        let mut rows = Self::new(query, sql, anchor);
        rows.sql += &format!("stream = (SELECT id FROM {}.streams WHERE name = ", sql.schema);
        rows.and("", stream.as_str())
            .and(condition, from)
            .recorded(&query.metadata)
            .ordered_by(order)
    }

    /// Those of all streams with a higher position.
    pub(super) fn of_all(
        query: &'a ReadQuery,
        sql: &Sql,
        anchor: Option<LogMark>,
        after: i64,
        span: Span,
    ) -> Self {
        let mut rows = Self::new(query, sql, anchor).and("position > ", after);
        if let Some(end) = span.end(Position::new(after as u64)) {
            rows = rows.and(" AND position <= ", to_i64(end.get()));
        }
        if let ReadSource::All { filter, .. } = &query.source
            && !filter.is_everything()
        {
            let wanted = filter.wanted().iter();
            let wanted = wanted.flat_map(|(of, names)| names.iter().map(move |name| (*of, *name)));
            let (categories, names): (Vec<&str>, Vec<&str>) = wanted.unzip();
            // One array, made once: so the rows come in the order of the index all the same.
            let kinds = " AND kind = ANY (ARRAY(SELECT id FROM ";
            rows.sql += &format!("{kinds}{}.kinds WHERE (category, name) IN (", sql.schema);
            rows = rows.and("SELECT * FROM unnest(", categories).and("::text[], ", names);
            rows.sql += "::text[]))))";
        }
        rows.recorded(&query.metadata).ordered_by("position")
    }

    fn and(mut self, condition: &str, value: impl ToSql + Sync + Send + 'a) -> Self {
        self.parameters.push(Box::new(value));
        self.sql += &format!("{condition}${}", self.parameters.len());
        self
    }

    fn recorded(mut self, metadata: &'a MetadataFilter) -> Self {
        let MetadataFilter { actor, correlation_id, causation_id, from, before, keys, .. } =
            metadata;
        if let Some(id) = correlation_id {
            self = self.and(" AND correlation_id = ", id);
        }
        if let Some(id) = causation_id {
            self = self.and(" AND causation_id = ", id);
        }
        if let Some(time) = from {
            self = self.and(" AND recorded_at >= ", Moment::for_comparison(*time));
        }
        if let Some(time) = before {
            self = self.and(" AND recorded_at < ", Moment::for_comparison(*time));
        }
        let actor = actor.as_ref().map(|actor| ("actor", actor.as_str()));
        let keys = keys.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        for (name, value) in actor.into_iter().chain(keys) {
            // The text that `Metadata::details_json` writes, so that PostgreSQL need not read what it
            // cannot hold, such as \u0000; what has it elsewhere is dropped later.
            let pair = format!("{}:{}", quoted(name), quoted(value));
            self = self.and(" AND strpos(metadata::text, ", pair);
            self.sql += "::text) > 0";
        }
        self
    }

    fn ordered_by(mut self, column: &str) -> Self {
        self.sql += &format!(" ORDER BY {column}");
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX).saturating_add(1);
        self.and(" LIMIT ", limit)
    }

    pub(super) fn parameters(&self) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
        self.parameters.iter().map(|value| &**value as &(dyn ToSql + Sync))
    }
}

/// A text as serde_json writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
