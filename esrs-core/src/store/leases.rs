//! Leases.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::forward::forward;
use crate::log::StoreError;
use crate::read_model::subscription::{Lease, LeaseClaim};

/// Leases: the right of one process at a time to run a subscription.
///
/// A part of [`SubscriptionStore`](super::SubscriptionStore).
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no leases",
    label = "no leases are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait LeaseStore: Send + Sync + 'static {
    /// Acquires a lease, or renews it for its holder. The clock of the database decides when it ends.
    ///
    /// Returns [`Lease::Taken`] while another process holds it.
    ///
    /// # Errors
    /// Returns [`StoreError::Limit`] if the name or the holder is too long, and the errors of the database.
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>>;

    /// Releases a lease before it ends. Has no effect if `holder` no longer holds it.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn release_lease(
        &self,
        name: String,
        holder: Arc<str>,
    ) -> BoxFuture<'_, Result<(), StoreError>>;
}

forward!(LeaseStore + ?Sized {
    fn claim_lease(&self, claim: LeaseClaim) -> BoxFuture<'_, Result<Lease, StoreError>>;
    fn release_lease(&self, name: String, holder: Arc<str>) -> BoxFuture<'_, Result<(), StoreError>>;
});
