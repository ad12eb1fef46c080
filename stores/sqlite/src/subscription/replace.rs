//! Putting what was built in place of what was asked so far.

use std::sync::Arc;

use esrs_core::subscription::{Checkpoint, Replaced, Subscriber, Subscription};
use esrs_core::{Page, Position, ReadQuery};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::checkpoint::mark_to_sql;
use super::kept::Kept;
use super::transaction::Step;
use super::{checkpoint, lease, parked};
use crate::error::Fault;
use crate::projection::ModelTable;
use crate::writer::Writer;

pub(super) const REPLACING: &str = "putting in place what was built";

impl Writer {
    pub(super) fn replace(
        &mut self,
        building: &mut dyn Subscriber,
        fence: Option<u64>,
    ) -> Result<Replaced, Fault> {
        let subscription = building.subscription().clone();
        let live = subscription.asked()?;
        let (built, live) = (Kept::new(subscription)?, Kept::new(Arc::new(live))?);
        let replaced = self.transact(|writer| {
            lease::check(&writer.connection, &built.subscription, fence)?;
            let stands = checkpoint::stored(&writer.connection, &live.subscription)?;
            let stands = stands.map_or(Checkpoint::NOWHERE, |(_, at)| at);
            let at = match built.stands(&writer.connection)? {
                // Another has put it in place already.
                None => return Ok(Replaced::Behind(stands.position)),
                Some(at) => writer.take_the_rest(building, &built, at, stands.position)?,
            };
            if at.position < stands.position {
                return Ok(Replaced::Behind(stands.position));
            }
            if let (Some(built), Some(live)) = (&built.table, &live.table) {
                swap(&writer.connection, built, live)?;
            }
            let generation = at.generation.max(stands.generation) + 1;
            let now = Checkpoint { generation, ..at };
            checkpoint::supersede(&writer.connection, &live.subscription)?;
            put_in_place(&writer.connection, &live.subscription, now)?;
            Ok(Replaced::Done(now))
        })?;
        if let Replaced::Done(_) = replaced {
            self.waiting.changed(&self.connection, &self.database, &live.subscription);
        }
        Ok(replaced)
    }

    /// Has what was built take the events behind `at` up to `to`, unless they are too many; answers with
    /// where it stands then.
    fn take_the_rest(
        &mut self,
        building: &mut dyn Subscriber,
        built: &Kept,
        mut at: Checkpoint,
        to: Position,
    ) -> Result<Checkpoint, Fault> {
        if !Replaced::may_take(at.position, to) {
            return Ok(at);
        }
        let Self { connection, guard, database, pages, .. } = self;
        let parked = parked::all(connection, &built.subscription)?;
        let parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
        let query = ReadQuery::all().only(building.filter()).with_envelopes();
        let mut page = Page::new();
        while at.position < to {
            let next = query.clone().after(at.position).continuing(at.mark);
            page = pages.read(connection, &next, page)?;
            if page.scanned() == at.position {
                break;
            }
            building.take(&page, &parked)?;
            let table = built.table.as_ref();
            Step::new(connection, guard, database, table).run(building, at.position)?;
            (at.position, at.mark) = (page.scanned(), page.mark().or(at.mark));
        }
        checkpoint::move_to(connection, &built.subscription, at.position, at.mark)?;
        Ok(at)
    }
}

impl Kept {
    /// Where it stands, if it is there at all.
    fn stands(&self, connection: &Connection) -> Result<Option<Checkpoint>, Fault> {
        match &self.table {
            Some(table) if !table.is_made(connection)? => Ok(None),
            _ => checkpoint::of_definition(connection, &self.subscription),
        }
    }
}

/// Puts a table in place of another, under what users have put on that.
fn swap(connection: &Connection, built: &ModelTable, live: &ModelTable) -> Result<(), Fault> {
    let beside = live.take_away(connection)?;
    built.lift_judges(connection)?;
    // Without it SQLite looks at every view and trigger, and those that name the table that is gone
    // are errors to it.
    let config = DbConfig::SQLITE_DBCONFIG_LEGACY_ALTER_TABLE;
    let before = connection.set_db_config(config, true);
    let rename = format!("ALTER TABLE {} RENAME TO {}", built.quoted, live.quoted);
    let renamed = before.and_then(|_| connection.execute_batch(&rename));
    connection.set_db_config(config, false)?;
    renamed?;
    live.put_beside(connection, &beside)
}

/// The checkpoint and the parked streams of what was built are those of the subscription.
fn put_in_place(
    connection: &Connection,
    live: &Subscription,
    now: Checkpoint,
) -> Result<(), Fault> {
    let mark = mark_to_sql(now.mark);
    connection
        .prepare_cached("DELETE FROM esrs_subscriptions WHERE name = ?1")?
        .execute([live.name])?;
    connection
        .prepare_cached(
            "INSERT INTO esrs_subscriptions (name, building, definition, position, generation,
                 mark_position, mark_event)
             VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            live.name,
            &*live.definition,
            now.position.get().cast_signed(),
            now.generation.cast_signed(),
            mark.0,
            mark.1,
        ))?;
    parked::forget(connection, live)?;
    connection
        .prepare_cached("UPDATE esrs_parked SET building = 0 WHERE subscription = ?1")?
        .execute([live.name])?;
    Ok(())
}
