//! The table of a read model, its checkpoint, and the statements on its rows.

use esrs_core::projection::{AnyPass, ColumnSpec, RowChanges, RowKey, Table, Value};
use esrs_core::subscription::Parked;
use esrs_core::{Page, Position, Projection, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::error::Fault;
use crate::value::{Bound, sql_type, typed};

/// The table of a read model, and the statements on it.
#[derive(Debug)]
pub(crate) struct ModelTable {
    table: Table,
    pub(super) definition: String,
    create: String,
    pub(super) select: String,
    pub(super) by_key: String,
    upsert: String,
    delete: String,
}

/// A name as SQL writes it, whatever is in it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn list<'a>(columns: impl Iterator<Item = &'a ColumnSpec>) -> String {
    columns.map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
}

impl ModelTable {
    /// The table of `P`.
    pub(crate) fn of<P: Projection>() -> Result<Self, Fault> {
        Self::new(P::TABLE, P::definition())
    }

    /// Checks that SQLite can hold the table, without asking it.
    pub(crate) fn new(table: Table, definition: String) -> Result<Self, Fault> {
        let refuse = |reason: String| {
            Err(Fault::Store(StoreError::ProjectionTable { table: table.name, reason }))
        };
        let lower = table.name.to_ascii_lowercase();
        if lower.starts_with("esrs_") || lower.starts_with("sqlite_") {
            return refuse("names that begin with `esrs_` or `sqlite_` are taken".to_owned());
        }
        if table.key_columns().next().is_none() {
            return refuse("it has no key; mark a field `#[projection(key)]`".to_owned());
        }
        if let Some(column) = table.key_columns().find(|column| column.nullable) {
            return refuse(format!("its key column `{}` may hold nothing", column.name));
        }
        let name = quoted(table.name);
        let mut lines = Vec::with_capacity(table.columns.len() + 1);
        for column in table.columns {
            let not_null = if column.nullable { "" } else { " NOT NULL" };
            let sql_type =
                sql_type(column.column_type).map_err(|error| error.in_column(column.name))?;
            lines.push(format!("{} {sql_type}{not_null}", quoted(column.name)));
        }
        let (columns, keys) = (list(table.columns.iter()), list(table.key_columns()));
        lines.push(format!("PRIMARY KEY ({keys})"));
        let places: Vec<_> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let is_key: Vec<_> = table
            .key_columns()
            .enumerate()
            .map(|(n, column)| format!("{} = ?{}", quoted(column.name), n + 1))
            .collect();
        let is_key = is_key.join(" AND ");
        let set: Vec<_> = table
            .columns
            .iter()
            .filter(|column| !column.key)
            .map(|column| format!("{0} = excluded.{0}", quoted(column.name)))
            .collect();
        let on_conflict = match set.is_empty() {
            true => "DO NOTHING".to_owned(),
            false => format!("DO UPDATE SET {}", set.join(", ")),
        };
        let select = format!("SELECT {columns} FROM {name}");
        Ok(Self {
            definition,
            create: format!("CREATE TABLE {name} (\n    {}\n) STRICT", lines.join(",\n    ")),
            by_key: format!("{select} WHERE {is_key}"),
            select,
            upsert: format!(
                "INSERT INTO {name} ({columns}) VALUES ({}) ON CONFLICT ({keys}) {on_conflict}",
                places.join(", ")
            ),
            delete: format!("DELETE FROM {name} WHERE {is_key}"),
            table,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.table.name
    }

    pub(super) fn unusable(&self, reason: &str) -> Fault {
        let (table, reason) = (self.table.name, reason.to_owned());
        Fault::Store(StoreError::ProjectionTable { table, reason })
    }

    pub(super) fn exists(&self, connection: &Connection) -> Result<bool, Fault> {
        let mut statement = connection
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE")?;
        Ok(statement.exists([self.table.name])?)
    }

    /// By which definition the table was made, and up to where its rows go.
    pub(super) fn stored(
        &self,
        connection: &Connection,
    ) -> Result<Option<(String, Position)>, Fault> {
        let mut statement = connection
            .prepare_cached("SELECT definition, position FROM esrs_projections WHERE name = ?1")?;
        let stored = statement.query_row([self.table.name], |row| {
            Ok((row.get(0)?, Position::new(row.get::<_, i64>(1)? as u64)))
        });
        Ok(stored.optional()?)
    }

    /// Up to where its rows go; an error when it is not there, or was made by another definition.
    pub(super) fn checkpoint(&self, connection: &Connection) -> Result<Position, Fault> {
        match self.stored(connection)? {
            Some((stored, position)) if stored == self.definition => Ok(position),
            Some((stored, _)) => Err(Fault::Store(StoreError::ProjectionChanged {
                table: self.table.name,
                stored,
                declared: self.definition.clone(),
            })),
            None => Err(self.unusable(
                "it was not made yet; call `catch_up`, or open the store with the projection inline",
            )),
        }
    }

    /// Makes the table, unless it is there; in a transaction. Answers with its checkpoint.
    pub(super) fn ensure(&self, connection: &Connection) -> Result<Position, Fault> {
        match (self.exists(connection)?, self.stored(connection)?) {
            (true, Some(_)) => self.checkpoint(connection),
            (true, None) => Err(self.unusable(
                "there is one of that name which no projection has made; rename the one or the other",
            )),
            // Who drops the table by hand wants it anew.
            (false, _) => self.create(connection),
        }
    }

    pub(super) fn create(&self, connection: &Connection) -> Result<Position, Fault> {
        connection.execute_batch(&self.create)?;
        connection.execute(
            "INSERT INTO esrs_projections (name, definition, position) VALUES (?1, ?2, 0)
             ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, position = 0",
            (self.table.name, &self.definition),
        )?;
        Ok(Position::START)
    }

    pub(super) fn move_to(&self, connection: &Connection, at: Position) -> Result<(), Fault> {
        let mut statement = connection
            .prepare_cached("UPDATE esrs_projections SET position = ?2 WHERE name = ?1")?;
        statement.execute((self.table.name, at.get() as i64))?;
        Ok(())
    }

    /// Takes a page through `pass` into the rows.
    pub(super) fn apply(
        &self,
        connection: &Connection,
        pass: &mut dyn AnyPass,
        page: &Page,
    ) -> Result<(), Fault> {
        let keys = pass.decode(page, &Parked::none())?;
        self.change(connection, pass, &keys)
    }

    /// Gives `pass` the rows that it asked for, and writes what becomes of them.
    pub(super) fn change(
        &self,
        connection: &Connection,
        pass: &mut dyn AnyPass,
        keys: &[RowKey],
    ) -> Result<(), Fault> {
        if keys.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(keys.len());
        let mut by_key = connection.prepare_cached(&self.by_key)?;
        for key in keys {
            let mut found = by_key.query(params_from_iter(key.iter().map(Bound)))?;
            if let Some(row) = found.next()? {
                rows.push(self.values(row)?);
            }
        }
        drop(by_key);
        self.write(connection, &pass.change(rows)?)
    }

    fn write(&self, connection: &Connection, changes: &RowChanges) -> Result<(), Fault> {
        // First, so that a row may have what another that goes has had, where that is unique.
        let mut delete = connection.prepare_cached(&self.delete)?;
        for key in &changes.deletes {
            delete.execute(params_from_iter(key.iter().map(Bound)))?;
        }
        let mut upsert = connection.prepare_cached(&self.upsert)?;
        for row in &changes.upserts {
            upsert.execute(params_from_iter(row.iter().map(Bound)))?;
        }
        Ok(())
    }

    /// The columns of a row that `select` or `by_key` has found.
    pub(super) fn values(&self, row: &Row<'_>) -> Result<Vec<Value>, Fault> {
        let mut values = Vec::with_capacity(self.table.columns.len());
        for (place, column) in self.table.columns.iter().enumerate() {
            let value = typed(column.column_type, row.get_ref(place)?);
            values.push(value.map_err(|error| error.in_column(column.name))?);
        }
        Ok(values)
    }
}
