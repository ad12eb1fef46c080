//! Making a read model anew while the store is opened.

use esrs_core::projection::AnyPass;
use esrs_core::subscription::Parked;
use esrs_core::{Page, ReadQuery};
use rusqlite::Connection;

use super::ModelTable;
use crate::error::Fault;
use crate::reader::PageReader;

/// Makes a table anew; in a transaction.
pub(super) fn rebuild(
    connection: &Connection,
    pages: &mut PageReader,
    table: &ModelTable,
    pass: &mut dyn AnyPass,
) -> Result<(), Fault> {
    let beside = table.take_away(connection)?;
    let mut at = table.create(connection)?.position;
    let mut mark = None;
    let mut page = Page::new();
    loop {
        let query = ReadQuery::all().after(at).only(pass.filter()).with_envelopes();
        page = pages.read(connection, &query, page)?;
        table.apply(connection, pass, &page, &Parked::none())?;
        (at, mark) = (page.scanned(), page.mark().or(mark));
        if page.is_last() {
            break;
        }
    }
    table.move_to(connection, at, mark)?;
    // Rows are faster to insert while there is no index to keep up.
    table.put_beside(connection, &beside)
}
