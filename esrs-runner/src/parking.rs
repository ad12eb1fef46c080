//! Streams that a subscription has parked, and what is to become of them.

use std::sync::Arc;

use esrs_core::subscription::{
    Decision, EventHandler, Handled, ParkedStream, ParkingEntry, Projected, Subscription,
    SubscriptionStore,
};
use esrs_core::{Projection, StoreError, StreamId};

/// The streams that a subscription has parked. What is decided here is done by whoever runs it, in this
/// process or another.
///
/// ```no_run
/// # use esrs_core::{Projection, StoreError, subscription::SubscriptionStore};
/// # async fn example<AccountSummary: Projection>(store: impl SubscriptionStore) -> Result<(), StoreError> {
/// use esrs_runner::Parking;
///
/// let parking = Parking::of::<AccountSummary>(store);
/// for parked in parking.streams().await? {
///     println!("{} at version {}: {}", parked.stream, parked.version, parked.reason);
///     parking.retry(&parked.stream, "alice", "the handler knows it since 1.4").await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Parking {
    store: Arc<dyn SubscriptionStore>,
    subscription: Arc<Subscription>,
}

impl Parking {
    /// Those of a projection.
    pub fn of<P: Projection>(store: impl SubscriptionStore) -> Self {
        let subscription = Arc::new(Projected::<P>::subscription_of());
        Self { store: Arc::new(store), subscription }
    }

    /// Those of an event handler.
    pub fn of_handler<H: EventHandler>(store: impl SubscriptionStore) -> Self {
        let subscription = Arc::new(Handled::<H>::subscription_of());
        Self { store: Arc::new(store), subscription }
    }

    /// What is parked, in the order of positions.
    ///
    /// # Errors
    /// What may happen to a database.
    pub async fn streams(&self) -> Result<Vec<ParkedStream>, StoreError> {
        self.store.parked(self.subscription.clone()).await
    }

    /// Has the event at which a stream was parked tried again; `false` when it is not parked.
    ///
    /// # Errors
    /// What may happen to a database.
    pub async fn retry(
        &self,
        stream: &StreamId,
        actor: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<bool, StoreError> {
        self.decide(stream, Decision::retry(actor, reason)).await
    }

    /// Has the event at which a stream was parked left out, for good, and the next tried; `false` when it
    /// is not parked.
    ///
    /// # Errors
    /// What may happen to a database.
    pub async fn skip(
        &self,
        stream: &StreamId,
        actor: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<bool, StoreError> {
        self.decide(stream, Decision::skip(actor, reason)).await
    }

    async fn decide(&self, stream: &StreamId, decision: Decision) -> Result<bool, StoreError> {
        let name = self.subscription.name.to_owned();
        self.store.decide(name, stream.clone(), decision).await
    }

    /// What was parked, retried, skipped and resumed, by whom and why, the oldest first.
    ///
    /// # Errors
    /// What may happen to a database.
    pub async fn log(&self) -> Result<Vec<ParkingEntry>, StoreError> {
        self.store.parking_log(self.subscription.name.to_owned()).await
    }
}
