//! The locks of an event, for its tests.

/// The locks of an event, and of those that it merges.
#[derive(Debug, Clone, Copy)]
pub struct Locks {
    /// Under each name of its own, the one that it is stored under first.
    pub own: &'static [Locked],
    /// Of the events that it merges, and so of those that they merge.
    pub merged: &'static [&'static Locks],
}

/// The lock under one name, and the folder of its payloads.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// The name it is stored under.
    pub name: &'static str,
    /// The newest version that the source has of it.
    pub newest: u32,
    /// The text of the lock.
    pub lock: &'static str,
    /// The lock's path, as messages show it.
    pub lock_file: &'static str,
    /// The folder of golden payloads; it may not be there.
    pub golden: &'static str,
    /// The same, as messages show it.
    pub golden_shown: &'static str,
}

impl Locks {
    /// Those of an event of which nothing is locked.
    pub const NONE: Self = Self { own: &[], merged: &[] };

    /// All that the event has to read.
    pub(crate) fn all(&self) -> Vec<&'static Locked> {
        let merged = self.merged.iter().flat_map(|merged| merged.all());
        self.own.iter().chain(merged).collect()
    }
}
