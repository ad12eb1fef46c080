//! Recent states, and how many of them are cached.

use uuid::Uuid;

use super::snapshots::Replayed;
use crate::value::guarded;

/// A state that an earlier command left behind.
///
/// It is that of a beginning of the stream, which may have become longer since: the expected version
/// of the next append, or a look at the stream, tells.
pub(super) struct Warm<A> {
    pub(super) state: A,
    /// The number of events that it is folded from.
    pub(super) version: u64,
    /// The id of the last of them, by which the next append and the next read find out whether the
    /// stream is still the one that it was computed from. A store that does not say leaves it open.
    pub(super) last_event: Option<Uuid>,
    /// The work of a load, beyond the last snapshot.
    pub(super) since_snapshot: Replayed,
}

/// The number of recent states that a [`Repository`](crate::Repository) caches, so that the next command on an
/// instance need not load it.
///
/// ```
/// use esrs_core::WarmStates;
///
/// struct Cart { lines: Vec<String> }
///
/// let by_number = WarmStates::<Cart>::count(10_000);
/// let by_size = WarmStates::<Cart>::bytes(64 * 1024 * 1024, |cart| {
///     size_of_val(cart) + cart.lines.iter().map(|line| line.len()).sum::<usize>()
/// });
/// let off = WarmStates::<Cart>::none();
/// ```
#[derive(Debug, Clone, Copy)]
pub struct WarmStates<A> {
    limit: usize,
    weigh: fn(&A) -> usize,
}

impl<A> WarmStates<A> {
    /// The number of states that are cached, unless the repository is told otherwise.
    pub const DEFAULT_COUNT: usize = 1_000;

    /// So many, of whatever size.
    pub fn count(limit: usize) -> Self {
        Self { limit, weigh: |_| 1 }
    }

    /// As many as take so many bytes together, by what `weigh` says of each; a state that is heavier
    /// than all of it is not cached, nor is one that `weigh` panics on.
    pub fn bytes(limit: usize, weigh: fn(&A) -> usize) -> Self {
        Self { limit, weigh }
    }

    /// None: each command loads its instance.
    pub fn none() -> Self {
        Self { limit: 0, weigh: |_| 1 }
    }

    /// Returns the weight that all states may have together.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// The weight of a state; `None` if it must not be cached.
    ///
    /// It runs while the turn is passed on, so a panic must not get out.
    pub(super) fn weigh(&self, state: &A) -> Option<usize> {
        let weight = guarded(|| (self.weigh)(state)).inspect_err(|message| {
            tracing::error!(
                panic = %crate::value::escaped(message),
                "the weight function of a state cache panicked; the state is dropped"
            );
        });
        // Each has a weight, or there could be any number of them.
        weight.ok().map(|weight| weight.max(1)).filter(|weight| *weight <= self.limit)
    }
}

impl<A> Default for WarmStates<A> {
    fn default() -> Self {
        Self::count(Self::DEFAULT_COUNT)
    }
}
