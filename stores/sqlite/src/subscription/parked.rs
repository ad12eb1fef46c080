//! Streams that were put aside, what becomes of them, and who said so.

use esrs_core::store::to_microseconds;
use esrs_core::subscription::{
    Decision, ParkedStream, ParkingAction, ParkingEntry, ResumedStream, Subscription, WaitTarget,
};
use esrs_core::{Position, StreamId};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::time;
use crate::error::Fault;

const DOING: &str = "reading what was parked";

/// The streams that a subscription has parked, in the order of their positions.
pub(crate) fn all(
    connection: &Connection,
    subscription: &Subscription,
) -> Result<Vec<ParkedStream>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT stream, version, position, event, reason, parked_at, is_to_resume FROM esrs_parked
         WHERE subscription = ?1 AND building = ?2 ORDER BY position, stream",
    )?;
    let mut rows = statement.query((subscription.name, subscription.building))?;
    let mut parked = Vec::new();
    while let Some(row) = rows.next()? {
        parked.push(ParkedStream {
            stream: row.get::<_, String>(0)?.parse()?,
            version: row.get::<_, i64>(1)?.cast_unsigned(),
            position: Position::new(row.get::<_, i64>(2)?.cast_unsigned()),
            event: row.get(3)?,
            reason: row.get(4)?,
            parked_at: time(row.get(5)?)?,
            is_to_resume: row.get(6)?,
        });
    }
    Ok(parked)
}

/// Puts a stream aside, or says again why it is.
pub(crate) fn park(
    connection: &Connection,
    subscription: &Subscription,
    parked: &ParkedStream,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO esrs_parked (subscription, building, stream, version, position, event,
                 reason, parked_at, is_to_resume)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (subscription, building, stream) DO UPDATE SET version = excluded.version,
                 position = excluded.position, event = excluded.event, reason = excluded.reason,
                 parked_at = excluded.parked_at, is_to_resume = excluded.is_to_resume",
        )?
        .execute(params![
            subscription.name,
            subscription.building,
            parked.stream.as_str(),
            parked.version.cast_signed(),
            parked.position.get().cast_signed(),
            parked.event,
            parked.reason,
            to_microseconds(parked.parked_at),
            parked.is_to_resume,
        ])?;
    let what = (ParkingAction::Parked, None, &*parked.reason);
    log(connection, subscription.name, (&parked.stream, parked.version), what)
}

/// Takes note of how far the events of a parked stream are taken.
pub(crate) fn resume(
    connection: &Connection,
    subscription: &Subscription,
    resumed: &ResumedStream,
) -> Result<(), Fault> {
    let row = (subscription.name, subscription.building, resumed.stream.as_str());
    if let Some(next) = resumed.next_version {
        let mut statement = connection.prepare_cached(
            "UPDATE esrs_parked SET version = ?4
             WHERE subscription = ?1 AND building = ?2 AND stream = ?3",
        )?;
        statement.execute((row.0, row.1, row.2, next.cast_signed()))?;
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "DELETE FROM esrs_parked WHERE subscription = ?1 AND building = ?2 AND stream = ?3
         RETURNING version",
    )?;
    let deleted = statement.query_row(row, |row| row.get::<_, i64>(0)).optional()?;
    match deleted {
        Some(version) => {
            let what = (ParkingAction::Resumed, None, "");
            log(connection, subscription.name, (&resumed.stream, version.cast_unsigned()), what)
        }
        None => Ok(()),
    }
}

/// Stores the decision about a parked stream; returns true if there is one.
pub(super) fn decide(
    connection: &Connection,
    subscription: &str,
    stream: &StreamId,
    decision: &Decision,
) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_parked SET version = version + ?3, is_to_resume = 1
         WHERE subscription = ?1 AND building = 0 AND stream = ?2 AND version = ?4 RETURNING version - ?3",
    )?;
    let found = statement.query_row(
        (subscription, stream.as_str(), decision.skip, decision.version.cast_signed()),
        |row| row.get::<_, i64>(0),
    );
    let Some(version) = found.optional()? else { return Ok(false) };
    let action = match decision.skip {
        true => ParkingAction::Skipped,
        false => ParkingAction::Retried,
    };
    let what = (action, Some(&*decision.actor), &*decision.reason);
    log(connection, subscription, (stream, version.cast_unsigned()), what)?;
    Ok(true)
}

/// Forgets what a subscription has parked: it begins again.
pub(super) fn forget(connection: &Connection, subscription: &Subscription) -> Result<(), Fault> {
    let mut statement = connection
        .prepare_cached("DELETE FROM esrs_parked WHERE subscription = ?1 AND building = ?2")?;
    statement.execute((subscription.name, subscription.building))?;
    Ok(())
}

fn log(
    connection: &Connection,
    subscription: &str,
    (stream, version): (&StreamId, u64),
    (action, actor, reason): (ParkingAction, Option<&str>, &str),
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO esrs_parking_log (subscription, stream, version, action, actor, reason, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            subscription,
            stream.as_str(),
            version.cast_signed(),
            action.name(),
            actor,
            reason,
            to_microseconds(Timestamp::now()),
        ))?;
    Ok(())
}

/// Returns what happened to the parked streams of a subscription, the oldest first.
pub(super) fn entries(
    connection: &Connection,
    subscription: &str,
) -> Result<Vec<ParkingEntry>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT stream, version, action, actor, reason, at FROM esrs_parking_log
         WHERE subscription = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([subscription])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let action: String = row.get(2)?;
        let unknown = || Fault::said(DOING, format!("there is no action {action:?}"));
        entries.push(ParkingEntry {
            stream: row.get::<_, String>(0)?.parse()?,
            version: row.get::<_, i64>(1)?.cast_unsigned(),
            action: ParkingAction::of_name(&action).ok_or_else(unknown)?,
            actor: row.get(3)?,
            reason: row.get(4)?,
            at: time(row.get(5)?)?,
        });
    }
    Ok(entries)
}

/// Refuses to say that the events of a target are taken while one of them is parked.
pub(super) fn check(
    connection: &Connection,
    subscription: &Subscription,
    target: &WaitTarget,
) -> Result<(), Fault> {
    match target.parked_among(all(connection, subscription)?) {
        None => Ok(()),
        Some(parked) => Err(parked.error(subscription.name).into()),
    }
}
