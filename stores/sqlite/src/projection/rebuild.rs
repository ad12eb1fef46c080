//! Making a read model anew.

use esrs_core::projection::{AnyPass, Pass};
use esrs_core::{Page, Position, Projection, ReadQuery, StoreError};
use rusqlite::Connection;

use super::ModelTable;
use super::table::quoted;
use crate::SqliteStore;
use crate::error::Fault;
use crate::reader::PageReader;
use crate::writer::Writer;

const DOING: &str = "rebuilding a projection";

impl SqliteStore {
    /// Makes the table of `P` anew from the whole log, and says up to where that goes.
    ///
    /// It is dropped, made and filled in one transaction: queries see the old rows until then, and
    /// the old rows stay if it fails. Appends wait meanwhile. Indexes and triggers that you have put
    /// on the table are kept; one that names a column which is not there any more is an error.
    ///
    /// # Errors
    /// [`StoreError::Projection`] when `P` cannot take an event, [`StoreError::ProjectionTable`] when
    /// there is a table of that name which is something else, and what may happen to a database.
    pub async fn rebuild<P: Projection>(&self) -> Result<Position, StoreError> {
        let table = ModelTable::of::<P>().map_err(|fault| self.explain(DOING, fault))?;
        self.on_writer(DOING, move |writer| {
            writer.transact(|writer| {
                let Writer { connection, pages, .. } = writer;
                rebuild(connection, pages, &table, &mut Pass::<P>::new())
            })
        })
        .await
    }
}

/// Makes a table anew; in a transaction.
pub(super) fn rebuild(
    connection: &Connection,
    pages: &mut PageReader,
    table: &ModelTable,
    pass: &mut dyn AnyPass,
) -> Result<Position, Fault> {
    let beside = drop_table(connection, table)?;
    let mut at = table.create(connection)?;
    let mut page = Page::new();
    loop {
        let query = ReadQuery::all().after(at).only(pass.filter()).with_envelopes();
        page = pages.read(connection, &query, page)?;
        table.apply(connection, pass, &page)?;
        at = page.scanned();
        if page.is_last() {
            break;
        }
    }
    table.move_to(connection, at)?;
    // Rows are faster to insert while there is no index to keep up.
    beside.iter().try_for_each(|sql| connection.execute_batch(sql))?;
    Ok(at)
}

/// Drops the table, if it is there; answers with what users have put on it.
fn drop_table(connection: &Connection, table: &ModelTable) -> Result<Vec<String>, Fault> {
    if !table.exists(connection)? {
        return Ok(Vec::new());
    }
    if table.stored(connection)?.is_none() {
        // The same refusal as when it is to be made.
        table.ensure(connection)?;
    }
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema
         WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') AND sql IS NOT NULL",
    )?;
    let beside =
        statement.query_map([table.name()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    connection.execute_batch(&format!("DROP TABLE {}", quoted(table.name())))?;
    Ok(beside)
}
