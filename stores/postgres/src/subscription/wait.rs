//! Waiting until a subscription has come so far.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::{Subscription, WaitTarget};
use esrs_core::{Position, StoreError};
use tokio::time::{Instant, timeout};
use tokio_postgres::types::ToSql;

use super::subscribe::Stored;
use crate::encode::to_i64;
use crate::pool::{Reader, ask};
use crate::store::Shared;

const DOING: &str = "waiting for a subscription";

/// Between two looks of who is not woken, because another process runs the subscription.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(50);

/// The shortest time for the first look: a caller that does not want to wait wants to know all the same.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// Waits; on the runtime of the store, whose timer it needs.
pub(super) async fn wait_for(
    shared: Arc<Shared>,
    subscription: Arc<Subscription>,
    target: WaitTarget,
    limit: Duration,
) -> Result<Position, StoreError> {
    let begun = Instant::now();
    let (mut seen, mut least) = (None, FIRST_LOOK);
    let mut moved = shared.subscriptions.moved.subscribe();
    let mut pause = SHORTEST;
    loop {
        moved.mark_unchanged();
        let left = limit.saturating_sub(begun.elapsed());
        let looking =
            async { ask!(shared, |reader| reached(&shared, &reader, &subscription, &target)) };
        // No look outlives the time of the caller: what was seen before is the answer then.
        let reached = match (timeout(left.max(least), looking).await, seen) {
            (Ok(found), _) => {
                let Reached { position, parked, failure } = found?;
                match (position >= target.position, parked, failure) {
                    (true, None, _) => return Ok(position),
                    (true, Some(parked), _) => return Err(parked),
                    (false, _, Some(reason)) => {
                        let (subscription, reached) = (subscription.name.to_owned(), position);
                        return Err(StoreError::SubscriptionFailed {
                            subscription,
                            reached,
                            reason,
                        });
                    }
                    (false, _, None) => position,
                }
            }
            (Err(_), Some(seen)) => seen,
            (Err(_), None) => return Err(shared.location.timed_out(DOING, limit)),
        };
        (seen, least) = (Some(reached), Duration::ZERO);
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            let (subscription, position, waited) = (subscription.name, target.position, limit);
            return Err(StoreError::Lagging { subscription, position, reached, waited });
        }
        // Whether it was woken or not, it looks.
        let _ = timeout(pause.min(left), moved.changed()).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// The result of a look.
struct Reached {
    position: Position,
    /// The error for an event of the target that is parked.
    parked: Option<StoreError>,
    failure: Option<String>,
}

/// The position of the subscription, which is the start of the log before it is first run.
async fn reached(
    shared: &Shared,
    reader: &Reader<'_>,
    subscription: &Subscription,
    target: &WaitTarget,
) -> Result<Reached, StoreError> {
    let Subscription { name, building, definition, .. } = subscription;
    let streams: Vec<&str> = target.streams.iter().map(|stream| stream.as_str()).collect();
    let asked = async {
        let sql = &shared.subscriptions.statements.reached;
        let position = to_i64(target.position.get());
        let parameters: [&(dyn ToSql + Sync); 5] =
            [name, building, &&**definition, &position, &streams];
        reader.query(sql, &parameters).await
    };
    let explain = |error| reader.location.explain(DOING, error);
    let rows = asked.await.map_err(explain)?;
    let stored = rows.first().map(|row| Ok(Stored::of(row, 0)?.map(|stored| (row, stored))));
    let stored = stored.transpose().map_err(explain)?.flatten();
    let Some((row, stored)) = stored else {
        return Ok(Reached { position: Position::START, parked: None, failure: None });
    };
    stored.check_definition(subscription)?;
    stored.check_history()?;
    let position = stored.at.position;
    let [failure, stream, version, event, reason] =
        std::array::from_fn(|place| Stored::COLUMNS + place);
    let failure = row.try_get(failure).map_err(explain)?;
    let parked = match row.try_get::<_, Option<&str>>(stream).map_err(explain)? {
        Some(stream) => Some(StoreError::Parked {
            subscription: (*name).to_owned(),
            stream: stream.parse()?,
            version: row.try_get::<_, i64>(version).map_err(explain)? as u64,
            event: row.try_get(event).map_err(explain)?,
            reason: row.try_get(reason).map_err(explain)?,
        }),
        None => None,
    };
    Ok(Reached { position, parked, failure })
}
