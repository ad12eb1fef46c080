//! Which version a stream had when this store last appended to it.

use std::collections::HashMap;

use esrs_core::{Appended, StreamId};

/// The versions that streams have at least: a stream that others append to has a higher one. They are
/// remembered once they are committed, so none is ever too high.
#[derive(Debug, Default)]
pub(super) struct Versions(HashMap<StreamId, u64>);

impl Versions {
    /// So many at most, so that a store of many streams does not hold all of their names.
    const CAPACITY: usize = 10_000;

    pub(super) fn get(&self, stream: &StreamId) -> Option<u64> {
        self.0.get(stream).copied()
    }

    pub(super) fn committed(&mut self, appended: &Appended) {
        for part in &appended.streams {
            if let Some(version) = self.0.get_mut(&part.stream) {
                *version = part.last_version.max(*version);
                continue;
            }
            if self.0.len() >= Self::CAPACITY {
                self.0.clear();
            }
            self.0.insert(part.stream.clone(), part.last_version);
        }
    }
}
