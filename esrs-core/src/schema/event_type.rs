//! Event types as the compiler knows them, and the names and versions that payloads are stored under.

use super::{Fingerprint, Shape};

/// The facts about one event type that are known at compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType {
    /// The name it is stored under.
    pub name: &'static str,
    /// The newest version of its shape.
    pub version: u32,
    /// Names it was stored under before.
    pub aliases: &'static [&'static str],
    /// The event types that became this one.
    pub merges: &'static [EventType],
    /// The shape of the newest version.
    pub shape: &'static Shape,
    /// The fingerprint of that shape.
    pub fingerprint: Fingerprint,
    /// The highest version that is locked under its name, or under one of its aliases; 0 when none is.
    pub locked_up_to: u32,
    /// The target that it is declared in; 0 for one that has no place for locks.
    #[doc(hidden)]
    pub home: u64,
}

impl EventType {
    /// Returns true if events of this type are stored, or were once stored, under `name`: its own, an older
    /// one, or one of an event that became this one.
    pub fn is_stored_as(&self, name: &str) -> bool {
        self.stored_as(name, self.version).is_some()
    }

    /// Returns the meaning for this type of a payload that was stored under `name` as `version`; `None` when
    /// the name means nothing to it.
    ///
    /// Versions belong to a name: version 1 of an event that became this one is not version 1 of
    /// this.
    pub fn stored_as(&self, name: &str, version: u32) -> Option<StoredAs> {
        if self.name == name || self.aliases.contains(&name) {
            return Some(StoredAs::version(version));
        }
        let mut before = 1;
        for merged in self.merges {
            if let Some(StoredAs { merged, version }) = merged.stored_as(name, version) {
                return Some(StoredAs { merged: merged + before, version });
            }
            before += merged.count();
        }
        None
    }

    /// Every name that it is stored under, or once was.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names = vec![self.name];
        names.extend(self.aliases);
        names.extend(self.merges.iter().flat_map(EventType::names));
        names
    }

    /// Returns the number of types that it is: itself, and all that became it.
    const fn count(&self) -> u32 {
        let (mut count, mut place) = (1, 0);
        while place < self.merges.len() {
            count += self.merges[place].count();
            place += 1;
        }
        count
    }
}

/// The type and version that a payload was stored as, to the event type that reads it: which of the types
/// that became it, and which version of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredAs {
    /// 0 for the type itself; then those that it merges, each before those that it merges in turn.
    pub(crate) merged: u32,
    pub(crate) version: u32,
}

impl StoredAs {
    /// As this version of the type itself.
    pub const fn version(version: u32) -> Self {
        Self { merged: 0, version }
    }

    /// Finds the type that it leads to of those that a type merges, and what the payload is to that.
    pub(crate) fn within(self, merges: &[EventType]) -> Option<(usize, Self)> {
        let mut merged = self.merged.checked_sub(1)?;
        for (place, event) in merges.iter().enumerate() {
            let count = event.count();
            if merged < count {
                return Some((place, Self { merged, ..self }));
            }
            merged -= count;
        }
        None
    }
}
