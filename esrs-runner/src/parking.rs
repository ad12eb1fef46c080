//! Streams that a subscription has parked, and decisions about them.

use std::sync::Arc;

use esrs_core::subscription::{
    Decision, EventHandler, Handled, ParkedStream, ParkingEntry, ParkingStore, Projected,
    Subscription,
};
use esrs_core::{Projection, StoreError, StreamId};

/// The streams that a subscription has parked. What is decided here is done by the process that runs it, in
/// this process or another.
///
/// ```no_run
/// # use esrs_core::{Projection, StoreError, subscription::ParkingStore};
/// # async fn example<AccountSummary: Projection>(store: impl ParkingStore) -> Result<(), StoreError> {
/// use esrs_runner::Parking;
///
/// let parking = Parking::of::<AccountSummary>(store);
/// for parked in parking.streams().await? {
///     println!("{} at version {}: {}", parked.stream, parked.version, parked.reason);
///     parking.retry(&parked, "alice", "the handler knows it since 1.4").await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Parking {
    store: Arc<dyn ParkingStore>,
    subscription: Arc<Subscription>,
}

impl Parking {
    /// Those of a projection.
    pub fn of<P: Projection>(store: impl ParkingStore) -> Self {
        let subscription = Arc::new(Projected::<P>::subscription_of());
        Self { store: Arc::new(store), subscription }
    }

    /// Those of an event handler.
    pub fn of_handler<H: EventHandler>(store: impl ParkingStore) -> Self {
        let subscription = Arc::new(Handled::<H>::subscription_of());
        Self { store: Arc::new(store), subscription }
    }

    /// Lists the parked streams, in the order of positions.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub async fn streams(&self) -> Result<Vec<ParkedStream>, StoreError> {
        self.store.parked(self.subscription.clone()).await
    }

    /// Requests that the event at which a stream is parked is tried again; `false` if the stream is not
    /// parked there any more.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub async fn retry(
        &self,
        parked: &ParkedStream,
        actor: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<bool, StoreError> {
        self.decide(&parked.stream, Decision::retry(parked.version, actor, reason)).await
    }

    /// Requests that the event at which a stream is parked is left out for good, and the next one tried;
    /// `false` if the stream is not parked there any more, as when another operator decided first.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub async fn skip(
        &self,
        parked: &ParkedStream,
        actor: impl Into<String>,
        reason: impl Into<String>,
    ) -> Result<bool, StoreError> {
        self.decide(&parked.stream, Decision::skip(parked.version, actor, reason)).await
    }

    async fn decide(&self, stream: &StreamId, decision: Decision) -> Result<bool, StoreError> {
        let name = self.subscription.name.to_owned();
        self.store.decide(name, stream.clone(), decision).await
    }

    /// Lists each time that a stream was parked, retried, skipped or resumed, by whom and why, oldest first.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub async fn log(&self) -> Result<Vec<ParkingEntry>, StoreError> {
        self.store.parking_log(self.subscription.name.to_owned()).await
    }
}
