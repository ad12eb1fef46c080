//! Events: the envelope of a stored event, clocks, and the errors of reading and writing an event.
//!
//! An [`Envelope`] is what a [`Recorded`](crate::Recorded) event carries. A [`Clock`] is given to a
//! [`Repository`](crate::Repository), and a [`FixedClock`] is one for tests. A [`TraceContext`] says where in
//! a distributed trace a command stands.
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::event::FixedClock;
//!
//! let noon: Timestamp = "2026-07-01T12:00:00Z".parse()?;
//! let counters = Repository::<Counter>::new(MemoryStore::new()).with_clock(FixedClock::at(noon));
//! counters.execute(&1, Count).await?;
//!
//! let last = counters.last_event(&1).await?.ok_or("there is an event")?;
//! assert_eq!(last.envelope.recorded_at, noon);
//! # Ok(()) }
//! ```

pub use esrs_core::{
    BlankActor, Clock, Emit, EncodeError, Envelope, EventKind, FixedClock, InvalidMetadata,
    InvalidStreamId, InvalidTraceparent, MergeError, PayloadError, RetypeError, SystemClock,
    TraceContext,
};
