//! The parts of statements on the rows of a read model that do not depend on the database; for authors of
//! stores.

use esrs_lock::hash::Fnv1a;

use crate::read_model::projection::{ColumnSpec, Table};

/// Quotes a name for SQL, whatever is in it.
///
/// ```
/// use esrs_core::read_model::quoted;
///
/// assert_eq!(quoted("account \"summary\""), "\"account \"\"summary\"\"\"");
/// ```
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Lists columns by their quoted names, each behind `prefix`.
pub fn column_list<'a>(columns: impl IntoIterator<Item = &'a ColumnSpec>, prefix: &str) -> String {
    let names = columns.into_iter().map(|column| format!("{prefix}{}", quoted(column.name)));
    names.collect::<Vec<_>>().join(", ")
}

/// The end of an `INSERT` that replaces the row of the same key.
pub fn on_conflict(table: &Table) -> String {
    let others = table.columns.iter().filter(|column| !column.key);
    let set: Vec<_> =
        others.map(|column| format!("{0} = excluded.{0}", quoted(column.name))).collect();
    let keys = column_list(table.key_columns(), "");
    match set.is_empty() {
        true => format!("ON CONFLICT ({keys}) DO NOTHING"),
        false => format!("ON CONFLICT ({keys}) DO UPDATE SET {}", set.join(", ")),
    }
}

/// Adds the condition of [`find`](crate::SqlReadModels::find) to the statement that selects all rows.
pub fn where_matches(select: &str, condition: &str) -> String {
    match condition.trim() {
        "" => select.to_owned(),
        condition => format!("{select} WHERE {condition}"),
    }
}

/// The name of the table in which the rows of a read model are built again; no user's table has one that
/// begins with `esrs_`. Stored: it must never change.
pub fn building_name(table: &str) -> String {
    format!("esrs_building_{:016x}", name_hash(table))
}

/// The hash that stores make short names of: FNV-1a of 64 bits. Stored: it must never change.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
pub fn name_hash(name: &str) -> u64 {
    Fnv1a::of(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_model::projection::ColumnType;

    const fn column(name: &'static str, key: bool) -> ColumnSpec {
        ColumnSpec { name, column_type: ColumnType::Text, nullable: false, key }
    }

    #[test]
    fn names_that_are_stored_stay_as_they_are() {
        assert_eq!(building_name("accounts"), "esrs_building_769ca48154530abd");
        assert_eq!(name_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(name_hash("a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn a_row_of_the_same_key_is_replaced_unless_it_is_only_a_key() {
        const ALL: &[ColumnSpec] = &[column("id", true), column("a\"b", false), column("c", false)];
        let table = Table { name: "t", version: 1, columns: ALL };
        assert_eq!(
            on_conflict(&table),
            "ON CONFLICT (\"id\") DO UPDATE SET \"a\"\"b\" = excluded.\"a\"\"b\", \"c\" = excluded.\"c\""
        );
        assert_eq!(column_list(table.columns, "t."), "t.\"id\", t.\"a\"\"b\", t.\"c\"");
        const KEYS: &[ColumnSpec] = &[column("id", true)];
        let table = Table { columns: KEYS, ..table };
        assert_eq!(on_conflict(&table), "ON CONFLICT (\"id\") DO NOTHING");
    }

    #[test]
    fn an_empty_condition_matches_all_rows() {
        assert_eq!(where_matches("SELECT 1 FROM t", " \n"), "SELECT 1 FROM t");
        assert_eq!(where_matches("SELECT 1 FROM t", " a > $1 "), "SELECT 1 FROM t WHERE a > $1");
    }
}
