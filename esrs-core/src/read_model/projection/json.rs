//! Columns of JSON: their type, and what the shape of their values demands.

use super::{ColumnType, Value};
use crate::log::ColumnError;
use crate::schema::{Formats, Shape, comes_back};

/// The shape of the values of a JSON column, as far as the column depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonShape {
    column_type: ColumnType,
    formats: Formats,
}

impl JsonShape {
    /// The column of a type without a [`Schema`](crate::Schema).
    pub const UNKNOWN: Self = Self { column_type: ColumnType::Json, formats: Formats::NONE };

    /// Decides the column of a type of this shape.
    pub const fn of(shape: &'static Shape) -> Self {
        let column_type = if comes_back(shape) { ColumnType::Jsonb } else { ColumnType::Json };
        Self { column_type, formats: Formats::of(shape) }
    }

    /// The type of the column.
    pub const fn column_type(self) -> ColumnType {
        self.column_type
    }

    /// The formats in all of these columns.
    pub(crate) fn formats(columns: &[Self]) -> Formats {
        columns.iter().fold(Formats::NONE, |all, column| all.and(column.formats))
    }

    /// Passes on a value that was written, unless not every store would return it as it is.
    ///
    /// # Errors
    /// Those of writing it, and [`ColumnError`] if a feature of a foreign crate changes a format in it, or
    /// if there is a U+0000 in a text of a `jsonb` column.
    pub fn value(self, written: Result<Value, ColumnError>) -> Result<Value, ColumnError> {
        self.formats.check().map_err(|mismatch| ColumnError::new(mismatch.to_string()))?;
        let value = written?;
        match &value {
            Value::Json(json) if self.column_type == ColumnType::Jsonb && has_nul(json) => {
                Err(ColumnError::new(
                    "a text in it has the character U+0000, which `jsonb` of PostgreSQL does not store; \
                     leave it out",
                ))
            }
            _ => Ok(value),
        }
    }

    /// The same of the value that a row was settled with.
    ///
    /// # Errors
    /// Those of [`value`](Self::value).
    pub fn settled(
        self,
        settled: Result<Option<Value>, ColumnError>,
    ) -> Result<Option<Value>, ColumnError> {
        settled.transpose().map(|written| self.value(written)).transpose()
    }
}

/// Returns true if there is a U+0000 in a text of some JSON, which serde_json writes as `\u0000`.
fn has_nul(json: &str) -> bool {
    let mut rest = json;
    while let Some(place) = rest.find('\\') {
        let escape = &rest[place..];
        if escape.starts_with("\\u0000") {
            return true;
        }
        // The character behind a backslash may be another one.
        rest = escape.get(2..).unwrap_or_default();
    }
    false
}
