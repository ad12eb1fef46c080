//! The table of a read model.

use super::{ColumnType, RowKey, Value};
use crate::log::StoreError;

/// The table of a read model, as the row's struct says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The version of the projection's own logic, raised by hand when the rows must be rebuilt.
    pub version: u32,
    /// Its columns, in the order of the struct's fields.
    pub columns: &'static [ColumnSpec],
}

/// A column of a read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub column_type: ColumnType,
    /// True if it may hold nothing.
    pub nullable: bool,
    /// True if it is part of the key.
    pub key: bool,
}

impl Table {
    /// The columns that make the key.
    pub fn key_columns(&self) -> impl Iterator<Item = &'static ColumnSpec> {
        self.columns.iter().filter(|column| column.key)
    }

    /// The key columns among all columns of a row.
    pub fn key_of(&self, values: &[Value]) -> RowKey {
        let columns = self.columns.iter().zip(values);
        columns.filter(|(column, _)| column.key).map(|(_, value)| value.clone()).collect()
    }

    /// Checks that its key tells rows apart, as every store needs it.
    ///
    /// # Errors
    /// Returns [`StoreError::ProjectionTable`] if it has no key, or a key column that is nullable or a float.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.key_columns().next().is_none() {
            return Err(self.unusable("it has no key; mark a field `#[projection(key)]`"));
        }
        if let Some(column) = self.key_columns().find(|column| column.nullable) {
            let reason = format!("its key column `{}` may hold nothing", column.name);
            return Err(self.unusable(reason));
        }
        if let Some(column) = self.key_columns().find(|one| one.column_type == ColumnType::Real) {
            let reason = "is a float, which tells no rows apart, as 0.0 equals -0.0";
            return Err(self.unusable(format!("its key column `{}` {reason}", column.name)));
        }
        Ok(())
    }

    /// The error when a store cannot use the table for this reason.
    pub fn unusable(&self, reason: impl Into<String>) -> StoreError {
        StoreError::ProjectionTable { table: self.name, reason: reason.into() }
    }

    /// Its version and its columns, on one line: `v1 account_id text key, owner text, cents integer, note
    /// text?`.
    pub fn definition(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(ToString::to_string).collect();
        format!("v{} {}", self.version, columns.join(", "))
    }
}

impl std::fmt::Display for ColumnSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let optional = if self.nullable { "?" } else { "" };
        write!(
            f,
            "{} {}{optional}{}",
            self.name,
            self.column_type,
            if self.key { " key" } else { "" }
        )
    }
}
