//! Which of several processes runs a subscription.

use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::subscription::{Lease, LeaseClaim, Subscription};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Fault;

/// By the clock of the system, which all who share a file have in common.
pub(super) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Gives the lease, or says whose it is; in a transaction.
pub(super) fn claim(connection: &Connection, claim: &LeaseClaim) -> Result<Lease, Fault> {
    let now = now();
    let mut statement = connection
        .prepare_cached("SELECT holder, fence, until FROM esrs_leases WHERE name = ?1")?;
    let stored = statement.query_row([&claim.name], |row| {
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    let fence = match stored.optional()? {
        Some((Some(by), _, until)) if until > now && *by != *claim.holder => {
            let for_another = Duration::from_micros(until.abs_diff(now));
            return Ok(Lease::Taken { by, for_another });
        }
        Some((Some(_), fence, until)) if until > now => fence,
        Some((_, fence, _)) => fence + 1,
        None => 1,
    };
    let duration = i64::try_from(claim.duration.as_micros()).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "INSERT INTO esrs_leases (name, holder, fence, until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence,
             until = excluded.until",
    )?;
    statement.execute((&claim.name, &*claim.holder, fence, now.saturating_add(duration)))?;
    Ok(Lease::Held { fence: fence.cast_unsigned() })
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
