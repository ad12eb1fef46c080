//! When a snapshot is due.

/// The work of a load: the events behind the last snapshot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::repository) struct Replayed {
    pub(in crate::repository) events: u64,
    /// Of their payloads.
    pub(in crate::repository) bytes: u64,
}

impl Replayed {
    pub(in crate::repository) fn add(&mut self, events: u64, bytes: usize) {
        self.events += events;
        self.bytes += bytes as u64;
    }
}

/// When a [`Repository`](crate::Repository) writes a snapshot of an instance.
///
/// Either way it is by what a load would have to fold beyond the last snapshot, so that no load
/// costs more than that.
///
/// ```
#[doc = include_str!("../../doc/bank_account.txt")]
/// use esrs_core::{MemoryStore, Repository, SnapshotPolicy};
///
/// let store = MemoryStore::new();
/// let accounts = Repository::<BankAccount>::new(store.clone());
///
/// // By the number of events, when all of them are of about one size:
/// let by_events = accounts.clone().with_snapshots(SnapshotPolicy::every(1_000));
/// // By the bytes that a load decodes at most, whatever the size of an event:
/// let by_cost = accounts.with_snapshots(SnapshotPolicy::replay_cost(256 * 1024));
/// # let id = "NL-18".to_owned();
/// # by_events.execute(&id, Deposit { cents: 500 }).await?;
/// # assert_eq!(by_cost.write_snapshot(&id).await?, 1);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPolicy {
    due: Due,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Events(u64),
    Bytes(u64),
}

impl SnapshotPolicy {
    /// Whenever so many events have come behind the last snapshot; one at least.
    pub fn every(events: u64) -> Self {
        Self { due: Due::Events(events.max(1)) }
    }

    /// Whenever the payloads behind the last snapshot come to so many bytes: decoding them is what a
    /// replay costs, whatever the size of an event. A core decodes some hundred megabytes a second.
    pub fn replay_cost(bytes: u64) -> Self {
        Self { due: Due::Bytes(bytes.max(1)) }
    }

    pub(super) fn is_due(self, replayed: Replayed) -> bool {
        match self.due {
            Due::Events(events) => replayed.events >= events,
            Due::Bytes(bytes) => replayed.bytes >= bytes,
        }
    }
}
