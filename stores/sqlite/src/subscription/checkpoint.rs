//! Where a subscription stands, and which definition has brought it there.

use esrs_core::Position;
use esrs_core::subscription::{Checkpoint, Subscription};
use rusqlite::{Connection, OptionalExtension, Row};

use super::parked;
use crate::error::Fault;

/// Columns `position` and `generation`, from `first` on.
pub(super) fn checkpoint_of(row: &Row<'_>, first: usize) -> rusqlite::Result<Checkpoint> {
    let (position, generation): (i64, i64) = (row.get(first)?, row.get(first + 1)?);
    let position = Position::new(position.cast_unsigned());
    Ok(Checkpoint { position, generation: generation.cast_unsigned(), mark: None })
}

/// By which definition it was made, and where it stands.
pub(crate) fn stored(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<(String, Checkpoint)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT definition, position, generation FROM esrs_subscriptions
         WHERE name = ?1 AND building = ?2",
    )?;
    let stored = statement.query_row((subscription.name, subscription.building), |row| {
        Ok((row.get(0)?, checkpoint_of(row, 1)?))
    });
    Ok(stored.optional()?)
}

/// Where it stands, if it is there; an error when it was made by another definition.
pub(crate) fn of_definition(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<Checkpoint>, Fault> {
    stored(connection, subscription)?.map(|stored| own(subscription, stored)).transpose()
}

fn own<T>(subscription: &Subscription, (stored, of): (String, T)) -> Result<T, Fault> {
    match *stored == *subscription.definition {
        true => Ok(of),
        false => Err(subscription.changed(stored).into()),
    }
}

/// The same, and whether it has parked streams: in one statement, for each append of an inline read
/// model.
pub(crate) fn with_parked(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Option<(Checkpoint, bool)>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT definition, position, generation,
             EXISTS (SELECT 1 FROM esrs_parked WHERE subscription = ?1 AND building = ?2)
         FROM esrs_subscriptions WHERE name = ?1 AND building = ?2",
    )?;
    let stored = statement.query_row((subscription.name, subscription.building), |row| {
        Ok((row.get(0)?, (checkpoint_of(row, 1)?, row.get(3)?)))
    });
    stored.optional()?.map(|stored| own(subscription, stored)).transpose()
}

/// Enters it at the beginning of the log, wherever it stood, in a generation that there was not before.
pub(crate) fn begin(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Checkpoint, Fault> {
    parked::forget(connection, subscription)?;
    let mut statement = connection.prepare_cached(
        "INSERT INTO esrs_subscriptions (name, building, definition, position, generation)
         VALUES (?1, ?2, ?3, 0,
             1 + (SELECT coalesce(max(generation), 0) FROM esrs_subscriptions WHERE name = ?1))
         ON CONFLICT (name, building) DO UPDATE SET definition = excluded.definition, position = 0,
             generation = excluded.generation
         RETURNING position, generation",
    )?;
    let (name, building) = (subscription.name, subscription.building);
    Ok(statement
        .query_row((name, building, &*subscription.definition), |row| checkpoint_of(row, 0))?)
}

pub(crate) fn move_to(
    connection: &Connection,
    subscription: &Subscription,
    at: Position,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_subscriptions SET position = ?3 WHERE name = ?1 AND building = ?2",
    )?;
    let (name, building) = (subscription.name, subscription.building);
    statement.execute((name, building, at.get().cast_signed()))?;
    Ok(())
}
