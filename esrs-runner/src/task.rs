//! The task of one subscription: it gets the lease, follows the log, and begins again after an error.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use esrs_core::StoreError;
use esrs_core::projection::ProjectionError;
use esrs_core::subscription::{Checkpoint, Subscriber, Subscription, SubscriptionStore};
use tokio::sync::watch;

use crate::follow::{Ended, Follow, pause};
use crate::head::{head, in_time};
use crate::lease::{Claimed, Held, LOOK, claim};
use crate::options::Options;
use crate::outdated::{self, Newer};
use crate::status::{Report, State};
use crate::subject::Subject;

/// The pause after an error; it doubles up to the longest.
const BACK_OFF: Duration = Duration::from_millis(200);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);

/// The shortest and the longest pause of a program that cannot go on by itself.
const SHORTEST_STAND_BACK: Duration = Duration::from_secs(3);
const LONGEST_STAND_BACK: Duration = Duration::from_secs(60);

pub(crate) struct Task {
    pub(crate) store: Arc<dyn SubscriptionStore>,
    pub(crate) options: Options,
    pub(crate) report: Report,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Task {
    /// Runs until it is stopped.
    pub(crate) async fn run(mut self, subject: Subject) {
        let Subject { mut subscriber, building } = subject;
        let subscription = subscriber.subscription().clone();
        let name = subscription.name;
        let mut back_off = BACK_OFF;
        loop {
            let Some(is_changed) = self.unless_stopped(self.is_changed(&subscription)).await else {
                return;
            };
            let ended = match (is_changed, &building) {
                (Ok(true), Some(building)) => self.hold(building()).await.1,
                (Ok(_), _) => {
                    let ended;
                    (subscriber, ended) = self.hold(subscriber).await;
                    ended
                }
                (Err(error), _) => {
                    if let StoreError::HistoryChanged { .. } = error {
                        // It is so for every process, and nobody holds the lease to say it.
                        self.record_failure(&subscription, &error).await;
                    }
                    Err(error)
                }
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
                Ok(Ended::Outdated(error)) => {
                    if self.stand_back(&subscription, &error).await {
                        return;
                    }
                    back_off = BACK_OFF;
                }
                Ok(Ended::HistoryChanged(error)) => {
                    tracing::warn!(subscription = name, %error, "looking for where to go on");
                    if pause(&mut self.stop, BACK_OFF).await {
                        return;
                    }
                }
                Err(StoreError::ProjectionSuperseded { stored, .. }) => {
                    tracing::warn!(subscription = name, stored, "a newer program keeps these rows");
                    self.report.state(State::Superseded { stored });
                    if pause(&mut self.stop, LONGEST_STAND_BACK).await {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!(subscription = name, %error, "a subscription could not go on");
                    self.report.state(State::Failed { reason: error.to_string() });
                    let head = in_time(head(&*self.store));
                    match self.unless_stopped(head).await {
                        Some(Some(head)) => self.report.head(head),
                        Some(None) => {}
                        None => return,
                    }
                    if pause(&mut self.stop, back_off).await {
                        return;
                    }
                    let longest = if error.is_transient() { LOOK } else { LONGEST_BACK_OFF };
                    back_off = (back_off * 2).min(longest);
                }
            }
        }
    }

    /// The output of a future; `None` if it is stopped before.
    async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            // An error means that nobody is left to stop it.
            _ = stop.wait_for(|stop| *stop) => None,
            output = future => Some(output),
        }
    }

    /// Leaves the lease to a newer program until that has taken the event; answers whether it is stopped
    /// before.
    async fn stand_back(
        &mut self,
        subscription: &Arc<Subscription>,
        error: &ProjectionError,
    ) -> bool {
        let name = subscription.name;
        tracing::warn!(
            subscription = name, %error,
            "a newer program has stored an event that this one cannot read; the lease is left to it"
        );
        if let Some(newer) = Newer::of(error) {
            self.report.state(outdated::state(error, &newer));
        }
        let wait = self.options.lease.clamp(SHORTEST_STAND_BACK, LONGEST_STAND_BACK);
        loop {
            if pause(&mut self.stop, wait).await {
                return true;
            }
            let stored = in_time(self.store.subscribe(subscription.clone()));
            match self.unless_stopped(stored).await {
                None => return true,
                // Nobody has taken the event yet, and this program cannot.
                Some(Some(Checkpoint { position, .. })) if position < error.position => {}
                Some(_) => return false,
            }
        }
    }

    /// Records for every process that the subscription does not go on, unless it may by itself.
    async fn record_failure(&self, subscription: &Arc<Subscription>, error: &StoreError) {
        if error.is_transient() || matches!(error, StoreError::Closed) {
            return;
        }
        let failure = Some(error.to_string());
        in_time(self.store.record_failure(subscription.clone(), failure)).await;
    }

    /// Returns true if it must be rebuilt, because the stored rows are of another definition.
    async fn is_changed(&self, subscription: &Arc<Subscription>) -> Result<bool, StoreError> {
        match self.store.subscribe(subscription.clone()).await {
            Ok(_) => Ok(false),
            Err(StoreError::ProjectionChanged { .. }) if self.options.rebuild_changed => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Follows under the lease, once it has that.
    pub(crate) async fn hold(
        &mut self,
        subscriber: Box<dyn Subscriber>,
    ) -> (Box<dyn Subscriber>, Result<Ended, StoreError>) {
        let subscription = subscriber.subscription().clone();
        let lease = match self.lease(&subscription).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return (subscriber, Ok(Ended::Stopped)),
            Err(error) => return (subscriber, Err(error)),
        };
        let mut follow = Follow::new(self, subscriber, lease.fence);
        let interrupted = interrupted(self.stop.clone(), &lease, follow.in_step());
        let following = async {
            self.renew_changed(&subscription, lease.fence).await?;
            follow.run(&lease).await
        };
        let ended = tokio::select! {
            biased;
            ended = following => ended,
            ended = interrupted => Ok(ended),
        };
        let ended = match ended {
            // It was only slow, and another process has gone on.
            Err(StoreError::Fenced { .. }) => Ok(Ended::LeaseLost),
            Err(StoreError::Projection(error)) if Newer::of(&error).is_some() => {
                Ok(Ended::Outdated(error))
            }
            Err(error @ StoreError::HistoryChanged { .. }) => Ok(Ended::HistoryChanged(error)),
            Err(error) => {
                if !matches!(error, StoreError::ProjectionSuperseded { .. }) {
                    self.unless_stopped(self.record_failure(&subscription, &error)).await;
                }
                Err(error)
            }
            ended => ended,
        };
        lease.give_back().await;
        (follow.into_subscriber(), ended)
    }

    /// The lease; `None` if it is stopped before it has that.
    async fn lease(
        &mut self,
        subscription: &Arc<Subscription>,
    ) -> Result<Option<Held>, StoreError> {
        let name = subscription.lease();
        loop {
            let Options { holder, lease, is_patient, .. } = &self.options;
            let claimed = claim(self.store.clone(), name.clone(), holder, *lease);
            let Some(claimed) = self.unless_stopped(claimed).await else { return Ok(None) };
            let again = match claimed {
                Ok(Claimed::Held(held)) => return Ok(Some(held)),
                Ok(Claimed::Taken { by, again }) => {
                    self.report.state(State::Standby { held_by: by });
                    if !subscription.building {
                        // The holder may be of another definition by now, for which it does not stand by.
                        let stored = self.store.subscribe(subscription.clone());
                        match self.unless_stopped(stored).await {
                            None => return Ok(None),
                            Some(Err(error)) if is_of_another_definition(&error) => {
                                return Err(error);
                            }
                            Some(_) => {}
                        }
                    }
                    again
                }
                Err(error) if *is_patient && error.is_transient() => {
                    tracing::warn!(lease = name, %error, "a lease could not be claimed");
                    self.report.state(State::Failed { reason: error.to_string() });
                    // No longer: its holder may be gone, and the database back.
                    LOOK
                }
                Err(error) => return Err(error),
            };
            if pause(&mut self.stop, again).await {
                return Ok(None);
            }
        }
    }

    /// Starts over where what is stored is of another definition and nobody asks it: what was built so far,
    /// and what a handler has made, which rebuilds its tables by itself.
    async fn renew_changed(
        &self,
        subscription: &Arc<Subscription>,
        fence: u64,
    ) -> Result<(), StoreError> {
        let may_start_over =
            subscription.building || self.options.rebuild_changed && subscription.table.is_none();
        match self.store.subscribe(subscription.clone()).await {
            Err(StoreError::ProjectionChanged { .. }) if may_start_over => {
                self.store.start_over(subscription.clone(), Some(fence)).await.map(drop)
            }
            // What is being built counts for nobody yet.
            Err(StoreError::HistoryChanged { .. }) if subscription.building => {
                self.store.start_over(subscription.clone(), Some(fence)).await.map(drop)
            }
            other => other.map(drop),
        }
    }
}

fn is_of_another_definition(error: &StoreError) -> bool {
    matches!(error, StoreError::ProjectionChanged { .. } | StoreError::ProjectionSuperseded { .. })
}

/// Waits until it is stopped or the lease is lost, and until the store has given the subscriber back.
async fn interrupted(
    mut stop: watch::Receiver<bool>,
    lease: &Held,
    mut in_step: watch::Receiver<bool>,
) -> Ended {
    let ended = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => Ended::Stopped,
        () = lease.lost() => Ended::LeaseLost,
    };
    // An error means that there is no step any more.
    let _ = in_step.wait_for(|in_step| !*in_step).await;
    ended
}
