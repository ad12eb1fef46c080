//! Between the values of a read model and those of SQLite.

use esrs_core::projection::{ColumnError, ColumnType, Value};
use esrs_core::store::{from_microseconds, to_microseconds};
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::error::Fault;

/// The type of a column in a `STRICT` table.
pub(crate) fn sql_type(column_type: ColumnType) -> Result<&'static str, ColumnError> {
    Ok(match column_type {
        ColumnType::Bool | ColumnType::Integer => "INTEGER",
        ColumnType::Real => "REAL",
        ColumnType::Text
        | ColumnType::Timestamp
        | ColumnType::Uuid
        | ColumnType::Json
        | ColumnType::Jsonb => "TEXT",
        ColumnType::Bytes => "BLOB",
        other => {
            return Err(ColumnError::new(format!("SQLite has no column of the type {other}")));
        }
    })
}

/// A value on its way into SQLite.
pub(crate) struct Bound<'a>(pub(crate) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let refuse = |reason: String| {
            Err(rusqlite::Error::ToSqlConversionFailure(ColumnError::new(reason).into()))
        };
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Bool(value) => i64::from(*value).into(),
            Value::Integer(value) => (*value).into(),
            // SQLite would store nothing in its place.
            Value::Real(value) if value.is_nan() => {
                return refuse("SQLite cannot hold a number that is none (NaN)".to_owned());
            }
            Value::Real(value) => (*value).into(),
            Value::Text(text) | Value::Json(text) => {
                ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))
            }
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Timestamp(time) => match timestamp(time) {
                Some(text) => text.into(),
                None => {
                    return refuse(
                        "SQLite cannot order a time before the year 0; keep it as a whole number, \
                         such as its microseconds since 1970"
                            .to_owned(),
                    );
                }
            },
            Value::Uuid(id) => id.to_string().into(),
            other => return refuse(format!("SQLite cannot hold {}", other.kind())),
        })
    }
}

/// All of the same length, so that they sort as the times do; none before the year 0, where texts would sort
/// the other way round. What is finer than a microsecond is cut off, as in every store.
fn timestamp(time: &Timestamp) -> Option<String> {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    let time = from_microseconds(to_microseconds(*time)).ok()?;
    let text = PRINTER.timestamp_to_string(&time);
    (!text.starts_with('-')).then_some(text)
}

/// The value of a column of this type.
pub(crate) fn typed(column_type: ColumnType, value: ValueRef<'_>) -> Result<Value, ColumnError> {
    let value = untyped(value)?;
    // A parser may quote what it refuses.
    let is_none = |what: &str| ColumnError::new(format!("it is no {what}"));
    Ok(match (column_type, value) {
        (_, Value::Null) => Value::Null,
        (ColumnType::Bool, Value::Integer(number @ (0 | 1))) => Value::Bool(number == 1),
        (ColumnType::Timestamp, Value::Text(text)) => {
            Value::Timestamp(text.parse().map_err(|_: jiff::Error| is_none("time"))?)
        }
        (ColumnType::Uuid, Value::Text(text)) => {
            Value::Uuid(text.parse().map_err(|_: uuid::Error| is_none("UUID"))?)
        }
        (ColumnType::Json | ColumnType::Jsonb, Value::Text(text)) => Value::Json(text),
        (ColumnType::Integer, value @ Value::Integer(_))
        | (ColumnType::Real, value @ Value::Real(_))
        | (ColumnType::Text, value @ Value::Text(_))
        | (ColumnType::Bytes, value @ Value::Bytes(_)) => value,
        (column_type, value) => {
            return Err(ColumnError::new(format!(
                "the value ({}) is no {column_type}",
                value.kind()
            )));
        }
    })
}

/// The value as SQLite holds it.
pub(crate) fn untyped(value: ValueRef<'_>) -> Result<Value, ColumnError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(error) => return Err(ColumnError::new(format!("it is no text: {error}"))),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}

impl From<ColumnError> for Fault {
    fn from(error: ColumnError) -> Self {
        Self::Store(esrs_core::StoreError::Database {
            doing: "reading or writing the rows of a read model",
            source: error.into(),
        })
    }
}
