//! Subscriptions: what follows the log from a checkpoint of its own.
//!
//! A [`Subscriber`] is given the log page by page. What it makes of a page, rows as a rule, is written
//! in one transaction of the store together with the [`Checkpoint`], so each event counts exactly once,
//! whichever process dies in between. A [`Projected`] is that of a [`Projection`](crate::Projection), a
//! [`Handled`] that of an [`EventHandler`], which is given the transaction itself.
//!
//! The store does the I/O ([`SubscriptionStore`](crate::store::SubscriptionStore)), and what drives it (the
//! crate `esrs-runner`, or [`catch_up`](crate::store::catch_up) and [`rebuild`](crate::store::rebuild)) says
//! when.

mod advance;
mod handler;
mod lease;
mod owners;
mod parked;
mod projected;
mod refusal;
mod subscriber;

pub use crate::read_model::projection::Parked;
pub use advance::{
    Advance, Advanced, Checkpoint, CheckpointOf, Owner, Replaced, Subscription, WaitTarget,
};
pub use handler::{EventHandler, Handled, Listen, On};
pub use lease::{Lease, LeaseClaim};
pub use owners::InlineOwners;
pub use parked::{Decision, ParkedStream, ParkingAction, ParkingEntry, ResumedStream};
pub use projected::Projected;
pub use refusal::{FirstRefused, Refusal};
pub use subscriber::{RowTransaction, Subscriber, Transaction};
