//! The rows of the log that a page is filled from.

use esrs_core::MetadataFilter;
use esrs_core::store::to_microseconds;
use rusqlite::types::Value;

/// The columns that a page needs of an event.
pub(super) const LEAN: &str = "position, version, stream, kind, payload";
/// The same, and the envelope of the payload.
pub(super) const ENVELOPES: &str = "position, version, stream, kind, payload, event_id, \
    recorded_at, correlation_id, causation_id, metadata";

/// A query of the log, and what is bound to it.
pub(super) struct Rows {
    pub(super) sql: String,
    pub(super) parameters: Vec<Value>,
}

impl Rows {
    /// Those of one stream with a higher version.
    pub(super) fn of_stream(
        columns: &str,
        stream: i64,
        after_version: i64,
        metadata: &MetadataFilter,
    ) -> Self {
        let sql = format!("SELECT {columns} FROM esrs_events WHERE stream = ?1 AND version > ?2");
        let parameters = vec![stream.into(), after_version.into()];
        Self { sql, parameters }.recorded(metadata).ordered_by("version")
    }

    /// Those of one stream with a lower version, from the newest on.
    pub(super) fn of_stream_backwards(
        columns: &str,
        stream: i64,
        before_version: i64,
        metadata: &MetadataFilter,
    ) -> Self {
        let sql = format!("SELECT {columns} FROM esrs_events WHERE stream = ?1 AND version < ?2");
        let parameters = vec![stream.into(), before_version.into()];
        Self { sql, parameters }.recorded(metadata).ordered_by("version DESC")
    }

    /// Those of all streams with a higher position.
    pub(super) fn of_all(columns: &str, after: i64, metadata: &MetadataFilter) -> Self {
        let sql = format!("SELECT {columns} FROM esrs_events WHERE position > ?1");
        Self { sql, parameters: vec![after.into()] }.recorded(metadata).ordered_by("position")
    }

    fn recorded(mut self, metadata: &MetadataFilter) -> Self {
        let MetadataFilter { actor, correlation_id, causation_id, from, before, keys, .. } =
            metadata;
        let id = |id: &uuid::Uuid| Value::Blob(id.as_bytes().to_vec());
        let time = |time: &jiff::Timestamp| Value::Integer(to_microseconds(*time));
        let conditions = [
            ("actor =", actor.clone().map(Value::Text)),
            ("correlation_id =", correlation_id.as_ref().map(id)),
            ("causation_id =", causation_id.as_ref().map(id)),
            ("recorded_at >=", from.as_ref().map(time)),
            ("recorded_at <", before.as_ref().map(time)),
        ];
        for (condition, value) in conditions {
            if let Some(value) = value {
                self.parameters.push(value);
                self.sql += &format!(" AND {condition} ?{}", self.parameters.len());
            }
        }
        for (key, value) in keys {
            self.parameters.extend([key.clone(), value.clone()].map(Value::Text));
            let (value, key) = (self.parameters.len(), self.parameters.len() - 1);
            self.sql += &format!(
                " AND EXISTS (SELECT 1 FROM json_each(metadata, '$.keys') AS own
                     WHERE own.key = ?{key} AND own.value = ?{value})"
            );
        }
        self
    }

    fn ordered_by(mut self, column: &str) -> Self {
        self.sql += " ORDER BY ";
        self.sql += column;
        self
    }
}
