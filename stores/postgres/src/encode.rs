//! Values that the driver does not know by itself.

use std::error::Error;

use esrs_core::projection::ColumnError;
use esrs_core::store::{from_microseconds, to_microseconds};
use jiff::Timestamp;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

/// The microseconds from 1970 to 2000, from which PostgreSQL counts.
const EPOCH: i64 = 946_684_800_000_000;

/// The earliest time that PostgreSQL holds, in microseconds: the year 4713 before Christ.
pub(crate) const EARLIEST: i64 = -210_866_803_200_000_000;

/// A point in time, as a `timestamptz`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl Moment {
    /// The same time for a comparison with stored ones, none of which is earlier than the earliest.
    pub(crate) fn for_comparison(time: Timestamp) -> Self {
        Self(from_microseconds(EARLIEST).map_or(time, |earliest| time.max(earliest)))
    }
}

/// The microseconds since 2000 of a point in time that PostgreSQL holds.
pub(crate) fn from_2000(moment: Timestamp) -> Result<i64, ColumnError> {
    match to_microseconds(moment) {
        micros if micros >= EARLIEST => Ok(micros - EPOCH),
        _ => Err(ColumnError::new("the time is before all that PostgreSQL holds")),
    }
}

impl ToSql for Moment {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let since_2000 = to_microseconds(self.0) - EPOCH;
        out.extend_from_slice(&since_2000.to_be_bytes());
        Ok(IsNull::No)
    }

    accepts!(TIMESTAMPTZ);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Moment {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let since_2000 = i64::from_be_bytes(raw.try_into()?);
        let time = match since_2000 {
            i64::MAX => return Err("it holds `infinity`, which is no point in time".into()),
            i64::MIN => return Err("it holds `-infinity`, which is no point in time".into()),
            since_2000 => since_2000.checked_add(EPOCH).and_then(|at| from_microseconds(at).ok()),
        };
        Ok(Self(time.ok_or("it holds a time after the year 9999, which cannot be read")?))
    }

    accepts!(TIMESTAMPTZ);
}

/// The time of a stored event. One that no program can write, and a role can, is read as the nearest that
/// there is: it keeps nobody from reading the events behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredTime(pub(crate) Timestamp);

impl<'a> FromSql<'a> for StoredTime {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let since_2000 = i64::from_be_bytes(raw.try_into()?);
        let time = since_2000.checked_add(EPOCH).and_then(|at| from_microseconds(at).ok());
        Ok(Self(time.unwrap_or_else(|| {
            tracing::warn!(since_2000, "an event has a time that cannot be read; see the nearest");
            // The last whole microsecond, as every time that is stored.
            let latest = from_microseconds(to_microseconds(Timestamp::MAX));
            let nearest = if since_2000 > 0 { latest } else { from_microseconds(EARLIEST) };
            nearest.unwrap_or(Timestamp::UNIX_EPOCH)
        })))
    }

    accepts!(TIMESTAMPTZ);
}

/// The text of some JSON, as it was stored.
pub(crate) struct Json<'a>(pub(crate) &'a [u8]);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(raw))
    }

    accepts!(JSON);
}

/// The text of some JSON, on its way into a `json` column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonText<'a>(pub(crate) &'a str);

impl ToSql for JsonText<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSON);
    to_sql_checked!();
}

/// A number that is too large for PostgreSQL is larger than any that it holds.
pub(crate) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
