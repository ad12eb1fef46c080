//! The transaction of a step in memory: its changes lie over the rows until it is stored.

use std::collections::HashMap;

use futures_core::future::BoxFuture;

use super::MemoryStore;
use super::models::Changes;
use crate::event::{from_microseconds, to_microseconds};
use crate::log::StoreError;
use crate::read_model::projection::{ColumnSpec, ColumnType, RowChanges, RowKey, Table, Value};
use crate::read_model::subscription::{RowTransaction, Subscription, Transaction};

/// The transaction that a subscriber is given.
pub(super) struct Step<'a> {
    store: &'a MemoryStore,
    subscription: &'a Subscription,
    changes: Changes,
    /// True if a statement was refused.
    failed: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(store: &'a MemoryStore, subscription: &'a Subscription) -> Self {
        Self { store, subscription, changes: HashMap::new(), failed: false }
    }

    /// Its result; an error if a statement was refused, also where the subscriber ignored that.
    pub(super) fn into_changes(self) -> Result<Changes, StoreError> {
        if self.failed { Err(StoreError::NoSql) } else { Ok(self.changes) }
    }

    fn table(&self) -> Result<Table, StoreError> {
        self.subscription.table.ok_or_else(|| StoreError::ProjectionTable {
            table: self.subscription.name,
            reason: "the subscription has no table".to_owned(),
        })
    }

    fn rows_of(&self, keys: &[RowKey]) -> Result<Vec<Vec<Value>>, StoreError> {
        let table = self.table()?;
        let models = self.store.models();
        let stored = models.find(self.subscription);
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let key = as_stored(&table, table.key_columns(), key)?;
            let row = match self.changes.get(&key) {
                Some(changed) => changed.as_ref(),
                None => stored.and_then(|stored| stored.rows.get(&key)),
            };
            found.extend(row.cloned());
        }
        Ok(found)
    }

    fn change(&mut self, changes: &RowChanges) -> Result<(), StoreError> {
        let table = self.table()?;
        for key in &changes.deletes {
            self.changes.insert(as_stored(&table, table.key_columns(), key)?, None);
        }
        for row in &changes.upserts {
            let row = as_stored(&table, table.columns.iter(), row)?;
            self.changes.insert(table.key_of(&row), Some(row));
        }
        Ok(())
    }
}

/// The values as their columns return them. Those that no column of another store holds are refused.
pub(super) fn as_stored<'a>(
    table: &Table,
    columns: impl Iterator<Item = &'a ColumnSpec>,
    values: &[Value],
) -> Result<Vec<Value>, StoreError> {
    let refused = |column: &ColumnSpec, reason: String| {
        let reason = format!("column `{}`: {reason}", column.name).into();
        StoreError::RowRefused { table: table.name.to_owned(), reason }
    };
    let mut stored = Vec::with_capacity(values.len());
    for (place, column) in columns.enumerate() {
        stored.push(match (column.column_type, values.get(place).unwrap_or(&Value::Null)) {
            (_, Value::Null) if column.nullable => Value::Null,
            (_, Value::Null) => {
                return Err(refused(column, "expected a value, found nothing".to_owned()));
            }
            (ColumnType::Timestamp, Value::Timestamp(time)) => {
                let time = from_microseconds(to_microseconds(*time));
                Value::Timestamp(time.map_err(|error| refused(column, error.to_string()))?)
            }
            // SQL does not tell the zeros apart.
            (ColumnType::Real, Value::Real(number)) => Value::Real(*number + 0.0),
            (ColumnType::Bool, value @ Value::Bool(_))
            | (ColumnType::Integer, value @ Value::Integer(_))
            | (ColumnType::Text, value @ Value::Text(_))
            | (ColumnType::Bytes, value @ Value::Bytes(_))
            | (ColumnType::Uuid, value @ Value::Uuid(_))
            | (ColumnType::Json | ColumnType::Jsonb, value @ Value::Json(_)) => value.clone(),
            (expected, value) => {
                return Err(refused(
                    column,
                    format!("expected {expected}, found {}", value.kind()),
                ));
            }
        });
    }
    Ok(stored)
}

impl Transaction for Step<'_> {
    fn execute<'a>(
        &'a mut self,
        _: &'a str,
        _: &'a [Value],
    ) -> BoxFuture<'a, Result<u64, StoreError>> {
        self.failed = true;
        Box::pin(std::future::ready(Err(StoreError::NoSql)))
    }

    fn take_failure(&mut self) -> Option<StoreError> {
        std::mem::take(&mut self.failed).then_some(StoreError::NoSql)
    }

    fn query<'a>(
        &'a mut self,
        _: &'a str,
        _: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        self.failed = true;
        Box::pin(std::future::ready(Err(StoreError::NoSql)))
    }
}

impl RowTransaction for Step<'_> {
    fn rows<'a>(
        &'a mut self,
        keys: &'a [RowKey],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(std::future::ready(self.rows_of(keys)))
    }

    fn write<'a>(&'a mut self, changes: &'a RowChanges) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(std::future::ready(self.change(changes)))
    }

    fn as_transaction(&mut self) -> &mut dyn Transaction {
        self
    }
}
