//! The results, streams and settings of a [`Repository`](crate::Repository).
//!
//! | of | there is |
//! | --- | --- |
//! | a command | [`Execute`], [`Executed`], [`Returned`], [`WaitFor`]; of several as one unit: [`Together`], [`Rejection`] |
//! | an instance over time | [`History`], [`HistoryBackwards`], [`PastEvent`], [`Moment`] |
//! | all instances | [`InstanceIds`] |
//! | the log as it grows | [`Follow`], [`FollowOf`] |
//! | the price of a load | [`SnapshotPolicy`], [`WarmStates`] |
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::repository::{SnapshotPolicy, WarmStates};
//!
//! let counters = Repository::<Counter>::new(MemoryStore::new())
//!     .with_snapshots(SnapshotPolicy::every(100))
//!     .with_warm_states(WarmStates::count(10_000));
//! let counted = counters.execute(&1, Count).returning().await?;
//! assert_eq!((counted.executed().version(), counted.state().count), (1, 1));
//! # Ok(()) }
//! ```

pub use esrs_core::{
    Answer, ComparedState, Execute, Executed, Follow, FollowOf, History, HistoryBackwards,
    InstanceIds, Moment, PastEvent, Rejection, Returned, SnapshotError, SnapshotPolicy,
    SnapshotState, Together, Unit, WaitFor, WarmStates,
};
