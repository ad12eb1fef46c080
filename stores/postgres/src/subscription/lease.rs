//! Leases, by the clock of the database.

use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::subscription::{Lease, LeaseClaim};
use tokio_postgres::{Error, Row};

use crate::encode::to_i64;
use crate::error::is_busy;
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
            return lease_of(row).map_err(explain);
        }
    }
}

fn lease_of(row: &Row) -> Result<Lease, Error> {
    if let Some(fence) = row.try_get::<_, Option<i64>>(0)? {
        return Ok(Lease::Held { fence: fence as u64 });
    }
    let micros = row.try_get::<_, Option<i64>>(2)?.unwrap_or(0);
    let for_another = Duration::from_micros(u64::try_from(micros).unwrap_or(0));
    Ok(Lease::Taken { by: row.try_get(1)?, for_another })
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

/// Keeps whoever takes a lease over waiting until the transaction ends; an error when somebody has.
pub(super) async fn hold(
    shared: &Shared,
    transaction: &tokio_postgres::Client,
    lease: String,
    fence: Option<u64>,
) -> Result<(), StoreError> {
    let Some(fence) = fence else { return Ok(()) };
    let sql = &shared.subscriptions.statements.hold_lease;
    let held = transaction.query(sql, &[&lease, &to_i64(fence)]).await;
    match held.map_err(|error| shared.location.explain(DOING, error))?.is_empty() {
        true => Err(StoreError::Fenced { lease, fence }),
        false => Ok(()),
    }
}
