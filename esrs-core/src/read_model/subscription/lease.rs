//! Leases: one of several processes runs a subscription.

use std::sync::Arc;
use std::time::Duration;

use crate::log::{AppendBatch, LimitExceeded, StoreError};

/// A request to acquire or renew a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseClaim {
    /// The name of the lease.
    pub name: String,
    /// The process that asks; no two have the same holder.
    pub holder: Arc<str>,
    /// For how long.
    pub duration: Duration,
}

impl LeaseClaim {
    /// The longest name of a lease, and of a holder, in bytes.
    pub const MAX_LENGTH: usize = AppendBatch::MAX_NAME_LENGTH;

    /// Checks the length of both names; each store calls it before it touches the database.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use esrs_core::StoreError;
    /// use esrs_core::subscription::LeaseClaim;
    ///
    /// let duration = Duration::from_secs(15);
    /// let mut claim = LeaseClaim { name: "accounts".to_owned(), holder: "pod-1".into(), duration };
    /// assert!(claim.check().is_ok());
    /// claim.holder = "x".repeat(LeaseClaim::MAX_LENGTH + 1).into();
    /// assert!(matches!(claim.check(), Err(StoreError::Limit(_))));
    /// ```
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] for a name that is too long.
    pub fn check(&self) -> Result<(), StoreError> {
        let (max, stream) = (Self::MAX_LENGTH, None);
        let lengths = [
            ("the length of a lease's name", self.name.len()),
            ("the length of a lease's holder", self.holder.len()),
        ];
        match lengths.into_iter().find(|(_, actual)| *actual > max) {
            None => Ok(()),
            Some((what, actual)) => {
                Err(StoreError::Limit(LimitExceeded { what, stream, actual, max }))
            }
        }
    }
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
        /// The number that proves it.
        fence: u64,
    },
    /// It is held by another process.
    Taken {
        /// Whose.
        by: String,
        /// The time that it lasts, unless it is renewed.
        for_another: Duration,
    },
}
