//! The rows of a projection, as a scenario compares and tells them.

use std::collections::HashMap;
use std::fmt::Debug;

use super::report::lines_of;
use crate::log::{BoxError, ColumnError};
use crate::read_model::projection::{Projection, RowKey, Value};

/// Rows by their keys.
#[derive(Debug, PartialEq)]
pub(super) struct Rows<P>(pub(super) HashMap<RowKey, P>);

impl<P: Projection> Rows<P> {
    /// The rows of a table, read from their columns.
    pub(super) fn read(table: HashMap<RowKey, Vec<Value>>) -> Result<Self, ColumnError> {
        let read = |(key, values)| Ok((key, P::from_values(values)?));
        table.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The rows that a test expects.
    pub(super) fn expected(rows: impl IntoIterator<Item = P>) -> Result<Self, BoxError> {
        let mut expected = HashMap::new();
        for row in rows {
            let key = P::TABLE.key_of(&row.to_values()?);
            let text = key_text(&key);
            if expected.insert(key, row).is_some() {
                return Err(format!("two of the expected rows have the key {text}").into());
            }
        }
        Ok(Self(expected))
    }

    /// The rows, in the order of their keys as texts, so that the same rows are told the same way.
    pub(super) fn into_sorted(self) -> Vec<P> {
        let mut rows: Vec<_> = self.0.into_iter().collect();
        rows.sort_by_cached_key(|(key, _)| key_text(key));
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl<P: Debug> Rows<P> {
    /// The rows, in the order of their keys as texts, as their `Debug` writes them.
    pub(super) fn text(&self) -> String {
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_cached_key(|(key, _)| key_text(key));
        rows.into_iter().map(|(_, row)| lines_of(row) + "\n").collect()
    }
}

/// A key as people read it.
pub(super) fn key_text(key: &[Value]) -> String {
    key.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
