//! Subscriptions: what follows the log from a checkpoint of its own.
//!
//! A program needs it for an [`EventHandler`], which does more than a row can say, to look at parked streams
//! ([`ParkedStream`], [`Decision`]), and to drive a read model by hand: [`catch_up`], [`rebuild`].
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::subscription::{Projected, catch_up};
//!
//! #[derive(Projection)]
//! #[projection(table = "counts", of = Counter, creates(Counted), events(Counted))]
//! struct Counts {
//!     #[projection(key)]
//!     counter: u32,
//!     count: u32,
//! }
//!
//! impl Create<Counted> for Counts {
//!     fn create(counter: u32, _: &Recorded<Counted>) -> Self {
//!         Self { counter, count: 1 }
//!     }
//! }
//!
//! impl Project<Counted> for Counts {
//!     fn project(&mut self, _: &Recorded<Counted>) {
//!         self.count += 1;
//!     }
//! }
//!
//! let store = MemoryStore::new();
//! Repository::<Counter>::new(store.clone()).execute(&1, Count).await?;
//! let reached = catch_up(&store, Box::new(Projected::<Counts>::new()), |_| {}).await?;
//! assert_eq!(reached.get(), 1);
//! # Ok(()) }
//! ```

pub use esrs_core::subscription::{
    Advance, Advanced, Checkpoint, CheckpointOf, CheckpointStore, Decision, EventHandler,
    FirstRefused, Handled, InlineOwners, Lease, LeaseClaim, LeaseStore, Listen, On, Owner,
    ParkedStream, ParkingAction, ParkingEntry, ParkingStore, Projected, ReadModelWriter, Refusal,
    Replaced, ResumedStream, RowTransaction, Subscriber, Subscription, SubscriptionStore,
    Transaction, WaitTarget, catch_up, catch_up_unless_parked, rebuild,
};
