//! Bringing a subscription to the end of the log.

use super::subscription_store::SubscriptionStore;
use crate::event::Position;
use crate::log::{Page, ReadQuery, StoreError};
use crate::read_model::projection::Parked;
use crate::read_model::subscription::{Advance, Advanced, Checkpoint, Subscriber};

/// Brings a subscription to the end of the log, and answers with the position of that.
///
/// It parks nothing, and takes over from any other that follows the same: no event counts twice. For a
/// program that goes on following there is the runner.
///
/// ```
/// use esrs_core::subscription::{Projected, SubscriptionStore, catch_up};
/// use esrs_core::{Position, Projection, StoreError};
///
/// async fn bring_up_to_date<P: Projection>(store: &dyn SubscriptionStore) -> Result<Position, StoreError> {
///     let rows = Box::new(Projected::<P>::new());
///     catch_up(store, rows, |position| println!("{position}")).await
/// }
/// ```
///
/// # Errors
/// - [`StoreError::ProjectionTable`] if this program cannot write the rows, as of
///   [`check`](crate::subscription::Subscription::check);
/// - [`StoreError::Parked`] if a stream is parked, after all other events are taken: the rows do not
///   contain its events;
/// - [`StoreError::Projection`] if an event cannot be taken: the subscription then stands before the page
///   of that event;
/// - and those of [`subscribe`](super::CheckpointStore::subscribe) and [`advance`](super::ReadModelWriter::advance).
pub async fn catch_up(
    store: &dyn SubscriptionStore,
    subscriber: Box<dyn Subscriber>,
    progress: impl FnMut(Position) + Send,
) -> Result<Position, StoreError> {
    let subscription = subscriber.subscription().clone();
    let reached = catch_up_unless_parked(store, subscriber, progress).await?;
    let parked = store.parked(subscription.clone()).await?;
    match parked.into_iter().find(|stream| stream.position <= reached) {
        None => Ok(reached),
        Some(parked) => Err(parked.error(subscription.name)),
    }
}

/// Brings a subscription to the end of the log as [`catch_up`] does, but for the streams that it has
/// parked: for a store that is being opened, which must not depend on them.
///
/// # Errors
/// Those of [`catch_up`] but [`StoreError::Parked`].
pub async fn catch_up_unless_parked(
    store: &dyn SubscriptionStore,
    mut subscriber: Box<dyn Subscriber>,
    mut progress: impl FnMut(Position) + Send,
) -> Result<Position, StoreError> {
    let subscription = subscriber.subscription().clone();
    subscription.check()?;
    let query = ReadQuery::all().only(subscriber.filter()).with_envelopes();
    let mut from = store.subscribe(subscription.clone()).await?;
    let parked = store.parked(subscription.clone()).await?;
    let parked: Parked = parked.into_iter().map(|one| (one.stream, one.version)).collect();
    let mut page = Page::new();
    loop {
        let next = query.clone().after(from.position).continuing(from.mark);
        page = store.read(next, page).await?;
        let (to, is_last) = (page.scanned(), page.is_last());
        if to == from.position {
            return Ok(to);
        }
        subscriber.take(&page, &parked)?;
        let advance = Advance {
            subscription: subscription.clone(),
            from,
            to,
            mark: page.mark(),
            fence: None,
            park: Vec::new(),
            resume: Vec::new(),
        };
        let advanced;
        (subscriber, advanced) = store.advance(advance, subscriber).await;
        from = match advanced? {
            Advanced::Done => Checkpoint { position: to, mark: page.mark(), ..from },
            // Whoever moved it may have made it another.
            Advanced::Elsewhere(_) => store.subscribe(subscription.clone()).await?,
        };
        progress(from.position);
        // The log may grow as fast as it is followed: its end is where it was when it was read.
        if is_last && from.position == to {
            return Ok(to);
        }
    }
}
