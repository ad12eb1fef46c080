//! Shapes of types that users bring along, each behind the feature of its crate.

use super::{Fingerprint, Schema, Shape, std_types::leaf};

// Not the formats of jiff: chrono writes leap seconds, years of more than four digits and other signs.
#[cfg(feature = "chrono")]
leaf! {
    chrono::NaiveDate => Shape::Format("chrono_date");
    chrono::NaiveTime => Shape::Format("chrono_time");
    chrono::NaiveDateTime => Shape::Format("chrono_date_time");
    chrono::DateTime<chrono::Utc> => Shape::Format("chrono_timestamp");
    chrono::DateTime<chrono::FixedOffset> => Shape::Format("offset_date_time");
}

#[cfg(feature = "rust_decimal")]
leaf! {
    rust_decimal::Decimal => Shape::Format("decimal");
}

// serde's default for these types is an array of numbers, whatever `with` may do to a field.
#[cfg(feature = "time")]
leaf! {
    time::Date => Shape::Opaque("time::Date");
    time::Time => Shape::Opaque("time::Time");
    time::PrimitiveDateTime => Shape::Opaque("time::PrimitiveDateTime");
    time::OffsetDateTime => Shape::Opaque("time::OffsetDateTime");
}

#[cfg(feature = "url")]
leaf! {
    url::Url => Shape::Format("url");
}
