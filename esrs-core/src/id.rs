//! What `#[derive(Id)]` asks of the value in an id.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use crate::projection::{Column, ColumnError, ColumnType, Value};

/// The value in an id, through one trait, so that a type that cannot be one is reported once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an id",
    label = "not the value of an id",
    note = "an id holds an integer, a `String`, a `Uuid`, or a type that has `Display`, `FromStr` and `Column`"
)]
pub trait IdValue: Sized {
    /// Why a text is no id.
    type Error;
    /// What a column of it holds.
    const COLUMN: ColumnType;

    /// Writes it as a text.
    fn write(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result;

    /// Reads it from a text.
    fn read(text: &str) -> Result<Self, Self::Error>;

    /// The value in a column.
    fn to_column(&self) -> Result<Value, ColumnError>;

    /// The value from a column.
    fn from_column(value: Value) -> Result<Self, ColumnError>;
}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr<Err: Display> + Column> IdValue for T {
    type Error = T::Err;
    const COLUMN: ColumnType = T::TYPE;

    fn write(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        self.fmt(formatter)
    }

    fn read(text: &str) -> Result<Self, Self::Error> {
        text.parse()
    }

    fn to_column(&self) -> Result<Value, ColumnError> {
        self.to_value()
    }

    fn from_column(value: Value) -> Result<Self, ColumnError> {
        T::from_value(value)
    }
}
