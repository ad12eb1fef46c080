//! Where a log ends.

use std::future::Future;
use std::time::Duration;

use esrs_core::subscription::SubscriptionStore;
use esrs_core::{Page, Position, ReadQuery, StoreError};

/// The time limit of a status for questions to the store.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Where the log ends.
pub(crate) async fn head(store: &dyn SubscriptionStore) -> Result<Position, StoreError> {
    // An empty log has no event to wait for.
    let first = store.read(ReadQuery::all().limit(1), Page::new()).await?;
    match first.is_empty() {
        true => Ok(Position::START),
        false => store.wait_behind(Position::START).await,
    }
}

/// The answer of a store, if it comes in time.
pub(crate) async fn in_time<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a status is incomplete");
            None
        }
        Err(_) => None,
    }
}
