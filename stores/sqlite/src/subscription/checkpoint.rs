//! The position of a subscription, and the definition that has brought it there.

use esrs_core::subscription::{Checkpoint, ParkedStream, Subscription};
use esrs_core::{LogMark, Position, StoreError};
use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::parked;
use crate::error::Fault;
use crate::history;

/// The columns of a checkpoint, as [`checkpoint_of`] reads them.
pub(super) const COLUMNS: &str = "position, generation, mark_position, mark_event";

/// The columns of a checkpoint, from `first` on.
pub(super) fn checkpoint_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Checkpoint> {
    let (position, generation): (i64, i64) = (row.get(first)?, row.get(first + 1)?);
    let position = Position::new(position.cast_unsigned());
    let mark: Option<i64> = row.get(first + 2)?;
    let event: Option<[u8; 16]> = row.get(first + 3)?;
    let mark = mark.zip(event).map(|(position, event)| LogMark {
        position: Position::new(position.cast_unsigned()),
        event_id: Uuid::from_bytes(event),
    });
    Ok(Checkpoint { position, generation: generation.cast_unsigned(), mark })
}

/// The columns of a mark, as they are stored.
pub(super) fn mark_to_sql(mark: Option<LogMark>) -> (Option<i64>, Option<[u8; 16]>) {
    let position = mark.map(|mark| mark.position.get().cast_signed());
    (position, mark.map(|mark| mark.event_id.into_bytes()))
}

/// The definition that it was made by, and its checkpoint.
pub(crate) fn stored(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<(String, Checkpoint)>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT definition, {COLUMNS} FROM esrs_subscriptions WHERE name = ?1 AND building = ?2"
    ))?;
    let stored = statement.query_row((subscription.name, subscription.building), |row| {
        Ok((row.get(0)?, checkpoint_of(row, 1)?))
    });
    Ok(stored.optional()?)
}

/// Its checkpoint, if it is there; an error if it was made by another definition, or is ahead of the
/// log.
pub(crate) fn of_definition(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<Checkpoint>, Fault> {
    let Some((definition, at)) = stored(connection, subscription)? else { return Ok(None) };
    check_definition(connection, subscription, &definition)?;
    check_history(connection, &at)?;
    Ok(Some(at))
}

fn check_definition(
    connection: &Connection,
    subscription: &Subscription,
    stored: &str,
) -> Result<(), Fault> {
    if *stored == *subscription.definition {
        return Ok(());
    }
    Err(another_definition(connection, subscription, stored)?.into())
}

/// The error when the rows were made by another definition than the declared one.
pub(super) fn another_definition(
    connection: &Connection,
    subscription: &Subscription,
    stored: &str,
) -> Result<StoreError, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM esrs_superseded WHERE name = ?1 AND definition = ?2")?;
    let is_superseded = !subscription.building
        && statement.exists((subscription.name, &*subscription.definition))?;
    Ok(match is_superseded {
        true => StoreError::ProjectionSuperseded {
            table: subscription.name,
            stored: stored.to_owned(),
            declared: subscription.definition.to_string(),
        },
        false => subscription.changed(stored),
    })
}

/// Refuses a checkpoint whose last event the log does not hold any more.
fn check_history(connection: &Connection, at: &Checkpoint) -> Result<(), Fault> {
    at.mark.map_or(Ok(()), |mark| history::check(connection, mark))
}

/// The checkpoint of a read model, and what is parked of it.
pub(crate) struct Stands {
    pub(crate) at: Checkpoint,
    pub(crate) has_parked: bool,
}

/// The same with what is parked: in one statement, for each append of an inline read model.
pub(crate) fn with_parked(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<Stands>, Fault> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT definition, {COLUMNS},
             EXISTS (SELECT 1 FROM esrs_parked WHERE subscription = ?1 AND building = ?2)
         FROM esrs_subscriptions WHERE name = ?1 AND building = ?2"
    ))?;
    let stored = statement.query_row((subscription.name, subscription.building), |row| {
        let stands = Stands { at: checkpoint_of(row, 1)?, has_parked: row.get(5)? };
        Ok((row.get::<_, String>(0)?, stands))
    });
    let Some((definition, stands)) = stored.optional()? else { return Ok(None) };
    check_definition(connection, subscription, &definition)?;
    check_history(connection, &stands.at)?;
    Ok(Some(stands))
}

/// Enters it at the beginning of the log, wherever it was, in a generation that there was not before.
pub(crate) fn begin(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Checkpoint, Fault> {
    parked::forget(connection, subscription)?;
    supersede(connection, subscription)?;
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO esrs_subscriptions (name, building, definition, position, generation)
         VALUES (?1, ?2, ?3, 0,
             1 + (SELECT coalesce(max(generation), 0) FROM esrs_subscriptions WHERE name = ?1))
         ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition, position = 0,
             generation = excluded.generation, mark_position = NULL, mark_event = NULL, failure = NULL
         RETURNING {COLUMNS}"
    ))?;
    let (name, building) = (subscription.name, subscription.building);
    Ok(statement
        .query_row((name, building, &*subscription.definition), |row| checkpoint_of(row, 0))?)
}

/// Notes that the definition in place is replaced by the one of `live`, which is wanted by then.
pub(super) fn supersede(connection: &Connection, live: &Subscription) -> Result<(), Fault> {
    if live.building {
        return Ok(());
    }
    let own = (live.name, &*live.definition);
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO esrs_superseded (name, definition)
             SELECT name, definition FROM esrs_subscriptions
             WHERE name = ?1 AND building = 0 AND definition <> ?2",
        )?
        .execute(own)?;
    connection
        .prepare_cached("DELETE FROM esrs_superseded WHERE name = ?1 AND definition = ?2")?
        .execute(own)?;
    Ok(())
}

pub(crate) fn move_to(
    connection: &Connection,
    subscription: &Subscription,
    at: Position,
    mark: Option<LogMark>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_subscriptions SET position = ?3, mark_position = ?4, mark_event = ?5
         WHERE name = ?1 AND building = ?2",
    )?;
    let (name, building) = (subscription.name, subscription.building);
    let mark = mark_to_sql(mark);
    statement.execute((name, building, at.get().cast_signed(), mark.0, mark.1))?;
    Ok(())
}

/// Records why what runs a subscription has failed, or that it goes on.
pub(super) fn record_failure(
    connection: &Connection,
    subscription: &Subscription,
    failure: Option<&str>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_subscriptions SET failure = ?4
         WHERE name = ?1 AND building = ?2 AND definition = ?3 AND failure IS NOT ?4",
    )?;
    let (name, building) = (subscription.name, subscription.building);
    let failure = failure.map(ParkedStream::reason_of);
    statement.execute((name, building, &*subscription.definition, failure))?;
    Ok(())
}
/// Says why what runs a subscription has failed, if it has; `reached` is its position.
pub(super) fn check_failure(
    connection: &Connection,
    subscription: &Subscription,
    reached: Position,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT failure FROM esrs_subscriptions
         WHERE name = ?1 AND building = ?2 AND failure IS NOT NULL",
    )?;
    let found = statement
        .query_row((subscription.name, subscription.building), |row| row.get(0))
        .optional()?;
    match found {
        None => Ok(()),
        Some(reason) => {
            let subscription = subscription.name.to_owned();
            Err(StoreError::SubscriptionFailed { subscription, reached, reason }.into())
        }
    }
}
