//! Bringing a read model to the end of the log from its own checkpoint.

use esrs_core::projection::{AnyPass, Pass, RowKey};
use esrs_core::subscription::Parked;
use esrs_core::{Page, Position, Projection, ReadQuery, StoreError};

use super::ModelTable;
use crate::SqliteStore;
use crate::error::Fault;
use crate::reader::Reader;
use crate::writer::Writer;

const DOING: &str = "catching up a projection";

/// What goes from thread to thread while a read model is caught up.
struct Follower {
    table: ModelTable,
    pass: Box<dyn AnyPass>,
    page: Page,
    keys: Vec<RowKey>,
    /// Up to where the rows go, as far as it is known here.
    at: Position,
}

impl SqliteStore {
    /// Brings the table of `P` to the end of the log, and says where that was. It is made if it is
    /// not there.
    ///
    /// Rows are written together with the checkpoint, page by page: if the process ends in between,
    /// or another one catches up the same table at the same time, no event is applied twice.
    ///
    /// # Errors
    /// - [`StoreError::Projection`] when `P` cannot take an event; its table then stands before the
    ///   page of that event;
    /// - [`StoreError::ProjectionChanged`] when another definition of `P` has made the table: call
    ///   [`rebuild`](Self::rebuild);
    /// - [`StoreError::ProjectionTable`] when there is a table of that name which is something else;
    /// - and what may happen to a database.
    pub async fn catch_up<P: Projection>(&self) -> Result<Position, StoreError> {
        let table = ModelTable::of::<P>().map_err(|fault| self.explain(DOING, fault))?;
        let pass = Box::new(Pass::<P>::new());
        let keys = Vec::new();
        let mut follower = Follower { table, pass, page: Page::new(), keys, at: Position::START };
        follower = self
            .on_writer(DOING, |writer| {
                follower.at = writer.transact(|w| follower.table.ensure(&w.connection))?;
                Ok(follower)
            })
            .await?;
        loop {
            follower = self.on_reader(DOING, |reader| follower.read(reader)).await?;
            if follower.page.scanned() == follower.at {
                return Ok(follower.at);
            }
            follower = self.on_writer(DOING, |writer| follower.write(writer)).await?;
        }
    }
}

impl Follower {
    /// Reads and decodes the next page, while others write.
    fn read(mut self, reader: &mut Reader) -> Result<Self, Fault> {
        let query = ReadQuery::all().after(self.at).only(self.pass.filter()).with_envelopes();
        self.page = reader.pages.read(&reader.connection, &query, self.page)?;
        self.keys = self.pass.decode(&self.page, &Parked::none())?;
        Ok(self)
    }

    /// Writes the rows and the checkpoint, unless somebody else did so since the page was read.
    fn write(mut self, writer: &mut Writer) -> Result<Self, Fault> {
        let scanned = self.page.scanned();
        self.at = writer.transact(|writer| {
            let at = self.table.checkpoint(&writer.connection)?;
            if at != self.at {
                return Ok(at);
            }
            self.table.change(&writer.connection, &mut *self.pass, &self.keys)?;
            self.table.move_to(&writer.connection, scanned)?;
            Ok(scanned)
        })?;
        Ok(self)
    }
}
