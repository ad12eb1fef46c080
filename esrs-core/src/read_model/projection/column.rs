//! The values that a column can hold, without naming a database.

use std::fmt::Display;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::event::to_microsecond;
use crate::log::ColumnError;
use crate::schema::Fingerprint;
use crate::value::to_faithful_json;

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// True or false.
    Bool,
    /// A whole number of 64 bits.
    Integer,
    /// A number with a fraction, of 64 bits. It is stored exactly, but for the sign of zero.
    Real,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// A point in time, to the microsecond.
    Timestamp,
    /// A UUID.
    Uuid,
    /// JSON that is stored as the text that it is, because it may hold what `jsonb` of PostgreSQL changes:
    /// a float, or JSON of an unknown shape.
    Json,
    /// JSON that is the same value if a database sorts the names in its objects and writes its numbers in
    /// another way.
    Jsonb,
}

impl Display for ColumnType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Real => "real",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Timestamp => "timestamp",
            Self::Uuid => "uuid",
            Self::Json => "json",
            Self::Jsonb => "jsonb",
        })
    }
}

/// The value of a column.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A point in time, to the microsecond.
    Timestamp(Timestamp),
    /// A UUID.
    Uuid(Uuid),
    /// The text of some JSON.
    Json(String),
}

impl Value {
    /// The kind of the value, as errors call it, which do not show values.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a float",
            Self::Text(_) => "a text",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "a time",
            Self::Uuid(_) => "a UUID",
            Self::Json(_) => "JSON",
        }
    }
}

impl Display for Value {
    /// The value as people write it; bytes as hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) => value.fmt(f),
            Self::Text(value) | Self::Json(value) => value.fmt(f),
            Self::Bytes(value) => value.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Timestamp(value) => value.fmt(f),
            Self::Uuid(value) => value.fmt(f),
        }
    }
}

impl PartialEq for Value {
    /// A number with a fraction equals itself bit for bit, so that rows can be looked up by value.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Real(a), Self::Real(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) | (Self::Json(a), Self::Json(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Uuid(a), Self::Uuid(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Value {}

macro_rules! from {
    ($($type:ty => $variant:ident;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    bool => Bool;
    i32 => Integer;
    u32 => Integer;
    i64 => Integer;
    f64 => Real;
    &str => Text;
    String => Text;
    Vec<u8> => Bytes;
    Timestamp => Timestamp;
    Uuid => Uuid;
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            Self::Real(value) => value.to_bits().hash(state),
            Self::Text(value) | Self::Json(value) => value.hash(state),
            Self::Bytes(value) => value.hash(state),
            Self::Timestamp(value) => value.hash(state),
            Self::Uuid(value) => value.hash(state),
        }
    }
}

/// A type that a column of a read model can hold.
///
/// Integers, floats, `bool`, `String`, `Vec<u8>`, `Uuid`, `Timestamp` and `Option` of them are
/// columns. `#[derive(Column)]` makes one of an enum of units, stored as the text that names the
/// variant, and of a newtype over a column; `#[derive(Id)]` does the same for an id. Any other field
/// says how it is stored: `#[projection(text)]` by its `Display` and `FromStr`, `#[projection(json)]`
/// by serde.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the column of a read model",
    label = "not a column",
    note = "mark the field `#[projection(text)]` to store it by its `Display` and `FromStr`, or `#[projection(json)]` to store it as JSON",
    note = "or add `#[derive(Column)]` to `{Self}`, when it is an enum of units or a newtype over a column"
)]
pub trait Column: Sized {
    /// The type of the column's values.
    const TYPE: ColumnType;
    /// True if it may hold nothing.
    const NULLABLE: bool = false;
    /// True if two of its values are nothing in the column, as `None` and `Some(None)` are.
    #[doc(hidden)]
    const AMBIGUOUS: bool = false;
    /// The texts that it may hold, where only some are possible; part of a projection's
    /// [`definition`](crate::Projection::definition).
    #[doc(hidden)]
    const TEXTS: Option<Fingerprint> = None;

    /// The value in the column.
    ///
    /// # Errors
    /// When it does not fit, such as a `u64` above `i64::MAX`.
    fn to_value(&self) -> Result<Value, ColumnError>;

    /// The value from the column.
    ///
    /// # Errors
    /// When the column holds something else.
    fn from_value(value: Value) -> Result<Self, ColumnError>;

    /// Makes of the value what its column returns, so that the next event of a batch sees what it would
    /// see in a batch of its own. Answers with the value of the column unless
    /// [`to_value`](Self::to_value) still gives it.
    ///
    /// # Errors
    /// As of [`to_value`](Self::to_value) and [`from_value`](Self::from_value).
    #[doc(hidden)]
    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        let value = self.to_value()?;
        *self = Self::from_value(value.clone())?;
        Ok(Some(value))
    }
}

pub(super) fn unexpected<T>(value: &Value) -> ColumnError {
    ColumnError::new(format!("the value ({}) is no {}", value.kind(), std::any::type_name::<T>()))
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Column for $type {
            const TYPE: ColumnType = ColumnType::Integer;

            fn to_value(&self) -> Result<Value, ColumnError> {
                i64::try_from(*self).map(Value::Integer).map_err(|_| {
                    ColumnError::new(format!("the number is above {}, the largest that fits", i64::MAX))
                })
            }

            fn from_value(value: Value) -> Result<Self, ColumnError> {
                match value {
                    Value::Integer(number) => {
                        Self::try_from(number).map_err(|_| unexpected::<Self>(&value))
                    }
                    other => Err(unexpected::<Self>(&other)),
                }
            }

            fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
                self.to_value().map(|_| None)
            }
        }
    )*};
}

integer!(i8, i16, i32, i64, isize, u8, u16, u32, u64, usize);

macro_rules! column {
    ($($type:ty => $variant:ident;)*) => {$(
        impl Column for $type {
            const TYPE: ColumnType = ColumnType::$variant;

            fn to_value(&self) -> Result<Value, ColumnError> {
                Ok(Value::$variant(self.clone().into()))
            }

            fn from_value(value: Value) -> Result<Self, ColumnError> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(unexpected::<Self>(&other)),
                }
            }

            fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
                Ok(None)
            }
        }
    )*};
}

/// Refuses a text that not every database stores.
fn without_nul(text: &str) -> Result<(), ColumnError> {
    match text.as_bytes().contains(&0) {
        true => Err(ColumnError::new(
            "the text has the character U+0000 in it, which PostgreSQL does not keep; keep it as bytes, \
             or leave it out",
        )),
        false => Ok(()),
    }
}

impl Column for String {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Result<Value, ColumnError> {
        without_nul(self)?;
        Ok(Value::Text(self.clone()))
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err(unexpected::<Self>(&other)),
        }
    }

    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        without_nul(self).map(|()| None)
    }
}

column! {
    bool => Bool;
    Vec<u8> => Bytes;
    Uuid => Uuid;
}

impl Column for Timestamp {
    const TYPE: ColumnType = ColumnType::Timestamp;

    /// Without what is finer than a microsecond: a key has to equal what the table gives back.
    fn to_value(&self) -> Result<Value, ColumnError> {
        Ok(Value::Timestamp(to_microsecond(*self)))
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        match value {
            Value::Timestamp(time) => Ok(time),
            other => Err(unexpected::<Self>(&other)),
        }
    }

    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        *self = Self::from_value(self.to_value()?)?;
        Ok(None)
    }
}

macro_rules! float {
    ($($type:ty),*) => {$(
        impl Column for $type {
            const TYPE: ColumnType = ColumnType::Real;

            fn to_value(&self) -> Result<Value, ColumnError> {
                // Databases make NULL of it, or put it in an order of their own.
                if self.is_nan() {
                    return Err(ColumnError::new("NaN is not a number, and cannot be kept as one"));
                }
                // SQLite stores no negative zero, so none is stored anywhere.
                Ok(Value::Real(f64::from(*self) + 0.0))
            }

            fn from_value(value: Value) -> Result<Self, ColumnError> {
                match value {
                    Value::Real(number) => Ok(number as Self),
                    other => Err(unexpected::<Self>(&other)),
                }
            }

            fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
                *self = Self::from_value(self.to_value()?)?;
                Ok(None)
            }
        }
    )*};
}

float!(f32, f64);

impl<T: Column> Column for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;
    const AMBIGUOUS: bool = T::NULLABLE || T::AMBIGUOUS;
    const TEXTS: Option<Fingerprint> = T::TEXTS;

    fn to_value(&self) -> Result<Value, ColumnError> {
        match self.as_ref().map(T::to_value) {
            None => Ok(Value::Null),
            Some(Ok(Value::Null)) => Err(ColumnError::new(
                "`Some(None)` cannot be told from `None` in a column; take one `Option` away",
            )),
            Some(value) => value,
        }
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        if T::NULLABLE {
            // NULL does not tell `Some(None)` from `None`.
            let value = self.to_value()?;
            *self = Self::from_value(value.clone())?;
            return Ok(Some(value));
        }
        self.as_mut().map_or(Ok(None), T::settle)
    }
}

/// A column stored by `Display` and `FromStr`; what `#[projection(text)]` uses.
#[doc(hidden)]
pub fn text_to_value<T: Display>(value: &T) -> Result<Value, ColumnError> {
    let text = value.to_string();
    without_nul(&text)?;
    Ok(Value::Text(text))
}

/// The other way of [`text_to_value`].
#[doc(hidden)]
pub fn text_from_value<T: FromStr<Err: Display>>(value: Value) -> Result<T, ColumnError> {
    match value {
        // What `FromStr` says may quote the text.
        Value::Text(ref text) => text.parse().map_err(|_: T::Err| unexpected::<T>(&value)),
        other => Err(unexpected::<T>(&other)),
    }
}

/// A column stored as JSON; what `#[projection(json)]` uses.
#[doc(hidden)]
pub fn json_to_value<T: Serialize + DeserializeOwned>(value: &T) -> Result<Value, ColumnError> {
    let json = to_faithful_json(value);
    json.map(Value::Json).map_err(|fault| ColumnError::new(fault.to_string()))
}

/// The other way of [`json_to_value`].
#[doc(hidden)]
pub fn json_from_value<T: DeserializeOwned>(value: Value) -> Result<T, ColumnError> {
    match value {
        Value::Json(text) => serde_json::from_str(&text).map_err(|error| {
            let error = crate::value::JsonError::from(error);
            ColumnError::new(format!("the JSON is no {}: {error}", std::any::type_name::<T>()))
        }),
        other => Err(unexpected::<T>(&other)),
    }
}
