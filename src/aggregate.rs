//! Aggregates: the errors of a replay, and a replay without a repository. The traits are at the root.
//!
//! [`replay`] folds the pages of a stream that were read by hand. To load a state, use a
//! [`Repository`](crate::Repository); [`demands`] says how an aggregate asks for metadata.
//!
//! ```
#![doc = include_str!("doc/counter.txt")]
//! use esrs::EventStore;
//! use esrs::aggregate::replay;
//! use esrs::store::{Page, ReadQuery};
//!
//! let store = MemoryStore::new();
//! Repository::<Counter>::new(store.clone()).execute(&1, Count).await?;
//!
//! let query = ReadQuery::stream("counter-1".parse()?);
//! let page = store.read(query, Page::new()).await?;
//! let mut counter = Counter::default();
//! let version = replay(&mut counter, 0, &page)?;
//! assert_eq!((version, counter.count), (1, 1));
//! # Ok(()) }
//! ```

pub use esrs_core::{Emits, IntoEvents, ReplayError, ReplayFault, SplitEvents, demands, replay};
