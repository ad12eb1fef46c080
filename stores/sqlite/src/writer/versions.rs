//! Which version a stream had when this store last appended to it.

use std::collections::HashMap;

/// The versions that streams have at least, by their row: a stream that others append to has a higher one. They are
/// remembered once they are committed, so none is ever too high.
#[derive(Debug, Default)]
pub(super) struct Versions(HashMap<i64, u64>);

impl Versions {
    /// So many at most.
    const CAPACITY: usize = 100_000;

    pub(super) fn get(&self, stream: i64) -> Option<u64> {
        self.0.get(&stream).copied()
    }

    pub(super) fn committed(&mut self, stream: i64, version: u64) {
        if self.0.len() >= Self::CAPACITY {
            self.0.clear();
        }
        self.0.insert(stream, version);
    }
}
