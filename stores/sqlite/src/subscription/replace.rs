//! Putting what was built in place of what was asked so far.

use std::sync::Arc;

use esrs_core::Position;
use esrs_core::subscription::{Checkpoint, Replaced, Subscription};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::kept::Kept;
use super::{checkpoint, lease};
use crate::error::Fault;
use crate::projection::{Inline, ModelTable};
use crate::reader::head;
use crate::writer::Writer;

pub(super) const REPLACING: &str = "putting in place what was built";

/// Where a subscription stands that is not there.
const NOWHERE: Checkpoint = Checkpoint { position: Position::START, generation: 0 };

/// So many events are taken while appends wait, and not more.
const MAX_FOLLOWED: u64 = 10_000;

impl Writer {
    pub(super) fn replace(
        &mut self,
        building: Arc<Subscription>,
        fence: Option<u64>,
        mut follower: Option<Inline>,
    ) -> Result<Replaced, Fault> {
        let live = Subscription { building: false, ..(*building).clone() };
        let (built, live) = (Kept::new(building)?, Kept::new(Arc::new(live))?);
        let replaced = self.transact(|writer| {
            let Writer { connection, inline, pages, .. } = writer;
            lease::check(connection, &built.subscription, fence)?;
            let stands = checkpoint::stored(connection, &live.subscription)?.map(|(_, at)| at);
            let stands = stands.unwrap_or(NOWHERE);
            let Some(at) = built.stands(connection)? else {
                // Another has put it in place already.
                return Ok(Replaced::Behind(stands.position));
            };
            let is_behind = at.position < stands.position;
            // Appends may come faster than anybody builds: what they move takes the last events itself.
            let own = inline.iter_mut().find(|inline| inline.is_of(&live.subscription));
            let follower = own.or(follower.as_mut()).filter(|_| is_behind);
            let missing = head(connection)?.get().saturating_sub(at.position.get());
            if is_behind && (follower.is_none() || missing > MAX_FOLLOWED) {
                return Ok(Replaced::Behind(stands.position));
            }
            if let (Some(built), Some(live)) = (&built.table, &live.table) {
                swap(connection, built, live)?;
            }
            let generation = at.generation.max(stands.generation) + 1;
            let mut now = Checkpoint { generation, ..at };
            put_in_place(connection, &live.subscription, now)?;
            if let Some(follower) = follower {
                now.position = head(connection)?;
                follower.follow(connection, pages, now.position)?;
            }
            Ok(Replaced::Done(now))
        })?;
        if let Replaced::Done(now) = replaced {
            self.waiting.moved(&live.subscription, now.position);
        }
        Ok(replaced)
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
    connection
        .prepare_cached("DELETE FROM esrs_subscriptions WHERE name = ?1")?
        .execute([live.name])?;
    connection
        .prepare_cached(
            "INSERT INTO esrs_subscriptions (name, building, definition, position, generation)
             VALUES (?1, 0, ?2, ?3, ?4)",
        )?
        .execute((
            live.name,
            &*live.definition,
            now.position.get().cast_signed(),
            now.generation.cast_signed(),
        ))?;
    super::parked::forget(connection, live)?;
    connection
        .prepare_cached("UPDATE esrs_parked SET building = 0 WHERE subscription = ?1")?
        .execute([live.name])?;
    Ok(())
}
