//! Rebuilding what a subscription has made of the log.

use super::catch_up;
use super::subscription_store::SubscriptionStore;
use crate::event::Position;
use crate::log::StoreError;
use crate::read_model::subscription::{Replaced, Subscriber};

/// Builds a projection next to the rows that are asked meanwhile, from the whole log, and puts it in
/// their place at once; says up to where it goes. `building` makes what must be given to the log.
///
/// What an earlier call has built of the same definition, and did not finish, is gone on with.
///
/// Where a process appends without a pause to a store that writes the projection inline, the last events
/// are taken while they wait.
///
/// ```
/// use esrs_core::subscription::{Projected, SubscriptionStore, rebuild};
/// use esrs_core::{Position, Projection, StoreError};
///
/// async fn make_anew<P: Projection>(store: &dyn SubscriptionStore) -> Result<Position, StoreError> {
///     rebuild(store, || Box::new(Projected::<P>::building()), |_| {}).await
/// }
/// ```
///
/// # Errors
/// [`StoreError::Projection`] when an event cannot be taken, and [`StoreError::RowRefused`] when the table
/// refuses its row: nothing is parked, and the rows that were asked so far stay; and those of
/// [`replace`](super::ReadModelWriter::replace).
pub async fn rebuild(
    store: &dyn SubscriptionStore,
    building: impl Fn() -> Box<dyn Subscriber>,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Position, StoreError> {
    let subscription = building().subscription().clone();
    subscription.check()?;
    if let Err(StoreError::ProjectionChanged { .. }) = store.subscribe(subscription.clone()).await {
        // What was begun is of a definition that nobody has any more.
        store.start_over(subscription, None).await?;
    }
    loop {
        catch_up(store, building(), &mut progress).await?;
        match store.replace(building(), None).await.1? {
            Replaced::Done(checkpoint) => return Ok(checkpoint.position),
            // Who follows the old ones was faster by more than can be taken while others wait.
            Replaced::Behind(_) => {}
        }
    }
}
