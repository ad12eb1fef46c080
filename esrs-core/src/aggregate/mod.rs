//! Aggregates: a state, the events that make it, and the commands that it answers with events.
//!
//! The traits that a domain implements, what a command answers with, replay of stored events, the fingerprint
//! of the code that a state follows from, and what an aggregate requires of every command (`demands`). All of
//! it is pure. Loading from a store and executing commands are in `repository`.

#[expect(clippy::module_inception, reason = "the trait that the folder is named after")]
mod aggregate;
mod bounds;
mod context;
pub mod demands;
mod encode;
mod events;
mod fingerprint;
mod replay;
mod split;

pub use aggregate::{Aggregate, Apply, Emits, Handle, Id};
pub(crate) use aggregate::{Resolution, find, resolve};
pub use bounds::{AggregateId, InitialState, not_generated};
pub use context::Context;
pub(crate) use encode::{encode, round_trip};
pub use events::{Events, IntoEvents};
pub use fingerprint::fold;
pub use replay::{ReplayError, ReplayFault, replay};
pub(crate) use replay::{replay_range, stop};
pub(crate) use split::decode_all;
pub use split::{Applied, PartsOf, Split, SplitEvents, all_parts_are_listed, parts_are_listed};
