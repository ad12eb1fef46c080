//! The table of a read model, and the statements on its rows.

use esrs_core::StoreError;
use esrs_core::projection::{ColumnSpec, ColumnType, Table, Value};
use esrs_core::read_model::{building_name, column_list, name_hash, on_conflict, quoted};

use super::columns::{Encoded, sql_type};

/// The longest name that PostgreSQL does not cut off.
const LONGEST: usize = 63;

/// The table of a read model, or the one that is built next to it, and the statements on it.
#[derive(Debug)]
pub(super) struct ModelTable {
    pub(super) table: Table,
    pub(super) schema: String,
    /// Its name within the schema.
    pub(super) bare_name: String,
    /// The same with its schema, as SQL writes it.
    pub(super) name: String,
    pub(super) primary_key: String,
    pub(super) create: String,
    pub(super) select: String,
    pub(super) by_key: String,
    pub(super) by_keys: String,
    pub(super) delete: String,
    pub(super) upsert: String,
}

impl ModelTable {
    /// Checks that PostgreSQL can hold the table, without asking it.
    pub(super) fn new(table: Table, building: bool, schema: &str) -> Result<Self, StoreError> {
        let refuse = |reason: String| Err(table.unusable(reason));
        if table.name.starts_with("esrs_") {
            return refuse("names that begin with `esrs_` are taken".to_owned());
        }
        for name in std::iter::once(table.name).chain(table.columns.iter().map(|one| one.name)) {
            if name.len() > LONGEST || name.is_empty() || name.contains('\0') {
                return refuse(format!(
                    "{name:?} is no name in PostgreSQL, which takes 1 to {LONGEST} bytes"
                ));
            }
        }
        table.check()?;
        let mut lines = Vec::with_capacity(table.columns.len() + 1);
        let mut arrays = Vec::with_capacity(table.columns.len());
        for (number, column) in (1..).zip(table.columns) {
            let sql_type = sql_type(column.column_type)
                .map_err(|error| table.unusable(error.in_column(column.name).to_string()))?;
            if column.key && matches!(column.column_type, ColumnType::Json | ColumnType::Jsonb) {
                let name = column.name;
                return refuse(format!(
                    "its key column `{name}` is JSON, which tells no rows apart"
                ));
            }
            let not_null = if column.nullable { "" } else { " NOT NULL" };
            lines.push(format!("{} {sql_type}{not_null}", quoted(column.name)));
            arrays.push(format!("${number}::{sql_type}[]"));
        }
        let bare_name = match building {
            true => building_name(table.name),
            false => table.name.to_owned(),
        };
        let primary_key = match bare_name.len() + "_pkey".len() > LONGEST {
            true => format!("esrs_{:016x}_pkey", name_hash(&bare_name)),
            false => format!("{bare_name}_pkey"),
        };
        let keys = column_list(table.key_columns(), "");
        lines.push(format!("CONSTRAINT {} PRIMARY KEY ({keys})", quoted(&primary_key)));
        let name = format!("{}.{}", quoted(schema), quoted(&bare_name));
        let sql = Sql::of(&table, &name, &arrays);
        Ok(Self {
            schema: schema.to_owned(),
            create: format!("CREATE TABLE {name} (\n    {}\n)", lines.join(",\n    ")),
            select: sql.select,
            by_key: sql.by_key,
            by_keys: sql.by_keys,
            delete: sql.delete,
            upsert: sql.upsert,
            table,
            bare_name,
            name,
            primary_key,
        })
    }

    pub(super) fn unusable(&self, reason: impl Into<String>) -> StoreError {
        self.table.unusable(reason)
    }

    /// A table of its name was made by another program.
    pub(super) fn foreign(&self) -> StoreError {
        self.unusable(format!(
            "there is a table {} which no projection of this log has made; rename the one or the \
             other, or keep read models in another schema by `read_model_schema` on the store's builder",
            self.name
        ))
    }

    /// Every column of some rows.
    pub(super) fn encode_rows(&self, rows: &[Vec<Value>]) -> Result<Vec<Encoded>, StoreError> {
        self.encode(self.table.columns.iter(), rows)
    }

    /// Every column of some keys.
    pub(super) fn encode_keys(&self, keys: &[Vec<Value>]) -> Result<Vec<Encoded>, StoreError> {
        self.encode(self.table.key_columns(), keys)
    }

    fn encode<'a>(
        &self,
        columns: impl Iterator<Item = &'a ColumnSpec>,
        rows: &[Vec<Value>],
    ) -> Result<Vec<Encoded>, StoreError> {
        let nothing = Value::Null;
        let encode = |(place, column)| {
            Encoded::of(column, rows.iter().map(|row| row.get(place).unwrap_or(&nothing)))
        };
        // PostgreSQL would refuse the row, if it could be sent.
        columns.enumerate().map(encode).collect::<Result<_, _>>().map_err(|error| {
            StoreError::RowRefused {
                table: self.table.name.to_owned(),
                reason: error.to_string().into(),
            }
        })
    }
}

/// The equality of PostgreSQL itself, whatever the path is.
const EQUALS: &str = "OPERATOR(pg_catalog.=)";

/// The elements of arrays side by side.
fn rows_from(arrays: &[String]) -> String {
    let arrays: Vec<_> = arrays.iter().map(|one| format!("pg_catalog.unnest({one})")).collect();
    format!("ROWS FROM ({})", arrays.join(", "))
}

/// Statements on rows, which are run by the path of the role: triggers and policies that users have put on
/// the table find names by it. So nothing in them is found by a path.
struct Sql {
    select: String,
    by_key: String,
    by_keys: String,
    delete: String,
    upsert: String,
}

impl Sql {
    fn of(table: &Table, name: &str, arrays: &[String]) -> Self {
        let columns = column_list(table.columns, "");
        let keys: Vec<_> = table.key_columns().collect();
        let is_key: Vec<_> = (1..)
            .zip(&keys)
            .map(|(number, column)| format!("{} {EQUALS} ${number}", quoted(column.name)))
            .collect();
        let key_arrays: Vec<_> = (1..)
            .zip(&keys)
            .map(|(number, column)| {
                format!(
                    "${number}::{}[]",
                    sql_type(column.column_type).unwrap_or("pg_catalog.text")
                )
            })
            .collect();
        let select = format!("SELECT {columns} FROM {name}");
        let (by_keys, delete) = match &*keys {
            [key] => {
                let is_any = format!("{} {EQUALS} ANY({})", quoted(key.name), key_arrays[0]);
                (format!("{select} WHERE {is_any}"), format!("DELETE FROM {name} WHERE {is_any}"))
            }
            _ => {
                let wanted = format!(
                    "{} AS wanted ({})",
                    rows_from(&key_arrays),
                    column_list(keys.iter().copied(), "")
                );
                let is_wanted: Vec<_> = keys
                    .iter()
                    .map(|key| format!("stored.{0} {EQUALS} wanted.{0}", quoted(key.name)))
                    .collect();
                let is_wanted = is_wanted.join(" AND ");
                let columns = column_list(table.columns, "stored.");
                (
                    format!("SELECT {columns} FROM {wanted} JOIN {name} AS stored ON {is_wanted}"),
                    format!("DELETE FROM {name} AS stored USING {wanted} WHERE {is_wanted}"),
                )
            }
        };
        Self {
            by_key: format!("{select} WHERE {}", is_key.join(" AND ")),
            by_keys,
            delete,
            upsert: format!(
                "INSERT INTO {name} ({columns}) SELECT * FROM {} {}",
                rows_from(arrays),
                on_conflict(table)
            ),
            select,
        }
    }
}
