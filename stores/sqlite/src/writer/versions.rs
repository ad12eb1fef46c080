//! The version that a stream had when this store last appended to it.

use std::collections::HashMap;

use uuid::Uuid;

/// The versions that streams have at least, by their row, and the ids of the events there: a stream that
/// other processes append to has a higher one. They are remembered once they are committed, so none is
/// ever too high while the log holds what the writer remembers.
#[derive(Debug, Default)]
pub(super) struct Versions(HashMap<i64, (u64, Uuid)>);

impl Versions {
    /// So many at most.
    const CAPACITY: usize = 100_000;

    pub(super) fn get(&self, stream: i64) -> Option<(u64, Uuid)> {
        self.0.get(&stream).copied()
    }

    pub(super) fn committed(&mut self, stream: i64, version: u64, last_event: Uuid) {
        if self.0.len() >= Self::CAPACITY {
            self.0.clear();
        }
        self.0.insert(stream, (version, last_event));
    }
}
