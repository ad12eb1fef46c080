//! The bounds on a field that is stored as text or as JSON, each by one trait with a message of its own.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Value;
use super::column::{json_from_value, json_to_value, text_from_value, text_to_value};
use crate::log::ColumnError;

/// The demand of `#[projection(text)]` on a field's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as text",
    label = "lacks `Display` or `FromStr`",
    note = "implement `Display` and `FromStr` for `{Self}`, or store it as JSON: `#[projection(json)]`"
)]
pub trait TextColumn: Sized {
    /// Its value in a column.
    fn to_value(&self) -> Result<Value, ColumnError>;

    /// The other way.
    fn from_value(value: Value) -> Result<Self, ColumnError>;

    /// Makes of the value what its column returns, and answers with what the column holds.
    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        let value = self.to_value()?;
        *self = Self::from_value(value.clone())?;
        Ok(Some(value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Display + FromStr<Err: Display>> TextColumn for T {
    fn to_value(&self) -> Result<Value, ColumnError> {
        text_to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        text_from_value(value)
    }
}

/// The demand of `#[projection(json)]` on a field's type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored as JSON",
    label = "lacks `Serialize` or `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{Self}`, or store it as text: `#[projection(text)]`"
)]
pub trait JsonColumn: Sized {
    /// Its value in a column.
    fn to_value(&self) -> Result<Value, ColumnError>;

    /// The other way.
    fn from_value(value: Value) -> Result<Self, ColumnError>;

    /// Makes of the value what its column returns, and answers with what the column holds.
    fn settle(&mut self) -> Result<Option<Value>, ColumnError> {
        let value = self.to_value()?;
        *self = Self::from_value(value.clone())?;
        Ok(Some(value))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> JsonColumn for T {
    fn to_value(&self) -> Result<Value, ColumnError> {
        json_to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, ColumnError> {
        json_from_value(value)
    }
}
