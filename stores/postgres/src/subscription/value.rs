//! Values, as PostgreSQL wants them for a parameter and gives them in a row.

use std::error::Error;

use esrs_core::StoreError;
use esrs_core::projection::{ColumnError, Value};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type, to_sql_checked};

use super::columns::{JSONB_VERSION, without_nul};
use super::numeric;
use super::table::ModelTable;
use crate::encode::{Moment, from_2000};

type Fault = Box<dyn Error + Sync + Send>;

/// A value as a parameter, of whichever type the statement has there.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self, of: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
        let is_text = [Type::TEXT, Type::VARCHAR, Type::BPCHAR, Type::NAME, Type::UNKNOWN]
            .contains(of)
            || matches!(of.kind(), Kind::Enum(_));
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Bool(value) if *of == Type::BOOL => out.extend_from_slice(&[u8::from(*value)]),
            Value::Integer(value) => return integer(*value, of, out),
            Value::Real(value) if *of == Type::FLOAT8 => {
                out.extend_from_slice(&value.to_be_bytes());
            }
            Value::Real(value) if *of == Type::FLOAT4 => {
                out.extend_from_slice(&(*value as f32).to_be_bytes());
            }
            Value::Text(value) | Value::Json(value) if is_text || *of == Type::JSON => {
                out.extend_from_slice(without_nul(value)?.as_bytes());
            }
            Value::Text(value) | Value::Json(value) if *of == Type::JSONB => {
                out.extend_from_slice(&[JSONB_VERSION]);
                out.extend_from_slice(without_nul(value)?.as_bytes());
            }
            Value::Bytes(value) if *of == Type::BYTEA => out.extend_from_slice(value),
            Value::Timestamp(value) if [Type::TIMESTAMPTZ, Type::TIMESTAMP].contains(of) => {
                out.extend_from_slice(&from_2000(*value)?.to_be_bytes());
            }
            Value::Uuid(value) if *of == Type::UUID => out.extend_from_slice(value.as_bytes()),
            value => return Err(misplaced(value, of)),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn misplaced(value: &Value, of: &Type) -> Fault {
    let reason = format!(
        "{} was given for a parameter that is {of} in the statement; give a value of that type, \
         or write a cast behind its number, such as `$1::bigint`",
        value.kind()
    );
    ColumnError::new(reason).into()
}

fn integer(value: i64, of: &Type, out: &mut BytesMut) -> Result<IsNull, Fault> {
    let too_large = || ColumnError::new(format!("the number does not fit into {of} exactly"));
    if *of == Type::INT8 {
        out.extend_from_slice(&value.to_be_bytes());
    } else if *of == Type::INT4 {
        let value = i32::try_from(value).map_err(|_| too_large())?;
        out.extend_from_slice(&value.to_be_bytes());
    } else if *of == Type::INT2 {
        let value = i16::try_from(value).map_err(|_| too_large())?;
        out.extend_from_slice(&value.to_be_bytes());
    } else if *of == Type::FLOAT8 {
        let exact = Some(value as f64).filter(|float| *float as i128 == i128::from(value));
        out.extend_from_slice(&exact.ok_or_else(too_large)?.to_be_bytes());
    } else if *of == Type::FLOAT4 {
        let exact = Some(value as f32).filter(|float| *float as i128 == i128::from(value));
        out.extend_from_slice(&exact.ok_or_else(too_large)?.to_be_bytes());
    } else if *of == Type::NUMERIC {
        numeric::write(value, out);
    } else {
        return Err(misplaced(&Value::Integer(value), of));
    }
    Ok(IsNull::No)
}

/// A value as it stands in a row.
struct Found(Value);

impl<'a> FromSql<'a> for Found {
    fn from_sql(of: &Type, raw: &'a [u8]) -> Result<Self, Fault> {
        Ok(Self(match *of {
            Type::BOOL => Value::Bool(bool::from_sql(of, raw)?),
            Type::INT8 => Value::Integer(i64::from_sql(of, raw)?),
            Type::INT4 => Value::Integer(i32::from_sql(of, raw)?.into()),
            Type::INT2 => Value::Integer(i16::from_sql(of, raw)?.into()),
            Type::OID => Value::Integer(u32::from_sql(of, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(of, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(of, raw)?.into()),
            Type::NUMERIC => numeric::read(raw)?,
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::UUID => Value::Uuid(uuid::Uuid::from_slice(raw)?),
            Type::TIMESTAMPTZ | Type::TIMESTAMP => {
                Value::Timestamp(Moment::from_sql(&Type::TIMESTAMPTZ, raw)?.0)
            }
            Type::DATE => Value::Text(day(raw)?.to_string()),
            Type::JSON => Value::Json(text(raw)?),
            Type::JSONB => Value::Json(text(raw.get(1..).unwrap_or_default())?),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(text(raw)?)
            }
            Type::VOID => Value::Null,
            _ if matches!(of.kind(), Kind::Enum(_)) => Value::Text(text(raw)?),
            _ => {
                let reason =
                    format!("its type is {of}, which no value has; cast it, as by `::text`");
                return Err(ColumnError::new(reason).into());
            }
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Fault> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn text(raw: &[u8]) -> Result<String, Fault> {
    Ok(std::str::from_utf8(raw)?.to_owned())
}

fn day(raw: &[u8]) -> Result<Date, Fault> {
    let since_2000 = i32::from_be_bytes(raw.try_into()?);
    Ok(date(2000, 1, 1).checked_add(i64::from(since_2000).days())?)
}

/// The values of a row.
pub(super) fn values_of(row: &Row) -> Result<Vec<Value>, tokio_postgres::Error> {
    (0..row.len()).map(|place| Ok(row.try_get::<_, Found>(place)?.0)).collect()
}

/// The values of a row of a read model.
pub(super) fn row_of(model: &ModelTable, row: &Row) -> Result<Vec<Value>, ColumnError> {
    let columns = model.table.columns.iter().enumerate();
    let values = columns.map(|(place, column)| {
        let found = row.try_get::<_, Found>(place);
        found.map(|found| found.0).map_err(|error| {
            let why = Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            ColumnError::new(why).in_column(column.name)
        })
    });
    values.collect()
}

/// The values of rows that are about to be changed. One that another program has written and that cannot
/// be read is refused at the events which are about it, as one is that cannot be written: others go on.
pub(super) fn stored_rows(model: &ModelTable, rows: &[Row]) -> Result<Vec<Vec<Value>>, StoreError> {
    let read = rows.iter().map(|row| row_of(model, row)).collect::<Result<_, _>>();
    read.map_err(|error| {
        let reason = format!(
            "a stored row of it cannot be read: {error}; correct the row, or rebuild the table"
        );
        StoreError::RowRefused { table: model.table.name.to_owned(), reason: reason.into() }
    })
}
