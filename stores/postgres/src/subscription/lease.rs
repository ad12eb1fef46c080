//! Leases, by the clock of the database.

use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::subscription::{Lease, LeaseClaim};
use tokio_postgres::{Error, Row};

use super::statements::session_of_steps;
use crate::encode::to_i64;
use crate::error::{is_busy, said};
use crate::pool::Reader;
use crate::store::{LEASE_LOCK, Shared};

const DOING: &str = "claiming or releasing a lease";

/// The longest time for a claim: later, a lease that was held is over.
pub(super) fn longest_claim(shared: &Shared, claim: &LeaseClaim) -> Duration {
    claim.duration.max(LEASE_LOCK).min(shared.longest_call())
}

/// An error about the row of a lease.
fn explain(shared: &Shared, lease: &str, error: Error) -> StoreError {
    if is_busy(&error) {
        let location = format!("the lease `{lease}` in {}", shared.location);
        return StoreError::Busy { location, waited: LEASE_LOCK };
    }
    shared.location.explain(DOING, error)
}

/// Takes or renews a lease.
pub(super) async fn claim(
    shared: &Shared,
    reader: &Reader<'_>,
    claim: &LeaseClaim,
) -> Result<Lease, StoreError> {
    let micros = i64::try_from(claim.duration.as_micros()).unwrap_or(i64::MAX);
    // An interval of more than a century is none that PostgreSQL could add to every time.
    let micros = micros.min(100 * 365 * 24 * 60 * 60 * 1_000_000);
    let explain = |error| explain(shared, &claim.name, error);
    loop {
        let sql = &shared.subscriptions.statements.claim_lease;
        let asked = reader.query(sql, &[&claim.name, &&*claim.holder, &micros]).await;
        let rows = asked.map_err(explain)?;
        // There is none when it was taken or given back at this very moment.
        if let Some(row) = rows.first() {
            let (lease, is_raised) = lease_of(row).map_err(explain)?;
            if let (Lease::Held { fence }, true) = (&lease, is_raised) {
                end_steps(shared, reader, &claim.name, *fence).await;
            }
            return Ok(lease);
        }
    }
}

/// Ends the sessions in which steps of older fences are under way: a process that is stopped in the middle
/// of one would keep its locks. Where that is not allowed, such a session ends after a minute by itself.
async fn end_steps(shared: &Shared, reader: &Reader<'_>, lease: &str, fence: u64) {
    let statements = &shared.subscriptions.statements;
    let session = session_of_steps(statements.schema(), lease);
    let ended = reader.query(statements.end_steps, &[&session, &to_i64(fence)]).await;
    match ended {
        Ok(ended) if ended.is_empty() => {}
        Ok(_) => tracing::info!(lease, "ended the steps of the lease's last holder"),
        Err(error) => {
            tracing::warn!(lease, error = %said(&error), "could not end the steps of the lease's last holder");
        }
    }
}

/// The lease, and whether it was taken over.
fn lease_of(row: &Row) -> Result<(Lease, bool), Error> {
    if let Some(fence) = row.try_get::<_, Option<i64>>(0)? {
        return Ok((Lease::Held { fence: fence as u64 }, row.try_get(3)?));
    }
    let micros = row.try_get::<_, Option<i64>>(2)?.unwrap_or(0);
    let for_another = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    Ok((Lease::Taken { by: row.try_get(1)?, for_another }, false))
}

/// Gives a lease back.
pub(super) async fn release(
    shared: &Shared,
    reader: &Reader<'_>,
    name: &str,
    holder: &str,
) -> Result<(), StoreError> {
    let sql = &shared.subscriptions.statements.release_lease;
    let released = reader.query(sql, &[&name, &holder]).await;
    released.map(drop).map_err(|error| explain(shared, name, error))
}

/// An error if the lease was taken over. That may also happen before the transaction ends, whose end asks
/// once more.
pub(super) async fn check(
    shared: &Shared,
    transaction: &tokio_postgres::Client,
    lease: String,
    fence: Option<u64>,
) -> Result<(), StoreError> {
    let Some(fence) = fence else { return Ok(()) };
    let sql = &shared.subscriptions.statements.is_held;
    let held = transaction.query(sql, &[&lease, &to_i64(fence)]).await;
    match held.map_err(|error| shared.location.explain(DOING, error))?.is_empty() {
        true => Err(StoreError::Fenced { lease, fence }),
        false => Ok(()),
    }
}
