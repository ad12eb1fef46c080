//! Columns of many rows as arrays of PostgreSQL, in their binary form, without a copy of any text.

use std::error::Error;

use esrs_core::projection::{ColumnError, ColumnSpec, ColumnType, Value};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::encode::from_2000;

/// An array that is written already, so that nothing has to outlive the call that has written it.
#[derive(Debug)]
pub(super) struct Encoded(Vec<u8>);

/// The type of a column, as SQL writes it whatever the path is.
pub(super) fn sql_type(of: ColumnType) -> Result<&'static str, ColumnError> {
    Ok(match of {
        ColumnType::Bool => "boolean",
        ColumnType::Integer => "bigint",
        ColumnType::Real => "double precision",
        ColumnType::Text => "pg_catalog.text",
        ColumnType::Bytes => "pg_catalog.bytea",
        ColumnType::Timestamp => "pg_catalog.timestamptz",
        ColumnType::Uuid => "pg_catalog.uuid",
        ColumnType::Json => "pg_catalog.json",
        ColumnType::Jsonb => "pg_catalog.jsonb",
        other => return Err(unknown(other)),
    })
}

fn unknown(of: ColumnType) -> ColumnError {
    ColumnError::new(format!("this version of the PostgreSQL store cannot keep {of}"))
}

fn element(of: ColumnType) -> Result<Type, ColumnError> {
    Ok(match of {
        ColumnType::Bool => Type::BOOL,
        ColumnType::Integer => Type::INT8,
        ColumnType::Real => Type::FLOAT8,
        ColumnType::Text => Type::TEXT,
        ColumnType::Bytes => Type::BYTEA,
        ColumnType::Timestamp => Type::TIMESTAMPTZ,
        ColumnType::Uuid => Type::UUID,
        ColumnType::Json => Type::JSON,
        ColumnType::Jsonb => Type::JSONB,
        other => return Err(unknown(other)),
    })
}

impl Encoded {
    /// The values of one column, in the order of their rows.
    pub(super) fn of<'a>(
        column: &ColumnSpec,
        values: impl ExactSizeIterator<Item = &'a Value>,
    ) -> Result<Self, ColumnError> {
        let count = values.len();
        let fail = |error: ColumnError| error.in_column(column.name);
        let element = element(column.column_type).map_err(fail)?;
        let length = i32::try_from(count).map_err(|_| fail(ColumnError::new("too many rows")))?;
        let mut bytes = Vec::with_capacity(20 + count * 16);
        // One dimension, whether there is NULL in it, what is in it, how many, and the first number.
        for head in [1, 0, element.oid().cast_signed(), length, 1] {
            bytes.extend_from_slice(&head.to_be_bytes());
        }
        let mut is_nothing = false;
        for value in values {
            match value {
                Value::Null => {
                    is_nothing = true;
                    bytes.extend_from_slice(&(-1_i32).to_be_bytes());
                }
                value => push(&mut bytes, column.column_type, value).map_err(fail)?,
            }
        }
        bytes[7] = is_nothing.into();
        Ok(Self(bytes))
    }
}

/// The first byte of `jsonb` in its binary form.
pub(super) const JSONB_VERSION: u8 = 1;

/// A value, behind its length.
fn push(bytes: &mut Vec<u8>, of: ColumnType, value: &Value) -> Result<(), ColumnError> {
    let mut put_all = |prefix: &[u8], value: &[u8]| {
        let length = i32::try_from(prefix.len() + value.len())
            .map_err(|_| ColumnError::new("it is longer than PostgreSQL takes"))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(prefix);
        bytes.extend_from_slice(value);
        Ok(())
    };
    if let (ColumnType::Jsonb, Value::Json(value)) = (of, value) {
        return put_all(&[JSONB_VERSION], without_nul(value)?.as_bytes());
    }
    let mut put = |value: &[u8]| put_all(&[], value);
    match (of, value) {
        (ColumnType::Bool, Value::Bool(value)) => put(&[u8::from(*value)]),
        (ColumnType::Integer, Value::Integer(value)) => put(&value.to_be_bytes()),
        (ColumnType::Real, Value::Real(value)) => put(&value.to_be_bytes()),
        (ColumnType::Text, Value::Text(value)) => put(without_nul(value)?.as_bytes()),
        (ColumnType::Bytes, Value::Bytes(value)) => put(value),
        (ColumnType::Timestamp, Value::Timestamp(value)) => put(&from_2000(*value)?.to_be_bytes()),
        (ColumnType::Uuid, Value::Uuid(value)) => put(value.as_bytes()),
        (ColumnType::Json, Value::Json(value)) => put(without_nul(value)?.as_bytes()),
        (of, value) => Err(ColumnError::new(format!("the value ({}) is no {of}", value.kind()))),
    }
}

/// PostgreSQL stores every text but one with a character of the number 0 in it.
pub(super) fn without_nul(text: &str) -> Result<&str, ColumnError> {
    match text.as_bytes().contains(&0) {
        true => Err(ColumnError::new(
            "the text has the character U+0000 in it, which PostgreSQL does not keep; keep it as bytes, \
             or leave it out",
        )),
        false => Ok(text),
    }
}

impl ToSql for Encoded {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(_))
    }

    to_sql_checked!();
}
