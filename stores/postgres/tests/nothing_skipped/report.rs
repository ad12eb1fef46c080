//! The report of a round.

use std::time::Duration;

use crate::judge::{Fault, Wrong};

pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) events: usize,
    pub(crate) took: Duration,
    /// The number of events that the writers were told of, and of those that they rolled back.
    pub(crate) told: usize,
    pub(crate) undone: usize,
    pub(crate) killed: usize,
    /// The number of positions without an event: of transactions that were rolled back, or died.
    pub(crate) gaps: u64,
    /// The faults of the log itself.
    pub(crate) faults: Vec<Fault>,
    pub(crate) followers: Vec<Followed>,
}

/// The result of a follower.
pub(crate) struct Followed {
    pub(crate) name: &'static str,
    pub(crate) seen: usize,
    pub(crate) restarts: usize,
    pub(crate) faults: Vec<Fault>,
}

impl Report {
    pub(crate) fn is_clean(&self) -> bool {
        self.faults.is_empty() && self.followers.iter().all(|one| one.faults.is_empty())
    }
}

impl Followed {
    pub(crate) fn wrongs(&self) -> Vec<Wrong> {
        self.faults.iter().map(|fault| fault.wrong).collect()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, events, took, told, undone, killed, gaps, .. } = self;
        write!(
            f,
            "seed {seed}: {events} events in {took:.1?}; writers were told of {told} appends, \
             rolled {undone} events back and were killed {killed} times; {gaps} positions are empty"
        )?;
        for fault in &self.faults {
            write!(f, "\n- the log: {fault}")?;
        }
        for Followed { name, seen, restarts, faults } in &self.followers {
            write!(f, "\n- {name}: saw {seen} events, restarted {restarts} times")?;
            for fault in faults {
                write!(f, "\n  - {fault}")?;
            }
        }
        Ok(())
    }
}
