//! A step of a subscription: what its subscriber writes and its checkpoint, in one transaction.

use esrs_core::subscription::{Advance, Advanced, Checkpoint, Subscriber};
use rusqlite::Connection;

use super::checkpoint::{another_definition, mark_to_sql};
use super::kept::Kept;
use super::transaction::Step;
use super::{checkpoint, lease, parked};
use crate::error::Fault;
use crate::history;
use crate::writer::Writer;

pub(super) const ADVANCING: &str = "advancing a subscription";

impl Writer {
    pub(super) fn advance(
        &mut self,
        advance: &Advance,
        subscriber: &mut dyn Subscriber,
    ) -> Result<Advanced, Fault> {
        let kept = Kept::new(advance.subscription.clone())?;
        let advanced = self.transact(|writer| {
            let Writer { connection, guard, database, .. } = writer;
            lease::check(connection, &advance.subscription, advance.fence)?;
            if let Some(mark) = advance.mark {
                history::check(connection, mark)?;
            }
            if !move_on(connection, advance)? {
                return elsewhere(connection, advance);
            }
            let table = kept.table.as_ref();
            Step::new(connection, guard, database, table).run(subscriber, advance.from.position)?;
            let subscription = &advance.subscription;
            for stream in &advance.park {
                parked::park(connection, subscription, stream)?;
            }
            for stream in &advance.resume {
                parked::resume(connection, subscription, stream)?;
            }
            Ok(Advanced::Done)
        })?;
        if advanced == Advanced::Done {
            self.waiting.changed(&self.connection, &self.database, &advance.subscription);
        }
        Ok(advanced)
    }
}

/// Moves the checkpoint, if it stands where the step begins.
fn move_on(connection: &Connection, advance: &Advance) -> Result<bool, Fault> {
    let Advance { subscription, from, to, mark, .. } = advance;
    // A step that only parks or resumes leaves the mark, and what is stored without one has none.
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_subscriptions SET position = ?5,
             mark_position = iif(?5 = ?3 AND ?7 IS NULL, mark_position, ?7),
             mark_event = iif(?5 = ?3 AND ?7 IS NULL, mark_event, ?8)
         WHERE name = ?1 AND building = ?2
             AND position = ?3 AND generation = ?4 AND definition = ?6",
    )?;
    let mark = mark_to_sql(*mark);
    let moved = statement.execute((
        subscription.name,
        subscription.building,
        from.position.get().cast_signed(),
        from.generation.cast_signed(),
        to.get().cast_signed(),
        &*subscription.definition,
        mark.0,
        mark.1,
    ))?;
    Ok(moved == 1)
}

/// Where it stands instead.
fn elsewhere(connection: &Connection, advance: &Advance) -> Result<Advanced, Fault> {
    match checkpoint::stored(connection, &advance.subscription)? {
        Some((definition, at)) if is_same(at, advance.from) => {
            let error = another_definition(connection, &advance.subscription, &definition)?;
            Err(error.into())
        }
        Some((_, at)) => Ok(Advanced::Elsewhere(at)),
        None => Ok(Advanced::Elsewhere(Checkpoint::NOWHERE)),
    }
}

/// The mark of a checkpoint follows from the rest.
fn is_same(one: Checkpoint, other: Checkpoint) -> bool {
    (one.position, one.generation) == (other.position, other.generation)
}
