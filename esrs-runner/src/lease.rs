//! Holding a lease for as long as something is done under it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::StoreError;
use esrs_core::subscription::{Lease, LeaseClaim, LeaseStore};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The interval at which a lease of another process is claimed.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// The time limit of the store for a claim and for a release.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(1);

/// A lease that is renewed until this is dropped or given back.
pub(crate) struct Held {
    store: Arc<dyn LeaseStore>,
    name: String,
    holder: Arc<str>,
    pub(crate) fence: u64,
    lost: watch::Receiver<bool>,
    renewal: JoinHandle<()>,
}

/// The answer to a claim.
pub(crate) enum Claimed {
    Held(Held),
    /// Another process has it; claim again after this.
    Taken {
        by: String,
        again: Duration,
    },
}

/// Claims a lease once.
pub(crate) async fn claim(
    store: Arc<dyn LeaseStore>,
    name: String,
    holder: &Arc<str>,
    duration: Duration,
) -> Result<Claimed, StoreError> {
    let claim = LeaseClaim { name, holder: holder.clone(), duration };
    let claimed_at = Instant::now();
    let answer = timeout(PATIENCE, store.claim_lease(claim.clone())).await;
    match answer.unwrap_or_else(|_| Err(unanswered(&claim)))? {
        Lease::Held { fence } => {
            let (sender, lost) = watch::channel(false);
            let renewal =
                tokio::spawn(renew(store.clone(), claim.clone(), fence, claimed_at, sender));
            let (holder, name) = (holder.clone(), claim.name);
            Ok(Claimed::Held(Held { store, name, holder, fence, lost, renewal }))
        }
        Lease::Taken { by, for_another } => {
            // Its holder may give it back before it ends.
            let again = for_another.min(LOOK).max(Duration::from_millis(1));
            Ok(Claimed::Taken { by, again })
        }
    }
}

fn unanswered(claim: &LeaseClaim) -> StoreError {
    StoreError::Busy { location: format!("the lease `{}`", claim.name), waited: PATIENCE }
}

/// Renews a lease until it is lost.
async fn renew(
    store: Arc<dyn LeaseStore>,
    claim: LeaseClaim,
    fence: u64,
    claimed_at: Instant,
    lost: watch::Sender<bool>,
) {
    let left = |held_at: Instant| claim.duration.saturating_sub(held_at.elapsed());
    let mut held_at = claimed_at;
    loop {
        tokio::time::sleep((claim.duration / 3).min(left(held_at))).await;
        let asked_at = Instant::now();
        // A renewal that is not answered before the lease ends comes too late.
        match timeout(left(held_at), store.claim_lease(claim.clone())).await {
            Ok(Ok(Lease::Held { fence: renewed })) if renewed == fence => held_at = asked_at,
            Ok(Ok(_)) => break,
            Ok(Err(error)) if !left(held_at).is_zero() => {
                tracing::debug!(lease = claim.name, %error, "a lease could not be renewed yet");
            }
            Ok(Err(error)) => {
                tracing::warn!(lease = claim.name, %error, "a lease could not be renewed in time");
                break;
            }
            Err(_) => {
                tracing::warn!(lease = claim.name, "a lease was not renewed in time");
                break;
            }
        }
    }
    lost.send_replace(true);
}

impl Held {
    pub(crate) fn is_lost(&self) -> bool {
        *self.lost.borrow()
    }

    /// Waits until it is lost.
    pub(crate) async fn lost(&self) {
        let mut lost = self.lost.clone();
        // The task that renews it says so before the end.
        let _ = lost.wait_for(|lost| *lost).await;
    }

    /// Lets another process have it at once, if the store answers in time.
    pub(crate) async fn give_back(self) {
        self.renewal.abort();
        let lease = &self.name;
        let released = self.store.release_lease(self.name.clone(), self.holder.clone());
        match timeout(PATIENCE_AT_THE_END, released).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(lease, %error, "a lease was not given back, and ends by itself");
            }
            Err(_) => tracing::debug!(lease, "a lease was not given back in time"),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
