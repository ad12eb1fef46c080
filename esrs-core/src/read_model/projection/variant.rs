//! The form in which `#[derive(Column)]` stores an enum: as the text that names its variant.

use super::column::{Value, unexpected};
use crate::log::ColumnError;

/// The name that the column of a `T` holds.
pub fn name_in<T>(value: &Value) -> Result<&str, ColumnError> {
    match value {
        Value::Text(name) => Ok(name),
        other => Err(unexpected::<T>(other)),
    }
}

/// The column of a `T` holds a text that names no variant of it.
#[cold]
pub fn unknown_name<T>(value: &Value, known: &[&str]) -> ColumnError {
    let known: Vec<_> = known.iter().map(|name| format!("{name:?}")).collect();
    let (kind, enumeration) = (value.kind(), std::any::type_name::<T>());
    ColumnError::new(format!(
        "the value ({kind}) is no {enumeration}: it knows {}",
        known.join(", ")
    ))
}
