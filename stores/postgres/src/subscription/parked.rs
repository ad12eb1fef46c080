//! Parked streams, and what is decided about them.

use std::ops::Deref;

use esrs_core::subscription::{Decision, ParkedStream, ParkingAction, ParkingEntry, Subscription};
use esrs_core::{BoxError, Position, StoreError, StreamId};
use tokio_postgres::Row;

use crate::connect::Client;
use crate::encode::{StoredTime, to_i64};
use crate::pool::Reader;
use crate::store::Shared;

const DOING: &str = "looking for parked streams";

/// The parked streams of a subscription.
pub(super) async fn parked(
    shared: &Shared,
    reader: &Reader<'_, impl Deref<Target = Client>>,
    subscription: &Subscription,
) -> Result<Vec<ParkedStream>, StoreError> {
    let sql = &shared.subscriptions.statements.parked;
    let rows = reader.query(sql, &[&subscription.name, &subscription.building]).await;
    let rows = rows.map_err(|error| reader.location.explain(DOING, error))?;
    let parked = |row: &Row| -> Result<ParkedStream, BoxError> {
        Ok(ParkedStream {
            stream: row.try_get::<_, &str>(0)?.parse()?,
            version: row.try_get::<_, i64>(1)? as u64,
            position: Position::new(row.try_get::<_, i64>(2)? as u64),
            event: row.try_get(3)?,
            reason: row.try_get(4)?,
            parked_at: row.try_get::<_, StoredTime>(5)?.0,
            is_to_resume: row.try_get(6)?,
        })
    };
    rows.iter().map(parked).collect::<Result<_, _>>().map_err(unreadable)
}

fn unreadable(source: BoxError) -> StoreError {
    StoreError::Database { doing: DOING, source }
}

/// Stores a decision about a parked stream.
pub(super) async fn decide(
    shared: &Shared,
    reader: &Reader<'_>,
    subscription: &str,
    stream: &StreamId,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let action = match decision.skip {
        true => ParkingAction::Skipped,
        false => ParkingAction::Retried,
    };
    let skipped = i64::from(decision.skip);
    let decided = async {
        let statement = reader.client.prepare_cached(&shared.subscriptions.statements.decide);
        let statement = statement.await?;
        let Decision { actor, reason, version, .. } = decision;
        let version = to_i64(*version);
        reader
            .client
            .execute(
                &statement,
                &[
                    &subscription,
                    &stream.as_str(),
                    &skipped,
                    &action.name(),
                    actor,
                    reason,
                    &version,
                ],
            )
            .await
    };
    let decided = decided.await;
    let explain = |error| reader.location.explain("deciding about a parked stream", error);
    Ok(decided.map_err(explain)? > 0)
}

/// Returns what happened to the parked streams of a subscription.
pub(super) async fn log(
    shared: &Shared,
    reader: &Reader<'_>,
    subscription: &str,
) -> Result<Vec<ParkingEntry>, StoreError> {
    let rows = reader.query(&shared.subscriptions.statements.parking_log, &[&subscription]).await;
    let rows = rows.map_err(|error| reader.location.explain(DOING, error))?;
    let entry = |row: &Row| -> Result<ParkingEntry, BoxError> {
        let action: &str = row.try_get(2)?;
        let unknown = || format!("{action:?} is nothing that happens to a parked stream");
        Ok(ParkingEntry {
            stream: row.try_get::<_, &str>(0)?.parse()?,
            version: row.try_get::<_, i64>(1)? as u64,
            action: ParkingAction::of_name(action).ok_or_else(unknown)?,
            actor: row.try_get(3)?,
            reason: row.try_get(4)?,
            at: row.try_get::<_, StoredTime>(5)?.0,
        })
    };
    rows.iter().map(entry).collect::<Result<_, _>>().map_err(unreadable)
}
