//! What a runner does for one subscription: gets its lease, follows, and begins again after whatever
//! went wrong.

use std::sync::Arc;
use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::subscription::{Subscriber, Subscription, SubscriptionStore};
use tokio::sync::watch;

use crate::follow::{Ended, Follow, pause};
use crate::lease::{Claimed, Held, claim};
use crate::options::Options;
use crate::status::{Report, State};
use crate::subject::Subject;

/// How long to wait after something failed; it grows up to the longest.
const BACK_OFF: Duration = Duration::from_millis(200);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);

pub(crate) struct Task {
    pub(crate) store: Arc<dyn SubscriptionStore>,
    pub(crate) options: Options,
    pub(crate) report: Report,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Task {
    /// Runs until it is to stop.
    pub(crate) async fn run(mut self, subject: Subject) {
        let Subject { mut subscriber, building } = subject;
        let name = subscriber.subscription().name;
        let mut back_off = BACK_OFF;
        loop {
            let ended = match (self.is_changed(subscriber.subscription().clone()).await, &building)
            {
                (Ok(true), Some(building)) => self.hold(building()).await.1,
                (Ok(_), _) => {
                    let ended;
                    (subscriber, ended) = self.hold(subscriber).await;
                    ended
                }
                (Err(error), _) => Err(error),
            };
            match ended {
                Ok(Ended::Stopped) => return,
                Ok(Ended::LeaseLost) => {
                    tracing::warn!(subscription = name, "a lease was lost");
                    back_off = BACK_OFF;
                }
                Ok(Ended::Replaced(position)) => {
                    tracing::info!(subscription = name, %position, "rebuilt");
                    back_off = BACK_OFF;
                }
                Err(error) => {
                    tracing::warn!(subscription = name, %error, "a subscription could not go on");
                    self.report.state(State::Failed { reason: error.to_string() });
                    if pause(&mut self.stop, back_off).await {
                        return;
                    }
                    back_off = (back_off * 2).min(LONGEST_BACK_OFF);
                }
            }
        }
    }

    /// Whether it is to be built anew, because another definition has made what is there.
    async fn is_changed(&self, subscription: Arc<Subscription>) -> Result<bool, StoreError> {
        match self.store.subscribe(subscription).await {
            Ok(_) => Ok(false),
            Err(StoreError::ProjectionChanged { .. }) if self.options.rebuild_changed => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Follows under the lease, once that is to be had.
    pub(crate) async fn hold(
        &mut self,
        subscriber: Box<dyn Subscriber>,
    ) -> (Box<dyn Subscriber>, Result<Ended, StoreError>) {
        let subscription = subscriber.subscription().clone();
        let lease = match self.lease(subscription.lease()).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return (subscriber, Ok(Ended::Stopped)),
            Err(error) => return (subscriber, Err(error)),
        };
        let mut follow = Follow::new(self, subscriber, lease.fence);
        let ended = match self.renew_changed(subscription, lease.fence).await {
            Ok(()) => follow.run(&lease).await,
            Err(error) => Err(error),
        };
        let ended = match ended {
            // It was only slow, and another has gone on.
            Err(StoreError::Fenced { .. }) => Ok(Ended::LeaseLost),
            other => other,
        };
        lease.give_back().await;
        (follow.into_subscriber(), ended)
    }

    /// The lease; none when it is to stop before that.
    async fn lease(&mut self, name: String) -> Result<Option<Held>, StoreError> {
        loop {
            let Options { holder, lease, .. } = &self.options;
            match claim(&self.store, name.clone(), holder, *lease).await? {
                Claimed::Held(held) => return Ok(Some(held)),
                Claimed::Taken { by, again } => {
                    self.report.state(State::Standby { held_by: by });
                    if pause(&mut self.stop, again).await {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Starts over where what is there is of another definition and nobody asks it: what was built so far,
    /// and what a handler has made, which makes its tables anew by itself.
    async fn renew_changed(
        &self,
        subscription: Arc<Subscription>,
        fence: u64,
    ) -> Result<(), StoreError> {
        let may_start_over =
            subscription.building || self.options.rebuild_changed && subscription.table.is_none();
        match self.store.subscribe(subscription.clone()).await {
            Err(StoreError::ProjectionChanged { .. }) if may_start_over => {
                self.store.start_over(subscription.clone(), Some(fence)).await.map(drop)
            }
            other => other.map(drop),
        }
    }
}
