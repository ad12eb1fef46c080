//! The types whose rows a store writes in the transaction of every append.

use std::sync::{Mutex, PoisonError};

use super::Subscription;
use crate::log::StoreError;

/// The subscriptions whose rows a store writes in the transaction of every append; for authors of
/// stores.
///
/// Another type of the same table, also one that may rebuild it, would take turns with them.
#[derive(Debug, Default)]
pub struct InlineOwners(Mutex<Vec<Subscription>>);

impl InlineOwners {
    /// Enters a subscription whose rows are written in the transaction of every append.
    ///
    /// # Errors
    /// As of [`check`](Self::check).
    pub fn add(&self, subscription: &Subscription) -> Result<(), StoreError> {
        self.check(subscription)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(subscription.clone());
        Ok(())
    }

    /// Refuses a subscription whose rows are written for another type.
    ///
    /// # Errors
    /// Returns [`StoreError::SubscriptionTaken`].
    pub fn check(&self, subscription: &Subscription) -> Result<(), StoreError> {
        let inline = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = |one: &&Subscription| {
            one.name.eq_ignore_ascii_case(subscription.name)
                && subscription.owner.is_some()
                && one.owner != subscription.owner
        };
        match inline.iter().find(is_taken) {
            Some(taken) => Err(taken.taken_by(subscription)),
            None => Ok(()),
        }
    }
}
