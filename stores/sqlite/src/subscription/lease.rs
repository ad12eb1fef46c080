//! Leases: one of several processes runs a subscription.

use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::store::to_microseconds;
use esrs_core::subscription::{Lease, LeaseClaim, Subscription};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Fault;

/// By the clock of the system, which all who share a file have in common.
pub(super) fn now() -> i64 {
    to_microseconds(Timestamp::now())
}

/// A lease that another holder has not given back.
struct Held {
    by: String,
    fence: i64,
    until: i64,
    /// `None` if an older esrs has stored it.
    duration: Option<i64>,
}

impl Held {
    /// The end of the lease if it was given just now: it cannot end later than that.
    fn latest_end(&self, now: i64, claimed: i64) -> i64 {
        now.saturating_add(self.duration.unwrap_or(claimed))
    }
}

/// Gives the lease, or says whose it is; in a transaction.
pub(super) fn claim(connection: &Connection, claim: &LeaseClaim) -> Result<Lease, Fault> {
    let now = now();
    let duration = i64::try_from(claim.duration.as_micros()).unwrap_or(i64::MAX);
    let fence = match stored(connection, &claim.name)? {
        (_, Some(held)) if held.until > now && held.by != *claim.holder => {
            // The clock was set back since the lease was given, or it would end earlier.
            let until = held.until.min(held.latest_end(now, duration));
            if until < held.until {
                end_at(connection, &claim.name, until)?;
            }
            let for_another = Duration::from_micros(until.abs_diff(now));
            return Ok(Lease::Taken { by: held.by, for_another });
        }
        (_, Some(held)) if held.until > now => held.fence,
        (last_fence, _) => last_fence + 1,
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO esrs_leases (name, holder, fence, until, duration) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence,
             until = excluded.until, duration = excluded.duration",
    )?;
    let until = now.saturating_add(duration);
    statement.execute((&claim.name, &*claim.holder, fence, until, duration))?;
    Ok(Lease::Held { fence: fence.cast_unsigned() })
}

/// The last fence that was given, 0 if there was none, and who holds the lease.
fn stored(connection: &Connection, name: &str) -> Result<(i64, Option<Held>), Fault> {
    let mut statement = connection
        .prepare_cached("SELECT fence, holder, until, duration FROM esrs_leases WHERE name = ?1")?;
    let stored = statement.query_row([name], |row| {
        let fence = row.get(0)?;
        let (until, duration) = (row.get(2)?, row.get(3)?);
        let holder = row.get::<_, Option<String>>(1)?;
        Ok((fence, holder.map(|by| Held { by, fence, until, duration })))
    });
    Ok(stored.optional()?.unwrap_or((0, None)))
}

fn end_at(connection: &Connection, name: &str, until: i64) -> Result<(), Fault> {
    connection
        .prepare_cached("UPDATE esrs_leases SET until = ?2 WHERE name = ?1")?
        .execute((name, until))?;
    Ok(())
}

/// Ends the lease, if this is its holder. Its row stays, so that its fence is never given again.
pub(super) fn release(connection: &Connection, name: &str, holder: &str) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE esrs_leases SET holder = NULL, until = 0 WHERE name = ?1 AND holder = ?2",
    )?;
    statement.execute((name, holder))?;
    Ok(())
}

/// Refuses who shows a fence that is not that of the lease any more.
pub(super) fn check(
    connection: &Connection,
    subscription: &Subscription,
    fence: Option<u64>,
) -> Result<(), Fault> {
    let Some(fence) = fence else { return Ok(()) };
    let lease = subscription.lease();
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM esrs_leases WHERE name = ?1 AND fence = ?2 AND holder IS NOT NULL",
    )?;
    match statement.exists((&lease, fence.cast_signed()))? {
        true => Ok(()),
        false => Err(StoreError::Fenced { lease, fence }.into()),
    }
}
