//! The table of a read model, its checkpoint, and the statements on its rows.

use std::borrow::Cow;
use std::sync::Arc;

use esrs_core::projection::{AnyPass, ColumnError, RowChanges, RowKey, Table, Value};
use esrs_core::read_model::{self, column_list, on_conflict, quoted};
use esrs_core::subscription::{Checkpoint, Parked, Projected, Subscription};
use esrs_core::{LogMark, Page, Position, Projection, StoreError};
use rusqlite::{Connection, Row, params_from_iter};

use crate::error::{Fault, said};
use crate::subscription::checkpoint::{self, Stands};
use crate::value::{Bound, sql_type, typed};

/// The table of a read model, and the statements on it.
#[derive(Debug)]
pub(crate) struct ModelTable {
    pub(crate) subscription: Arc<Subscription>,
    table: Table,
    /// Its name in the file, quoted.
    pub(crate) quoted: String,
    stored_name: Cow<'static, str>,
    create: String,
    pub(super) select: String,
    pub(super) by_key: String,
    upsert: String,
    delete: String,
}

/// The name of a table in the file. What is built next to another has one that no user gives.
fn stored_name(subscription: &Subscription) -> Cow<'static, str> {
    match subscription.building {
        false => Cow::Borrowed(subscription.name),
        true => Cow::Owned(building_name(subscription.name)),
    }
}

/// The name of the table that is built for a subscription; to SQLite, names in other cases are the same.
pub(crate) fn building_name(subscription: &str) -> String {
    read_model::building_name(&subscription.to_ascii_lowercase())
}

impl ModelTable {
    /// The table of `P`.
    pub(crate) fn of<P: Projection>() -> Result<Self, Fault> {
        Self::new(Arc::new(Projected::<P>::subscription_of()), P::TABLE)
    }

    /// Checks that SQLite can hold the table, without asking it.
    pub(crate) fn new(subscription: Arc<Subscription>, table: Table) -> Result<Self, Fault> {
        let lower = table.name.to_ascii_lowercase();
        if lower.starts_with("esrs_") || lower.starts_with("sqlite_") {
            let reason = "names that begin with `esrs_` or `sqlite_` are taken";
            return Err(table.unusable(reason).into());
        }
        table.check()?;
        let stored_name = stored_name(&subscription);
        let name = quoted(&stored_name);
        let mut lines = Vec::with_capacity(table.columns.len() + 1);
        for column in table.columns {
            let not_null = if column.nullable { "" } else { " NOT NULL" };
            let sql_type =
                sql_type(column.column_type).map_err(|error| error.in_column(column.name))?;
            lines.push(format!("{} {sql_type}{not_null}", quoted(column.name)));
        }
        let columns = column_list(table.columns, "");
        let keys = column_list(table.key_columns(), "");
        lines.push(format!("PRIMARY KEY ({keys})"));
        let places: Vec<_> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let is_key: Vec<_> = table
            .key_columns()
            .enumerate()
            .map(|(n, column)| format!("{} = ?{}", quoted(column.name), n + 1))
            .collect();
        let is_key = is_key.join(" AND ");
        let select = format!("SELECT {columns} FROM {name}");
        Ok(Self {
            subscription,
            create: format!("CREATE TABLE {name} (\n    {}\n) STRICT", lines.join(",\n    ")),
            by_key: format!("{select} WHERE {is_key}"),
            select,
            upsert: format!(
                "INSERT INTO {name} ({columns}) VALUES ({}) {}",
                places.join(", "),
                on_conflict(&table)
            ),
            delete: format!("DELETE FROM {name} WHERE {is_key}"),
            table,
            quoted: name,
            stored_name,
        })
    }

    pub(crate) fn unusable(&self, reason: &str) -> Fault {
        Fault::Store(self.table.unusable(reason))
    }

    pub(crate) fn exists(&self, connection: &Connection) -> Result<bool, Fault> {
        let mut statement = connection
            .prepare_cached("SELECT 1 FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE")?;
        Ok(statement.exists([&*self.stored_name])?)
    }

    /// Where it stands; an error when it is not there, or was made by another definition.
    pub(crate) fn checkpoint(&self, connection: &Connection) -> Result<Checkpoint, Fault> {
        let stands = checkpoint::of_definition(connection, &self.subscription)?;
        stands.ok_or_else(|| self.subscription.not_made().into())
    }

    /// The same, and whether it has parked streams.
    pub(super) fn stands(&self, connection: &Connection) -> Result<Stands, Fault> {
        let stands = checkpoint::with_parked(connection, &self.subscription)?;
        stands.ok_or_else(|| self.subscription.not_made().into())
    }

    /// Makes the table, unless it is there; in a transaction. Answers with where it stands.
    pub(crate) fn ensure(&self, connection: &Connection) -> Result<Checkpoint, Fault> {
        // Who drops the table by hand wants it anew.
        match self.is_made(connection)? {
            true => self.checkpoint(connection),
            false => self.create(connection),
        }
    }

    /// Returns true if it is there; an error if another object has its name.
    pub(crate) fn is_made(&self, connection: &Connection) -> Result<bool, Fault> {
        if !self.exists(connection)? {
            return Ok(false);
        }
        match checkpoint::stored(connection, &self.subscription)? {
            Some(_) => Ok(true),
            None => Err(self.unusable(
                "there is one of that name which no projection has made; rename the one or the other",
            )),
        }
    }

    /// Makes the table, which is not there, and enters it at the beginning of the log.
    pub(crate) fn create(&self, connection: &Connection) -> Result<Checkpoint, Fault> {
        connection.execute_batch(&self.create)?;
        if self.subscription.building {
            self.put_judges(connection)?;
        }
        checkpoint::begin(connection, &self.subscription)
    }

    /// Puts the unique indexes of the rows that are asked on those that are built: a row that one refuses
    /// has to be refused at its event, and not when all rows are there.
    fn put_judges(&self, connection: &Connection) -> Result<(), Fault> {
        let asked = beside(connection, self.subscription.name)?;
        asked.iter().filter(|one| one.is_unique).try_for_each(|one| {
            let (name, table) = (format!("esrs_building_{}", one.name), &self.quoted);
            // How an index may be written that is not understood here, it is looked at in the end.
            match index_on(&one.sql, &quoted(&name), table) {
                Some(sql) => self.put_one(connection, &sql, &one.sql),
                None => Ok(()),
            }
        })
    }

    /// Takes the unique indexes off the rows that were built.
    pub(crate) fn lift_judges(&self, connection: &Connection) -> Result<(), Fault> {
        let built = beside(connection, &self.stored_name)?;
        built.iter().filter(|one| one.is_unique).try_for_each(|one| {
            Ok(connection.execute_batch(&format!("DROP INDEX {}", quoted(&one.name)))?)
        })
    }

    /// Drops the table, if it is there; answers with what users have put on it.
    pub(crate) fn take_away(&self, connection: &Connection) -> Result<Vec<Beside>, Fault> {
        if !self.is_made(connection)? {
            return Ok(Vec::new());
        }
        let beside = match self.subscription.building {
            // What judges its rows is made with it.
            true => Vec::new(),
            false => beside(connection, &self.stored_name)?,
        };
        connection.execute_batch(&format!("DROP TABLE {}", self.quoted))?;
        Ok(beside)
    }

    /// Puts on the table what was on another of its name.
    pub(crate) fn put_beside<'a>(
        &self,
        connection: &Connection,
        beside: impl IntoIterator<Item = &'a Beside>,
    ) -> Result<(), Fault> {
        let mut beside = beside.into_iter();
        beside.try_for_each(|one| self.put_one(connection, &one.sql, &one.sql))
    }

    fn put_one(&self, connection: &Connection, sql: &str, shown: &str) -> Result<(), Fault> {
        match connection.execute_batch(sql) {
            Err(error) if is_about_the_table(&error) => {
                let said = said(&error);
                Err(self.unusable(&format!("what stands on it cannot be kept: {said}, by {shown}")))
            }
            done => Ok(done?),
        }
    }

    pub(crate) fn move_to(
        &self,
        connection: &Connection,
        at: Position,
        mark: Option<LogMark>,
    ) -> Result<(), Fault> {
        checkpoint::move_to(connection, &self.subscription, at, mark)
    }

    /// Takes a page through `pass` into the rows, but for the events of parked streams.
    pub(super) fn apply(
        &self,
        connection: &Connection,
        pass: &mut dyn AnyPass,
        page: &Page,
        parked: &Parked,
    ) -> Result<(), Fault> {
        let keys = pass.decode(page, parked)?;
        if keys.is_empty() {
            return Ok(());
        }
        let rows = self.rows(connection, &keys)?;
        self.write(connection, &pass.change(rows)?)
    }

    /// The rows of these keys, as far as they are there.
    pub(crate) fn rows(
        &self,
        connection: &Connection,
        keys: &[RowKey],
    ) -> Result<Vec<Vec<Value>>, Fault> {
        let mut rows = Vec::with_capacity(keys.len());
        let mut by_key = connection.prepare_cached(&self.by_key)?;
        for key in keys {
            let found = by_key.query(params_from_iter(key.iter().map(Bound)));
            let mut found = found.map_err(|error| self.refused(connection, error))?;
            if let Some(row) = found.next()? {
                rows.push(self.stored_row(row)?);
            }
        }
        Ok(rows)
    }

    /// One that another program has written and that cannot be read is refused at the events which are
    /// about it, as one is that cannot be written: others go on.
    fn stored_row(&self, row: &Row<'_>) -> Result<Vec<Value>, Fault> {
        self.read(row)?.map_err(|error| {
            let reason = format!(
                "a stored row of it cannot be read: {error}; correct the row, or rebuild the table"
            );
            Fault::Store(StoreError::RowRefused {
                table: self.table.name.to_owned(),
                reason: reason.into(),
            })
        })
    }

    /// Deletes and writes rows. What the table refuses of them is [`StoreError::RowRefused`].
    pub(crate) fn write(&self, connection: &Connection, changes: &RowChanges) -> Result<(), Fault> {
        // First, so that a row may have what another that goes has had, where that is unique.
        let mut delete = connection.prepare_cached(&self.delete)?;
        for key in &changes.deletes {
            let deleted = delete.execute(params_from_iter(key.iter().map(Bound)));
            deleted.map_err(|error| self.refused(connection, error))?;
        }
        let mut upsert = connection.prepare_cached(&self.upsert)?;
        for row in &changes.upserts {
            let written = upsert.execute(params_from_iter(row.iter().map(Bound)));
            written.map_err(|error| self.refused(connection, error))?;
        }
        Ok(())
    }

    fn refused(&self, connection: &Connection, error: rusqlite::Error) -> Fault {
        use rusqlite::ErrorCode::{ConstraintViolation, TooBig, TypeMismatch};
        let reason = match (&error, error.sqlite_error_code()) {
            (rusqlite::Error::SqliteFailure(_, Some(message)), Some(ConstraintViolation))
                if is_written_in_trigger(connection, message) =>
            {
                message.as_str().into()
            }
            (_, Some(ConstraintViolation | TooBig | TypeMismatch)) => said(&error),
            // A value that SQLite cannot hold.
            (rusqlite::Error::ToSqlConversionFailure(reason), _) => reason.to_string().into(),
            _ => return error.into(),
        };
        Fault::Store(StoreError::RowRefused { table: self.table.name.to_owned(), reason })
    }

    /// The columns of a row that `select` or `by_key` has found.
    pub(super) fn values(&self, row: &Row<'_>) -> Result<Vec<Value>, Fault> {
        Ok(self.read(row)??)
    }

    fn read(&self, row: &Row<'_>) -> Result<Result<Vec<Value>, ColumnError>, Fault> {
        let mut values = Vec::with_capacity(self.table.columns.len());
        for (place, column) in self.table.columns.iter().enumerate() {
            match typed(column.column_type, row.get_ref(place)?) {
                Ok(value) => values.push(value),
                Err(error) => return Ok(Err(error.in_column(column.name))),
            }
        }
        Ok(Ok(values))
    }
}

/// An index or a trigger that users have put on a table.
pub(crate) struct Beside {
    name: String,
    sql: String,
    /// True if it is an index that refuses rows.
    pub(crate) is_unique: bool,
}

/// Reads the indexes and triggers that users have put on a table.
fn beside(connection: &Connection, table: &str) -> Result<Vec<Beside>, Fault> {
    let mut statement = connection.prepare(
        "SELECT name, sql, type = 'index' AND EXISTS (SELECT 1 FROM pragma_index_list(tbl_name) AS one
             WHERE one.name = sqlite_schema.name AND one.\"unique\")
         FROM sqlite_schema
         WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
    )?;
    let one =
        |row: &Row<'_>| Ok(Beside { name: row.get(0)?, sql: row.get(1)?, is_unique: row.get(2)? });
    Ok(statement.query_map([table], one)?.collect::<Result<_, _>>()?)
}

/// The statement of a unique index, as SQLite has stored it, for another name and another table; `None`
/// if it is written otherwise than `CREATE UNIQUE INDEX name ON table…`.
fn index_on(sql: &str, name: &str, table: &str) -> Option<String> {
    let rest = behind_name(sql.strip_prefix("CREATE UNIQUE INDEX ")?.trim_start())?.trim_start();
    let (on, rest) = rest.split_at_checked(2)?;
    let rest = behind_name(rest.trim_start()).filter(|_| on.eq_ignore_ascii_case("ON"))?;
    let rest = rest.trim_start();
    rest.starts_with('(').then(|| format!("CREATE UNIQUE INDEX {name} ON {table} {rest}"))
}

/// Returns the rest of an SQL text behind the name that it begins with.
fn behind_name(sql: &str) -> Option<&str> {
    let close = match sql.chars().next()? {
        '[' => ']',
        quote @ ('"' | '`' | '\'') => quote,
        _ => {
            let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
            let rest = sql.trim_start_matches(is_of_name);
            return (rest.len() < sql.len()).then_some(rest);
        }
    };
    let mut rest = &sql[1..];
    loop {
        rest = &rest[rest.find(close)? + 1..];
        // Twice, it stands for itself.
        match rest.strip_prefix(close).filter(|_| close != ']') {
            Some(behind) => rest = behind,
            None => return Some(rest),
        }
    }
}

/// Returns true if a trigger has the message in its text, and has not computed it from a row.
fn is_written_in_trigger(connection: &Connection, message: &str) -> bool {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND instr(sql, quote(?1)) > 0";
    let found = connection.prepare_cached(sql).and_then(|mut it| it.exists([message]));
    found.unwrap_or(false)
}

/// Returns true if it is not that there is no room, or that another process holds the file.
fn is_about_the_table(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{ConstraintViolation, Unknown};
    matches!(error, rusqlite::Error::SqlInputError { .. })
        || matches!(error.sqlite_error_code(), Some(ConstraintViolation | Unknown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_of_an_index_is_written_for_another_table() {
        for (sql, expected) in [
            ("a ON t(x)", Some("(x)")),
            ("a on \"t (u)\" (x, y DESC) WHERE x > 0", Some("(x, y DESC) WHERE x > 0")),
            ("\"it \"\" ON t(\" ON [t \"u](x COLLATE NOCASE)", Some("(x COLLATE NOCASE)")),
            ("`a``b`\nON 'it''s'\n(lower(x))", Some("(lower(x))")),
            ("größe ON t$1(x)", Some("(x)")),
            ("a /* comment */ ON t(x)", None),
            ("\"a ON t(x)", None),
            ("a ON t", None),
        ] {
            let expected =
                expected.map(|rest| format!("CREATE UNIQUE INDEX \"n\" ON \"b\" {rest}"));
            let written = index_on(&format!("CREATE UNIQUE INDEX {sql}"), "\"n\"", "\"b\"");
            assert_eq!(written, expected, "{sql}");
        }
        assert_eq!(index_on("CREATE INDEX a ON t(x)", "n", "b"), None);
    }
}
