//! Row ids that never change once they are committed.

use std::collections::HashMap;
use std::hash::Hash;

/// Row ids by what they stand for. What a transaction adds is forgotten if it is rolled back.
#[derive(Debug)]
pub(crate) struct Ids<K> {
    ids: HashMap<K, i64>,
    uncommitted: Vec<K>,
}

impl<K: Hash + Eq + Clone> Ids<K> {
    /// So many at most, so that a store of many streams does not hold all of their names.
    const CAPACITY: usize = 100_000;

    pub(crate) fn new() -> Self {
        Self { ids: HashMap::new(), uncommitted: Vec::new() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<i64> {
        self.ids.get(key).copied()
    }

    /// Remembers a row that was there before this transaction.
    pub(crate) fn found(&mut self, key: K, id: i64) {
        self.ids.insert(key, id);
    }

    /// Remembers a row that this transaction has inserted.
    pub(crate) fn inserted(&mut self, key: K, id: i64) {
        self.uncommitted.push(key.clone());
        self.ids.insert(key, id);
    }

    /// Where a savepoint stands, for [`forget_since`](Self::forget_since).
    pub(crate) fn mark(&self) -> usize {
        self.uncommitted.len()
    }

    /// Forgets what was inserted since a savepoint; since 0, all of the transaction.
    pub(crate) fn forget_since(&mut self, mark: usize) {
        for key in self.uncommitted.drain(mark..) {
            self.ids.remove(&key);
        }
    }

    pub(crate) fn committed(&mut self) {
        self.uncommitted.clear();
        if self.ids.len() > Self::CAPACITY {
            self.ids.clear();
        }
    }
}
