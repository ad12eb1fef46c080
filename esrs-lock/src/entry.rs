//! One entry of a lock compared with another of the same version.

use crate::compat::{OutlineChange, first_change_of};
use crate::file::Entry;
use crate::steps::{StepChange, first_changed_step, first_changed_writer};

impl Entry {
    /// The same shape, whatever the order of its lines.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let sorted = |entry: &Self| {
            let mut lines = entry.outline.clone();
            lines.sort();
            lines
        };
        self.version == other.version
            && self.fingerprint == other.fingerprint
            && sorted(self) == sorted(other)
    }

    /// The first change that breaks payloads of `self`, or else the first that does not; `None` when the
    /// outlines are the same.
    pub fn first_change(&self, now: &Self) -> Option<OutlineChange> {
        let steps = |entry: &Self| entry.steps.clone().unwrap_or_default();
        first_change_of((&self.outline, &steps(self)), (&now.outline, &steps(now)))
    }

    /// The first part of which something else is declared than `self` has; `None` also when one of them
    /// does not tell.
    pub fn changed_step(&self, now: &Self) -> Option<StepChange> {
        let locked = self.steps.as_ref()?;
        let steps = now.steps.as_deref().unwrap_or_default();
        first_changed_step((&self.outline, locked), (&now.outline, steps))
    }

    /// The first part that is written by other code than `self` has; `None` also when one of them does not
    /// tell.
    pub fn changed_writer(&self, now: &Self) -> Option<StepChange> {
        let locked = self.steps.as_ref()?;
        let steps = now.steps.as_deref().unwrap_or_default();
        first_changed_writer((&self.outline, locked), (&now.outline, steps))
    }

    /// Returns true if it is `then`, or that with the steps which were not locked at that time.
    pub fn is_or_gained_steps(&self, then: &Self) -> bool {
        let is_kept = then.steps.is_none() || then.steps == self.steps;
        is_kept && Self { steps: None, ..then.clone() } == Self { steps: None, ..self.clone() }
    }

    /// Returns true if it was locked before steps were, and `now` has some.
    pub fn lacks_steps_of(&self, now: &Self) -> bool {
        self.steps.is_none() && now.steps.is_some()
    }
}
