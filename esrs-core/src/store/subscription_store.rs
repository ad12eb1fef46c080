//! Subscriptions in a store.

use super::event_store::EventStore;
use super::forward::forward;
use super::{CheckpointStore, LeaseStore, ParkingStore, ReadModelWriter};

/// A store whose log subscriptions can follow: all that a runner needs.
///
/// It is the sum of its parts; code that needs one of them asks for that trait alone:
///
/// | part | job |
/// | --- | --- |
/// | [`EventStore`] | the log |
/// | [`CheckpointStore`] | positions of subscriptions, waiting for them |
/// | [`ReadModelWriter`] | rows, in one transaction with the checkpoint |
/// | [`ParkingStore`] | parked streams, and decisions about them |
/// | [`LeaseStore`] | one process at a time |
///
/// The functions of `esrs_core::conformance::subscriptions` (feature `conformance`) are the contract; every store
/// runs them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stores no read models",
    label = "no rows and no checkpoints are stored here",
    note = "give a `MemoryStore`, a `SqliteStore` or a `PostgresStore` that is open, by value: `store.clone()` is the same store"
)]
pub trait SubscriptionStore:
    EventStore + CheckpointStore + ReadModelWriter + ParkingStore + LeaseStore
{
}

forward!(SubscriptionStore + ?Sized {});
