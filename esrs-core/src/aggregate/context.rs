//! The context of a command: all that it may know besides the state.

use jiff::Timestamp;

use super::aggregate::Aggregate;
use crate::event::{Metadata, OccurredAt};

/// The context of a [`Handle`](crate::Handle), besides the state: which instance it is, how many events it
/// has, what time it is, and the metadata of the caller.
#[derive(Debug, Clone)]
pub struct Context<A: Aggregate> {
    id: A::Id,
    version: u64,
    now: Timestamp,
    metadata: Metadata,
}

impl<A: Aggregate> Context<A> {
    /// The context of a command on the instance `id` that has `version` events, at the time `now`.
    ///
    /// The repository makes it; make one yourself to call a handler in a test.
    pub fn new(id: A::Id, version: u64, now: Timestamp, metadata: Metadata) -> Self {
        Self { id, version, now, metadata }
    }

    /// The id of the instance.
    pub fn id(&self) -> &A::Id {
        &self.id
    }

    /// Returns the number of events of the instance; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Returns true if nothing has happened to the instance yet.
    pub fn is_new(&self) -> bool {
        self.version == 0
    }

    /// The time at which the command is executed, which is also the `recorded_at` of its events.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The time at which what the command is about occurred: the one that was given with
    /// [`Execute::occurred_at`](crate::Execute::occurred_at), and otherwise [`now`](Self::now).
    pub fn occurred_at(&self) -> Timestamp {
        self.metadata.occurred_at().map_or(self.now, OccurredAt::timestamp)
    }

    /// Returns the metadata of the command.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}
