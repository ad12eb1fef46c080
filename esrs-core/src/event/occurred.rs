//! When something occurred, as its source says it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The time at which an event occurred, with the time zone of its source if that is known.
///
/// It is another time than the one at which the store [recorded](crate::Recorded::recorded_at) the event:
/// an import records today what occurred years ago.
///
/// ```
/// use esrs_core::OccurredAt;
/// use jiff::Timestamp;
///
/// let noon: Timestamp = "1993-01-01T12:00:00Z".parse()?;
/// assert_eq!(OccurredAt::from(noon).to_string(), "1993-01-01T12:00:00Z");
///
/// let in_prague: OccurredAt = "1993-01-01T13:00:00+01:00[Europe/Prague]".parse()?;
/// assert_eq!(in_prague.timestamp(), noon);
/// assert_eq!(in_prague.to_string(), "1993-01-01T13:00:00+01:00[Europe/Prague]");
/// # Ok::<_, jiff::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OccurredAt {
    timestamp: Timestamp,
    /// As RFC 9557 writes it, where it has a zone or an offset.
    zoned: Option<Arc<str>>,
}

impl OccurredAt {
    /// The point in time.
    pub fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// The time with the offset and the zone of its source, as RFC 9557 writes it; `None` if the source
    /// gave none.
    pub fn zoned_text(&self) -> Option<&str> {
        self.zoned.as_deref()
    }

    /// The time in the zone of its source; in UTC if the source gave none.
    ///
    /// # Errors
    /// Returns an error if the zone is not known here: the time zone database is a feature of `jiff`.
    pub fn to_zoned_datetime(&self) -> Result<ZonedDateTime, jiff::Error> {
        match &self.zoned {
            // UTC is known without a database.
            Some(text) if text.contains('[') && !text.ends_with("[UTC]") => text.parse(),
            Some(text) => {
                let offset = Pieces::parse(text.as_ref())?.to_numeric_offset();
                let zone = offset.filter(|offset| *offset != Offset::UTC);
                let zone = zone.map_or(TimeZone::UTC, TimeZone::fixed);
                Ok(self.timestamp.to_zoned_datetime(zone))
            }
            None => Ok(self.timestamp.to_zoned_datetime(TimeZone::UTC)),
        }
    }
}

impl From<Timestamp> for OccurredAt {
    fn from(timestamp: Timestamp) -> Self {
        Self { timestamp, zoned: None }
    }
}

impl From<&ZonedDateTime> for OccurredAt {
    fn from(zoned: &ZonedDateTime) -> Self {
        let written = zoned.to_string();
        let zone = zone_in(&written);
        let zoned_text = match seconds_of(zoned.offset()) {
            0 => written,
            // A fixed zone is its offset, and its name is cut to minutes.
            _ => {
                let zone = zone.filter(|zone| !zone.starts_with(['+', '-']));
                exact(zoned.datetime(), zoned.offset(), zone)
            }
        };
        Self { timestamp: zoned.timestamp(), zoned: Some(zoned_text.into()) }
    }
}

/// The seconds of an offset, which jiff leaves out of the texts that it writes.
fn seconds_of(offset: Offset) -> i32 {
    offset.seconds() % 60
}

/// The zone of a time as RFC 9557 writes it, if it has one.
fn zone_in(written: &str) -> Option<&str> {
    written.split_once('[').and_then(|(_, zone)| zone.strip_suffix(']'))
}

/// A time whose offset is written to the second.
fn exact(time: DateTime, offset: Offset, zone: Option<&str>) -> String {
    let seconds = offset.seconds();
    let (sign, ahead) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let (hours, minutes, seconds) = (ahead / 3600, ahead / 60 % 60, ahead % 60);
    let zone = zone.map(|zone| format!("[{zone}]")).unwrap_or_default();
    format!("{time}{sign}{hours:02}:{minutes:02}:{seconds:02}{zone}")
}

impl From<ZonedDateTime> for OccurredAt {
    fn from(zoned: ZonedDateTime) -> Self {
        Self::from(&zoned)
    }
}

/// Reads a time of RFC 3339, or with a zone of RFC 9557. Its offset and its zone are stored, and every way to
/// write them is stored as one.
impl FromStr for OccurredAt {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let timestamp: Timestamp = text.parse()?;
        let pieces = Pieces::parse(text)?;
        let written = pieces.to_string();
        let zoned = match pieces.to_numeric_offset() {
            Some(offset) if seconds_of(offset) != 0 => {
                let time = pieces.time().unwrap_or_else(Time::midnight);
                exact(pieces.date().to_datetime(time), offset, zone_in(&written))
            }
            _ => written,
        };
        let is_utc = zoned == timestamp.to_string();
        Ok(Self { timestamp, zoned: (!is_utc).then(|| zoned.into()) })
    }
}

impl fmt::Display for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.zoned {
            Some(text) => f.write_str(text),
            None => self.timestamp.fmt(f),
        }
    }
}

impl fmt::Debug for OccurredAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for OccurredAt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OccurredAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(time: &OccurredAt) -> OccurredAt {
        serde_json::from_str(&serde_json::to_string(time).unwrap()).unwrap()
    }

    #[test]
    fn every_time_is_read_as_it_was_written() {
        let seconds = |offset| TimeZone::fixed(Offset::from_seconds(offset).unwrap());
        let zones = [
            TimeZone::UTC,
            TimeZone::fixed(Offset::constant(-9)),
            seconds(1_172),
            seconds(-93_599),
        ];
        for time in [
            Timestamp::MIN,
            Timestamp::MAX,
            Timestamp::UNIX_EPOCH,
            "0000-01-01T00:00:00Z".parse().unwrap(),
            "2026-01-31T12:00:00.123456789Z".parse().unwrap(),
        ] {
            let occurred = OccurredAt::from(time);
            assert_eq!((again(&occurred), again(&occurred).timestamp()), (occurred, time));
            for zone in &zones {
                let zoned = time.to_zoned_datetime(zone.clone());
                let occurred = OccurredAt::from(&zoned);
                assert_eq!(again(&occurred), occurred, "{zoned}");
                assert_eq!(occurred.timestamp(), time, "{zoned}");
                assert_eq!(again(&occurred).timestamp(), time, "{zoned}");
                // Equal times may be in other zones.
                let read = again(&occurred).to_zoned_datetime().unwrap();
                assert_eq!((read.offset(), read.datetime()), (zoned.offset(), zoned.datetime()));
                if zoned.offset().seconds() % 60 == 0 {
                    assert_eq!(occurred.to_string(), zoned.to_string());
                }
            }
        }
    }

    #[test]
    fn the_offset_and_the_zone_of_the_source_are_kept() {
        for text in [
            "1993-01-01T13:00:00+01:00",
            "1993-01-01T13:00:00+01:00[Europe/Prague]",
            "1993-01-01T13:00:00.5-11:30",
        ] {
            let occurred: OccurredAt = text.parse().unwrap();
            assert_eq!((occurred.zoned_text(), again(&occurred)), (Some(text), occurred.clone()));
        }
        for (given, kept) in [
            (
                "1993-01-01 13:00:00.50+01[Europe/Prague][u-ca=gregory]",
                "1993-01-01T13:00:00.5+01:00[Europe/Prague]",
            ),
            ("19930101t130000,5+0100", "1993-01-01T13:00:00.5+01:00"),
            ("1993-01-01T13:00-00:00", "1993-01-01T13:00:00-00:00"),
            ("1993-01-01T13:00z[!Europe/Prague]", "1993-01-01T13:00:00Z[!Europe/Prague]"),
            ("1993-01-01T23:59:60+25:59:59", "1993-01-01T23:59:59+25:59:59"),
        ] {
            let occurred: OccurredAt = given.parse().unwrap();
            assert_eq!((occurred.zoned_text(), again(&occurred)), (Some(kept), occurred.clone()));
        }
        let offset: OccurredAt = "1993-01-01T13:00:00+01:00".parse().unwrap();
        assert_eq!(offset.to_zoned_datetime().unwrap().offset(), Offset::constant(1));
        assert!("1993-01-01T13:00:00".parse::<OccurredAt>().is_err());
        assert!("1993-01-01".parse::<OccurredAt>().is_err());
    }
}
