//! The event ids that are stored, and where.

use std::collections::HashMap;

use esrs_core::Position;
use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use super::event_row::to_sql;
use crate::error::Fault;

/// The ids of all stored events: those of the newest are in memory, and the table is written once
/// there are many of them. An index that each append writes to is a page more in each commit.
///
/// A writer holds the write lock of the file, and has [followed](Self::follow) what other
/// processes have appended, so no id escapes it.
#[derive(Debug, Default)]
pub(super) struct EventIds {
    /// Of the events behind what the table holds, and where they stand.
    recent: HashMap<Uuid, Position>,
    /// Up to which position the table holds them.
    in_table: Position,
    /// The highest that the table holds; nil if it holds none.
    highest_in_table: Uuid,
    /// No event that is known has a higher one.
    highest: Uuid,
    /// Up to which position they are known.
    known: Position,
    /// The same before this transaction; `None` once it has written the table.
    before: Option<Position>,
}

impl EventIds {
    /// So many are in memory before they go into the table.
    const MAX_RECENT: usize = 512;

    /// Learns, within a transaction, of what others have appended up to `head`.
    pub(super) fn follow(&mut self, connection: &Connection, head: Position) -> Result<(), Fault> {
        let mut statement =
            connection.prepare_cached("SELECT position FROM esrs_event_ids_up_to")?;
        let mut in_table = statement.query_row([], |row| position(row.get(0)?))?;
        if in_table != self.in_table {
            if !is_of_log(connection, in_table)? {
                in_table = fill(connection, head)?;
            }
            let mut statement =
                connection.prepare_cached("SELECT max(event_id) FROM esrs_event_ids")?;
            let highest = statement.query_row([], |row| row.get::<_, Option<_>>(0))?;
            let highest_in_table = highest.map_or(Uuid::nil(), Uuid::from_bytes);
            let (highest, known) = (highest_in_table, in_table);
            *self = Self { in_table, highest_in_table, highest, known, ..Self::default() };
        }
        if self.known < head {
            let mut statement = connection.prepare_cached(
                "SELECT event_id, position FROM esrs_events WHERE position > ?1 ORDER BY position",
            )?;
            let mut rows = statement.query([to_sql(self.known)])?;
            while let Some(row) = rows.next()? {
                self.inserted(Uuid::from_bytes(row.get(0)?), position(row.get(1)?)?);
            }
            self.known = head;
        }
        self.before = Some(head);
        Ok(())
    }

    /// The position behind all that are known, unless it is time to [write](Self::tidy) them.
    pub(super) fn next_position(&self) -> Option<Position> {
        (self.recent.len() < Self::MAX_RECENT).then(|| Position::new(self.known.get() + 1))
    }

    /// Returns true if the table may hold this id: ids are made in order as a rule, and then a new one is
    /// above all in there.
    fn may_be_in_table(&self, id: Uuid) -> bool {
        id <= self.highest_in_table
    }

    /// Returns true if no event up to the last known one has this id, as far as that can be told without a
    /// look at the table.
    pub(super) fn is_new(&self, id: Uuid) -> bool {
        id > self.highest || (!self.may_be_in_table(id) && !self.recent.contains_key(&id))
    }

    /// Where the event of this id stands.
    pub(super) fn position(
        &self,
        connection: &Connection,
        id: Uuid,
    ) -> Result<Option<Position>, Fault> {
        if id > self.highest {
            return Ok(None);
        }
        if let Some(position) = self.recent.get(&id) {
            return Ok(Some(*position));
        }
        if !self.may_be_in_table(id) {
            return Ok(None);
        }
        let mut statement =
            connection.prepare_cached("SELECT position FROM esrs_event_ids WHERE event_id = ?1")?;
        Ok(statement.query_row([id.as_bytes()], |row| position(row.get(0)?)).optional()?)
    }

    /// Remembers an event that is behind the known ones.
    pub(super) fn inserted(&mut self, id: Uuid, position: Position) {
        self.recent.insert(id, position);
        self.highest = self.highest.max(id);
        self.known = position;
    }

    /// Forgets those behind `position`: a savepoint was rolled back to there.
    pub(super) fn forget_behind(&mut self, position: Position) {
        self.recent.retain(|_, stands| *stands <= position);
        self.known = self.known.min(position);
    }

    /// Forgets what this transaction has inserted: it was rolled back.
    pub(super) fn rolled_back(&mut self) {
        match self.before {
            Some(before) => self.forget_behind(before),
            // The next transaction looks for all of them again.
            None => *self = Self::default(),
        }
    }

    /// Keeps what this transaction has inserted.
    pub(super) fn committed(&mut self) {
        self.before = Some(self.known);
    }

    /// Writes them into the table, within the transaction, if there are many.
    pub(super) fn tidy(&mut self, connection: &Connection) -> Result<(), Fault> {
        if self.recent.len() < Self::MAX_RECENT {
            return Ok(());
        }
        self.before = None;
        let mut recent: Vec<_> = self.recent.drain().collect();
        recent.sort_unstable_by_key(|&(_, position)| position);
        // In their order, each page of the table is written once. As a rule they stand so in the log.
        let insert = match recent.is_sorted() {
            true => {
                "INSERT INTO esrs_event_ids SELECT event_id, position FROM esrs_events
                 WHERE position > ?1 ORDER BY position"
            }
            false => {
                "INSERT INTO esrs_event_ids SELECT event_id, position FROM esrs_events
                 WHERE position > ?1 ORDER BY event_id"
            }
        };
        connection.prepare_cached(insert)?.execute([to_sql(self.in_table)])?;
        self.highest_in_table = self.highest;
        connection
            .prepare_cached("UPDATE esrs_event_ids_up_to SET position = ?1")?
            .execute([to_sql(self.known)])?;
        self.in_table = self.known;
        Ok(())
    }
}

/// Returns true if the table holds the ids of this log up to `in_table`: the log may have lost the events
/// that some of them are of.
fn is_of_log(connection: &Connection, in_table: Position) -> Result<bool, Fault> {
    if in_table == Position::START {
        return Ok(true);
    }
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM esrs_events JOIN esrs_event_ids USING (event_id, position)
         WHERE position = ?1",
    )?;
    Ok(statement.exists([to_sql(in_table)])?)
}

/// Writes the table from the log.
fn fill(connection: &Connection, head: Position) -> Result<Position, Fault> {
    connection.execute("DELETE FROM esrs_event_ids", [])?;
    connection.execute(
        "INSERT INTO esrs_event_ids SELECT event_id, position FROM esrs_events ORDER BY event_id",
        [],
    )?;
    connection.execute("UPDATE esrs_event_ids_up_to SET position = ?1", [to_sql(head)])?;
    Ok(head)
}

fn position(stored: i64) -> rusqlite::Result<Position> {
    let position =
        u64::try_from(stored).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, stored))?;
    Ok(Position::new(position))
}
