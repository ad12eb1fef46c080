//! Waiting until a subscription has come so far.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::subscription::Subscription;
use esrs_core::{Position, StoreError};
use tokio::time::{Instant, timeout};

use crate::pool::{Reader, ask};
use crate::store::Shared;

const DOING: &str = "waiting for a subscription";

/// Between two looks of who is not woken, because another process runs the subscription.
const SHORTEST: Duration = Duration::from_millis(2);
const LONGEST: Duration = Duration::from_millis(50);

/// The shortest time for the first look: whoever does not want to wait wants to know all the same.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// Waits; on the runtime of the store, whose timer it needs.
pub(super) async fn wait_for(
    shared: Arc<Shared>,
    subscription: Arc<Subscription>,
    position: Position,
    limit: Duration,
) -> Result<Position, StoreError> {
    let begun = Instant::now();
    let (mut seen, mut least) = (None, FIRST_LOOK);
    let mut moved = shared.subscriptions.moved.subscribe();
    let mut pause = SHORTEST;
    loop {
        moved.mark_unchanged();
        let left = limit.saturating_sub(begun.elapsed());
        let looking = async { ask!(shared, |reader| reached(&shared, &reader, &subscription)) };
        // No look outlives the time of the caller: what was seen before is the answer then.
        let reached = match (timeout(left.max(least), looking).await, seen) {
            (Ok(answer), _) => answer?,
            (Err(_), Some(seen)) => seen,
            (Err(_), None) => return Err(shared.location.timed_out(DOING, limit)),
        };
        (seen, least) = (Some(reached), Duration::ZERO);
        if reached >= position {
            return Ok(reached);
        }
        let left = limit.saturating_sub(begun.elapsed());
        if left.is_zero() {
            let (subscription, waited) = (subscription.name, limit);
            return Err(StoreError::Lagging { subscription, position, reached, waited });
        }
        // Whether it was woken or not, it looks.
        let _ = timeout(pause.min(left), moved.changed()).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Where the subscription stands; at the beginning, while nobody runs it yet.
async fn reached(
    shared: &Shared,
    reader: &Reader<'_>,
    subscription: &Subscription,
) -> Result<Position, StoreError> {
    let asked = async {
        let sql = &shared.subscriptions.statements.definition;
        let rows = reader.query(sql, &[&subscription.name, &subscription.building]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some((row.try_get::<_, String>(0)?, row.try_get::<_, i64>(1)?)))
    };
    let asked = asked.await;
    let explain = |error| reader.location.explain(DOING, error);
    match asked.map_err(explain)? {
        None => Ok(Position::START),
        Some((stored, position)) if *stored == *subscription.definition => {
            Ok(Position::new(position as u64))
        }
        Some((stored, _)) => Err(subscription.changed(stored)),
    }
}
