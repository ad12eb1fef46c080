//! The check that the tables in a file are those of esrs, with nothing added and nothing missing.
//!
//! A trigger or a view in a file is code that runs in whatever program opens it.

use std::collections::BTreeMap;

use esrs_core::StoreError;
use rusqlite::{Connection, Row};

use super::bring_to;
use crate::error::{Database, Fault};
use crate::projection::building_name;

const RENAME: &str = "names that begin with `esrs_` belong to the store; rename the table";

/// The type of an object in the schema of a file, in the words of SQLite.
type Kind = String;

/// A table, an index, a view or a trigger.
struct Object {
    name: String,
    table: String,
    sql: Option<String>,
}

impl Object {
    fn of(row: &Row<'_>) -> rusqlite::Result<(Kind, Self)> {
        let object = Self { name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? };
        Ok((row.get(0)?, object))
    }
}

/// All that has a name of the store, or is on a table with such a name, without the tables that are being
/// built for read models.
fn objects(connection: &Connection) -> Result<BTreeMap<(Kind, String), Object>, Fault> {
    let mut statement = connection.prepare(
        r"SELECT type, name, tbl_name, sql FROM sqlite_schema
          WHERE (name LIKE 'esrs\_%' ESCAPE '\' OR tbl_name LIKE 'esrs\_%' ESCAPE '\')
              AND NOT (tbl_name LIKE 'esrs\_building\_%' ESCAPE '\' AND type IN ('table', 'index'))",
    )?;
    let objects = statement.query_map([], |row| {
        let (kind, object) = Object::of(row)?;
        Ok(((kind, object.name.to_ascii_lowercase()), object))
    })?;
    Ok(objects.collect::<Result<_, _>>()?)
}

/// Refuses a table that has the name of one that is being built, and is not.
pub(super) fn verify_building(connection: &Connection, database: &Database) -> Result<(), Fault> {
    let mut statement =
        connection.prepare("SELECT name FROM esrs_subscriptions WHERE building <> 0")?;
    let building = statement.query_map([], |row| Ok(building_name(&row.get::<_, String>(0)?)))?;
    let building = building.collect::<Result<Vec<_>, _>>()?;
    let mut statement = connection.prepare(
        r"SELECT name FROM sqlite_schema
          WHERE type = 'table' AND name LIKE 'esrs\_building\_%' ESCAPE '\'",
    )?;
    let tables = statement.query_map([], |row| row.get::<_, String>(0))?;
    for table in tables {
        let table = table?;
        if !building.contains(&table) {
            return Err(Fault::Store(StoreError::UnexpectedSchema {
                location: database.location(),
                object: format!("the table `{table}`"),
                reason: format!("esrs has not made it: {RENAME}"),
            }));
        }
    }
    Ok(())
}

/// Refuses a file whose tables of the store differ from those of `version`.
pub(super) fn verify(
    connection: &Connection,
    database: &Database,
    version: u32,
) -> Result<(), Fault> {
    let made = Connection::open_in_memory()?;
    bring_to(&made, 0, version)?;
    let mut expected = objects(&made)?;
    let refuse = |object: String, reason: String| {
        let location = database.location();
        Err(Fault::Store(StoreError::UnexpectedSchema { location, object, reason }))
    };
    for ((kind, name), found) in objects(connection)? {
        let Some(known) = expected.remove(&(kind.clone(), name)) else {
            if kind == "index" && is_harmless(connection, &found.name)? {
                continue;
            }
            let reason = match kind.as_str() {
                "table" => RENAME,
                "view" => "names that begin with `esrs_` belong to the store; drop the view",
                "trigger" => "only the store has triggers on its tables; drop it",
                _ => {
                    "on the tables of the store, only indexes of plain columns that are neither \
                     unique nor partial are allowed; drop it"
                }
            };
            return refuse(named(&kind, &found), format!("esrs has not made it: {reason}"));
        };
        if plain(&known) != plain(&found) {
            let known = known.sql.unwrap_or_default();
            return refuse(
                named(&kind, &found),
                format!(
                    "it was changed; compare the events with a backup, then restore it: {known}"
                ),
            );
        }
    }
    match expected.into_iter().next() {
        None => Ok(()),
        Some(((kind, _), missing)) => {
            let sql = missing.sql.as_deref().unwrap_or_default();
            let reason = format!(
                "it is missing, so that what it protects may have been changed; compare the events \
                 with a backup, then create it again: {sql}"
            );
            refuse(named(&kind, &missing), reason)
        }
    }
}

fn named(kind: &str, object: &Object) -> String {
    match kind {
        "table" | "view" => format!("the {kind} `{}`", object.name),
        _ => format!("the {kind} `{}` on `{}`", object.name, object.table),
    }
}

/// Returns an object without the layout and the quotes of its text, which depend on the program that wrote
/// it: SQLite quotes a name when it renames a table.
fn plain(object: &Object) -> (String, String) {
    let sql = object.sql.as_deref().unwrap_or_default();
    let words: Vec<_> = sql.split_whitespace().collect();
    (object.table.to_ascii_lowercase(), words.join(" ").replace('"', ""))
}

/// Returns true if an index can neither refuse a row nor run an expression.
fn is_harmless(connection: &Connection, index: &str) -> Result<bool, Fault> {
    let mut statement = connection.prepare(
        r#"SELECT 1 FROM sqlite_schema, pragma_index_list(tbl_name) AS list
           WHERE sqlite_schema.name = ?1 AND type = 'index' AND list.name = ?1
               AND list."unique" = 0 AND list.partial = 0
               AND NOT EXISTS (SELECT 1 FROM pragma_index_xinfo(?1) WHERE cid = -2)"#,
    )?;
    Ok(statement.exists([index])?)
}
