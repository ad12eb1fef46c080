//! Runs what follows the log of a store: projections and event handlers, each from its checkpoint.
//!
//! ```no_run
//! use esrs_core::{Projection, subscription::SubscriptionStore};
//! use esrs_runner::{Runner, SubscriptionFailure};
//!
//! async fn serve<AccountSummary: Projection>(
//!     store: impl SubscriptionStore + Clone,
//!     requests: impl Future<Output = ()>,
//! ) -> Result<(), SubscriptionFailure> {
//!     let running = Runner::new(store.clone()).project::<AccountSummary>().start();
//!     // Until the program is to end, or a subscription keeps failing.
//!     let failed = tokio::select! {
//!         () = requests => None,
//!         failed = running.failed() => Some(failed),
//!     };
//!     running.stop().await;
//!     failed.map_or(Ok(()), Err)
//! }
//! ```
//!
//! - **Exactly once.** What follows from a batch of events and the checkpoint behind it are committed by
//!   one transaction.
//! - **One at a time.** Of all processes that run a projection, the one that has its lease does; another
//!   takes over when it dies, and what a holder does that was only slow is not stored any more.
//! - **Nothing stops the world.** An event that cannot be taken is tried again, and then its stream is
//!   parked, visibly: [`Parking`] lists what is, and takes requests to retry or skip it.
//! - **Not knowing is not poison.** A program that meets an event of a newer schema version than it knows
//!   gives its lease to the newer program, and says so: [`State::Outdated`].
//! - **Nothing is mixed.** A table that another definition has made is refused, or with
//!   [`rebuild_changed`](Runner::rebuild_changed) rebuilt next to it and put in its place at once.
//!
//! # Metrics
//! By the crate `metrics`, each with the label `subscription`:
//!
//! | name | kind | what it is |
//! | --- | --- | --- |
//! | `esrs_subscription_events_total` | counter | events of the pages that were taken |
//! | `esrs_subscription_batches_total` | counter | batches that were committed |
//! | `esrs_subscription_batch_events` | histogram | events a batch |
//! | `esrs_subscription_batch_seconds` | histogram | how long a batch took, from page to commit |
//! | `esrs_subscription_lag` | gauge | how many positions it is behind the end of the log |
//! | `esrs_subscription_failed` | gauge | 1 while it could not go on, else 0 |
//! | `esrs_subscription_outdated` | gauge | 1 while an event of a newer program stops it, else 0 |
//! | `esrs_subscription_retries_total` | counter | batches that were tried again |
//! | `esrs_subscription_parked_streams` | gauge | how many streams are parked |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod batch;
mod follow;
mod head;
mod lease;
mod live;
mod measure;
mod options;
mod outdated;
mod pages;
mod parking;
mod rebuild;
mod resume;
mod runner;
mod running;
mod status;
mod subject;
mod task;
mod trace;

pub use live::Live;
pub use options::Retries;
pub use parking::Parking;
pub use rebuild::{Progress, Rebuild};
pub use runner::Runner;
pub use running::Running;
pub use status::{State, Status, SubscriptionFailure};
