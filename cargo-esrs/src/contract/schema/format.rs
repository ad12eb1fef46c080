//! Text that follows a format, by esrs's names of formats.
//!
//! A `format` of JSON Schema is used where it takes all that is written, and a pattern elsewhere.

use super::{Object, describe, typed};

const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

pub(super) fn schema(name: &str) -> Object {
    let formatted = |format: &str| typed("string").with("format", format);
    let (pattern, note) = match name {
        // Draft 07 has no such format, and its readers skip what they do not know.
        "uuid" => return formatted(name).with("pattern", UUID),
        "ipv4" | "ipv6" | "date" => return formatted(name),
        "chrono_date" => return formatted("date"),
        "timestamp" | "chrono_timestamp" | "offset_date_time" => return formatted("date-time"),
        "ip" => {
            let ways = ["ipv4", "ipv6"].map(|format| Object::default().with("format", format));
            return typed("string").with("anyOf", ways.to_vec());
        }
        "socket_address" => {
            (r"^([0-9.]+|\[[0-9A-Fa-f:.]+(%[0-9]+)?\]):[0-9]{1,5}$", "An IP address and a port.")
        }
        // RFC 3339 has no time, and no date with a time, without an offset.
        "time" | "chrono_time" => {
            (r"^[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$", "A time of day, without an offset.")
        }
        "date_time" | "chrono_date_time" => (
            r"^[+-]?[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?$",
            "A date and a time, without an offset.",
        ),
        "zoned_date_time" => (
            r"^[+-]?[0-9]{4,6}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([+-][0-9]{2}:[0-9]{2}(:[0-9]{2})?|Z)?(\[[^\]]+\])+$",
            "A date and a time with an offset and a time zone, after RFC 9557.",
        ),
        // That of RFC 3339 takes no fraction, no sign, and no weeks beside other units.
        "duration" | "span" => (
            r"^[+-]?P([0-9]+[YMWDymwd])*([Tt]([0-9]+(\.[0-9]+)?[HMShms])+)?$",
            "A duration, after ISO 8601.",
        ),
        "decimal" => (r"^-?[0-9]+(\.[0-9]+)?$", "A decimal number, exact."),
        // What browsers take is more than RFC 3986 does: `{` in a query, for one.
        "url" => (r"^[A-Za-z][A-Za-z0-9+.-]*:", "A URL, after the URL standard of WHATWG."),
        other => {
            let mut schema = typed("string");
            describe(&mut schema, &format!("Text in the format {other:?}."));
            return schema;
        }
    };
    let mut schema = typed("string").with("pattern", pattern);
    describe(&mut schema, note);
    schema
}
