//! Holding a lease for as long as something is done under it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use esrs_core::StoreError;
use esrs_core::subscription::{Lease, LeaseClaim, SubscriptionStore};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often a lease that another holds is asked for.
const LOOK: Duration = Duration::from_secs(1);

/// A lease that is renewed until this is dropped or given back.
pub(crate) struct Held {
    store: Arc<dyn SubscriptionStore>,
    name: String,
    holder: Arc<str>,
    pub(crate) fence: u64,
    lost: watch::Receiver<bool>,
    renewal: JoinHandle<()>,
}

/// The answer to whoever asks for a lease.
pub(crate) enum Claimed {
    Held(Held),
    /// Somebody else has it; ask again after this.
    Taken {
        by: String,
        again: Duration,
    },
}

/// Asks for a lease once.
pub(crate) async fn claim(
    store: &Arc<dyn SubscriptionStore>,
    name: String,
    holder: &Arc<str>,
    duration: Duration,
) -> Result<Claimed, StoreError> {
    let claim = LeaseClaim { name, holder: holder.clone(), duration };
    match store.claim_lease(claim.clone()).await? {
        Lease::Held { fence } => {
            let (sender, lost) = watch::channel(false);
            let renewal = tokio::spawn(renew(store.clone(), claim.clone(), fence, sender));
            let (store, holder, name) = (store.clone(), holder.clone(), claim.name);
            Ok(Claimed::Held(Held { store, name, holder, fence, lost, renewal }))
        }
        Lease::Taken { by, for_another } => {
            // Its holder may give it back before it ends.
            let again = for_another.min(LOOK).max(Duration::from_millis(1));
            Ok(Claimed::Taken { by, again })
        }
    }
}

/// Renews a lease until it is lost.
async fn renew(
    store: Arc<dyn SubscriptionStore>,
    claim: LeaseClaim,
    fence: u64,
    lost: watch::Sender<bool>,
) {
    let mut held_at = Instant::now();
    loop {
        tokio::time::sleep(claim.duration / 3).await;
        let asked_at = Instant::now();
        match store.claim_lease(claim.clone()).await {
            Ok(Lease::Held { fence: renewed }) if renewed == fence => held_at = asked_at,
            Ok(_) => break,
            Err(error) if held_at.elapsed() < claim.duration => {
                tracing::debug!(lease = claim.name, %error, "a lease could not be renewed yet");
            }
            Err(error) => {
                tracing::warn!(lease = claim.name, %error, "a lease could not be renewed in time");
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
        // Whoever renews it says so before the end.
        let _ = lost.wait_for(|lost| *lost).await;
    }

    /// Lets another have it at once.
    pub(crate) async fn give_back(self) {
        self.renewal.abort();
        let released = self.store.release_lease(self.name.clone(), self.holder.clone()).await;
        if let Err(error) = released {
            let lease = &self.name;
            tracing::debug!(lease, %error, "a lease was not given back, and ends by itself");
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
