//! Which of several processes runs a subscription.

use std::sync::Arc;
use std::time::Duration;

/// Somebody asks for a lease, or for more of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseClaim {
    /// Which one.
    pub name: String,
    /// Who asks; no two processes have the same.
    pub holder: Arc<str>,
    /// For how long.
    pub duration: Duration,
}

/// The answer to a [`LeaseClaim`].
///
/// A lease that ends without being renewed may be taken over. Each that takes it over is given a higher
/// fence, and with a lower one nothing is stored any more: a holder that was only slow does no harm.
/// See M. Kleppmann, *Designing Data-Intensive Applications*, chapter 8, "Fencing tokens".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lease {
    /// It is the claimant's.
    Held {
        /// What shows so.
        fence: u64,
    },
    /// It is somebody else's.
    Taken {
        /// Whose.
        by: String,
        /// How long it lasts, unless it is renewed.
        for_another: Duration,
    },
}
