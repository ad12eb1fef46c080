//! Checks of the columns of a row, for generated code.

use esrs_lock::text::ConstText;

use super::{Column, ColumnType, Value};
use crate::log::ColumnError;

/// Fails to compile, at the place of the call, when the field `name` tells no rows apart as a part of the
/// key: when it may hold nothing, or is a float.
#[track_caller]
pub const fn key_tells_rows_apart<C: Column>(name: &str) {
    let field = ConstText::<512>::new().quote(name);
    if C::NULLABLE {
        let rest = " is part of the key, so it cannot hold nothing: take the `Option` away";
        panic!("{}", field.say(rest).as_str())
    }
    if matches!(C::TYPE, ColumnType::Real) {
        let rest = " is part of the key, and a float tells no rows apart, as 0.0 equals -0.0: take a whole \
                    number, or keep it by its text: `#[projection(key, text)]`";
        panic!("{}", field.say(rest).as_str())
    }
}

/// Returns true if the field `name` may hold nothing. Fails to compile, at the call, when two of its
/// values are nothing in the column.
#[track_caller]
pub const fn nullable<C: Column>(name: &str) -> bool {
    if C::AMBIGUOUS {
        let rest = " cannot hold `Some(None)`, which is nothing in a column, as `None` is: take one \
                    `Option` away, or give it a type that tells them apart, such as an enum";
        panic!("{}", ConstText::<512>::new().quote(name).say(rest).as_str())
    }
    C::NULLABLE
}

/// Adds the column to an error about it.
pub fn in_column<T>(name: &'static str, value: Result<T, ColumnError>) -> Result<T, ColumnError> {
    value.map_err(|error| error.in_column(name))
}

/// The columns of a row, one by one.
pub fn columns<const N: usize>(values: Vec<Value>) -> Result<[Value; N], ColumnError> {
    values.try_into().map_err(|values: Vec<Value>| {
        ColumnError::new(format!("the row has {} columns, and {N} are needed", values.len()))
    })
}
